"""The words for a chart's parts, the same in every picture, table and audit.

Counterpart: `statecharts.chart`, whose names these words are made of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from statecharts.chart import Chart, Row, State

TIMER = "timer:"
IGNORED = "ignore:"
AGAIN = "="

MOST = 5
"""Up to so many states are named as exceptions."""

Counts = Mapping[str, int]
"""How often each row was taken in a run, by row id; ignored cells stand as `ignore:<state>:<trigger>`."""


def trigger_words(trigger: str) -> str:
    """The trigger as people read it: a message's name, or a clock and the timer's name."""
    return f"⏱ {trigger.removeprefix(TIMER)}" if trigger.startswith(TIMER) else trigger


def guard_words(when: tuple[str, ...]) -> str:
    """`a & not b`; empty when nothing is asked."""
    return " & ".join(f"not {name[1:]}" if name.startswith("!") else name for name in when)


def row_words(row: Row, counts: Counts | None = None) -> str:
    """`trigger [guards] / actions (row id) ×taken`, leaving out what the row does not have."""
    guards = f" [{guard_words(row.when)}]" if row.when else ""
    actions = f" / {', '.join(row.do)}" if row.do else ""
    return f"{trigger_words(row.on)}{guards}{actions} ({row.id}){times(counts, row.id)}"


def target_words(row: Row) -> str:
    """Where a row leads: a state, the same state entered again, or nowhere."""
    if row.to is None:
        return "stays"
    return "enters again" if row.to == AGAIN else row.to


def times(counts: Counts | None, row: str) -> str:
    """` ×N` when a run was counted, else nothing."""
    return "" if counts is None else f" ×{counts.get(row, 0)}"


def state_words(chart: Chart, names: Iterable[str]) -> str:
    """State names in the chart's order, shortened where most or all are meant: `every state but A, B`, `GROUP.*`."""
    chosen = list(names)
    missing = [state.name for state in chart.states if state.name not in chosen]
    if not missing and len(chosen) > 1:
        return "every state"
    if len(missing) <= MOST and len(chosen) > 2 * MOST:
        return f"every state but {', '.join(missing)}"
    words = dict.fromkeys(_short(chart, state, chosen) for state in chart.states if state.name in chosen)
    return ", ".join(words)


def _short(chart: Chart, state: State, chosen: list[str]) -> str:
    box = [other.name for other in chart.states if other.group == state.group]
    whole = len(box) > 1 and state.group not in box and all(name in chosen for name in box)
    return f"{state.group}.*" if whole else state.name


def opening(doc: str) -> str:
    """The first sentence of a doc text, on one line."""
    line = " ".join(doc.split())
    return line.partition(". ")[0].removesuffix(".")


def wrapped(text: str, width: int) -> tuple[str, ...]:
    """The text in lines of at most `width`, words and names kept whole."""
    return tuple(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)) or ("",)
