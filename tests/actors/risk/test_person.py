"""A person narrows what the profile allows, once for each id, and is told what was done or why not."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from actors.commands import RaiseAlarm
from actors.domain import Side
from actors.messages import HoldOpeningsAsked, LimitAsked, RearmAsked, ResumeOpeningsAsked
from actors.policy import Policy, RiskPolicy
from actors.risk import RiskState
from actors.risk.person import HEARD_REMEMBERED, SETTABLE, effective, limit_problem
from tests.actors.risk.orders import RiskPlay, order, send, watching
from tests.actors.risk.test_books import fill, position
from tests.actors.risk.test_risk import DRAIN, KILL, WATCH
from tests.actors.risk.test_throttle import KEY, REARM, hedge, naked, often, rule
from tests.playbook import Cue

HOLD = HoldOpeningsAsked(command_id="hold", by="Ann", reason="news")
RESUME = ResumeOpeningsAsked(command_id="resume", by="Ann", reason="over")
NOT_TO_SET = {
    "order_base_most": "by asset",
    "hedges_per_minute_most": "lowered, it would keep legs naked",
    "repeated_executions_window_s": "a time: shorter is looser",
    "account_age_most_s": "a time: no limit on orders",
    "path_window_s": "a time: shorter is looser",
    "path_samples_least": "a least: lower is looser",
}


def limit(name: str, value: str, command_id: str = "limit") -> LimitAsked:
    return LimitAsked(command_id=command_id, by="Ann", reason="calm", limit=name, value=Decimal(value))


def answer(play: RiskPlay, cue: Cue[RiskState]) -> tuple[str, str]:
    """Code and text of what was told."""
    step = (play >> cue << ...).step
    assert step is not None
    (told,) = [command for command in step.commands if isinstance(command, RaiseAlarm)]
    return told.code, told.text


def test_while_openings_are_held_a_naked_leg_is_hedged_and_everything_may_be_reduced() -> None:
    play = naked().play(HOLD).at("PAUSED")
    assert rule(play, order(order_id="new")) == "openings_stopped"
    assert rule(play, hedge()) == ""
    assert rule(play, order("10", Side.SELL, order_id="out", reduce_only=True)) == ""
    assert rule(play.play(RESUME), order(order_id="again")) == ""


def test_every_number_of_the_risk_policy_may_be_lowered_or_has_a_reason_why_not() -> None:
    assert sorted((*SETTABLE, *NOT_TO_SET)) == sorted(RiskPolicy.__struct_fields__)


@pytest.mark.parametrize("name", SETTABLE)
def test_a_limit_is_lowered_and_put_back_and_never_above_the_profile(name: str) -> None:
    most = getattr(Policy().risk, name)
    play = watching().play(limit(name, "1", "lower"))
    assert getattr(effective(play.state, play.policy), name) == 1
    assert type(getattr(effective(play.state, play.policy), name)) is type(most), "a count stays a whole number"
    assert answer(play, limit(name, str(most + 1), "above"))[0] == "person_refused"
    assert getattr(effective(play.state, play.policy), name) == 1
    assert play.play(limit(name, str(most), "back")).state.lowered == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("total_gross", "1", "total_gross: no limit that can be set"),
        ("hedges_per_minute_most", "1", "hedges_per_minute_most: no limit"),
        ("total_gross_most_usd", "-1", "total_gross_most_usd=-1: give a number from 0 up to the profile's 400000"),
        ("total_gross_most_usd", "NaN", "total_gross_most_usd=NaN: give a number"),
        ("total_gross_most_usd", "400001", "above the profile's 400000; a person may only lower it"),
        ("orders_per_minute_most", "1.5", "a count; give a whole number"),
    ],
)
def test_a_limit_that_may_not_be_set_is_refused_by_its_name(name: str, value: str, said: str) -> None:
    assert said in limit_problem(name, Decimal(value), Policy().risk)
    play = watching()
    if value != "NaN":
        code, text = answer(play, limit(name, value))
        assert (code, play.state.lowered) == ("person_refused", {})
        assert said in text


def test_a_lowered_limit_binds_the_next_order() -> None:
    play = watching().play(limit("order_notional_most_usd", "100"))
    denied = send(play, order("1.01"))
    assert denied is not None
    assert (denied.rule, denied.limit) == ("order_notional_most_usd", "100")
    assert send(play, order("1")) is None


def test_repeated_executions_may_be_lowered_too() -> None:
    play = watching().play(limit("repeated_executions_most", "1"))
    assert often(play, 2) == ["", "repeated_executions_most"]


def test_what_is_told_names_the_person_the_reason_and_what_was_before() -> None:
    text = "total_gross_most_usd is 5 from now on (was 400000, the profile has 400000); asked by Ann: calm"
    assert answer(watching(), limit("total_gross_most_usd", "5")) == ("limit_set", text)


def test_the_same_id_is_done_once() -> None:
    play = watching().play(HOLD, RESUME)
    (play >> HOLD).took("ignore:WATCHING.holding:PersonRepeated", "WATCHING.holding")


def test_ids_that_are_remembered_are_bounded() -> None:
    play = watching()
    for number in range(HEARD_REMEMBERED + 3):
        play.play(limit("total_gross_most_usd", "5", str(number)))
    assert len(play.state.heard) == HEARD_REMEMBERED
    assert play.state.heard[-1] == str(HEARD_REMEMBERED + 2)


def test_all_markets_are_armed_again_at_once() -> None:
    play = watching(replace(Policy(), risk=RiskPolicy(repeated_executions_most=1)))
    assert send(play, order("1")) is None
    play.play(fill("1"))
    every = RearmAsked(command_id="all", by="Ann", reason="looked at")
    assert answer(play, every) == ("rearmed", f"{KEY}: armed again, openings are counted anew; asked by Ann: looked at")
    assert (play.state.disarmed, play.state.executions) == ({}, ())
    nothing = answer(play, replace(every, command_id="again"))
    assert nothing == ("person_refused", "market all: not disarmed; none is; asked by Ann: looked at")


PLACES: dict[str, tuple[Cue[RiskState], ...]] = {
    "WATCHING.idle": (position("0"), WATCH),
    "WATCHING.holding": (),
    "PAUSED": (HOLD,),
    "RESTRICTED": (DRAIN,),
    "KILLED": (KILL,),
}
"""What leads there from a pair whose market is disarmed."""


@pytest.mark.parametrize("place", list(PLACES))
def test_in_every_place_a_market_is_armed_again_and_a_limit_lowered(place: str) -> None:
    play = naked(repeated_executions_most=1).play(*PLACES[place]).at(place)
    assert answer(play, REARM)[0] == "rearmed"
    assert answer(play, limit("total_gross_most_usd", "5"))[0] == "limit_set"
    assert (play.at(place).state.disarmed, play.state.lowered) == ({}, {"total_gross_most_usd": Decimal(5)})


@pytest.mark.parametrize("place", list(PLACES))
def test_in_every_place_what_cannot_be_done_is_refused(place: str) -> None:
    play = naked().play(*PLACES[place]).at(place)
    assert answer(play, REARM)[0] == answer(play, limit("total_gross", "5"))[0] == "person_refused"
    assert (play.at(place).state.disarmed, play.state.lowered) == ({}, {})


def test_what_a_person_set_comes_back_from_the_record() -> None:
    play = naked(repeated_executions_most=1).play(limit("total_gross_most_usd", "5"))
    assert play.state.disarmed
    encoded = msgspec.json.encode(play.state)
    assert msgspec.json.decode(encoded, type=RiskState) == play.state
