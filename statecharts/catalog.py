"""Every chart by name, and the committed pages written from them.

A chart's module has the chart's name; the page is `rendered/<name>.md`. Counterpart: `statecharts.render`.
"""

from __future__ import annotations

from pathlib import Path

from statecharts import (
    engine_lifecycle,
    funding_scanner,
    order,
    pair_position,
    pnl_settlement,
    reconciler,
    risk,
    venue_link,
)
from statecharts.chart import Chart
from statecharts.render import SUFFIXES, Form, render

CHARTS: tuple[Chart, ...] = (
    pair_position.CHART,
    order.CHART,
    venue_link.CHART,
    pnl_settlement.CHART,
    reconciler.CHART,
    risk.CHART,
    funding_scanner.CHART,
    engine_lifecycle.CHART,
)
CATALOG: dict[str, Chart] = {chart.name: chart for chart in CHARTS}


def write_all(directory: Path, form: Form = "markdown") -> list[Path]:
    """Write every chart's page into the directory; returns the paths whose text changed."""
    directory.mkdir(parents=True, exist_ok=True)
    changed = []
    for path, text in pages(directory, form):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def pages(directory: Path, form: Form = "markdown") -> list[tuple[Path, str]]:
    """The path and the text of every chart's page, in the catalog's order."""
    return [(directory / f"{name}{SUFFIXES[form]}", render(chart, form)) for name, chart in CATALOG.items()]
