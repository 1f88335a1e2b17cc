"""The watch over what is held: tells pairs their ADL level, and asks those to leave that `auto_close` speaks for.

Actions of the risk role (`statecharts.risk`). What cannot have changed its finding is not looked at again (`quiet`,
`unchanged`): a mark comes for every market, every few seconds, and nearly none of them means anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from actors.actor import Context
from actors.board import NOTHING_TOLD
from actors.commands import AnyCommand, RaiseAlarm, Tell
from actors.domain import ONE
from actors.messages import (
    AdlLevelEstimated,
    CloseAsked,
    EmergencyAsked,
    MarketSampled,
    OrderFilled,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    TimerFired,
)
from actors.risk.adl import estimate, level_of, stands_in_no_queue
from actors.risk.auto_close import RANKS, STAYING, Case, Finding, findings, is_due_again, is_loss_sure, is_news
from actors.risk.longest_hold import renewal
from actors.risk.quiet import LegAt, is_quiet
from actors.risk.state import REVIEWED, Held, RiskState, key_of
from actors.risk.unchanged import Unchanged

Commands = tuple[AnyCommand, ...]
TOUCHING = (PositionReported, OrderFilled, PositionDeleveraged, PositionLiquidated)
ABOUT_ONE = (*TOUCHING, MarketSampled)
ADL_RANK, LOSS_RANK = RANKS["adl_reduce"], RANKS["daily_loss"]


class _Memory:
    """Legs that were far from being deleveraged, the legs of each pair in the positions last seen, and what was looked
    at last without a finding: one step looks twice."""

    calm = Unchanged()
    positions: dict[str, Held] | None = None
    pairs: ClassVar[dict[str, tuple[LegAt, ...]]] = {}
    nothing_in: tuple[Context, dict[str, Held]] | None = None


# --- ADL ---------------------------------------------------------------------------------------------------


def ask_urgent_closes(state: RiskState, context: Context) -> Commands:
    """Ask what is more urgent than any ADL level, before a level is told."""
    cases = _cases(state, context)
    return _asks(state, context, [found for found in findings(cases) if found.rank < ADL_RANK]) if cases else ()


def tell_adl(state: RiskState, context: Context) -> Commands:
    """Estimate the level of the position this message is about; after an ADL, of every position on that venue."""
    message = context.message
    if isinstance(message, PositionDeleveraged):
        keys = (key for key in sorted(state.positions) if state.positions[key].venue is message.venue)
        return tuple(command for key in keys for command in _tell(state, context, key))
    if not isinstance(message, TOUCHING):
        return ()
    return _tell(state, context, key_of(message.venue, message.asset))


def tell_adl_of_all(state: RiskState, context: Context) -> Commands:
    """Estimate the level of every position."""
    return tuple(command for key in sorted(state.positions) for command in _tell(state, context, key))


def _tell(state: RiskState, context: Context, key: str) -> Commands:
    """Tell the holder when the level asks for an action; lower levels are not news."""
    held = state.positions.get(key)
    if held is None or not held.size or not held.holder or not adl_acts(state, context, key, held):
        return ()
    return (Tell(to=held.holder, message=_estimate(state, context, held)),)


def _estimate(state: RiskState, context: Context, held: Held) -> AdlLevelEstimated:
    deleveraged_ns = state.deleveraged_ns.get(held.venue.value, 0)
    return estimate(held, context.board, context.policy, context.at_ns, deleveraged_ns)


def adl_acts(state: RiskState, context: Context, key: str, held: Held) -> bool:
    """Whether the leg's level asks for an action. While nothing new is told a level can only fall: what a window saw
    leaves it, and no score grows by waiting."""
    board, policy = context.board, context.policy
    market, least = board.markets.get(key, NOTHING_TOLD), min(policy.adl.reduce_level, policy.adl.exit_level)
    if least > 1 and stands_in_no_queue(held, market.mark):
        return False
    venue = held.venue.value
    account, deleveraged_ns = board.accounts.get(venue), state.deleveraged_ns.get(venue, 0)
    told = (held, market.mark, market.sampled_ns, market.instrument, account)
    inputs = (*told, board.pasts.get(key), deleveraged_ns, policy)
    if _Memory.calm.holds(key, context.at_ns, inputs):
        return False
    if level_of(held, board, policy, context.at_ns, deleveraged_ns) >= least:
        return True
    _Memory.calm.note(key, context.at_ns, inputs)
    return False


# --- closing -----------------------------------------------------------------------------------------------


def ask_closes(state: RiskState, context: Context) -> Commands:
    """Ask the pairs that a row of `auto_close` speaks for, the most urgent first; again those that could not.

    What is less urgent waits while a pair reduces for its ADL level, or while the run ends for the day's loss.
    """
    cases = _cases(state, context)
    if not cases:
        return ()
    found = findings(cases)
    if any(finding.rank > LOSS_RANK for finding in found) and is_loss_sure(_engine(state, context)):
        found = tuple(finding for finding in found if finding.rank < LOSS_RANK)
    waiting: dict[str, tuple[AdlLevelEstimated, ...]] = {}
    for finding in found:
        levels = _levels_to_reduce_for(state, context, finding.pair) if finding.rank > ADL_RANK else ()
        if levels:
            waiting[finding.pair] = levels
    told = tuple(
        Tell(to=pair, message=level)
        for pair, levels in waiting.items()
        for level in levels
        if not _is_told(state, context, level)
    )
    asks = _asks(state, context, (finding for finding in found if finding.pair not in waiting))
    return told + asks + _ask_those_that_stay(state, context, cases, found) + _reviews(cases, found)


def _reviews(cases: dict[str, Case], found: tuple[Finding, ...]) -> Commands:
    """Tell of each pair that stays after its review; being told is how it is remembered."""
    leaving = [finding.pair for finding in found]
    renewed = [(pair, renewal(case)) for pair, case in cases.items() if pair not in leaving]
    return tuple(RaiseAlarm(severity="info", code=REVIEWED, text=f"{pair}: {text}") for pair, text in renewed if text)


def _engine(state: RiskState, context: Context) -> Case:
    return Case((), state, context.board, context.policy, context.at_ns)


def _asks(state: RiskState, context: Context, found: Iterable[Finding]) -> Commands:
    """Ask once for each finding, with an alarm; again for one that could not be done."""
    commands: Commands = ()
    for finding in found:
        asked = state.asked.get(finding.pair)
        if is_news(finding, asked):
            commands += (_alarm_closing(finding), _ask(finding))
        elif is_due_again(asked, context.policy, context.at_ns):
            commands += (_ask(finding),)
    return commands


def _levels_to_reduce_for(state: RiskState, context: Context, pair: str) -> tuple[AdlLevelEstimated, ...]:
    """The levels that ask a pair to reduce, where it can: every reduction makes it smaller, so this comes to an end."""
    legs = pairs_of(state.positions).get(pair, ())
    acting = [held for key, held in legs if adl_acts(state, context, key, held)]
    if not acting or not all(_is_reducible(held, context) for _, held in legs):
        return ()
    levels = tuple(_estimate(state, context, held) for held in acting)
    return () if any(level.level >= context.policy.adl.exit_level for level in levels) else levels


def _is_reducible(held: Held, context: Context) -> bool:
    """The part that leaves and the part that is left are both above the venue's minimum, by the mark."""
    market = context.board.market(held.venue, held.asset)
    if market.instrument is None or market.mark is None:
        return False
    fraction = context.policy.adl.reduce_fraction
    least = abs(held.size) * min(fraction, ONE - fraction)
    return least >= market.instrument.lot and least * market.mark >= market.instrument.min_notional_usd


