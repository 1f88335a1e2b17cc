"""`python -m engine.backtest.results --data DIR`: the published back-tests, run again, and RESULTS.md written anew.

Each is one run of the profile as it stands; above them one table says what was earned on hours on which parameter sets
were compared and what on hours that nobody looked at for that. Counterparts: `command`, which makes each, and `tuning`,
which compares.
"""

from __future__ import annotations

import math
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.backtest import command, request, words
from engine.backtest.tuning import COMPARED_UNTIL

Report = dict[str, Any]
RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# What the engine would have made of recorded hours

Written by `python -m engine.backtest.results --data DIR`; every table is the command's own. The engine, its adapters
and its journal are those of a run; the venues are simulated and pay what was recorded. Read the list under each command
line first: it says what the figures cannot show.

On which hours sets of parameters were compared stands in `TUNING.md`: nothing was changed by it, so no figure here is
flattered by a choice; the table says it again for every stretch. A part of a run counts what its curve gained there: a
position that was held over its border pays its costs where they fell. Static holds, from a quarter of the run on, the
side that paid until then; naive turns to the higher rate every hour; flat is always nothing.
"""


class Part(NamedTuple):
    """Days of a study, the last excluded, and how many sets of parameters were compared on them."""

    first: str
    last: str
    compared: str


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """One published back-test; without `parts` it is one, on which nothing was compared."""

    first: str
    last: str
    venues: str
    assets: str
    stand_ins: str | None = None
    parts: tuple[Part, ...] = ()

    @property
    def told(self) -> tuple[Part, ...]:
        """Its rows in the table."""
        return self.parts or (Part(self.first, self.last, "none"),)


STUDIES = (
    Study(
        first="2023-06-10",
        last="2024-03-14",
        venues="hyperliquid,drift",
        assets="BTC,ETH,SOL",
        parts=(
            Part("2023-06-10", COMPARED_UNTIL, "six"),
            Part(COMPARED_UNTIL, "2024-01-01", "two"),
            Part("2024-01-01", "2024-03-14", "two on BTC; ETH held out"),
        ),
    ),
    Study(
        first="2023-07-01",
        last="2024-01-01",
        venues="hyperliquid,binance",
        stand_ins="binance=pacifica",
        assets="BTC,ETH",
        parts=(
            Part("2023-07-01", COMPARED_UNTIL, "two"),
            Part(COMPARED_UNTIL, "2024-01-01", "two"),
        ),
    ),
    Study(
        first="2024-03-15",
        last="2024-07-01",
        venues="hyperliquid,binance",
        stand_ins="binance=pacifica",
        assets="BTC,ETH",
        parts=(Part("2024-03-15", "2024-07-01", "none; ETH held out"),),
    ),
    Study(
        first="2025-09-01",
        last="2026-06-29",
        venues="hyperliquid,binance",
        stand_ins="binance=pacifica",
        assets="BTC",
        parts=(Part("2025-09-01", "2026-01-01", "none"), Part("2026-01-01", "2026-06-29", "none; held out")),
    ),
    Study(first="2025-12-22", last="2026-01-06", venues="hyperliquid,lighter", assets="BTC,ETH,SOL,ARB,INJ,OP,WIF"),
)


def published(data: tuple[Path, ...], studies: Iterable[Study], out: Path) -> str:
    """Run the studies, their reports kept below `out`; the page."""
    made = [(study, _made(data, study, out)) for study in studies]
    rows = [row for study, answer in made for row in compared(study, answer.report)]
    own = (answer.words.replace("\n## ", "\n### ").replace("# ", "## ", 1) for _, answer in made)
    return "\n".join((HEAD, *words.table(COLUMNS, rows), "", in_short(rows), "", *own))


def _made(data: tuple[Path, ...], study: Study, out: Path) -> command.Answer:
    asked = request.asked_of(
        data=data,
        first=study.first,
        last=study.last,
        venues=study.venues,
        stand_ins=study.stand_ins,
        assets=study.assets,
        out=out,
        names_alone=True,
    )
    return command.backtest(asked)


# --- side by side --------------------------------------------------------------------------------------------

ENGINE, STATIC, NAIVE = 3, 5, 7
"""The columns with an APR."""
COLUMNS = ("stretch", "sets compared", "engine", "APR %", "static", "APR %", "naive", "APR %")


def compared(study: Study, report: Report) -> Iterator[Sequence[str]]:
    """A row for each part: net in USD and APR of the engine and the rules, over the days each may hold anything."""
    (rules,), (run,) = report["rules"], report["runs"]
    begins = {"static": report["static_from"][0][:10]}
    curves = {"engine": _whole(run, study.last), **{name: rules[name]["curve"] for name in ("static", "naive")}}
    title = f"{' and '.join(report['players'])}, {', '.join(report['assets'])}"
    for part in study.told:
        figures: list[str] = []
        for name, curve in curves.items():
            figures += _figures(curve, max(part.first, begins.get(name, part.first)), part.last, report["capital_usd"])
        yield (f"{title}, {part.first} to {part.last}", part.compared, *figures)


def in_short(rows: Sequence[Sequence[str]]) -> str:
    """On how many stretches the engine did better or worse than the rules, by APR; those with nothing to compare with
    are left out."""
    told = [[_number(row[place]) for place in (ENGINE, STATIC, NAIVE)] for row in rows]
    known = [each for each in told if not any(math.isnan(figure) for figure in each)]
    better, beaten = (sum(each[0] > each[rule] for each in known) for rule in (1, 2))
    lost, idle = sum(each[0] < 0 for each in known), sum(each[0] == 0 for each in known)
    return (
        f"By APR, of {len(known)} stretches the engine did better than static on {better} and than naive on {beaten}; "
        f"it lost money on {lost}, and on {idle} it made nothing."
    )


def _number(text: str) -> float:
    """Nothing stands for no number."""
    return math.nan if text == "-" else float(text.replace(",", ""))


def _whole(run: Report, last: str) -> Sequence[Sequence[float]]:
    """The engine's curve with its end: what is open is closed after the last sample."""
    end_s = request.day_ns(last) // 1_000_000_000 - 1
    return () if run.get("failed") else (*run["curve"], (end_s, run["net"]))


def _figures(curve: Sequence[Sequence[float]], first: str, last: str, capital_usd: float) -> tuple[str, str]:
    """Net and APR of some days; nothing where the days are over before they begin, or nothing was run."""
    begin_s, end_s = (request.day_ns(day) // 1_000_000_000 for day in (first, last))
    if begin_s >= end_s or not curve:
        return "-", "-"
    net = gained(curve, begin_s, end_s)
    return f"{net:,.2f}", f"{net / capital_usd / (end_s - begin_s) * 365 * 86_400 * 100:.2f}"


def gained(curve: Sequence[Sequence[float]], begin_s: int, end_s: int) -> float:
    """What a curve of (seconds, net, ...) gained from one moment to another; it is 0 before its first point."""
    before = [point[1] for point in curve if point[0] < begin_s]
    until = [point[1] for point in curve if point[0] < end_s]
    return (until[-1] if until else 0.0) - (before[-1] if before else 0.0)


def main(arguments: list[str]) -> None:
    """Run everything and write a page."""
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
