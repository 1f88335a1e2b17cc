"""Bytes onto a socket, in the manner a fault prescribes: whole, dripping, cut short, or not at all."""

from __future__ import annotations

import socket
import struct
from itertools import pairwise

import trio

from engine.simulators.pipe import WHOLE

LINGER_NOT = struct.pack("ii", 1, 0)
DRIPS_MOST = 20


class Cut(Exception):
    """The connection is to be reset, without a word."""


class Closed(Exception):
    """The connection is to be closed in order; nothing more is said on it."""


async def write(stream: trio.abc.SendStream, data: bytes, within_s: float) -> None:
    """Send all of it; raises Cut when the other side is gone or does not read."""
    try:
        with trio.fail_after(within_s):
            await stream.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError) as failed:
        raise Cut from failed


async def write_so(
    stream: trio.abc.SendStream, head: bytes, body: bytes, within_s: float, *, slow_s: float, keep: float
) -> None:
    """Send head and body over `slow_s`, and `keep` of the body; raises Closed after the last byte of a part."""
    data = head + (body if keep >= WHOLE else body[: int(len(body) * keep)])
    pieces = drips(data) if slow_s else [data]
    for piece in pieces:
        await write(stream, piece, within_s)
        if slow_s:
            await trio.sleep(slow_s / len(pieces))
    if keep < WHOLE:
        raise Closed


def drips(data: bytes) -> list[bytes]:
    """The data in at most `DRIPS_MOST` pieces."""
    marks = [round(len(data) * number / DRIPS_MOST) for number in range(DRIPS_MOST + 1)]
    return [data[begin:end] for begin, end in pairwise(marks) if end > begin]


async def read(stream: trio.SocketStream) -> bytes:
    """What the client sent; empty at its end. Raises Cut when it reset the connection."""
    try:
        return bytes(await stream.receive_some())
    except (trio.BrokenResourceError, trio.ClosedResourceError) as failed:
        raise Cut from failed


def reset(stream: trio.SocketStream) -> None:
    """Close at once; the client sees a connection reset."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    stream.socket.close()
