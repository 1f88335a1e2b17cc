"""Compiles a chart to the table that decides, and builds the `transitions` machine that judges it.

The only module that imports `transitions`, and only when a machine is asked for. Counterpart: `actors.actor`,
which runs the table inside a step.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import msgspec

from statecharts.chart import Chart, ChartError, Row, State, expand


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled row: guards with the value they must have, actions in order, and what its timers do."""

    row: str
    guards: tuple[tuple[str, bool], ...]
    actions: tuple[str, ...]
    target: str | None
    arm: tuple[str, ...]
    cancel: tuple[str, ...]


Cell = tuple[Choice, ...]
Table = dict[str, dict[str, Cell]]


def compile_chart(chart: Chart) -> Table:
    """The decision table {state: {trigger: choices}}; every cell is present (ignored cells hold one choice).

    Raises ChartError when the chart is not total or not well formed.
    """
    states = {state.name: state for state in chart.states}
    table: Table = {name: {} for name in states}
    for row in chart.rows:
        for source in expand(chart, row.source):
            cell = table[source].get(row.on, ())
            table[source][row.on] = (*cell, _choice(chart, states, source, row))
    for ignored in chart.ignored:
        for source in expand(chart, ignored.source):
            for trigger in ignored.on:
                if trigger not in table[source]:
                    table[source][trigger] = (_ignore(source, trigger),)
    check(chart, table)
    return table


def _choice(chart: Chart, states: dict[str, State], source: str, row: Row) -> Choice:
    guards = tuple((name.removeprefix("!"), not name.startswith("!")) for name in row.when)
    if row.to is None:
        return Choice(row=row.id, guards=guards, actions=row.do, target=None, arm=(), cancel=())
    name = source if row.to == "=" else row.to
    target = states.get(name)
    if target is None:
        raise ChartError(f"chart {chart.name}: row {row.id}: target {row.to!r} is no state; correct its `to`")
    running = states[source].timers
    restart = name == source
    return Choice(
        row=row.id,
        guards=guards,
        actions=(*row.do, *target.enter),
        target=name,
        arm=tuple(t for t in target.timers if restart or t not in running or t not in chart.lasting),
        cancel=tuple(timer for timer in running if timer not in target.timers),
    )


def _ignore(source: str, trigger: str) -> Choice:
    return Choice(row=f"ignore:{source}:{trigger}", guards=(), actions=(), target=None, arm=(), cancel=())


def decide(table: Table, state: str, trigger: str, holds: Callable[[str], bool]) -> Choice:
    """The first choice of the cell whose guards all have their wanted value."""
    for choice in table[state][trigger]:
        for name, wanted in choice.guards:
            if holds(name) is not wanted:
                break
        else:
            return choice
    raise AssertionError(f"cell {state} x {trigger} has no row for this case; its last row must have no guard")


def check(chart: Chart, table: Table) -> None:
    """Raise ChartError unless the chart is total, unshadowed, connected, and leg-holding states are watched."""
    _check_names(chart)
    for state in chart.states:
        _check_state(chart, state, table[state.name])
    _check_reachable(chart, table)


def _check_names(chart: Chart) -> None:
    names = [state.name for state in chart.states]
    ids = [row.id for row in chart.rows]
    for what, values in (("state", names), ("row id", ids), ("trigger", list(chart.triggers))):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ChartError(f"chart {chart.name}: {what} {twice[0]!r} stands twice; give each its own name")
    unknown = [row.id for row in chart.rows if row.on not in chart.triggers]
    if unknown:
        raise ChartError(f"chart {chart.name}: row {unknown[0]} reacts to a trigger the chart does not list")
    for ignored in chart.ignored:
        foreign = [trigger for trigger in ignored.on if trigger not in chart.triggers]
        if foreign:
            raise ChartError(
                f"chart {chart.name}: {foreign[0]!r} is ignored but not among the triggers; list or drop it"
            )
    for timer in chart.lasting:
        if f"timer:{timer}" not in chart.triggers:
            raise ChartError(f"chart {chart.name}: lasting timer {timer!r} is not among the triggers; correct its name")
    for name in chart.final:
        if name not in names:
            raise ChartError(f"chart {chart.name}: final state {name!r} is no state; correct its name")
    if chart.initial not in names:
        raise ChartError(f"chart {chart.name}: initial state {chart.initial!r} is no state")


