"""Reads a run's journal into the ledger, also one that was cut off: up to its last good record, and says so.

Counterparts: `engine.journal.reader`, which checks every byte; `command` and `engine.exports`, which ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import localcontext
from pathlib import Path

from actors.pair_position.state import PairPosition
from actors.roles import role_name
from engine.journal.errors import JournalError
from engine.journal.reader import JournalReader
from engine.journal.record import StepRecord, decode_states
from engine.ledger.entry import WIDE, Booking
from engine.ledger.explained import Explained, explain
from engine.ledger.fold import Ledger
from engine.ledger.totals import Totals

Shown = Callable[[float], None]
"""Hears how much of the journal has been read, 0 to 1."""
SHOW_EVERY = 5_000


class Reading:
    """One pass over a journal. Iterate once; `notes` says afterwards what a reader must know of its end.

    `is_damaged`: it holds, or may hold, less than was written; a run that was merely cut off is not.
    """

    def __init__(self, path: Path, shown: Shown | None = None) -> None:
        """Open a run directory or a journal file. Raises JournalError's kinds when not even its header is good."""
        self.notes: list[str] = []
        self.is_damaged = False
        self._reader = self._opened(path)
        self._shown = shown
        header = self._reader.header
        start = {actor: raw for actor, raw in header.start.items() if role_name(actor) == "pair_position"}
        pairs = decode_states(start, dict.fromkeys(start, PairPosition))
        self.ledger = Ledger(header.policy, (pair for pair in pairs if isinstance(pair, PairPosition)))
        self.last_seq = self.last_ns = 0
        self._size = max(1, self._reader.path.stat().st_size)

    def _opened(self, path: Path) -> JournalReader:
        try:
            return JournalReader(path)
        except JournalError as error:
            reader = JournalReader(path, head_ignored=True)
            self.is_damaged = True
            self.notes.append(f"its length is not proven: {error}")
            return reader

    def __iter__(self) -> Iterator[tuple[StepRecord, Booking]]:
        """Each good record and what it brought."""
        for record in self.records():
            yield record, self.ledger.take(record)

    def records(self) -> Iterator[StepRecord]:
        """Each good record, which the ledger is still to take: until then it stands as it did before."""
        try:
            for record in self._reader:
                self.last_seq, self.last_ns = record.seq, record.at_ns
                yield record
                if self._shown is not None and record.seq % SHOW_EVERY == 0:
                    self._shown(self._reader.bytes / self._size)
        except JournalError as error:
            self.is_damaged = True
            self.notes.append(f"read up to its last good record ({self.last_seq}): {error}")
            return
        self.notes.extend(self._ending())

    def _ending(self) -> Iterator[str]:
        if self._reader.torn_bytes:
            yield f"the last line is torn ({self._reader.torn_bytes} bytes) and was left out"
        if self._reader.end is None:
            yield f"the run has no end: it was cut off after record {self.last_seq}, or still goes on"

    @property
    def closed(self) -> tuple[Explained, ...]:
        """Every pair that traded and has closed, in order: expected against realised."""
        return explained(self.ledger)


def explained(ledger: Ledger) -> tuple[Explained, ...]:
    """Every pair that traded and has closed, in the order in which they came."""
    with localcontext(WIDE):
        return tuple(
            explain(pair, ledger.accounts[name])
            for name, pair in ledger.shadow.pairs.items()
            if pair.place.startswith("CLOSED") and any(leg.traded_usd for leg in pair.legs)
        )


def read_ledger(path: Path, shown: Shown | None = None) -> tuple[Reading, Totals]:
    """A run's ledger and its totals, read to the end."""
    reading, totals = Reading(path, shown), Totals()
    for _, booking in reading:
        totals.add(booking.entries)
    totals.add(reading.ledger.finished())
    return reading, totals
