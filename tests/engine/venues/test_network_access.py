"""The key a venue knows an account by: shown at the venue's own hosts, and nowhere else in any form."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
import trio
import trio.testing
from websockets.frames import Close, Opcode

from engine.keys import Secret
from engine.venues.network import Access, Routes, loopback_routes
from engine.venues.network.access import origin
from engine.venues.network.transport import NetworkTransport
from engine.venues.transport import HttpRequest, StreamClosed, TransportError
from tests.engine.simulators.plain import patient_clock, served
from tests.engine.venues.raw import head_of, raw_server, text, welcome

clock = patient_clock
KEY, HEADER = "AbCdEfGh_2mT8x", "X-Account-Key"
LINE = f"{HEADER}: {KEY}".encode().lower()


def access(*addresses: str) -> Access:
    bases = (*(f"http://{address}" for address in addresses), *(f"ws://{address}" for address in addresses))
    return Access(header=HEADER, key=Secret(KEY), bases=bases)


def network(address: str) -> NetworkTransport:
    return NetworkTransport(loopback_routes(address), access=access(address))


def ask(**changes: Any) -> HttpRequest:
    return HttpRequest(**{"method": "GET", "path": "/x", **changes})


def noting(heads: list[bytes], then: Callable[[trio.abc.Stream], Awaitable[None]] | None = None) -> Any:
    """A handler that keeps the head of what comes, and answers nothing, or as it is told to."""

    async def handle(stream: trio.abc.Stream) -> None:
        heads.append((await head_of(stream)).lower())
        if then is not None:
            await then(stream)

    return handle


def saying(answer: bytes) -> Callable[[trio.abc.Stream], Awaitable[None]]:
    async def say(stream: trio.abc.Stream) -> None:
        await stream.send_all(answer)

    return say


async def test_the_key_goes_with_every_request_and_with_every_handshake(clock: trio.testing.MockClock) -> None:
    async with served() as there, network(there.address) as transport:
        for method in ("GET", "POST"):
            await transport.request(ask(method=method, headers=(("x-more", "1"),)))
        shown = [dict(request.headers)[HEADER.lower()] for request in there.face.requests]
        assert shown == [KEY, KEY]
        assert all(("x-more", "1") in request.headers for request in there.face.requests)
    heads: list[bytes] = []
    async with raw_server(noting(heads)) as address, network(address) as transport:
        for _ in range(2):
            with pytest.raises(TransportError):
                async with transport.stream("/ws"):
                    pass
    assert [head.count(LINE) for head in heads] == [1, 1]


async def test_without_a_key_nothing_is_shown(clock: trio.testing.MockClock) -> None:
    heads: list[bytes] = []
    async with raw_server(noting(heads)) as address, NetworkTransport(loopback_routes(address)) as transport:
        with pytest.raises(TransportError):
            await transport.request(ask())
        with pytest.raises(TransportError):
            async with transport.stream("/ws"):
                pass
    assert len(heads) == 2
    assert all(HEADER.lower().encode() not in head for head in heads)


async def test_a_further_host_of_the_venue_is_not_shown_the_key(clock: trio.testing.MockClock) -> None:
    own: list[bytes] = []
    other: list[bytes] = []
    async with raw_server(noting(own)) as ours, raw_server(noting(other)) as theirs:
        routes = Routes(
            requests={"": f"http://{ours}", "/dlob": f"http://{theirs}"},
            streams={"": f"ws://{ours}", "/dlob": f"ws://{theirs}"},
        )
        async with NetworkTransport(routes, access=access(ours)) as transport:
            for path in ("/x", "/dlob/x"):
                with pytest.raises(TransportError):
                    await transport.request(ask(path=path))
                with pytest.raises(TransportError):
                    async with transport.stream(path):
                        pass
    assert [LINE in head for head in own] == [True, True]
    assert [LINE in head for head in other] == [False, False]


@pytest.mark.parametrize("status", [b"301", b"302", b"303", b"307", b"308"])
async def test_a_redirect_is_followed_by_nobody(status: bytes, clock: trio.testing.MockClock) -> None:
    own: list[bytes] = []
    other: list[bytes] = []
    async with raw_server(noting(other)) as theirs:
        place = f"\r\nlocation: http://{theirs}/x\r\ncontent-length: 0\r\n\r\n".encode()
        elsewhere = saying(b"HTTP/1.1 " + status + b" Elsewhere" + place)
        async with raw_server(noting(own, elsewhere)) as ours, network(ours) as transport:
            assert (await transport.request(ask())).status == int(status)
            with pytest.raises(TransportError, match=status.decode()):
                async with transport.stream("/ws"):
                    pass
            await trio.sleep(1)
    assert [LINE in head for head in own] == [True, True]
    assert other == []


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://api.example/x?y", True),
        ("HTTPS://API.EXAMPLE:443/", True),
        ("wss://ws.example/ws", True),
        ("https://api.example:8443/", False),
        ("http://api.example/", False),
        ("https://api.example.elsewhere/", False),
        ("https://elsewhere/api.example", False),
        ("wss://api.example/", False),
        ("https://ws.example/", False),
    ],
)
def test_a_host_is_the_venues_own_by_scheme_name_and_port(url: str, known: bool) -> None:
    shown = Access(header=HEADER, key=Secret(KEY), bases=("https://api.example/v1", "wss://ws.example"))
    assert shown.headers_at(url) == (((HEADER, KEY),) if known else ())


def test_an_origin_is_the_same_however_it_is_spelt() -> None:
    assert origin("WS://Api.Example") == origin("ws://api.example:80/ws") == ("ws", "api.example", 80)


@pytest.mark.parametrize("key", ["short", "line\r\nbreak: x", "späßchen-im-kopf"])
def test_a_key_that_would_break_a_head_is_none(key: str) -> None:
    with pytest.raises(AssertionError) as refused:
        Access(header=HEADER, key=Secret(key), bases=())
    assert key not in str(refused.value)


def test_a_key_does_not_show() -> None:
    shown = access("127.0.0.1:1")
    assert KEY not in f"{shown!r} {shown}"
    with pytest.raises(TypeError):
        msgspec.json.encode(shown)


async def test_nothing_of_the_key_stands_in_a_log_however_talkative_logging_is(
    clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as there, network(there.address) as transport:
        await transport.request(ask())
        async with transport.stream("/ws") as stream:
            await stream.send(b"hello")
    assert KEY not in caplog.text
    assert KEY.encode().hex() not in caplog.text


# --- a venue, or whoever stands in its place, that repeats what it was shown -------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 401 No\r\nx-echo: %s\r\ncontent-length: 28\r\n\r\nunknown key '%s'",
        b"HTTP/1.1 200 OK\r\nx-echo: %s\r\nbad header %s\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: %s%s\r\ncontent-length: 0\r\n\r\n",
    ],
    ids=["body and header", "broken head", "coding"],
)
async def test_an_answer_that_repeats_the_key_is_read_without_it(said: bytes, clock: trio.testing.MockClock) -> None:
    heads: list[bytes] = []
    repeated = said % (KEY.encode(), KEY.encode())
    async with raw_server(noting(heads, saying(repeated))) as address, network(address) as transport:
        try:
            told = repr(await transport.request(ask()))
        except TransportError as failed:
            told = f"{failed.reason} {failed.__cause__!r}"
    assert LINE in heads[0]
    assert KEY not in told
    assert "<secret>" in told


@pytest.mark.parametrize("goodbye", [False, True])
async def test_a_frame_and_a_goodbye_that_repeat_the_key_are_read_without_it(
    goodbye: bool, clock: trio.testing.MockClock
) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await welcome(stream)
        frame = text(Close(1008, f"not {KEY}").serialize(), opcode=Opcode.CLOSE) if goodbye else text(KEY.encode())
        await stream.send_all(frame)
        await trio.sleep(1)

    async with raw_server(handle) as address, network(address) as transport, transport.stream("/ws") as stream:
        if not goodbye:
            assert await stream.receive() == b"<secret>"
            return
        for way in (stream.receive, lambda: stream.send(b"x")):
            with pytest.raises(StreamClosed) as closed:
                await way()
            assert KEY not in str(closed.value)
            assert "<secret>" in str(closed.value)


async def test_a_refused_handshake_that_repeats_the_key_is_told_without_it(clock: trio.testing.MockClock) -> None:
    heads: list[bytes] = []
    answer = b"HTTP/1.1 101 Switching\r\nupgrade: %s\r\nconnection: upgrade\r\n\r\n" % KEY.encode()
    async with raw_server(noting(heads, saying(answer))) as address, network(address) as transport:
        with pytest.raises(TransportError) as failed:
            async with transport.stream("/ws"):
                pass
    assert LINE in heads[0]
    assert KEY not in f"{failed.value.reason} {failed.value.__cause__!r}"


async def test_a_failure_that_repeats_nothing_is_told_as_it_is(clock: trio.testing.MockClock) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    async with network(f"127.0.0.1:{port}") as transport:
        with pytest.raises(TransportError, match="ConnectError: all attempts") as failed:
            await transport.request(ask())
    assert not failed.value.sent
    assert failed.value.__cause__ is not None
