"""Playbooks: a dialogue with one role, `>>` a message, `<<` the commands it answers with.

    play = Playbook(ROLE, state, board, policy)
    play >> entry() << like(SubmitOrder, purpose="taker")
    play.took("E1", "IDLE.taker_in_flight")

Every command of a step must be read before the next message is told; `<< ...` reads the rest, whatever it is. Timer
commands are not part of the dialogue: timers are fired by name (`>> fires("order_timeout")`), and the playbook
knows their generations and when they are due. On a mismatch the whole dialogue is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import Generic, Self, TypeVar

import msgspec

from actors.actor import ActorState, Role, Step
from actors.board import Board, fold
from actors.commands import AnyCommand, CancelTimer, SetTimer, SubmitOrder
from actors.domain import NS_PER_S
from actors.messages import (
    AccountReported,
    AnyMessage,
    Envelope,
    InstrumentListed,
    MarketSampled,
    QuoteUpdated,
    TimerFired,
)
from actors.policy import Policy

BOARD_ONLY = (QuoteUpdated, MarketSampled, InstrumentListed, AccountReported)
"""Facts of the markets: the board folds them, and only a role whose chart names them is told."""
START_NS = 1_700_000_000 * NS_PER_S
"""When dialogues begin, unless told otherwise."""
MOMENT_NS = 1_000_000
"""No two messages come at the same moment: a millisecond lies between them."""

S = TypeVar("S", bound=ActorState)


class Like:
    """Equal to every struct of a type whose named fields have the given values."""

    def __init__(self, kind: type[msgspec.Struct], **fields: object) -> None:
        """Raises AttributeError for a field the type does not have: a matcher that cannot match is a mistake."""
        for name in fields:
            if name not in kind.__struct_fields__:
                raise AttributeError(f"{kind.__name__} has no field {name!r}")
        self.kind = kind
        self.fields = fields

    def __eq__(self, other: object) -> bool:
        return type(other) is self.kind and all(value == getattr(other, name) for name, value in self.fields.items())

    def __hash__(self) -> int:
        return hash(self.kind)

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({', '.join(f'{name}={value!r}' for name, value in self.fields.items())}, …)"


def like(kind: type[msgspec.Struct], **fields: object) -> Like:
    """A command (or message) of that type with these fields; the others may be anything."""
    return Like(kind, **fields)


class Playbook(Generic[S]):
    """One role, played: holds its state, the board, the policy and the clock."""

    def __init__(
        self, role: Role[S], state: S, board: Board | None = None, policy: Policy | None = None, at_ns: int = START_NS
    ) -> None:
        self.role = role
        self.state = self.before = state
        self.board = board or Board()
        self.policy = policy or Policy()
        self.at_ns = at_ns
        self.seq = 0
        self.row = ""
        self.rows: list[str] = []
        self.orders: list[SubmitOrder] = []
        self.timer_commands: tuple[SetTimer | CancelTimer, ...] = ()
        self.step: Step[S] | None = None
        self._due_ns: dict[tuple[str, int], int] = {}
        self._unread: list[AnyCommand] = []
        self._said: list[str] = []

    # --- the dialogue --------------------------------------------------------------------------------------

    def __rshift__(self, cue: Cue[S]) -> Self:
        """Tell the role a message; a cue is a message, or what makes one from the playbook."""
        self._check(not self._unread, f"not read before the next message: {self._unread}")
        self.at_ns += MOMENT_NS
        message = cue(self) if callable(cue) else cue
        self.seq += 1
        self._said.append(f"{self._clock()} >> {message}")
        self.board = fold(self.board, message, self.at_ns)
        if isinstance(message, BOARD_ONLY) and type(message).__name__ not in self.role.chart.triggers:
            return self
        envelope = Envelope(seq=self.seq, at_ns=self.at_ns, to=self.state.actor, cause=0, message=message)
        self._take(self.role.step(self.state, envelope, self.board, self.policy))
        return self

    def __lshift__(self, expected: object) -> Self:
        """The next command is (like) that; `...` reads all that are left."""
        if isinstance(expected, EllipsisType):
            self._unread = []
            return self
        self._check(bool(self._unread), f"expected {expected}, but nothing more was said")
        command = self._unread.pop(0)
        self._check(expected == command, f"expected {expected}, got {command}")
        return self

    def took(self, row: str, place: str | None = None) -> Self:
        """The last step was decided by that row (and led to that place), and all it said was read."""
        self._check(not self._unread, f"not read: {self._unread}")
        self._check(self.row == row, f"expected row {row}, got {self.row}")
        return self if place is None else self.at(place)

    def at(self, place: str) -> Self:
        """The actor is there."""
        self._check(self.state.place == place, f"expected {place}, got {self.state.place}")
        return self

    def play(self, *cues: Cue[S]) -> Self:
        """Tell one message after the other, whatever is answered."""
        for cue in cues:
            _ = self >> cue << ...
        return self

    # --- what may be asked ---------------------------------------------------------------------------------

    @property
    def last_order(self) -> SubmitOrder:
        """The order sent last."""
        return self.orders[-1]

    @property
    def timers(self) -> list[str]:
        """Names of the timers that run."""
        return [armed.timer for armed in self.state.timers]

    @property
    def arrived(self) -> bool:
        """Whether the last step led somewhere: to another place, or to the same one, with its timers armed anew."""
        return (self.state.place, self.state.tries) != (self.before.place, self.before.tries)

    def due_ns(self, timer: str) -> int:
        """When a running timer is due; raises when it does not run."""
        for armed in self.state.timers:
            if armed.timer == timer:
                return self._due_ns[timer, armed.generation]
        raise AssertionError(f"timer {timer} does not run in {self.state.place}\n{self.dialogue()}")

    def dialogue(self) -> str:
        """All that was said so far."""
        return "\n".join(self._said)

    def passes(self, seconds: float) -> Self:
        """Time goes by; no timer fires by itself."""
        self.at_ns += round(seconds * NS_PER_S)
        return self

    # --- inside --------------------------------------------------------------------------------------------

    def _take(self, step: Step[S]) -> None:
        self.before = self.state
        self.step, self.state, self.row = step, step.state, step.row
        self.rows.append(step.row)
        self._said.append(f"{'':>10}    {step.row} -> {step.state.place}")
        self._said += [f"{'':>10} << {command}" for command in step.commands]
        self.timer_commands = tuple(c for c in step.commands if isinstance(c, SetTimer | CancelTimer))
        self._unread = [command for command in step.commands if not isinstance(command, SetTimer | CancelTimer)]
        self.orders += [command for command in step.commands if isinstance(command, SubmitOrder)]
        for command in self.timer_commands:
            if isinstance(command, SetTimer):
                self._due_ns[command.timer, command.generation] = command.due_ns

    def _clock(self) -> str:
        return f"{(self.at_ns - START_NS) / NS_PER_S:9.3f}s"

    def _check(self, holds: bool, problem: str) -> None:
        if not holds:
            raise AssertionError(f"{problem}\n{self.dialogue()}")


Cue = AnyMessage | Callable[[Playbook[S]], AnyMessage]


def fires(timer: str) -> Callable[[Playbook[S]], AnyMessage]:
    """The timer comes due: the clock is set to that moment (never back), and its firing is told."""

    def cue(play: Playbook[S]) -> AnyMessage:
        play.at_ns = max(play.at_ns, play.due_ns(timer))
        generation = next(armed.generation for armed in play.state.timers if armed.timer == timer)
        return TimerFired(timer=timer, generation=generation)

    return cue


def later(seconds: float, then: Cue[S]) -> Callable[[Playbook[S]], AnyMessage]:
    """The same cue, after some time."""

    def cue(play: Playbook[S]) -> AnyMessage:
        play.passes(seconds)
        return then(play) if callable(then) else then

    return cue
