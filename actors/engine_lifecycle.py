"""The lifecycle role: starts when every link is up, drains when told, stops when nothing is open."""

from __future__ import annotations

import msgspec

from actors.actor import ActorState, Context, Role, durations
from actors.commands import AnyCommand, RaiseAlarm, StopEngine, Tell
from actors.messages import (
    ActorFaulted,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    EngineResumed,
    EngineStarted,
    KillSwitchPulled,
    PairClosed,
    PairHedged,
    PairReopened,
    PairSpawned,
    TimerFired,
)
from statecharts.engine_lifecycle import CHART

Commands = tuple[AnyCommand, ...]


class EngineLifecycle(ActorState, frozen=True, kw_only=True):
    """Which pairs exist and are not closed, and why the run ends.

    `unverified` are those that have not yet been hedged or closed since the engine came back.
    """

    pairs: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    reason: str = ""


def absorb(state: EngineLifecycle, context: Context) -> tuple[EngineLifecycle, str]:
    """Note pairs that come and go; name the trigger."""
    message = context.message
    match message:
        case PairSpawned():
            return msgspec.structs.replace(state, pairs=(*state.pairs, message.pair)), "PairSpawned"
        case PairReopened():
            return _reopened(state, message.pair), "PairReopened"
        case PairClosed():
            left = tuple(pair for pair in state.pairs if pair != message.pair)
            return msgspec.structs.replace(_verified(state, message.pair), pairs=left), "PairClosed"
        case PairHedged():
            return _verified(state, message.pair), "PairHedged"
        case EngineResumed():
            return msgspec.structs.replace(state, unverified=state.pairs), "EngineResumed"
        case DrainAsked() | KillSwitchPulled():
            return msgspec.structs.replace(state, reason=message.reason), type(message).__name__
        case ActorFaulted():
            return msgspec.structs.replace(state, reason=message.error), "ActorFaulted"
        case TimerFired():
            if message.timer == "links_timeout":
                state = msgspec.structs.replace(state, reason="not every venue could be reached")
            return state, f"timer:{message.timer}"
        case _:
            return state, type(message).__name__


def _reopened(state: EngineLifecycle, pair: str) -> EngineLifecycle:
    """It counts as open again, and as not verified."""
    others = tuple(other for other in state.pairs if other != pair)
    unverified = _verified(state, pair).unverified
    return msgspec.structs.replace(state, pairs=(*others, pair), unverified=(*unverified, pair))


def _verified(state: EngineLifecycle, pair: str) -> EngineLifecycle:
    left = tuple(other for other in state.unverified if other != pair)
    return msgspec.structs.replace(state, unverified=left)


def all_pairs_verified(state: EngineLifecycle, _: Context) -> bool:
    """Every pair that was open when the engine came back has been hedged or closed since."""
    return not state.unverified


def all_links_up(_: EngineLifecycle, context: Context) -> bool:
    """Every venue the scanner may use is up."""
    return all(context.board.link_up(venue) for venue in context.policy.scanner.venues)


def no_pair_open(state: EngineLifecycle, _: Context) -> bool:
    """No pair is open, entering or closing."""
    return not state.pairs


def drain_rounds_left(state: EngineLifecycle, context: Context) -> bool:
    """The time for draining may begin once more."""
    return state.tries < context.policy.lifecycle.drain_rounds_most


def tell_started(_: EngineLifecycle, __: Context) -> Commands:
    """Let the scanner begin."""
    return (Tell(to="funding_scanner", message=EngineStarted(mode="running")),)


def ask_drain(state: EngineLifecycle, _: Context) -> Commands:
    """Stop openings and ask every pair to close."""
    reason = state.reason or "the run's duration is over"
    return (
        Tell(to="funding_scanner", message=DrainAsked(reason=reason)),
        Tell(to="risk", message=DrainAsked(reason=reason)),
        Tell(to="pairs", message=CloseAsked(reason=reason)),
    )


