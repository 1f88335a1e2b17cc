"""The engine's end of one signing process: started, spoken to, ended. Counterpart: `child`.

Writing does not wait: a frame is sent at once, and only what the socket does not take goes by way of a task.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import trio

from engine.signing.frames import FrameBuffer, FrameTooLong

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "engine.signing")
READ_BYTES = 65_536
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TZ")
"""All of the environment that the process gets."""


class LinkEnded(Exception):
    """The process is gone, or speaks something else; the text says how it ended."""


class Link:
    """One running process. `read` and `write_rest` run for ever, until LinkEnded."""

    def __init__(self, process: trio.Process, end: socket.socket) -> None:
        self.process = process
        self._end = end
        self._stream = trio.socket.from_stdlib_socket(end)
        self._buffer = FrameBuffer()
        self._rest = bytearray()
        self._has_rest = trio.Event()

    def put(self, frame: bytes) -> None:
        """Send now, or as soon as there is room. A process that is gone is noticed by whoever reads."""
        if not self._rest:
            frame = frame[self._send(frame) :]
        if frame:
            self._rest += frame
            self._has_rest.set()

    async def write_rest(self) -> None:
        """Send what did not fit."""
        while True:
            await self._has_rest.wait()
            self._has_rest = trio.Event()
            while self._rest:
                await trio.lowlevel.wait_writable(self._end)
                del self._rest[: self._send(self._rest)]

    async def texts(self) -> list[bytes]:
        """What came, one text or more. Raises LinkEnded."""
        while True:
            try:
                data = await self._stream.recv(READ_BYTES)
                found = self._buffer.feed(data)
            except (OSError, FrameTooLong) as error:
                raise LinkEnded(f"{type(error).__name__}: {error}") from None
            if not data:
                raise LinkEnded("it ended")
            if found:
                return found

    async def end(self, timeout_s: float) -> int:
        """Close the socket, which ends the process; kill it when it stays, or when this is cut off. Returns its exit
        code. A killed process is waited for as long as the system takes: who calls this bounds it."""
        self._stream.close()
        try:
            with trio.move_on_after(timeout_s):
                await self.process.wait()
        finally:
            if self.process.returncode is None:
                self.process.kill()
        return await self.process.wait()

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return self._end.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)


async def start_process(command: tuple[str, ...] = COMMAND) -> Link:
    """A fresh process whose standard input is our socket. Raises LinkEnded."""
    ours, theirs = socket.socketpair()
    try:
        process = await trio.lowlevel.open_process(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        )
    except BaseException as error:
        ours.close()
        if isinstance(error, OSError):
            raise LinkEnded(f"it could not be started ({error.strerror})") from None
        raise
    finally:
        theirs.close()
    ours.setblocking(False)
    return Link(process, ours)
