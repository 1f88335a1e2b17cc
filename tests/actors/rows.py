"""Which rows of a chart a set of stories takes: every one must be taken by some story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from statecharts.chart import Chart
from tests.playbook import Playbook

Story = Callable[[], Playbook[Any]]


def never_taken(chart: Chart, stories: Mapping[str, Story]) -> list[str]:
    """Rows that no story ends with; a story is named `ROW` or `ROW: what is special`."""
    named = [row_of(name) for name in stories]
    return [row.id for row in chart.rows if row.id not in named]


def not_rows(chart: Chart, names: Iterable[str]) -> list[str]:
    """Stories named after no row."""
    return [name for name in names if row_of(name) not in [row.id for row in chart.rows]]


def row_of(name: str) -> str:
    """The row a story is named after."""
    return name.partition(":")[0]
