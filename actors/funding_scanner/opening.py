"""Which pairs the scanner asks for: the best per capital first, each at the size that is left for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from actors.actor import Context
from actors.commands import AnyCommand, SpawnPair, Tell
from actors.domain import BPS, Venue
from actors.funding_scanner.state import FundingScanner, Holding, Pairing, known_of, pairings
from actors.gates import Candidate, Known, error_of, fees_of, judge, judge_for_entry, mean_of
from actors.messages import CloseAsked, EntryAsked, PairSpawned
from actors.notice import begun
from actors.policy import Policy
from actors.stakes import Stake

Commands = tuple[AnyCommand, ...]


def candidates(known: Known, found: Iterable[Pairing]) -> tuple[Candidate, ...]:
    """Those of the pairings that can be judged now, the best return on capital first; unmeasured ones last."""
    return _ranked(judge(known, asset, venues) for asset, venues in found)


def passing(known: Known, found: Iterable[Pairing]) -> tuple[Candidate, ...]:
    """Those of the candidates that pass every gate; what cannot is told apart by its funding, and not judged."""
    hoped = ((asset, venues) for asset, venues in found if hopeful(known, asset, venues))
    return _ranked(judge_for_entry(known, asset, venues) for asset, venues in hoped)


def _ranked(judged: Iterable[Candidate | None]) -> tuple[Candidate, ...]:
    told = [candidate for candidate in judged if candidate is not None]
    return tuple(sorted(told, key=lambda each: (not each.compared, -each.return_on_capital, each.asset)))


def hopeful(known: Known, asset: str, venues: tuple[Venue, Venue]) -> bool:
    """The funding less fees and doubt would be enough; what is not hopeful cannot pass its gates, and is not judged.

    Slippage and gas only take. The marks may come together as far as their gate lets them stand apart.
    """
    scanner, mean = known.policy.scanner, mean_of(known, asset, venues)
    if mean is None:
        return False
    # Twice: that gate measures by one mark, what convergence brings is a fraction of the other.
    convergence = known.policy.costs.basis_gain_share * 2 * scanner.divergence_most_bps * BPS
    room = abs(mean) * scanner.horizon_h + convergence - scanner.net_least_bps * BPS
    fees = fees_of(known, asset, venues) if room >= 0 else None
    if fees is None or room < fees:
        return False
    return room - fees >= scanner.confidence * error_of(known, asset, venues) * scanner.horizon_h


def chosen(known: Known, ranked: Iterable[Candidate], most: int) -> Iterator[Candidate]:
    """Greedily, at most so many, one an asset: each judged anew with those before it held, at the size that is left.

    The sum of all that is chosen keeps every limit of `actors.sizing`, since each is sized within what the others left.
    """
    taken: list[str] = []
    for first in ranked:
        if len(taken) >= most:
            return
        if first.asset in taken:
            continue
        again = judge_for_entry(known, first.asset, (first.taker_venue, first.maker_venue)) if taken else first
        if again is None or not again.passed:
            continue
        taken.append(again.asset)
        known = msgspec.structs.replace(known, stakes=(*known.stakes, stake_of(again)))
        yield again


def stake_of(candidate: Candidate) -> Stake:
    """What a candidate would hold."""
    return Stake(
        pair=f"new {candidate.asset}",
        asset=candidate.asset,
        short_venue=candidate.short_venue,
        long_venue=candidate.long_venue,
        size=candidate.size,
        settled=False,
    )


def open_best_pairs(state: FundingScanner, context: Context) -> Commands:
    """Ask for the best candidates that pass every gate, while there is room; one pair an asset."""
    room = room_left(state, context.policy)
    if room <= 0:
        return ()
    commands: Commands = ()
    spawned = state.spawned
    known = known_of(state, context)
    for candidate in chosen(known, passing(known, free(state, context)), room):
        held = _idle(state, candidate.asset)
        if held is None:
            spawned += 1
            commands += _open_new(candidate, context.policy, spawned)
        else:
            commands += _open_again(held, candidate)
    return commands


def room_left(state: FundingScanner, policy: Policy) -> int:
    """How many pairs more there may be."""
    return policy.scanner.pairs_most - sum(not held.waiting for held in state.holdings.values())


def free(state: FundingScanner, context: Context) -> tuple[Pairing, ...]:
    """Pairings of assets that no pair has, or only an idle one whose pause is over."""
    busy = [held.asset for held in state.holdings.values() if not _ready(held, context.at_ns)]
    busy += [asset for asset, until_ns in state.paused_ns.items() if until_ns > context.at_ns]
    return tuple(each for each in pairings(context.policy) if each[0] not in busy)


def _ready(held: Holding, at_ns: int) -> bool:
    return held.waiting and held.paused_until_ns < at_ns


def _idle(state: FundingScanner, asset: str) -> Holding | None:
    return next((held for held in state.holdings.values() if held.asset == asset), None)


def _open_new(candidate: Candidate, policy: Policy, number: int) -> Commands:
    actor = f"pair_position/{candidate.asset}-{number}"
    order = policy.exit.unreliable_first
    taker, maker = candidate.taker_venue, candidate.maker_venue
    first = min((taker, maker), key=order.index)
    return (
        SpawnPair(actor=actor, asset=candidate.asset, taker_venue=taker, maker_venue=maker, first_to_close=first),
        *begun(PairSpawned(pair=actor, asset=candidate.asset, taker_venue=taker, maker_venue=maker)),
        Tell(to=actor, message=_entry(candidate)),
    )


def _open_again(held: Holding, candidate: Candidate) -> Commands:
    """Ask an idle pair again; one whose venues have changed roles is retired first."""
    if held.taker_venue is candidate.taker_venue and held.maker_venue is candidate.maker_venue:
        return (Tell(to=held.pair, message=_entry(candidate)),)
    return (Tell(to=held.pair, message=CloseAsked(reason="the other venue is the more liquid one now")),)


def _entry(candidate: Candidate) -> EntryAsked:
    told = candidate.expectation
    reason = (
        f"{told.rate_per_hour * 10_000:.4f} bps/h for {told.horizon_h} h against {candidate.cost_bps:.2f} bps "
        f"of costs; size bound by {candidate.bound}"
    )
    return EntryAsked(
        taker_side=candidate.taker_side,
        size=candidate.size,
        expected_net_usd=candidate.expected_net_usd.quantize(Decimal("0.01")),
        reason=reason,
        expectation=told,
    )
