"""Speaks for a lifecycle that cannot hear: its step failed, it is quarantined, or it stopped too soon.

A kill has to reach every pair although nothing else works. What the lifecycle would have told is then told here, out
of the record it failed at: journaled, replayed and recovered as its own words are. Without a lifecycle nobody ends the
run either, so `Ending` does. Used by `engine.sequencer`. Counterpart: `actors.engine_lifecycle`.
"""

from __future__ import annotations

from actors.commands import StopEngine
from actors.domain import NS_PER_S
from actors.engine_lifecycle import EngineLifecycle
from actors.messages import AnyMessage, CloseAsked, DrainAsked, EmergencyAsked, EngineResumed, KillSwitchPulled, LinkUp
from actors.pair_position.state import PairPosition
from engine.core import Core, Decision

LIFECYCLE = "engine_lifecycle"
PAIRS = "pairs"
Words = tuple[tuple[str, AnyMessage], ...]
"""Messages, each with the address it goes to."""


def words(decision: Decision, core: Core) -> Words:
    """What a decision of the lifecycle leaves unsaid; nothing of other actors, and nothing while it is well."""
    if decision.envelope.to != LIFECYCLE:
        return ()
    message = decision.envelope.message
    if _deaf(decision) and isinstance(message, KillSwitchPulled):
        return _kill(message.reason)
    if _deaf(decision) and isinstance(message, DrainAsked):
        return _drain(message.reason)
    if decision.row == "quarantined" and isinstance(message, LinkUp | EngineResumed):
        return ((PAIRS, CloseAsked(reason="asked again: the lifecycle is quarantined, the run ends")),)
    if decision.fault and quarantined(core):
        return _drain("the lifecycle is quarantined: the run ends")
    if any(isinstance(command, StopEngine) for command in decision.commands) and forgotten(core):
        return _drain(f"the lifecycle stopped without {', '.join(forgotten(core))}")
    return ()


def _deaf(decision: Decision) -> bool:
    """It did not take the message in, or takes nothing in any more."""
    return bool(decision.fault) or decision.row == "quarantined" or decision.source == "STOPPED"


def _kill(reason: str) -> Words:
    kill = KillSwitchPulled(by=LIFECYCLE, reason=reason)
    return (("risk", kill), ("funding_scanner", kill), (PAIRS, EmergencyAsked(reason=reason)))


def _drain(reason: str) -> Words:
    drain = DrainAsked(reason=reason)
    return (("funding_scanner", drain), ("risk", drain), (PAIRS, CloseAsked(reason=reason)))


def quarantined(core: Core) -> bool:
    """The lifecycle decides nothing any more."""
    return core.quarantined(LIFECYCLE)


def forgotten(core: Core) -> tuple[str, ...]:
    """Open pairs of which the lifecycle has not heard: its step failed when it was told of them."""
    lifecycle = core.states.get(LIFECYCLE)
    known = lifecycle.pairs if isinstance(lifecycle, EngineLifecycle) else ()
    return tuple(pair for pair in _open(core) if pair not in known)


def _open(core: Core) -> tuple[str, ...]:
    return tuple(
        name
        for name, state in core.states.items()
        if isinstance(state, PairPosition) and not state.place.startswith("CLOSED")
    )


class Ending:
    """When a run is over whose lifecycle cannot say so: flat for as long as is settled, or out of time.

    The times are the lifecycle's own (`policy.lifecycle`). They count from what this process saw: one that goes on with
    a run counts anew.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._alone_ns = self._killed_ns = self._flat_ns = 0

    def note(self, decision: Decision) -> None:
        """See each decision: a kill that was told from here sets the shorter time."""
        envelope = decision.envelope
        if envelope.to == LIFECYCLE and _deaf(decision) and isinstance(envelope.message, KillSwitchPulled):
            self._killed_ns = envelope.at_ns

    def reason(self, at_ns: int) -> str:
        """Why the run ends now; nothing while it goes on, or while a lifecycle that is well decides."""
        lifecycle = self._core.states.get(LIFECYCLE)
        if not quarantined(self._core) and (lifecycle is None or lifecycle.place != "STOPPED"):
            return ""
        self._alone_ns = self._alone_ns or at_ns
        left = _open(self._core)
        self._flat_ns = 0 if left else self._flat_ns or at_ns
        if not left and at_ns - self._flat_ns >= self._core.policy.lifecycle.settle_s * NS_PER_S:
            return "the lifecycle failed; every pair is closed"
        if left and at_ns - (self._killed_ns or self._alone_ns) >= self._patience_s() * NS_PER_S:
            return f"the lifecycle failed; left open: {', '.join(left)}"
        return ""

    def _patience_s(self) -> float:
        limits = self._core.policy.lifecycle
        return limits.emergency_timeout_s if self._killed_ns else limits.drain_timeout_s * limits.drain_rounds_most
