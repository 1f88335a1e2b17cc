"""The network transport against the loopback server and against bare sockets; no byte leaves this machine.

The clock is virtual, and leaps only when the sockets have been quiet for a moment.
"""

from __future__ import annotations

import random
import ssl
from itertools import pairwise
from pathlib import Path

import pytest
import trio
import trio.testing
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from actors.domain import Venue
from actors.messages import LinkLost, LinkUp, OrderUnknown, VenueMessage
from engine.simulators.faults import (
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Fault,
    FaultPlan,
    FaultRule,
    ResetBefore,
    Restart,
    Slow,
    Status,
    Traffic,
    Truncate,
)
from engine.venues.link import LinkLimits, keep_link
from engine.venues.network import NetworkLimits, RouteRefused, Routes, loopback_routes
from engine.venues.network.transport import NetworkTransport
from engine.venues.network.websocket import SocketStream
from engine.venues.transport import HttpRequest, HttpResponse, StreamClosed, TransportError
from tests.engine.simulators.plain import patient_clock, served, until
from tests.engine.venues.authority import contexts
from tests.engine.venues.raw import head_of, raw_server, silence, streaming, text, welcome

clock = patient_clock


def network(address: str, **limits) -> NetworkTransport:
    return NetworkTransport(loopback_routes(address), NetworkLimits(**limits))


def ask(body: bytes = b"?", timeout_s: float = 5.0, **changes) -> HttpRequest:
    return HttpRequest(**{"method": "POST", "path": "/exchange", "body": body, "timeout_s": timeout_s, **changes})


# --- requests ----------------------------------------------------------------------------------------------


async def test_a_request_arrives_as_it_was_made_and_its_answer_comes_back_whole(clock) -> None:
    async with served() as there, network(there.address) as transport:
        there.face.answers.append(HttpResponse(status=201, body=b"\x00done", headers=(("x-kind", "Plain"),)))
        query = (("symbol", "BTC PERP"), ("since", "1&2"))
        answer = await transport.request(ask(b'{"a":1}', path="/api/v1/x", query=query, headers=(("x-key", "k"),)))
        (heard,) = there.face.requests
        assert (heard.method, heard.path, heard.query, heard.body) == ("POST", "/api/v1/x", query, b'{"a":1}')
        assert ("x-key", "k") in heard.headers
        assert (answer.status, answer.body, dict(answer.headers)["x-kind"]) == (201, b"\x00done", "Plain")
        assert all(name == name.lower() for name, _ in answer.headers)


async def test_a_get_carries_no_body(clock) -> None:
    async with served() as there, network(there.address) as transport:
        await transport.request(ask(b"", method="GET"))
        names = [name for name, _ in there.face.requests[0].headers]
        assert "content-length" not in names
        assert "transfer-encoding" not in names
        with pytest.raises(AssertionError):
            await transport.request(ask(b"x", method="GET"))


async def test_requests_at_once_do_not_wait_for_one_another(clock) -> None:
    async with served(Delay(delay_s=2)) as there, network(there.address) as transport:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(transport.request, ask())
        assert trio.current_time() == pytest.approx(2, abs=0.1)
        assert len(there.face.heard) == 10


@pytest.mark.parametrize(
    ("fault", "executed"),
    [(DropRequest(), False), (DropResponse(), True), (Delay(delay_s=9), True)],
    ids=["request lost", "answer lost", "answer late"],
)
async def test_a_missing_answer_is_unresolved_whatever_the_venue_did(fault: Fault, executed: bool, clock) -> None:
    async with served(fault) as there, network(there.address) as transport:
        with pytest.raises(TransportError, match="no answer within 5 s") as failed:
            await transport.request(ask())
        assert failed.value.sent
        assert bool(there.face.heard) is executed
        assert trio.current_time() == pytest.approx(5.0, abs=0.1)


async def test_a_request_given_up_on_is_executed_when_it_arrives_all_the_same(clock) -> None:
    async with served(DelayRequest(delay_s=20)) as there, network(there.address) as transport:
        with pytest.raises(TransportError) as failed:
            await transport.request(ask())
        assert (failed.value.sent, there.face.heard) == (True, [])
        await trio.sleep(16)
        assert [body for _, body in there.face.heard] == [b"?"]


