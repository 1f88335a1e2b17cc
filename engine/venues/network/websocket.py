"""A WebSocket client without a task of its own: whoever wants the next frame reads the socket until there is one.

The framing is websockets' own protocol without its I/O, save for the one kind of frame that comes in floods: whole
plain text frames are cut out here, everything else is passed to the protocol frame by frame. All frames of one read
are handed out before the next read, without a turn of the scheduler in between: a flood costs one system call for
hundreds of frames, and a read (64 KiB) is the most that is handed out at a stretch.
Counterpart: `engine.simulators.server.websocket`.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import trio
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidState
from websockets.frames import OP_BINARY, OP_CONT, OP_TEXT, CloseCode, Frame
from websockets.protocol import OPEN
from websockets.uri import WebSocketURI

from engine.venues.network.access import Headers
from engine.venues.network.limits import NetworkLimits
from engine.venues.transport import StreamClosed, TransportError

READ_BYTES = 65_536
PLAIN_TEXT = 0x81
"""First byte of a text frame that is a whole message, without an extension (RFC 6455, 5.2)."""
TOO_LONG = 1 << 64
HEAD_END = b"\r\n\r\n"
HEAD_BYTES_MOST = 65_536
"""Of the answer to a handshake; the body of a refusal is bounded by websockets (1 MiB)."""
USER_AGENT = "perp2perp"
LOGGER = logging.getLogger("websockets.client.quiet")
LOGGER.setLevel(logging.WARNING)
"""websockets tells every frame, and the address with its access key, to whoever turns logging up."""


class SocketStream:
    """One open stream. One task reads; any task may send."""

    def __init__(self, socket: trio.abc.Stream, uri: WebSocketURI, limits: NetworkLimits) -> None:
        """`socket` is connected, its handshake still to come."""
        self._socket, self._limits = socket, limits
        # No extensions: a compressed frame would cost more to read than it saves on the way.
        self._protocol = ClientProtocol(uri, extensions=None, max_size=limits.frame_bytes_most, logger=LOGGER)
        self._frames: deque[bytes] = deque()
        self._rest = bytearray()
        self._part: bytearray | None = None
        self._end = ""
        self._turn = trio.Lock()

    async def open(self, shown: Headers = ()) -> None:
        """The opening handshake, with these headers besides its own; raises TransportError."""
        request = self._protocol.connect()
        request.headers["User-Agent"] = USER_AGENT
        request.headers.update(shown)
        self._protocol.send_request(request)
        try:
            with trio.fail_after(self._limits.handshake_s):
                await self._flush(self._limits.write_s)
                await self._hear_welcome()
        except trio.TooSlowError:
            raise TransportError("the stream's handshake was not answered in time", sent=True) from None
        except StreamClosed as closed:
            raise TransportError(f"closed in the stream's handshake: {closed}", sent=True) from closed
        if self._protocol.handshake_exc is not None:
            words = _refusal(self._protocol.handshake_exc)
            raise TransportError(f"the stream's handshake was refused: {words}", sent=True)

    async def _hear_welcome(self) -> None:
        """Read the answer's head; what comes behind it are frames, or a refusal's body."""
        head = b""
        while HEAD_END not in head:
            if len(head) > HEAD_BYTES_MOST:
                raise TransportError(f"an answer to the handshake of more than {HEAD_BYTES_MOST} bytes", sent=True)
            head += await self._some()
        end = head.index(HEAD_END) + len(HEAD_END)
        self._protocol.receive_data(head[:end])
        if self._protocol.state is OPEN:
            self._protocol.events_received()
            self._absorb(head[end:])
            await self._answer()
            return
        self._protocol.receive_data(head[end:])
        while not self._protocol.events_received() and not self._protocol.handshake_exc:
            self._protocol.receive_data(await self._some())

    # --- in ------------------------------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """The next text frame's payload; raises StreamClosed when all that came before the end is read."""
        while not self._frames:
            if self._end:
                raise StreamClosed(self._end)
            await self._read()
        return self._frames.popleft()

    async def _read(self) -> None:
        """One read of the socket: its frames are queued, what the protocol answers (pong, close) is sent."""
        self._absorb(await self._some())
        await self._answer()

    async def _answer(self) -> None:
        if self._protocol.writes:
            with suppress(StreamClosed):  # what was read before it broke is handed out first
                await self._flush(self._limits.write_s)

    async def _some(self) -> bytes:
        """What has arrived; raises StreamClosed at the connection's end."""
        try:
            data = bytes(await self._socket.receive_some(READ_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as broken:
            self._end = self._end or f"connection reset: {_cause(broken)}"
            raise StreamClosed(self._end) from broken
        if not data:
            self._end = self._end or "the venue closed the connection without a word"
            self._protocol.receive_eof()
            raise StreamClosed(self._end)
        return data

    def _absorb(self, data: bytes) -> None:
        """Cut whole frames off what has been read: plain texts are queued, the others go through the protocol."""
        rest, begin = self._rest, 0
        rest += data
        while not self._end:
            head, size = frame_at(rest, begin)
            end = begin + head + size
            if size > self._limits.frame_bytes_most:
                end = len(rest)  # the protocol refuses it by its head
            elif not head or end > len(rest):
                break
            elif rest[begin] == PLAIN_TEXT and self._part is None:
                self._frames.append(bytes(rest[begin + head : end]))
                begin = end
                continue
            self._protocol.receive_data(bytes(rest[begin:end]))
            self._take(self._protocol.events_received())
            begin = end
        del rest[:begin]

    def _take(self, events: Sequence[object]) -> None:
        for event in events:
            assert isinstance(event, Frame)
            self._take_frame(event)
        if self._protocol.state is not OPEN:
            self._end = self._end or self._parting()

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode is OP_TEXT:
            self._part = bytearray(frame.data)
        elif frame.opcode is OP_CONT and self._part is not None:
            self._part += frame.data
            if frame.fin:
                self._frames.append(bytes(self._part))
                self._part = None
        elif frame.opcode is OP_BINARY:
            self._refuse(CloseCode.UNSUPPORTED_DATA, "a binary frame, where only text is spoken")

    def _refuse(self, code: CloseCode, reason: str) -> None:
        """End it from our side."""
        self._end = self._end or f"refused: {reason}"
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)

    def _parting(self) -> str:
        """Why the protocol is no longer open."""
        error, close = self._protocol.parser_exc, self._protocol.close_rcvd
        if error is not None:
            return f"refused: {error}"
        return f"closed by the venue: {close}" if close is not None else "closed"

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, frame: bytes) -> None:
        """Send one text frame; raises StreamClosed."""
        if self._end:
            await trio.lowlevel.checkpoint()
            raise StreamClosed(self._end)
        try:
            self._protocol.send_text(frame)
        except InvalidState:
            raise StreamClosed(self._end or self._parting()) from None
        await self._flush(self._limits.write_s)

    async def _flush(self, within_s: float) -> None:
        """Write what the protocol has to say; a part of a frame is never left behind for the next to follow.

        Shielded for as long as a write may take: half a frame would make nonsense of all that come after it.
        """
        with trio.move_on_after(within_s, shield=True) as within:
            async with self._turn:
                data = b"".join(self._protocol.data_to_send())
                try:
                    await self._socket.send_all(data)
                except (trio.BrokenResourceError, trio.ClosedResourceError) as broken:
                    self._end = self._end or f"connection reset: {_cause(broken)}"
                    raise StreamClosed(self._end) from broken
        if within.cancelled_caught:
            self._end = self._end or f"the venue took nothing for {within_s:g} s"
            raise StreamClosed(self._end)

    async def aclose(self) -> None:
        """Say goodbye within `close_s` if there is somebody to say it to, and close the socket, also when cut off.

        Who calls this bounds it: a socket under TLS has a goodbye of its own.
        """
        if not self._end and self._protocol.state is OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._end = "closed by us"
            with suppress(StreamClosed):
                await self._flush(self._limits.close_s)
        await self._socket.aclose()


def frame_at(data: bytearray, begin: int) -> tuple[int, int]:
    """Bytes of a frame's head and of its payload; a head of 0 when not all of it is there (RFC 6455, 5.2).

    A masked frame, which a server must not send, counts as too long for anybody.
    """
    there = len(data) - begin
    if there < 2:
        return 0, 0
    size = data[begin + 1]
    if size < 126:
        return 2, size
    if size > 127:
        return 2, TOO_LONG
    head = 4 if size == 126 else 10
    if there < head:
        return 0, 0
    return head, int.from_bytes(data[begin + 2 : begin + head], "big")


def _cause(broken: BaseException) -> str:
    return str(broken.__cause__ or broken) or type(broken).__name__


def _refusal(refused: Exception) -> str:
    return str(refused) if isinstance(refused, InvalidHandshake) else f"not a WebSocket answer ({refused})"
