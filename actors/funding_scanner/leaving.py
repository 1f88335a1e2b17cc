"""Which pairs the scanner asks to leave, or to become smaller: tired ones, outdone ones, those without margin."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from actors.actor import Context
from actors.board import market_key
from actors.collateral import Shortage, outlays, shortages
from actors.commands import AnyCommand, RaiseAlarm, Tell
from actors.domain import BPS, HOUR_NS, ZERO
from actors.flat_cost import FlatCost, OpenLeg, flat_cost
from actors.forecast import Outlook, forecast
from actors.funding_scanner.opening import free, passing, room_left
from actors.funding_scanner.state import FundingScanner, Holding, Pairing, known_of, pairings, stakes_of
from actors.gates import Candidate, Known, fees_of, mean_of
from actors.messages import CloseAsked, ReduceAsked
from actors.switching import Change, change

Commands = tuple[AnyCommand, ...]


def close_tired_pairs(state: FundingScanner, context: Context) -> Commands:
    """Ask pairs to close whose funding has been inverted for too long, when staying costs more than leaving."""
    commands: Commands = ()
    for name in sorted(state.holdings):
        reason = _tired(state, state.holdings[name], context)
        if reason:
            commands += (Tell(to=name, message=CloseAsked(reason=reason)),)
    return commands


def _tired(state: FundingScanner, held: Holding, context: Context) -> str:
    """Why a pair is closed, or nothing. A sign alone is no reason: what the horizon is expected to cost must exceed
    the fees and slippage of being flat now, which a pair that turns again soon would pay for nothing."""
    scanner = context.policy.scanner
    if not held.hedged_ns or not held.inverted_since_ns:
        return ""
    inverted_h = Decimal(context.at_ns - held.inverted_since_ns) / HOUR_NS
    mean = mean_of(known_of(state, context), held.asset, (held.short_venue, held.long_venue)) or ZERO
    staying_bps = -mean * scanner.horizon_h / BPS
    leaving = _leaving(held, context)
    if leaving is None or inverted_h < scanner.inverted_h or staying_bps < leaving.cost_bps:
        return ""
    return (
        f"funding inverted for {inverted_h:.1f} h: staying {scanner.horizon_h} h costs {staying_bps:.2f} bps, "
        f"being flat now {leaving.cost_bps:.2f} bps"
    )


def _leaving(held: Holding, context: Context) -> FlatCost | None:
    """Both legs closed at market; None where a market has told no book, or none lately: that is not measured, and the
    next scan asks again."""
    legs = [
        OpenLeg(venue=venue, asset=held.asset, size=held.sign(venue) * held.size)
        for venue in (held.short_venue, held.long_venue)
    ]
    return flat_cost(legs, context.board, context.policy, context.at_ns)


# --- a better one --------------------------------------------------------------------------------------------


def close_outdone_pair(state: FundingScanner, context: Context) -> Commands:
    """Ask one pair to close that a candidate outdoes by more than the change costs: any other one where there is no
    room for both, and the same asset on two other venues in any case, since an asset has one pair.

    One at a time: nothing is asked while a pair enters or leaves. The whole pair closes, also where one venue stays.
    """
    busy = any(not held.hedged_ns or held.closing for held in state.holdings.values() if not held.waiting)
    if busy or not state.holdings or not context.policy.costs.switching_factor:
        return ()
    known = known_of(state, context)
    found = [each for name in sorted(state.holdings) for each in _changes(state.holdings[name], known, state, context)]
    worthwhile = [each for each in found if each[1].worth_it]
    if not worthwhile:
        return ()
    pair, best, candidate = max(worthwhile, key=lambda each: each[1].better_usd - each[1].held_usd)
    reason = f"{candidate.asset} {candidate.short_venue.value}/{candidate.long_venue.value} is better: {best.words()}"
    return (Tell(to=pair, message=CloseAsked(reason=reason)),)


def _changes(
    held: Holding, known: Known, state: FundingScanner, context: Context
) -> Iterator[tuple[str, Change, Candidate]]:
    """What the candidate that would be opened next would bring instead of a held pair.

    It is judged as if that one were gone already, with the held pair's own couple among the candidates: where that
    ranks first it would be entered again, for the fees of a round trip, and outdone again at the next scan.
    """
    leaving = _leaving(held, context)
    outlook = _outlook(held, known)
    if held.waiting or leaving is None or outlook is None:
        return
    rivals = _rivals(held, state, context)
    if not any(_beyond(known, each, outlook, leaving) for each in rivals):
        return
    without = msgspec.structs.replace(known, stakes=tuple(s for s in known.stakes if s.pair != held.pair))
    own = (held.asset, (held.taker_venue, held.maker_venue))
    for candidate in passing(without, (own, *rivals))[:1]:
        if not _is_of(candidate, held):
            found = change(candidate.expectation, outlook, leaving.notional_usd, leaving.cost_usd, known.policy)
            yield held.pair, found, candidate


def _is_of(candidate: Candidate, held: Holding) -> bool:
    """The same asset on the same two venues."""
    return candidate.asset == held.asset and bool(held.sign(candidate.taker_venue) and held.sign(candidate.maker_venue))


def _rivals(held: Holding, state: FundingScanner, context: Context) -> tuple[Pairing, ...]:
    """What could be held instead: its own asset on other couples of venues; any free one where there is no room."""
    own = (held.taker_venue, held.maker_venue)
    elsewhere = tuple(
        (asset, couple)
        for asset, couple in pairings(context.policy)
        if asset == held.asset and not all(venue in own for venue in couple)
    )
    return elsewhere if room_left(state, context.policy) > 0 else (*elsewhere, *free(state, context))


def _beyond(known: Known, pairing: Pairing, held: Outlook, leaving: FlatCost) -> bool:
    """Its funding less its fees, at the largest size, would beat the held pair's by what leaving makes the change cost:
    what does not cannot be worth it, and is not judged."""
    mean, fees = mean_of(known, *pairing), fees_of(known, *pairing)
    if mean is None or fees is None:
        return False
    scanner, costs = known.policy.scanner, known.policy.costs
    # Twice, as in `opening.hopeful`.
    convergence = costs.basis_gain_share * 2 * scanner.divergence_most_bps * BPS
    brings = max(ZERO, abs(mean) * scanner.horizon_h + convergence - fees) * scanner.notional_usd
    kept_per_hour = held.mean_per_hour + scanner.confidence * held.error_per_hour
    kept = kept_per_hour * scanner.horizon_h * leaving.notional_usd
    return brings > kept + costs.switching_factor * leaving.cost_usd


def _outlook(held: Holding, known: Known) -> Outlook | None:
    """Of a held pair, as it earns it."""
    short, long = (known.series.get(market_key(venue, held.asset)) for venue in (held.short_venue, held.long_venue))
    if short is None or long is None:
        return None
    return forecast(short, long, known.policy.scanner.horizon_h, known.policy.forecast)


# --- margin --------------------------------------------------------------------------------------------------


def watch_collateral(state: FundingScanner, context: Context) -> Commands:
    """Ask people for a transfer where margin will run short before one arrives, pairs to shrink where it is late."""
    found = shortages(
        outlays(stakes_of(state, context.board), state.swings, context.board, context.policy), context.policy
    )
    commands: Commands = ()
    reduced: list[str] = []
    for short in found:
        commands += (_alarm(short),)
        for name in _concerned(state, short):
            if name not in reduced:
                commands += (_reduce(name, short),)
                reduced.append(name)
    return commands


def _concerned(state: FundingScanner, short: Shortage) -> list[str]:
    """Held pairs with a leg on that venue, if they are to shrink; one that enters or leaves is left to finish."""
    return [
        name
        for name, held in sorted(state.holdings.items())
        if short.reduce_fraction and held.hedged_ns and not held.closing and held.sign(short.outlay.venue)
    ]


def _alarm(short: Shortage) -> RaiseAlarm:
    late = bool(short.reduce_fraction)
    return RaiseAlarm(severity="critical" if late else "warning", code="collateral_short", text=short.words())


def _reduce(pair: str, short: Shortage) -> Tell:
    expected = f"{short.outlay.expected_usd:.0f} USD expected on {short.outlay.venue.value} in {short.outlay.lead_h} h"
    return Tell(to=pair, message=ReduceAsked(fraction=short.reduce_fraction, reason=f"margin runs short: {expected}"))
