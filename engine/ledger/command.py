"""`perp2perp ledger`: what a run earned and why, cut as one likes. Heavy imports happen when it is called.

Counterpart: `engine.exports.command`, which writes the entries to files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from engine.printed import print_json, print_table

if TYPE_CHECKING:
    from engine.ledger.reading import Shown


def ledger(
    run: Annotated[Path, Parameter(help="A run's directory, as `perp2perp run` prints it last.")],
    *,
    by: Annotated[
        Literal["pair", "venue", "asset", "day"], Parameter(help="What the lines are of: a day is UTC.")
    ] = "pair",
    json: Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs: every cut.")] = False,
) -> int:
    """Tell what a run earned and why, from its journal: funding, fees, basis, slippage, naked legs and the rest.

    Funding is what the venues paid, not what rates promised. Every cut adds up to the same net. Closed pairs are held
    against what they were entered for. A run that was cut off is read up to its last good record, which is said.
    Exit 0; 1 when the journal is damaged and the figures are of a part of it; 2 for bad input.
    """
    from engine.ledger.figures import forecast_data, ledger_data
    from engine.ledger.reading import read_ledger
    from engine.ledger.words import cut_table, forecast_table

    with shown("reading the journal") as show:
        reading, totals = read_ledger(run, show)
    forecasts = forecast_data(reading.ledger)
    if json:
        data = {**ledger_data(totals), "forecasts": forecasts, "notes": reading.notes}
        print_json(data)
    else:
        for part in (cut_table(ledger_data(totals, by), by), forecast_table(forecasts)):
            print_table(part)
        for note in reading.notes:
            print(f"note: {note}", file=sys.stderr)
    return 1 if reading.is_damaged else 0


@contextmanager
def shown(what: str) -> Iterator[Shown | None]:
    """A bar on a terminal's standard error while a long journal is read; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda part: bar.update(task, completed=part)
