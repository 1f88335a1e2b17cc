"""One market's order book, built from absolute levels in a continuous series of frames. Pure.

Docs "WebSocket reference", 2026-07: an update's `begin_nonce` is the `nonce` of the frame before it. A book with a
gap, or with a bid at or above an ask, is dropped: no quote comes from it until the venue has sent it anew.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain import ZERO, Quote
from actors.messages import QuoteUpdated
from engine.venues.levels import with_depth
from engine.venues.lighter.codec import NS_PER_US, ns
from engine.venues.lighter.markets import Market
from engine.venues.lighter.wire_stream import ORDER_BOOK, Level, OrderBookFrame
from engine.venues.link import FrameError


class Book:
    """Levels by price, compared by value: 84492.0 is 84492.00."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._nonce: int | None = None

    @property
    def whole(self) -> bool:
        """Whether every change since the first frame has been seen."""
        return self._nonce is not None

    def begin(self, frame: OrderBookFrame) -> None:
        """Take the channel's first frame, which holds every level. Raises FrameError for a crossed one."""
        self.drop()
        self._take(frame)

    def change(self, frame: OrderBookFrame) -> None:
        """Take an update; one that comes before the first frame, or again, changes nothing.

        Raises FrameError, with the book dropped, when the series has a gap or the book is crossed.
        """
        if self._nonce is None or frame.order_book.nonce <= self._nonce:
            return
        if frame.order_book.begin_nonce != self._nonce:
            missed = f"begin_nonce {frame.order_book.begin_nonce} does not continue {self._nonce}"
            self.drop()
            raise FrameError(f"{ORDER_BOOK}:{self.market.market_id}", missed)
        self._take(frame)

    def drop(self) -> None:
        """Forget everything."""
        self._bids.clear()
        self._asks.clear()
        self._nonce = None

    def quote(self, at_ns: int) -> Quote | None:
        """The best bid and ask in our units; None while the book is not whole or a side is empty."""
        if self._nonce is None or not self._bids or not self._asks:
            return None
        listed, bid, ask = self.market.listed, max(self._bids), min(self._asks)
        return Quote(
            bid=listed.price(bid),
            bid_size=listed.size(self._bids[bid]),
            ask=listed.price(ask),
            ask_size=listed.size(self._asks[ask]),
            at_ns=at_ns,
        )

    def with_depth(self, quote: QuoteUpdated) -> QuoteUpdated:
        """This book's quote with the ladders of all its levels."""
        listed = self.market.listed
        bids, asks = (
            ((listed.price(price), listed.size(size)) for price, size in side.items())
            for side in (self._bids, self._asks)
        )
        return with_depth(quote, bids, asks)

    def _take(self, frame: OrderBookFrame) -> None:
        _set(self._bids, frame.order_book.bids)
        _set(self._asks, frame.order_book.asks)
        self._nonce = frame.order_book.nonce
        if self._bids and self._asks and max(self._bids) >= min(self._asks):
            crossed = f"bid {max(self._bids)} meets ask {min(self._asks)}"
            self.drop()
            raise FrameError(f"{ORDER_BOOK}:{self.market.market_id}", crossed)


def time_of(frame: OrderBookFrame, now_ns: int) -> int:
    """When the book was so: the frame's own time, else that of the last change, else now."""
    return ns(frame.timestamp) or frame.order_book.last_updated_at * NS_PER_US or now_ns


def _set(side: dict[Decimal, Decimal], levels: list[Level]) -> None:
    for level in levels:
        price, size = Decimal(level.price), Decimal(level.size)
        if size > ZERO:
            side[price] = size
        else:
            side.pop(price, None)
