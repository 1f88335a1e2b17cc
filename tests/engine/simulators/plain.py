"""A venue without a wire of its own, for tests of what carries any venue's wire."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import msgspec
import pytest
import trio
import trio.testing

from engine.simulators.exchange import Events, Exchange
from engine.simulators.face import Push
from engine.simulators.faults import Fault, FaultPlan, FaultRule, Traffic
from engine.simulators.server import Control, LoopbackServer, ServerLimits
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.transport import HttpRequest, HttpResponse

PROMPT = Pace(quiet_step_s=300, busy_step_s=1, latency_least_s=0, latency_most_s=0)
"""No latency of its own: what takes time is the fault, or the socket."""
QUIET_S = 0.05


def now_ns() -> int:
    """The virtual clock, as the venue's."""
    return round(trio.current_time() * 1e9)


class PlainFace:
    """A venue that notes what reaches it and says what it is told to say."""

    venue = "plain"

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.received: list[tuple[int, bytes]] = []
        self.advanced: list[float] = []
        self.caps: list[Decimal] = []
        self.open: dict[int, str] = {}
        self.outbox: list[Push] = []
        self.busy = False
        self.opened = 0
        self.requests: list[HttpRequest] = []
        self.answers: deque[HttpResponse] = deque()

    @property
    def exchange(self) -> Exchange:
        """There is none."""
        raise AssertionError

    def publish(self, now_ns: int, events: Events) -> None:
        """Nobody listens."""

    def http(self, now_ns: int, request: HttpRequest) -> HttpResponse:
        """Give the answer that was laid out, else say how many requests came so far."""
        self.heard.append((now_ns / 1e9, request.body))
        self.requests.append(request)
        if self.answers:
            return self.answers.popleft()
        return HttpResponse(status=200, body=f"answer {len(self.heard)}".encode())

    def connect(self, now_ns: int, path: str) -> int:
        """Number the connections."""
        self.opened += 1
        self.open[self.opened] = path
        return self.opened

    def receive(self, now_ns: int, connection: int, frame: bytes) -> None:
        """Note a frame."""
        self.received.append((connection, frame))

    def disconnect(self, connection: int) -> None:
        """Forget a connection."""
        del self.open[connection]

    def advance(self, now_ns: int) -> None:
        """Note the time."""
        self.advanced.append(now_ns / 1e9)

    def refusal(self, now_ns: int, request: HttpRequest, reason: str) -> HttpResponse:
        """Refuse in words."""
        return HttpResponse(status=400, body=reason.encode())

    def cap_next_fill(self, fraction: Decimal) -> None:
        """Note the cap."""
        self.caps.append(fraction)

    def take_outbox(self) -> list[Push]:
        """Hand over what waits."""
        waiting, self.outbox = self.outbox, []
        return waiting


@pytest.fixture
def patient_clock() -> trio.testing.MockClock:
    """Virtual time over real sockets: it leaps only when they have been quiet for a moment of real time."""
    return trio.testing.MockClock(autojump_threshold=QUIET_S)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the other end does in its own time."""
    with trio.fail_after(30):
        while not condition():  # noqa: ASYNC110 - sockets set no event
            await trio.sleep(0.01)


def rules(*faults: Fault, traffic: Traffic = Traffic.HTTP, nth: tuple[int, ...] = ()) -> FaultPlan:
    """Each fault as a rule of its own."""
    return FaultPlan(
        rules=tuple(
            FaultRule(name=f"{number}", traffic=traffic, fault=fault, nth=nth) for number, fault in enumerate(faults)
        )
    )


class Served(msgspec.Struct):
    """A plain venue behind a loopback port."""

    address: str
    venue: SimulatedVenue
    face: PlainFace

    def say(self, *frames: bytes, channel: str = "bbo", connection: int | None = None) -> None:
        """Let the venue say these frames now, on the newest connection unless named."""
        number = self.face.opened if connection is None else connection
        self.face.outbox += [Push(connection=number, frame=frame, channel=channel) for frame in frames]
        self.venue.receive(number, b"poke")

    def leave(self, reason: str) -> None:
        """Let the venue close the newest connection."""
        self.face.outbox.append(Push(connection=self.face.opened, close=reason))
        self.venue.receive(self.face.opened, b"poke")


@asynccontextmanager
async def served(
    *faults: Fault,
    traffic: Traffic = Traffic.HTTP,
    nth: tuple[int, ...] = (),
    plan: FaultPlan | None = None,
    limits: ServerLimits | None = None,
    face: PlainFace | None = None,
    account: str = "nobody",
) -> AsyncIterator[Served]:
    """A plain venue, running and listening."""
    face = face or PlainFace()
    plan = plan or rules(*faults, traffic=traffic, nth=nth)
    venue = SimulatedVenue(face, now_ns, PROMPT, random.Random(1), plan)
    async with trio.open_nursery() as nursery:
        await nursery.start(venue.run)
        server = LoopbackServer(venue, Control(venue, account), limits=limits)
        yield Served(await nursery.start(server.run), venue, face)
        nursery.cancel_scope.cancel()
