"""The risk role: counts every order and position itself, screens orders, watches ADL, holds the kill switch.

`books` counts, `limits` screens, `stress` and `adl` estimate; the chart is `statecharts.risk`.
"""

from __future__ import annotations

from actors.actor import Context, Role
from actors.commands import AnyCommand, RaiseAlarm, Tell
from actors.messages import (
    ActorFaulted,
    EmergencyAsked,
    KillSwitchPulled,
    OrderFilled,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
)
from actors.risk.adl import estimate, level_of
from actors.risk.books import RiskState, absorb, key_of
from actors.risk.limits import screen
from statecharts.risk import CHART

Commands = tuple[AnyCommand, ...]
TOUCHING = (PositionReported, OrderFilled, PositionDeleveraged, PositionLiquidated)


def nothing_held(state: RiskState, _: Context) -> bool:
    """No position and no order in flight is known."""
    return not state.in_flight and not any(held.size for held in state.positions.values())


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


ROLE: Role[RiskState] = Role(
    chart=CHART,
    absorb=absorb,
    guards={"nothing_held": nothing_held},
    actions={
        action.__name__: action for action in (tell_adl, tell_adl_of_all, ask_emergency, alarm_killed, alarm_fault)
    },
    duration_s=lambda _, __, policy: policy.adl.watch_s,
)

__all__ = ["ROLE", "RiskState", "screen"]
