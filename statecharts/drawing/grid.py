"""Writes sections and grids as markdown or as fixed-width text."""

from __future__ import annotations

from itertools import zip_longest

from statecharts.drawing.page import Cell, Grid, Section
from statecharts.drawing.words import wrapped

TEXT_WIDTH = 36
"""The widest a column of prose gets in fixed-width text."""


def markdown_section(section: Section) -> str:
    """`## title`, the paragraph, and markdown tables."""
    parts = [f"## {section.title}", section.text, *(_markdown_grid(grid) for grid in section.grids)]
    return "\n\n".join(part for part in parts if part)


def text_section(section: Section) -> str:
    """The title underlined, the paragraph, and tables in columns."""
    title = f"{section.title}\n{'-' * len(section.title)}"
    parts = [title, "\n".join(wrapped(section.text, 110)), *(_text_grid(grid) for grid in section.grids)]
    return "\n\n".join(part for part in parts if part)


def _markdown_grid(grid: Grid) -> str:
    lines = [_markdown_line(tuple((head,) for head in grid.heads)), f"|{' --- |' * len(grid.heads)}"]
    return "\n".join([*lines, *(_markdown_line(cells) for cells in grid.rows)])


def _markdown_line(cells: tuple[Cell, ...]) -> str:
    return "| " + " | ".join("<br>".join(_escaped(line) for line in cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("*", "\\*")):
        text = text.replace(plain, entity)
    return text


def _text_grid(grid: Grid) -> str:
    heads = tuple(_text_head(head) for head in grid.heads)
    rows = [tuple(_text_cell(cell) for cell in cells) for cells in grid.rows]
    widths = [max(len(line) for row in (heads, *rows) for line in row[at]) for at in range(len(heads))]
    rule = "-+-".join("-" * width for width in widths)
    return "\n".join([_text_row(heads, widths), rule, *(_text_row(cells, widths) for cells in rows)])


def _text_head(head: str) -> Cell:
    group, dot, rest = head.partition(".")
    return (group, dot + rest) if dot else (head,)


def _text_cell(cell: Cell) -> Cell:
    return tuple(short for line in cell for short in wrapped(line, TEXT_WIDTH))


def _text_row(cells: tuple[Cell, ...], widths: list[int]) -> str:
    lines = zip_longest(*cells, fillvalue="")
    return "\n".join(
        " | ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
