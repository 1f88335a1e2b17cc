"""The files of a run directory: where they are, the lock on the directory, and the head file.

Counterparts: `writer` and `reader`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.journal.errors import FormatDiffers, HeadDiffers, JournalLocked, JournalMissing
from engine.journal.record import FORMAT, HEAD_NAME, JOURNAL_NAME, Head

Sync = Callable[[int], None]
Write = Callable[[int, bytes | memoryview], int]

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError)
"""What the decoder raises for bytes that are not the JSON of the wanted type."""

_head_decoder = msgspec.json.Decoder(Head)


class Probe(msgspec.Struct):
    """The part that is read before anything is believed: the format version."""

    format: int


_probe_decoder = msgspec.json.Decoder(Probe)


def sync_data(descriptor: int) -> None:
    """Make what was written to the file durable, with the length it needs to be found again."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """How bytes reach the disk: the system's write and sync, unless a test brings a disk that is full or fails."""

    write: Write = os.write
    sync: Sync = sync_data


DISK = Disk()


def no_sync(_: int) -> None:
    """For runs whose record need not outlive the machine: tests and simulations."""


def sync_directory(directory: Path, sync: Sync) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def lock_directory(directory: Path) -> int:
    """Take the advisory lock on a directory; closing the returned descriptor gives it back.

    Raises JournalLocked when another engine (or another writer in this process) holds it.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise JournalLocked(
            f"{directory} is held by another engine; stop that one, or run in another directory"
        ) from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def journal_path(path: Path) -> Path:
    """The journal file of a run directory, or the path itself when it is a file. Raises JournalMissing."""
    file = path / JOURNAL_NAME if path.is_dir() else path
    if not file.is_file():
        raise JournalMissing(f"{file} does not exist; name a run directory or a journal file")
    return file


def head_path(journal: Path) -> Path | None:
    """Where the head of that journal stands; a lone log under another name has none."""
    return journal.with_name(HEAD_NAME) if journal.name == JOURNAL_NAME else None


def check_format(data: bytes, what: str) -> None:
    """Raise FormatDiffers when `data` names another format version; the rest is left to stricter readers."""
    try:
        found = _probe_decoder.decode(data).format
    except NOT_JSON:
        return
    if found != FORMAT:
        raise FormatDiffers(
            f"{what} is of journal format {found}, this code reads format {FORMAT}; "
            "read it with the release that wrote it, or start a new run in an empty directory"
        )


def read_head(path: Path) -> Head | None:
    """The head file, None when there is none. Raises FormatDiffers or HeadDiffers."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    check_format(data, str(path))
    try:
        return _head_decoder.decode(data)
    except NOT_JSON as error:
        raise HeadDiffers(
            f"{path} is damaged ({error}), so the journal's length is not proven; restore both from a copy"
        ) from error


def write_head(path: Path, head: Head, sync: Sync) -> None:
    """Replace the head file in one move: a reader sees the old one or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(descriptor, msgspec.json.encode(head) + b"\n", os.write)
        sync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)


def write_all(descriptor: int, data: bytes, write: Write) -> None:
    """Write every byte, however few the system takes at a time. Raises OSError."""
    done = write(descriptor, data)
    while done < len(data):
        taken = write(descriptor, memoryview(data)[done:])
        if taken <= 0:
            raise OSError(f"the system took {taken} of {len(data) - done} bytes")
        done += taken
