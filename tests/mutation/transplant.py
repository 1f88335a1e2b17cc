"""Puts a mutant chart in the place of the shipped one, in this process, wherever a module holds it.

The shipped chart, the role made of it and the table compiled from it are known to many modules by name; each such name
is bound to the mutant's, and back again. Counterparts: `charts`, which makes mutants; `trial`, which judges them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any, NamedTuple

from actors.actor import Role
from statecharts.chart import Chart, Row, State
from statecharts.interpreter import Table, compile_chart, decide

ROOTS = ("actors", "engine", "statecharts", "tests")


class Name(NamedTuple):
    """A name in a module, and what it is bound to in the shipped code."""

    module: dict[str, Any]
    name: str
    bound: Any


class Shipped:
    """The shipped chart, with all that was made of it."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.table = compile_chart(chart)
        self.roles: list[Role[Any]] = []
        self.names = list(self._find())

    def _find(self) -> Iterator[Name]:
        for module_name, module in list(sys.modules.items()):
            if module_name.partition(".")[0] in ROOTS:
                for name, bound in list(vars(module).items()):
                    if self._concerned(bound):
                        yield Name(vars(module), name, bound)

    def _concerned(self, bound: Any) -> bool:
        if isinstance(bound, Role) and bound.chart is self.chart and bound not in self.roles:
            self.roles.append(bound)
        if isinstance(bound, dict) and not bound.keys() ^ self.table.keys():
            return bool(bound == self.table)
        if isinstance(bound, dict | tuple):
            among = bound.values() if isinstance(bound, dict) else bound
            return any(self._made_of_it(each) for each in among)
        return self._made_of_it(bound)

    def _made_of_it(self, each: Any) -> bool:
        return each is self.chart or (isinstance(each, Role) and each.chart is self.chart)


class Transplant:
    """One mutant chart with the roles and the table made of it. Raises ChartError when they cannot be made."""

    def __init__(self, shipped: Shipped, chart: Chart) -> None:
        self.shipped = shipped
        self.chart = chart
        self.table = compile_chart(chart)
        self.roles = [(role, with_chart(role, chart)) for role in shipped.roles]
        self._states = {state.name: state for state in chart.states}
        self._rows = {row.id: row for row in chart.rows}

    @property
    def same(self) -> bool:
        """Whether it decides as the shipped chart in every case, and so is no mutant at all."""
        return self.chart.states == self.shipped.chart.states and not any(
            differ(self.shipped.table, self.table, state, trigger)
            for state in self.table
            for trigger in self.chart.triggers
        )

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While this lasts, every module sees the mutant."""
        try:
            for module, name, bound in self.shipped.names:
                module[name] = self.instead_of(bound)
            yield
        finally:
            for module, name, bound in self.shipped.names:
                module[name] = bound

    def instead_of(self, value: Any) -> Any:
        """The mutant's own for what belongs to the shipped chart; anything else as it is."""
        match value:
            case Chart():
                return self.chart if value is self.shipped.chart else value
            case Role():
                return next((made for role, made in self.roles if role is value), value)
            case State() if value in self.shipped.chart.states:
                return self._states[value.name]
            case Row() if value in self.shipped.chart.rows:
                return self._rows.get(value.id, value)
            case dict() if value == self.shipped.table:
                return self.table
            case dict():
                return {key: self.instead_of(each) for key, each in value.items()}
            case tuple() if type(value) is tuple:
                return tuple(self.instead_of(each) for each in value)
        return value


def with_chart(role: Role[Any], chart: Chart) -> Role[Any]:
    """The same role by another chart. Raises ChartError."""
    return type(role)(
        chart=chart,
        absorb=role.absorb,
        guards=role.guards,
        actions=role.actions,
        duration_s=role.duration_s,
        remember=role.remember,
        invariants=role.invariants,
    )


def differ(one: Table, other: Table, state: str, trigger: str) -> bool:
    """Whether two tables decide differently in some case of a cell."""
    cells = (one[state][trigger], other[state][trigger])
    if cells[0] == cells[1]:
        return False
    guards = list(dict.fromkeys(name for cell in cells for choice in cell for name, _ in choice.guards))
    for values in product((False, True), repeat=len(guards)):
        holds = dict(zip(guards, values, strict=True)).__getitem__
        first, second = (decide(table, state, trigger, holds) for table in (one, other))
        if (first.row, first.actions, first.target) != (second.row, second.actions, second.target):
            return True
    return False
