"""A simulated venue: a face behind latency and faults, with the same two doors as a real one.

Implements `engine.venues.transport.Transport` in memory, and is the backend of the loopback server
(`engine.simulators.server`), which takes answers by `answer` and frames by `Pipe.take`, in the manner the faults
prescribe. `run` moves the face's world along the engine's clock: in large steps while it is quiet, in small ones
while an order rests.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import trio

from engine.clock import whole_step_s
from engine.simulators.consequences import Manner, garbled, manner_of, status_answer, unexecuted
from engine.simulators.face import Face, Lever, Push
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Fault,
    FaultPlan,
    FaultStream,
    Hold,
    Reject,
    ResetBefore,
    Restart,
    Skew,
    Status,
    Traffic,
    TrafficEvent,
)
from engine.simulators.pipe import WHOLE, Pipe, StreamReset
from engine.venues.transport import HttpRequest, HttpResponse, StreamClosed, TransportError

RESET = "connection reset by the venue"
REFUSED = "connection refused"


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a simulated venue moves and answers."""

    quiet_step_s: float = 300.0
    """Market step while nothing of ours rests."""
    busy_step_s: float = 1.0
    """Market step while an order rests or waits."""
    steps_on_the_clock: bool = False
    """Whether quiet steps fall on the clock's whole steps (`engine.clock.whole_step_s`): then all venues tell of one
    moment, and the price of a recorded hour is told as it begins. Else a step is counted from what moved it last."""
    steps_after_s: float = 1.0
    """Such steps fall so long after the clock's whole ones: what is settled at a whole hour is known a little later."""
    latency_least_s: float = 0.02
    latency_most_s: float = 0.12
    """One way, drawn per request and per flush of frames."""


