from __future__ import annotations

import re

import pytest

from statecharts.catalog import CHARTS
from statecharts.chart import Chart
from statecharts.drawing.dot import dot, quoted
from tests.statecharts.sample import SAMPLE


@pytest.mark.parametrize("chart", [*CHARTS, SAMPLE], ids=lambda chart: str(chart.name))
def test_braces_and_quotes_are_balanced(chart: Chart) -> None:
    graph = dot(chart)
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", graph)
    assert '"' not in outside
    assert outside.count("{") == outside.count("}")
    assert [row.id for row in chart.rows if f"({row.id})" not in graph] == []


def test_a_box_is_a_cluster_with_its_states() -> None:
    cluster = dot(SAMPLE).partition('subgraph "cluster_HOT" {')[2].partition("    }\n")[0]
    assert 'label="HOT";' in cluster
    assert '"HOT.warming" [' in cluster
    assert '"COLD" [' not in cluster


def test_states_that_may_hold_a_leg_have_a_bold_border() -> None:
    bold = [line.split('"')[1] for line in dot(SAMPLE).splitlines() if "penwidth=3" in line]
    assert bold == ["HOT.warming", "HOT.boiling"]


def test_timers_are_dashed_and_messages_are_not() -> None:
    dashed = [line for line in dot(SAMPLE).splitlines() if "style=dashed" in line]
    assert len(dashed) == 2
    assert all("⏱" in line for line in dashed)


def test_an_arrow_from_a_box_is_cut_at_its_border() -> None:
    assert '"HOT.warming" -> "POURED" [label="Unplugged / switch_off, note (K6) ×7" ltail="cluster_HOT"];' in dot(
        SAMPLE, {"K6": 7}
    )


def test_the_start_and_the_end_are_marked() -> None:
    graph = dot(SAMPLE)
    assert '" start" -> "COLD";' in graph
    assert re.search(r'"POURED" \[.*peripheries=2\];', graph)


def test_rows_that_stay_stand_in_a_note() -> None:
    assert '[shape=note style=solid fontsize=10 label="stays inside\\lMeasured / note (K5)\\l"];' in dot(SAMPLE)


def test_quotes_and_backslashes_are_escaped() -> None:
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
    assert quoted("a", "b") == '"a\\lb\\l"'
