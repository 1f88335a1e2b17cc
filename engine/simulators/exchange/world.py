"""The outside world enters: a market point becomes a book, an oracle, a mark price and a premium sample."""

from decimal import Decimal

from engine.simulators.exchange import book
from engine.simulators.exchange.ledger import ENTRY_STEP
from engine.simulators.exchange.state import ZERO, Listing, State
from engine.simulators.exchange.terms import MarketMode
from engine.simulators.market.point import MarketPoint

NS_PER_S = 1_000_000_000
HOUR_NS = 3600 * NS_PER_S
RATE_STEP = Decimal("1e-10")
HOURS_KEPT = 48
"""Unsettled premium hours remembered; more means that nobody settles."""


def floor_hour(at_ns: int) -> int:
    return at_ns - at_ns % HOUR_NS


def absorb(state: State, listing: Listing, point: MarketPoint) -> None:
    """Take over `point`: external book, oracle, mark and premium.

    The book stands still while the market is halted, and when the same point is set again: what was taken
    from it stays taken.
    """
    if listing.point is None:
        listing.gap_ema, listing.observed_ns = point.mid - point.oracle, state.now_ns
    observe_until(listing, state.now_ns)
    elapsed_ns = 0 if listing.point is None else max(0, point.at_ns - listing.point.at_ns)
    news = point != listing.point
    listing.point, listing.oracle = point, point.oracle
    _move_mark(listing, point, elapsed_ns, state.rules.mark_ema_s)
    if news and listing.mode is not MarketMode.HALTED:
        book.rebuild(listing, point)
    _measure_premium(listing)
    if state.settled_hour_ns is None:
        state.settled_hour_ns = floor_hour(state.now_ns)


def observe_until(listing: Listing, now_ns: int) -> None:
    """Let the premium last measured count for the time until `now_ns`, hour by hour."""
    while listing.observed_ns < now_ns:
        hour_ns = floor_hour(listing.observed_ns) + HOUR_NS
        until_ns = min(now_ns, hour_ns)
        total, seen_ns = listing.premium_by_hour.get(hour_ns, (ZERO, 0))
        span_ns = until_ns - listing.observed_ns
        listing.premium_by_hour[hour_ns] = (total + listing.premium * span_ns, seen_ns + span_ns)
        listing.observed_ns = until_ns
    while len(listing.premium_by_hour) > HOURS_KEPT:
        del listing.premium_by_hour[next(iter(listing.premium_by_hour))]


def average_premium(listing: Listing, hour_ns: int) -> Decimal:
    """Time-weighted premium of the hour that ends at `hour_ns`; the current one when none was observed."""
    total, seen_ns = listing.premium_by_hour.get(hour_ns, (ZERO, 0))
    return (total / seen_ns).quantize(RATE_STEP) if seen_ns else listing.premium


def _move_mark(listing: Listing, point: MarketPoint, elapsed_ns: int, ema_s: int) -> None:
    """Mark = median(oracle, mid, oracle + average of (mid - oracle) over `ema_s`), on the price lattice.

    After Hyperliquid's "Mark price" (docs 2025-11: median of oracle + 150 s EMA, own book, other venues'
    perps), with the oracle in the place of the other venues.
    """
    gap = point.mid - point.oracle
    weight = Decimal(elapsed_ns) / Decimal(elapsed_ns + ema_s * NS_PER_S)
    listing.gap_ema = (listing.gap_ema + (gap - listing.gap_ema) * weight).quantize(ENTRY_STEP)
    median = sorted((point.oracle, point.mid, point.oracle + listing.gap_ema))[1]
    listing.mark = listing.spec.nearest_price(median)


def _measure_premium(listing: Listing) -> None:
    """P = (max(impact bid - oracle, 0) - max(oracle - impact ask, 0)) / oracle (Hyperliquid docs)."""
    oracle, notional = listing.oracle, listing.spec.impact_notional_usd
    mid = listing.mark if listing.point is None else listing.point.mid
    listing.impact_bid = book.impact_price(listing.bids, notional, mid)
    listing.impact_ask = book.impact_price(listing.asks, notional, mid)
    above, below = max(listing.impact_bid - oracle, ZERO), max(oracle - listing.impact_ask, ZERO)
    listing.premium = ((above - below) / oracle).quantize(RATE_STEP)
