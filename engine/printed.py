"""What commands print: one line of JSON for programs, tables for people, a page that may go to a file.

Used by the command line's modules. Tables that go to a file or a pipe are `PLAIN_WIDTH` columns wide, or as many as
the environment's COLUMNS says. rich is imported when a table is drawn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from rich.console import RenderableType

PLAIN_WIDTH = 100


def print_json(data: Any) -> None:
    """One line; what msgspec does not know is told as text."""
    sys.stdout.write(msgspec.json.encode(data, enc_hook=str).decode() + "\n")
    sys.stdout.flush()


def print_table(shown: RenderableType, *, anew: bool = False) -> None:
    """Whatever rich draws; `anew` clears a terminal first. Where none is, text is not wrapped."""
    from rich.console import Console, Group
    from rich.text import Text

    console = Console()
    if console.is_terminal:
        if anew:
            console.clear()
        console.print(shown)
        return
    console = Console(width=plain_width(os.environ.get("COLUMNS", "")))
    for part in shown.renderables if isinstance(shown, Group) else (shown,):
        console.print(part, soft_wrap=isinstance(part, Text))


def plain_width(columns: str) -> int:
    """The width of tables where no terminal is."""
    return int(columns) if columns.isascii() and columns.isdigit() and int(columns) else PLAIN_WIDTH


def print_page(found: Any, page: Callable[[], str], *, out: Path | None, json: bool) -> None:
    """A finding as JSON, as a page of markdown, or as a page in a file, whose path is then told."""
    if json:
        print_json(found)
    if out is not None:
        out.write_text(page(), encoding="utf-8", newline="\n")
        print(out, file=sys.stderr if json else sys.stdout)
    elif not json:
        print(page(), end="")
