"""Kills engines in real processes, with SIGKILL, and begins them again: at any commit, before, in and after it.

The venues live in this process, behind loopback sockets; one engine after the other lives in a process of its own
and shares their virtual time (`lockstep`), so that nothing waits in real time and a busy machine delays nothing.
What is left is judged as any run is: by its journal and by what the venues themselves know.
Counterpart: `mortal`, the engine's side.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import trio

from actors.domain import Venue
from engine.alarms import Alarm
from engine.clock import Clock
from engine.config import Config
from engine.determinism import fixed_scheduling
from engine.errors import UserError
from engine.fuzzing.lives import Cue
from engine.fuzzing.oracle import check_run
from engine.journal.reader import read
from engine.replay import build_core, redecide
from engine.runtime import Engine, first_of
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.simulators.transport import SimulatedVenue
from engine.view import Tally
from engine.world import build_venue
from tests.scenarios import lockstep
from tests.scenarios.harness import (
    DRIFT,
    HYPERLIQUID,
    LIGHTER,
    PACIFICA,
    Run,
    Scenario,
    account_of,
    config_of,
    market_of,
    pair_in,
)
from tests.scenarios.market import Scene
from tests.scenarios.mortal import HOWS, RUN, TOLD, TRACE, Fate, How, Kill, live
from tests.scenarios.sockets import LoopbackDoors
from tests.scenarios.test_entry import TRICKLE
from tests.scenarios.test_exit import CLOSE, KILL, REDUCED, UNHEDGED
from tests.scenarios.test_holding import FALL

COMMITS_MOST = 100_000
LATER_S = 60.0
"""A run that was killed does later what the scenario had in mind."""
DOWN_S = 5.0
"""So long after it was killed the next engine begins, in the venues' time."""
SCENES: dict[str, Scenario] = {
    "entry to exit": Scenario(),
    "never filled": Scenario(scenes=UNHEDGED),
    "swept": Scenario(scenes=(Scene(pacifica=TRICKLE),)),
    "reduced": Scenario(scenes=FALL, policy=REDUCED),
    "closed": Scenario(cues=(Cue(at_s=40.0, do=CLOSE),)),
    "closed while pending": Scenario(scenes=UNHEDGED, cues=(Cue(when=pair_in("MAKER_PENDING.resting"), do=CLOSE),)),
    "emergency": Scenario(cues=(Cue(at_s=40.0, do=KILL),)),
    "emergency while pending": Scenario(scenes=UNHEDGED, cues=(Cue(when=pair_in("MAKER_PENDING.resting"), do=KILL),)),
    "hyperliquid/lighter": Scenario(venues=(HYPERLIQUID, LIGHTER)),
    "lighter/pacifica": Scenario(venues=(LIGHTER, PACIFICA)),
    "drift/hyperliquid": Scenario(venues=(DRIFT, HYPERLIQUID)),
}
"""What the engines live through: what befalls a venue lies in its market, what a person says is said in each life."""


