"""The venue's stream with its manners: pings answered, a shutdown believed, an auth token at hand. Between
`venues.link`, which only reads, and the transport.

Docs "WebSocket reference", 2026-07, and the official client (lighter-sdk 1.1.8): the server sends `ping` and expects
`pong`; `shutdown` announces that it will close.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from engine.venues.lighter.codec import PONG
from engine.venues.lighter.wire_stream import PING, SHUTDOWN, Frame
from engine.venues.transport import HttpRequest, HttpResponse, Stream, StreamClosed, Transport

BARE_BYTES_MOST = 256
"""Frames without a channel are short; longer ones are not read twice."""
_HEAD = msgspec.json.Decoder(Frame)


class Line:
    """A transport whose streams keep the venue's manners.

    `outbox` holds frames to send before the next one is read; `prepare` is awaited before a stream opens (it gets the
    token) and may raise TransportError.
    """

    def __init__(self, transport: Transport, outbox: deque[bytes], prepare: Callable[[], Awaitable[None]]) -> None:
        self._transport, self._outbox, self._prepare = transport, outbox, prepare

    async def request(self, request: HttpRequest) -> HttpResponse:
        """As the transport does."""
        return await self._transport.request(request)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        """Open a stream; nothing meant for an earlier one is sent on it."""
        await self._prepare()
        self._outbox.clear()
        async with self._transport.stream(path) as inner:
            yield _Polite(inner, self._outbox)


class _Polite(Stream):
    def __init__(self, inner: Stream, outbox: deque[bytes]) -> None:
        self._inner, self._outbox = inner, outbox

    async def send(self, frame: bytes) -> None:
        await self._inner.send(frame)

    async def receive(self) -> bytes:
        while self._outbox:
            await self._inner.send(self._outbox[0])  # taken out when sent: a cancelled wait must not lose it
            self._outbox.popleft()
        frame = await self._inner.receive()
        await self._mind(frame)
        return frame

    async def _mind(self, frame: bytes) -> None:
        if len(frame) > BARE_BYTES_MOST:
            return
        try:
            head = _HEAD.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if head.type == PING:
            await self._inner.send(PONG)
        elif head.type == SHUTDOWN:
            raise StreamClosed(f"the venue shuts down, closing in {head.close_in_ms or 0} ms")
