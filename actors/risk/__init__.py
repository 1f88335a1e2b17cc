"""The risk role: counts every order and position itself, screens orders, watches what is held, holds the kill switch.

`books` counts into `state`, `limits` screens by `exposure` and `throttle`, `person` takes what people ask, `stress`,
`adl` and `liquidation` estimate, `auto_close` says which pairs are to be closed without anybody asking, `watch` tells
and asks them; the chart is `statecharts.risk`.
"""

from __future__ import annotations

from msgspec.structs import replace

from actors.actor import Context, Role
from actors.commands import AnyCommand, RaiseAlarm, Tell
from actors.messages import (
    ActorFaulted,
    DrainAsked,
    EmergencyAsked,
    KillSwitchPulled,
    TimerFired,
)
from actors.policy import Policy
from actors.risk import books, person
from actors.risk.auto_close import Case, Finding, engine_loss, is_loss_sure, loss_seen_since
from actors.risk.books import remember
from actors.risk.limits import canceled, screen
from actors.risk.state import RiskState
from actors.risk.watch import ask_closes, ask_urgent_closes, tell_adl, tell_adl_of_all
from statecharts.risk import CHART

Commands = tuple[AnyCommand, ...]


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
    guards={
        "nothing_held": nothing_held,
        "adl_due": adl_due,
        "daily_loss_reached": daily_loss_reached,
        "market_disarmed": person.market_disarmed,
        "limit_allowed": person.limit_allowed,
    },
    actions={
        action.__name__: action
        for action in (
            ask_urgent_closes,
            tell_adl,
            tell_adl_of_all,
            ask_closes,
            alarm_daily_loss,
            ask_drain,
            ask_emergency,
            alarm_killed,
            alarm_fault,
            person.alarm_disarmed,
            person.tell_held,
            person.tell_resumed,
            person.rearm,
            person.set_limit,
            person.refuse_limit,
            person.refuse_rearm,
            person.refuse_resume,
        )
    },
    duration_s=_watch_s,
    remember=remember,
)

__all__ = ["ROLE", "RiskState", "canceled", "screen"]
