"""Kills the engine at a chosen commit of its journal and goes on with the run: the venues live on meanwhile.

As a process that is killed, the engine leaves behind what reached the disk and what reached the venues, nothing else.
`python -m tests.scenarios.crashes` kills it wherever a pair decides, in three ways each, and prints what went wrong;
the tests try a part of that.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import msgspec
import trio

from engine.core import Core, Decision
from engine.determinism import run_virtual
from engine.doors import PaperDoors
from engine.errors import UserError
from engine.journal import DISK, Disk
from engine.recovery import Recovery
from engine.replay import render_replay, replay
from engine.runtime import Companion, Engine, Stage, first_of
from engine.simulators.faults import FaultPlan
from tests.scenarios.harness import POLL_S, Run, Scenario, config_of, market_of
from tests.scenarios.invariants import check_invariants
from tests.scenarios.market import NS_PER_S

How = Literal["before the write", "in the write", "between write and send"]
HOWS: tuple[How, ...] = get_args(How)
LATER_S = 60.0
"""A run that was killed does later what the scenario had in mind."""


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
        """What the journal of one engine writes to."""
        return Disk(write=self._write)

    def _write(self, descriptor: int, data: bytes | memoryview) -> int:
        self.commits += 1
        death = self._death
        if death is None or self.commits != death.commit:
            return DISK.write(descriptor, data)
        if death.how == "in the write":
            DISK.write(descriptor, memoryview(data)[: len(data) // 2])
        elif death.how == "between write and send":
            DISK.write(descriptor, data)
        raise Killed


class _Cast:
    """The cues of a scenario, done once, in whichever life of the engine their moment comes."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._done: dict[int, None] = {}

    def companions(self, cores: list[Core]) -> tuple[Companion, ...]:
        """For one life; `cores` will hold that engine's core."""
        return tuple(partial(self._play, number, cores) for number in range(len(self._scenario.cues)))

    async def _play(self, number: int, cores: list[Core], stage: Stage) -> None:
        cue = self._scenario.cues[number]
        await stage.clock.sleep_until(self._scenario.start_ns + round(cue.at_s * NS_PER_S))
        while number not in self._done and not cue.when(cores[0]):  # noqa: ASYNC110 - a core tells nobody that it moved
            await trio.sleep(POLL_S)
        if number not in self._done:
            self._done[number] = None
            cue.do(stage)


class _Theatre:
    """One scenario with its venues, in which engines live one after the other."""

    def __init__(self, scenario: Scenario, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.config = config_of(scenario)
        self._cast = _Cast(scenario)
        self._doors = PaperDoors(self.config, market_of(scenario), scenario.start_ns, FaultPlan(rules=scenario.faults))

    def engine(self, disk: Disk, recovery: Recovery | None = None) -> Engine:
        """The next life."""
        cores: list[Core] = []
        engine = Engine(
            self.config,
            self._doors,
            self.directory,
            companions=self._cast.companions(cores),
            recovery=recovery,
            disk=disk,
        )
        cores.append(engine.core)
        return engine


def survive(scenario: Scenario, directory: Path, *deaths: Death) -> Run:
    """Play a scenario through these deaths, and check all that must hold of any run, of the journal as one."""
    theatre = _Theatre(scenario, directory)
    engines: list[Engine] = []

    async def lives() -> None:
        recovery: Recovery | None = None
        for death in (*deaths, None):
            engine = theatre.engine(_Mortal(death).disk(), recovery)
            if not await _dies(engine):
                engines.append(engine)
                return
            assert death is not None
            await trio.sleep(death.down_s)
            recovery = Recovery(directory, theatre.config.journal.spare)

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


def moments(scenario: Scenario, directory: Path) -> dict[int, str]:
    """The commits of an undisturbed run in which the pair decided, each with where it stood after it."""
    theatre, mortal = _Theatre(scenario, directory), _Mortal(None)
    engine = theatre.engine(mortal.disk())
    found: dict[int, str] = {}
    watch = engine.tally.watch

    def note(decision: Decision) -> None:
        watch(decision)
        if decision.envelope.to.startswith("pair_position/") and decision.row[:1].isupper():
            found[mortal.commits] = f"{decision.place} ({decision.row})"

    engine.tally.watch = note  # type: ignore[method-assign]
    run_virtual(engine.main, scenario.seed, None)
    engine.finish()
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


def try_all(name: str, scenario: Scenario, scratch: Path, deaths: DeathsOf = deaths_of) -> list[str]:
    """Die at every moment of a scenario; what was wrong, a line each."""
    wrong = []
    slug = name.replace("/", "-")
    lenient = msgspec.structs.replace(scenario, settled_s=scenario.settled_s + LATER_S)
    for number, (death, place) in enumerate(deaths(lenient, scratch / slug / "whole")):
        try:
            survive(lenient, scratch / slug / str(number), death)
        except (AssertionError, UserError) as error:
            wrong.append(f"{name}: killed {death.how} of commit {death.commit}, at {place}: {error}")
    return wrong


def main() -> int:
    """Die at every moment of every scenario; print what was wrong."""
    from tests.scenarios.test_crashes import LIVES

    total = 0
    for name, scenario in LIVES.items():
        with tempfile.TemporaryDirectory() as scratch:
            wrong = try_all(name, scenario, Path(scratch))
        total += len(wrong)
        sys.stdout.write("".join(f"{line}\n" for line in (f"{name}: {len(wrong)} wrong", *wrong)))
        sys.stdout.flush()
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
