"""The deciding core: all actor states, the board, and one pure `step` per envelope.

The sequencer drives it live and in simulation, `engine.replay` drives it from a journal; both get the same
decisions because nothing here knows time, files or sockets. A step that raises is a fact too: the actor keeps its
last good state, and after its budget it is quarantined while its siblings go on.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from actors import risk
from actors.actor import ActorState
from actors.board import BOARD, Board, changed_entry, fold
from actors.commands import AnyCommand, CancelAll, CancelOrder, RaiseAlarm, SpawnPair, SubmitOrder
from actors.funding_scanner import FundingScanner
from actors.messages import Envelope, OrderDenied
from actors.policy import Policy
from actors.roles import ROLES, role_name, spawn_pair

__all__ = ["BOARD", "Core", "Decision", "digest_of"]

CANCELS = (CancelOrder, CancelAll)
COUNTED = (SubmitOrder, *CANCELS)
"""What risk counts as a message to a venue."""
_encoder = msgspec.msgpack.Encoder(order="deterministic")


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one envelope led to: the row that decided, the move, the commands that may leave, and a state digest.

    `denied` are orders the risk screen kept back; `fault` is the error of a step that raised.
    """

    envelope: Envelope
    row: str
    source: str
    place: str
    commands: tuple[AnyCommand, ...] = ()
    denied: tuple[OrderDenied, ...] = ()
    digest: str
    fault: str = ""