def _check_state(chart: Chart, state: State, cells: dict[str, Cell]) -> None:
    for timer in state.timers:
        if f"timer:{timer}" not in chart.triggers:
            raise ChartError(f"chart {chart.name}: timer {timer} of {state.name} is not among the triggers")
    for trigger in chart.triggers:
        cell = cells.get(trigger)
        if cell is None:
            raise ChartError(f"chart {chart.name}: {state.name} x {trigger} is neither handled nor ignored")
        _check_cell(chart, state, trigger, cell)
        if trigger in {f"timer:{timer}" for timer in state.timers} and any(choice.target is None for choice in cell):
            raise ChartError(
                f"chart {chart.name}: {state.name} x {trigger} stays inside, so the timer would be gone; re-enter"
            )
    if state.may_hold_leg and not state.timers:
        raise ChartError(f"chart {chart.name}: {state.name} may hold a leg but has no timer to watch it")


def _check_cell(chart: Chart, state: State, trigger: str, cell: Cell) -> None:
    if cell[-1].guards:
        raise ChartError(f"chart {chart.name}: the last row of {state.name} x {trigger} has a guard; add a row without")
    for choice in _never_taken(cell):
        raise ChartError(
            f"chart {chart.name}: row {choice.row} of {state.name} x {trigger} is never reached; "
            "the rows before it take every case"
        )


def _never_taken(cell: Cell) -> list[Choice]:
    """Choices that no valuation of the cell's guards reaches."""
    names = list(dict.fromkeys(name for choice in cell for name, _ in choice.guards))
    left = list(cell)
    for values in product((True, False), repeat=len(names)):
        if len(left) == 0:
            break
        valuation = dict(zip(names, values, strict=True))
        for choice in cell:
            if all(valuation[name] is wanted for name, wanted in choice.guards):
                if choice in left:
                    left.remove(choice)
                break
    return left


def _check_reachable(chart: Chart, table: Table) -> None:
    reached, frontier = [chart.initial], [chart.initial]
    while frontier:
        for cell in table[frontier.pop()].values():
            for choice in cell:
                if choice.target is not None and choice.target not in reached:
                    reached.append(choice.target)
                    frontier.append(choice.target)
    orphans = [state.name for state in chart.states if state.name not in reached]
    if orphans:
        raise ChartError(f"chart {chart.name}: no row leads to {orphans[0]}; add one or remove the state")


def check_vocabulary(
    chart: Chart, guards: tuple[str, ...], actions: tuple[str, ...], invariants: tuple[str, ...]
) -> None:
    """Raise ChartError unless every guard, action and invariant the chart names exists, and none is unused."""
    used_guards = {name.removeprefix("!") for row in chart.rows for name in row.when}
    used_actions = {name for row in chart.rows for name in row.do}
    used_actions |= {name for state in chart.states for name in state.enter}
    used_invariants = {name for state in chart.states for name in state.holds}
    for what, used, known in (
        ("guard", used_guards, guards),
        ("action", used_actions, actions),
        ("invariant", used_invariants, invariants),
    ):
        missing = sorted(used.difference(known))
        if missing:
            raise ChartError(
                f"chart {chart.name}: {what} {missing[0]!r} is not written in the role; write or rename it"
            )
        idle = sorted(set(known).difference(used))
        if idle:
            raise ChartError(f"chart {chart.name}: {what} {idle[0]!r} of the role is used by no row; remove it")


def build_machine(chart: Chart, model: Any = None) -> Any:
    """A `transitions` machine from the same rows: conditions, unless, before = actions, on_enter = `enter`.

    Ignored cells become internal transitions without actions, so that the machine is as total as the table.
    """
    from transitions import Machine

    return Machine(
        model=model,
        states=[{"name": state.name, "on_enter": list(state.enter)} for state in chart.states],
        transitions=[*_machine_rows(chart), *_machine_ignored(chart)],
        initial=chart.initial,
        auto_transitions=False,
        send_event=False,
    )


def _machine_rows(chart: Chart) -> list[dict[str, Any]]:
    return [
        {
            "trigger": row.on,
            "source": source,
            "dest": row.to,
            "conditions": [name for name in row.when if not name.startswith("!")],
            "unless": [name[1:] for name in row.when if name.startswith("!")],
            "before": list(row.do),
        }
        for row in chart.rows
        for source in expand(chart, row.source)
    ]


def _machine_ignored(chart: Chart) -> list[dict[str, Any]]:
    handled = {(source, row.on) for row in chart.rows for source in expand(chart, row.source)}
    return [
        {"trigger": trigger, "source": source, "dest": None}
        for ignored in chart.ignored
        for source in expand(chart, ignored.source)
        for trigger in ignored.on
        if (source, trigger) not in handled
    ]
