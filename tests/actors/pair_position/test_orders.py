"""The order chart, stepped by the pair position: every row taken, every fill counted once."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from actors.domain import DoneReason
from actors.messages import EngineResumed
from statecharts.order import CHART
from tests.factories import (
    PairCue,
    accepted,
    denied,
    done,
    filled,
    lapsed,
    pair_at,
    rejected,
    unknown,
    unresolved,
)


class OrderScene(NamedTuple):
    """What is told of the taker order; the last fact is decided by `row` and leads to `place`."""

    row: str
    cues: tuple[PairCue, ...]
    place: str
    filled: str = "0"


RESUMED: PairCue = lambda _: EngineResumed(silent_since_ns=1)  # noqa: E731 - a cue like its neighbours

SCENES = (
    OrderScene("O1", (accepted(),), "OPEN"),
    OrderScene("O17", (unresolved(), accepted()), "OPEN"),
    OrderScene("O17", (accepted(), unknown(), accepted()), "OPEN"),
    OrderScene("O2", (filled(),), "FILLED", "10"),
    OrderScene("O2", (accepted(), filled("4"), filled("6", number=0)), "FILLED", "10"),
    OrderScene("O18", (unresolved(), filled()), "FILLED", "10"),
    OrderScene("O18", (filled("4"), unknown(0), filled("6", number=0)), "FILLED", "10"),
    OrderScene("O3", (filled("4"),), "OPEN", "4"),
    OrderScene("O19", (unresolved(), filled("4")), "OPEN", "4"),
    OrderScene("O4", (accepted(), filled("4")), "OPEN", "4"),
    OrderScene("O5", (done("10", DoneReason.FILLED),), "FILLED", "10"),
    OrderScene("O5", (filled("4"), done("10", DoneReason.FILLED)), "FILLED", "10"),
    OrderScene("O20", (unresolved(), done("10", DoneReason.FILLED)), "FILLED", "10"),
    OrderScene("O20", (accepted(), unknown(), done("10", DoneReason.FILLED)), "FILLED", "10"),
    OrderScene("O6", (done("4"),), "CANCELED", "4"),
    OrderScene("O6", (filled("4"), done("0")), "CANCELED", "4"),
    OrderScene("O21", (unresolved(), done("4")), "CANCELED", "4"),
    OrderScene("O21", (accepted(), unknown(), done("4")), "CANCELED", "4"),
    OrderScene("O7", (rejected(),), "REJECTED"),
    OrderScene("O22", (unresolved(), rejected()), "REJECTED"),
    OrderScene("O8", (denied(),), "DENIED"),
    OrderScene("O9", (unresolved(),), "UNRESOLVED"),
    OrderScene("O10", (lapsed(),), "LAPSED"),
    OrderScene("O10", (unresolved(), lapsed()), "LAPSED"),
    OrderScene("O11", (unknown(),), "UNRESOLVED"),
    OrderScene("O24", (accepted(), unknown()), "MISSING"),
    OrderScene("O24", (accepted(), lapsed()), "MISSING"),
    OrderScene("O25", (accepted(), lapsed(), lapsed()), "VANISHED"),
    OrderScene("O25", (filled("4"), lapsed(), lapsed()), "VANISHED", "4"),
    OrderScene("O12", (unresolved(), unknown()), "UNRESOLVED"),
    OrderScene("O12", (accepted(), unknown(), unknown()), "MISSING"),
    OrderScene("O13", (rejected(), filled("3", number=0)), "REJECTED", "3"),
    OrderScene("O13", (done("4"), filled("4", number=0)), "CANCELED", "4"),
    OrderScene("O14", (done("4"), done("6", number=0)), "CANCELED", "6"),
    OrderScene("O14", (filled(), done("10", DoneReason.FILLED, 0)), "FILLED", "10"),
    OrderScene("O14", (rejected(), done("3", number=0)), "REJECTED", "3"),
    OrderScene("O16", (RESUMED,), "UNRESOLVED"),
    OrderScene("O16", (accepted(), RESUMED), "UNRESOLVED"),
    OrderScene("O15", (lapsed(), accepted()), "OPEN"),
    OrderScene("O15", (accepted(), lapsed(), lapsed(), accepted()), "OPEN"),
)


def rows_between(source: str, trigger: str, target: str) -> list[str]:
    """Rows of the order chart that lead from one place to another (or stay) on a trigger."""
    return [row.id for row in CHART.rows if source in row.source and row.on == trigger and (row.to or source) == target]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.row)
def test_the_order_row_decides_as_the_chart_says(scene: OrderScene) -> None:
    *before, last = scene.cues
    play = pair_at("IDLE.taker_in_flight").play(*before)
    source, message = play.state.orders[0].place, last(play)
    order = play.play(message).state.orders[0]
    assert (order.place, order.filled) == (scene.place, Decimal(scene.filled))
    assert rows_between(source, type(message).__name__, order.place) == [scene.row]


def test_every_row_of_the_order_chart_has_a_scene() -> None:
    assert list(dict.fromkeys(scene.row for scene in SCENES)) == [row.id for row in CHART.rows]


@pytest.mark.parametrize(
    "over", [rejected(), denied(), lapsed(), done("0")], ids=["rejected", "denied", "lapsed", "done"]
)
def test_what_is_over_stays_over_whatever_comes_late(over: PairCue) -> None:
    play = pair_at("IDLE.taker_in_flight").play(over)
    place = play.state.orders[0].place
    play.play(unresolved(0), unknown(0), denied(0), rejected(number=0))
    assert play.state.orders[0].place == place
    assert play.row.endswith(":OrderRepeated")


def test_an_order_that_has_not_lapsed_is_never_given_up() -> None:
    play = pair_at("IDLE.taker_in_doubt")
    due_ns = play.state.orders[0].lapses_ns
    play.at_ns = due_ns - 1_000_000  # the next message comes exactly at the end
    play.play(unknown())
    assert play.at_ns == due_ns
    assert play.state.orders[0].place == "UNRESOLVED"
    assert play.play(unknown()).state.orders[0].place == "LAPSED"
