"""A simulated venue in memory: a face behind latency and faults, with the same two doors as a real one.

Implements `engine.venues.transport.Transport`. `run` moves the face's world along the engine's clock: in large
steps while it is quiet, in small ones while an order rests. Counterpart on sockets: `engine.simulators.server`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import trio

from engine.simulators.face import Face, Lever, Push
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    Fault,
    FaultPlan,
    FaultStream,
    Garble,
    Hold,
    Reject,
    Status,
    Traffic,
    TrafficEvent,
)
from engine.venues.transport import HttpRequest, HttpResponse, Stream, StreamClosed, TransportError

NS_PER_S = 1_000_000_000


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a simulated venue moves and answers."""

    quiet_step_s: float = 300.0
    """Market step while nothing of ours rests."""
    busy_step_s: float = 1.0
    """Market step while an order rests or waits."""
    latency_least_s: float = 0.02
    latency_most_s: float = 0.12
    """One way, drawn per request and per flush of frames."""


class _MemoryStream(Stream):
    """The client's end of one connection: frames become readable when their latency has passed."""

    def __init__(self, venue: SimulatedVenue, connection: int) -> None:
        self.connection = connection
        self.held: list[Push] = []
        self.ready_at_s = 0.0
        self._venue = venue
        self._frames: deque[tuple[float, bytes]] = deque()
        self._closed = ""
        self._news = trio.Event()

    def push(self, frame: bytes, at_s: float) -> None:
        """Queue a frame; frames of one connection never overtake each other."""
        self.ready_at_s = max(self.ready_at_s, at_s)
        self._frames.append((self.ready_at_s, frame))
        self._news.set()

    def close(self, reason: str) -> None:
        """Let the reader find the stream closed after what is already queued."""
        self._closed = self._closed or reason
        self._news.set()

    async def send(self, frame: bytes) -> None:
        """Give one frame to the venue."""
        await trio.lowlevel.checkpoint()
        if self._closed:
            raise StreamClosed(self._closed)
        self._venue.receive(self.connection, frame)

    async def receive(self) -> bytes:
        """The next frame, once it has arrived."""
        while not self._frames:
            if self._closed:
                raise StreamClosed(self._closed)
            self._news = trio.Event()
            await self._news.wait()
        ready_at_s, frame = self._frames[0]
        if trio.current_time() < ready_at_s:
            await trio.sleep_until(ready_at_s)
        else:
            await trio.lowlevel.checkpoint()
        self._frames.popleft()
        return frame


