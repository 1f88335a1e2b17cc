"""Gates about prices and size: books, volatility, leverage, the way to liquidation, ADL, and the trial of bad days.

Counterpart: `table`, which says of each its formula, its limit and why.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.board import Market
from actors.buffer import buffer_of
from actors.depth import slippage_bps
from actors.domain import BPS, NS_PER_S, ONE, ZERO, Side, Venue
from actors.endurance import trial
from actors.gates.case import Case, Gate, least, most, unmeasured, verdict
from actors.mark_path import mark_path
from actors.pricing import DEEPER_BPS
from actors.sizing import needed_buffer
from actors.stakes import gross_usd
from actors.stress import level_at, stress_of


def quote_age(case: Case) -> Gate:
    """The older of both quotes."""
    oldest_ns = min(market.quoted_ns for market in case.markets)
    age_s = Decimal(case.known.at_ns - oldest_ns) / NS_PER_S
    return most("quote_age_s", age_s, case.policy.scanner.quote_age_most_s)


def spread(case: Case) -> Gate:
    """The wider of both spreads."""
    return most("spread_bps", max(map(_spread_bps, case.markets)), case.policy.scanner.spread_most_bps)


def _spread_bps(market: Market) -> Decimal:
    assert market.quote is not None
    return (market.quote.ask - market.quote.bid) / market.quote.mid / BPS


def divergence(case: Case) -> Gate:
    """Between both venues' marks, where they are of one time."""
    limit = case.policy.scanner.divergence_most_bps
    if not case.compared:
        return unmeasured("divergence_bps", case, f"<= {limit:.6g}")
    taker, maker = (market.mark for market in case.markets)
    assert taker is not None
    assert maker is not None
    return most("divergence_bps", abs(taker / maker - ONE) / BPS, limit)


def path(case: Case) -> Gate:
    """Both marks, and what the opening may pay, are near where their markets have been lately: risk denies it else."""
    limits = case.policy.risk
    aways = [_away_bps(case, venue, market, side) for venue, market, _, side in case.sides()]
    known = [away for away in aways if away is not None]
    if len(known) < len(aways):
        needed = f"{limits.path_samples_least} marks of each market within {limits.path_window_s:g} s"
        return Gate(name="mark_path_bps", passed=False, measured="not measured: fewer marks told lately", needed=needed)
    return most("mark_path_bps", max(known), limits.path_collar_bps)


def _away_bps(case: Case, venue: Venue, market: Market, side: Side) -> Decimal | None:
    """Of the mark, and of the limit price of an order that takes the touch; None where the path is not known."""
    assert market.mark is not None
    assert market.quote is not None
    found = mark_path(case.board, venue, case.asset, case.known.at_ns, case.policy.risk)
    touch = market.quote.ask if side is Side.BUY else market.quote.bid
    limit = touch * (ONE + side.sign * case.policy.entry.taker_slippage_bps * BPS)
    return None if found is None else max(found.away_bps(market.mark), found.away_bps(limit))


def volatility(case: Case) -> Gate:
    """What a day's return strays."""
    gate = most("volatility_day", case.day, case.policy.gates.volatility_most)
    told = gate.measured if case.volatility_known else f"{gate.measured} (assumed: too few hours seen)"
    return msgspec.structs.replace(gate, measured=told)


def minimum(case: Case) -> Gate:
    """The smaller leg is above both venues' least notional."""
    marks = [market.mark for market in case.markets if market.mark is not None]
    lowest = max(rules.min_notional_usd for _, _, rules, _ in case.sides())
    gate = least("size_above_minimum", case.size * min(marks), lowest)
    return msgspec.structs.replace(gate, measured=f"{gate.measured} USD, bound by {case.sized.bound}")


def depth(case: Case) -> Gate:
    """The size, or one lot where there is none, moves no book further than the budget, in or out."""
    budget = case.policy.scanner.slippage_most_bps
    size = max(case.size, case.lot)
    worst = max(_costs(market, side, size) for market in case.markets for side in Side)
    gate = most("depth_bps", worst, budget)
    return gate if worst < DEEPER_BPS else msgspec.structs.replace(gate, measured="more than the book was told to hold")


def _costs(market: Market, side: Side, size: Decimal) -> Decimal:
    assert market.quote is not None
    found = slippage_bps(market.quote, side, size)
    return DEEPER_BPS if found is None else found


def open_interest(case: Case) -> Gate:
    """Share of the smaller market's open interest; of one lot where there is no size."""
    smallest = min(market.open_interest or ZERO for market in case.markets)
    share = max(case.size, case.lot) / smallest if smallest else Decimal("Infinity")
    return most("open_interest_share", share, case.policy.scanner.open_interest_share_most)


def leverage(case: Case) -> Gate:
    """The higher of both accounts' leverages after the entry."""
    found = max(_leverage(case, venue) for venue in case.venues)
    return most("leverage", found, case.policy.risk.leverage_most)


def _leverage(case: Case, venue: Venue) -> Decimal:
    account = case.board.accounts.get(venue.value)
    if account is None or account.equity_usd <= 0:
        return Decimal("Infinity")
    return gross_usd(case.held, venue, case.board) / account.equity_usd


def buffer(case: Case) -> Gate:
    """The nearer of both accounts to liquidation after the entry, all prices of a venue going against us at once."""
    nearest = min(buffer_of(venue, case.held, case.board) for venue in case.venues)
    return least("liquidation_buffer", nearest, needed_buffer(case.month, case.policy))


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """A leg that is not there yet; the size is signed."""

    venue: Venue
    asset: str
    size: Decimal


def adl(case: Case) -> Gate:
    """The level of either leg as if it were in profit already: leverage after the entry times the market's stress."""
    levels = [(venue, _level(case, venue, side)) for venue, _, _, side in case.sides()]
    limit = case.policy.gates.adl_level_most
    told = ", ".join(f"{venue.value} level {level}" for venue, level in levels)
    return Gate(
        name="adl_level", passed=max(level for _, level in levels) <= limit, measured=told, needed=f"<= {limit}"
    )


def _level(case: Case, venue: Venue, side: Side) -> int:
    leg = Thought(venue=venue, asset=case.asset, size=side.sign * max(case.size, case.lot))
    stress = stress_of(leg, case.board, case.policy.adl, case.known.at_ns)
    queue = min(_leverage(case, venue), case.policy.risk.leverage_most)
    return level_at(queue * stress.score, case.policy.adl) if stress.score else 1


def endurance(case: Case) -> Gate:
    """Both accounts survive the trial with the new pair in them; else the step that broke one is named."""
    cost_usd = abs(case.expectation.funding_usd)
    step = trial(case.stake, case.known.stakes, cost_usd, case.board, case.policy)
    told = f"{step.name}: {step.left_usd:.2f} USD left"
    return verdict("endurance", [] if step.survived else [told], f"tightest: {told}", f">= {step.least_usd:.2f} USD")