class Core:
    """States of all actors and the board; `step` is the only way they change."""

    def __init__(self, policy: Policy, start: tuple[ActorState, ...]) -> None:
        self.policy = policy
        self.board = Board()
        self.states: dict[str, ActorState] = {state.actor: state for state in start}
        self.faults: dict[str, int] = {}
        self._digests: dict[str, tuple[ActorState, str]] = {}

    def step(self, envelope: Envelope) -> Decision:
        """Deliver one envelope; never raises for an actor's fault."""
        if envelope.to == BOARD:
            return self._fold(envelope)
        state = self.states.get(envelope.to)
        if state is None or self.quarantined(envelope.to):
            row = "no_such_actor" if state is None else "quarantined"
            place = "" if state is None else state.place
            return Decision(envelope=envelope, row=row, source=place, place=place, digest="")
        return self._decide(envelope, state)

    def quarantined(self, actor: str) -> bool:
        """Whether an actor has failed too often (`policy.core.faults_most`) and decides nothing more."""
        return self.faults.get(actor, 0) >= self.policy.core.faults_most

    def _fold(self, envelope: Envelope) -> Decision:
        self.board = fold(self.board, envelope.message, envelope.at_ns)
        digest = digest_of(changed_entry(self.board, envelope.message))
        return Decision(envelope=envelope, row="noted", source="", place="", digest=digest)

    def _decide(self, envelope: Envelope, state: ActorState) -> Decision:
        role = ROLES[role_name(envelope.to)]
        unscreened = self.states["risk"]
        try:
            step = role.step(state, envelope, self.board, self.policy)
            commands: tuple[AnyCommand, ...] = step.commands
            denied: tuple[OrderDenied, ...] = ()
            screened = any(type(command) in COUNTED for command in commands)
            if screened:
                commands, denied = self._screen(envelope.to, step.commands, envelope.at_ns)
        except Exception as error:  # noqa: BLE001 - any fault of a step quarantines its actor, never the engine
            self.states["risk"] = unscreened
            return self._fault(envelope, state, error)
        self.states[envelope.to] = step.state
        self._publish(step.state)
        for command in commands:
            if type(command) is SpawnPair:
                self.states[command.actor] = spawn_pair(command)
        return Decision(
            envelope=envelope,
            row=step.row,
            source=state.place,
            place=step.state.place,
            commands=commands,
            denied=denied,
            digest=digest_of((step.state, self.states["risk"])) if screened else self._digest(step.state),
        )

    def _digest(self, state: ActorState) -> str:
        """Of one actor's state; that of a state which a message left alone is known."""
        known = self._digests.get(state.actor)
        if known is not None and known[0] is state:
            return known[1]
        digest = digest_of(state)
        self._digests[state.actor] = (state, digest)
        return digest

    def _publish(self, state: ActorState) -> None:
        """What risk has measured of the venues, what it lets be opened, and what the scanner has observed of the rates
        stand on the board, where others read."""
        if type(state) is FundingScanner and state.series is not self.board.series:
            self.board = msgspec.structs.replace(self.board, series=state.series)
        if type(state) is not risk.RiskState:
            return
        board, disarmed = self.board, tuple(state.disarmed)
        same = state.reliability is board.reliability and state.lowered is board.lowered
        if not same or (state.place, disarmed) != (board.risk_place, board.disarmed):
            told = {"reliability": state.reliability, "risk_place": state.place, "disarmed": disarmed}
            self.board = msgspec.structs.replace(board, **told, lowered=state.lowered)

    def _screen(
        self, actor: str, commands: tuple[AnyCommand, ...], at_ns: int
    ) -> tuple[tuple[AnyCommand, ...], tuple[OrderDenied, ...]]:
        """Pass every order through the risk screen; what it denies does not leave. Cancels are only counted."""
        leaving: list[AnyCommand] = []
        denied: list[OrderDenied] = []
        for command in commands:
            if isinstance(command, CANCELS):
                leaving += self._counted(command, at_ns)
            if type(command) is not SubmitOrder:
                leaving.append(command)
                continue
            denial, alarms = self._judged(actor, command, at_ns)
            leaving += alarms
            if denial is None:
                leaving.append(command)
            else:
                denied.append(denial)
        return tuple(leaving), tuple(denied)

    def _counted(self, command: CancelOrder | CancelAll, at_ns: int) -> tuple[RaiseAlarm, ...]:
        """Count a cancel; counting that raises keeps nobody from cancelling, nor from the closes behind it."""
        state = self.states["risk"]
        assert isinstance(state, risk.RiskState)
        try:
            self.states["risk"] = risk.canceled(state, command, at_ns)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the count, what is open must be closed
            words = f"the risk screen failed at a cancel ({type(error).__name__}: {error}); it leaves, uncounted"
            return (RaiseAlarm(severity="critical", code="screen_failed", text=words),)
        return ()

    def _judged(self, actor: str, order: SubmitOrder, at_ns: int) -> tuple[OrderDenied | None, tuple[RaiseAlarm, ...]]:
        """The screen's word on one order. A screen that raises opens nothing, and keeps nobody from reducing."""
        state = self.states["risk"]
        assert isinstance(state, risk.RiskState)
        try:
            self.states["risk"], denial = risk.screen(state, actor, order, self.board, self.policy, at_ns)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the screen, what is open must be closed
            alarm = RaiseAlarm(severity="critical", code="screen_failed", text=_screen_words(order, error))
            return (None if order.reduce_only else _unjudged(order, error)), (alarm,)
        return denial, ()

    def _fault(self, envelope: Envelope, state: ActorState, error: Exception) -> Decision:
        self.faults[envelope.to] = self.faults.get(envelope.to, 0) + 1
        return Decision(
            envelope=envelope,
            row="fault",
            source=state.place,
            place=state.place,
            digest="",
            fault=f"{type(error).__name__}: {error}",
        )


def _screen_words(order: SubmitOrder, error: Exception) -> str:
    outcome = "it only reduces and leaves, uncounted" if order.reduce_only else "it opens and is denied"
    return f"the risk screen failed at order {order.order_id} ({type(error).__name__}: {error}); {outcome}"


def _unjudged(order: SubmitOrder, error: Exception) -> OrderDenied:
    measured = f"{type(error).__name__}: {error}"
    return OrderDenied(
        venue=order.venue,
        order_id=order.order_id,
        rule="screen_failed",
        measured=measured,
        limit="a screen that judges",
    )


def digest_of(value: Any) -> str:
    """Sixteen hex digits of the value's deterministic encoding."""
    return hashlib.blake2b(_encoder.encode(value), digest_size=8).hexdigest()