class SimulatedVenue:
    """One face, its connections, and the misfortunes between them and the engine."""

    def __init__(
        self,
        face: Face,
        now_ns: Callable[[], int],
        pace: Pace,
        rng: random.Random,
        faults: FaultPlan | None = None,
        seed: int = 0,
    ) -> None:
        """`now_ns` is the engine's clock; `rng` draws latencies; `seed` is the fault plan's."""
        self.face = face
        self.requests = 0
        self.frames = 0
        self._now_ns = now_ns
        self._pace = pace
        self._rng = rng
        self._plan = faults or FaultPlan()
        self._stream = FaultStream(seed=seed, started_ns=now_ns())
        self._streams: dict[int, _MemoryStream] = {}
        self._advanced_ns = 0
        self._refuse_until_s = 0.0
        self._poked = trio.Event()
        self._underway: trio.Nursery | None = None

    def struck(self, rule: str) -> int:
        """How often a rule of the fault plan has struck here."""
        return self._stream.struck.get(rule, 0)

    # --- the venue's own time ------------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Move the face's world for ever."""
        async with trio.open_nursery() as self._underway:
            self._advance()
            task_status.started()
            await self._move()

    async def _move(self) -> None:
        while True:
            busy = self.face.busy
            with trio.move_on_after(self._pace.busy_step_s if busy else self._pace.quiet_step_s):
                if not busy:
                    await self._poked.wait()
                else:
                    await trio.sleep_forever()
            self._poked = trio.Event()
            self._advance()

    def _advance(self) -> None:
        now_ns = self._now_ns()
        if now_ns > self._advanced_ns:
            self._advanced_ns = now_ns
            self.face.advance(now_ns)
        self._flush()

    def disturb(self, lever: Lever) -> None:
        """Let the world catch up, pull a lever on the exchange, and push what it caused."""
        self._advance()
        now_ns = self._now_ns()
        self.face.publish(now_ns, lever(self.face.exchange, now_ns))
        self._flush()
        self._poked.set()

    def _flush(self) -> None:
        """Send what the face wants to push, after one latency for the whole flush."""
        outbox = self.face.take_outbox()
        if not outbox:
            return
        arrival_s = trio.current_time() + self._latency_s()
        for push in outbox:
            stream = self._streams.get(push.connection)
            if stream is not None:
                self._push(stream, push, arrival_s)

    def _push(self, stream: _MemoryStream, push: Push, arrival_s: float) -> None:
        if push.close:
            self._cut(stream, push.close)
            return
        self.frames += 1
        copies = 1
        for fault in self._faults(Traffic.FRAME, push.channel, push.frame):
            match fault:
                case Delay():
                    arrival_s += fault.delay_s
                case DropFrame():
                    return
                case Duplicate():
                    copies += fault.copies
                case Garble():
                    push = msgspec.structs.replace(push, frame=_garbled(push.frame, fault))
                case Hold():
                    stream.held.append(push)
                    return
                case Disconnect():
                    self._refuse(fault)
                    self._cut(stream, "connection reset by the venue")
                    return
                case _:
                    pass
        for _ in range(copies):
            stream.push(push.frame, arrival_s)
        for held in stream.held:
            stream.push(held.frame, arrival_s)
        stream.held.clear()

    def _cut(self, stream: _MemoryStream, reason: str) -> None:
        self._streams.pop(stream.connection, None)
        self.face.disconnect(stream.connection)
        stream.close(reason)

    def _refuse(self, fault: Disconnect) -> None:
        """Let no new stream open for as long as the fault says; a shorter one does not lift a longer one."""
        self._refuse_until_s = max(self._refuse_until_s, trio.current_time() + fault.refuse_s)

    def _latency_s(self) -> float:
        return self._rng.uniform(self._pace.latency_least_s, self._pace.latency_most_s)

    def _faults(self, traffic: Traffic, name: str, body: bytes = b"") -> tuple[Fault, ...]:
        if not self._plan.rules:
            return ()
        text = body.decode("utf-8", "replace")
        event = TrafficEvent(venue=self.face.venue, traffic=traffic, name=name, at_ns=self._now_ns(), text=text)
        return self._plan.decide(self._stream, event)

    # --- requests ------------------------------------------------------------------------------------------

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Carry a request to the face and its answer back; raises TransportError on a timeout or a cut."""
        self.requests += 1
        faults = self._faults(Traffic.HTTP, request.path, request.body)
        response: HttpResponse | None = None
        with trio.move_on_after(request.timeout_s):
            response = await self._carry(request, faults)
        if response is None:
            raise TransportError(f"no answer within {request.timeout_s:g} s", sent=True)
        return response

    async def _carry(self, request: HttpRequest, faults: tuple[Fault, ...]) -> HttpResponse:
        way_s = self._latency_s() + sum(f.delay_s for f in faults if isinstance(f, DelayRequest))
        if way_s > request.timeout_s and self._underway is not None:
            self._underway.start_soon(self._arrive_late, way_s, request, faults)
            await trio.sleep_forever()
        await trio.sleep(way_s)
        answer = self._arrive(request, faults)
        await trio.sleep(self._latency_s() + sum(f.delay_s for f in faults if isinstance(f, Delay)))
        for fault in faults:
            match fault:
                case DropRequest() | DropResponse():
                    await trio.sleep_forever()
                case Disconnect():
                    self._refuse(fault)
                    raise TransportError("connection reset by the venue", sent=True)
                case Status():
                    return _status(fault)
                case Reject():
                    return self.face.refusal(self._now_ns(), request, fault.reason)
                case Garble():
                    assert answer is not None
                    answer = msgspec.structs.replace(answer, body=_garbled(answer.body, fault))
                case _:
                    pass
        assert answer is not None
        return answer

    async def _arrive_late(self, way_s: float, request: HttpRequest, faults: tuple[Fault, ...]) -> None:
        """Whoever sent it has given up; the venue executes it all the same."""
        await trio.sleep(way_s)
        self._arrive(request, faults)

    def _arrive(self, request: HttpRequest, faults: tuple[Fault, ...]) -> HttpResponse | None:
        """Let the venue execute a request, unless a fault keeps it from that; returns the first answer."""
        if any(_unexecuted(fault) for fault in faults):
            return None
        for fault in faults:
            if isinstance(fault, CapFill):
                self.face.cap_next_fill(fault.fraction)
        answer = self._execute(request)
        for fault in faults:
            for _ in range(fault.copies if isinstance(fault, Duplicate) else 0):
                self._execute(request)
        return answer

    def _execute(self, request: HttpRequest) -> HttpResponse:
        """Let the world catch up, answer, and push what the answer caused."""
        self._advance()
        answer = self.face.http(self._now_ns(), request)
        self._flush()
        if self.face.busy:
            self._poked.set()
        return answer

    # --- streams -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        """Open a stream to the face; raises TransportError when the venue refuses it."""
        await trio.sleep(self._latency_s())
        refused = trio.current_time() < self._refuse_until_s
        for fault in self._faults(Traffic.CONNECT, path):
            if isinstance(fault, Disconnect):
                self._refuse(fault)
                refused = True
            elif isinstance(fault, Delay):
                await trio.sleep(fault.delay_s)
        if refused:
            raise TransportError("connection refused", sent=False)
        stream = _MemoryStream(self, self.face.connect(self._now_ns(), path))
        self._streams[stream.connection] = stream
        self._flush()
        try:
            yield stream
        finally:
            if self._streams.pop(stream.connection, None) is not None:
                self.face.disconnect(stream.connection)

    def receive(self, connection: int, frame: bytes) -> None:
        """Take a client's frame."""
        self.face.receive(self._now_ns(), connection, frame)
        self._flush()


def _unexecuted(fault: Fault) -> bool:
    """Faults after which the venue has not seen or not done the request."""
    return isinstance(fault, DropRequest | Reject) or (isinstance(fault, Status) and not fault.executed)


def _garbled(body: bytes, fault: Garble) -> bytes:
    return body.replace(fault.find.encode(), fault.put.encode())


def _status(fault: Status) -> HttpResponse:
    headers = (("content-type", fault.content_type),)
    return HttpResponse(status=fault.status, body=fault.body.encode(), headers=headers)
