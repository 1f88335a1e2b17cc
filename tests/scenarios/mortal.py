"""An engine in a process of its own that kills itself, with SIGKILL, at a chosen commit of its journal.

It reaches its venues over loopback sockets and follows the virtual time of the process that serves them. Nothing in
the engine knows of it: the journal gets a disk that counts, and sent bytes pass a gate. Counterpart: `killed`, which
serves the venues and judges what is left.
"""

from __future__ import annotations

import os
import signal
import socket
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec
import trio

from actors.domain import NS_PER_S, Venue
from engine.alarms import Alarm
from engine.config import Config
from engine.core import Core
from engine.determinism import fixed_scheduling
from engine.fuzzing.lives import Cue
from engine.journal import DISK, Disk
from engine.recovery import Recovery
from engine.runtime import Engine, Stage
from tests.scenarios import lockstep
from tests.scenarios.harness import Scenario, config_of
from tests.scenarios.sockets import LoopbackDoors, sandbox, section

How = Literal[
    "before the write",
    "in the write",
    "between write and sync",
    "between sync and send",
    "in the send",
    "after the send",
]
HOWS: tuple[How, ...] = get_args(How)
RUN, TOLD, TRACE = "run", "told.jsonl", "trace.txt"
"""What an engine leaves in its directory: the run, the alarms it told, what it failed with."""
PATIENCE_S = 240
"""Real seconds after which an engine that neither ends nor is killed is ended by its alarm clock."""
POLL_S = 0.25


class Kill(NamedTuple):
    """Die at the `commit`-th commit of this process that has a record with all these words (none: any commit)."""

    commit: int
    how: How
    words: tuple[str, ...] = ()


class Fate(NamedTuple):
    """What one engine is given: its scenario by name, where it lives, its venues' addresses, and its death."""

    scenario: str
    directory: Path
    sites: dict[str, tuple[str, str]]
    kill: Kill | None


class Blade:
    """A disk that kills the process at a commit, and a gate that does so when what is sent next left, or half of it.

    What is sent is mostly what that commit commanded; where it commanded nothing, whatever comes next.
    """

    def __init__(self, kill: Kill | None) -> None:
        self._kill = kill
        self._counted = 0
        self._drawn = False

    def disk(self) -> Disk:
        """What the journal writes to."""
        return Disk(write=self._write, sync=self._sync)

    def guard_sending(self) -> None:
        """All that leaves this process by a socket passes the gate, from now on."""
        send_all = trio.SocketStream.send_all

        async def gate(stream: trio.SocketStream, data: bytes | bytearray | memoryview) -> None:
            await send_all(stream, data)
            self._strike("in the send")
            if not _awaits_body(bytes(data)):
                self._strike("after the send")

        trio.SocketStream.send_all = gate  # type: ignore[method-assign]

    def _write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self._kill is None or self._drawn or not self._counts(self._kill.words, bytes(data)):
            return DISK.write(descriptor, data)
        self._counted += 1
        self._drawn = self._counted == self._kill.commit
        self._strike("before the write")
        if self._drawn and self._kill.how == "in the write":
            DISK.write(descriptor, memoryview(data)[: len(data) // 2])
        self._strike("in the write")
        return DISK.write(descriptor, data)

    def _sync(self, descriptor: int) -> None:
        self._strike("between write and sync")
        DISK.sync(descriptor)
        self._strike("between sync and send")

    def _counts(self, words: tuple[str, ...], data: bytes) -> bool:
        return any(all(word.encode() in line for word in words) for line in data.splitlines())

    def _strike(self, how: How) -> None:
        if self._drawn and self._kill is not None and self._kill.how == how:
            os.kill(os.getpid(), signal.SIGKILL)


def _awaits_body(data: bytes) -> bool:
    """The head of a request whose body is sent next."""
    return data.startswith(b"POST ") and data.endswith(b"\r\n\r\n")


def live(fate: Fate, leader: socket.socket) -> None:
    """The whole life of the process."""
    signal.alarm(PATIENCE_S)
    try:
        _live(fate, leader)
    except BaseException:
        (fate.directory / TRACE).write_text(traceback.format_exc())
        raise


def _live(fate: Fate, leader: socket.socket) -> None:
    from tests.scenarios.killed import SCENES

    pace, blade = lockstep.Pace(), Blade(fate.kill)
    scenario = SCENES[fate.scenario]
    engine = _engine(fate, scenario, config_over(fate, scenario), blade)
    blade.guard_sending()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lockstep.follow, pace, leader)
            await engine.main()
            nursery.cancel_scope.cancel()

    with fixed_scheduling(scenario.seed):
        trio.run(main, clock=pace.clock)
    engine.finish()


def config_over(fate: Fate, scenario: Scenario) -> Config:
    """The scenario's profile over these sockets, with a journal that syncs as a live run's does."""
    where = {Venue(venue): section(*urls) for venue, urls in fate.sites.items()}
    config = sandbox(config_of(scenario), where, fate.directory)
    return msgspec.structs.replace(config, journal=msgspec.structs.replace(config.journal, fsync=True))


def _engine(fate: Fate, scenario: Scenario, config: Config, blade: Blade) -> Engine:
    """The next engine of the run: it goes on with what lies there."""
    run = fate.directory / RUN
    recovery = Recovery(run, config.spare, config.state) if run.exists() else None
    cores: list[Core] = []
    engine = Engine(
        config,
        LoopbackDoors(config, {}, resuming=recovery is not None),
        run,
        companions=tuple(partial(_await, cue, scenario.start_ns, cores) for cue in scenario.cues),
        told=_tells(fate.directory / TOLD),
        recovery=recovery,
        disk=blade.disk(),
    )
    cores.append(engine.core)
    return engine


async def _await(cue: Cue, start_ns: int, cores: list[Core], stage: Stage) -> None:
    """Do it in this life too: who was not answered says it once more."""
    await stage.clock.sleep_until(start_ns + round(cue.at_s * NS_PER_S))
    while not cue.when(cores[0]):  # noqa: ASYNC110 - a core tells nobody that it moved
        await trio.sleep(POLL_S)
    cue.do(stage)


def _tells(path: Path) -> Callable[[Alarm], None]:
    def tell(alarm: Alarm) -> None:
        with path.open("ab") as file:
            file.write(msgspec.json.encode(alarm) + b"\n")

    return tell
