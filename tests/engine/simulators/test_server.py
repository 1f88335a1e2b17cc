"""The loopback server as a bare client sees it: HTTP, the control door, limits, restarts, many connections."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec
import pytest
import trio
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.uri import parse_uri

from engine.simulators.exchange import CrowdSpec, Exchange, NewOrder, TimeInForce
from engine.simulators.faults import (
    Disconnect,
    DropResponse,
    Fault,
    FaultPlan,
    FaultRule,
    ResetBefore,
    Restart,
    Skew,
    Slow,
    Traffic,
    Truncate,
)
from engine.simulators.server import PortTaken, ServerLimits, Stall, serve
from engine.simulators.server.sockets import drips
from engine.simulators.transport import SimulatedVenue
from engine.venues.network import loopback_routes
from engine.venues.network.transport import NetworkTransport
from engine.venues.transport import HttpRequest, TransportError
from tests.engine.simulators import plain
from tests.engine.simulators.exchange_builders import D, exchange, point
from tests.engine.simulators.plain import PROMPT, PlainFace, Served, now_ns, patient_clock, until

clock = patient_clock
OPEN: list[trio.SocketStream] = []
"""The callers' connections, closed when the server goes."""


@asynccontextmanager
async def served(*faults: Fault, **terms) -> AsyncIterator[Served]:
    """A plain venue, and whoever calls it."""
    async with plain.served(*faults, **terms) as there:
        try:
            yield there
        finally:
            while OPEN:
                OPEN.pop().socket.close()


