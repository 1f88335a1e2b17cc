"""The page of published results: what was gained on which days, and whether anything was chosen on them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from engine.backtest.request import HELD_OUT, day_ns
from engine.backtest.results import COLUMNS, STUDIES, Part, Study, compared, gained, in_short
from engine.backtest.tuning import LATER, WALK

DAY_S = 86_400
BEGIN_S = day_ns("2023-06-10") // 1_000_000_000
STUDY = Study(
    first="2023-06-10",
    last="2023-06-14",
    venues="a,b",
    assets="BTC",
    parts=(Part("2023-06-10", "2023-06-11", "yes"), Part("2023-06-11", "2023-06-14", "no")),
)


def rising(usd_a_day: float) -> list[list[float]]:
    """Four days of a curve, told at the end of every half day."""
    return [[BEGIN_S + half * DAY_S / 2 - 1, usd_a_day * half / 2] for half in range(1, 9)]


def report(**changes: Any) -> dict[str, Any]:
    rule = {"static": {"curve": rising(2)}, "naive": {"curve": rising(-4)}, "flat": {"curve": []}}
    told = {"players": ["a", "b"], "assets": ["BTC"], "capital_usd": 36_500.0, "static_from": ["2023-06-11T00:00Z"]}
    return {**told, "rules": [rule], "runs": [{"curve": rising(1), "net": 3.5}], **changes}


def test_a_part_counts_what_the_curve_gained_in_it() -> None:
    assert gained(rising(1), BEGIN_S, BEGIN_S + DAY_S) == 1
    assert gained(rising(1), BEGIN_S + DAY_S, BEGIN_S + 4 * DAY_S) == 3
    assert gained(rising(1), BEGIN_S + DAY_S - 1, BEGIN_S + 4 * DAY_S) == 3.5, "a point at a border is the next part's"
    assert gained([], BEGIN_S, BEGIN_S + DAY_S) == 0


def test_all_parts_together_are_the_whole() -> None:
    borders = [BEGIN_S + day * DAY_S for day in (0, 1, 3, 9)]
    parts = [gained(rising(1), begin, end) for begin, end in itertools.pairwise(borders)]
    assert sum(parts) == rising(1)[-1][1]


def test_each_part_has_a_row_with_the_engine_and_the_rules_side_by_side() -> None:
    early, late = compared(STUDY, report())
    assert len(early) == len(late) == len(COLUMNS)
    assert early[:4] == ("a and b, BTC, 2023-06-10 to 2023-06-11", "yes", "1.00", "1.00")
    assert early[4:6] == ("-", "-"), "the static rule holds nothing yet"
    assert late[1:6] == ("no", "2.50", "0.83", "6.00", "2.00"), "at its end the engine pays for closing"
    assert (early[6], late[6]) == ("-4.00", "-12.00")


def test_the_engine_is_counted_against_the_rules_where_both_have_figures() -> None:
    blank = ("-", "-")
    rows = [
        ("a", "none", "1", "1.00", "2", "2.00", "-1", "-1,000.50"),
        ("b", "none", "0.00", "0.00", "-2", "-2.00", "-1", "-1.00"),
        ("c", "none", "-3", "-3.00", "-2", "-2.00", "-1", "-1.00"),
        ("d", "none", "9", "9.00", *blank, "-1", "-1.00"),
    ]
    assert in_short(rows) == (
        "By APR, of 3 stretches the engine did better than static on 1 and than naive on 2; it lost money on 1, and on "
        "1 it made nothing."
    )


def test_a_run_that_failed_has_no_figures() -> None:
    rows = list(compared(STUDY, report(runs=[{"failed": "no room"}])))
    assert [row[2:4] for row in rows] == [("-", "-"), ("-", "-")]


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: f"{study.venues} {study.first}")
def test_the_parts_of_a_study_are_its_days_without_a_hole(study: Study) -> None:
    borders = [part.first for part in study.told] + [study.last]
    assert borders[0] == study.first
    assert [part.last for part in study.told] == borders[1:]
    assert borders == sorted(borders)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: f"{study.venues} {study.first}")
def test_a_part_says_that_sets_were_compared_on_it_where_they_were(study: Study) -> None:
    """By the stretches of `tuning` on the same venues, and by no others."""
    for part in study.told:
        on = [
            each
            for each in (WALK, *LATER)
            if each.venues == study.venues and each.first < part.last and part.first < each.last
        ]
        assert part.compared.startswith("none") is (not on)
        assert not on or not [day for asset, day, _ in HELD_OUT if not asset and part.last > day]