def pull_kill_switch(state: EngineLifecycle, _: Context) -> Commands:
    """Tell risk, which lets nothing open any more, stop the scanner, and ask every pair for an emergency close.

    Risk asks the pairs too: twice asked is once done, and a kill must not hang on one actor's health.
    """
    reason = state.reason or "kill switch"
    message = KillSwitchPulled(by="engine_lifecycle", reason=reason)
    return (
        Tell(to="risk", message=message),
        Tell(to="funding_scanner", message=message),
        Tell(to="pairs", message=EmergencyAsked(reason=reason)),
    )


def ask_flatten(_: EngineLifecycle, __: Context) -> Commands:
    """Ask every pair for an emergency close."""
    return (Tell(to="pairs", message=EmergencyAsked(reason="not closed in time")),)


def stop(state: EngineLifecycle, _: Context) -> Commands:
    """End the run."""
    return (StopEngine(reason=state.reason or "the run's duration is over"),)


def _alarm(code: str, text: str) -> Commands:
    return (RaiseAlarm(severity="critical", code=code, text=text),)


def alarm_links(_: EngineLifecycle, context: Context) -> Commands:
    """Name the venues that could not be reached."""
    down = [venue.value for venue in context.policy.scanner.venues if not context.board.link_up(venue)]
    return _alarm("links_missing", f"no link to {', '.join(down)}; nothing was opened, the run ends")


def alarm_unrecovered(state: EngineLifecycle, context: Context) -> Commands:
    """Name what keeps trading from going on after the engine came back."""
    down = [venue.value for venue in context.policy.scanner.venues if not context.board.link_up(venue)]
    waits = [f"no link to {', '.join(down)}"] if down else []
    waits += [f"not verified: {', '.join(state.unverified)}"] if state.unverified else []
    return _alarm("recovery_late", f"nothing is opened yet after the engine came back: {'; '.join(waits)}")


def alarm_drain(state: EngineLifecycle, _: Context) -> Commands:
    """Name the pairs that did not close in time."""
    return _alarm("drain_late", f"not closed in time: {', '.join(state.pairs)}; flattening them")


def alarm_drain_waits(state: EngineLifecycle, context: Context) -> Commands:
    """Name the pairs that wait for a venue to come back."""
    down = [venue.value for venue in context.policy.scanner.venues if not context.board.link_up(venue)]
    text = f"not closed yet: {', '.join(state.pairs)}; no link to {', '.join(down)}. Hedged pairs wait for it"
    return _alarm("drain_waits", f"{text}; the kill switch closes what can be reached all the same")


def alarm_left_open(state: EngineLifecycle, _: Context) -> Commands:
    """Name the pairs that are left."""
    return _alarm("left_open", f"the run ends with pairs not flat: {', '.join(state.pairs)}; close them by hand")


def alarm_fault(state: EngineLifecycle, _: Context) -> Commands:
    """This actor's own step raised."""
    return _alarm("actor_fault", f"{state.actor}: a step failed ({state.reason})")


ROLE: Role[EngineLifecycle] = Role(
    chart=CHART,
    absorb=absorb,
    guards={
        "all_links_up": all_links_up,
        "all_pairs_verified": all_pairs_verified,
        "drain_rounds_left": drain_rounds_left,
        "no_pair_open": no_pair_open,
    },
    actions={
        action.__name__: action
        for action in (
            tell_started,
            ask_drain,
            pull_kill_switch,
            ask_flatten,
            stop,
            alarm_links,
            alarm_unrecovered,
            alarm_drain,
            alarm_drain_waits,
            alarm_left_open,
            alarm_fault,
        )
    },
    duration_s=durations(
        CHART,
        links_timeout=lambda _, policy: policy.lifecycle.links_timeout_s,
        recovery_timeout=lambda _, policy: policy.lifecycle.links_timeout_s,
        run_time=lambda _, policy: policy.lifecycle.duration_s,
        drain_timeout=lambda _, policy: policy.lifecycle.drain_timeout_s,
        flatten_timeout=lambda _, policy: policy.lifecycle.emergency_timeout_s,
        settle_time=lambda _, policy: policy.lifecycle.settle_s,
    ),
)
