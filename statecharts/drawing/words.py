"""The words for a chart's parts, the same in every picture, table and audit.

Counterpart: `statecharts.chart`, whose names these words are made of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from statecharts.chart import Chart, Row

TIMER = "timer:"
IGNORED = "ignore:"
AGAIN = "="

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
    """State names in the chart's order, shortened to `every state` or `GROUP.*` where all of them are meant."""
    chosen = list(names)
    if len(chosen) == len(chart.states) > 1:
        return "every state"
    words: list[str] = []
    for state in chart.states:
        box = [other.name for other in chart.states if other.group == state.group]
        whole = len(box) > 1 and all(name in chosen for name in box)
        word = f"{state.group}.*" if whole and state.group not in box else state.name
        if state.name in chosen and word not in words:
            words.append(word)
    return ", ".join(words)


def opening(doc: str) -> str:
    """The first sentence of a doc text, on one line."""
    line = " ".join(doc.split())
    return line.partition(". ")[0].removesuffix(".")


def wrapped(text: str, width: int) -> tuple[str, ...]:
    """The text in lines of at most `width`, words and names kept whole."""
    return tuple(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)) or ("",)