async def test_nobody_listening_is_the_only_failure_after_which_nothing_was_sent(clock) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    async with network(f"127.0.0.1:{port}") as transport:
        with pytest.raises(TransportError) as failed:
            await transport.request(ask())
        assert not failed.value.sent
        with pytest.raises(TransportError, match="no connection") as failed:
            async with transport.stream("/ws"):
                pass
        assert not failed.value.sent


async def test_waiting_for_a_free_connection_sends_nothing(clock) -> None:
    async with (
        served(DropRequest()) as there,
        network(there.address, connections_most=1) as transport,
        trio.open_nursery() as nursery,
    ):

        async def first() -> None:
            with pytest.raises(TransportError):
                await transport.request(ask(timeout_s=9))

        nursery.start_soon(first)
        await until(lambda: there.venue.requests == 1)
        with pytest.raises(TransportError, match="no connection within 1 s") as failed:
            await transport.request(ask(timeout_s=1))
        assert not failed.value.sent


@pytest.mark.parametrize(("fault", "executed"), [(ResetBefore(), False), (Disconnect(), True)], ids=["before", "after"])
async def test_a_reset_is_unresolved_before_and_after_execution(fault: Fault, executed: bool, clock) -> None:
    async with served(fault, nth=(1,)) as there, network(there.address) as transport:
        with pytest.raises(TransportError) as failed:
            await transport.request(ask())
        assert failed.value.sent
        assert bool(there.face.heard) is executed
        assert (await transport.request(ask())).status == 200


async def test_an_answer_that_drips_in_is_waited_for_until_the_request_s_time_is_up(clock) -> None:
    async with served(Slow(over_s=3)) as there, network(there.address) as transport:
        assert (await transport.request(ask())).body == b"answer 1"
        assert trio.current_time() == pytest.approx(3, abs=0.5)
        with pytest.raises(TransportError, match="no answer within 1 s") as failed:
            await transport.request(ask(timeout_s=1))
        assert failed.value.sent


async def test_half_an_answer_is_none(clock) -> None:
    async with served(Truncate(keep=0.5), nth=(1,)) as there, network(there.address) as transport:
        with pytest.raises(TransportError, match="RemoteProtocolError") as failed:
            await transport.request(ask())
        assert failed.value.sent
        assert (await transport.request(ask())).status == 200


async def test_a_rate_limit_is_an_answer_with_its_retry_after(clock) -> None:
    fault = Status(status=429, body="slow down", retry_after_s=7, headers={"X-Weight": "1201"})
    async with served(fault) as there, network(there.address) as transport:
        answer = await transport.request(ask())
        headers = dict(answer.headers)
        assert (answer.status, answer.body) == (429, b"slow down")
        assert (headers["retry-after"], headers["x-weight"]) == ("7", "1201")


@pytest.mark.parametrize("status", [302, 500, 502, 503])
async def test_a_page_instead_of_an_answer_is_handed_on_as_it_is_and_no_redirect_is_followed(
    status: int, clock
) -> None:
    fault = Status(status=status, body="<html>gone</html>", headers={"location": "/elsewhere"})
    async with served(fault) as there, network(there.address) as transport:
        answer = await transport.request(ask())
        assert (answer.status, answer.body) == (status, b"<html>gone</html>")
        assert dict(answer.headers)["content-type"] == "text/html"
        assert there.venue.requests == 1


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])
async def test_an_answer_that_is_too_large_is_not_read(announced: bool, clock) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        length = b"content-length: 5000\r\n" if announced else b""
        await stream.send_all(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"x" * 5000)

    async with raw_server(handle) as address, network(address, body_bytes_most=4000) as transport:
        with pytest.raises(TransportError, match="more than 4000 bytes") as failed:
            await transport.request(ask())
        assert failed.value.sent


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", b"no HTTP at all\r\n\r\n"])
async def test_a_server_that_does_not_answer_in_http_leaves_the_request_unresolved(said: bytes, clock) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await stream.send_all(said) if said else None

    async with raw_server(handle) as address, network(address) as transport:
        with pytest.raises(TransportError) as failed:
            await transport.request(ask())
        assert failed.value.sent


async def test_proxies_of_the_environment_are_not_used(clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with served() as there, network(there.address) as transport:
        assert (await transport.request(ask())).status == 200


async def test_a_failure_never_names_the_url_for_it_may_hold_an_access_key(clock) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)

    async with raw_server(handle) as address:
        routes = Routes(requests={"": f"http://{address}/rpc?api-key=hush"}, streams={})
        async with NetworkTransport(routes) as transport:
            with pytest.raises(TransportError) as failed:
                await transport.request(ask(path=""))
            assert "hush" not in failed.value.reason


