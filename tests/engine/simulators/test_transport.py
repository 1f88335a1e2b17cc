from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import trio
import trio.testing

from engine.simulators.face import Push
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
    FaultRule,
    Hold,
    Reject,
    ResetBefore,
    Restart,
    Skew,
    Slow,
    Status,
    Traffic,
    Truncate,
)
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.transport import HttpRequest, HttpResponse, StreamClosed, TransportError
from tests.engine.simulators.plain import PlainFace

PACE = Pace(quiet_step_s=300, busy_step_s=1, latency_least_s=0.1, latency_most_s=0.1)


def now_ns() -> int:
    return round(trio.current_time() * 1e9)


@asynccontextmanager
async def venue(
    *faults: Fault, traffic: Traffic = Traffic.HTTP, nth: tuple[int, ...] = (), pace: Pace = PACE
) -> AsyncIterator[tuple[SimulatedVenue, PlainFace]]:
    rules = tuple(
        FaultRule(name=f"{number}", traffic=traffic, fault=fault, nth=nth) for number, fault in enumerate(faults)
    )
    face = PlainFace()
    simulated = SimulatedVenue(face, now_ns, pace, random.Random(1), FaultPlan(rules=rules))
    async with trio.open_nursery() as nursery:
        await nursery.start(simulated.run)
        yield simulated, face
        nursery.cancel_scope.cancel()


def ask(body: bytes = b"?", timeout_s: float = 5.0) -> HttpRequest:
    return HttpRequest(method="POST", path="/exchange", body=body, timeout_s=timeout_s)


def push(simulated: SimulatedVenue, face: PlainFace, *frames: bytes, connection: int = 1, channel: str = "bbo") -> None:
    """Let the venue say these frames now."""
    face.outbox += [Push(connection=connection, frame=frame, channel=channel) for frame in frames]
    simulated.receive(connection, b"poke")


# --- requests ----------------------------------------------------------------------------------------------


async def test_a_request_takes_one_latency_there_and_one_back(autojump_clock: trio.testing.MockClock) -> None:
    async with venue() as (simulated, face):
        answer = await simulated.request(ask(b"order"))
        assert answer == HttpResponse(status=200, body=b"answer 1")
        assert face.heard == [(0.1, b"order")]
        assert trio.current_time() == pytest.approx(0.2)


