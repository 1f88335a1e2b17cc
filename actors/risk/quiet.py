"""Whether nothing of `auto_close` can trigger for a pair: cheap bounds, for the many marks that change nothing. Pure.

Every bound errs to "not quiet"; then the table itself is asked. A test holds that a quiet pair triggers no row.
Counterparts: `auto_close`, whose rows decide, and `unchanged`, which keeps a leg that was far off from being looked at
twice. The rows for ADL (`adl`) and for the day's loss are not about marks and not bounded here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from actors.board import NOTHING_TOLD, PAST_STEP_S, Account, Board, Market, Past
from actors.domain import BPS, HOUR_NS, NS_PER_S, ONE, ZERO, MarketStatus
from actors.policy import Policy
from actors.risk.liquidation import estimated
from actors.risk.state import Held
from actors.risk.unchanged import Unchanged

NEAR = Decimal("0.9")
"""From so much of a limit on the row itself is asked: rounding decides nothing here."""

LegAt = tuple[str, Held]
"""A leg and its market's key."""


class Limits(NamedTuple):
    """The limits of a policy in the units that are compared, 0 = off."""

    policy: Policy
    age_ns: int
    window_ns: int
    seconds: Decimal
    fraction: Decimal
    apart: Decimal
    profit: Decimal
    hold_ns: int
    longest_ns: int


class _Memory:
    """The limits of the policy last seen, the legs that were far from their liquidation, the pairs that were quiet."""

    limits: Limits | None = None
    far = Unchanged()
    quiet = Unchanged()


def limits_of(policy: Policy) -> Limits:
    """The limits, computed once a policy."""
    known = _Memory.limits
    if known is None or known.policy is not policy:
        known = _Memory.limits = _limits(policy)
    return known


def _limits(policy: Policy) -> Limits:
    part = policy.auto_close
    return Limits(
        policy=policy,
        age_ns=round(policy.scanner.quote_age_most_s * NS_PER_S),
        window_ns=round(part.speed_window_s * NS_PER_S),
        seconds=part.time_to_liquidation_least_s,
        fraction=part.liquidation_distance_least_fraction,
        apart=part.divergence_most_bps * BPS * NEAR,
        profit=part.profit_target_bps * BPS * NEAR,
        hold_ns=int(part.hold_most_h * HOUR_NS * NEAR),
        longest_ns=int(part.hold_longest_h * HOUR_NS * NEAR),
    )


def is_quiet(legs: tuple[LegAt, ...], board: Board, policy: Policy, at_ns: int) -> bool:
    """True when no row for pairs can trigger now for these legs of one pair."""
    limits, markets, pasts, accounts = limits_of(policy), board.markets, board.pasts, board.accounts
    told: tuple[object, ...] = (legs, board.links, limits)
    for key, held in legs:
        if _is_long(held, limits, at_ns):
            return False
        told += (markets.get(key), pasts.get(key), accounts.get(held.venue.value))
    pair = legs[0][1].holder
    if _Memory.quiet.holds(pair, at_ns, told):
        return True
    if not _is_quiet(legs, board, limits, at_ns):
        return False
    _Memory.quiet.note(pair, at_ns, told)
    return True


def _is_long(held: Held, limits: Limits, at_ns: int) -> bool:
    """Its review, or the end of every hold, is near."""
    if at_ns - held.since_ns >= limits.longest_ns:
        return True
    return bool(limits.hold_ns) and at_ns - max(held.since_ns, held.reviewed_ns) >= limits.hold_ns


def _is_quiet(legs: tuple[LegAt, ...], board: Board, limits: Limits, at_ns: int) -> bool:
    markets = [board.markets.get(key, NOTHING_TOLD) for key, _ in legs]
    for (key, held), market in zip(legs, markets, strict=True):
        if not _is_calm(key, held, market, board, limits, at_ns):
            return False
    return len(legs) < 2 or not (_are_apart(markets, limits) or _is_rich(legs, markets, limits))


def _is_calm(key: str, held: Held, market: Market, board: Board, limits: Limits, at_ns: int) -> bool:
    """An open market on a venue that is heard, far from liquidation."""
    if market.instrument is None or market.instrument.status is not MarketStatus.OPEN:
        return False
    if not board.links.get(held.venue, False):
        return False
    account, pasts = board.accounts.get(held.venue), board.pasts.get(key, ())
    inputs = (held, market.mark, market.sampled_ns, market.instrument, account, pasts, limits)
    if _Memory.far.holds(key, at_ns, inputs):
        return True
    if not is_far(held, market, account, pasts, limits, at_ns):
        return False
    _Memory.far.note(key, at_ns, inputs)
    return True


def is_far(
    held: Held, market: Market, account: Account | None, pasts: tuple[Past, ...], limits: Limits, at_ns: int
) -> bool:
    """Neither row about liquidation can trigger for the leg, now or later while nothing new is told.

    The speed is at most the worst mark of the window less the mark now, within one step between samples.
    """
    mark = market.mark
    if mark is None or market.sampled_ns < at_ns - limits.age_ns:
        return True
    price = held.liquidation_price
    if price is None:
        price = estimated(held, market, account, pasts)
    if price is None:
        return True
    distance = mark - price if held.size > 0 else price - mark
    if limits.fraction and distance <= limits.fraction * mark:
        return False
    return not limits.seconds or distance * PAST_STEP_S > limits.seconds * _fallen(held, mark, pasts, limits, at_ns)


def _fallen(held: Held, mark: Decimal, pasts: tuple[Past, ...], limits: Limits, at_ns: int) -> Decimal:
    """How far the mark went against the leg from its best within the window, in price."""
    since_ns, fallen = at_ns - limits.window_ns, ZERO
    for past in reversed(pasts):
        if past.at_ns < since_ns:
            break
        fallen = max(fallen, past.mark - mark if held.size > 0 else mark - past.mark)
    return fallen


def _are_apart(markets: list[Market], limits: Limits) -> bool:
    """The marks are nearly as far apart as they may be."""
    marks = [market.mark for market in markets if market.mark is not None]
    return bool(limits.apart and len(marks) > 1) and max(marks) >= min(marks) * (ONE + limits.apart)


def _is_rich(legs: tuple[LegAt, ...], markets: list[Market], limits: Limits) -> bool:
    """What closing at the mids, without any cost, would bring is near the target: more than it can really bring."""
    if not limits.profit:
        return False
    net = larger = ZERO
    for (_, held), market in zip(legs, markets, strict=True):
        if market.quote is None:
            return False
        worth = held.size * market.quote.mid
        net += worth + held.cash_usd
        larger = max(larger, abs(worth))
    return net >= limits.profit * larger
