from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
import trio
import trio.testing

from actors.domain import Venue
from actors.messages import FrameRefused, LinkLost, LinkUp, OrderUnknown, QuoteUpdated, VenueMessage
from engine.venues.link import FrameError, LinkLimits, keep_link
from engine.venues.transport import HttpRequest, HttpResponse, Stream, StreamClosed, TransportError

P = Venue.PACIFICA
LIMITS = LinkLimits(ping_every_s=10.0, silence_most_s=25.0, snapshot_timeout_s=5.0)
CLOSE = b"(close)"


def fact(order_id: str) -> OrderUnknown:
    return OrderUnknown(venue=P, order_id=order_id)


def quote(asset: str) -> QuoteUpdated:
    one = Decimal(1)
    return QuoteUpdated(venue=P, asset=asset, bid=one, bid_size=one, ask=one + one, ask_size=one, venue_at_ns=0)


class Wire:
    """Both ends of a link, scripted: what the venue says in each connection, and how its snapshots go.

    `script` has one entry a connection: an error, or frames as (seconds to wait, frame).
    """

    venue = P
    path = "/ws"

    def __init__(self, *script: TransportError | list[tuple[float, bytes]]) -> None:
        self.script = deque(script)
        self.snapshots: deque[Exception | float] = deque()
        self.sent: list[tuple[float, bytes]] = []
        self.opened_s: list[float] = []
        self.said: list[tuple[float, VenueMessage]] = []

    # the transport

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Not used by the link itself."""
        raise AssertionError(request)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        """The next connection of the script; after the last one a silent one."""
        assert path == self.path
        self.opened_s.append(trio.current_time())
        turn = self.script.popleft() if self.script else []
        if isinstance(turn, TransportError):
            raise turn
        yield ScriptedStream(self, turn)

    # the dialogue

    def greetings(self) -> tuple[bytes, ...]:
        """Two subscriptions."""
        return (b"subscribe 1", b"subscribe 2")

    def ping(self) -> bytes:
        """Keep-alive."""
        return b"ping"

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Late or failing when the script says so."""
        turn = self.snapshots.popleft() if self.snapshots else 0.0
        if isinstance(turn, Exception):
            raise turn
        await trio.sleep(turn)
        return (fact("snapshot"),)

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """`bad` is refused, `pong` says nothing, `quote ETH` is a quote, the rest is a fact."""
        if frame == b"bad":
            raise FrameError("orders", "an unknown status")
        if frame.startswith(b"quote"):
            return (quote(frame.decode().split()[1]),)
        return () if frame == b"pong" else (fact(frame.decode()),)

    # the engine

    def report(self, message: VenueMessage) -> None:
        """What the link told, and when."""
        self.said.append((trio.current_time(), message))

    @property
    def told(self) -> list[VenueMessage]:
        """What the link told."""
        return [message for _, message in self.said]

    async def live(self, seconds: float, limits: LinkLimits = LIMITS) -> None:
        """Keep the link for so long."""
        with trio.move_on_after(seconds):
            await keep_link(self, self, self.report, limits, random.Random(3))


class ScriptedStream:
    """One connection: frames after their pauses, then silence; CLOSE ends it."""

    def __init__(self, wire: Wire, frames: list[tuple[float, bytes]]) -> None:
        self._wire = wire
        self._frames = deque(frames)
        self._due_s = trio.current_time()

    async def send(self, frame: bytes) -> None:
        """Note what the client says."""
        await trio.lowlevel.checkpoint()
        self._wire.sent.append((trio.current_time(), frame))

    async def receive(self) -> bytes:
        """The next frame of the script."""
        while not self._frames:
            await trio.sleep_forever()
        pause_s, frame = self._frames[0]
        await trio.sleep_until(self._due_s + pause_s)
        self._frames.popleft()
        self._due_s += pause_s
        if frame == CLOSE:
            raise StreamClosed("closed by the venue")
        return frame


def refused() -> TransportError:
    return TransportError("connection refused", sent=False)


