"""Writes a chart for people: a picture (mermaid, Graphviz), a table for the terminal, or the committed page.

With `counts` (row id to how often it was taken in a run) every form shows the numbers and what was never taken.
Everything is in the chart's own order, so the same chart gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, assert_never

from statecharts.chart import Chart
from statecharts.drawing.dot import dot
from statecharts.drawing.grid import markdown_section, text_section
from statecharts.drawing.mermaid import mermaid
from statecharts.drawing.page import Section, sections, summary
from statecharts.drawing.words import Counts, wrapped
from statecharts.interpreter import compile_chart

Form = Literal["mermaid", "dot", "table", "markdown"]

RENDER_COMMAND = "perp2perp render --out statecharts/rendered --format markdown"
SUFFIXES: dict[Form, str] = {"mermaid": ".mmd", "dot": ".dot", "table": ".txt", "markdown": ".md"}
"""The file name's ending for each form."""


def render(chart: Chart, form: Form, counts: Counts | None = None) -> str:
    """The chart in one form, ending in a newline; raises ChartError when the chart is not well formed."""
    compile_chart(chart)
    match form:
        case "mermaid":
            return mermaid(chart, counts)
        case "dot":
            return dot(chart, counts)
        case "table":
            return _table(chart, counts)
        case "markdown":
            return _markdown(chart, counts)
        case _:
            assert_never(form)


def _table(chart: Chart, counts: Counts | None) -> str:
    head = [chart.name, "=" * len(chart.name), *wrapped(chart.doc, 110), "", *wrapped(summary(chart), 110)]
    return "\n".join(head) + "\n\n" + _written(chart, counts, text_section)


def _markdown(chart: Chart, counts: Counts | None) -> str:
    source = f"<!-- Written from the chart {chart.name} by: {RENDER_COMMAND} -->"
    picture = f"```mermaid\n{mermaid(chart, counts)}```"
    head = [f"# {chart.name}", source, chart.doc, summary(chart), "## Picture", picture]
    return "\n\n".join(head) + "\n\n" + _written(chart, counts, markdown_section)


def _written(chart: Chart, counts: Counts | None, write: Callable[[Section], str]) -> str:
    return "\n\n".join(write(section) for section in sections(chart, counts)) + "\n"
