"""What a venue, or whoever stands in its place, may do to a stream."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import pytest
import trio
import trio.testing
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from engine.venues.network import NetworkLimits, Routes, loopback_routes
from engine.venues.network.transport import NetworkTransport
from engine.venues.network.websocket import HEAD_BYTES_MOST
from engine.venues.transport import StreamClosed, TransportError
from tests.engine.simulators.plain import patient_clock, until
from tests.engine.venues.raw import Handler, head_of, raw_server, silence, streaming, text

clock = patient_clock
KEY = "hush-hush"
FLOOD = 8 << 20


def network(address: str, **limits: Any) -> NetworkTransport:
    return NetworkTransport(loopback_routes(address), NetworkLimits(**limits))


async def test_a_welcome_that_does_not_end_is_not_read_on(clock: trio.testing.MockClock) -> None:
    taken: list[int] = []

    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await stream.send_all(b"HTTP/1.1 101 Switching\r\nx: ")
        for _ in range(FLOOD // 4096):
            await stream.send_all(b"x" * 4096)
            taken.append(4096)

    async with raw_server(_until_gone(handle)) as address, network(address) as transport:
        with pytest.raises(TransportError, match=f"more than {HEAD_BYTES_MOST} bytes") as failed:
            async with transport.stream("/"):
                pass
        assert failed.value.sent
        assert sum(taken) < FLOOD


def _until_gone(handle: Handler) -> Handler:
    async def served(stream: trio.abc.Stream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            await handle(stream)

    return served


async def test_a_flood_of_pings_is_answered_and_ends_with_whoever_does_not_read_the_answers(
    clock: trio.testing.MockClock,
) -> None:
    pings = text(b"x" * 100, opcode=Opcode.PING) * 200_000

    async with (
        raw_server(_until_gone(streaming(pings, then=silence))) as address,
        network(address, write_s=3) as transport,
        transport.stream("/") as stream,
    ):
        with pytest.raises(StreamClosed, match=r"took nothing for 3 s|reset"):
            await stream.receive()


async def test_what_is_said_on_a_stream_stands_in_no_log(
    clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[bytes] = []

    async def listen(stream: trio.abc.Stream) -> None:
        heard.append(bytes(await stream.receive_some()))
        await trio.sleep_forever()

    caplog.set_level(logging.DEBUG)
    async with raw_server(streaming(text(KEY.encode()), then=listen)) as address:
        routes = Routes(requests={}, streams={"": f"ws://{address}/?api-key={KEY}"})
        async with NetworkTransport(routes) as transport, transport.stream("/") as stream:
            await stream.send(KEY.encode())
            assert await stream.receive() == KEY.encode()
            await until(lambda: bool(heard))
    assert heard[0][1] & 0x80, "a client's frame is masked"
    assert KEY.encode() not in heard[0]
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert [record.getMessage() for record in ours if KEY in record.getMessage()] == []


async def test_a_ping_that_comes_with_the_welcome_is_answered_before_anything_else_is_read(
    clock: trio.testing.MockClock,
) -> None:
    answers: list[bytes] = []

    async def handle(stream: trio.abc.Stream) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await head_of(stream))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        behind = text(b"are you there", opcode=Opcode.PING) + text(b"after")
        await stream.send_all(b"".join(protocol.data_to_send()) + behind)
        protocol.receive_data(bytes(await stream.receive_some()))
        answers.extend(bytes(event.data) for event in protocol.events_received() if isinstance(event, Frame))
        await trio.sleep_forever()

    async with raw_server(handle) as address, network(address) as transport, transport.stream("/") as stream:
        assert await stream.receive() == b"after"
        with trio.fail_after(2):
            while not answers:  # noqa: ASYNC110 - sockets set no event
                await trio.sleep(0.1)
    assert answers == [b"are you there"]
