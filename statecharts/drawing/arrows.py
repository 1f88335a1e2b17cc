"""What a picture shows, whatever draws it: boxes, arrows and the rows that stay inside a state.

Counterparts: `mermaid` and `dot`, which write the same arrows in two languages.
"""

from __future__ import annotations

import msgspec

from statecharts.chart import Chart, Row, State, expand
from statecharts.drawing.words import AGAIN, TIMER, Counts, row_words


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """One arrow between two places, with every row that leads along it. `source` may be a whole box."""

    source: str
    target: str
    timer: bool
    labels: tuple[str, ...]


def boxes(chart: Chart) -> dict[str, tuple[State, ...]]:
    """The states of each group, in the chart's order; a group of one plain state is no box, see `is_box`."""
    groups: dict[str, tuple[State, ...]] = {}
    for state in chart.states:
        groups[state.group] = (*groups.get(state.group, ()), state)
    return groups


def is_box(states: tuple[State, ...]) -> bool:
    """True when the group is drawn as a box: it has sub-states."""
    return any("." in state.name for state in states)


def arrows(chart: Chart, counts: Counts | None = None) -> tuple[Arrow, ...]:
    """All arrows, in the order of the rows; messages and timers never share one."""
    labels: dict[tuple[str, str, bool], tuple[str, ...]] = {}
    for row in chart.rows:
        if row.to is None:
            continue
        for source in _tails(chart, row):
            target = source if row.to == AGAIN else row.to
            key = (source, target, row.on.startswith(TIMER))
            labels[key] = (*labels.get(key, ()), row_words(row, counts))
    return tuple(
        Arrow(source=source, target=target, timer=timer, labels=lines)
        for (source, target, timer), lines in labels.items()
    )


def _tails(chart: Chart, row: Row) -> tuple[str, ...]:
    """Where the row's arrows start: a box when all its states are meant and the target lies outside."""
    sources = expand(chart, row.source)
    tails: list[str] = []
    for group, states in boxes(chart).items():
        names = tuple(state.name for state in states)
        if is_box(states) and row.to not in (AGAIN, *names) and all(name in sources for name in names):
            tails.append(box_name(group))
        else:
            tails += [name for name in names if name in sources]
    return tuple(tails)


def box_name(group: str) -> str:
    """The name of a box, never that of a state."""
    return f"{group}.*"


def inner_rows(chart: Chart, counts: Counts | None = None) -> dict[str, tuple[str, ...]]:
    """The rows that stay inside a state, by state; states without any are left out."""
    inside: dict[str, tuple[str, ...]] = {}
    for row in chart.rows:
        if row.to is None:
            for source in expand(chart, row.source):
                inside[source] = (*inside.get(source, ()), row_words(row, counts))
    return inside