def _context() -> ForkServerContext:
    """Processes are forked from one that has loaded the engine and begun nothing: no start costs seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.scenarios.loaded"])
    return context


CONTEXT = _context()


class Tried(NamedTuple):
    """How many deaths were tried, and what was wrong, a line each."""

    points: int
    wrong: list[str]


class NotReached(Exception):
    """The run went another way: it ended before the moment came in which it was to be killed."""


class Remains(Engine):
    """What is known of engines that lived in other processes: their run, decided anew, and the venues."""

    def __init__(self, config: Config, directory: Path, simulated: dict[Venue, SimulatedVenue]) -> None:
        self.config, self.directory = config, directory
        reader = read(directory)
        self.core = build_core(reader.header)
        self.tally = Tally(core=self.core)
        self._doors = LoopbackDoors(config, simulated)
        for _, decision in redecide(reader, self.core):
            self.tally.watch(decision)


def survive(name: str, directory: Path, *kills: Kill) -> Run:
    """Live through these deaths and check all that must hold of any run."""
    run = perform(name, directory, *kills)
    check_run(run)
    return run


def perform(name: str, directory: Path, *kills: Kill) -> Run:
    """Live through these deaths to the end of the run."""
    directory.mkdir(parents=True)
    pace = lockstep.Pace()
    try:
        with fixed_scheduling(SCENES[name].seed):
            simulated = trio.run(partial(_perform, name, directory, kills, pace), clock=pace.clock)
    except BaseExceptionGroup as group:
        raise first_of(group) from None
    scenario = msgspec.structs.replace(SCENES[name], settled_s=SCENES[name].settled_s + LATER_S)
    remains = Remains(config_of(scenario), directory / RUN, simulated)
    return Run(scenario, directory / RUN, remains, _alarms(directory, remains))


def _alarms(directory: Path, remains: Remains) -> tuple[Alarm, ...]:
    """Those of the journal, and those that parts of the engines told."""
    kept = tuple(remains.tally.alarms)
    codes = [(alarm.code, alarm.text) for alarm in kept]
    lines = (directory / TOLD).read_bytes().splitlines() if (directory / TOLD).exists() else []
    told = (msgspec.json.decode(line, type=Alarm) for line in lines)
    return (*(alarm for alarm in told if (alarm.code, alarm.text) not in codes), *kept)


async def _perform(
    name: str, directory: Path, kills: tuple[Kill, ...], pace: lockstep.Pace
) -> dict[Venue, SimulatedVenue]:
    simulated = _venues(SCENES[name])
    stalls = [Stall(venue=venue, account=account_of(each)) for each, venue in simulated.items()]
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(serve, stalls)
        sites = {address.venue: (address.url, address.stream_url) for address in addresses}
        for kill in kills:
            code = await _live(pace, Fate(name, directory, sites, kill))
            if code == 0:
                raise NotReached(f"the run ended before its moment came: {kill}")
            assert code == -signal.SIGKILL, f"not killed ({kill}), but ended with {code}: {_trace(directory)}"
            await lockstep.alone(pace, DOWN_S)
        if not _ended(directory / RUN):
            code = await _live(pace, Fate(name, directory, sites, None))
            assert code == 0, f"ended with {code}: {_trace(directory)}"
        nursery.cancel_scope.cancel()
    return simulated


def _ended(run: Path) -> bool:
    """It was killed behind its last record: there is nothing to go on with."""
    if not run.exists():
        return False
    reader = read(run)
    reader.exhaust()
    return reader.end is not None


def _venues(scenario: Scenario) -> dict[Venue, SimulatedVenue]:
    config, market, clock = config_of(scenario), market_of(scenario), Clock(scenario.start_ns)
    plan = FaultPlan(rules=scenario.faults)
    return {
        venue: build_venue(venue, account_of(venue, scenario.seed), config, market, plan, clock.now_ns)
        for venue in config.policy.scanner.venues
    }


async def _live(pace: lockstep.Pace, fate: Fate) -> int | None:
    """One engine, from its birth to its end; the exit code of its process."""
    ours, theirs = socket.socketpair()
    process: Any = CONTEXT.Process(target=live, args=(fate, theirs))
    process.start()
    theirs.close()
    with ours:
        await lockstep.lead(pace, ours)
    process.join()
    code: int | None = process.exitcode
    process.close()
    return code


def _trace(directory: Path) -> str:
    file = directory / TRACE
    return file.read_text() if file.exists() else "it left no trace"


# --- choosing where to kill --------------------------------------------------------------------------------


def moments(run: Run) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every kind of moment of a run: where its pair stood after which row, and the words that find it in a journal."""
    seen: dict[tuple[str, str], None] = {}
    for record in run.pair_records:
        if record.row[:1].isupper() and (record.place, record.row) not in seen:
            seen[record.place, record.row] = None
            yield (
                f"{record.place} ({record.row})",
                (f'"to":"{record.to}"', f'"row":"{record.row}"', f'"place":"{record.place}"'),
            )


Tries = Iterator[tuple[str, str]]
"""What was tried, and what was wrong ("" if nothing); a moment that did not come is not among them."""


def try_moments(name: str, scratch: Path, hows: tuple[How, ...] = HOWS) -> Tries:
    """Die at every kind of moment of a scenario, in each of these ways."""
    for number, (place, words) in enumerate(moments(survive(name, scratch / "whole"))):
        for how in hows:
            yield from _try(name, scratch / f"{number}-{how}", Kill(1, how, words), place)


def try_offsets(name: str, scratch: Path, hows: tuple[How, ...] = HOWS) -> Tries:
    """Die at every commit of a scenario after its header, in one way after the other, until the run has no more."""
    missed = 0
    for commit in range(2, COMMITS_MOST):
        how = hows[commit % len(hows)]
        tried = list(_try(name, scratch / str(commit), Kill(commit, how), f"commit {commit}"))
        yield from tried
        missed = 0 if tried else missed + 1
        if missed == len(hows):
            return


def _try(name: str, directory: Path, kill: Kill, place: str) -> Tries:
    what, why = f"{name}: killed {kill.how}, at {place}", ""
    try:
        survive(name, directory, kill)
    except NotReached:
        return
    except (AssertionError, UserError) as error:
        why = f"{type(error).__name__}: {error}"
    yield what, why


def tally(tries: Tries) -> Tried:
    """Count them."""
    points, wrong = 0, []
    for what, why in tries:
        points += 1
        if why:
            wrong.append(f"{what}: {why}")
    return Tried(points, wrong)
