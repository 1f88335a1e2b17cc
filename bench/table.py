"""The figures for people and for programs."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.table import Table

from bench.ratios import Line

PLAIN_WIDTH = 150
"""Columns when the output is no terminal."""


def show(lines: list[Line]) -> None:
    """Print a table: aim, measured, spread, verdict."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for title in ("aim", "measured", "spread"):
        table.add_column(title, justify="right")
    table.add_column("verdict")
    table.add_column("median times", overflow="fold")
    for line in lines:
        spread = f"{_figure(line.least)} – {_figure(line.most)}"
        table.add_row(line.name, aim(line), f"{_figure(line.measured)} {line.unit}", spread, verdict(line), line.note)
    console = Console()
    (console if console.is_terminal else Console(width=PLAIN_WIDTH)).print(table)


def as_json(lines: list[Line]) -> str:
    """One JSON array, a line an object."""
    found = [{**msgspec.structs.asdict(line), "verdict": verdict(line)} for line in lines]
    return msgspec.json.encode(found).decode()


def aim(line: Line) -> str:
    """The most it should be."""
    return "–" if line.aim_most is None else f"≤ {_figure(line.aim_most)} {line.unit}"


def verdict(line: Line) -> str:
    """One word; two when nothing was aimed at."""
    return {True: "met", False: "missed", None: "for information"}[line.met]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