async def test_leaving_the_transport_closes_its_idle_connections(clock) -> None:
    ended = trio.Event()

    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        assert await stream.receive_some() == b""
        ended.set()

    async with raw_server(handle) as address:
        async with network(address) as transport:
            await transport.request(ask(b"", method="GET"))
            assert not ended.is_set()
        with trio.fail_after(1):
            await ended.wait()


# --- streams -----------------------------------------------------------------------------------------------


async def test_frames_go_both_ways_in_order(clock) -> None:
    async with served() as there, network(there.address) as transport, transport.stream("/ws?v=1") as stream:
        await stream.send(b'{"subscribe":"\xc3\xa9"}')
        await until(lambda: bool(there.face.received))
        there.say(*(str(number).encode() for number in range(500)))
        assert [await stream.receive() for _ in range(500)] == [str(number).encode() for number in range(500)]
        assert there.face.received[0] == (1, b'{"subscribe":"\xc3\xa9"}')
        assert there.face.open == {1: "/ws?v=1"}


async def test_leaving_a_stream_closes_it_at_the_venue(clock) -> None:
    async with served() as there, network(there.address) as transport:
        async with transport.stream("/ws"):
            pass
        await until(lambda: there.face.open == {})


async def test_a_large_frame_arrives_whole_and_one_too_large_ends_the_stream(clock) -> None:
    async with (
        served() as there,
        network(there.address, frame_bytes_most=300_000) as transport,
        transport.stream("/ws") as stream,
    ):
        there.say(b"x" * 300_000, b"y" * 300_001)
        assert await stream.receive() == b"x" * 300_000
        with pytest.raises(StreamClosed, match="over size limit"):
            await stream.receive()


async def test_a_ping_of_the_server_is_answered_without_being_asked(clock) -> None:
    answers: list[bytes] = []

    async def handle(stream: trio.abc.Stream) -> None:
        protocol = await welcome(stream)
        await stream.send_all(text(b"are you there", opcode=Opcode.PING) + text(b"after"))
        protocol.receive_data(bytes(await stream.receive_some()))
        answers.extend(bytes(event.data) for event in protocol.events_received() if isinstance(event, Frame))
        await trio.sleep_forever()

    async with raw_server(handle) as address, network(address) as transport, transport.stream("/") as stream:
        assert await stream.receive() == b"after"
        await until(lambda: answers == [b"are you there"])


async def test_a_message_in_pieces_is_put_together(clock) -> None:
    pieces = text(b"one ", fin=False), text(b"two ", fin=False, opcode=Opcode.CONT), text(b"three", opcode=Opcode.CONT)
    ping = text(b"", opcode=Opcode.PING)
    async with (
        raw_server(streaming(pieces[0], pieces[1], ping, pieces[2], then=silence)) as address,
        network(address) as transport,
        transport.stream("/") as stream,
    ):
        assert await stream.receive() == b"one two three"


SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 90_000)


def conversation(rng: random.Random) -> tuple[bytes, list[bytes]]:
    """Bytes of a server that says texts whole and in pieces, with pings between, and what it says."""
    said, texts = b"", []
    for _ in range(rng.randint(1, 12)):
        texts.append(rng.randbytes(rng.choice(SIZES)))
        cuts = sorted(rng.randint(0, len(texts[-1])) for _ in range(rng.choice((0, 0, 1, 3))))
        pieces = [texts[-1][begin:end] for begin, end in pairwise((0, *cuts, len(texts[-1])))]
        for number, piece in enumerate(pieces):
            opcode = Opcode.CONT if number else Opcode.TEXT
            said += text(piece, fin=number == len(pieces) - 1, opcode=opcode)
            said += text(b"?", opcode=Opcode.PING) if rng.random() < 0.3 else b""
    return said, texts


@pytest.mark.parametrize("seed", range(40))
async def test_frames_are_the_same_however_the_bytes_are_cut(seed: int, clock) -> None:
    rng = random.Random(seed)
    said, texts = conversation(rng)
    ours, theirs = trio.testing.memory_stream_pair()

    async def serve() -> None:
        protocol = await welcome(theirs)
        begin = 0
        while begin < len(said):
            end = begin + rng.choice((1, 2, 7, 1_000, 70_000))
            await theirs.send_all(said[begin:end])
            begin = end
        assert protocol.state is State.OPEN

    stream = SocketStream(ours, parse_uri("ws://127.0.0.1/"), NetworkLimits())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        await stream.open()
        assert [await stream.receive() for _ in texts] == texts


