"""Plays a run with its venues, in which engines live one after the other, each killed where a death says.

As a process that is killed, an engine leaves behind what reached the disk and what reached the venues, nothing else;
the venues live on meanwhile. Played under a virtual clock and a seeded scheduler: the same play writes the same bytes.
Counterparts: `run`, which looks at what was played; `tests/scenarios`, which play their scenarios by this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import trio

from actors.domain import NS_PER_S, Venue
from engine.alarms import Alarm
from engine.clock import Clock
from engine.config import Config
from engine.core import Core, Decision
from engine.determinism import run_virtual
from engine.doors import PaperDoors
from engine.errors import UserError
from engine.fuzzing.disks import Disks, FullDisk
from engine.journal import DISK, Disk, mend
from engine.mailbox import Mailbox
from engine.recovery import Recovery
from engine.runtime import Engine, Stage, first_of
from engine.simulators.faults import FaultPlan
from engine.simulators.market import Market
from engine.simulators.transport import SimulatedVenue

How = Literal["before the write", "in the write", "between write and send"]
HOWS: tuple[How, ...] = get_args(How)
POLL_S = 0.01
COMMITS_MOST = 1_000_000
"""Commits of one play; more means that it goes in a circle."""

When = Callable[[Core], bool]
Do = Callable[[Stage], None]


class Killed(BaseException):
    """The process is gone."""


class Overrun(Exception):
    """A play that does not end."""


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """Do something at a time, or as soon after it as `when` holds.

    What befalls the venues does so at its time, whether an engine lives then or not (`alone`; its `do` reaches no
    mailbox); everything else waits for an engine.
    """

    do: Do
    at_s: float = 0.0
    when: When = lambda _: True
    alone: bool = False


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The engine is killed at its `commit`-th commit (the header is the first); it comes back `down_s` later.

    Of the commits only those count that come `from_s` after the start of the run or later, and hold the text `holds`.
    """

    commit: int
    how: How
    down_s: float = 5.0
    from_s: float = 0.0
    holds: str = ""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """What is played. After `end_s` a play that has not ended is given up; 0 lets it go on."""

    config: Config
    market: Market
    start_ns: int
    faults: FaultPlan = FaultPlan()
    cues: tuple[Cue, ...] = ()
    deaths: tuple[Death, ...] = ()
    disk: FullDisk | None = None
    end_s: float = 0.0


