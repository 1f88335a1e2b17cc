"""What a flattening did, in a directory of its own: `flatten.jsonl`, a line a step, and `flatten.md` for people.

An order's intent is on the disk before it leaves. A disk that fails is told, and the record goes on in the spare
directory or not at all: that positions are closed matters more. It shares with `engine.journal` how bytes reach a disk,
and nothing else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import Venue
from engine.journal.files import DISK, Disk, no_sync, sync_directory, write_all

NAME, PAGE = "flatten.jsonl", "flatten.md"
DIRECTORIES_MOST = 100
What = Literal["begun", "reached", "lost", "position", "cancelling", "cancelled", "intent", "outcome", "over"]


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step. `size` in base units: the position told (signed), or what was filled; `at_ns`: this machine's time."""

    what: What
    at_ns: int = 0
    venue: Venue | None = None
    asset: str = ""
    words: str = ""
    order: SubmitOrder | None = None
    order_id: str = ""
    size: Decimal | None = None


class Record:
    """Takes lines for as long as a disk takes them. Never raises for a disk."""

    def __init__(
        self,
        wanted: Path | None,
        otherwise: tuple[Path, ...],
        complain: Callable[[str], None],
        *,
        fsync: bool = True,
        disk: Disk = DISK,
    ) -> None:
        """Begin in `wanted`, where it is given, or in a new directory below the first of `otherwise` that takes one."""
        self.directory: Path | None = None
        self._complain, self._disk = complain, disk
        self._sync = disk.sync if fsync else no_sync
        self._lines: list[bytes] = []
        self._file = -1
        stem = f"flatten-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        self._places = [wanted] if wanted is not None else []
        self._places += [parent / stem for parent in otherwise]
        self._move()

    def note(self, line: Line) -> None:
        """Durable when it returns, unless the disk failed, which was told then."""
        text = msgspec.json.encode(msgspec.structs.replace(line, at_ns=time.time_ns())) + b"\n"
        self._lines.append(text)
        if self._file >= 0 and not self._wrote(text):
            self._move()

    def page(self, text: str) -> None:
        """Write the page for people."""
        if self.directory is None:
            return
        try:
            (self.directory / PAGE).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            self._complain(f"{self.directory / PAGE} could not be written ({error}); it stands above")

    def close(self) -> None:
        """Give the file back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _move(self) -> None:
        """Begin in the next place, with all that was noted so far; without a place, go on without a record."""
        self.close()
        while self._places:
            try:
                self._begin(self._places.pop(0))
            except OSError as error:
                self._complain(f"no record can be kept there ({error})")
                continue
            if self._wrote(b"".join(self._lines)):
                return
            self.close()
        self.directory = None
        self._complain("going on without a record: reducing matters more")

    def _begin(self, wanted: Path) -> None:
        directory = _made(wanted)
        self._file = os.open(directory / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self.directory = directory
        sync_directory(directory, self._sync)

    def _wrote(self, text: bytes) -> bool:
        try:
            if text:
                write_all(self._file, text, self._disk.write)
                self._sync(self._file)
        except OSError as error:
            self._complain(f"{self.directory} takes no record any more ({error})")
            return False
        return True


def _made(wanted: Path) -> Path:
    """The directory, or one beside it where there is a record already. Raises OSError."""
    for number in range(DIRECTORIES_MOST):
        directory = wanted if not number else wanted.with_name(f"{wanted.name}-{number}")
        directory.mkdir(parents=True, exist_ok=True)
        if not (directory / NAME).exists():
            return directory
    raise FileExistsError(f"{wanted}: too many records there")
