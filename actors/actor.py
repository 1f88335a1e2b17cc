"""One step of an actor: absorb the fact, decide by the chart, act. Pure; the same in live, test and replay.

Every role is data around one chart: how it absorbs messages, its guards, actions and invariants. The step:
1. a timer that is no longer armed is set aside;
2. `absorb` takes the fact into the state and names the chart's trigger (it never decides);
3. the compiled table picks the row; guards only look;
4. each action returns commands; `remember` takes them into the state (an order sent is an order known);
5. the actor arrives: timers are armed and cancelled as the states say, invariants are asserted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from actors.board import Board
from actors.commands import AnyCommand, CancelTimer, RaiseAlarm, SetTimer
from actors.domain import NS_PER_S
from actors.messages import AnyMessage, Envelope, TimerFired
from actors.policy import Policy
from statecharts.chart import Chart, ChartError, State
from statecharts.interpreter import Choice, Table, check_vocabulary, compile_chart, decide

STALE_TIMER = "stale_timer"


class Armed(msgspec.Struct, frozen=True, array_like=True):
    """A timer that is running."""

    timer: str
    generation: int


class ActorState(msgspec.Struct, frozen=True, kw_only=True):
    """What every actor's state has: its name, its place in the chart, its timers.

    `tries` counts arrivals in this place without having been elsewhere; `episode` counts changes of the
    top-level group, so that attempts are counted within one closing, one reducing, one entry.
    """

    actor: str
    place: str
    arrived_ns: int = 0
    tries: int = 1
    episode: int = 0
    transitions: int = 0
    generation: int = 0
    timers: tuple[Armed, ...] = ()


S = TypeVar("S", bound=ActorState)


class Context(msgspec.Struct, frozen=True):
    """What a step may look at besides its own state: the message and its time, the board, the run's policy."""

    message: AnyMessage
    at_ns: int
    board: Board
    policy: Policy


class Step(msgspec.Struct, Generic[S], frozen=True):
    """The outcome of a step: the next state, the row that decided, the commands in order."""

    state: S
    row: str
    commands: tuple[AnyCommand, ...]


def durations(chart: Chart, **timers: Callable[[S, Policy], float]) -> Callable[[S, str, Policy], float]:
    """How long each timer of a chart runs, seconds, by its name. Raises ChartError when one has no duration, or none
    such runs: a timer that cannot be armed would be noticed in the night."""
    named = list(dict.fromkeys(timer for state in chart.states for timer in state.timers))
    if sorted(named) != sorted(timers):
        raise ChartError(f"chart {chart.name}: its timers are {named}, durations are told of {list(timers)}")
    return lambda state, timer, policy: timers[timer](state, policy)


def fault_alarm(state: ActorState, error: str) -> tuple[AnyCommand, ...]:
    """What a role tells people when its own step raised."""
    text = f"{state.actor}: a step failed ({error})"
    return (RaiseAlarm(severity="critical", code="actor_fault", text=text),)


class Role(Generic[S]):
    """A chart with the functions its names stand for. Checked when made: every name resolves, none is idle."""

    def __init__(
        self,
        *,
        chart: Chart,
        absorb: Callable[[S, Context], tuple[S, str]],
        guards: Mapping[str, Callable[[S, Context], bool]],
        actions: Mapping[str, Callable[[S, Context], tuple[AnyCommand, ...]]],
        duration_s: Callable[[S, str, Policy], float],
        remember: Callable[[S, AnyCommand, Context], S] | None = None,
        invariants: Mapping[str, Callable[[S], bool]] | None = None,
    ) -> None:
        self.chart = chart
        self.table: Table = compile_chart(chart)
        self.states: dict[str, State] = {state.name: state for state in chart.states}
        self.groups = {state.name: state.group for state in chart.states}
        self.absorb = absorb
        self.guards = guards
        self.actions = actions
        self.duration_s = duration_s
        self.remember = remember
        self.invariants = invariants or {}
        check_vocabulary(chart, tuple(guards), tuple(actions), tuple(self.invariants))

    def step(self, state: S, envelope: Envelope, board: Board, policy: Policy) -> Step[S]:
        """The next state, the deciding row and the commands. Raises only on a programming error."""
        message = envelope.message
        context = Context(message, envelope.at_ns, board, policy)
        if type(message) is TimerFired:
            armed = Armed(message.timer, message.generation)
            if armed not in state.timers:
                return Step(state, STALE_TIMER, ())
            state = msgspec.structs.replace(state, timers=tuple(t for t in state.timers if t != armed))
        state, trigger = self.absorb(state, context)
        choice = decide(self.table, state.place, trigger, lambda name: self.guards[name](state, context))
        state, commands = self._act(self._turn(state, choice), choice, context)
        if choice.target is not None:
            state, timer_commands = self._arrive(state, choice, context)
            commands += timer_commands
        self._assert_invariants(state)
        return Step(state, choice.row, tuple(commands))

    def _turn(self, state: S, choice: Choice) -> S:
        """A change of the top-level group begins an episode; the orders that lead into it belong to it already."""
        if choice.target is None or self.groups[choice.target] == self.groups[state.place]:
            return state
        return msgspec.structs.replace(state, episode=state.episode + 1)

    def _act(self, state: S, choice: Choice, context: Context) -> tuple[S, list[AnyCommand]]:
        commands: list[AnyCommand] = []
        for name in choice.actions:
            for command in self.actions[name](state, context):
                commands.append(command)
                if self.remember is not None:
                    state = self.remember(state, command, context)
        return state, commands

    def _arrive(self, state: S, choice: Choice, context: Context) -> tuple[S, list[AnyCommand]]:
        """Move to the target; set its timers, cancel those it does not have."""
        target = choice.target
        assert target is not None
        commands: list[AnyCommand] = []
        timers = list(state.timers)
        generation = state.generation
        for armed in state.timers:
            if armed.timer in choice.cancel or armed.timer in choice.arm:
                timers.remove(armed)
                commands.append(CancelTimer(timer=armed.timer, generation=armed.generation))
        for timer in self.states[target].timers:
            if all(armed.timer != timer for armed in timers):
                generation += 1
                due_ns = context.at_ns + round(self.duration_s(state, timer, context.policy) * NS_PER_S)
                timers.append(Armed(timer, generation))
                commands.append(SetTimer(timer=timer, generation=generation, due_ns=due_ns))
        moved = target != state.place
        state = msgspec.structs.replace(
            state,
            place=target,
            arrived_ns=context.at_ns if moved or not state.arrived_ns else state.arrived_ns,
            tries=1 if moved else state.tries + 1,
            transitions=state.transitions + moved,
            generation=generation,
            timers=tuple(timers),
        )
        return state, commands

    def _assert_invariants(self, state: S) -> None:
        place = self.states[state.place]
        if place.timers:
            running = [armed.timer for armed in state.timers]
            for timer in place.timers:
                assert timer in running, f"{state.actor} in {state.place} has no timer {timer} running"
        for name in place.holds:
            assert self.invariants[name](state), f"{state.actor} in {state.place} does not hold {name}"