CLOSE = Frame(Opcode.CLOSE, (1012).to_bytes(2, "big") + b"back soon").serialize(mask=False)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (CLOSE, r"closed by the venue.*1012.*back soon"),
        (b"", "closed the connection without a word"),
        (b"\xff\xff\xff\xff", "refused"),
        (b"\x81\x81\0\0\0\0x", "refused: incorrect masking"),
        (text(b"a", fin=False) + text(b"b"), "refused: expected a continuation"),
        (text(b"\x01", opcode=Opcode.BINARY), "refused: a binary frame"),
        (text(b"x" * 100)[:50], "without a word"),
    ],
    ids=["close frame", "end", "nonsense", "masked", "unfinished", "binary", "half a frame"],
)
async def test_a_stream_s_end_says_why_after_everything_before_it_was_read(said: bytes, reason: str, clock) -> None:
    async with (
        raw_server(streaming(text(b"before"), said)) as address,
        network(address) as transport,
        transport.stream("/") as stream,
    ):
        assert await stream.receive() == b"before"
        for _ in range(2):
            with pytest.raises(StreamClosed, match=reason):
                await stream.receive()
        with pytest.raises(StreamClosed):
            await stream.send(b"still there?")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Disconnect(), "connection reset"),
        (Restart(), "connection reset"),
        (Truncate(keep=0.3), "without a word|connection reset"),
    ],
    ids=["cut", "restart", "half a frame"],
)
async def test_a_cut_stream_is_closed(fault: Fault, reason: str, clock) -> None:
    async with (
        served(fault, traffic=Traffic.FRAME, nth=(2,)) as there,
        network(there.address) as transport,
        transport.stream("/ws") as stream,
    ):
        there.say(b"one")
        assert await stream.receive() == b"one"
        there.say(b"two" * 50)
        with pytest.raises(StreamClosed, match=reason):
            await stream.receive()


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [("idle for 60 s", 1000, "idle for 60 s"), ("1008: too many subscriptions", 1008, "too many subscriptions")],
)
async def test_the_venue_s_own_close_arrives_with_its_code_and_reason(said: str, code: int, reason: str, clock) -> None:
    async with served() as there, network(there.address) as transport, transport.stream("/ws") as stream:
        there.leave(said)
        with pytest.raises(StreamClosed, match=rf"{code}.*{reason}"):
            await stream.receive()


async def test_a_frame_that_drips_in_is_read_when_it_is_whole(clock) -> None:
    async with (
        served(Slow(over_s=4), traffic=Traffic.FRAME) as there,
        network(there.address) as transport,
        transport.stream("/ws") as stream,
    ):
        there.say(b"slow as it comes")
        assert await stream.receive() == b"slow as it comes"
        assert trio.current_time() == pytest.approx(4, abs=0.5)


async def test_a_venue_that_takes_nothing_is_given_up(clock) -> None:
    async with (
        raw_server(streaming(then=silence)) as address,
        network(address, write_s=3) as transport,
        transport.stream("/") as stream,
    ):
        flood = b"x" * 50_000_000
        with pytest.raises(StreamClosed, match="took nothing for 3 s"):
            await stream.send(flood)
        with pytest.raises(StreamClosed):
            await stream.send(b"x")


async def test_frames_sent_at_once_do_not_mix(clock) -> None:
    async with served() as there, network(there.address) as transport, transport.stream("/ws") as stream:
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(stream.send, str(number).encode() * 20_000)
        await until(lambda: len(there.face.received) == 20)
        assert sorted(len(frame) for _, frame in there.face.received) == [20_000] * 10 + [40_000] * 10
        assert all(len(set(frame)) <= 2 for _, frame in there.face.received)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "HTTP 403"),
        (b"SSH-2.0-server\r\n\r\n", "not a WebSocket answer"),
        (b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", "Sec-WebSocket-Accept"),
        (b"", "closed in the stream's handshake"),
    ],
    ids=["refused", "something else", "no proof", "closed"],
)
async def test_a_stream_that_is_not_welcomed_is_not_opened(said: bytes, reason: str, clock) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await stream.send_all(said) if said else None

    async with raw_server(handle) as address, network(address) as transport:
        with pytest.raises(TransportError, match=reason) as failed:
            async with transport.stream("/"):
                pass
        assert failed.value.sent


