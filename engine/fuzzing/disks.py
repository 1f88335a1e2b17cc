"""A disk under a run's journal that takes nothing more from some time on, and the spare that the record goes on in.

The spare lies on another disk, which holds. Once it was put back there is room again. Counterparts: `lives`, which
plays it; `journals`, which judges what then has to hold; `engine.journal.spare`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from engine.journal import DISK, Disk

At = Literal["write", "sync"]
ATS: tuple[At, ...] = get_args(At)
_SEQ = re.compile(rb'"seq":(\d+)')


class FullDisk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From `from_s` after the start on, each write to the journal's disk fails, or each sync."""

    from_s: float
    at: At = "write"


class Disks:
    """The two disks of one play, under whatever else befalls their writes."""

    def __init__(self, full: FullDisk | None, now_s: Callable[[], float]) -> None:
        """`now_s` is the time since the start of the run."""
        self._full, self._now_s = full, now_s
        self.spared_from = 0
        """The first record of the latest life that went into the spare; 0: its journal held."""
        self.spares = 0
        """How many spares were begun."""

    def begin(self) -> None:
        """Another life begins: what was in the spare was put back, so there is room."""
        if self.spared_from:
            self._full, self.spared_from = None, 0

    def own(self, inner: Disk) -> Disk:
        """What the run's journal writes to."""
        return Disk(write=lambda file, data: self._write(inner, file, data), sync=self._sync)

    def spare(self, inner: Disk) -> Disk:
        """What its spare writes to. Its first group gets there whatever befalls: without it nobody could go on."""
        return Disk(write=lambda file, data: self._write_spare(inner, file, data))

    def _fails(self, at: At) -> bool:
        return self._full is not None and self._full.at == at and self._now_s() >= self._full.from_s

    def _write(self, inner: Disk, file: int, data: bytes | memoryview) -> int:
        if self._fails("write"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return inner.write(file, data)

    def _sync(self, _: int) -> None:
        if self._fails("sync"):
            raise OSError(errno.EIO, "Input/output error")

    def _write_spare(self, inner: Disk, file: int, data: bytes | memoryview) -> int:
        if self.spared_from:
            return inner.write(file, data)
        first = _SEQ.search(bytes(data))
        assert first is not None, "a spare begins with a record"
        self.spared_from, self.spares = int(first[1]), self.spares + 1
        return DISK.write(file, data)
