"""A statechart as frozen data: states, rows, and the cells it ignores with a reason.

This is the form an auditor reads and the only form a chart is written in. `statecharts.interpreter` compiles it
to the table that decides at run time, and builds the `transitions` machine that draws it and judges the table.

A row reads: in `source`, on trigger `on`, when all guards in `when` hold ("!name" = must not hold), do the actions
in `do` and go to `to`. `to=None` stays inside the state (its timers keep running); `to="="`, or the
source's own name, re-enters it (its timers are armed anew). Rows of one cell are tried in the order written.
"""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One transition. `id` names it in every journal record; `why` is printed in the audit."""

    id: str
    source: tuple[str, ...]
    on: str
    when: tuple[str, ...] = ()
    do: tuple[str, ...] = ()
    to: str | None = None
    why: str = ""


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Cells where a trigger changes nothing, and the reason."""

    source: tuple[str, ...]
    on: tuple[str, ...]
    why: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A place an actor can be in.

    `timers` run while the actor is here: armed on arrival (a lasting one only if it does not run yet), cancelled on
    leaving for a state without them. `may_hold_leg` marks states in which a leg may be open; such
    a state must have a timer. `holds` names invariants asserted after every step that ends here.
    """

    name: str
    doc: str
    timers: tuple[str, ...] = ()
    enter: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    may_hold_leg: bool = False

    @property
    def group(self) -> str:
        """The top-level state: the part before the dot."""
        return self.name.partition(".")[0]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A whole statechart. `triggers` are all names a row may react to; timers appear as `timer:<name>`.

    `lasting` timers run on from state to state; all others are armed anew on every arrival.
    `final` states are where a life ends in order; only a correction of what was known can lead out of one.
    """

    name: str
    doc: str
    initial: str
    states: tuple[State, ...]
    triggers: tuple[str, ...]
    rows: tuple[Row, ...]
    ignored: tuple[Ignored, ...] = ()
    lasting: tuple[str, ...] = ()
    final: tuple[str, ...] = ()

    def state(self, name: str) -> State:
        """The state of that name; raises KeyError."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(f"chart {self.name} has no state {name!r}")


class ChartError(ValueError):
    """A chart is not well formed; the text names the chart, the place and the remedy."""


def expand(chart: Chart, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """State names matched by patterns: a name, `GROUP.*`, or `*`; in the chart's order."""
    names = [state.name for state in chart.states]
    chosen: list[str] = []
    for pattern in patterns:
        if pattern == "*":
            matched = names
        elif pattern.endswith(".*"):
            matched = [name for name in names if name.startswith(pattern[:-1])]
        else:
            matched = [name for name in names if name == pattern]
        if not matched:
            raise ChartError(f"chart {chart.name}: no state matches {pattern!r}; name a state, GROUP.* or *")
        chosen += [name for name in matched if name not in chosen]
    return tuple(chosen)
