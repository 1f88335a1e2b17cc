"""The risk role: counts every order and position itself, screens orders, watches what is held, holds the kill switch.

`books` counts, `limits` screens, `stress`, `adl` and `liquidation` estimate, `auto_close` says which pairs are to be
closed without anybody asking; the chart is `statecharts.risk`.
"""

from __future__ import annotations

from msgspec.structs import replace

from actors.actor import Context, Role
from actors.commands import AnyCommand, RaiseAlarm, Tell
from actors.messages import (
    ActorFaulted,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    KillSwitchPulled,
    MarketSampled,
    OrderFilled,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    TimerFired,
)
from actors.policy import Policy
from actors.risk import books
from actors.risk.adl import estimate, level_of
from actors.risk.auto_close import (
    STAYING,
    Case,
    Finding,
    engine_loss,
    findings,
    is_due_again,
    is_loss_sure,
    is_news,
    loss_seen_since,
)
from actors.risk.books import RiskState, key_of, remember
from actors.risk.limits import screen
from statecharts.risk import CHART

Commands = tuple[AnyCommand, ...]
TOUCHING = (PositionReported, OrderFilled, PositionDeleveraged, PositionLiquidated)


def absorb(state: RiskState, context: Context) -> tuple[RiskState, str]:
    """Count the fact; a look remembers since when the day's loss has been seen."""
    state, trigger = books.absorb(state, context)
    if not isinstance(context.message, TimerFired):
        return state, trigger
    return replace(state, loss_seen_ns=loss_seen_since(_engine(state, context))), trigger


def nothing_held(state: RiskState, _: Context) -> bool:
    """No position and no order in flight is known."""
    return not state.in_flight and not any(held.size for held in state.positions.values())


def adl_due(state: RiskState, context: Context) -> bool:
    """This look is one at the ADL levels too: they are watched less often than the rest."""
    return state.adl_looked_ns == context.at_ns


def daily_loss_reached(state: RiskState, context: Context) -> bool:
    """More equity was lost since midnight than a day may cost, by two looks and every account's word between them."""
    return is_loss_sure(_engine(state, context))


def _loss(state: RiskState, context: Context) -> Finding | None:
    return engine_loss(_engine(state, context))


def _engine(state: RiskState, context: Context) -> Case:
    return Case((), state, context.board, context.policy, context.at_ns)


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
    if held is None or not held.size or not held.holder:
        return ()
    policy = context.policy.adl
    facts = (held, context.board, context.policy, context.at_ns, state.deleveraged_ns.get(held.venue.value, 0))
    if level_of(*facts) < min(policy.reduce_level, policy.exit_level):
        return ()
    return (Tell(to=held.holder, message=estimate(*facts)),)


def ask_closes(state: RiskState, context: Context) -> Commands:
    """Ask the pairs that a row of `auto_close` speaks for, the most urgent first; again those that could not."""
    cases = _cases(state, context)
    found = findings(cases)
    commands: Commands = ()
    for finding in found:
        asked = state.asked.get(finding.pair)
        if is_news(finding, asked):
            commands += (_alarm_closing(finding), _ask(finding))
        elif is_due_again(asked, context.policy, context.at_ns):
            commands += (_ask(finding),)
    return commands + _ask_those_that_stay(state, context, cases, found)


def _cases(state: RiskState, context: Context) -> dict[str, Case]:
    """The pairs this message is about, with their legs; on a timer, all pairs."""
    message = context.message
    held = [state.positions[key] for key in sorted(state.positions) if state.positions[key].size]
    holders = dict.fromkeys(each.holder for each in held if each.holder)
    if isinstance(message, (*TOUCHING, MarketSampled)):
        about = state.positions.get(key_of(message.venue, message.asset))
        holders = {name: None for name in holders if about is not None and name == about.holder}
    known = (state, context.board, context.policy, context.at_ns)
    return {name: Case(tuple(each for each in held if each.holder == name), *known) for name in holders}


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


def alarm_daily_loss(state: RiskState, context: Context) -> Commands:
    """Say what was lost, and that the run ends."""
    finding = _loss(state, context)
    assert finding is not None
    text = f"{finding.reason}; nothing more is opened, every pair is closed, the run ends"
    return (RaiseAlarm(severity="critical", code="daily_loss", text=text),)


def ask_drain(state: RiskState, context: Context) -> Commands:
    """Ask the lifecycle to end the run in order."""
    finding = _loss(state, context)
    assert finding is not None
    return (Tell(to="engine_lifecycle", message=DrainAsked(reason=finding.reason)),)


def ask_emergency(_: RiskState, context: Context) -> Commands:
    """Ask every pair for an emergency close."""
    message = context.message
    reason = message.reason if isinstance(message, KillSwitchPulled) else "kill switch"
    return (Tell(to="pairs", message=EmergencyAsked(reason=reason)),)


def alarm_killed(_: RiskState, context: Context) -> Commands:
    """Tell people who pulled the switch."""
    message = context.message
    who = f"{message.by}: {message.reason}" if isinstance(message, KillSwitchPulled) else "unknown"
    return (RaiseAlarm(severity="critical", code="kill_switch", text=f"kill switch pulled by {who}; flattening all"),)


def alarm_fault(_: RiskState, context: Context) -> Commands:
    """This actor's own step raised."""
    error = context.message.error if isinstance(context.message, ActorFaulted) else "unknown"
    return (RaiseAlarm(severity="critical", code="actor_fault", text=f"risk: a step failed ({error}); no openings"),)


def _watch_s(_: RiskState, __: str, policy: Policy) -> float:
    return min(policy.auto_close.watch_s, policy.adl.watch_s)


ROLE: Role[RiskState] = Role(
    chart=CHART,
    absorb=absorb,
    guards={"nothing_held": nothing_held, "adl_due": adl_due, "daily_loss_reached": daily_loss_reached},
    actions={
        action.__name__: action
        for action in (
            tell_adl,
            tell_adl_of_all,
            ask_closes,
            alarm_daily_loss,
            ask_drain,
            ask_emergency,
            alarm_killed,
            alarm_fault,
        )
    },
    duration_s=_watch_s,
    remember=remember,
)

__all__ = ["ROLE", "RiskState", "screen"]
