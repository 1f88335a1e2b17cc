"""The step itself, on a small chart of its own: facts in, one row, commands out, timers as the states say."""

from __future__ import annotations

import re

import msgspec
import pytest

from actors.actor import STALE_TIMER, ActorState, Armed, Context, Role, durations, fault_alarm
from actors.commands import AnyCommand, CancelTimer, RaiseAlarm, SetTimer
from actors.domain import NS_PER_S
from actors.messages import ActorFaulted, CloseAsked, EmergencyAsked, EngineStarted, TimerFired
from actors.policy import Policy
from statecharts.chart import Chart, ChartError, Ignored, Row, State
from tests.playbook import MOMENT_NS, START_NS, Playbook, fires, like

CHART = Chart(
    name="lamp",
    doc="A lamp that goes out by itself.",
    initial="OFF",
    states=(
        State(name="OFF", doc="Dark."),
        State(name="ON.bright", doc="Lit.", timers=("burn",), enter=("say_lit",), holds=("has_oil",)),
        State(name="ON.dim", doc="Lit, less.", timers=("burn", "flicker")),
    ),
    triggers=("EngineStarted", "CloseAsked", "EmergencyAsked", "ActorFaulted", "timer:burn", "timer:flicker"),
    rows=(
        Row(id="A1", source=("OFF",), on="EngineStarted", when=("wanted",), do=("say_first",), to="ON.bright"),
        Row(id="A2", source=("OFF",), on="EngineStarted"),
        Row(id="A3", source=("ON.bright",), on="EngineStarted", to="ON.dim"),
        Row(id="A4", source=("ON.*",), on="CloseAsked", to="OFF"),
        Row(id="A5", source=("ON.bright",), on="timer:burn", to="="),
        Row(id="A6", source=("ON.dim",), on="timer:burn", to="OFF"),
        Row(id="A7", source=("ON.dim",), on="timer:flicker", to="ON.dim"),
    ),
    ignored=(
        Ignored(source=("*",), on=("CloseAsked", "EngineStarted", "EmergencyAsked", "ActorFaulted"), why="no matter"),
        Ignored(source=("*",), on=("timer:burn", "timer:flicker"), why="does not run here"),
    ),
    lasting=("burn",),
)


class Lamp(ActorState, frozen=True, kw_only=True):
    """What the lamp knows."""

    oil: int = 1
    said: int = 0


def absorb(state: Lamp, context: Context) -> tuple[Lamp, str]:
    message = context.message
    if isinstance(message, EmergencyAsked):
        return msgspec.structs.replace(state, oil=0), "EmergencyAsked"
    return state, f"timer:{message.timer}" if isinstance(message, TimerFired) else type(message).__name__


def wanted(_: Lamp, context: Context) -> bool:
    return isinstance(context.message, EngineStarted) and context.message.mode == "night"


def _say(code: str) -> tuple[AnyCommand, ...]:
    return (RaiseAlarm(severity="info", code=code, text=""),)


def say_first(state: Lamp, _: Context) -> tuple[AnyCommand, ...]:
    return _say(f"first-{state.said}-{state.episode}")


def say_lit(state: Lamp, _: Context) -> tuple[AnyCommand, ...]:
    return _say(f"lit-{state.said}-{state.episode}")


def remember(state: Lamp, _: AnyCommand, __: Context) -> Lamp:
    return msgspec.structs.replace(state, said=state.said + 1)


ROLE: Role[Lamp] = Role(
    chart=CHART,
    absorb=absorb,
    guards={"wanted": wanted},
    actions={"say_first": say_first, "say_lit": say_lit},
    duration_s=lambda _, timer, __: {"burn": 10.0, "flicker": 0.5}[timer],
    remember=remember,
    invariants={"has_oil": lambda state: state.oil > 0},
)
NIGHT, DAY = EngineStarted(mode="night"), EngineStarted(mode="day")


def lamp() -> Playbook[Lamp]:
    return Playbook(ROLE, Lamp(actor="lamp", place="OFF"))


def test_the_row_s_actions_come_before_those_of_the_place_and_each_sees_what_the_last_one_said() -> None:
    play = lamp() >> NIGHT << like(RaiseAlarm, code="first-0-1") << like(RaiseAlarm, code="lit-1-1")
    play.took("A1", "ON.bright")
    assert play.state.said == 2


def test_a_guard_that_does_not_hold_leaves_the_next_row() -> None:
    (lamp() >> DAY).took("A2", "OFF")


def test_an_ignored_message_changes_nothing_and_says_so() -> None:
    play = lamp()
    before = play.state
    (play >> CloseAsked(reason="")).took("ignore:OFF:CloseAsked", "OFF")
    assert play.state == before


def test_arriving_arms_the_timers_with_new_generations_and_leaving_cancels_them() -> None:
    play = lamp().play(NIGHT)
    due_ns = START_NS + MOMENT_NS + 10 * NS_PER_S
    assert list(play.timer_commands) == [SetTimer(timer="burn", generation=1, due_ns=due_ns)]
    play.play(CloseAsked(reason=""))
    assert list(play.timer_commands) == [CancelTimer(timer="burn", generation=1)]
    assert play.timers == []
    play.play(NIGHT)
    assert play.state.timers == (Armed("burn", 2),)


def test_a_lasting_timer_both_places_run_goes_on() -> None:
    play = lamp().play(NIGHT)
    due_ns = play.due_ns("burn")
    play.passes(3).play(NIGHT).took("A3", "ON.dim")
    assert [like(SetTimer, timer="flicker", generation=2)] == list(play.timer_commands)
    assert play.due_ns("burn") == due_ns


