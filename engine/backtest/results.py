"""`python -m engine.backtest.results --data DIR`: the published back-tests, run again, and RESULTS.md written anew.

Nothing is tuned on these hours: each is one run of the profile as it stands. Counterpart: `command`, which makes each.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

import msgspec

from engine.backtest import command, request

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# What the engine would have made of recorded hours

Written by `python -m engine.backtest.results --data DIR`; every table is the command's own. The engine, its adapters
and its journal are those of a run; the venues are simulated and pay what was recorded. No parameter was chosen on these
hours by the command. Read the list under each command line first: it says what the figures cannot show.
"""


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """One published back-test."""

    first: str
    last: str
    venues: str
    assets: str
    stand_ins: str | None = None


STUDIES = (
    Study(first="2023-06-10", last="2024-03-14", venues="hyperliquid,drift", assets="BTC,ETH,SOL"),
    Study(first="2025-12-22", last="2026-01-06", venues="hyperliquid,lighter", assets="BTC,ETH,SOL,ARB,INJ,OP,WIF"),
    Study(
        first="2023-07-01",
        last="2024-01-01",
        venues="hyperliquid,binance",
        stand_ins="binance=pacifica",
        assets="BTC,ETH",
    ),
)


def published(data: tuple[Path, ...], studies: Iterable[Study], out: Path) -> str:
    """Run the studies, their reports kept below `out`; the page."""
    return "\n".join((HEAD, *(_made(data, study, out) for study in studies)))


def _made(data: tuple[Path, ...], study: Study, out: Path) -> str:
    asked = request.asked_of(
        data=data,
        first=study.first,
        last=study.last,
        venues=study.venues,
        stand_ins=study.stand_ins,
        assets=study.assets,
        out=out,
    )
    return command.backtest(asked).words.replace("\n## ", "\n### ").replace("# ", "## ", 1)


def main(arguments: list[str]) -> None:
    """Run everything and write the page."""
    parser = ArgumentParser(prog="python -m engine.backtest.results", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="directories or files of histories")
    parser.add_argument("--out", type=Path, default=request.OUT, help="directory for the whole reports")
    parser.add_argument("--page", type=Path, default=RESULTS, help="the page that is written")
    options = parser.parse_args(arguments)
    page = published(tuple(options.data), STUDIES, options.out)
    options.page.write_text(page, encoding="utf-8", newline="\n")
    print(options.page)


if __name__ == "__main__":
    main(sys.argv[1:])
