"""The judge: walks every state × trigger × guard valuation and compares the compiled table with `transitions`.

Traps of the library that the judge stays clear of: a model that answers to any name gets callbacks bound that nobody
wrote, so the recorder has exactly the chart's names; a trigger called like an attribute of the model is not bound,
so triggers go through `model.trigger(name)`; a queued trigger answers True before anything is decided, so nothing is
queued; a callback that raises leaves the state moved, so an exception ends the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

from transitions import MachineError

from statecharts.chart import Chart
from statecharts.interpreter import Table, build_machine, compile_chart, decide

Valuation = dict[str, bool]


class Verdict(NamedTuple):
    """What became of one message in one state."""

    state: str
    actions: tuple[str, ...]
    accepted: bool


class Recorder:
    """A model whose guards answer from a valuation and whose actions write their names down."""

    def __init__(self, chart: Chart) -> None:
        self.valuation: Valuation = {}
        self.done: list[str] = []
        for name in guard_names(chart):
            setattr(self, name, self._guard(name))
        for name in action_names(chart):
            setattr(self, name, self._action(name))

    def _guard(self, name: str) -> Callable[[], bool]:
        return lambda: self.valuation[name]

    def _action(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(name)


def guard_names(chart: Chart) -> list[str]:
    """All guards, in the order of the rows."""
    return list(dict.fromkeys(name.removeprefix("!") for row in chart.rows for name in row.when))


def action_names(chart: Chart) -> list[str]:
    """All actions, of rows first and then of states entered."""
    names = [name for row in chart.rows for name in row.do]
    return list(dict.fromkeys([*names, *(name for state in chart.states for name in state.enter)]))


def traps(chart: Chart) -> list[str]:
    """Names the library would confuse: two meanings of one attribute, or an import path."""
    guards, actions = guard_names(chart), action_names(chart)
    bound = ["trigger", "state", "valuation", "done", *chart.triggers]
    bound += [f"is_{state.name}" for state in chart.states] + [f"may_{trigger}" for trigger in chart.triggers]
    twice = [f"{name} is a guard and an action" for name in guards if name in actions]
    taken = [f"{name} is a name of the machine's own" for name in (*guards, *actions) if name in bound]
    return twice + taken + [f"{name} is no identifier" for name in (*guards, *actions) if not name.isidentifier()]


def cases(chart: Chart, table: Table) -> Iterator[tuple[str, str, Valuation]]:
    """Every state, every trigger, every valuation of the guards that the chart's cell mentions."""
    for state in table:
        for trigger in chart.triggers:
            mentioned = dict.fromkeys(name for choice in table[state][trigger] for name, _ in choice.guards)
            for values in product((False, True), repeat=len(mentioned)):
                yield state, trigger, dict(zip(mentioned, values, strict=True))


def table_verdict(table: Table, state: str, trigger: str, valuation: Valuation) -> Verdict:
    """What the compiled table decides."""
    try:
        choice = decide(table, state, trigger, valuation.__getitem__)
    except AssertionError:
        return Verdict(state, (), accepted=False)
    return Verdict(choice.target or state, choice.actions, accepted=True)


def machine_verdict(machine: Any, model: Any, state: str, trigger: str, valuation: Valuation) -> Verdict:
    """What the `transitions` machine does."""
    machine.set_state(state, model)
    model.valuation, model.done = valuation, []
    try:
        accepted = model.trigger(trigger)
    except MachineError:
        accepted = False
    return Verdict(model.state, tuple(model.done), accepted=accepted)


def disagreements(chart: Chart, table: Table | None = None) -> list[str]:
    """Every case in which table and machine differ, in words; `table` stands in for the compiled one."""
    judged = compile_chart(chart) if table is None else table
    model = Recorder(chart)
    machine = build_machine(chart, model)
    found = []
    # The cells' guards are taken from the chart's own table, so that a table under judgement cannot hide a case.
    for state, trigger, valuation in cases(chart, compile_chart(chart)):
        ours = table_verdict(judged, state, trigger, valuation)
        theirs = machine_verdict(machine, model, state, trigger, valuation)
        if ours != theirs:
            found.append(f"{chart.name}: {state} × {trigger} {valuation}: table {ours}, machine {theirs}")
    return found
