"""Misfortunes on our side of the wire."""

from __future__ import annotations

import random

import pytest
import trio

from engine.conformance.meddler import Meddler, OrderMark
from engine.simulators.faults import FaultPlan
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.transport import HttpRequest, StreamClosed, TransportError
from tests.engine.simulators.test_transport import PlainFace

ORDER = HttpRequest(method="POST", path="/exchange", body=b'{"type":"order"}')
QUESTION = HttpRequest(method="POST", path="/info", body=b'{"type":"order"}')


def meddler() -> tuple[Meddler, PlainFace]:
    face = PlainFace()
    venue = SimulatedVenue(face, lambda: 0, Pace(), random.Random(1), FaultPlan())
    return Meddler(venue, OrderMark(path="/exchange", contains='"order"')), face


async def test_a_lost_answer_is_that_of_an_order_which_the_venue_has_executed(autojump_clock: object) -> None:
    wire, face = meddler()
    wire.lose_next_answer()
    assert (await wire.request(QUESTION)).status == 200
    with pytest.raises(TransportError) as lost:
        await wire.request(ORDER)
    assert lost.value.sent
    assert [body for _, body in face.heard] == [QUESTION.body, ORDER.body]
    assert wire.last_order == ORDER
    assert (await wire.request(ORDER)).status == 200


async def test_a_cut_stream_ends_under_its_reader_and_none_opens_for_a_while(autojump_clock: object) -> None:
    wire, _ = meddler()
    async with wire.stream("/ws") as stream, trio.open_nursery() as nursery:

        async def read() -> None:
            with pytest.raises(StreamClosed, match="on purpose"):
                await stream.receive()

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        wire.cut_streams(5)
        with pytest.raises(StreamClosed):
            await stream.send(b"late")
    with pytest.raises(TransportError) as refused:
        async with wire.stream("/ws"):
            pass
    assert not refused.value.sent
    await trio.sleep(5)
    async with wire.stream("/ws") as stream:
        await stream.send(b"again")
