"""The DLOB server: books by request, and on a stream to those who subscribed, with a heartbeat every few seconds.

Source: dlob-server, src/wsConnectionManager.ts (@e3c598a2) and its /l2 as recorded in 2026-07. The simulated book does
not know the vAMM from orders: every level's source is "dlob".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.simulators.drift.books import Books
from engine.simulators.drift.chain import NS_PER_S, Chain
from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.units import base_units, price_units
from engine.simulators.exchange import BookLevel, BookView, Exchange
from engine.simulators.face import Push

DEPTH_MOST = 100
NS_PER_MS = 1_000_000
REPEAT_NS = 60 * NS_PER_S
"""The server publishes about every second, changed or not; here a book that has not changed is told that often."""


class BadQuery(Exception):
    """A request the server answers with HTTP 400 and this text."""


class Dlob:
    """Frames are made only for books that somebody listens to."""

    def __init__(self, exchange: Exchange, books: Books, chain: Chain, knobs: DriftKnobs) -> None:
        self._exchange, self._books, self._chain, self._knobs = exchange, books, chain, knobs
        self._count = 0
        self._heard: dict[int, int] = {}
        self._listeners: dict[int, dict[int, str]] = {book.index: {} for book in books.markets.values()}
        self._shown: dict[int, tuple[object, int]] = {}
        self._last: dict[int, str] = {}
        self._outbox: list[Push] = []

    # requests

    def l2(self, query: Mapping[str, str]) -> dict[str, Any]:
        """GET /l2. Raises BadQuery."""
        index = self._asked_market(query)
        depth = query.get("depth", str(self._knobs.book_levels))
        if not depth.isdecimal() or not 0 < int(depth) <= DEPTH_MOST:
            raise BadQuery("Bad depth")
        return self._book(index, self._exchange.book(self._books.markets[index].symbol, levels=int(depth)))

    def l3(self, query: Mapping[str, str]) -> dict[str, Any]:
        """GET /l3: our users' orders one by one. Raises BadQuery."""
        index = self._asked_market(query)
        sides: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for user in self._books.users.values():
            for order in user.open_orders():
                if order.market_index == index:
                    row = {"price": str(order.price), "size": str(order.base - order.filled)}
                    sides[order.is_buy].append(row | {"maker": user.wallet.user, "orderId": str(order.order_id)})
        bids = sorted(sides[True], key=lambda row: -int(row["price"]))
        return {"bids": bids, "asks": sorted(sides[False], key=lambda row: int(row["price"])), "slot": self._chain.slot}

    def _asked_market(self, query: Mapping[str, str]) -> int:
        name, number = query.get("marketName", "").upper(), query.get("marketIndex", "")
        if name in self._books.index_of:
            return self._books.index_of[name]
        known = number.isdecimal() and int(number) in self._books.markets
        if known and query.get("marketType", "perp") == "perp":
            return int(number)
        raise BadQuery("Bad Request: unknown market")

    def _book(self, index: int, book: BookView) -> dict[str, Any]:
        symbol = book.asset
        view = self._exchange.market(symbol)
        oracle = 0 if view is None else price_units(view.oracle)
        told: dict[str, Any] = {
            "bids": [_level(level) for level in book.bids],
            "asks": [_level(level) for level in book.asks],
            "marketName": symbol,
            "marketType": "perp",
            "marketIndex": index,
            "ts": self._chain.now_ns // NS_PER_MS,
            "slot": self._chain.slot,
            "markPrice": str(0 if view is None else price_units(view.mid)),
            "oracle": oracle,
            "oracleData": {
                "price": str(oracle),
                "slot": str(self._chain.slot),
                "confidence": str(oracle // 10_000),
                "hasSufficientNumberOfDataPoints": True,
                "twap": str(oracle),
                "twapConfidence": str(oracle),
            },
            "marketSlot": self._chain.slot,
        }
        if book.bids and book.asks:
            told |= _touch(book.bids[0], book.asks[0])
        return told

    # the stream

    def connect(self) -> int:
        """A new connection."""
        self._count += 1
        self._heard[self._count] = self._chain.now_ns
        return self._count

    def reject(self, connection: int, reason: str) -> None:
        """Close a connection."""
        self._outbox.append(Push(connection=connection, close=reason))
        self.disconnect(connection)

    def disconnect(self, connection: int) -> None:
        """Forget it and what it listened to."""
        self._heard.pop(connection, None)
        for listeners in self._listeners.values():
            listeners.pop(connection, None)

    def receive(self, connection: int, frame: bytes) -> None:
        """Take a subscription; what is none is not answered."""
        try:
            said = msgspec.json.decode(frame, type=dict[str, Any])
        except msgspec.DecodeError:
            return
        kind = str(said.get("type", "")).lower()
        if connection in self._heard and kind in ("subscribe", "unsubscribe"):
            self._subscription(connection, kind, said)

    def _subscription(self, connection: int, kind: str, said: Mapping[str, Any]) -> None:
        channel, market, market_type = (str(said.get(name, "")) for name in ("channel", "market", "marketType"))
        index = self._books.index_of.get(market.upper())
        if not channel:
            self.reject(connection, '1003: {"error":"Error subscribing to channel"}')
        elif channel.lower() != "orderbook" or market_type.lower() != "perp" or index is None:
            self._push(connection, channel, {"channel": channel, "error": f"Error {kind[:-1]}ing to channel"})
        elif kind == "unsubscribe":
            self._listeners[index].pop(connection, None)
        else:
            grouping = said.get("grouping")
            name = f"orderbook_perp_{index}" + ("" if grouping is None else f"_grouped_{grouping}")
            text = f"Subscribe received for channel: {channel}, market: {market}, marketType: {market_type}"
            self._push(connection, "message", {"message": text})
            if not self._listeners[index]:
                self._show(index, self._view(index))
            self._listeners[index][connection] = name
            self._tell(connection, name, index)

    def _tell(self, connection: int, channel: str, index: int) -> None:
        """The book as last shown: JSON inside JSON, as the server passes on what it got itself as text."""
        self._push(connection, channel, {"channel": channel, "data": self._last[index]})

    def _push(self, connection: int, channel: str, told: Mapping[str, Any]) -> None:
        self._outbox.append(Push(connection=connection, frame=msgspec.json.encode(told), channel=channel))

    def publish(self) -> None:
        """Tell the books that changed, and now and then those that did not."""
        for index, listeners in self._listeners.items():
            if not listeners:
                continue
            view = self._view(index)
            shown, shown_ns = self._shown[index]
            if (view.bids, view.asks) == shown and self._chain.now_ns < shown_ns + REPEAT_NS:
                continue
            self._show(index, view)
            for connection, channel in listeners.items():
                self._tell(connection, channel, index)

    def _view(self, index: int) -> BookView:
        return self._exchange.book(self._books.markets[index].symbol, levels=self._knobs.book_levels)

    def _show(self, index: int, view: BookView) -> None:
        """Keep what of a book makes it another one, when, and its text."""
        self._shown[index] = ((view.bids, view.asks), self._chain.now_ns)
        self._last[index] = msgspec.json.encode(self._book(index, view)).decode()

    def beat(self) -> None:
        """A heartbeat to whoever has not had one for long enough."""
        every_ns = self._knobs.heartbeat_s * NS_PER_S
        for connection, last_ns in list(self._heard.items()):
            if self._chain.now_ns - last_ns >= every_ns:
                self._heard[connection] = self._chain.now_ns
                self._push(connection, "heartbeat", {"channel": "heartbeat"})

    def take(self) -> list[Push]:
        """Hand over what waits."""
        outbox, self._outbox = self._outbox, []
        return outbox


def _level(level: BookLevel) -> dict[str, Any]:
    size = str(base_units(level.size))
    return {"price": str(price_units(level.price)), "size": size, "sources": {"dlob": size}}


def _touch(bid: BookLevel, ask: BookLevel) -> dict[str, str]:
    best_bid, best_ask = price_units(bid.price), price_units(ask.price)
    middle = (best_bid + best_ask) // 2
    return {
        "bestBidPrice": str(best_bid),
        "bestAskPrice": str(best_ask),
        "spreadPct": str((best_ask - best_bid) * 100_000_000 // max(1, middle)),
        "spreadQuote": str(best_ask - best_bid),
    }
