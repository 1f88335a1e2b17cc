"""One connection of a simulated venue, seen from the client's end: frames become readable when they have arrived.

Filled by `transport.SimulatedVenue`; read by the engine's link in memory, or by the loopback server, which carries
each parcel over a socket in the manner the faults prescribe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import trio

from engine.venues.transport import Stream, StreamClosed

WHOLE = 1.0


class StreamReset(StreamClosed):
    """The connection was cut under the stream, without the venue's word of goodbye."""


class Parcel(NamedTuple):
    """A frame under way: readable from `at_s` on, dripping in over `slow_s`, of which only `keep` arrives."""

    frame: bytes
    at_s: float
    slow_s: float = 0.0
    keep: float = WHOLE

    @property
    def done_s(self) -> float:
        """When its last byte is there."""
        return self.at_s + self.slow_s


class Pipe(Stream):
    """The client's end of connection `connection`; `hear` takes what the client sends."""

    def __init__(self, connection: int, hear: Callable[[int, bytes], None]) -> None:
        self.connection = connection
        self._hear = hear
        self._parcels: deque[Parcel] = deque()
        self._free_at_s = 0.0
        self._end: StreamClosed | None = None
        self._news = trio.Event()

    @property
    def end(self) -> StreamClosed | None:
        """Why it was closed, if it was; what was under way before can still be read."""
        return self._end

    def push(self, frame: bytes, at_s: float, *, slow_s: float = 0.0, keep: float = WHOLE) -> None:
        """Queue a frame; frames of one connection never overtake each other."""
        parcel = Parcel(frame, max(self._free_at_s, at_s), slow_s, keep)
        self._free_at_s = parcel.done_s
        self._parcels.append(parcel)
        self._news.set()

    def close(self, end: StreamClosed) -> None:
        """Let the reader find the stream closed after what is already queued; the first reason stays."""
        self._end = self._end or end
        self._news.set()

    async def send(self, frame: bytes) -> None:
        """Give one frame to the venue."""
        await trio.lowlevel.checkpoint()
        if self._end is not None:
            raise self._end
        self._hear(self.connection, frame)

    async def receive(self) -> bytes:
        """The next frame, once all of it has arrived; raises StreamClosed for one that is cut short."""
        parcel = await self._next()
        await _reach(parcel.done_s)
        self._parcels.popleft()
        if parcel.keep < WHOLE:
            raise StreamReset("cut in the middle of a frame")
        return parcel.frame

    async def take(self) -> Parcel:
        """The next frame as soon as it begins to arrive, for a server to drip and cut as prescribed."""
        parcel = await self._next()
        await _reach(parcel.at_s)
        return self._parcels.popleft()

    async def _next(self) -> Parcel:
        while not self._parcels:
            if self._end is not None:
                raise self._end
            self._news = trio.Event()
            await self._news.wait()
        return self._parcels[0]


async def _reach(at_s: float) -> None:
    if trio.current_time() < at_s:
        await trio.sleep_until(at_s)
    else:
        await trio.lowlevel.checkpoint()
