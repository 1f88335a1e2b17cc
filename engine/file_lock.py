"""A lock that the system keeps for a process and takes back when the process ends, however it ends.

The file that carries it stays, and says who took it last. Used by `engine.doors.accounts` and `engine.sandbox.lock`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SAID_MOST = 4096


class Taken(Exception):
    """Another holder has the lock; `holder` is what it wrote of itself, empty when it wrote nothing."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is held by {holder or 'somebody who wrote no name'}")
        self.path = path
        self.holder = holder


@contextmanager
def locked(path: Path, who: str) -> Iterator[None]:
    """Hold the lock that the file at `path` carries, and write there `who` holds it. Raises Taken, OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _take(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{who}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Taken(path, os.pread(descriptor, SAID_MOST, 0).decode(errors="replace").strip()) from error
