"""WebSocket on one connection: the client's frames into a pipe of the venue, the venue's frames out of it.

The framing is websockets' own protocol without its I/O. Counterpart: `engine.venues.network.websocket`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
import trio
from websockets.datastructures import Headers
from websockets.frames import OP_BINARY, OP_CONT, OP_TEXT, CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from engine.simulators.face import Face, KeyedFace
from engine.simulators.pipe import Pipe, StreamReset
from engine.simulators.server import sockets
from engine.simulators.server.limits import ServerLimits
from engine.simulators.server.sockets import Closed, Cut
from engine.simulators.transport import SimulatedVenue
from engine.venues.transport import StreamClosed, TransportError

CODED = re.compile(r"([1-4]\d{3}): (.*)", re.DOTALL)
NOT_FOUND = re.compile(r"(404\b|not found)", re.IGNORECASE)
REASON_BYTES_MOST = 123
LOGGER = logging.getLogger("websockets.server.quiet")
LOGGER.setLevel(logging.WARNING)
"""websockets tells every header of a handshake, a client's key among them, to whoever turns logging up."""
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
"""To a handshake that is good HTTP, but longer than websockets reads."""


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """A request to speak WebSocket, and the bytes that came right behind it."""

    target: str
    headers: tuple[tuple[str, str], ...]
    ahead: bytes


class WebSocket:
    """One connection's frames."""

    def __init__(self, stream: trio.SocketStream, limits: ServerLimits) -> None:
        self._stream, self._limits = stream, limits
        self._protocol = ServerProtocol(max_size=limits.frame_bytes_most, logger=LOGGER)
        self._turn = trio.Lock()
        self._part = bytearray()

    async def run(self, venue: SimulatedVenue, upgrade: Upgrade) -> None:
        """Until one of the two sides ends it. Raises Closed and Cut."""
        # The protocol wants to read the handshake itself: it gets it again, as HTTP has understood it.
        self._protocol.receive_data(Request(upgrade.target, Headers(upgrade.headers)).serialize())
        request = next(iter(self._protocol.events_received()), None)
        if not isinstance(request, Request):
            await sockets.write(self._stream, UNREADABLE, self._limits.write_s)
            raise Closed
        try:
            async with venue.stream(upgrade.target) as pipe:
                introduce(venue.face, pipe.connection, upgrade.headers)
                await self._welcome(request, pipe)
                self._protocol.receive_data(upgrade.ahead)
                await self._both_ways(pipe)
        except TransportError as failed:
            raise Cut from failed

    async def _welcome(self, request: Request, pipe: Pipe) -> None:
        """Answer the handshake; a path without a stream is answered as a venue's web server would."""
        if pipe.end is not None and NOT_FOUND.match(str(pipe.end)):
            response = self._protocol.reject(HTTPStatus.NOT_FOUND, f"{pipe.end}\n")
        else:
            response = self._protocol.accept(request)
        self._protocol.send_response(response)
        await self._flush()
        if self._protocol.state is not OPEN:
            raise Closed

    async def _both_ways(self, pipe: Pipe) -> None:
        """Hear and say at once, until one of the two ends; its end is the connection's."""
        ends: list[Exception] = []
        async with trio.open_nursery() as nursery:

            async def until_its_end(way: Callable[[Pipe], Awaitable[None]]) -> None:
                try:
                    await way(pipe)
                except (Closed, Cut) as end:
                    ends.append(end)
                nursery.cancel_scope.cancel()

            nursery.start_soon(until_its_end, self._hear)
            nursery.start_soon(until_its_end, self._say)
        raise ends[0] if ends else Closed

    # --- in ------------------------------------------------------------------------------------------------

    async def _hear(self, pipe: Pipe) -> None:
        """Take the client's frames until it closes; answers to pings and closes go out at once."""
        while True:
            for event in self._protocol.events_received():
                assert isinstance(event, Frame)
                await self._take(pipe, event)
            await self._flush()
            if self._protocol.state is not OPEN:
                raise Closed
            data = await sockets.read(self._stream)
            if not data:
                raise Closed
            self._protocol.receive_data(data)

    async def _take(self, pipe: Pipe, frame: Frame) -> None:
        if frame.opcode not in (OP_TEXT, OP_BINARY, OP_CONT):
            return
        self._part += frame.data
        if frame.fin:
            whole = bytes(self._part)
            self._part.clear()
            try:
                await pipe.send(whole)
            except StreamClosed:
                return

    # --- out -----------------------------------------------------------------------------------------------

    async def _say(self, pipe: Pipe) -> None:
        """Send the venue's frames until it closes the stream."""
        while True:
            try:
                parcel = await pipe.take()
            except StreamReset as end:
                raise Cut from end
            except StreamClosed as end:
                await self._goodbye(str(end))
                return
            async with self._turn:
                if self._protocol.state is not OPEN:
                    raise Closed  # the client closed while the frame waited for its turn
                self._protocol.send_text(parcel.frame)
                data = b"".join(self._protocol.data_to_send())
                if parcel.slow_s or parcel.keep < 1:
                    await sockets.write_so(
                        self._stream, b"", data, self._limits.write_s, slow_s=parcel.slow_s, keep=parcel.keep
                    )
                else:
                    await sockets.write(self._stream, data, self._limits.write_s)

    async def _goodbye(self, reason: str) -> None:
        """The venue closes: with the code its reason begins with, or 1000. 1006 is a close without a close frame."""
        coded = CODED.fullmatch(reason)
        code, text = (int(coded[1]), coded[2]) if coded else (int(CloseCode.NORMAL_CLOSURE), reason)
        if code == CloseCode.ABNORMAL_CLOSURE:
            raise Cut
        self._protocol.send_close(code, text.encode()[:REASON_BYTES_MOST].decode(errors="ignore"))
        await self._flush()
        await trio.sleep(self._limits.close_s)

    async def _flush(self) -> None:
        async with self._turn:
            data = b"".join(self._protocol.data_to_send())
            if data:
                await sockets.write(self._stream, data, self._limits.write_s)


def introduce(face: Face, connection: int, headers: tuple[tuple[str, str], ...]) -> None:
    """Tell a venue that goes by keys which one the handshake showed, before the client says its first word."""
    if isinstance(face, KeyedFace):
        for name, value in headers:
            if name.lower() == face.key_header:
                face.introduce(connection, value)
