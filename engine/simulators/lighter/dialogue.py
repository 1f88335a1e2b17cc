"""What clients say on a stream, and what they are answered: subscriptions, pings, transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from engine.simulators.lighter.account_frames import TRADES_SHOWN, AccountFrames
from engine.simulators.lighter.credentials import Credentials
from engine.simulators.lighter.feeds import ALL, Feeds
from engine.simulators.lighter.refusals import INVALID_PARAM, Refused
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.streams import Streams
from engine.simulators.lighter.trades import Trades
from engine.simulators.lighter.words import NS_PER_S, Row, ms
from engine.venues.lighter.wire import ErrorCode

PRIVATE = (
    "account_all_orders",
    "account_all_trades",
    "account_all_positions",
    "account_all_assets",
    "account_market",
    "account_orders",
    "account_tx",
    "notification",
)
"""Channels that need a token. `account_all` and `user_stats` are opened without one (lighter-sdk 1.1.8, apidocs)."""
OPEN = ("account_all", "user_stats")
OF_MARKET = ("order_book", "ticker", "trade", "market_stats")
OF_BOTH = ("account_market", "account_orders")
SENDS = {"jsonapi/sendtx": False, "jsonapi/sendtxbatch": True}


class Send(Protocol):
    """Accepts transactions and gives the fields of the answer; raises `Refused`."""

    def __call__(self, sent: list[tuple[int, str]], *, batched: bool) -> Row:
        """(type, info) each."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A channel a client asked for, with colons, and what it is about."""

    channel: str
    kind: str
    account_index: int | None = None
    market_id: int | None = None