async def test_a_handshake_is_not_waited_for_for_ever(clock) -> None:
    async with raw_server(silence) as address, network(address, handshake_s=4) as transport:
        with pytest.raises(TransportError, match="not answered in time"):
            async with transport.stream("/"):
                pass
        assert trio.current_time() == pytest.approx(4, abs=0.5)


async def test_a_cancelled_stream_is_closed_within_its_time_though_nobody_answers(clock) -> None:
    async with raw_server(streaming(then=silence)) as address, network(address, close_s=2) as transport:
        with trio.move_on_after(10) as patience:
            async with transport.stream("/") as stream:
                await stream.receive()
        assert patience.cancelled_caught
        assert trio.current_time() <= 12.5


async def test_a_reader_that_was_cancelled_reads_on_without_a_loss(clock) -> None:
    async with served() as there, network(there.address) as transport, transport.stream("/ws") as stream:
        for number in range(5):
            with trio.move_on_after(1):
                await stream.receive()
            there.say(str(number).encode())
            assert await stream.receive() == str(number).encode()


def test_limits_are_meant_in_real_time() -> None:
    limits = NetworkLimits(connect_s=2, close_s=1).at_speed(60)
    assert (limits.connect_s, limits.close_s, limits.body_bytes_most) == (120, 60, NetworkLimits().body_bytes_most)


# --- TLS and routes ----------------------------------------------------------------------------------------


async def answer_once(stream: trio.abc.Stream) -> None:
    """One answer for a request, and one frame for a stream."""
    head = await head_of(stream)
    if b"websocket" in head.lower():
        raise AssertionError(head)
    await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsafe")


async def test_a_certificate_is_verified(clock, tmp_path: Path) -> None:
    server, certificate = contexts(tmp_path)
    trusting = ssl.create_default_context(cadata=certificate)
    async with raw_server(answer_once, server) as address:
        routes = Routes(requests={"": f"https://{address}"}, streams={"": f"wss://{address}"})
        async with NetworkTransport(routes, context=trusting) as transport:
            assert (await transport.request(ask(b"", method="GET"))).body == b"safe"


async def test_frames_go_through_tls(clock, tmp_path: Path) -> None:
    server, certificate = contexts(tmp_path)
    trusting = ssl.create_default_context(cadata=certificate)
    async with (
        raw_server(streaming(text(b"one"), text(b"two")), server) as address,
        NetworkTransport(Routes(requests={}, streams={"": f"wss://{address}"}), context=trusting) as transport,
        transport.stream("/") as stream,
    ):
        assert [await stream.receive(), await stream.receive()] == [b"one", b"two"]
        with pytest.raises(StreamClosed):
            await stream.receive()