def test_entering_a_place_again_arms_its_timers_anew_and_counts_a_try() -> None:
    play = lamp().play(NIGHT, fires("burn"), fires("burn")).at("ON.bright")
    assert (play.row, play.state.tries, play.state.transitions) == ("A5", 3, 1)
    assert play.due_ns("burn") == play.at_ns + 10 * NS_PER_S
    assert play.state.arrived_ns == START_NS + MOMENT_NS


def test_a_place_named_as_its_own_target_is_entered_again() -> None:
    play = lamp().play(NIGHT, NIGHT, fires("flicker")).took("A7", "ON.dim")
    assert play.state.tries == 2
    assert sorted(type(command).__name__ for command in play.timer_commands) == ["CancelTimer", "SetTimer", "SetTimer"]


def test_a_timer_that_is_no_longer_armed_is_set_aside() -> None:
    play = lamp().play(NIGHT)
    before = play.state
    for stale in (TimerFired(timer="burn", generation=7), TimerFired(timer="flicker", generation=1)):
        play.play(stale).took(STALE_TIMER, "ON.bright")
    assert play.state == before


def test_a_timer_fires_once() -> None:
    play = lamp().play(NIGHT, fires("burn"), TimerFired(timer="burn", generation=1))
    assert play.row == STALE_TIMER


def test_a_timer_that_fires_takes_no_other_along() -> None:
    play = lamp().play(NIGHT, NIGHT).at("ON.dim")
    burn = next(armed for armed in play.state.timers if armed.timer == "burn")
    play.play(TimerFired(timer="flicker", generation=2))
    assert CancelTimer(timer="burn", generation=burn.generation) in play.timer_commands
    idle = lamp().play(NIGHT, NIGHT)
    idle.play(TimerFired(timer="flicker", generation=9), EmergencyAsked(reason=""))
    assert burn in idle.state.timers


def test_an_episode_is_a_stay_in_one_group() -> None:
    play = lamp().play(NIGHT)
    assert play.state.episode == 1
    assert play.play(NIGHT, fires("flicker")).state.episode == 1
    assert play.play(CloseAsked(reason=""), NIGHT).state.episode == 3


def test_an_invariant_that_does_not_hold_raises_and_names_the_place() -> None:
    with pytest.raises(AssertionError, match=r"lamp in ON\.bright does not hold has_oil"):
        lamp().play(NIGHT, EmergencyAsked(reason=""))
    lamp().play(NIGHT, NIGHT, EmergencyAsked(reason="")).at("ON.dim")


def test_a_step_changes_neither_the_state_it_was_given_nor_the_board() -> None:
    play = lamp()
    state, board = play.state, play.board
    play.play(NIGHT)
    assert state == Lamp(actor="lamp", place="OFF")
    assert play.board is board


def test_the_same_message_leads_to_the_same_step() -> None:
    assert lamp().play(NIGHT, NIGHT, fires("flicker")).step == lamp().play(NIGHT, NIGHT, fires("flicker")).step


@pytest.mark.parametrize(
    ("guards", "actions", "problem"),
    [
        ((), ("say_first", "say_lit"), "guard 'wanted' is not written"),
        (("wanted", "other"), ("say_first", "say_lit"), "guard 'other' of the role is used by no row"),
        (("wanted",), ("say_first",), "action 'say_lit' is not written"),
        (("wanted",), ("say_first", "say_lit", "sing"), "action 'sing' of the role is used by no row"),
    ],
)
def test_a_role_whose_names_do_not_fit_its_chart_is_refused(
    guards: tuple[str, ...], actions: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(ChartError, match=problem):
        Role(
            chart=CHART,
            absorb=absorb,
            guards=dict.fromkeys(guards, wanted),
            actions=dict.fromkeys(actions, say_lit),
            duration_s=lambda _, __, ___: 1.0,
            invariants={"has_oil": lambda state: state.oil > 0},
        )


def test_the_context_shows_the_message_and_its_time() -> None:
    seen: list[tuple[str, int]] = []

    def noting(state: Lamp, context: Context) -> tuple[Lamp, str]:
        seen.append((type(context.message).__name__, context.at_ns))
        return state, "ActorFaulted"

    role: Role[Lamp] = Role(
        chart=CHART,
        absorb=noting,
        guards=ROLE.guards,
        actions=ROLE.actions,
        duration_s=ROLE.duration_s,
        invariants=ROLE.invariants,
    )
    Playbook(role, Lamp(actor="lamp", place="OFF"), policy=Policy()).play(ActorFaulted(error=""))
    assert seen == [("ActorFaulted", START_NS + MOMENT_NS)]


def test_a_timer_runs_for_as_long_as_its_name_and_the_state_say() -> None:
    def burn_s(state: Lamp, _: Policy) -> float:
        return 5.0 * state.oil

    told = durations(CHART, burn=burn_s, flicker=lambda _, __: 0.5)
    full = Lamp(actor="lamp", place="OFF", oil=3)
    assert [told(full, timer, Policy()) for timer in ("burn", "flicker")] == [15.0, 0.5]


@pytest.mark.parametrize("timers", [("burn",), ("burn", "flicker", "glow"), ("burn", "glow"), ()])
def test_a_timer_without_a_duration_and_a_duration_without_a_timer_are_refused(timers: tuple[str, ...]) -> None:
    said = rf"chart lamp: its timers are \['burn', 'flicker'\], durations are told of {re.escape(str(list(timers)))}"
    with pytest.raises(ChartError, match=said):
        durations(CHART, **dict.fromkeys(timers, lambda _, __: 1.0))


def test_a_step_that_failed_is_told_with_the_actor_and_the_error() -> None:
    (alarm,) = fault_alarm(Lamp(actor="lamp", place="OFF"), "KeyError")
    assert alarm == RaiseAlarm(severity="critical", code="actor_fault", text="lamp: a step failed (KeyError)")