def _is_told(state: RiskState, context: Context, level: AdlLevelEstimated) -> bool:
    """The level was told in this very step: on a word about the leg, or on a look at all of them."""
    message = context.message
    if isinstance(message, TOUCHING):
        return (message.venue, message.asset) == (level.venue, level.asset)
    return isinstance(message, TimerFired) and state.adl_looked_ns == context.at_ns


def _cases(state: RiskState, context: Context) -> dict[str, Case]:
    """The pairs this message is about, with their legs; on a timer, all pairs. Quiet ones that were asked for nothing
    are left out."""
    last = _Memory.nothing_in
    if last is not None and last[0] is context and last[1] is state.positions:
        return {}
    message, pairs = context.message, pairs_of(state.positions)
    if isinstance(message, ABOUT_ONE):
        about = state.positions.get(key_of(message.venue, message.asset))
        legs = None if about is None else pairs.get(about.holder)
        pairs = {} if about is None or legs is None else {about.holder: legs}
    board, policy, at_ns = context.board, context.policy, context.at_ns
    cases = {
        pair: Case(tuple(held for _, held in legs), state, board, policy, at_ns)
        for pair, legs in pairs.items()
        if pair in state.asked or not is_quiet(legs, board, policy, at_ns)
    }
    _Memory.nothing_in = None if cases else (context, state.positions)
    return cases


def pairs_of(positions: dict[str, Held]) -> dict[str, tuple[LegAt, ...]]:
    """The open legs of each pair with their keys, in the keys' order; computed once while the positions stand."""
    if _Memory.positions is not positions:
        pairs: dict[str, tuple[LegAt, ...]] = {}
        for key in sorted(positions):
            held = positions[key]
            if held.size and held.holder:
                pairs[held.holder] = (*pairs.get(held.holder, ()), (key, held))
        _Memory.positions, _Memory.pairs = positions, pairs
    return _Memory.pairs


def _ask(finding: Finding) -> Tell:
    """In order, or at once where seconds count: an orderly close sends one leg after the other."""
    if finding.urgent:
        return Tell(to=finding.pair, message=EmergencyAsked(reason=finding.reason))
    return Tell(to=finding.pair, message=CloseAsked(reason=finding.reason))


def _alarm_closing(finding: Finding) -> RaiseAlarm:
    how = "emergency close" if finding.urgent else "closed in order, as soon as both venues can trade"
    text = f"{finding.pair}: {finding.reason}; {how} ({finding.rule.why})"
    return RaiseAlarm(severity="critical" if finding.urgent else "warning", code="auto_close", text=text)


def _ask_those_that_stay(
    state: RiskState, context: Context, cases: dict[str, Case], found: tuple[Finding, ...]
) -> Commands:
    """A wish to leave that could not be met stands, also when its cause is over."""
    triggered = [finding.pair for finding in found]
    left = [pair for pair in cases if pair in state.asked and pair not in triggered]
    return tuple(
        Tell(to=pair, message=CloseAsked(reason=f"{state.asked[pair].rule}: it could not be closed when it was asked"))
        for pair in left
        if state.asked[pair].rule in STAYING and is_due_again(state.asked[pair], context.policy, context.at_ns)
    )