async def test_latency_is_drawn_within_its_bounds_from_the_given_randomness(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pace = Pace(latency_least_s=0.1, latency_most_s=0.3)
    async with venue(pace=pace) as (simulated, face):
        for _ in range(50):
            await simulated.request(ask())
        ways = [later - earlier for (earlier, _), (later, _) in zip(face.heard, face.heard[1:], strict=False)]
        assert all(0.2 <= way <= 0.6 for way in ways)
        assert len({round(way, 6) for way in ways}) > 40


async def test_an_answer_later_than_the_timeout_is_a_request_that_may_have_arrived(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with venue(Delay(delay_s=20)) as (simulated, face):
        with pytest.raises(TransportError, match="no answer within 5 s") as failed:
            await simulated.request(ask())
        assert failed.value.sent
        assert trio.current_time() == pytest.approx(5.0)
        assert face.heard == [(0.1, b"?")]


async def test_a_delayed_request_is_executed_when_it_arrives(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(DelayRequest(delay_s=2)) as (simulated, face):
        assert (await simulated.request(ask())).status == 200
        assert face.heard == [(2.1, b"?")]


async def test_a_request_delayed_past_the_timeout_is_still_executed_when_it_arrives(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """M3, E9: whoever sent it has given up, and the order is placed all the same."""
    async with venue(DelayRequest(delay_s=20)) as (simulated, face):
        with pytest.raises(TransportError) as failed:
            await simulated.request(ask())
        assert failed.value.sent
        assert face.heard == []
        await trio.sleep(30)
        assert face.heard == [(20.1, b"?")]


@pytest.mark.parametrize(
    ("fault", "executed"), [(DropRequest(), False), (DropResponse(), True)], ids=["request", "response"]
)
async def test_what_is_dropped_looks_like_a_timeout(
    fault: Fault, executed: bool, autojump_clock: trio.testing.MockClock
) -> None:
    async with venue(fault) as (simulated, face):
        with pytest.raises(TransportError) as failed:
            await simulated.request(ask())
        assert failed.value.sent
        assert bool(face.heard) is executed
        assert trio.current_time() == pytest.approx(5.0)


async def test_a_cut_before_the_answer_leaves_the_request_executed(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Disconnect(refuse_s=60)) as (simulated, face):
        with pytest.raises(TransportError, match="reset") as failed:
            await simulated.request(ask())
        assert failed.value.sent
        assert len(face.heard) == 1
        with pytest.raises(TransportError, match="refused"):
            async with simulated.stream("/ws"):
                pass
        await trio.sleep(60)
        async with simulated.stream("/ws"):
            assert list(face.open) == [1]


@pytest.mark.parametrize("executed", [True, False])
async def test_a_status_comes_instead_of_the_answer(executed: bool, autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Status(status=502, body="<html>", executed=executed)) as (simulated, face):
        answer = await simulated.request(ask())
        assert (answer.status, answer.body, answer.headers) == (502, b"<html>", (("content-type", "text/html"),))
        assert bool(face.heard) is executed


async def test_a_refusal_is_the_venues_own_and_nothing_is_executed(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Reject(reason="margin")) as (simulated, face):
        assert await simulated.request(ask()) == HttpResponse(status=400, body=b"margin")
        assert face.heard == []


async def test_a_status_brings_its_headers_and_when_to_come_back(autojump_clock: trio.testing.MockClock) -> None:
    fault = Status(status=429, headers={"X-Weight": "9"}, retry_after_s=30)
    async with venue(fault) as (simulated, _):
        headers = dict((await simulated.request(ask())).headers)
        assert headers == {"content-type": "text/html", "x-weight": "9", "retry-after": "30"}


async def test_a_reset_before_the_request_is_read_leaves_it_unexecuted_and_unresolved(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with venue(ResetBefore()) as (simulated, face):
        with pytest.raises(TransportError, match="reset") as failed:
            await simulated.request(ask())
        assert failed.value.sent
        assert face.heard == []


async def test_an_answer_that_drips_in_is_a_late_one(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Slow(over_s=3)) as (simulated, face):
        assert (await simulated.request(ask())).body == b"answer 1"
        assert trio.current_time() == pytest.approx(3.2)
        with pytest.raises(TransportError, match="no answer within 2 s"):
            await simulated.request(ask(timeout_s=2))
        assert len(face.heard) == 2


async def test_half_an_answer_is_none_and_the_request_is_executed(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Truncate(keep=0.9)) as (simulated, face):
        with pytest.raises(TransportError, match="cut short") as failed:
            await simulated.request(ask())
        assert failed.value.sent
        assert len(face.heard) == 1


async def test_a_restart_cuts_everything_and_nothing_gets_in_until_it_is_over(
    autojump_clock: trio.testing.MockClock,
) -> None:
    away: list[float] = []
    async with venue(Restart(down_s=60), nth=(2,)) as (simulated, face), simulated.stream("/ws") as stream:
        simulated.restarted = away.append
        await simulated.request(ask(b"one"))
        with pytest.raises(TransportError, match="reset") as failed:
            await simulated.request(ask(b"two"))
        assert failed.value.sent
        with pytest.raises(StreamClosed, match="reset by the venue"):
            await stream.receive()
        with pytest.raises(TransportError, match="refused") as failed:
            await simulated.request(ask(b"three"))
        assert not failed.value.sent
        with pytest.raises(TransportError, match="refused") as failed:
            async with simulated.stream("/ws"):
                pass
        assert not failed.value.sent
        await trio.sleep(60)
        await simulated.request(ask(b"four"))
        assert [body for _, body in face.heard] == [b"one", b"four"]
        assert (face.open, away) == ({}, [60])


async def test_an_answer_under_way_is_lost_when_the_venue_restarts(autojump_clock: trio.testing.MockClock) -> None:
    rules = (
        FaultRule(name="late", traffic=Traffic.HTTP, fault=Delay(delay_s=3), nth=(1,)),
        FaultRule(name="restart", traffic=Traffic.HTTP, fault=Restart(), nth=(2,)),
    )
    face = PlainFace()
    simulated = SimulatedVenue(face, now_ns, PACE, random.Random(1), FaultPlan(rules=rules))
    sent: list[bool] = []

    async def first() -> None:
        with pytest.raises(TransportError, match="reset") as failed:
            await simulated.request(ask(b"first"))
        sent.append(failed.value.sent)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(first)
        await trio.sleep(1)
        with pytest.raises(TransportError):
            await simulated.request(ask(b"second"))
    assert sent == [True]
    assert [body for _, body in face.heard] == [b"first"]


async def test_a_venue_whose_clock_is_off_lives_by_its_own_time(autojump_clock: trio.testing.MockClock) -> None:
    rules = (FaultRule(name="fast", traffic=Traffic.HTTP, fault=Skew(offset_s=40), from_s=10, to_s=20, venue="plain"),)
    face = PlainFace()
    simulated = SimulatedVenue(face, now_ns, PACE, random.Random(1), FaultPlan(rules=rules))
    begun_s = trio.current_time()
    for _ in range(3):
        await simulated.request(ask())
        await trio.sleep(10)
    assert [round(at_s - begun_s) for at_s, _ in face.heard] == [0, 50, 20]
    assert [round(at_s - begun_s) for at_s in face.advanced] == [0, 50]
    assert simulated.struck("fast") == 1


async def test_a_duplicated_request_is_executed_again_and_the_first_answer_counts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with venue(Duplicate(copies=2)) as (simulated, face):
        assert (await simulated.request(ask())).body == b"answer 1"
        assert len(face.heard) == 3


async def test_a_capped_fill_is_told_to_the_venue_before_the_request(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(CapFill(fraction=Decimal("0.3"))) as (simulated, face):
        await simulated.request(ask())
        assert face.caps == [Decimal("0.3")]


async def test_faults_strike_the_occurrence_they_name(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Status(status=500), nth=(2,)) as (simulated, _):
        assert [(await simulated.request(ask())).status for _ in range(3)] == [200, 500, 200]


# --- streams -----------------------------------------------------------------------------------------------


async def test_frames_arrive_after_their_latency_in_the_order_they_were_said(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pace = Pace(latency_least_s=0.1, latency_most_s=3.0)
    async with venue(pace=pace) as (simulated, face), simulated.stream("/ws") as stream:
        begun_s = trio.current_time()
        for number in range(20):
            push(simulated, face, str(number).encode())
            await trio.sleep(0.05)
        heard = [await stream.receive() for _ in range(20)]
        assert heard == [str(number).encode() for number in range(20)]
        assert trio.current_time() > begun_s + 1


async def test_a_slow_connection_does_not_hold_up_another(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        venue(Delay(delay_s=50), traffic=Traffic.FRAME, nth=(1,)) as (simulated, face),
        simulated.stream("/ws") as first,
        simulated.stream("/ws") as second,
    ):
        push(simulated, face, b"slow", connection=1)
        push(simulated, face, b"fast", connection=2)
        with trio.fail_after(1):
            assert await second.receive() == b"fast"
        assert await first.receive() == b"slow"
        assert trio.current_time() > 50


async def test_a_delayed_frame_is_not_overtaken_on_its_connection(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        venue(Delay(delay_s=50), traffic=Traffic.FRAME, nth=(1,)) as (simulated, face),
        simulated.stream("/ws") as stream,
    ):
        push(simulated, face, b"one")
        push(simulated, face, b"two")
        assert [await stream.receive(), await stream.receive()] == [b"one", b"two"]
        assert trio.current_time() > 50


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (DropFrame(), [b"one", b"three", b"four"]),
        (Duplicate(copies=1), [b"one", b"two", b"two", b"three", b"four"]),
        (Hold(), [b"one", b"three", b"two", b"four"]),
    ],
    ids=["dropped", "duplicated", "held back"],
)
async def test_a_fault_of_one_frame(fault: Fault, heard: list[bytes], autojump_clock: trio.testing.MockClock) -> None:
    async with venue(fault, traffic=Traffic.FRAME, nth=(2,)) as (simulated, face), simulated.stream("/ws") as stream:
        for frame in (b"one", b"two", b"three", b"four"):
            push(simulated, face, frame)
        assert [await stream.receive() for _ in heard] == heard


async def test_a_cut_stream_ends_after_what_was_under_way_and_refuses_for_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with venue(Disconnect(refuse_s=30), traffic=Traffic.FRAME, nth=(2,)) as (simulated, face):
        async with simulated.stream("/ws") as stream:
            push(simulated, face, b"one", b"two", b"three")
            assert await stream.receive() == b"one"
            with pytest.raises(StreamClosed, match="reset by the venue"):
                await stream.receive()
            with pytest.raises(StreamClosed):
                await stream.send(b"ping")
        assert face.open == {}
        with pytest.raises(TransportError) as failed:
            async with simulated.stream("/ws"):
                pass
        assert not failed.value.sent
        await trio.sleep(30)
        async with simulated.stream("/ws"):
            assert list(face.open) == [2]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Truncate(keep=0.5), "in the middle of a frame"), (Restart(), "reset by the venue")],
    ids=["half a frame", "restart"],
)
async def test_a_stream_ends_with_a_frame_that_does_not_arrive_whole(
    fault: Fault, reason: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with venue(fault, traffic=Traffic.FRAME, nth=(2,)) as (simulated, face), simulated.stream("/ws") as stream:
        push(simulated, face, b"one", b"two", b"three")
        assert await stream.receive() == b"one"
        with pytest.raises(StreamClosed, match=reason):
            await stream.receive()
        assert face.open == {}


async def test_a_frame_that_drips_in_holds_up_those_behind_it(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        venue(Slow(over_s=5), traffic=Traffic.FRAME, nth=(1,)) as (simulated, face),
        simulated.stream("/ws") as stream,
    ):
        push(simulated, face, b"one", b"two")
        assert [await stream.receive(), await stream.receive()] == [b"one", b"two"]
        assert trio.current_time() == pytest.approx(5.2)


async def test_a_stream_reset_before_it_is_opened_may_have_been_used(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(ResetBefore(), traffic=Traffic.CONNECT, nth=(1,)) as (simulated, face):
        with pytest.raises(TransportError, match="reset") as failed:
            async with simulated.stream("/ws"):
                pass
        assert failed.value.sent
        assert face.opened == 0


async def test_a_stream_that_cannot_be_opened_was_provably_not_used(autojump_clock: trio.testing.MockClock) -> None:
    async with venue(Disconnect(), traffic=Traffic.CONNECT, nth=(1,)) as (simulated, face):
        with pytest.raises(TransportError, match="connection refused") as failed:
            async with simulated.stream("/ws"):
                pass
        assert not failed.value.sent
        assert face.opened == 0


async def test_the_venues_own_close_ends_the_stream_with_its_reason(autojump_clock: trio.testing.MockClock) -> None:
    async with venue() as (simulated, face), simulated.stream("/ws") as stream:
        push(simulated, face, b"one")
        face.outbox.append(Push(connection=1, close="idle for 60 s"))
        simulated.receive(1, b"poke")
        assert await stream.receive() == b"one"
        with pytest.raises(StreamClosed, match="idle for 60 s"):
            await stream.receive()


async def test_leaving_a_stream_disconnects_it(autojump_clock: trio.testing.MockClock) -> None:
    async with venue() as (simulated, face):
        async with simulated.stream("/ws") as stream:
            await stream.send(b"subscribe")
        assert face.received == [(1, b"subscribe")]
        assert face.open == {}


# --- the venue's own time ----------------------------------------------------------------------------------


async def test_a_quiet_world_moves_in_large_steps_and_a_busy_one_in_small_ones(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with venue() as (simulated, face):
        await trio.sleep(1000)
        assert face.advanced == [300.0, 600.0, 900.0]
        face.busy = True
        await simulated.request(ask())
        before = len(face.advanced)
        await trio.sleep(10.5)
        assert len(face.advanced) - before in (10, 11)
        face.busy = False
        await trio.sleep(5)
        assert len(face.advanced) - before in (11, 12)


async def test_quiet_steps_on_the_clock_are_the_same_for_all_venues_whenever_each_was_moved(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """So prices of several venues are of one moment; what is asked in between moves the world, and no later step."""
    clocked = Pace(quiet_step_s=300, steps_on_the_clock=True, latency_least_s=0.1, latency_most_s=0.1)
    async with venue(pace=clocked) as (_, undisturbed), venue(pace=clocked) as (simulated, face):
        await trio.sleep(200)
        await simulated.request(ask())
        await trio.sleep(1001)
        assert undisturbed.advanced == pytest.approx([1.0, 301.0, 601.0, 901.0, 1201.0])
        assert face.advanced == pytest.approx([1.0, 200.1, *undisturbed.advanced[1:]])


async def test_the_world_has_caught_up_before_a_request_is_answered(autojump_clock: trio.testing.MockClock) -> None:
    async with venue() as (simulated, face):
        await trio.sleep(42)
        await simulated.request(ask())
        assert face.advanced == [pytest.approx(42.1)]
        assert [at_s for at_s, _ in face.heard] == face.advanced