class Mortal:
    """A disk under an engine that is killed at one commit. What was performed of the commits before is performed."""

    def __init__(self, death: Death | None, now_s: Callable[[], float] = lambda: 0.0) -> None:
        """`now_s` is the time since the start of the run."""
        self._death, self._now_s = death, now_s
        self._counted = 0
        self.commits = 0

    def disk(self) -> Disk:
        """What the journal of one engine writes to."""
        return Disk(write=self._write)

    def spare(self) -> None:
        """It lived to the end of its run: nothing kills it any more."""
        self._death = None

    def _write(self, descriptor: int, data: bytes | memoryview) -> int:
        self.commits += 1
        if self.commits > COMMITS_MOST:
            raise Overrun(f"more than {COMMITS_MOST} commits")
        death = self._death
        if death is None or not self._counts(death, data):
            return DISK.write(descriptor, data)
        self._counted += 1
        if self._counted != death.commit:
            return DISK.write(descriptor, data)
        if death.how == "in the write":
            DISK.write(descriptor, memoryview(data)[: len(data) // 2])
        elif death.how == "between write and send":
            DISK.write(descriptor, data)
        raise Killed

    def _counts(self, death: Death, data: bytes | memoryview) -> bool:
        return self._now_s() >= death.from_s and death.holds.encode() in bytes(data)


class _Cast:
    """The cues of a play, done once, in whichever life of the engine their moment comes."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._done: dict[int, None] = {}

    def companions(self, cores: list[Core]) -> tuple[Callable[[Stage], Awaitable[None]], ...]:
        """For one life; `cores` will hold that engine's core."""
        return tuple(partial(self._await, number, cores) for number, cue in enumerate(self._play.cues) if not cue.alone)

    async def _await(self, number: int, cores: list[Core], stage: Stage) -> None:
        cue = self._play.cues[number]
        await stage.clock.sleep_until(self._play.start_ns + round(cue.at_s * NS_PER_S))
        while number not in self._done and not cue.when(cores[0]):  # noqa: ASYNC110 - a core tells nobody that it moved
            await trio.sleep(POLL_S)
        if number not in self._done:
            self._done[number] = None
            cue.do(stage)


class Lives:
    """A play being played: the engines that lived, the venues, and when the last engine began to live."""

    def __init__(self, play: Play, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.play = play = play if play.disk is None else _with_spare(play, directory)
        self._disks = Disks(play.disk, self._now_s)
        self.broken = ""
        """Why the last engine's own journal is not whole, if it is not."""
        self.doors = PaperDoors(play.config, play.market, play.start_ns, play.faults)
        self.deaths = 0
        self.reborn_s = 0.0
        """When, since the start of the run, the last engine began; 0 for the only one."""
        self._stopped_s = 0.0
        self._engines: list[Engine] = []
        self._cast = _Cast(play)

    @property
    def engine(self) -> Engine:
        """The one that lives, or lived last."""
        return self._engines[-1]

    @property
    def simulated(self) -> dict[Venue, SimulatedVenue]:
        """The venues."""
        return self.doors.simulated

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Those of the last engine, and what parts of earlier ones raised."""
        earlier = (alarm for engine in self._engines[:-1] for alarm in engine.tally.alarms)
        kept = tuple(self.engine.tally.alarms)
        codes = [(alarm.code, alarm.text) for alarm in kept]
        return (*(alarm for alarm in earlier if (alarm.code, alarm.text) not in codes), *kept)

    @property
    def spared_from(self) -> int:
        """The first record of the last engine that went into a spare; 0: its journal held."""
        return self._disks.spared_from

    @property
    def spares(self) -> int:
        """How often a journal broke and the record went on in a spare."""
        return self._disks.spares

    def engine_on(self, disk: Disk, recovery: Recovery | None = None) -> Engine:
        """The next life."""
        self._disks.begin()
        cores: list[Core] = []
        companions = (*self._cast.companions(cores), *((self._end,) if self.play.end_s else ()))
        engine = Engine(
            self.play.config,
            self.doors,
            self.directory,
            companions=companions,
            recovery=recovery,
            disk=self._disks.own(disk),
            spare_disk=self._disks.spare(disk),
        )
        cores.append(engine.core)
        self._engines.append(engine)
        return engine

    def perform(self) -> Engine:
        """Play it to its end; returns the last engine, finished, its journal made whole.

        Raises what recovery refuses (UserError), Overrun, and whatever an engine raised.
        """
        try:
            run_virtual(self._live, self.play.config.run.seed, None)
        except BaseExceptionGroup as group:
            first = first_of(group)
            if not isinstance(first, Overrun | UserError):
                raise
            raise first from None
        self.broken = self.engine.finish().journal_broken
        if self.broken:
            mend(self.directory, self.play.config.spare, self.play.config.state)
        return self.engine

    async def _live(self) -> None:
        async with trio.open_nursery() as nursery:
            for cue in self.play.cues:
                if cue.alone:
                    nursery.start_soon(self._befall, cue)
            await self._live_on()
            self._stopped_s = self._now_s()
            nursery.cancel_scope.cancel()

    async def _befall(self, cue: Cue) -> None:
        stage = Stage(clock=Clock(self.play.start_ns), mailbox=Mailbox(), simulated=self.simulated)
        await trio.sleep(cue.at_s)
        cue.do(stage)

    async def _live_on(self) -> None:
        recovery: Recovery | None = None
        for death in (*self.play.deaths, None):
            mortal = Mortal(death, self._now_s)
            if not await self._dies(self.engine_on(mortal.disk(), recovery)):
                mortal.spare()
                return
            assert death is not None
            self.deaths += 1
            await trio.sleep(death.down_s)
            self.reborn_s = self._now_s()
            recovery = Recovery(self.directory, self.play.config.spare, self.play.config.state)

    def _now_s(self) -> float:
        """Since the start of the run; files are also written before it and after it."""
        return trio.current_time() if trio.lowlevel.in_trio_run() else self._stopped_s

    async def _dies(self, engine: Engine) -> bool:
        try:
            await engine.main()
        except BaseExceptionGroup as group:
            if not isinstance(first_of(group), Killed):
                raise
            return True
        return False

    async def _end(self, stage: Stage) -> None:
        await stage.clock.sleep_until(self.play.start_ns + round(self.play.end_s * NS_PER_S))
        raise Overrun(f"the engine has not stopped {self.play.end_s:g} s after the start of the run")

    def watched(self, watch: Callable[[Decision, int], Any]) -> None:
        """Play an undisturbed run, telling `watch` of each decision and the number of commits so far."""
        mortal = Mortal(None)
        engine = self.engine_on(mortal.disk())
        tallied = engine.tally.watch

        def note(decision: Decision) -> None:
            tallied(decision)
            watch(decision, mortal.commits)

        engine.tally.watch = note  # type: ignore[method-assign]
        run_virtual(engine.main, self.play.config.run.seed, None)
        engine.finish()


def _with_spare(play: Play, directory: Path) -> Play:
    """Journals are synced, as a live run's are; spare and mark lie beside the run."""
    replace, config = msgspec.structs.replace, play.config
    run = replace(config.run, state_directory=str(directory.parent.absolute() / "state"))
    journal = replace(config.journal, fsync=True, spare_directory="")
    return replace(play, config=replace(config, run=run, journal=journal))
