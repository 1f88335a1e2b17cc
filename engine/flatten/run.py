"""A flattening as a whole: every venue at once, each in its own task, lines on standard error, a record beside it.

Counterpart: `commands`, which asks for it; `venue`, which does it.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import trio

from actors.domain import Venue
from engine.config import Config
from engine.determinism import run_real
from engine.flatten.closing import Notes
from engine.flatten.reach import NetworkReach, Reach, speed_of
from engine.flatten.record import Line, Record
from engine.flatten.report import Outcome, markdown, outcome_of, verdict
from engine.flatten.scope import Scope
from engine.flatten.venue import Errand, VenueWork

Say = Callable[[str], None]


class FlattenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. `looks`: nothing is sent and nothing recorded; `directory` None makes a new one."""

    config: Config
    scope: Scope
    looks: bool = False
    directory: Path | None = None


class Notebook:
    """Where works note what they do: the record, which there is none of for whoever looks, and the screen."""

    def __init__(self, record: Record | None, say: Say) -> None:
        self._record, self._say = record, say

    def note(self, line: Line) -> None:
        """One line of the record."""
        if self._record is not None:
            self._record.note(line)

    def tell(self, venue: Venue, words: str) -> None:
        """One line for people."""
        self._say(f"{venue.value}: {words}")


def say(words: str) -> None:
    """One line on standard error; whoever read it may have gone, which costs nothing."""
    with suppress(OSError, ValueError):
        print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def flatten(request: FlattenRequest) -> tuple[Outcome, tuple[VenueWork, ...]]:
    """Do it over the network, and write the page. Raises no operating error: what cannot be done is in the outcome."""
    config, record = request.config, None
    for note in request.scope.notes:
        say(note)
    if not request.looks:
        say("an engine on these accounts should be stopped: interrupt it twice; going on, whether it lives or not")
        parents = (Path(config.run.runs_directory), config.spare)
        record = Record(request.directory, parents, say, fsync=config.journal.fsync)
    speed = trio.run(speed_of, config, tuple(request.scope.markets))
    reach = NetworkReach(config, speed=speed, looks=request.looks)
    works = works_of(request, reach, Notebook(record, say), speed)
    with _outliving_its_terminal():
        run_real(lambda: work_through(works), speed)
    warnings = tuple(f"an engine ran meanwhile ({each}): it may open anew; stop it" for each in reach.engines)
    for warning in warnings:
        say(warning)
    return concluded(request, works, record, warnings), works


def works_of(request: FlattenRequest, reach: Reach, notes: Notes, speed: float) -> tuple[VenueWork, ...]:
    """One venue's work each; client order ids are this flattening's own."""
    return tuple(
        VenueWork(
            Errand(
                venue=venue,
                assets=assets,
                settings=request.config.flatten,
                namespace=f"flatten|{time.time_ns()}",
                everything=request.scope.everything,
                looks=request.looks,
                speed=speed,
            ),
            reach,
            notes,
        )
        for venue, assets in request.scope.markets.items()
    )


async def work_through(works: tuple[VenueWork, ...]) -> None:
    """All venues at once, to the end or to an interrupt, after which what is known is told."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_stop_at_a_signal, nursery.cancel_scope)
        async with trio.open_nursery() as venues:
            for work in works:
                venues.start_soon(work.run)
        nursery.cancel_scope.cancel()


async def _stop_at_a_signal(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            say(f"{signal.Signals(number).name}: stopped; what is left is told")
            scope.cancel()


def concluded(
    request: FlattenRequest, works: tuple[VenueWork, ...], record: Record | None, warnings: tuple[str, ...] = ()
) -> Outcome:
    """The outcome, with its page written beside the record."""
    where = "" if record is None or record.directory is None else str(record.directory)
    outcome = outcome_of(works, looks=request.looks, directory=where)
    if record is not None:
        record.note(Line(what="over", words=verdict(outcome)))
        record.page(markdown(outcome, (*request.scope.notes, *warnings)))
        record.close()
    return outcome


@contextmanager
def _outliving_its_terminal() -> Iterator[None]:
    """A terminal that is closed must not leave positions half closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
