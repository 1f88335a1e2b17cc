"""Writes a chart as a mermaid `stateDiagram-v2`.

States stand inside their boxes first and arrows come after, at the top level: the parser takes a state's box from
the place where it first sees the name. Texts are escaped as mermaid's numeric entities.
"""

from __future__ import annotations

import re

from statecharts.chart import Chart, State
from statecharts.drawing.arrows import Arrow, arrows, box_name, boxes, inner_rows, is_box
from statecharts.drawing.words import Counts, opening, wrapped

INDENT = "    "
DOC_WIDTH = 44


def mermaid(chart: Chart, counts: Counts | None = None) -> str:
    """The whole diagram; `counts` adds ` ×N` to every row."""
    lines = ["stateDiagram-v2", f"{INDENT}direction TB"]
    for group, states in boxes(chart).items():
        lines += _box(group, states) if is_box(states) else _state(states[0], states[0].name, INDENT)
    lines.append(f"{INDENT}[*] --> {identifier(chart.initial)}")
    lines += [_arrow(arrow) for arrow in arrows(chart, counts)]
    lines += [f"{INDENT}{identifier(name)} --> [*]" for name in chart.final]
    for name, rows in inner_rows(chart, counts).items():
        lines += _note(name, rows)
    return "\n".join(lines) + "\n"


def identifier(name: str) -> str:
    """A name mermaid accepts: letters, digits and underscores; different for different names of a chart."""
    plain = name.replace(".*", "_box").replace(".", "__")
    return re.sub(r"[^A-Za-z0-9_]", lambda found: f"_{ord(found[0]):x}_", plain)


def escaped(text: str) -> str:
    """The text with every character that has a meaning to the parser as a numeric entity."""
    return re.sub(r'[:;#"<>{}%\\]', lambda found: f"#{ord(found[0])};", text)


def _box(group: str, states: tuple[State, ...]) -> list[str]:
    lines = [f'{INDENT}state "{escaped(group)}" as {identifier(box_name(group))} {{']
    for state in states:
        lines += _state(state, state.name.partition(".")[2] or state.name, INDENT * 2)
    return [*lines, f"{INDENT}}}"]


def _state(state: State, title: str, indent: str) -> list[str]:
    name = identifier(state.name)
    words = [escaped(line) for line in wrapped(opening(state.doc), DOC_WIDTH)]
    words += [f"⏱ {escaped(timer)}" for timer in state.timers]
    words += ["may hold a leg"] if state.may_hold_leg else []
    return [f'{indent}state "{escaped(title)}" as {name}', f"{indent}{name} : {'<br/>'.join(words)}"]


def _arrow(arrow: Arrow) -> str:
    label = "<br/>".join(escaped(line) for line in arrow.labels)
    return f"{INDENT}{identifier(arrow.source)} --> {identifier(arrow.target)} : {label}"


def _note(name: str, rows: tuple[str, ...]) -> list[str]:
    lines = [f"{INDENT * 2}{escaped(row)}" for row in rows]
    return [
        f"{INDENT}note right of {identifier(name)}",
        f"{INDENT * 2}stays inside",
        *lines,
        f"{INDENT}end note",
    ]
