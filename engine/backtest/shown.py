"""How far the runs of a back-test are, on standard error: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from engine.backtest.many import Show, Standing

LINE_EVERY_S = 10.0


def line(standing: Standing) -> str:
    """Name, hours done, pace and the time it will still take."""
    words = f"{standing.name}: {standing.hours}/{standing.hours_of} h"
    if standing.ended:
        return f"{words}, {standing.ended} after {standing.spent_s:.0f} s"
    left_s = standing.left_s
    pace = f", {standing.hours / standing.spent_s:.0f} h/s" if standing.hours and standing.spent_s else ""
    return f"{words}{pace}, " + ("beginning" if left_s is None else f"{left_s:.0f} s left")


class Lines:
    """A line for each run that ends, and one for each that goes on every so often."""

    def __init__(self) -> None:
        self._told_s = time.monotonic()

    def __call__(self, standings: Mapping[int, Standing]) -> None:
        due = time.monotonic() - self._told_s >= LINE_EVERY_S
        for standing in standings.values():
            if due or standing.ended:
                print(line(standing), file=sys.stderr, flush=True)
        if due:
            self._told_s = time.monotonic()


class Bars:
    """A bar for each run that goes on; a line stays of each that has ended."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._bars: dict[tuple[int, str], TaskID] = {}

    def __call__(self, standings: Mapping[int, Standing]) -> None:
        for number, standing in standings.items():
            key = (number, standing.name)
            if standing.ended:
                self._drawn.console.print(line(standing), markup=False)
                if key in self._bars:
                    self._drawn.remove_task(self._bars.pop(key))
                continue
            if key not in self._bars:
                self._bars[key] = self._drawn.add_task(standing.name, total=standing.hours_of)
            self._drawn.update(self._bars[key], completed=standing.hours, description=line(standing))


@contextmanager
def shown() -> Iterator[Show]:
    """Where progress goes while runs are made."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as drawn:
        yield Bars(drawn)
