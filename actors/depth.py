"""What a market order of some size would cost, from what a venue told of its book: the touch and a depth ladder.

The ladders come with each `QuoteUpdated` and stand on the board in its `Quote`; the adapters in `engine.venues` make
them with `depths_within`. Nothing is priced better than it was told, and nothing is assumed beyond what was told.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import ROUND_FLOOR, Context, Decimal
from itertools import accumulate

from actors.domain import BPS, ZERO, Quote, Side

DEPTH_BPS = (Decimal(2), Decimal(5), Decimal(10), Decimal(25), Decimal(50), Decimal(100))
"""Distances from the mid of the figures in a depth ladder, ascending, bps."""
SIZE_DIGITS = 12
"""`size_within` is cut to so many digits; every lot is coarser."""

WHOLE_BPS = 10_000

_CUT = Context(prec=SIZE_DIGITS, rounding=ROUND_FLOOR)


def depths_within(levels: Iterable[tuple[Decimal, Decimal]], mid: Decimal) -> tuple[Decimal, ...]:
    """Cumulative size within each of `DEPTH_BPS` from `mid` (inclusive), of one side's levels (price, size), any order.

    Where the told levels end before a distance, its figure is a lower bound: what was told.
    """
    reaches = [mid * BPS * distance for distance in DEPTH_BPS]
    sums = [ZERO] * len(reaches)
    for price, size in levels:
        bucket = bisect_left(reaches, abs(price - mid))
        if bucket < len(sums):
            sums[bucket] += size
    return tuple(accumulate(sums))


def slippage_bps(quote: Quote, side: Side, size: Decimal) -> Decimal | None:
    """How far beyond the mid, in bps, a market order of `size` (base units, >= 0) would fill on average.

    Half the spread is in it. The touch counts at its price, all else of a bucket at the bucket's far edge, so that the
    book as told is never dearer. None when more is asked than was told: nothing is extrapolated. Without a ladder that
    is everything beyond the touch.
    """
    assert size >= 0
    remaining, cost = size, ZERO
    for away, available in _steps(quote, side):
        if remaining <= available:
            cost += remaining * away
            return cost * WHOLE_BPS / (size * quote.mid) if size else away * WHOLE_BPS / quote.mid
        remaining -= available
        cost += available * away
    return None


def size_within(quote: Quote, side: Side, budget_bps: Decimal) -> Decimal:
    """The largest size (base units, cut to `SIZE_DIGITS` digits) with `slippage_bps` within the budget.

    Never more than was told; zero when the touch itself is beyond the budget.
    """
    budget = budget_bps * BPS * quote.mid
    filled, cost = ZERO, ZERO
    for away, available in _steps(quote, side):
        if away > budget and budget * (filled + available) < cost + available * away:
            return _CUT.plus(filled + _CUT.divide(budget * filled - cost, away - budget))
        filled += available
        cost += available * away
    return _CUT.plus(filled)


def _steps(quote: Quote, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
    """Distance from the mid in price, and size there: the touch, then what each bucket adds, the nearest first."""
    touch, depths = (quote.ask_size, quote.ask_depths) if side is Side.BUY else (quote.bid_size, quote.bid_depths)
    nearest = (quote.ask - quote.bid) / 2
    yield nearest, touch
    counted = touch
    for distance, depth in zip(DEPTH_BPS if depths else (), depths, strict=True):
        away = distance * BPS * quote.mid
        if away >= nearest and depth > counted:
            yield away, depth - counted
            counted = depth