class Caller:
    """One connection, byte by byte."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.rest = b""

    @classmethod
    async def to(cls, address: str) -> Caller:
        """Connect."""
        host, _, port = address.partition(":")
        OPEN.append(await trio.open_tcp_stream(host, int(port)))
        return cls(OPEN[-1])

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        await self.stream.send_all(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self.rest:
            await self._more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        size = int(headers.get("content-length", 0))
        while len(self.rest) < size:
            await self._more()
        body, self.rest = self.rest[:size], self.rest[size:]
        return int(first.split()[1]), headers, body

    async def _more(self) -> None:
        part = bytes(await self.stream.receive_some())
        assert part, "closed"
        self.rest += part

    async def closed(self) -> bool:
        """Whether the server ends the connection in order, now or soon."""
        with trio.fail_after(30):
            return await self.stream.receive_some() == b""

    async def reset(self) -> bool:
        """Whether the server resets the connection, now or soon."""
        with trio.fail_after(300):
            try:
                while await self.stream.receive_some():
                    pass
            except trio.BrokenResourceError:
                return True
        return False


def post(path: str, body: bytes = b"{}") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


GET_CLOCK = b"GET /sandbox/clock HTTP/1.1\r\nHost: x\r\n\r\n"


# --- HTTP --------------------------------------------------------------------------------------------------


async def test_a_connection_is_kept_for_the_next_request_and_requests_may_come_at_once(clock) -> None:
    async with served() as there:
        caller = await Caller.to(there.address)
        await caller.say(post("/a") + post("/b"))
        assert [(await caller.answer())[2] for _ in range(2)] == [b"answer 1", b"answer 2"]
        await caller.say(b"GET /c?x=%20y&z= HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await caller.answer())[0] == 200
        assert await caller.closed()
        assert there.face.requests[-1].query == (("x", " y"), ("z", ""))


async def test_a_body_may_come_in_chunks(clock) -> None:
    async with served() as there:
        caller = await Caller.to(there.address)
        head = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        await caller.say(head)
        assert (await caller.answer())[0] == 100
        await caller.say(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        await caller.answer()
        assert there.face.requests[0].body == b"onetwo"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"not http\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n", 431),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5001\r\n\r\n", 413),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1400\r\n" + b"x" * 5120 + b"\r\n", 413),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 400),
    ],
    ids=["method", "nonsense", "no host", "long head", "long body", "long chunks", "half a handshake"],
)
async def test_what_cannot_be_served_gets_a_clear_refusal_and_the_connection_ends(
    said: bytes, status: int, clock
) -> None:
    limits = ServerLimits(request_bytes_most=5000, head_bytes_most=8192)
    async with served(limits=limits) as there:
        caller = await Caller.to(there.address)
        await caller.say(said)
        assert (await caller.answer())[0] == status
        assert await caller.closed()
        assert there.face.requests == []
        assert (await _once(there.address, GET_CLOCK))[0] == 200


async def _once(address: str, said: bytes) -> tuple[int, dict[str, str], bytes]:
    caller = await Caller.to(address)
    await caller.say(said)
    return await caller.answer()


async def test_a_client_that_says_nothing_or_half_a_request_is_let_go(clock) -> None:
    async with served(limits=ServerLimits(idle_s=20)) as there:
        silent, slow = await Caller.to(there.address), await Caller.to(there.address)
        await slow.say(b"POST /a HTTP/1.1\r\nHost:")
        assert await silent.closed()
        assert await slow.closed()
        assert 20 <= trio.current_time() < 21


async def test_a_client_that_leaves_in_the_middle_harms_nobody(clock) -> None:
    async with served(Slow(over_s=5), nth=(1,)) as there:
        for said in (b"", b"POST /a HT", post("/a")):
            caller = await Caller.to(there.address)
            await caller.say(said) if said else None
            caller.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await caller.stream.aclose()
        await trio.sleep(10)
        assert (await _once(there.address, post("/b")))[0] == 200


async def test_more_connections_than_allowed_are_reset(clock) -> None:
    async with served(limits=ServerLimits(connections_most=2)) as there:
        callers = [await Caller.to(there.address) for _ in range(2)]
        for caller in callers:
            await caller.say(post("/a"))
            await caller.answer()
        assert await (await Caller.to(there.address)).reset()
        await callers[0].stream.aclose()
        await trio.sleep(1)
        assert (await _once(there.address, post("/b")))[0] == 200


async def test_a_hundred_clients_are_served_at_once(clock) -> None:
    bodies: list[bytes] = []
    async with served() as there:

        async def call(number: int) -> None:
            bodies.append((await _once(there.address, post(f"/{number}")))[2])

        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(call, number)
    assert sorted(bodies) == sorted(f"answer {number}".encode() for number in range(1, 101))


# --- misfortunes -------------------------------------------------------------------------------------------


async def test_a_lost_answer_leaves_the_connection_open_until_the_server_gives_up(clock) -> None:
    async with served(DropResponse(), limits=ServerLimits(answer_most_s=60)) as there:
        caller = await Caller.to(there.address)
        await caller.say(post("/a"))
        assert await caller.reset()
        assert 60 <= trio.current_time() < 61
        assert len(there.face.heard) == 1


@pytest.mark.parametrize(("fault", "executed"), [(ResetBefore(), 0), (Disconnect(), 1)], ids=["before", "after"])
async def test_a_cut_is_a_reset_on_the_wire(fault: ResetBefore | Disconnect, executed: int, clock) -> None:
    async with served(fault) as there:
        caller = await Caller.to(there.address)
        await caller.say(post("/a"))
        assert await caller.reset()
        assert len(there.face.heard) == executed


async def test_half_an_answer_is_announced_in_full(clock) -> None:
    async with served(Truncate(keep=0.5)) as there:
        caller = await Caller.to(there.address)
        await caller.say(post("/a"))
        with pytest.raises(AssertionError, match="closed"):
            await caller.answer()
        assert caller.rest == b"answ"


def test_drips_are_all_of_the_data_in_order() -> None:
    for size in (0, 1, 19, 20, 21, 1000):
        data = bytes(number % 251 for number in range(size))
        assert b"".join(drips(data)) == data
        assert len(drips(data)) == min(size, 20)


async def test_a_restart_cuts_every_connection_and_comes_back_on_the_same_port(clock) -> None:
    rule = FaultRule(name="restart", traffic=Traffic.HTTP, match="/restart", fault=Restart(down_s=30), nth=(1,))
    async with served(plan=FaultPlan(rules=(rule,))) as there:
        idle, caller = await Caller.to(there.address), await Caller.to(there.address)
        await caller.say(post("/restart"))
        assert await caller.reset()
        assert await idle.reset()
        assert there.face.heard == []
        with pytest.raises(OSError, match="all attempts"):
            await Caller.to(there.address)
        await trio.sleep(31)
        assert (await _once(there.address, post("/restart")))[2] == b"answer 1"
        assert there.venue.struck("restart") == 1


async def test_a_venue_whose_clock_is_off_says_so_in_its_date_and_to_its_face(clock) -> None:
    skew = FaultRule(name="skew", traffic=Traffic.HTTP, fault=Skew(offset_s=90), from_s=100, to_s=200)
    async with served(plan=FaultPlan(rules=(skew,))) as there:
        offsets = []
        for _ in range(3):
            before_s = trio.current_time()
            _, headers, _ = await _once(there.address, post("/a"))
            told = parsedate_to_datetime(headers["date"]).astimezone(UTC)
            true = datetime.fromtimestamp(int(before_s), UTC)
            offsets.append(round((told - true).total_seconds() / 90))
            await trio.sleep(100)
        assert offsets == [0, 1, 0]
        assert [round(at_s / 95) for at_s, _ in there.face.heard] == [0, 2, 2]
        assert there.venue.struck("skew") == 1


# --- streams -----------------------------------------------------------------------------------------------


async def _upgraded(address: str, path: str = "/ws") -> tuple[Caller, ClientProtocol]:
    caller = await Caller.to(address)
    protocol = ClientProtocol(parse_uri(f"ws://{address}{path}"))
    protocol.send_request(protocol.connect())
    await caller.say(b"".join(protocol.data_to_send()))
    return caller, protocol


async def _heard(caller: Caller, protocol: ClientProtocol) -> list[Frame | Response]:
    protocol.receive_data(bytes(await caller.stream.receive_some()))
    return [event for event in protocol.events_received() if isinstance(event, Frame | Response)]


async def test_a_client_s_messages_in_pieces_pings_and_goodbye(clock) -> None:
    async with served() as there:
        caller, protocol = await _upgraded(there.address)
        (welcome,) = await _heard(caller, protocol)
        assert isinstance(welcome, Response)
        assert welcome.status_code == 101
        protocol.send_text(b"one ", fin=False)
        protocol.send_ping(b"hello")
        protocol.send_continuation(b"two", fin=True)
        await caller.say(b"".join(protocol.data_to_send()))
        (pong,) = await _heard(caller, protocol)
        assert isinstance(pong, Frame)
        assert bytes(pong.data) == b"hello"
        assert there.face.received == [(1, b"one two")]
        protocol.send_close(1000, "done")
        await caller.say(b"".join(protocol.data_to_send()))
        await _heard(caller, protocol)
        assert protocol.close_rcvd is not None
        assert protocol.close_rcvd.reason == "done"
        assert await caller.closed()
        assert there.face.open == {}


async def test_a_frame_too_large_ends_the_stream_with_its_code(clock) -> None:
    async with served(limits=ServerLimits(frame_bytes_most=1000)) as there:
        caller, protocol = await _upgraded(there.address)
        await _heard(caller, protocol)
        protocol.send_text(b"x" * 1001)
        await caller.say(b"".join(protocol.data_to_send()))
        await _heard(caller, protocol)
        assert protocol.close_rcvd is not None
        assert protocol.close_rcvd.code == 1009


async def test_a_client_that_vanishes_is_forgotten(clock) -> None:
    async with served() as there:
        caller, protocol = await _upgraded(there.address)
        await _heard(caller, protocol)
        assert there.face.open == {1: "/ws"}
        await caller.stream.aclose()
        await until(lambda: there.face.open == {})


async def test_a_client_that_does_not_read_is_cut(clock) -> None:
    async with served(limits=ServerLimits(write_s=10)) as there:
        caller, protocol = await _upgraded(there.address)
        await _heard(caller, protocol)
        there.say(*(b"x" * 1_000_000 for _ in range(60)))
        await trio.sleep(9)
        assert there.face.open == {1: "/ws"}
        await trio.sleep(2)
        assert there.face.open == {}


@pytest.mark.parametrize("fault", [ResetBefore(), Disconnect(refuse_s=10)])
async def test_a_stream_that_is_refused_is_reset_before_the_handshake_is_answered(
    fault: ResetBefore | Disconnect, clock
) -> None:
    async with served(fault, traffic=Traffic.CONNECT, nth=(1,)) as there:
        caller, _ = await _upgraded(there.address)
        assert await caller.reset()
        assert there.face.opened == 0


async def test_a_path_without_a_stream_is_not_found(clock) -> None:
    class Picky(PlainFace):
        def connect(self, now_ns: int, path: str) -> int:
            number = super().connect(now_ns, path)
            self.outbox.append(_closing(number))
            return number

    async with served(face=Picky()) as there:
        caller, protocol = await _upgraded(there.address, "/elsewhere")
        (refused,) = await _heard(caller, protocol)
        assert isinstance(refused, Response)
        assert refused.status_code == 404


def _closing(connection: int):
    from engine.simulators.face import Push

    return Push(connection=connection, close="404: no stream here")


# --- the control door --------------------------------------------------------------------------------------


class TradingFace(PlainFace):
    """A plain wire over a real exchange with one market and one account of ours."""

    venue = "hyperliquid"

    def __init__(self) -> None:
        super().__init__()
        self.world = exchange(crowd=CrowdSpec())
        self.world.open_account("ours", D(10_000))
        self.world.set_point(now_ns(), point())

    @property
    def exchange(self) -> Exchange:
        """The exchange behind the wire."""
        return self.world


async def test_the_clock_is_told_with_venue_network_and_account(clock) -> None:
    async with served() as there:
        status, _, body = await _once(there.address, GET_CLOCK)
        told = json.loads(body)
        assert status == 200
        assert abs(told.pop("now_ns") - now_ns()) < 1e9
        assert told == {"venue": "plain", "network": "simulated", "account": "nobody", "speed": 1.0}
        assert there.venue.requests == 0


async def test_levers_are_pulled_and_what_they_did_is_seen_in_the_account(clock) -> None:
    async with served(face=TradingFace(), account="ours") as there, _transport(there.address) as transport:
        asset = there.face.exchange.instruments[0].asset

        async def lever(**said: object) -> dict[str, object]:
            body = json.dumps(said).encode()
            answer = await transport.request(HttpRequest(method="POST", path="/sandbox/lever", body=body))
            return {"status": answer.status, **json.loads(answer.body)}

        async def account() -> dict[str, list[dict[str, str]]]:
            return json.loads((await transport.request(HttpRequest(method="GET", path="/sandbox/account"))).body)

        assert (await lever(lever="set_position", asset=asset, size="0.5"))["events"] == ["OrderFilled"]
        order = NewOrder(asset=asset, is_buy=True, price=D(1), size=D(1), time_in_force=TimeInForce.GTC)
        there.face.exchange.place(now_ns(), "ours", order)
        told = await account()
        assert D(str(told["equity_usd"])) == 10_000
        assert [position["size"] for position in told["positions"]] == ["0.5"]
        assert len(told["orders"]) == len(there.face.exchange.open_orders("ours"))
        assert (await lever(lever="deleverage", asset=asset, size=0.2))["status"] == 200
        assert (await account())["positions"][0]["size"] == "0.3"
        assert (await lever(lever="halt", asset=asset))["events"] == ["MarketModeChanged"]
        assert (await lever(lever="explode", asset=asset))["status"] == 400
        assert (await lever(lever="halt", asset="NOTHING"))["status"] == 400
        assert (await lever(lever=["halt"]))["status"] == 400


def _transport(address: str) -> NetworkTransport:
    return NetworkTransport(loopback_routes(address))


async def test_a_door_that_is_not_there_names_those_that_are(clock) -> None:
    async with served() as there:
        status, _, body = await _once(there.address, post("/sandbox/clock"))
        assert (status, b"GET /sandbox/clock" in body) == (404, True)


async def test_faults_do_not_befall_the_control_door(clock) -> None:
    async with served(DropResponse(), Disconnect()) as there:
        assert (await _once(there.address, GET_CLOCK))[0] == 200


# --- several venues ----------------------------------------------------------------------------------------


async def test_each_venue_has_a_port_of_its_own_and_a_taken_port_is_named(clock) -> None:
    stalls = [
        Stall(venue=SimulatedVenue(PlainFace(), now_ns, PROMPT, random.Random(1)), account=f"account {number}")
        for number in range(3)
    ]
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(lambda task_status: serve(stalls[:2], speed=60, task_status=task_status))
        for address in addresses:
            told = json.loads((await _once(address.url.removeprefix("http://"), GET_CLOCK))[2])
            assert told["speed"] == 60
        assert addresses[0].stream_url == addresses[0].url.replace("http", "ws")
        taken = int(addresses[0].url.rpartition(":")[2])
        with pytest.raises(ExceptionGroup) as failed:
            await serve([msgspec.structs.replace(stalls[2], port=taken)])
        assert failed.value.subgroup(PortTaken) is not None
        assert str(taken) in str(failed.value.exceptions[0])
        OPEN.pop().socket.close(), OPEN.pop().socket.close()
        nursery.cancel_scope.cancel()


def test_limits_are_meant_in_real_time() -> None:
    limits = ServerLimits(idle_s=10, write_s=2).at_speed(60)
    assert (limits.idle_s, limits.write_s, limits.connections_most) == (600, 120, ServerLimits().connections_most)


async def test_a_stream_cannot_be_opened_while_nothing_listens(clock) -> None:
    rule = FaultRule(name="restart", traffic=Traffic.CONNECT, fault=Restart(down_s=5), nth=(1,))
    async with served(plan=FaultPlan(rules=(rule,))) as there, _transport(there.address) as transport:
        for sent in (True, False):
            with pytest.raises(TransportError) as failed:
                async with transport.stream("/ws"):
                    pass
            assert failed.value.sent is sent
        await trio.sleep(6)
        async with transport.stream("/ws"):
            assert there.face.opened == 1
