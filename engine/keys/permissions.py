"""Files that are their owner's alone: checked before they are read, and made so when they are written.

What is checked is the open file, not its name, so that nobody can put another in its place in between.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from pathlib import Path

from engine.keys.key_file import KeyRefused

SIZE_MOST = 16_384
PRIVATE = 0o600
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def read_private(path: Path) -> bytes:
    """The bytes of a regular file of this user's, mode 0600 or stricter, in a folder only its owner can write to.

    Raises KeyRefused with what to do about it.
    """
    _check_folders(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise KeyRefused(f"{path}: {_why_not_opened(error)}") from None
    try:
        _check_file(path, os.fstat(descriptor))
        data = os.read(descriptor, SIZE_MOST + 1)
    finally:
        os.close(descriptor)
    if len(data) > SIZE_MOST:
        raise KeyRefused(f"{path}: longer than {SIZE_MOST} bytes; this is no such file")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600, whatever the umask, whole or not at all. Raises KeyRefused if it is there."""
    _check_folders(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(unfinished, NEW, PRIVATE)
    except OSError as error:
        raise KeyRefused(f"{unfinished}: cannot be made ({error.strerror}); make its folder writable") from None
    try:
        _fill(descriptor, data)
        os.link(unfinished, path)
    except FileExistsError:
        raise KeyRefused(f"{path}: is there already; name another file, or delete this one yourself") from None
    finally:
        unfinished.unlink()
    _sync_folder(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in the place of one, or of none: on disk when this returns, whole or not at all.

    For whoever holds its lock: nobody else writes it, and its folder has been checked. Raises OSError.
    """
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    _fill(os.open(unfinished, NEW, PRIVATE), data)
    unfinished.replace(path)
    _sync_folder(path.parent)


def open_private_lock(path: Path) -> int:
    """The descriptor of an empty file of mode 0600 that is there to be locked, made if need be. Raises KeyRefused."""
    _check_folders(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise KeyRefused(f"{path}: cannot be made ({error.strerror}); make its folder writable") from None
    try:
        _check_file(path, os.fstat(descriptor))
    except KeyRefused:
        os.close(descriptor)
        raise
    return descriptor


def _fill(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, PRIVATE)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_file(path: Path, found: os.stat_result) -> None:
    name = shlex.quote(str(path))
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        raise KeyRefused(f"{path}: is not a regular file; name one")
    if found.st_uid != os.geteuid():
        raise KeyRefused(f"{path}: belongs to user {found.st_uid}; run: chown {os.geteuid()} {name}")
    if mode & ~PRIVATE:
        raise KeyRefused(f"{path}: mode {mode:04o} lets others at it; run: chmod 600 {name}")


def _check_folders(path: Path) -> None:
    """Whoever can write to a folder can put another file in its place.

    Above the file's own folder, one like /tmp is good enough: there only the owner can move what is theirs.
    """
    try:
        own = path.absolute().parent.resolve(strict=True)
    except OSError:
        raise KeyRefused(f"{path}: its folder is not there; make it with: mkdir -m 700") from None
    for folder in (own, *own.parents):
        found = folder.stat()
        if folder == own and found.st_uid not in (0, os.geteuid()):
            raise KeyRefused(f"{folder}: belongs to user {found.st_uid}; keep keys in a folder of your own")
        shared = bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
        if shared and found.st_mode & stat.S_ISVTX and folder == own:
            raise KeyRefused(f"{folder}: is everybody's; keep keys in a folder of your own")
        if shared and (folder == own or not found.st_mode & stat.S_ISVTX):
            raise KeyRefused(f"{folder}: others can write to it; run: chmod go-w {shlex.quote(str(folder))}")


def _why_not_opened(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "is a symbolic link; name the file itself"
    return f"cannot be read ({error.strerror}); name an existing file of your own"
