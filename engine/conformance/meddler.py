"""A transport that loses answers, cuts streams and remembers the last order: misfortunes on our side of the wire.

It stands between an adapter and any real transport, so that the same misfortunes happen to a simulator and to a
test network. Counterpart of the simulators' `FaultPlan`, which stands on the venue's side.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase

import msgspec
import trio

from engine.venues.transport import HttpRequest, HttpResponse, Stream, StreamClosed, Transport, TransportError


class OrderMark(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue's order request is told from other requests: a glob over its path, a text in its body."""

    path: str
    contains: str = ""

    def fits(self, request: HttpRequest) -> bool:
        """Whether a request carries an order (or a cancel: whatever is signed)."""
        return (
            request.method == "POST" and fnmatchcase(request.path, self.path) and self.contains.encode() in request.body
        )


class _Cuttable:
    """A stream that can be cut under its reader."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._cut = trio.Event()

    def cut(self) -> None:
        """End it for both directions."""
        self._cut.set()

    async def send(self, frame: bytes) -> None:
        """Raises StreamClosed once it has been cut."""
        if self._cut.is_set():
            raise StreamClosed("cut on purpose")
        await self._stream.send(frame)

    async def receive(self) -> bytes:
        """The next frame; raises StreamClosed as soon as it is cut."""
        frames: list[bytes] = []
        closed: list[StreamClosed] = []
        async with trio.open_nursery() as nursery:

            async def read() -> None:
                try:
                    frames.append(await self._stream.receive())
                except StreamClosed as end:
                    closed.append(end)
                nursery.cancel_scope.cancel()

            async def watch() -> None:
                await self._cut.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(read)
            nursery.start_soon(watch)
        if self._cut.is_set():
            raise StreamClosed("cut on purpose")
        if closed:
            raise closed[0]
        return frames[0]


class Meddler:
    """Implements `Transport` around another one."""

    def __init__(self, inner: Transport, order_mark: OrderMark) -> None:
        self.inner = inner
        self.last_order: HttpRequest | None = None
        self._mark = order_mark
        self._lose = 0
        self._streams: list[_Cuttable] = []
        self._refuse_until_s = 0.0

    def lose_next_answer(self) -> None:
        """The venue gets the next order and answers; the answer is lost."""
        self._lose += 1

    def cut_streams(self, refuse_s: float) -> None:
        """Cut every stream; none can be opened for `refuse_s`."""
        self._refuse_until_s = trio.current_time() + refuse_s
        for stream in self._streams:
            stream.cut()
        self._streams.clear()

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Carry it; raises TransportError, also when the answer is to be lost."""
        carries_order = self._mark.fits(request)
        lost = carries_order and self._lose > 0
        if carries_order:
            self.last_order = request
            self._lose -= lost
        answer = await self.inner.request(request)
        if lost:
            raise TransportError("the answer was lost on purpose", sent=True)
        return answer

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        """Open a stream that can be cut; raises TransportError while streams are refused."""
        if trio.current_time() < self._refuse_until_s:
            await trio.lowlevel.checkpoint()
            raise TransportError("refused on purpose", sent=False)
        async with self.inner.stream(path) as stream:
            cuttable = _Cuttable(stream)
            self._streams.append(cuttable)
            try:
                yield cuttable
            finally:
                if cuttable in self._streams:
                    self._streams.remove(cuttable)
