"""A frame that cannot be read, or an hour whose payment was not told, is made good by questions: nothing stays lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio

from actors.domain import DoneReason, TimeInForce
from actors.messages import (
    FrameRefused,
    FundingPaid,
    LinkLost,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    PositionDeleveraged,
    PositionReported,
)
from engine.simulators.faults import DropFrame, Fault, FaultRule, Garble, Status, Traffic
from engine.venues.link import FrameError
from tests.engine.venues.dialogue import HOUR_NS
from tests.engine.venues.hyperliquid.world import ACCOUNT, World, now_ns, of, on_http, order

D = Decimal
HOUR_S = HOUR_NS / 1e9
QUOTES_BROKEN = Garble(find='"', put="'")
"""Not even its channel can be read."""
CHANNEL_ONLY = Garble(find='"data":', put='"data":7,"was":')
"""Its channel can be read and nothing else."""


def struck(channel: str, fault: Fault, **when) -> FaultRule:
    """The first frame of a channel in a window."""
    return FaultRule(name=channel, traffic=Traffic.FRAME, match=channel, fault=fault, **{"at_most": 1, **when})


@pytest.mark.parametrize("fault", [QUOTES_BROKEN, CHANNEL_ONLY, DropFrame()])
async def test_a_payment_whose_frame_is_lost_is_told_all_the_same_and_once(autojump_clock, fault):
    """Its frame is its only one: nothing that comes later claims it."""
    async with World(struck("userFundings", fault, from_s=HOUR_S - 1)).live() as world:
        await world.do(order(1))
        world.said.clear()
        await trio.sleep(HOUR_S + 60)
        assert [m.amount_usd for m in of(FundingPaid, world.said)] == [-D("0.075")]
        assert not of(LinkLost, world.said)
        await trio.sleep(HOUR_S)
        assert len(of(FundingPaid, world.said)) == 2


@pytest.mark.parametrize("fault", [QUOTES_BROKEN, CHANNEL_ONLY])
async def test_a_forced_fill_whose_frame_cannot_be_read_is_told_within_seconds(autojump_clock, fault):
    async with World(struck("userFills", fault, from_s=10)).live() as world:
        await world.do(order(1))
        await trio.sleep(15)
        from_here = len(world.said)
        world.face.publish(now_ns(), world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.04")))
        world.venue._flush()
        await trio.sleep(1)
        assert of(FrameRefused, world.said[from_here:])
        assert [m.size for m in of(PositionDeleveraged, world.said[from_here:])] == [D("0.04")]
        assert len(of(OrderFilled, world.said)) == 1


async def test_a_forced_fill_whose_frame_never_comes_is_told_once_the_position_is(autojump_clock):
    """A position that shrinks without a word would be taken for one that was closed by hand, and end the run."""
    async with World(struck("userFills", DropFrame(), from_s=10)).live() as world:
        await world.do(order(1))
        await trio.sleep(15)
        from_here = len(world.said)
        await world.happen(world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.04")))
        await trio.sleep(8)
        assert not of(FrameRefused, world.said[from_here:])
        assert [m.size for m in of(PositionDeleveraged, world.said[from_here:])] == [D("0.04")]


async def test_the_end_of_an_order_whose_frame_cannot_be_read_is_told_within_seconds(autojump_clock):
    async with World(struck("orderUpdates", QUOTES_BROKEN, from_s=10)).live() as world:
        resting = order(1, time_in_force=TimeInForce.POST_ONLY, limit_price=D(58_000), expires_at_ns=2**62)
        assert of(OrderAccepted, await world.do(resting))
        await trio.sleep(15)
        told = await world.happen(world.exchange.cancel_by_client_id(now_ns(), ACCOUNT, "0x" + resting.order_id))
        assert not of(OrderDone, told)
        await trio.sleep(1)
        assert [(m.filled, m.reason) for m in of(OrderDone, world.said)] == [(0, DoneReason.CANCELED)]


async def test_a_position_whose_frame_cannot_be_read_is_told_within_seconds(autojump_clock):
    broken = struck("clearinghouseState", QUOTES_BROKEN, from_s=10, at_most=None)
    async with World(broken, struck("userFills", DropFrame(), from_s=10)).live() as world:
        await world.do(order(1))
        await trio.sleep(15)
        await world.happen(world.exchange.set_position(now_ns(), ACCOUNT, "BTC", D("0.3")))
        await trio.sleep(1)
        assert [m.size for m in of(PositionReported, world.said) if m.asset == "BTC"][-1] == D("0.3")


async def test_a_gap_that_cannot_be_closed_at_once_is_closed_from_before_it(autojump_clock):
    """What is told meanwhile moves the place from which a history is read, and must not move it past the gap."""
    deaf = on_http("deaf", Status(status=502), path="/info", from_s=HOUR_S - 1, to_s=HOUR_S + 100)
    lost = struck("userFills", QUOTES_BROKEN, from_s=HOUR_S - 1)
    async with World(deaf, lost, gap_tries_most=30).live() as world:
        await world.do(order(1))
        await trio.sleep(HOUR_S + 1)
        await world.happen(world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.04")))
        await trio.sleep(90)
        await world.happen(world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.01")))
        assert [m.size for m in of(PositionDeleveraged, world.said)] == [D("0.01")]
        await trio.sleep(30)
        assert [m.size for m in of(PositionDeleveraged, world.said)] == [D("0.01"), D("0.04")]


async def test_a_flood_of_frames_that_cannot_be_read_is_asked_about_at_a_bounded_pace(autojump_clock):
    async with World().live() as world:
        asked = _asked(world)
        for _ in range(600):
            with pytest.raises(FrameError):
                world.adapter._dialogue.decode(b"{'channel':'userFills'")
            await trio.sleep(0.1)
        assert 6 * 3 <= asked() <= 6 * 4


async def test_a_gap_that_stays_is_named(autojump_clock):
    deaf = on_http("deaf", Status(status=502), path="/info", from_s=10)
    async with World(deaf, struck("userFills", QUOTES_BROKEN, from_s=10), gap_tries_most=2).live() as world:
        await world.do(order(1))
        await trio.sleep(12)
        await world.happen(world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.04")))
        await trio.sleep(60)
        named = [m for m in of(FrameRefused, world.said) if "not found out" in m.detail]
        assert len(named) == 1


@pytest.mark.parametrize("channel", ["bbo", "activeAssetCtx"])
async def test_a_market_frame_that_cannot_be_read_asks_nothing(autojump_clock, channel):
    """The next one tells all there is to know; the account's questions have to last."""
    async with World().live() as world:
        asked = _asked(world)
        with pytest.raises(FrameError, match=channel):
            world.adapter._dialogue.decode(b'{"channel":"%s","data":7}' % channel.encode())
        await trio.sleep(60)
        assert asked() == 0


async def test_a_frame_of_an_unknown_channel_may_have_been_about_the_account(autojump_clock):
    async with World().live() as world:
        asked = _asked(world)
        with pytest.raises(FrameError, match="not a channel we read"):
            world.adapter._dialogue.decode(b'{"channel":"userFi11s","data":{}}')
        await trio.sleep(60)
        assert asked() == 3


def _asked(world: World):
    """Counts requests from here on."""
    count = [0]
    request = world.venue.request

    async def counted(wish):
        count[0] += 1
        return await request(wish)

    world.venue.request = counted
    return lambda: count[0]