class Dialogue:
    """Answers one frame at a time; refusals are frames too and name no request."""

    def __init__(
        self,
        streams: Streams,
        feeds: Feeds,
        frames: AccountFrames,
        listings: Mapping[int, Listing],
        credentials: Credentials,
        trades: Trades,
        send: Send,
    ) -> None:
        self._streams, self._feeds, self._frames = streams, feeds, frames
        self._listings, self._credentials, self._trades, self._send = listings, credentials, trades, send

    def hear(self, now_ns: int, connection: int, frame: bytes) -> None:
        """One frame of a client."""
        self._streams.heard(connection, now_ns)
        try:
            said = msgspec.json.decode(frame)
            if not isinstance(said, dict):
                raise Refused(ErrorCode.WS_INVALID_TYPE)
            self._answer(now_ns, connection, said)
        except msgspec.DecodeError:
            self._error(connection, Refused(ErrorCode.WS_INVALID_JSON))
        except Refused as refused:
            self._error(connection, refused)

    def _error(self, connection: int, refused: Refused) -> None:
        self._streams.send(connection, "error", {"error": refused.body})

    def _answer(self, now_ns: int, connection: int, said: Row) -> None:
        kind = said.get("type")
        if kind in SENDS:
            self._transact(connection, str(kind), said)
            return
        self._streams.count(connection, now_ns)
        match kind:
            case "ping":
                self._streams.send(connection, "pong", {"type": "pong"})
            case "pong":
                return
            case "subscribe":
                self._subscribe(now_ns, connection, said)
            case "unsubscribe":
                self._unsubscribe(connection, said)
            case _:
                raise Refused(ErrorCode.WS_INVALID_TYPE)

    # transactions

    def _transact(self, connection: int, kind: str, said: Row) -> None:
        """The answer carries an id if the client gave one."""
        data = said.get("data")
        named = {"id": data["id"]} if isinstance(data, dict) and "id" in data else {}
        if not isinstance(data, dict):
            raise Refused(30007)
        fields = self._send(_transactions(kind, data), batched=SENDS[kind])
        self._streams.send(connection, kind, {"type": kind, **named, "code": 200, **fields})

    # subscriptions

    def _subscribe(self, now_ns: int, connection: int, said: Row) -> None:
        """Taken before listening, so that nothing is told twice. `account_all` may be asked for again (apidocs)."""
        topic = self._topic(said)
        if topic.kind in PRIVATE:
            assert topic.account_index is not None
            self._credentials.check_token(str(said.get("auth") or ""), topic.account_index, now_ns // NS_PER_S)
        fields = self._snapshot(now_ns, topic)
        self._streams.subscribe(connection, topic.channel, again=topic.kind == "account_all")
        first = {"channel": topic.channel, **fields, "type": f"subscribed/{topic.kind}"}
        self._streams.send(connection, topic.kind, first)

    def _unsubscribe(self, connection: int, said: Row) -> None:
        topic = self._topic(said)
        self._streams.unsubscribe(connection, topic.channel)
        told = {"channel": topic.channel, "type": f"unsubscribed/{topic.kind}"}
        self._streams.send(connection, topic.kind, told)

    def _topic(self, said: Row) -> Topic:
        """Raises `Refused` for a channel that is not there."""
        channel = str(said.get("channel")).replace("/", ":")
        kind, *about = channel.split(":")
        numbers = [int(each) for each in about if each.isdecimal()]
        if channel in ("height", ALL):
            return Topic(channel=channel, kind=kind)
        if kind in OF_MARKET and len(about) == len(numbers) == 1:
            return Topic(channel=channel, kind=kind, market_id=self._market(numbers[0]))
        if kind in OF_BOTH and len(about) == len(numbers) == 2:
            market, account = numbers
            return Topic(channel=channel, kind=kind, market_id=self._market(market), account_index=self._mine(account))
        if kind in (*OPEN, *PRIVATE) and kind not in OF_BOTH and len(about) == len(numbers) == 1:
            return Topic(channel=channel, kind=kind, account_index=self._mine(numbers[0]))
        raise Refused(ErrorCode.WS_INVALID_CHANNEL, f": {channel}")

    def _market(self, market_id: int) -> int:
        if market_id not in self._listings:
            raise Refused(ErrorCode.WS_INVALID_CHANNEL, f": market {market_id}")
        return market_id

    def _mine(self, account_index: int) -> int:
        if account_index not in self._credentials.accounts:
            raise Refused(30012, f": account {account_index}")
        return account_index

    def _snapshot(self, now_ns: int, topic: Topic) -> Row:
        """The fields of a channel's first frame."""
        if topic.account_index is not None:
            return self._frames.snapshot(now_ns, topic.kind, topic.account_index, topic.market_id)
        if topic.kind == "height":
            return self._feeds.height(now_ns)
        if topic.market_id is None:
            return {"market_stats": self._feeds.all_stats(), "timestamp": ms(now_ns)}
        return self._of_market(now_ns, topic.kind, self._listings[topic.market_id])

    def _of_market(self, now_ns: int, kind: str, listing: Listing) -> Row:
        match kind:
            case "order_book":
                return self._feeds.book(now_ns, listing)
            case "ticker":
                return self._feeds.ticker(now_ns, listing)
            case "market_stats":
                return {"market_stats": self._feeds.stats(listing), "timestamp": ms(now_ns)}
            case _:
                return self._trades_frame(listing)

    def _trades_frame(self, listing: Listing) -> Row:
        shown = self._trades.of_market(listing.market_id)[:TRADES_SHOWN]
        return {
            "trades": [trade.row for trade in shown if trade.kind == "trade"],
            "liquidation_trades": [trade.row for trade in shown if trade.kind != "trade"],
            "nonce": self._feeds.nonce(listing.asset),
        }


def _transactions(kind: str, data: Row) -> list[tuple[int, str]]:
    """(type, info) each: one has its info as an object, a batch has lists, or texts of lists. Raises `Refused`."""
    if not SENDS[kind]:
        tx_type, info = data.get("tx_type"), data.get("tx_info")
        if not isinstance(tx_type, int) or info is None:
            raise Refused(30007)
        return [(tx_type, _text(info))]
    types, infos = (_listed(data.get(name)) for name in ("tx_types", "tx_infos"))
    if not types or len(types) != len(infos) or not all(isinstance(each, int) for each in types):
        raise Refused(21513)
    return [(int(str(tx_type)), _text(info)) for tx_type, info in zip(types, infos, strict=True)]


def _text(info: object) -> str:
    return info if isinstance(info, str) else msgspec.json.encode(info).decode()


def _listed(value: object) -> list[object]:
    """A JSON list, or the text of one."""
    try:
        found = msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError as error:
        raise Refused(INVALID_PARAM) from error
    return list(found) if isinstance(found, list) else []
