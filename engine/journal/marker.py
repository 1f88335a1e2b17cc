"""The mark of a broken journal: a small file elsewhere that says a run's record did not end where its journal ends.

It is written before anything goes into the spare, and taken away only when the spare was put back. While it stands and
the spare is gone, kill and flatten may be forgotten and order ids used again: nobody may go on with that run.
Counterparts: `spare`, which sets and lifts it; `engine.recovery`, which refuses by it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import msgspec

from engine.journal.errors import JournalError
from engine.journal.files import DISK, sync_data, sync_directory, write_all

LOST_NAME = "records_lost.json"
"""The mark's copy in a run directory that was refused: taking the mark away does not make that journal whole."""
OWN_ONLY = 0o600


class RecordsLost(JournalError):
    """A run went on after its journal ended, and the record of that is not there."""


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. `after` is the last record that was durable in the journal of the directory `run`."""

    run: str
    after: int
    why: str
    spare: str
    marker: str


def marker_path(directory: Path, header_hash: str) -> Path:
    """Where the mark of a journal lies: named by the hash of its header, which no other run has."""
    return directory / f"broken-{header_hash}.json"


def open_own(path: Path) -> int:
    """Begin a file that nobody else can have laid there or can read; an own one of before goes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):
        check_own(os.lstat(path), path)
        path.unlink()
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, OWN_ONLY)


def check_own(found: os.stat_result, path: Path) -> None:
    """Raise PermissionError for what is no plain file of this user: a link, a directory, somebody else's."""
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{path} is no plain file of this user; look who laid it there, and remove it")


def set_mark(marker: Marker) -> None:
    """Make the mark durable, in one move. Raises OSError."""
    _write(Path(marker.marker), marker)


def _write(path: Path, marker: Marker) -> None:
    fresh = path.with_name(f"{path.name}.new")
    descriptor = open_own(fresh)
    try:
        write_all(descriptor, msgspec.json.encode(marker) + b"\n", DISK.write)
        sync_data(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    sync_directory(path.parent, sync_data)


def lift_mark(path: Path) -> None:
    """Take the mark away, durably. Raises JournalError when it cannot be: the run is then not gone on with."""
    if not stands(path):
        return
    try:
        path.unlink()
        sync_directory(path.parent, sync_data)
    except OSError as error:
        raise JournalError(f"{path} could not be taken away ({error}); make its directory writable") from error


def stands(path: Path) -> bool:
    """Whether there is a mark, readable or not. Raises JournalError when that cannot be known."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise JournalError(f"{path} cannot be looked for ({error}); make its directory readable") from error
    return True


def refuse_lost(directory: Path, path: Path, spare: Path) -> None:
    """Raise RecordsLost for the run in `directory`, whose mark stands while its spare is gone; note it there too."""
    found = _read(path)
    if found is not None:
        with suppress(OSError):
            _write(directory / LOST_NAME, found)
    raise RecordsLost(_words(path, found, spare))


def refuse_known_lost(directory: Path) -> None:
    """Raise RecordsLost for a run that was refused before, wherever its mark has gone since."""
    path = directory / LOST_NAME
    if stands(path):
        found = _read(path)
        raise RecordsLost(_words(path if found is None else Path(found.marker), found, path.with_name("(unknown)")))


def set_down(directory: Path) -> bool:
    """Whether a run was refused for lost records and a person took its mark away since: it waits for nobody."""
    found = _read(directory / LOST_NAME)
    return found is not None and not stands(Path(found.marker))


def _read(path: Path) -> Marker | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marker)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _words(path: Path, found: Marker | None, spare: Path) -> str:
    after = "its last one" if found is None else f"{found.after}"
    why = "" if found is None else f" ({found.why})"
    spare = spare if found is None else Path(found.spare)
    aside = set_aside_path(spare)
    kept = (
        f"; what the spare took before it failed too is in {aside}"
        if aside.is_file()
        else "; bring the spare back if it lies elsewhere"
    )
    return (
        f"{path} marks this run's journal as broken{why}, and its spare {spare} is not there or not whole: records "
        f"after {after} are lost{kept}; kill and flatten may be among them, so nobody goes on with this run; close "
        f"what the venues hold, then remove the marker {path}, which allows nothing but a new run (`--new`)"
    )


def set_aside_path(spare: Path) -> Path:
    """Where a spare lies that failed in its turn: what followed it was told in words only."""
    return spare.with_name(f"{spare.name}.incomplete")
