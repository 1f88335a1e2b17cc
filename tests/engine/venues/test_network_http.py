"""What a venue, or whoever stands in its place, may do to a request: no bombs, no second try, no words in a log."""

from __future__ import annotations

import gc
import gzip
import logging
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing

from engine.venues.network import NetworkLimits, Routes, loopback_routes
from engine.venues.network.transport import NetworkTransport
from engine.venues.transport import HttpRequest, TransportError
from tests.engine.simulators.plain import patient_clock
from tests.engine.venues.raw import head_of, raw_server

clock = patient_clock
KEY = "hush-hush"
EMPTY = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def ask(**changes: Any) -> HttpRequest:
    return HttpRequest(**{"method": "GET", "path": "/x", **changes})


def network(address: str, **limits: Any) -> NetworkTransport:
    return NetworkTransport(loopback_routes(address), NetworkLimits(**limits))


@pytest.mark.parametrize(("coding", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_an_answer_that_unpacks_to_a_thousand_times_its_size_is_never_unpacked(
    coding: str, packed: Callable[[bytes], bytes], clock: trio.testing.MockClock
) -> None:
    body = packed(b"0" * 1_000_000)

    async def handle(stream: trio.abc.Stream) -> None:
        assert b"accept-encoding: identity" in (await head_of(stream)).lower()
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {len(body)}\r\n\r\n"
        await stream.send_all(head.encode() + body)

    async with raw_server(handle) as address, network(address) as transport:
        with pytest.raises(TransportError, match=f"{coding}, though none was asked for") as failed:
            await transport.request(ask())
        assert failed.value.sent


async def test_an_answer_that_says_it_is_not_packed_is_read(clock: trio.testing.MockClock) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\nok")

    async with raw_server(handle) as address, network(address) as transport:
        assert (await transport.request(ask())).body == b"ok"


@pytest.mark.parametrize(
    "changes",
    [{"headers": (("x-key", f"{KEY}\r\nhost: elsewhere"),)}, {"path": "/x\r\nhost: elsewhere"}, {"path": "/x\x00"}],
    ids=["header", "path", "zero"],
)
async def test_a_line_break_never_reaches_the_wire_nor_what_was_in_it_a_reason(
    changes: dict[str, Any], clock: trio.testing.MockClock
) -> None:
    heard: list[bytes] = []

    async def handle(stream: trio.abc.Stream) -> None:
        heard.append(bytes(await stream.receive_some()))

    async with raw_server(handle) as address, network(address) as transport:
        with pytest.raises(TransportError) as failed:
            await transport.request(ask(**changes))
        await trio.sleep(1)
    assert [data for data in heard if data] == []
    assert KEY not in failed.value.reason


async def test_a_connection_the_venue_has_closed_meanwhile_is_not_used_again_and_nothing_is_asked_twice(
    clock: trio.testing.MockClock,
) -> None:
    heads: list[bytes] = []

    async def handle(stream: trio.abc.Stream) -> None:
        heads.append(await head_of(stream))
        await stream.send_all(EMPTY)

    async with raw_server(handle) as address, network(address) as transport:
        for path in ("/one", "/two", "/three"):
            assert (await transport.request(ask(path=path))).status == 200
            await trio.sleep(1)
    assert [head.split()[1] for head in heads] == [b"/one", b"/two", b"/three"]


async def test_a_connection_that_ends_under_the_second_request_leaves_it_unresolved_and_asked_once(
    clock: trio.testing.MockClock,
) -> None:
    heads: list[bytes] = []

    async def handle(stream: trio.abc.Stream) -> None:
        heads.append(await head_of(stream))
        await stream.send_all(EMPTY)
        heads.append(await head_of(stream))

    async with raw_server(handle) as address, network(address) as transport:
        await transport.request(ask(path="/one"))
        with pytest.raises(TransportError) as failed:
            await transport.request(ask(path="/two"))
        assert failed.value.sent
    assert [head.split()[1] for head in heads] == [b"/one", b"/two"]


async def test_nothing_of_a_request_stands_in_a_log_however_talkative_logging_is(
    clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await stream.send_all(EMPTY)

    caplog.set_level(logging.DEBUG)
    async with raw_server(handle) as address:
        routes = Routes(requests={"": f"http://{address}/rpc?api-key={KEY}"}, streams={})
        async with NetworkTransport(routes) as transport:
            await transport.request(ask(path="", headers=(("authorization", KEY),)))
    assert KEY not in caplog.text


async def test_many_requests_given_up_on_leave_room_for_the_next(clock: trio.testing.MockClock) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        if b"/late" in await head_of(stream):
            await trio.sleep_forever()
        await stream.send_all(EMPTY)

    async with raw_server(handle) as address, network(address, connections_most=2) as transport:
        for _ in range(8):
            with pytest.raises(TransportError):
                await transport.request(ask(path="/late", timeout_s=0.5))
            with trio.move_on_after(0.2):
                await transport.request(ask(path="/late"))
        assert (await transport.request(ask(path="/next"))).status == 200


async def test_a_request_given_up_on_in_the_middle_of_its_body_leaves_nothing_to_clean_up(
    clock: trio.testing.MockClock,
) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await trio.sleep(9)

    async with raw_server(handle) as address, network(address) as transport:
        with pytest.raises(TransportError, match="no answer within 2 s") as failed:
            await transport.request(ask(method="POST", body=b"0" * 50_000_000, timeout_s=2))
        assert failed.value.sent
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            gc.collect()
        assert [str(warning.message) for warning in said] == []
