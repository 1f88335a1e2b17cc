"""Kills the engine at a chosen commit of its journal and goes on with the run: the venues live on meanwhile.

As a process that is killed, the engine leaves behind what reached the disk and what reached the venues, nothing else.
`python -m tests.scenarios.crashes` kills it at every commit of a whole life of a pair, in three ways each, and prints a
table; the tests do so where a pair decides.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import msgspec
import trio

from engine.determinism import run_virtual
from engine.doors import PaperDoors
from engine.journal import Disk
from engine.journal.files import Write
from engine.recovery import Recovery
from engine.replay import render_replay, replay
from engine.runtime import Engine, first_of
from engine.simulators.faults import FaultPlan
from tests.scenarios.harness import DRIFT, HYPERLIQUID, LIGHTER, PACIFICA, Run, Scenario, config_of, market_of
from tests.scenarios.invariants import check_invariants

How = Literal["before the write", "in the write", "between write and send"]
HOWS: tuple[How, ...] = get_args(How)


class Killed(BaseException):
    """The process is gone."""


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The engine is killed at its `commit`-th commit (the header is the first); it comes back `down_s` later."""

    commit: int
    how: How
    down_s: float = 5.0


class _Mortal:
    """A disk under an engine that is killed at one commit. What was performed of the commits before is performed."""

    def __init__(self, death: Death | None) -> None:
        self._death = death
        self.commits = 0

    def disk(self) -> Disk:
        write: Write = self._write
        return Disk(write=write)

    def _write(self, descriptor: int, data: bytes | memoryview) -> int:
        self.commits += 1
        death = self._death
        if death is None or self.commits != death.commit:
            return _really_write(descriptor, data)
        if death.how == "in the write":
            _really_write(descriptor, memoryview(data)[: len(data) // 2])
        elif death.how == "between write and send":
            _really_write(descriptor, data)
        raise Killed


def _really_write(descriptor: int, data: bytes | memoryview) -> int:
    return Disk().write(descriptor, data)


def survive(scenario: Scenario, directory: Path, *deaths: Death) -> Run:
    """Play a scenario through these deaths, and check all that must hold of any run, of the journal as one."""
    directory.mkdir(parents=True)
    config = config_of(scenario)
    engines: list[Engine] = []

    async def lives() -> None:
        doors = PaperDoors(config, market_of(scenario), scenario.start_ns, FaultPlan(rules=scenario.faults))
        engine = Engine(config, doors, directory, disk=_Mortal(deaths[0] if deaths else None).disk())
        for number, death in enumerate(deaths, start=1):
            if not await _dies(engine):
                break
            await trio.sleep(death.down_s)
            following = deaths[number] if number < len(deaths) else None
            engine = Engine(
                config, doors, directory, recovery=Recovery(directory), disk=_Mortal(following).disk()
            )
        else:
            assert not await _dies(engine)
        engines.append(engine)

    run_virtual(lives, scenario.seed, None)
    (engine,) = engines
    engine.finish()
    report = replay(directory)
    assert report.identical, render_replay(report)
    run = Run(scenario, directory, engine)
    check_invariants(run)
    return run


async def _dies(engine: Engine) -> bool:
    try:
        await engine.main()
    except BaseExceptionGroup as group:
        if not isinstance(first_of(group), Killed):
            raise
        return True
    return False


def commits_of(scenario: Scenario, directory: Path) -> list[tuple[int, str]]:
    """Every commit of an undisturbed run, counted from the header's, with the place of the pair after it."""
    found: list[tuple[int, str]] = []
    mortal = _Mortal(None)
    directory.mkdir(parents=True)
    config = config_of(scenario)
    doors = PaperDoors(config, market_of(scenario), scenario.start_ns, FaultPlan(rules=scenario.faults))
    engine = Engine(config, doors, directory, disk=mortal.disk())
    place = ""

    async def watched() -> None:
        nonlocal place
        await engine.main()

    take = engine.tally.watch

    def watch(decision):  # type: ignore[no-untyped-def]
        take(decision)
        if decision.envelope.to.startswith("pair_position/") and decision.row[:1].isupper():
            found.append((mortal.commits, f"{decision.place} ({decision.row})"))

    engine.tally.watch = watch  # type: ignore[method-assign]
    run_virtual(watched, scenario.seed, None)
    engine.finish()
    return found


def world() -> tuple[Scenario, ...]:
    """One whole life of a pair, on each pair of venues."""
    return tuple(Scenario(venues=venues) for venues in ((HYPERLIQUID, PACIFICA), (LIGHTER, DRIFT)))


def points(scenario: Scenario, directory: Path) -> Iterator[tuple[Death, str]]:
    """Every commit in which the pair decided, in each way."""
    told: dict[int, str] = {}
    for commit, place in commits_of(scenario, directory):
        told[commit] = place
    for commit, place in told.items():
        for how in HOWS:
            yield Death(commit=commit, how=how), place


def main() -> int:
    """Kill at every point, print what came of it."""
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for scenario in world():
            for number, (death, place) in enumerate(points(scenario, Path(scratch) / f"whole-{scenario.venues[0]}")):
                name = f"{scenario.venues[0].value}-{scenario.venues[1].value} {death.commit} {death.how}: {place}"
                try:
                    run = survive(scenario, Path(scratch) / f"{scenario.venues[0]}-{number}", death)
                except AssertionError as wrong:
                    ends["WRONG"] += 1
                    sys.stdout.write(f"WRONG {name}: {wrong}\n")
                else:
                    end = run.pairs[-1].place if run.pairs else "no pair"
                    ends[end] += 1
                    sys.stdout.write(f"{end:20} {name} {','.join(run.alarm_codes())}\n")
    sys.stdout.write(f"{dict(ends)}\n")
    return 1 if ends["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
