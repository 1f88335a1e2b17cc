"""Says whether a run's journal stands, all of it, and cuts a torn tail off when told to.

Counterparts: `reader`, which does the checking; recovery, which asks before it believes.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from engine.journal.files import lock_directory, sync_data
from engine.journal.reader import JournalReader


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """An intact journal in numbers. `beyond_head` counts steps written after the head was last renewed."""

    path: str
    format: int
    code: str
    mode: str
    records: int
    bytes: int
    hash: str
    beyond_head: int
    torn_bytes: int
    ended: str | None


def verify(directory: Path) -> Verification:
    """Read everything and say what stands there. Raises a JournalError that names what is wrong and where."""
    reader = JournalReader(directory, head_needed=True)
    reader.exhaust()
    return Verification(
        path=str(reader.path),
        format=reader.header.format,
        code=reader.header.code,
        mode=reader.header.mode,
        records=reader.seq,
        bytes=reader.bytes,
        hash=reader.hash.decode(),
        beyond_head=reader.seq - reader.seq_at_head,
        torn_bytes=reader.torn_bytes,
        ended=None if reader.end is None else reader.end.reason,
    )


def render_verification(found: Verification) -> str:
    """The verification in a few lines for a terminal."""
    ended = "cut off, without an end record" if found.ended is None else f"ended: {found.ended}"
    lines = [
        f"{found.path}: intact, {found.records} records, {found.bytes} bytes, hash {found.hash}",
        f"  {found.mode} run by code {found.code}, {ended}",
    ]
    if found.beyond_head:
        lines.append(f"  {found.beyond_head} records were written after the head was last renewed")
    if found.torn_bytes:
        lines.append(f"  the last line is torn: {found.torn_bytes} bytes of which nothing was performed")
    return "\n".join(lines) + "\n"


def cut_torn_tail(directory: Path) -> int:
    """Cut an incomplete last line off, durably; returns how many bytes were cut.

    Raises JournalLocked while an engine runs there, and whatever is wrong with the rest.
    """
    lock = lock_directory(directory)
    try:
        reader = JournalReader(directory, head_needed=True)
        reader.exhaust()
        if reader.torn_bytes:
            with reader.path.open("r+b") as file:
                file.truncate(reader.bytes)
                sync_data(file.fileno())
        return reader.torn_bytes
    finally:
        os.close(lock)