class ConnectionReset(TransportError):
    """The venue cut the connection after it had begun to hear the request."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer and the manner in which it arrives: over `slow_s`, and only `keep` of its body."""

    response: HttpResponse
    slow_s: float = 0.0
    keep: float = WHOLE


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
        self.restarted: Callable[[float], None] = lambda _: None
        """Told when the venue's server restarts, and for how long nothing listens; a server puts itself here."""
        self._true_ns = now_ns
        self._pace = pace
        self._rng = rng
        self._plan = faults or FaultPlan()
        self._stream = FaultStream(seed=seed, started_ns=now_ns())
        self._skewed = any(isinstance(rule.fault, Skew) for rule in self._plan.rules)
        self._streams: dict[int, Pipe] = {}
        self._held: dict[int, list[bytes]] = {}
        self._advanced_ns = 0
        self._refuse_until_s = 0.0
        self._down_until_s = 0.0
        self._restarts = 0
        self._poked = trio.Event()
        self._underway: trio.Nursery | None = None

    def struck(self, rule: str) -> int:
        """How often a rule of the fault plan has struck here."""
        return self._stream.struck.get(rule, 0)

    def met(self, rule: str) -> int:
        """How many messages a rule of the fault plan was about here, struck or not."""
        return self._stream.seen.get(rule, 0)

    def now_ns(self) -> int:
        """The venue's own clock: the engine's, and whatever it is off by."""
        true_ns = self._true_ns()
        return true_ns + self._plan.skew_ns(self._stream, self.face.venue, true_ns) if self._skewed else true_ns

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
            with trio.move_on_after(self._pace.busy_step_s if busy else self._quiet_s()):
                if not busy:
                    await self._poked.wait()
                else:
                    await trio.sleep_forever()
            self._poked = trio.Event()
            self._advance()

    def _quiet_s(self) -> float:
        """Until the next quiet step."""
        step_s = self._pace.quiet_step_s
        if not self._pace.steps_on_the_clock:
            return step_s
        return whole_step_s(self._true_ns(), step_s, self._pace.steps_after_s)

    def _advance(self) -> None:
        now_ns = self.now_ns()
        if now_ns > self._advanced_ns:
            self._advanced_ns = now_ns
            self.face.advance(now_ns)
        self._flush()

    def disturb(self, lever: Lever) -> None:
        """Let the world catch up, pull a lever on the exchange, and push what it caused."""
        self._advance()
        now_ns = self.now_ns()
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

    def _push(self, stream: Pipe, push: Push, arrival_s: float) -> None:
        if push.close:
            self._cut(stream, StreamClosed(push.close))
            return
        self.frames += 1
        faults = self._faults(Traffic.FRAME, push.channel, push.frame)
        frame = garbled(push.frame, faults) if faults else push.frame
        if faults and self._stopped(stream, frame, faults):
            return
        manner = manner_of(faults) if faults else Manner()
        for _ in range(1 + manner.copies):
            stream.push(frame, arrival_s + manner.delay_s, slow_s=manner.slow_s, keep=manner.keep)
        for held in self._held.pop(stream.connection, ()):
            stream.push(held, arrival_s + manner.delay_s)
        if manner.keep < WHOLE:
            self._cut(stream, StreamReset(RESET))

    def _stopped(self, stream: Pipe, frame: bytes, faults: tuple[Fault, ...]) -> bool:
        """Whether a fault keeps the frame from going out now; its stream may end with it."""
        for fault in faults:
            match fault:
                case DropFrame():
                    return True
                case Hold():
                    self._held.setdefault(stream.connection, []).append(frame)
                    return True
                case Disconnect():
                    self._refuse(fault)
                    self._cut(stream, StreamReset(RESET))
                    return True
                case Restart():
                    self._restart(fault)
                    return True
                case _:
                    pass
        return False

    def _cut(self, stream: Pipe, end: StreamClosed) -> None:
        self._forget(stream)
        stream.close(end)

    def _forget(self, stream: Pipe) -> None:
        self._held.pop(stream.connection, None)
        if self._streams.pop(stream.connection, None) is not None:
            self.face.disconnect(stream.connection)

    def _restart(self, fault: Restart) -> None:
        """Cut everything, and let nothing in for as long as the fault says."""
        self._restarts += 1
        self._down_until_s = max(self._down_until_s, trio.current_time() + fault.down_s)
        for stream in tuple(self._streams.values()):
            self._cut(stream, StreamReset(RESET))
        self.restarted(fault.down_s)

    def _refuse(self, fault: Disconnect) -> None:
        """Let no new stream open for as long as the fault says; a shorter one does not lift a longer one."""
        self._refuse_until_s = max(self._refuse_until_s, trio.current_time() + fault.refuse_s)

    def _latency_s(self) -> float:
        return self._rng.uniform(self._pace.latency_least_s, self._pace.latency_most_s)

    def _faults(self, traffic: Traffic, name: str, body: bytes = b"") -> tuple[Fault, ...]:
        if not self._plan.rules:
            return ()
        text = body.decode("utf-8", "replace")
        event = TrafficEvent(venue=self.face.venue, traffic=traffic, name=name, at_ns=self._true_ns(), text=text)
        return self._plan.decide(self._stream, event)

    # --- requests ------------------------------------------------------------------------------------------

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Carry a request to the face and its answer back; raises TransportError on a timeout or a cut."""
        response: HttpResponse | None = None
        with trio.move_on_after(request.timeout_s):
            response = await self._whole(request)
        if response is None:
            raise TransportError(f"no answer within {request.timeout_s:g} s", sent=True)
        return response

    async def answer(self, request: HttpRequest) -> Answer | None:
        """The answer for a server to write, None when none comes within the request's timeout.

        Raises ConnectionReset for a connection to be cut without a word.
        """
        with trio.move_on_after(request.timeout_s):
            return await self._carry(request)
        return None

    async def _whole(self, request: HttpRequest) -> HttpResponse:
        """In memory a slow answer is a late one, and half an answer is none."""
        answer = await self._carry(request)
        if answer.slow_s:
            await trio.sleep(answer.slow_s)
        if answer.keep < WHOLE:
            raise TransportError("the answer was cut short", sent=True)
        return answer.response

    async def _carry(self, request: HttpRequest) -> Answer:
        self.requests += 1
        faults = self._faults(Traffic.HTTP, request.path, request.body)
        if self._down:
            await trio.sleep(self._latency_s())
            raise TransportError(REFUSED, sent=False)
        restarts = self._restarts
        way_s = self._latency_s() + sum(f.delay_s for f in faults if isinstance(f, DelayRequest))
        if way_s > request.timeout_s and self._underway is not None:
            self._underway.start_soon(self._arrive_late, way_s, request, faults)
            await trio.sleep_forever()
        await trio.sleep(way_s)
        self._listen(faults, restarts)
        answer = self._arrive(request, faults)
        await trio.sleep(self._latency_s() + manner_of(faults).delay_s)
        if self._restarts != restarts:
            raise ConnectionReset(RESET, sent=True)
        return await self._return(request, faults, answer)

    async def _return(self, request: HttpRequest, faults: tuple[Fault, ...], answer: HttpResponse | None) -> Answer:
        """What becomes of the venue's answer on its way back."""
        for fault in faults:
            match fault:
                case DropRequest() | DropResponse():
                    await trio.sleep_forever()
                case Disconnect():
                    self._refuse(fault)
                    raise ConnectionReset(RESET, sent=True)
                case Status():
                    return Answer(response=status_answer(fault))
                case Reject():
                    return Answer(response=self.face.refusal(self.now_ns(), request, fault.reason))
                case _:
                    pass
        assert answer is not None
        if faults:
            answer = msgspec.structs.replace(answer, body=garbled(answer.body, faults))
        manner = manner_of(faults)
        return Answer(response=answer, slow_s=manner.slow_s, keep=manner.keep)

    @property
    def _down(self) -> bool:
        return trio.current_time() < self._down_until_s

    def _listen(self, faults: tuple[Fault, ...], restarts: int) -> None:
        """Raise ConnectionReset when the venue is not there to hear what arrives, or does not want to."""
        for fault in faults:
            if isinstance(fault, Restart):
                self._restart(fault)
        if self._restarts != restarts or any(isinstance(fault, ResetBefore) for fault in faults):
            raise ConnectionReset(RESET, sent=True)

    async def _arrive_late(self, way_s: float, request: HttpRequest, faults: tuple[Fault, ...]) -> None:
        """Whoever sent it has given up; the venue executes it all the same."""
        restarts = self._restarts
        await trio.sleep(way_s)
        with suppress(ConnectionReset):
            self._listen(faults, restarts)
            self._arrive(request, faults)

    def _arrive(self, request: HttpRequest, faults: tuple[Fault, ...]) -> HttpResponse | None:
        """Let the venue execute a request, unless a fault keeps it from that; returns the first answer."""
        if unexecuted(faults):
            return None
        for fault in faults:
            if isinstance(fault, CapFill):
                self.face.cap_next_fill(fault.fraction)
        answer = self._execute(request)
        for _ in range(manner_of(faults).copies):
            self._execute(request)
        return answer

    def _execute(self, request: HttpRequest) -> HttpResponse:
        """Let the world catch up, answer, and push what the answer caused."""
        self._advance()
        answer = self.face.http(self.now_ns(), request)
        self._flush()
        if self.face.busy:
            self._poked.set()
        return answer

    # --- streams -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Pipe]:
        """Open a stream to the face; raises TransportError when the venue refuses it."""
        await trio.sleep(self._latency_s())
        refused = self._down or trio.current_time() < self._refuse_until_s
        for fault in self._faults(Traffic.CONNECT, path):
            match fault:
                case Disconnect():
                    self._refuse(fault)
                    refused = True
                case Delay():
                    await trio.sleep(fault.delay_s)
                case Restart() | ResetBefore():
                    self._listen((fault,), self._restarts)
                case _:
                    pass
        if refused:
            raise TransportError(REFUSED, sent=False)
        stream = Pipe(self.face.connect(self.now_ns(), path), self.receive)
        self._streams[stream.connection] = stream
        self._flush()
        try:
            yield stream
        finally:
            self._forget(stream)

    def receive(self, connection: int, frame: bytes) -> None:
        """Take a client's frame."""
        self.face.receive(self.now_ns(), connection, frame)
        self._flush()
