"""`python -m bench`: measure, print a table of aims and verdicts. Takes less than a minute; `--quick` a few seconds."""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from bench import actors, backtest, paper, reaction, signing, sockets, table
from bench.ratios import QUICK, Line, Scale


def measure(scale: Scale) -> list[Line]:
    """Every figure, in the order of the table."""
    with tempfile.TemporaryDirectory(prefix="perp2perp-bench-") as directory:
        recorded = paper.lines(scale, Path(directory))
        tested = backtest.lines(scale, Path(directory) / "backtest")
    reacting = [*reaction.lines(scale), *signing.lines(scale), *sockets.lines(scale)]
    return [recorded[0], *reacting, *actors.lines(scale), *recorded[1:], *tested]


def show_json(lines: list[Line]) -> None:
    """Print one JSON document."""
    print(table.as_json(lines))


def chosen(arguments: list[str]) -> tuple[Scale, Callable[[list[Line]], None]]:
    """How much to measure and how to show it, by the command line."""
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds of little work: to see that it runs")
    parser.add_argument("--json", action="store_true", help="print one JSON document for programs")
    options = parser.parse_args(arguments)
    return QUICK if options.quick else Scale(), show_json if options.json else table.show


def main(arguments: list[str]) -> None:
    """Measure and print. A missed aim is a verdict, not an error."""
    scale, show = chosen(arguments)
    show(measure(scale))


if __name__ == "__main__":
    main(sys.argv[1:])
