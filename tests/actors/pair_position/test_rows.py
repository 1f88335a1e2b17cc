from __future__ import annotations

import pytest

from actors.messages import ActorFaulted, AnyMessage, TimerFired
from statecharts.chart import State
from statecharts.pair_position import CHART
from tests.actors.pair_position import (
    scenes_closing,
    scenes_doubting,
    scenes_emergency,
    scenes_entering,
    scenes_holding,
    scenes_losing,
    scenes_resuming,
    scenes_verifying,
)
from tests.actors.pair_position.scenes import Scene, act
from tests.factories import pair_at
from tests.stories import EMERGENCY, STORIES

SCENES: tuple[Scene, ...] = (
    *scenes_entering.SCENES,
    *scenes_doubting.SCENES,
    *scenes_holding.SCENES,
    *scenes_closing.SCENES,
    *scenes_verifying.SCENES,
    *scenes_emergency.SCENES,
    *scenes_resuming.SCENES,
    *scenes_losing.SCENES,
)
IDS = [f"{scene.row}-{scene.start}" for scene in SCENES]


@pytest.mark.parametrize("scene", SCENES, ids=IDS)
def test_the_row_decides_as_the_chart_says(scene: Scene) -> None:
    act(scene)


def test_every_row_of_the_chart_has_a_scene() -> None:
    played = dict.fromkeys(scene.row for scene in SCENES)
    assert sorted(played) == sorted(row.id for row in CHART.rows)


def test_every_place_can_be_reached_by_playing() -> None:
    assert list(STORIES) == [state.name for state in CHART.states]


@pytest.mark.parametrize("state", CHART.states, ids=lambda state: state.name)
def test_a_place_runs_exactly_its_timers(state: State) -> None:
    assert pair_at(state.name).timers == list(state.timers)


@pytest.mark.parametrize("place", scenes_emergency.WATCHED)
@pytest.mark.parametrize("cause", [EMERGENCY, ActorFaulted(error="KeyError")], ids=["asked", "faulted"])
def test_an_emergency_is_reached_from_every_place_that_may_hold_a_leg(place: str, cause: AnyMessage) -> None:
    play = pair_at(place)
    sizes = [abs(leg.position) for leg in (play.state.maker, play.state.taker) if leg.position]
    orders_before = len(play.orders)
    play.play(cause).at("EMERGENCY.closing")
    sent = play.orders[orders_before:]
    assert [order.size for order in sent] == sizes
    assert all(order.reduce_only and order.purpose == "emergency" for order in sent)


@pytest.mark.parametrize("place", [name for name in STORIES if name.startswith("EMERGENCY.")])
def test_a_second_emergency_while_the_first_runs_opens_nothing(place: str) -> None:
    play = pair_at(place)
    before = len(play.orders)
    play.play(EMERGENCY)
    assert play.state.place.startswith("EMERGENCY.")
    assert all(order.reduce_only for order in play.orders[before:])


@pytest.mark.parametrize("place", list(STORIES))
def test_a_timer_of_an_earlier_generation_changes_nothing(place: str) -> None:
    play = pair_at(place)
    before = play.state
    for timer in ("order_timeout", "maker_timeout", "verify_retry", "backoff"):
        play.play(TimerFired(timer=timer, generation=0))
        assert play.row == "stale_timer"
    assert play.state == before
