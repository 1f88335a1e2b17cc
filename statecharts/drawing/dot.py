"""Writes a chart as Graphviz: a cluster for each box, timers dashed, states that may hold a leg with a bold border."""

from __future__ import annotations

from statecharts.chart import Chart, State
from statecharts.drawing.arrows import Arrow, arrows, box_name, boxes, inner_rows, is_box
from statecharts.drawing.words import Counts, opening, wrapped

INDENT = "    "
DOC_WIDTH = 44
BOLD = 3


def dot(chart: Chart, counts: Counts | None = None) -> str:
    """The whole graph; `counts` adds ` ×N` to every row."""
    lines = [f"digraph {quoted(chart.name)} {{", *_style()]
    for group, states in boxes(chart).items():
        lines += _cluster(chart, group, states) if is_box(states) else [_node(chart, states[0], INDENT)]
    lines += [f"{INDENT}{quoted(' start')} -> {quoted(chart.initial)};"]
    lines += [_edge(chart, arrow) for arrow in arrows(chart, counts)]
    for name, rows in inner_rows(chart, counts).items():
        lines += _note(name, rows)
    return "\n".join([*lines, "}"]) + "\n"


def quoted(*lines: str) -> str:
    """The lines as one Graphviz string, aligned left where there are several."""
    plain = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return f'"{plain[0]}"' if len(plain) == 1 else '"' + "".join(f"{line}\\l" for line in plain) + '"'


def _style() -> list[str]:
    return [
        f"{INDENT}compound=true; rankdir=TB; fontname=Helvetica;",
        f"{INDENT}node [shape=box style=rounded fontname=Helvetica];",
        f"{INDENT}edge [fontname=Helvetica fontsize=10];",
        f'{INDENT}{quoted(" start")} [shape=point width=0.2 label=""];',
    ]


def _cluster(chart: Chart, group: str, states: tuple[State, ...]) -> list[str]:
    nodes = [_node(chart, state, INDENT * 2) for state in states]
    opened = [f"{INDENT}subgraph {quoted(_cluster_name(group))} {{", f"{INDENT * 2}label={quoted(group)};"]
    return [*opened, *nodes, f"{INDENT}}}"]


def _cluster_name(group: str) -> str:
    return f"cluster_{group}"


def _node(chart: Chart, state: State, indent: str) -> str:
    words = [state.name, *wrapped(opening(state.doc), DOC_WIDTH), *(f"⏱ {timer}" for timer in state.timers)]
    marks = f" penwidth={BOLD}" if state.may_hold_leg else ""
    marks += " peripheries=2" if state.name in chart.final else ""
    return f"{indent}{quoted(state.name)} [label={quoted(*words)}{marks}];"


def _edge(chart: Chart, arrow: Arrow) -> str:
    """An arrow from a box starts at its first state and is cut at the border."""
    marks = [f"label={quoted(*arrow.labels)}"]
    marks += ["style=dashed"] if arrow.timer else []
    source = arrow.source
    for group, states in boxes(chart).items():
        if arrow.source == box_name(group):
            source = states[0].name
            marks.append(f"ltail={quoted(_cluster_name(group))}")
    return f"{INDENT}{quoted(source)} -> {quoted(arrow.target)} [{' '.join(marks)}];"


def _note(name: str, rows: tuple[str, ...]) -> list[str]:
    note = quoted(f" inside {name}")
    return [
        f"{INDENT}{note} [shape=note style=solid fontsize=10 label={quoted('stays inside', *rows)}];",
        f"{INDENT}{quoted(name)} -> {note} [style=dotted arrowhead=none];",
    ]
