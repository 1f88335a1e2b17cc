"""Handshakes: those no client of ours writes are refused and take nothing down; a key in one is made known."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.simulators.face import KeyedFace
from tests.engine.simulators.plain import PlainFace, patient_clock, served, until

clock = patient_clock
UPGRADE = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEYS = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"


async def first_line(address: str, said: bytes) -> bytes:
    host, _, port = address.partition(":")
    stream = await trio.open_tcp_stream(host, int(port))
    heard = b""
    try:
        await stream.send_all(said)
        with trio.fail_after(30):
            while b"\r\n" not in heard and (part := bytes(await stream.receive_some())):
                heard += part
    except trio.BrokenResourceError:
        pass
    stream.socket.close()
    return heard.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEYS + b"X: " + b"x" * 9000 + b"\r\n\r\n", b"400"),
        (b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEYS + b"X: 1\r\n" * 200 + b"\r\n", b"400"),
        (b"GET /" + b"w" * 9000 + b" HTTP/1.1\r\n" + UPGRADE + KEYS + b"\r\n", b"400"),
        (b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEYS + b"X: \xff\xfe\r\n\r\n", b"101"),
        (b"GET /ws HTTP/1.0\r\n" + UPGRADE + KEYS + b"\r\n", b"101"),
        (b"GET /ws HTTP/1.1\r\n" + UPGRADE + b"Sec-WebSocket-Key: short\r\n\r\n", b"400"),
        (b"POST /ws HTTP/1.1\r\n" + UPGRADE + KEYS + b"Content-Length: 2\r\n\r\n{}", b"200"),
    ],
    ids=["a long line", "many lines", "a long path", "not text", "old HTTP", "half a handshake", "a POST"],
)
async def test_a_strange_handshake_is_answered_and_the_next_client_is_served(
    said: bytes, status: bytes, clock: trio.testing.MockClock
) -> None:
    async with served() as there:
        assert (await first_line(there.address, said)).split()[1:2] == [status]
        clock_line = await first_line(there.address, b"GET /sandbox/clock HTTP/1.1\r\nHost: x\r\n\r\n")
        assert clock_line.split()[1] == b"200"


class Doorman(PlainFace):
    """A venue that goes by keys, and notes what it learns in which order."""

    key_header = "x-account-key"

    def __init__(self) -> None:
        super().__init__()
        self.learnt: list[tuple[int, str]] = []

    def introduce(self, connection: int, api_key: str) -> None:
        """Note whose key opened it, or that somebody had already spoken."""
        assert not self.received, "the client spoke before it was introduced"
        self.learnt.append((connection, api_key))


SPOKEN = b"\x81\x82" + bytes(4) + b"hi"
"""A masked text frame right behind the handshake."""


@pytest.mark.parametrize(
    ("line", "learnt"),
    [(b"X-Account-Key: AbC_1\r\n", [(1, "AbC_1")]), (b"X-Other-Key: AbC_1\r\n", []), (b"", [])],
    ids=["a key", "another header", "no key"],
)
async def test_a_key_in_the_handshake_is_made_known_before_the_clients_first_word(
    line: bytes, learnt: list[tuple[int, str]], clock: trio.testing.MockClock
) -> None:
    face = Doorman()
    async with served(face=face) as there:
        said = b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEYS + line + b"\r\n" + SPOKEN
        assert (await first_line(there.address, said)).split()[1] == b"101"
        await until(lambda: bool(face.received))
    assert face.learnt == learnt


async def test_a_venue_that_does_not_go_by_keys_is_told_of_none(clock: trio.testing.MockClock) -> None:
    assert not isinstance(PlainFace(), KeyedFace)
    async with served() as there:
        said = b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEYS + b"PF-API-KEY: AbC_1\r\n\r\n"
        assert (await first_line(there.address, said)).split()[1] == b"101"
