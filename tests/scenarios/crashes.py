"""Kills the engine at a chosen commit of its journal and goes on with the run: the venues live on meanwhile.

As a process that is killed, the engine leaves behind what reached the disk and what reached the venues, nothing else.
`python -m tests.scenarios.crashes` kills it wherever a pair decides, in three ways each, and prints what went wrong;
with `--processes` it does so to real processes (`killed`). The tests try a part of both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from engine.core import Decision
from engine.errors import UserError
from engine.fuzzing.lives import HOWS, Death, Lives
from engine.fuzzing.oracle import check_run
from engine.journal.record import JOURNAL_NAME
from tests.scenarios import killed
from tests.scenarios.harness import Run, Scenario, staged
from tests.scenarios.killed import LATER_S, Tried

WHOLE = "whole"
"""The directory of the undisturbed run, beside those of the runs that die."""


def survive(scenario: Scenario, directory: Path, *deaths: Death) -> Run:
    """Play a scenario through these deaths, and check all that must hold of any run, of the journal as one."""
    lives = Lives(staged(scenario, *deaths), directory)
    run = Run(scenario, directory, lives.perform(), lives.alarms)
    assert lives.deaths == len(deaths), f"it died {lives.deaths} times of {len(deaths)}: {_unlike_the_whole(directory)}"
    check_run(run)
    return run


def _unlike_the_whole(directory: Path) -> str:
    """Where a run that did not die began to differ from the undisturbed one: the same play writes the same bytes."""
    files = [beside / JOURNAL_NAME for beside in (directory.parent / WHOLE, directory)]
    if not all(file.is_file() for file in files):
        return "there is no undisturbed run to compare it with"
    whole, this = (file.read_text().splitlines() for file in files)
    for number, (one, other) in enumerate(zip(whole, this, strict=False), start=1):
        if one != other:
            return f"line {number} differs from the undisturbed run's\n  {one[:400]}\n  {other[:400]}"
    return f"the undisturbed run has {len(whole)} lines, this one {len(this)}, the same as far as both go"


def moments(scenario: Scenario, directory: Path) -> dict[int, str]:
    """The commits of an undisturbed run in which the pair decided, each with where it stood after it."""
    found: dict[int, str] = {}

    def note(decision: Decision, commits: int) -> None:
        if decision.envelope.to.startswith("pair_position/") and decision.row[:1].isupper():
            found[commits] = f"{decision.place} ({decision.row})"

    Lives(staged(scenario), directory).watched(note)
    assert found, "the pair decided nothing: nothing would be tried"
    return found


def deaths_of(scenario: Scenario, directory: Path) -> Iterator[tuple[Death, str]]:
    """Every commit in which the pair decided, in each way."""
    for commit, place in moments(scenario, directory).items():
        for how in HOWS:
            yield Death(commit=commit, how=how), place


def some_deaths_of(scenario: Scenario, directory: Path) -> Iterator[tuple[Death, str]]:
    """Every commit in which the pair decided, in one way after the other."""
    for number, (commit, place) in enumerate(moments(scenario, directory).items()):
        yield Death(commit=commit, how=HOWS[number % len(HOWS)]), place


DeathsOf = Callable[[Scenario, Path], Iterator[tuple[Death, str]]]


def try_all(name: str, scenario: Scenario, scratch: Path, deaths: DeathsOf = deaths_of) -> Tried:
    """Die at every moment of a scenario."""
    wrong, points = [], 0
    slug = name.replace("/", "-")
    lenient = msgspec.structs.replace(scenario, settled_s=scenario.settled_s + LATER_S)
    for number, (death, place) in enumerate(deaths(lenient, scratch / slug / WHOLE)):
        points += 1
        try:
            survive(lenient, scratch / slug / str(number), death)
        except (AssertionError, UserError) as error:
            wrong.append(f"{name}: killed {death.how} of commit {death.commit}, at {place}: {error}")
    return Tried(points, wrong)


def try_in_memory() -> Iterator[Tried]:
    """Die at every moment of every scenario, in this process."""
    from tests.scenarios.test_crashes import LIVES

    for name, scenario in LIVES.items():
        with tempfile.TemporaryDirectory() as scratch:
            yield _said(name, try_all(name, scenario, Path(scratch)))


def try_in_processes(names: list[str], points_most: int, *, offsets: bool) -> Iterator[Tried]:
    """Die at every kind of moment of these scenes (none: all), or at every offset of their journals, by SIGKILL."""
    for name in names or killed.SCENES:
        with tempfile.TemporaryDirectory() as scratch:
            tries = (killed.try_offsets if offsets else killed.try_moments)(name, Path(scratch))
            yield _said(name, killed.tally(islice(_shown(tries), points_most or None)))


def _shown(tries: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for number, (what, why) in enumerate(tries, start=1):
        sys.stderr.write(f"{number} {what}: {'WRONG' if why else 'right'}\n")
        yield what, why


def _said(name: str, tried: Tried) -> Tried:
    lines = (f"{name}: {tried.points} points, {len(tried.wrong)} wrong", *tried.wrong)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
    return tried


def main(arguments: list[str] | None = None) -> int:
    """Die at every moment of every scenario; print what was wrong."""
    asked = _parser().parse_args(arguments)
    processes = asked.processes or asked.offsets
    tries = try_in_processes(asked.scenes, asked.points, offsets=asked.offsets) if processes else try_in_memory()
    tried = list(tries)
    points, wrong = sum(each.points for each in tried), sum(len(each.wrong) for each in tried)
    sys.stdout.write(f"{points} points, {wrong} wrong\n")
    return 1 if wrong or not points else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.crashes", description=main.__doc__)
    parser.add_argument("--processes", action="store_true", help="real processes over sockets, killed with SIGKILL")
    parser.add_argument("--offsets", action="store_true", help="the same, at every offset of the journal")
    parser.add_argument("--points", type=int, default=0, help="so many points of each scene at most (0: all)")
    parser.add_argument("scenes", nargs="*", help="of `killed.SCENES` (none: all), with --processes or --offsets")
    return parser


if __name__ == "__main__":
    sys.exit(main())