async def test_the_link_is_up_only_after_the_snapshot(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire([(1, b"one"), (1, b"two")])
    wire.snapshots.append(2.0)
    await wire.live(8)
    assert wire.told == [fact("snapshot"), LinkUp(venue=P), fact("one"), fact("two")]
    assert wire.said[1][0] == 2.0
    assert [frame for _, frame in wire.sent] == [b"subscribe 1", b"subscribe 2"]


async def test_a_refused_frame_is_told_and_the_next_ones_are_read(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire([(1, b"one"), (1, b"bad"), (1, b"pong"), (1, b"two")])
    await wire.live(8)
    assert wire.told[2:] == [
        fact("one"),
        FrameRefused(venue=P, channel="orders", detail="an unknown status"),
        fact("two"),
    ]
    assert len(wire.opened_s) == 1


async def test_a_lost_link_is_told_and_begun_again_with_a_new_snapshot(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire([(1, b"one"), (1, CLOSE)], [(1, b"two")])
    await wire.live(8)
    assert wire.told == [
        fact("snapshot"),
        LinkUp(venue=P),
        fact("one"),
        LinkLost(venue=P, reason="closed by the venue"),
        fact("snapshot"),
        LinkUp(venue=P),
        fact("two"),
    ]
    assert [frame for _, frame in wire.sent].count(b"subscribe 1") == 2


async def test_the_pause_between_attempts_doubles_up_to_its_bound_and_is_jittered(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire(*[refused() for _ in range(12)])
    await wire.live(200)
    pauses = [later - earlier for earlier, later in pairwise(wire.opened_s[:13])]
    ceilings = [min(30.0, 0.5 * 2**failures) for failures in range(len(pauses))]
    assert len(pauses) == 12
    assert all(ceiling / 2 <= pause <= ceiling for pause, ceiling in zip(pauses, ceilings, strict=True))
    assert len({round(pause / ceiling, 6) for pause, ceiling in zip(pauses, ceilings, strict=True)}) > 5
    assert wire.told[0] == LinkLost(venue=P, reason="connection refused")


async def test_a_link_that_came_up_starts_its_pauses_anew(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire(*[refused() for _ in range(6)], [(1, CLOSE)], refused(), [(1, b"two")])
    await wire.live(120)
    lost_s = next(at_s for at_s, message in wire.said if message == LinkLost(venue=P, reason="closed by the venue"))
    assert 0.25 <= wire.opened_s[7] - lost_s <= 0.5


async def test_silence_ends_the_connection(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire([(1, b"one")], [(1, b"two")])
    await wire.live(45)
    assert wire.told[:4] == [
        fact("snapshot"),
        LinkUp(venue=P),
        fact("one"),
        LinkLost(venue=P, reason="silent for 29 s"),
    ]
    assert len(wire.opened_s) == 2


@pytest.mark.parametrize(("most_s", "connections"), [(20.0, 2), (60.0, 1), (None, 1)])
async def test_a_book_that_stands_still_while_the_heartbeat_lives_begins_the_stream_anew(
    autojump_clock: trio.testing.MockClock, most_s: float | None, connections: int
) -> None:
    """One market of two goes silent; pongs and the other market's quotes keep coming."""
    alive = [(0.0, b"quote ETH"), *[(5.0, frame) for _ in range(4) for frame in (b"pong", b"quote BTC")]]
    wire = Wire(alive)
    await wire.live(39, msgspec.structs.replace(LIMITS, quotes_silent_most_s=most_s))
    assert len(wire.opened_s) == connections
    lost = [message.reason for message in wire.told if isinstance(message, LinkLost)]
    assert lost == ["no quote of ETH for 20 s while other frames come"] * (connections - 1)


async def test_pings_go_out_also_while_frames_arrive(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire([(1, b"tick")] * 60)
    await wire.live(35)
    assert [at_s for at_s, frame in wire.sent if frame == b"ping"] == [10.0, 20.0, 30.0]
    assert wire.told.count(fact("tick")) == 34


async def test_an_answer_to_a_ping_keeps_the_link(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire([(10.5, b"pong")] * 20)
    await wire.live(150)
    assert wire.told == [fact("snapshot"), LinkUp(venue=P)]


async def test_a_snapshot_that_takes_too_long_or_fails_is_a_lost_link(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire([], [], [], [(1, b"one")])
    wire.snapshots.extend([60.0, TransportError("HTTP 502", sent=True), FrameError("meta", "no universe")])
    await wire.live(20)
    assert wire.told == [
        LinkLost(venue=P, reason="snapshot timed out"),
        LinkLost(venue=P, reason="HTTP 502"),
        FrameRefused(venue=P, channel="meta", detail="no universe"),
        LinkLost(venue=P, reason="snapshot refused: meta: no universe"),
        fact("snapshot"),
        LinkUp(venue=P),
        fact("one"),
    ]


async def test_whoever_starts_the_link_waits_for_the_first_time_it_is_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire(refused(), [(1, CLOSE)], [])
    async with trio.open_nursery() as nursery:
        await nursery.start(keep_link, wire, wire, wire.report, LIMITS, random.Random(3))
        assert wire.told[-1] == LinkUp(venue=P)
        await trio.sleep(5)
        assert wire.told.count(LinkUp(venue=P)) == 2
        nursery.cancel_scope.cancel()


def renewing(after_s: float, most_s: float) -> LinkLimits:
    return LinkLimits(ping_every_s=10.0, silence_most_s=1000.0, renew_after_s=after_s, renew_most_s=most_s)


async def live_with(wire: Wire, seconds: float, limits: LinkLimits, quiet: Callable[[], bool]) -> None:
    with trio.move_on_after(seconds):
        await keep_link(wire, wire, wire.report, limits, random.Random(3), quiet=quiet)


async def test_an_old_connection_is_renewed_in_a_quiet_moment_without_a_pause(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire([(1, b"tick")] * 500)
    await live_with(wire, 175, renewing(100, 400), lambda: trio.current_time() > 145)
    assert wire.opened_s == [0.0, 150.0]
    assert LinkLost(venue=P, reason="renewed before the venue closes it for its age", planned=True) in wire.told


async def test_an_old_connection_is_renewed_at_last_also_when_it_is_never_quiet(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire([(1, b"tick")] * 500)
    await live_with(wire, 345, renewing(100, 300), lambda: False)
    assert wire.opened_s == [0.0, 300.0]


async def test_a_link_that_is_cut_whenever_it_is_up_opens_only_so_many_connections_a_minute(
    autojump_clock: trio.testing.MockClock,
) -> None:
    wire = Wire(*[[(0.1, CLOSE)] for _ in range(60)])
    await wire.live(59)
    assert len(wire.opened_s) == LIMITS.connects_per_min_most
    assert wire.opened_s[-1] < 20


async def test_subscriptions_wait_for_the_frames_a_minute_allows(autojump_clock: trio.testing.MockClock) -> None:
    wire = Wire([], [(1, b"one")])
    wire.snapshots.append(TransportError("HTTP 502", sent=True))
    await wire.live(65, msgspec.structs.replace(LIMITS, frames_per_min_most=3, silence_most_s=1000.0))
    subscribed = [at_s for at_s, frame in wire.sent if frame.startswith(b"subscribe")]
    assert len(subscribed) == 4
    assert subscribed[3] == pytest.approx(60, abs=1)
