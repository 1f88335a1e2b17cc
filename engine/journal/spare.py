"""The spare journal: what a run writes after its own journal broke, and how the two become one again.

A spare holds the very lines that would have followed in the run's journal, in a file elsewhere, chained to the last
record that was durable there. `LastingJournal` changes over to it by itself; `mend` puts it back behind the journal.
Counterparts: `writer`, which breaks for good; `marker`, which remembers that it did; the sequencer, which opens nothing
more from then on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.journal.errors import JournalBroken, JournalError
from engine.journal.files import DISK, Disk, lock_directory, sync_data, sync_directory, write_all
from engine.journal.marker import (
    LOST_NAME,
    Marker,
    check_own,
    lift_mark,
    marker_path,
    open_own,
    refuse_known_lost,
    refuse_lost,
    set_aside_path,
    set_mark,
    stands,
)
from engine.journal.reader import JournalReader
from engine.journal.record import AnyRecord, End, chained, encode, sealed, step_record
from engine.journal.writer import JournalWriter

if TYPE_CHECKING:
    from engine.core import Decision

Tell = Callable[[str], None]


class SpareDiffers(JournalError):
    """A spare journal does not follow the journal it names."""


def spare_path(directory: Path, header_hash: str) -> Path:
    """Where the spare of a journal lies: named by the hash of its header, which no other run has."""
    return directory / f"perp2perp-spare-{header_hash}.jsonl"


class SpareWriter:
    """Appends what follows a record of another file. Raises OSError where the writer of a run raises JournalBroken."""

    def __init__(self, path: Path, seq: int, seal: bytes, disk: Disk = DISK) -> None:
        """`seq` and `seal` are the last durable record's number and hash. A spare of before is replaced."""
        self.path, self.seq = path, seq
        self._hash, self._disk = seal, disk
        self._buffer = bytearray()
        self._file = open_own(path)
        sync_directory(path.parent, disk.sync)

    def append(self, decision: Decision) -> None:
        """Take a decision into the next group."""
        self._seal(step_record(decision))
        self.seq += 1

    def commit(self) -> int:
        """Make the group durable."""
        write_all(self._file, bytes(self._buffer), self._disk.write)
        self._disk.sync(self._file)
        self._buffer.clear()
        return self.seq

    def close(self, reason: str) -> None:
        """Write the end record."""
        self._seal(End(records=self.seq, reason=reason))
        self.commit()
        os.close(self._file)

    def _seal(self, record: AnyRecord) -> None:
        body = encode(record)
        self._hash = chained(self._hash, body)
        self._buffer += sealed(body, self._hash)


class Told:
    """The last resort: nothing takes records any more, so each is a line on standard error. Never fails."""

    def append(self, decision: Decision) -> None:
        """Tell it at once."""
        self._tell(encode(step_record(decision)).decode())

    def commit(self) -> int:
        """Nothing is kept."""
        return 0

    def close(self, reason: str) -> None:
        """Tell the end."""
        self._tell(f"the run ends: {reason}")

    @staticmethod
    def _tell(line: str) -> None:
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")


