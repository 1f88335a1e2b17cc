"""What an audit reads of a chart, as sections and grids, whatever form they are written in.

Counterpart: `grid`, which writes them as markdown or as fixed-width text.
"""

from __future__ import annotations

import msgspec

from statecharts.chart import Chart, Ignored, Row, State, expand
from statecharts.drawing.arrows import boxes
from statecharts.drawing.words import (
    IGNORED,
    Counts,
    guard_words,
    state_words,
    target_words,
    times,
    trigger_words,
)
from statecharts.interpreter import Table, compile_chart

COLUMNS = 6
"""How many states stand side by side in one matrix."""

Cell = tuple[str, ...]
"""The lines of one cell."""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A table: one line of heads, then rows of cells."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A heading, a paragraph and its grids."""

    title: str
    text: str = ""
    grids: tuple[Grid, ...] = ()


def sections(chart: Chart, counts: Counts | None = None) -> tuple[Section, ...]:
    """The page of a chart without its picture: matrix, rows, ignored cells, states."""
    return (
        matrix_section(chart, counts),
        rows_section(chart, counts),
        ignored_section(chart, counts),
        states_section(chart),
    )


def summary(chart: Chart) -> str:
    """How large the chart is, where it starts and where it ends."""
    cells = [cell for row in compile_chart(chart).values() for cell in row.values()]
    ignored = sum(cell[0].row.startswith(IGNORED) for cell in cells)
    ends = state_words(chart, chart.final) or "nowhere: it lives as long as the run"
    return (
        f"{len(chart.states)} states × {len(chart.triggers)} triggers = {len(cells)} cells: "
        f"{len(cells) - ignored} handled by {len(chart.rows)} rows, {ignored} ignored with a reason. "
        f"Starts in {chart.initial}. Ends in {ends}."
    )


# Every state × every trigger.


def matrix_section(chart: Chart, counts: Counts | None) -> Section:
    """One grid for each handful of states: row ids in the cells, `·` where a reason stands for doing nothing."""
    table = compile_chart(chart)
    return Section(
        title="Every state × every trigger",
        text="Row ids in the order they are tried; · is ignored with a reason, see below.",
        grids=tuple(_matrix(chart, table, names, counts) for names in _columns(chart)),
    )


def _columns(chart: Chart) -> list[list[str]]:
    """States in handfuls of at most `COLUMNS`; a group is split only when it is larger than that."""
    handfuls: list[list[str]] = [[]]
    for states in boxes(chart).values():
        names = [state.name for state in states]
        if handfuls[-1] and len(handfuls[-1]) + len(names) > COLUMNS:
            handfuls.append([])
        handfuls[-1] += names
    return [names[at : at + COLUMNS] for names in handfuls for at in range(0, len(names), COLUMNS)]


def _matrix(chart: Chart, table: Table, names: list[str], counts: Counts | None) -> Grid:
    return Grid(
        heads=("", *names),
        rows=tuple(
            ((trigger_words(trigger),), *(_matrix_cell(table, name, trigger, counts) for name in names))
            for trigger in chart.triggers
        ),
    )


def _matrix_cell(table: Table, state: str, trigger: str, counts: Counts | None) -> Cell:
    rows = [choice.row for choice in table[state][trigger]]
    if rows[0].startswith(IGNORED):
        seen = counts is not None and rows[0] in counts
        return (f"·{times(counts, rows[0])}" if seen else "·",)
    return tuple(f"{row}{times(counts, row)}" for row in rows)


# Rows, in the order they are written.


def rows_section(chart: Chart, counts: Counts | None) -> Section:
    """Every row with its guards, actions, target and reason; with counts, those never taken are marked."""
    heads = ("row", "in", "on", "if", "do", "to", "why")
    return Section(
        title="Rows",
        text=_rows_text(chart, counts),
        grids=(
            Grid(
                heads=heads if counts is None else (*heads, "taken"),
                rows=tuple(_row_cells(chart, row, counts) for row in chart.rows),
            ),
        ),
    )


