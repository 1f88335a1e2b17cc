"""Where a running engine hears a person: a socket in a directory of its owner's alone, in the run's directory.

Both ends check what they find: the directory is a real one of this user's with mode 0700, and whoever connects is this
user, where the system says who that is (Linux). Counterparts: `listener`, which makes it, `teller`, which looks for it.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from engine.errors import UserError

CONTROL = "control"
SOCKET = "socket"
UNHEARD = "socket.new"
PRIVATE = 0o700
LINE_MOST = 4096
"""Bytes of one ask, and of one answer."""


class Unreachable(UserError):
    """The engine of a run cannot be told anything; the text says why and what to do instead."""


@contextmanager
def opened(run: Path) -> Iterator[int]:
    """The run's control directory, open: its name may be longer than a socket's may be. Raises Unreachable."""
    path = run / CONTROL
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreachable(_nobody(run)) from None
    except OSError as error:
        raise Unreachable(f"{path}: {error.strerror}; it has to be a directory of yours") from None
    try:
        _check(path, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def made(run: Path) -> None:
    """Make the directory, of this user alone, unless it is there."""
    try:
        (run / CONTROL).mkdir(mode=PRIVATE)
        (run / CONTROL).chmod(PRIVATE)
    except FileExistsError:
        return


def _check(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.getuid():
        raise Unreachable(f"{path} belongs to another user; nothing is told, and nobody is heard there")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise Unreachable(f"{path}: others may reach it; `chmod 700 {path}` and look who did that")


def address(run: Path, descriptor: int, name: str = SOCKET) -> str:
    """The socket's name, by the open directory where the system can: a run's whole path may be too long for one."""
    by_descriptor = Path(f"/proc/self/fd/{descriptor}")
    return str((by_descriptor if by_descriptor.exists() else run / CONTROL) / name)


def bound(run: Path, descriptor: int) -> socket.socket:
    """A listening socket in the directory, there under its name only once somebody listens.

    One that an engine left behind when it died makes room.
    """
    unheard = address(run, descriptor, UNHEARD)
    removed(descriptor, UNHEARD)
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        ear.bind(unheard)
        Path(unheard).chmod(0o600)
        ear.listen(8)
        os.rename(UNHEARD, SOCKET, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    except BaseException:
        ear.close()
        raise
    return ear


def removed(descriptor: int, name: str = SOCKET) -> None:
    """Take the socket's name away: whoever comes now is told that nobody listens."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=descriptor)


class Connection(Protocol):
    """A connected socket, trio's or the standard library's."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """What the system knows of it."""


def is_owner(connection: Connection) -> bool:
    """Whether who is at the other end is this user; where the system does not say, the directory's mode has."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return bool(user == os.getuid())


def _nobody(run: Path) -> str:
    return (
        f"{run}: no engine listens there. A paper run at full speed cannot be told anything (give it --speed), nor one "
        "that has ended; what is held at the venues is closed by `perp2perp flatten`"
    )


def nobody_answers(run: Path) -> Unreachable:
    """The socket is there, or was, and no engine behind it: nothing that is asked now is done by the next one."""
    return Unreachable(f"{_nobody(run)}; nothing was asked, and no later engine will hear of it")
