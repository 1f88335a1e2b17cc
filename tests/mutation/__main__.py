"""`python -m tests.mutation`: plant mistakes in the charts and in the code that decides, and list what nobody noticed.

`charts` takes minutes; `code` (mutmut) takes the better part of an hour the first time, and is ended by `--minutes`.
Exit 0: every mutant is caught or accepted in `EQUIVALENT.md`.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from statecharts.catalog import CATALOG
from tests.mutation.accepted import FILE, accepted
from tests.mutation.report import Outcome, report
from tests.mutation.sources import try_code
from tests.mutation.trial import Task, Verdict, try_all

ROOT = Path(__file__).resolve().parents[2]
JUDGES: dict[str, tuple[str, ...]] = {
    "pair_position": ("tests/actors/pair_position",),
    "order": ("tests/actors/pair_position",),
    "risk": ("tests/actors/risk",),
    "engine_lifecycle": ("tests/actors/test_engine_lifecycle.py",),
    "reconciler": ("tests/actors/test_reconciler.py",),
    "venue_link": ("tests/actors/test_venue_link.py",),
    "pnl_settlement": ("tests/actors/test_pnl_settlement.py",),
    "funding_scanner": ("tests/actors/test_funding_scanner.py",),
}
"""Charts that are mutated, and the tests that judge their mutants."""
SHARES = 16
"""Parts of a chart's mutants, tried by one process each, so that there is progress to see."""


def options_of(arguments: list[str]) -> Namespace:
    """What to do, by the command line."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("charts", "code", "both"), default="both")
    parser.add_argument(
        "--only", default="", help="charts: parts of mutants' names, between commas; code: mutmut's pattern"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--minutes", type=float, default=60.0, help="when to end the code's mutants")
    parser.add_argument("--quick", action="store_true", help="charts: no property tests, no exhaustive check")
    return parser.parse_args(arguments)


def scratch() -> Path:
    """Where mutmut works, outside the tree; kept, so that a second run is short."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "perp2perp" / "mutants"


def tasks(options: Namespace) -> list[Task]:
    """The charts' mutants in parts; a chart or a test that is not there is left out."""
    return [
        Task(name, tests, ROOT, share, SHARES, options.only, quick=options.quick)
        for name, tests in JUDGES.items()
        if name in CATALOG and all((ROOT / test).exists() for test in tests)
        for share in range(SHARES)
    ]


def left(verdicts: Iterable[Verdict], known: Container[str]) -> list[Verdict]:
    """Those that nothing caught and nobody has accepted."""
    return [verdict for verdict in verdicts if verdict.survived and verdict.name not in known]


def try_charts(options: Namespace) -> list[Outcome]:
    """All mutants of the charts, tried in several processes."""
    verdicts: list[Verdict] = []
    asked, known = tasks(options), accepted(FILE.read_text(encoding="utf-8"))
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        running = {pool.submit(try_all, task): task for task in asked if task.mutants()}
        for done, future in enumerate(as_completed(running), start=1):
            found = future.result()
            verdicts += found
            survived = sum(verdict.survived for verdict in verdicts)
            print(f"{done}/{len(running)}: {len(verdicts)} tried, {survived} not caught", file=sys.stderr)
            for verdict in left(found, known):
                print(f"  {verdict.name}", file=sys.stderr, flush=True)
    verdicts.sort(key=lambda verdict: verdict.name)
    return [Outcome(each.name, bool(each.caught_by), equal=each.same, note=each.note) for each in verdicts]


def try_sources(options: Namespace) -> list[Outcome]:
    """All mutants of the code, as far as the time goes."""
    tried = try_code(ROOT, scratch(), jobs=options.jobs, minutes=options.minutes, only=options.only)
    return [Outcome(each.name, not each.state, words=each.words_only, note=each.state) for each in tried]


def reported(options: Namespace) -> Iterator[bool]:
    """Whether nothing new was left, for each part asked for."""
    known = accepted(FILE.read_text(encoding="utf-8"))
    if options.what in ("charts", "both"):
        told = report("charts", try_charts(options), known)
        print(told.text)
        yield not told.new
    if options.what in ("code", "both"):
        told = report("code", try_sources(options), known)
        print(told.text)
        yield not told.new


def main(arguments: list[str]) -> int:
    """Exit code 0 when nothing new was left."""
    return 0 if all(list(reported(options_of(arguments)))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
