"""A venue reduced to its socket: says and does what a test tells it to, byte by byte."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

Handler = Callable[[trio.abc.Stream], Awaitable[None]]


@asynccontextmanager
async def raw_server(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server that gives every connection to `handler`, and then closes it."""

    async def encrypted(stream: trio.SocketStream) -> None:
        await handler(stream if context is None else trio.SSLStream(stream, context, server_side=True))

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, encrypted, [listener])
        yield f"127.0.0.1:{listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def head_of(stream: trio.abc.Stream) -> bytes:
    """The bytes up to the end of an HTTP head."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = bytes(await stream.receive_some())
        assert part, "closed inside a head"
        head += part
    return head


async def welcome(stream: trio.abc.Stream) -> ServerProtocol:
    """Answer a WebSocket handshake."""
    protocol = ServerProtocol()
    protocol.receive_data(await head_of(stream))
    (request,) = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    await stream.send_all(b"".join(protocol.data_to_send()))
    return protocol


def text(data: bytes, fin: bool = True, opcode: Opcode = Opcode.TEXT) -> bytes:
    """One unmasked frame, as a server sends it."""
    return Frame(opcode, data, fin).serialize(mask=False)


def streaming(*said: bytes, then: Handler | None = None) -> Handler:
    """A handler that welcomes a stream, says these bytes at once, and then closes or does what is named."""

    async def handle(stream: trio.abc.Stream) -> None:
        await welcome(stream)
        await stream.send_all(b"".join(said))
        if then is not None:
            await then(stream)

    return handle


async def silence(stream: trio.abc.Stream) -> None:
    """Keep the connection and never say anything."""
    del stream
    await trio.sleep_forever()
