"""Depth ladders counted a second way: in fractions, over the levels as the venue wrote them. For the venues' tests."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

DISTANCES_BPS = (2, 5, 10, 25, 50, 100)


def recounted(levels: Iterable[tuple[Any, Any]], bid: Any, ask: Any) -> tuple[Fraction, ...]:
    """Size within each distance of the middle between `bid` and `ask`, of one side's levels (price, size)."""
    rows = [(Fraction(str(price)), Fraction(str(size))) for price, size in levels]
    mid = (Fraction(str(bid)) + Fraction(str(ask))) / 2
    return tuple(
        sum((size for price, size in rows if abs(price - mid) * 10_000 <= mid * distance), Fraction(0))
        for distance in DISTANCES_BPS
    )


def same(quote: Any, bids: Iterable[tuple[Any, Any]], asks: Iterable[tuple[Any, Any]]) -> bool:
    """Whether a quote's ladders are those of these levels around its own middle, and tell something."""
    found = (quote.bid_depths, quote.ask_depths)
    counted = (recounted(bids, quote.bid, quote.ask), recounted(asks, quote.bid, quote.ask))
    assert found == counted, (found, counted)
    return any(counted[0]) and any(counted[1])


def same_as_simulated(quote: Any, exchange: Any, symbol: str, levels: int) -> bool:
    """The same of a simulated exchange's own book, so many levels of it."""
    book = exchange.book(symbol, levels)
    bids, asks = ([(level.price, level.size) for level in side] for side in (book.bids, book.asks))
    return same(quote, bids, asks) and quote.bid_depths[-1] > quote.bid_size