class LastingJournal:
    """A run's journal that goes on in a spare when it breaks, and in words when that breaks too.

    `broken` is empty while the run's own journal stands. Once it broke, whoever performs commands may only reduce:
    that positions are closed matters more than that every record is kept, and this is the one exception to it.
    """

    def __init__(
        self,
        writer: JournalWriter,
        spare_directory: Path,
        state_directory: Path,
        tell: Tell,
        spare_disk: Disk = DISK,
    ) -> None:
        """`state_directory` takes the mark of a broken journal, which outlives the spare."""
        self.broken = ""
        self.spare: Path | None = None
        self._writer, self._tell = writer, tell
        self._spare_path = spare_path(spare_directory, writer.header_hash)
        self._state_directory, self._spare_disk = state_directory, spare_disk
        self._current: JournalWriter | SpareWriter | Told = writer
        self._uncommitted: list[Decision] = []

    def append(self, decision: Decision) -> None:
        """Take a decision into the next group."""
        self._uncommitted.append(decision)
        self._current.append(decision)

    def commit(self) -> int:
        """Make the group durable, where that is still possible; returns the last seq."""
        try:
            seq = self._current.commit()
        except (JournalBroken, OSError) as error:
            seq = self._change_over(error)
        self._uncommitted.clear()
        return seq

    def close(self, reason: str) -> None:
        """Write the end. Raises JournalBroken when nothing was told before of a journal that breaks now."""
        try:
            self._current.close(reason)
        except OSError as error:
            self._tell(f"{self.spare}: the end could not be written ({error})")

    def abandon(self) -> None:
        """Give back file and lock without an end record."""
        self._writer.abandon()

    def _change_over(self, error: Exception) -> int:
        if not self.broken:
            self.broken = str(error)
            self._tell(self.broken)
            self._mark()
            self._uncommitted = [each for each in self._uncommitted if each.envelope.seq > self._writer.durable_seq]
            self._current = self._open_spare()
        else:
            self._current = self._give_up(error)
        try:
            return self._go_on()
        except OSError as failed:
            self._current = self._give_up(failed)
            return self._go_on()

    def _go_on(self) -> int:
        """Write again what could not be made durable."""
        for decision in self._uncommitted:
            self._current.append(decision)
        return self._current.commit()

    def _give_up(self, error: Exception) -> Told:
        self._tell(f"{self.spare}: the spare journal fails too ({error}); records follow on standard error")
        self._set_aside()
        return Told()

    def _set_aside(self) -> None:
        """A spare that lacks records must not be put back as if it were whole."""
        try:
            self._spare_path.replace(set_aside_path(self._spare_path))
            sync_directory(self._spare_path.parent, sync_data)
        except OSError as failed:
            self._tell(f"{self._spare_path} lacks records and could not be set aside ({failed}); remove it by hand")

    def _mark(self) -> None:
        """Remember, before the spare is begun, that the record does not end where the journal does."""
        path = marker_path(self._state_directory, self._writer.header_hash)
        run, after = str(self._writer.path.parent.absolute()), self._writer.durable_seq
        spare, why = str(self._spare_path), self._writer.broken
        try:
            set_mark(Marker(run=run, after=after, why=why, spare=spare, marker=str(path)))
        except OSError as failed:
            self._tell(f"{path}: no mark of the broken journal can be kept ({failed}); keep the spare, do not resume")

    def _open_spare(self) -> SpareWriter | Told:
        path = self._spare_path
        try:
            spare = SpareWriter(path, self._writer.durable_seq, self._writer.durable_hash, self._spare_disk)
        except OSError as failed:
            self._tell(f"{path}: no spare journal can be begun ({failed}); records follow on standard error")
            return Told()
        self.spare = path
        self._tell(f"the record goes on in {path}; nothing more is opened, everything is closed")
        return spare


# --- putting it back ---------------------------------------------------------------------------------------


def mend(directory: Path, spare_directory: Path, state_directory: Path) -> Path | None:
    """Put the spare of a run, if there is one, behind its journal, durably; returns where it lay.

    Lifts the mark of the broken journal. May be repeated after it was cut off itself. Raises RecordsLost when the mark
    stands and the spare does not follow, SpareDiffers, and whatever is wrong with the journal.
    """
    lock = lock_directory(directory)
    try:
        reader = JournalReader(directory, head_needed=True)
        path = spare_path(spare_directory, reader.hash.decode())
        marker = marker_path(state_directory, reader.hash.decode())
        lines = _whole_lines(path)
        if not stands(marker):
            refuse_known_lost(directory)
        elif not lines:
            refuse_lost(directory, marker, path)
        if lines is None:
            return None
        if lines:
            _replace_tail(reader, _first_seq(path, lines) - 1, lines, path)
        lift_mark(directory / LOST_NAME)
        lift_mark(marker)  # before the spare goes: cut off in between, this is done again
        path.unlink()
        sync_directory(spare_directory, sync_data)
        return path
    finally:
        os.close(lock)


def _whole_lines(path: Path) -> bytes | None:
    """What a spare holds up to its last whole line; None when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SpareDiffers(f"{path} cannot be read ({error}); make it a file of this user that can be") from error
    with os.fdopen(descriptor, "rb") as file:
        try:
            check_own(os.fstat(descriptor), path)
        except PermissionError as error:
            raise SpareDiffers(str(error)) from error
        lines = file.read()
    return lines[: lines.rfind(b"\n") + 1]


def _first_seq(path: Path, lines: bytes) -> int:
    try:
        first = msgspec.json.decode(lines.split(b"\n", 1)[0])
        return int(first["seq"] if "seq" in first else first["records"] + 1)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise SpareDiffers(f"{path} is no spare journal ({error}); remove it, or restore it from a copy") from error


def _replace_tail(reader: JournalReader, last_seq: int, lines: bytes, path: Path) -> None:
    """Cut the journal after record `last_seq` and put the lines behind it."""
    for record in reader if last_seq else ():
        if record.seq == last_seq:
            break
    if reader.seq != last_seq:
        raise SpareDiffers(f"{path} goes on after record {last_seq}, the journal ends at {reader.seq}; restore a copy")
    _check_chain(reader.hash, lines, path)
    with reader.path.open("r+b") as file:
        file.truncate(reader.bytes)
        file.seek(reader.bytes)
        file.write(lines)
        file.flush()
        sync_data(file.fileno())


def _check_chain(seal: bytes, lines: bytes, path: Path) -> None:
    for number, line in enumerate(lines.splitlines(keepends=True), start=1):
        body = line[: line.rfind(b',"hash":"')] + b"}"
        seal = chained(seal, body)
        if sealed(body, seal) != line:
            raise SpareDiffers(f"{path} line {number} does not follow what stands before it; restore it from a copy")
