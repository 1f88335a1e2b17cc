"""Many runs at once, each in a process of its own: one that fails, or dies, is named and costs no other.

What comes out is in the order of the jobs, whatever their number of processes. Counterpart: `engine.backtest.one_run`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import msgspec

from actors.domain import HOUR_NS
from engine.backtest.one_run import Job, Outcome, failure, run_job

LOOK_EVERY_S = 0.25
TELL_EVERY_H = 24
"""Hours of market between two words of a run on how far it is."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is; `hours_per_s` counts from when its process was begun."""

    name: str
    hours: int
    hours_of: int
    spent_s: float
    ended: str = ""

    @property
    def left_s(self) -> float | None:
        """What it will take at the pace so far; None before anything is known."""
        return self.spent_s / self.hours * (self.hours_of - self.hours) if self.hours else None


Show = Callable[[Mapping[int, Standing]], None]


def run_all(jobs: tuple[Job, ...], processes: int, show: Show) -> tuple[Outcome, ...]:
    """Make every run, at most `processes` at a time; `show` sees those that run or have just ended, by number."""
    waiting = list(enumerate(jobs))
    running: dict[int, _Child] = {}
    outcomes: dict[int, Outcome] = {}
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                number, job = waiting.pop(0)
                running[number] = _Child(job)
            _ = wait([child.connection for child in running.values()], timeout=LOOK_EVERY_S)
            for number, child in list(running.items()):
                outcome = child.hear()
                if outcome is not None:
                    outcomes[number] = outcome
            show({number: child.standing(outcomes.get(number)) for number, child in running.items()})
            running = {number: child for number, child in running.items() if number not in outcomes}
    finally:
        for child in running.values():
            child.end()
    return tuple(outcomes[number] for number in range(len(jobs)))


class _Child:
    """One run's process and its end of the pipe."""

    def __init__(self, job: Job) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe(duplex=False)
        self._job, self._begun_s, self._hours = job, time.monotonic(), 0
        self._process: BaseProcess = context.Process(target=_in_child, args=(job, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def hear(self) -> Outcome | None:
        """What it says by now; the outcome when it has ended, one way or the other."""
        try:
            while self.connection.poll():
                said = self.connection.recv_bytes()
                if len(said) > 1 and said[:1] == b"o":
                    self._process.join()
                    return msgspec.msgpack.decode(said[1:], type=Outcome)
                self._hours = int(said[1:])
        except EOFError:
            self._process.join()
            return failure(self._job, f"its process ended with code {self._process.exitcode} and no word")
        return None

    def standing(self, outcome: Outcome | None) -> Standing:
        """How far it is."""
        span = self._job.span
        ended = "" if outcome is None else outcome.failed or "done"
        hours_of = (span.to_ns - span.from_ns) // HOUR_NS
        spent_s = time.monotonic() - self._begun_s
        return Standing(name=self._job.name, hours=self._hours, hours_of=hours_of, spent_s=spent_s, ended=ended)

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._process.terminate()
        self._process.join()


def _in_child(job: Job, connection: Connection) -> None:
    """A run in its own process and session: an interrupt is one for the whole command, not for this engine."""
    os.setsid()

    def tell(hours: int) -> None:
        if hours % TELL_EVERY_H == 0:
            connection.send_bytes(b"h%d" % hours)

    try:
        outcome = run_job(job, tell)
    except Exception as error:  # noqa: BLE001 - whatever went wrong is this run's alone, and is told by name
        outcome = failure(job, f"{type(error).__name__}: {error}")
    connection.send_bytes(b"o" + msgspec.msgpack.encode(outcome))