@pytest.mark.parametrize("wrong", ["unknown authority", "another host"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_certificate_that_cannot_be_trusted_stops_everything_before_a_byte_is_sent(
    wrong: str, clock, tmp_path: Path
) -> None:
    server, certificate = contexts(tmp_path, "127.0.0.1" if wrong == "unknown authority" else "127.0.0.9")
    client = ssl.create_default_context(cadata=None if wrong == "unknown authority" else certificate)
    heard: list[bytes] = []

    async def handle(stream: trio.abc.Stream) -> None:
        with pytest.raises(trio.BrokenResourceError):
            heard.append(await head_of(stream))

    async with raw_server(handle, server) as address:
        routes = Routes(requests={"": f"https://{address}"}, streams={"": f"wss://{address}"})
        async with NetworkTransport(routes, context=client) as transport:
            with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as failed:
                await transport.request(ask())
            assert not failed.value.sent
            with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as failed:
                async with transport.stream("/"):
                    pass
            assert not failed.value.sent
    assert heard == []


@pytest.mark.parametrize(
    "base",
    [
        "http://api.example",
        "http://10.0.0.1",
        "http://localhost",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "https://user:secret@api.example",
    ],
)
def test_requests_go_encrypted_or_to_a_loopback_address(base: str) -> None:
    with pytest.raises(RouteRefused) as refused:
        Routes(requests={"": base}, streams={})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("base", ["ws://api.example", "wss://u:p@api.example", "https://api.example"])
def test_streams_go_encrypted_or_to_a_loopback_address(base: str) -> None:
    with pytest.raises(RouteRefused):
        Routes(requests={}, streams={"": base})


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8701", "http://127.9.9.9", "http://[::1]:80", "https://api.example"]
)
def test_a_loopback_address_may_be_plain(base: str) -> None:
    assert Routes(requests={"": base}, streams={}).request_url("/x") == f"{base}/x"


def test_the_longest_prefix_wins_and_is_replaced_by_its_base() -> None:
    routes = Routes(
        requests={"": "https://api.example/v1", "/dlob": "https://dlob.example", "/dlob/fast": "https://fast.example"},
        streams={"": "wss://api.example", "/dlob": "wss://dlob.example/ws"},
    )
    assert routes.request_url("/info", (("a", "b c"),)) == "https://api.example/v1/info?a=b+c"
    assert routes.request_url("/dlob/l2") == "https://dlob.example/l2"
    assert routes.request_url("/dlob/fast/l2") == "https://fast.example/l2"
    assert routes.request_url("/dlobster") == "https://api.example/v1/dlobster"
    assert routes.stream_url("/stream?readonly=true") == "wss://api.example/stream?readonly=true"
    assert routes.stream_url("/dlob") == "wss://dlob.example/ws"


def test_an_access_key_in_a_base_url_is_kept() -> None:
    routes = Routes(requests={"/rpc": "https://node.example/?api-key=k"}, streams={})
    assert routes.request_url("/rpc", (("x", "1"),)) == "https://node.example/?api-key=k&x=1"


def test_a_path_nobody_serves_and_a_prefix_that_cannot_fit_are_refused() -> None:
    with pytest.raises(RouteRefused, match="/rpc"):
        Routes(requests={"/api": "https://api.example"}, streams={}).request_url("/rpc")
    for prefix in ("api", "/api/"):
        with pytest.raises(RouteRefused, match="slash"):
            Routes(requests={prefix: "https://api.example"}, streams={})


# --- the link on top ---------------------------------------------------------------------------------------


class Talk:
    """A dialogue in which every frame is a fact, and the snapshot is one request."""

    venue, path = Venue.PACIFICA, "/ws"

    def __init__(self, transport: NetworkTransport) -> None:
        self._transport = transport

    def greetings(self) -> tuple[bytes, ...]:
        """One subscription."""
        return (b"subscribe",)

    def ping(self) -> bytes:
        """Keep-alive."""
        return b"ping"

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Ask the venue once."""
        await self._transport.request(ask())
        return ()

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """The frame is a fact's name."""
        return (OrderUnknown(venue=self.venue, order_id=frame.decode()),)


LINK = LinkLimits(ping_every_s=10.0, silence_most_s=25.0, snapshot_timeout_s=5.0, backoff_most_s=8.0)


async def test_a_link_comes_back_after_the_server_was_restarted(clock) -> None:
    rule = FaultRule(name="restart", traffic=Traffic.FRAME, nth=(2,), fault=Restart(down_s=30))
    said: list[VenueMessage] = []
    async with (
        served(plan=FaultPlan(rules=(rule,))) as there,
        network(there.address) as transport,
        trio.open_nursery() as nursery,
    ):
        await nursery.start(keep_link, transport, Talk(transport), said.append, LINK, random.Random(1))
        there.say(b"one", b"two")
        await trio.sleep(20)
        reasons = [message.reason for message in said if isinstance(message, LinkLost)]
        assert "connection reset" in reasons[0]
        assert any("no connection" in reason for reason in reasons[1:])
        await trio.sleep(20)
        there.say(b"three")
        await trio.sleep(1)
        assert said[-2:] == [LinkUp(venue=Venue.PACIFICA), OrderUnknown(venue=Venue.PACIFICA, order_id="three")]
        nursery.cancel_scope.cancel()


async def test_a_half_open_connection_is_noticed_by_its_silence(clock) -> None:
    said: list[VenueMessage] = []
    async with (
        served(DropFrame(), traffic=Traffic.FRAME) as there,
        network(there.address) as transport,
        trio.open_nursery() as nursery,
    ):
        await nursery.start(keep_link, transport, Talk(transport), said.append, LINK, random.Random(1))
        there.say(b"lost")
        await trio.sleep(31)
        assert said[1] == LinkLost(venue=Venue.PACIFICA, reason="silent for 30 s")
        nursery.cancel_scope.cancel()
