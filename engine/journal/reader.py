"""Reads a journal back, believing nothing: chain, order, head and schema are checked on the way.

An incomplete last line beyond the head is torn: nothing of it was performed, it is reported and may be cut.
Any other byte that is not what was written is refused, with its line and what differs.
Counterpart: `writer`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from engine.journal.errors import (
    HeadDiffers,
    HeadMissing,
    JournalMissing,
    JournalShortened,
    RecordAltered,
    RecordUnreadable,
)
from engine.journal.files import NOT_JSON, check_format, head_path, journal_path, read_head
from engine.journal.record import (
    HEAD_NAME,
    SEAL_CLOSES,
    SEAL_LENGTH,
    SEAL_OPENS,
    End,
    Head,
    Header,
    StepRecord,
    chained,
)

_decoder: msgspec.json.Decoder[Header | StepRecord | End] = msgspec.json.Decoder(Header | StepRecord | End)


class JournalReader:
    """A journal file: its header at once, its steps by iterating (once); the rest is known when that is done.

    `seq`, `bytes` and `hash` follow the last good line; `torn_bytes` is the length of an incomplete last one.
    """

    def __init__(self, path: Path, *, head_needed: bool = False, head_ignored: bool = False) -> None:
        """Open a run directory or a journal file. Raises JournalError's kinds for its header and its head.

        With `head_ignored` the length is not proven: for telling what is there, never for going on with it.
        """
        self.path = journal_path(path)
        beside = None if head_ignored else head_path(self.path)
        self.head: Head | None = read_head(beside) if beside else None
        self.line = self.seq = self.bytes = self.torn_bytes = self.seq_at_head = 0
        self.hash = b""
        self.end: End | None = None
        self._head_met = False
        self._lines = self._read_lines()
        self.header = self._read_header()
        if head_needed and self.head is None and self.path.stat().st_size > self.bytes:
            self._lines.close()
            raise HeadMissing(
                f"{self.path} has no {HEAD_NAME} beside it, so its length is not proven; "
                "restore the run directory from a copy"
            )

    def __iter__(self) -> Iterator[StepRecord]:
        """The steps in order. Raises RecordAltered, RecordUnreadable, JournalShortened or HeadDiffers."""
        for body in self._lines:
            record = self._decode(body)
            if type(record) is StepRecord:
                if record.seq != self.seq + 1:
                    raise self._altered(f"it says seq {record.seq}, {self.seq + 1} is next")
                self.seq += 1
                self._compare_head()
                yield record
            elif type(record) is End:
                self._take_end(record)
            else:
                raise self._altered("a second header")
        self._check_length()

    def exhaust(self) -> None:
        """Check everything, keep nothing. Raises as iterating does."""
        for _ in self:
            pass

    # --- lines ----------------------------------------------------------------------------------------------

    def _read_lines(self) -> Generator[bytes, None, None]:
        """The JSON of each complete line without its hash; the chain is checked."""
        with self.path.open("rb") as file:
            for line in file:
                self.line += 1
                body = line[:-SEAL_LENGTH] + b"}"
                seal = chained(self.hash, body)
                if line[-SEAL_LENGTH:] != SEAL_OPENS + seal + SEAL_CLOSES:
                    if self._is_torn(line):
                        return
                    raise self._altered(_difference(line, seal, file.readline()))
                if self.end is not None:
                    raise self._altered("a record after the end record")
                self.hash = seal
                self.bytes += len(line)
                yield body

    def _is_torn(self, line: bytes) -> bool:
        """An incomplete last line is torn when no head vouches for it. Raises JournalShortened."""
        vouched = self.head.bytes if self.head else 0
        if line.endswith(b"\n") or self.bytes < vouched <= self.bytes + len(line):
            return False
        if self.bytes < vouched:
            raise self._shortened(self.bytes)
        self.torn_bytes = len(line)
        return True

    def _decode(self, body: bytes) -> Header | StepRecord | End:
        try:
            return _decoder.decode(body)
        except NOT_JSON as error:
            raise RecordUnreadable(
                f"{self.path} line {self.line} (seq {self._place()}) is intact, but this code does not know it "
                f"({error}): a schema has changed since; read it with the code revision its header names"
            ) from error

    def _read_header(self) -> Header:
        with self.path.open("rb") as file:
            first = file.readline()
        check_format(first, str(self.path))
        body = next(self._lines, None)
        if body is None:
            if self.head is not None:
                raise self._shortened(0)
            raise JournalMissing(
                f"{self.path} was cut before its header was written, nothing was decided; "
                "remove it and start the run anew"
            )
        header = self._decode(body)
        if type(header) is not Header:
            raise self._altered("the first line is no header")
        self._compare_head()
        return header

    def _take_end(self, end: End) -> None:
        if end.records != self.seq:
            raise self._altered(f"it counts {end.records} records, {self.seq} stand before it")
        self.end = end
        self._compare_head()

    # --- head -----------------------------------------------------------------------------------------------

    def _compare_head(self) -> None:
        head = self.head
        if head is None or self.bytes != head.bytes:
            return
        self.seq_at_head = self.seq
        here = (self.seq, self.seq, self.hash.decode())
        if (head.seq, head.records, head.hash) != here:
            raise HeadDiffers(
                f"{self.path}: at byte {head.bytes} its head names record {head.seq} of {head.records} "
                f"with hash {head.hash}, there stands record {self.seq} with hash {self.hash.decode()}; "
                "the two files are not of one run, or one was altered: restore both from a copy"
            )
        self._head_met = True

    def _check_length(self) -> None:
        head = self.head
        if head is None or self._head_met:
            return
        if self.bytes < head.bytes:
            raise self._shortened(self.bytes)
        raise HeadDiffers(
            f"{self.path}: its head names byte {head.bytes}, where no line ends; "
            "the two files are not of one run, or one was altered: restore both from a copy"
        )

    def _shortened(self, found: int) -> JournalShortened:
        assert self.head is not None
        return JournalShortened(
            f"{self.path} is good for {found} bytes up to record {self.seq}, its head remembers {self.head.bytes} "
            f"bytes up to record {self.head.seq}: records are lost; restore it from a copy, "
            "or recover from what is left and the venues"
        )

    def _altered(self, what: str) -> RecordAltered:
        return RecordAltered(
            f"{self.path} line {self.line} (seq {self._place()}) is not what was written: {what}; "
            "the records before it are good: restore it from a copy, or recover from those and the venues",
            line=self.line,
            seq=self._place(),
        )

    def _place(self) -> int:
        return 0 if self.line == 1 else self.seq + 1


def _difference(line: bytes, seal: bytes, after: bytes) -> str:
    """What a line that breaks the chain has wrong, as far as the line after it can tell."""
    if not line.endswith(b"\n"):
        return "the line has no end, though the head says it was complete"
    opens, found, closes = line[-SEAL_LENGTH:-35], line[-35:-3], line[-3:]
    if opens != SEAL_OPENS or closes != SEAL_CLOSES:
        return "it does not end in its hash"
    sums = f"hash {found.decode(errors='replace')}, its bytes give {seal.decode()}"
    if _continues(after, seal):
        return f"its hash was altered, its contents were not ({sums})"
    if _continues(after, found):
        return f"its contents were altered ({sums})"
    return sums


def _continues(line: bytes, before: bytes) -> bool:
    return line[-SEAL_LENGTH:] == SEAL_OPENS + chained(before, line[:-SEAL_LENGTH] + b"}") + SEAL_CLOSES


def read(path: Path) -> JournalReader:
    """The journal of a run directory, or a lone log; a head beside it is checked, none is not missed."""
    return JournalReader(path)
