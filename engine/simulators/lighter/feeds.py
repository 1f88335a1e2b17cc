"""Public channels: books with their nonces, best prices, market figures, block heights. Only what changed is told."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.simulators.exchange import BookLevel, Exchange
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.streams import Streams
from engine.simulators.lighter.trades import Trades
from engine.simulators.lighter.words import NS_PER_MS, ZERO, Row, height, ms, percent, price_text, size_text, us, usd

FIRST_NONCE = 9_182_390_000
NONCE_STRIDE = 19
"""The matching engine's nonce serves all markets: a market's own nonces have gaps (recorded: 9182389998 to
9182390020)."""
FIRST_OFFSET = 1_558_300
OPEN_INTEREST_LIMIT = "72057594037927936.000000"
ALL = "market_stats:all"
Sides = tuple[tuple[BookLevel, ...], tuple[BookLevel, ...]]


class _Told:
    """What listeners know of one book; `nonce` is that of its last change."""

    def __init__(self) -> None:
        self.nonce, self.offset, self.changed_ns = FIRST_NONCE, FIRST_OFFSET, 0
        self.sides: Sides = ((), ())
        self.touch: Sides = ((), ())


class Feeds:
    """One state a market, shared by all who listen."""

    def __init__(
        self, exchange: Exchange, listings: Mapping[str, Listing], trades: Trades, streams: Streams, levels: int
    ) -> None:
        self._exchange, self._listings, self._trades = exchange, listings, trades
        self._streams, self._levels = streams, levels
        self._books = {asset: _Told() for asset in listings}
        self._stats: dict[str, Row] = {}
        self._height = 0
        self._nonce = FIRST_NONCE

    def nonce(self, asset: str) -> int:
        """The nonce of the book as last told."""
        return self._books[asset].nonce

    def tell(self, now_ns: int) -> None:
        """Everything that changed and that somebody listens to."""
        moved: dict[str, Row] = {}
        for asset, listing in self._listings.items():
            self._tell_book(now_ns, asset, listing)
            self._tell_stats(now_ns, asset, listing, moved)
        if moved and self._streams.wanted(ALL):
            self._streams.publish(ALL, {"market_stats": moved, "timestamp": ms(now_ns)})
        if self._streams.wanted("height") and height(now_ns) != self._height:
            self._height = height(now_ns)
            self._streams.publish("height", self.height(now_ns))

    def height(self, now_ns: int) -> Row:
        """The frame of `height`."""
        return {"height": height(now_ns), "timestamp": ms(now_ns)}

    # books

    def _tell_book(self, now_ns: int, asset: str, listing: Listing) -> None:
        book, ticker = f"order_book:{listing.market_id}", f"ticker:{listing.market_id}"
        deep = self._streams.wanted(book)
        if not deep and not self._streams.wanted(ticker):
            return
        told, before, begin = self._books[asset], self._books[asset].sides, self._books[asset].nonce
        if self._look(now_ns, asset, told, self._levels if deep else 1) and deep:
            asks, bids = (_delta(listing, *pair) for pair in zip(before, told.sides, strict=True))
            self._streams.publish(book, self._book_frame(now_ns, told, asks, bids, begin))
        self._tell_ticker(now_ns, listing, ticker, told)

    def _look(self, now_ns: int, asset: str, told: _Told, levels: int) -> bool:
        """Take over the book's levels; True when they changed."""
        view = self._exchange.book(asset, levels)
        sides = (view.asks, view.bids)
        if sides == told.sides:
            return False
        self._nonce += NONCE_STRIDE
        told.sides, told.changed_ns, told.nonce = sides, now_ns, self._nonce
        told.offset += 1
        return True

    def _book_frame(self, now_ns: int, told: _Told, asks: list[Row], bids: list[Row], begin: int) -> Row:
        place: Row = {"offset": told.offset, "last_updated_at": us(told.changed_ns)}
        book: Row = {"code": 0, "asks": asks, "bids": bids, "nonce": told.nonce, "begin_nonce": begin, **place}
        return {**place, "order_book": book, "timestamp": ms(now_ns)}

    def book(self, now_ns: int, listing: Listing) -> Row:
        """The whole book for a new listener, to be taken before it listens; the others are told first what changed."""
        told = self._books[listing.asset]
        if self._streams.wanted(f"order_book:{listing.market_id}"):
            self._tell_book(now_ns, listing.asset, listing)
        else:
            self._look(now_ns, listing.asset, told, self._levels)
        asks, bids = (_levels(listing, side) for side in told.sides)
        return self._book_frame(now_ns, told, asks, bids, 0)

    def _tell_ticker(self, now_ns: int, listing: Listing, channel: str, told: _Told) -> None:
        touch = (told.sides[0][:1], told.sides[1][:1])
        if touch != told.touch and self._streams.wanted(channel):
            told.touch = touch
            self._streams.publish(channel, self._ticker_frame(now_ns, listing, told, touch))

    def ticker(self, now_ns: int, listing: Listing) -> Row:
        """The best prices for a new listener."""
        view = self._exchange.book(listing.asset, 1)
        return self._ticker_frame(now_ns, listing, self._books[listing.asset], (view.asks, view.bids))

    def _ticker_frame(self, now_ns: int, listing: Listing, told: _Told, touch: Sides) -> Row:
        changed = us(told.changed_ns or now_ns)
        sides = [_levels(listing, side)[0] if side else {"price": "", "size": ""} for side in touch]
        ticker: Row = {"s": listing.symbol, "a": sides[0], "b": sides[1], "last_updated_at": changed}
        return {"last_updated_at": changed, "nonce": told.nonce, "ticker": ticker, "timestamp": ms(now_ns)}

    # market figures

    def _tell_stats(self, now_ns: int, asset: str, listing: Listing, moved: dict[str, Row]) -> None:
        channel = f"market_stats:{listing.market_id}"
        if not self._streams.wanted(channel) and not self._streams.wanted(ALL):
            return
        stats = self.stats(listing)
        if stats is not None and stats != self._stats.get(asset):
            self._stats[asset] = moved[str(listing.market_id)] = stats
            self._streams.publish(channel, {"market_stats": stats, "timestamp": ms(now_ns)})

    def all_stats(self) -> dict[str, Row]:
        """Every market with a price, by market id."""
        rows = {str(listing.market_id): self.stats(listing) for listing in self._listings.values()}
        return {number: row for number, row in rows.items() if row is not None}

    def stats(self, listing: Listing) -> Row | None:
        """One market; None before its first price. Daily figures are not simulated.

        Rates are signed percent per hour, positive = longs pay; open interest is in USD.
        """
        market, funding = self._exchange.market(listing.asset), self._exchange.funding_view(listing.asset)
        if market is None or funding is None:
            return None
        paid_ns = funding.last_paid_ns
        last_trade = self._trades.last_price(listing) or market.mid
        index = float(market.oracle * listing.multiplier)
        return {
            "symbol": listing.symbol,
            "market_id": listing.market_id,
            "index_price": price_text(listing, market.oracle),
            "mark_price": price_text(listing, market.mark),
            "mid_price": price_text(listing, market.mid),
            "open_interest": usd(market.open_interest * market.mark),
            "open_interest_limit": OPEN_INTEREST_LIMIT,
            "funding_clamp_small": "0.0500",
            "funding_clamp_big": "4.0000",
            "base_interest_rate": "0.0100",
            "last_trade_price": price_text(listing, last_trade),
            "current_funding_rate": percent(funding.forming_rate),
            "funding_rate": percent(ZERO if funding.last_paid_rate is None else funding.last_paid_rate),
            "funding_timestamp": 0 if paid_ns is None else paid_ns // NS_PER_MS + 1,
            "daily_base_token_volume": 0.0,
            "daily_quote_token_volume": 0.0,
            "daily_price_low": index,
            "daily_price_high": index,
            "daily_price_change": 0.0,
        }


def _levels(listing: Listing, side: tuple[BookLevel, ...]) -> list[Row]:
    return [_level(listing, level.price, level.size) for level in side]


def _level(listing: Listing, price: Decimal, size: Decimal) -> Row:
    return {"price": price_text(listing, price), "size": size_text(listing, size)}


def _delta(listing: Listing, before: tuple[BookLevel, ...], after: tuple[BookLevel, ...]) -> list[Row]:
    """Levels that changed, with their new sizes; 0 removes one."""
    old, new = ({level.price: level.size for level in side} for side in (before, after))
    gone = [_level(listing, price, ZERO) for price in old if price not in new]
    return gone + [_level(listing, price, size) for price, size in new.items() if old.get(price) != size]
