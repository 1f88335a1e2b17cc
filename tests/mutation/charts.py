"""Mutants of a chart: each is the shipped chart with one mistake in it, such as a chart's author might make.

A chart is data, so a tool that changes code does not touch it. Counterparts: `trial`, which lets the tests judge them,
and `bounded`, which asks the exhaustive check about those the tests let pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import msgspec

from statecharts.chart import Chart, Row, State, expand


class Mutant(NamedTuple):
    """A chart with one mistake; `place` is the row or state changed, `change` says how."""

    chart: str
    place: str
    change: str
    made: Chart

    @property
    def name(self) -> str:
        """Stable as long as the row (or state) is: `pair_position X16: guard flat dropped`."""
        return f"{self.chart} {self.place}: {self.change}"


def mutants(chart: Chart) -> Iterator[Mutant]:
    """Every mutant of a chart, rows first; no two are the same chart."""
    for row in chart.rows:
        for change, made in _of_row(chart, row):
            yield Mutant(chart.name, row.id, change, made)
    for first, second in _neighbours(chart):
        rows = tuple(row for row in chart.rows if row is not second)
        at = rows.index(first)
        made = msgspec.structs.replace(chart, rows=(*rows[:at], second, *rows[at:]))
        yield Mutant(chart.name, second.id, f"moved before {first.id}", made)
    for state in chart.states:
        for change, altered in _of_state(state):
            states = tuple(altered if each is state else each for each in chart.states)
            yield Mutant(chart.name, state.name, change, msgspec.structs.replace(chart, states=states))


# --- rows --------------------------------------------------------------------------------------------------


def _of_row(chart: Chart, row: Row) -> Iterator[tuple[str, Chart]]:
    yield "dropped", _with(chart, row)
    for change, altered in _altered(chart, row):
        if altered != row:
            yield change, _with(chart, row, altered)


def _with(chart: Chart, row: Row, *instead: Row) -> Chart:
    at = chart.rows.index(row)
    return msgspec.structs.replace(chart, rows=(*chart.rows[:at], *instead, *chart.rows[at + 1 :]))


def _altered(chart: Chart, row: Row) -> Iterator[tuple[str, Row]]:
    yield from _guards(row)
    for at, action in enumerate(row.do):
        yield f"action {action} dropped", msgspec.structs.replace(row, do=_without(row.do, at))
    for at, (first, second) in enumerate(pairwise(row.do)):
        swapped = (*row.do[:at], second, first, *row.do[at + 2 :])
        yield f"action {second} before {first}", msgspec.structs.replace(row, do=swapped)
    for target in _targets(chart, row):
        yield f"target {row.to} changed to {target}", msgspec.structs.replace(row, to=target)
    sources = expand(chart, row.source)
    if len(sources) > 1:
        for at, source in enumerate(sources):
            yield f"source {source} dropped", msgspec.structs.replace(row, source=_without(sources, at))


def _guards(row: Row) -> Iterator[tuple[str, Row]]:
    for at, guard in enumerate(row.when):
        negated = guard[1:] if guard.startswith("!") else f"!{guard}"
        yield f"guard {guard} dropped", msgspec.structs.replace(row, when=_without(row.when, at))
        turned = (*row.when[:at], negated, *row.when[at + 1 :])
        yield f"guard {guard} negated", msgspec.structs.replace(row, when=turned)


def _targets(chart: Chart, row: Row) -> list[str | None]:
    """Staying, re-entering, and the next state of the group (or of the chart, when the group has no other)."""
    chosen: list[str | None] = [None, "="]
    target = expand(chart, row.source)[0] if row.to in (None, "=") else row.to
    names = [state.name for state in chart.states]
    siblings = [state.name for state in chart.states if state.group == chart.state(target or "").group]
    among = siblings if len(siblings) > 1 else names
    chosen.append(among[(among.index(target or "") + 1) % len(among)])
    return [each for each in chosen if each != row.to]


def _without(names: tuple[str, ...], at: int) -> tuple[str, ...]:
    return (*names[:at], *names[at + 1 :])


def _neighbours(chart: Chart) -> list[tuple[Row, Row]]:
    """Rows of which one is tried right after the other in some cell."""
    found: list[tuple[Row, Row]] = []
    for state in chart.states:
        for trigger in chart.triggers:
            cell = [row for row in chart.rows if row.on == trigger and state.name in expand(chart, row.source)]
            found += [pair for pair in pairwise(cell) if pair not in found]
    return found


# --- states ------------------------------------------------------------------------------------------------


def _of_state(state: State) -> Iterator[tuple[str, State]]:
    for at, timer in enumerate(state.timers):
        yield f"timer {timer} dropped", msgspec.structs.replace(state, timers=_without(state.timers, at))
    for at, action in enumerate(state.enter):
        yield f"enter {action} dropped", msgspec.structs.replace(state, enter=_without(state.enter, at))
    for at, invariant in enumerate(state.holds):
        yield f"holds {invariant} dropped", msgspec.structs.replace(state, holds=_without(state.holds, at))
