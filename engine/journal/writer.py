"""Appends decisions to the journal and makes them durable in groups.

`append` seals a line in memory, `commit` writes and syncs all of them as one; the sequencer lets no command
leave before the commit of its record has returned. After a failed write or sync the journal is broken for good:
what the disk holds is then unknown, and a sync that is tried again may report success for data that was lost.
Counterpart: `reader`. Blocking on purpose: one fdatasync costs less than handing it to a thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.journal.errors import JournalBroken, JournalEnded, JournalError, JournalExists, TornTail
from engine.journal.files import (
    DISK,
    Disk,
    lock_directory,
    no_sync,
    sync_directory,
    write_all,
    write_head,
)
from engine.journal.reader import JournalReader
from engine.journal.record import (
    FORMAT,
    HEAD_NAME,
    JOURNAL_NAME,
    AnyRecord,
    End,
    Head,
    Header,
    chained,
    encode,
    sealed,
    step_record,
)

if TYPE_CHECKING:
    from engine.core import Decision

HEAD_EVERY_S = 0.2
"""Least time between two renewals of the head file; it is also renewed when the journal is closed."""
BATCH_RECORDS_MOST = 100_000
"""Records that may wait for one commit; more means that nobody commits."""


class JournalWriter:
    """One run's journal, open for appending. `durable_seq` is the last record that is on the disk, `durable_hash` its
    hash, `header_hash` that of the header, by which a run is known.

    `fsync=False` is for simulations. `head_every_s=0` renews the head at every commit. `disk` and `monotonic`
    are the system's unless a test brings its own.
    """

    def __init__(
        self,
        directory: Path,
        header: Header,
        *,
        fsync: bool = True,
        head_every_s: float = HEAD_EVERY_S,
        disk: Disk = DISK,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the directory and the journal in it, with its header durable.

        Raises JournalLocked, JournalExists, or JournalBroken when the disk takes no header.
        """
        self._prepare(directory, fsync, head_every_s, disk, monotonic)
        self.header = header
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = lock_directory(directory)
        try:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except FileExistsError as error:
            os.close(self._lock)
            raise JournalExists(
                f"{self.path} exists; resume that run, or start a new one in an empty directory"
            ) from error
        self._seal(header)
        self.header_hash = self.hash.decode()
        self._flush()
        self._renew_head(lasting=True)

    @classmethod
    def resume(
        cls,
        directory: Path,
        *,
        fsync: bool = True,
        head_every_s: float = HEAD_EVERY_S,
        disk: Disk = DISK,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> JournalWriter:
        """Continue a run that was cut off, after its last record. Replay it first: that rebuilds the states.

        Raises JournalLocked, TornTail, JournalEnded, or whatever the reader finds wrong.
        """
        self = cls.__new__(cls)
        self._prepare(directory, fsync, head_every_s, disk, monotonic)
        self._lock = lock_directory(directory)
        try:
            self._take_over(JournalReader(self.path, head_needed=True))
        except BaseException:
            os.close(self._lock)
            raise
        self._flush()
        self._renew_head(lasting=True)
        return self

    def _prepare(
        self,
        directory: Path,
        fsync: bool,
        head_every_s: float,
        disk: Disk,
        monotonic: Callable[[], float],
    ) -> None:
        self.path = directory / JOURNAL_NAME
        self.seq = self.durable_seq = 0
        self.bytes = 0
        self.hash = self.durable_hash = b""
        self.header_hash = ""
        self.broken = ""
        self._directory = directory
        self._head_path = directory / HEAD_NAME
        self._head_every_s = head_every_s
        self._head_written_s = monotonic()
        self._write = disk.write
        self._sync = disk.sync if fsync else no_sync
        self._monotonic = monotonic
        self._buffer = bytearray()
        self._open = True

    def _take_over(self, reader: JournalReader) -> None:
        self.header_hash = reader.hash.decode()
        reader.exhaust()
        if reader.torn_bytes:
            raise TornTail(
                f"{self.path} ends in an incomplete line of {reader.torn_bytes} bytes, of which nothing was "
                "performed; cut it with cut_torn_tail, then resume"
            )
        if reader.end is not None:
            raise JournalEnded(f"{self.path} has ended ({reader.end.reason}); start a new run in an empty directory")
        self.header = reader.header
        self.seq, self.bytes, self.hash = reader.seq, reader.bytes, reader.hash
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)

    # --- appending ------------------------------------------------------------------------------------------

    def append(self, decision: Decision) -> None:
        """Take a decision into the next group. Raises JournalBroken; JournalError when its seq is not next."""
        seq = self.seq + 1
        if not self._open:
            raise self._refusal()
        if decision.envelope.seq != seq:
            raise JournalError(f"record {decision.envelope.seq} came where {seq} is next; append in order")
        if seq - self.durable_seq > BATCH_RECORDS_MOST:
            raise JournalError(f"{BATCH_RECORDS_MOST} records wait for a commit; commit after each batch")
        self._seal(step_record(decision))
        self.seq = seq

    def commit(self) -> int:
        """Write and sync all that was appended, as one group; returns the last durable seq.

        Raises JournalBroken, at the first failure and ever after.
        """
        if not self._open:
            raise self._refusal()
        if self._buffer:
            self._flush()
            if self._monotonic() - self._head_written_s >= self._head_every_s:
                self._renew_head()
        return self.durable_seq

    def close(self, reason: str) -> None:
        """Commit, write the end record and the head, and give back the lock. Raises JournalBroken."""
        if not self._open:
            raise self._refusal()
        self._seal(End(records=self.seq, reason=reason))
        self._flush()
        self._renew_head(lasting=True)
        self.abandon()

    def abandon(self) -> None:
        """Give back file and lock without an end record; what was not committed is gone. May be repeated."""
        if self._open:
            self._open = False
            self._release()

    def _seal(self, record: AnyRecord) -> None:
        body = encode(record)
        self.hash = chained(self.hash, body)
        self._buffer += sealed(body, self.hash)

    # --- the disk -------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        try:
            write_all(self._file, bytes(self._buffer), self._write)
            self._sync(self._file)
        except OSError as error:
            raise self._break(error) from error
        self.bytes += len(self._buffer)
        self._buffer.clear()
        self.durable_seq, self.durable_hash = self.seq, self.hash

    def _renew_head(self, *, lasting: bool = False) -> None:
        """Replace the head; `lasting` also makes its name durable (without it a crash may bring the old one back)."""
        head = Head(format=FORMAT, seq=self.seq, hash=self.hash.decode(), records=self.seq, bytes=self.bytes)
        try:
            write_head(self._head_path, head, self._sync)
            if lasting:
                sync_directory(self._directory, self._sync)
        except OSError as error:
            raise self._break(error) from error
        self._head_written_s = self._monotonic()

    def _break(self, error: OSError) -> JournalBroken:
        self.broken = f"{type(error).__name__}: {error}"
        self._buffer.clear()
        self.abandon()
        return JournalBroken(self._why_broken())

    def _release(self) -> None:
        for descriptor in (self._file, self._lock):
            os.close(descriptor)

    def _refusal(self) -> JournalError:
        if not self.broken:
            return JournalEnded(f"{self.path} is closed; start a new run in an empty directory")
        return JournalBroken(self._why_broken())

    def _why_broken(self) -> str:
        return (
            f"{self.path} could not be written after record {self.durable_seq} ({self.broken}) and takes "
            "nothing more; reduce what is open, mend the disk, then recover from the journal"
        )
