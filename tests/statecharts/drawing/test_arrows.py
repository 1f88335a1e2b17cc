from __future__ import annotations

from statecharts.drawing.arrows import Arrow, arrows, boxes, inner_rows, is_box
from tests.statecharts.sample import SAMPLE, with_row


def test_groups_with_sub_states_are_boxes() -> None:
    assert {group: is_box(states) for group, states in boxes(SAMPLE).items()} == {
        "COLD": False,
        "HOT": True,
        "POURED": False,
    }


def test_a_row_of_a_whole_box_is_one_arrow_from_the_box() -> None:
    assert Arrow(source="HOT.*", target="POURED", timer=True, labels=("⏱ too_long / switch_off (K7)",)) in arrows(
        SAMPLE
    )


def test_a_box_points_at_its_own_states_one_by_one() -> None:
    chart = with_row("K6", to="HOT.boiling")
    tails = [arrow.source for arrow in arrows(chart) if any("(K6)" in label for label in arrow.labels)]
    assert tails == ["HOT.warming", "HOT.boiling"]


def test_rows_along_the_same_way_share_an_arrow_but_timers_do_not() -> None:
    chart = with_row("K4", to="POURED")
    found = [(arrow.source, arrow.timer, arrow.labels) for arrow in arrows(chart) if arrow.target == "POURED"]
    assert found == [
        ("HOT.warming", False, ("Measured [bubbles] (K4)",)),
        ("HOT.*", False, ("Unplugged / switch_off, note (K6)",)),
        ("HOT.*", True, ("⏱ too_long / switch_off (K7)",)),
    ]


def test_entering_again_is_an_arrow_to_itself() -> None:
    assert [arrow.labels for arrow in arrows(SAMPLE) if arrow.source == arrow.target] == [("⏱ look (K8)",)]
    many = with_row("K5", to="=")
    loops = [arrow.source for arrow in arrows(many) if arrow.source == arrow.target and not arrow.timer]
    assert loops == ["HOT.warming", "HOT.boiling"]


def test_rows_that_stay_are_listed_by_state() -> None:
    assert inner_rows(SAMPLE, {"K5": 2}) == {
        "COLD": ("Filled [enough] / ask_for_lid (K2) ×0", "Filled / ask_for_water (K3) ×0"),
        "HOT.warming": ("Measured / note (K5) ×2",),
        "HOT.boiling": ("Measured / note (K5) ×2",),
    }