def _rows_text(chart: Chart, counts: Counts | None) -> str:
    legend = "Actions are done in order, then those on entering the target. `stays` keeps its timers running."
    if counts is None:
        return legend
    never = [row.id for row in chart.rows if not counts.get(row.id)]
    return f"{legend} Taken: {len(chart.rows) - len(never)} of {len(chart.rows)}; never: {', '.join(never) or 'none'}."


def _row_cells(chart: Chart, row: Row, counts: Counts | None) -> tuple[Cell, ...]:
    cells: tuple[Cell, ...] = (
        (row.id,),
        (state_words(chart, expand(chart, row.source)),),
        (trigger_words(row.on),),
        (guard_words(row.when),),
        (", ".join(row.do),),
        (target_words(row),),
        (row.why,),
    )
    return cells if counts is None else (*cells, (_taken(counts, row.id),))


def _taken(counts: Counts, row: str) -> str:
    return f"×{counts[row]}" if counts.get(row) else "never taken"


# Cells in which nothing happens, and why.


def ignored_section(chart: Chart, counts: Counts | None) -> Section:
    """The cells each reason really covers; where a row handles the trigger, the row stands and not the reason."""
    heads = ("in", "on", "why")
    table = compile_chart(chart)
    taken: list[tuple[str, str]] = []
    rows: list[tuple[Cell, ...]] = []
    for ignored in chart.ignored:
        rows += _ignored_rows(chart, table, ignored, taken, counts)
    grid = Grid(heads=heads if counts is None else (*heads, "seen"), rows=tuple(rows))
    return Section(title="Ignored, and why", grids=(grid,))


def _ignored_rows(
    chart: Chart, table: Table, ignored: Ignored, taken: list[tuple[str, str]], counts: Counts | None
) -> list[tuple[Cell, ...]]:
    """One row for each set of states that share triggers; `taken` collects the cells already explained."""
    triggers: dict[tuple[str, ...], tuple[str, ...]] = {}
    for trigger in ignored.on:
        names = tuple(
            name
            for name in expand(chart, ignored.source)
            if table[name][trigger][0].row.startswith(IGNORED) and (name, trigger) not in taken
        )
        taken += [(name, trigger) for name in names]
        triggers[names] = (*triggers.get(names, ()), trigger)
    return [_ignored_cells(chart, names, on, ignored.why, counts) for names, on in triggers.items() if names]


def _ignored_cells(
    chart: Chart, names: tuple[str, ...], on: tuple[str, ...], why: str, counts: Counts | None
) -> tuple[Cell, ...]:
    cells = ((state_words(chart, names),), (", ".join(trigger_words(trigger) for trigger in on),), (why,))
    if counts is None:
        return cells
    seen = sum(counts.get(f"{IGNORED}{name}:{trigger}", 0) for name in names for trigger in on)
    return (*cells, (f"×{seen}",))


# States.


def states_section(chart: Chart) -> Section:
    """Every state with its meaning, timers, entering actions and the invariants asserted in it."""
    heads = ("state", "meaning", "timers", "on entering", "holds", "leg")
    return Section(
        title="States",
        text="`holds` is asserted after every step that ends in the state; `leg` says whether a leg may be open there. "
        "A timer is armed on every arrival; a lasting one runs on from state to state.",
        grids=(Grid(heads=heads, rows=tuple(_state_cells(state, chart.lasting) for state in chart.states)),),
    )


def _state_cells(state: State, lasting: tuple[str, ...]) -> tuple[Cell, ...]:
    return (
        (state.name,),
        (" ".join(state.doc.split()),),
        (", ".join(f"⏱ {timer}{' (lasting)' if timer in lasting else ''}" for timer in state.timers),),
        (", ".join(state.enter),),
        (", ".join(state.holds),),
        ("may be open" if state.may_hold_leg else "",),
    )
