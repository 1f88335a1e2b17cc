"""Rate limits: questions wait, openings are refused at once, what reduces uses the reserve."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio

from actors.commands import CancelOrder, QueryPosition
from actors.domain import RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    CancelRejected,
    FrameRefused,
    InstrumentListed,
    LinkLost,
    LinkUp,
    OrderDone,
    OrderRejected,
    PositionReported,
    QueryFailed,
)
from engine.simulators.faults import Status
from engine.simulators.hyperliquid import FaceKnobs, hyperliquid_instrument
from engine.venues.hyperliquid.limits import ActionRefused, Limits, parts_of
from engine.venues.hyperliquid.settings import RateSettings
from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.hyperliquid.wire import UserRateLimit
from engine.venues.transport import HttpResponse, TransportError
from tests.engine.venues.dialogue import START_NS
from tests.engine.venues.hyperliquid.world import World, now_ns, of, on_http, order

HL = Venue.HYPERLIQUID
D = Decimal
RESTING = {"time_in_force": TimeInForce.POST_ONLY, "limit_price": D(59_000)}
LINE = {"a": 0, "b": True, "p": "60000", "s": "0.1", "r": False, "t": {"limit": {"tif": "Ioc"}}}


def request(*, reduces: bool = False, count: int = 1, expires_in_s: float = 20.0) -> HyperliquidSignRequest:
    lines = [{**LINE, "r": reduces}] * count
    action = {"type": "order", "orders": lines, "grouping": "na"}
    expires_ms = now_ns() // 1_000_000 + int(expires_in_s * 1000)
    return HyperliquidSignRequest(action=action, nonce=1, is_mainnet=False, expires_after_ms=expires_ms)


def told(left: int) -> UserRateLimit:
    return UserRateLimit(cumVlm="0.0", nRequestsUsed=0, nRequestsCap=left)


async def fill(limits: Limits, questions: int) -> None:
    for _ in range(questions):
        await limits.question("meta")


async def test_a_question_waits_for_room_and_is_given_up_in_time(autojump_clock):
    limits = Limits(RateSettings(ip_weight_per_min=100, ip_reserve=40, question_wait_most_s=30), now_ns)
    await fill(limits, 3)
    began_s = trio.current_time()
    with pytest.raises(TransportError) as given_up:
        await limits.question("meta")
    assert not given_up.value.sent
    assert trio.current_time() == began_s
    await trio.sleep(35)
    await limits.question("meta")
    assert 55 <= trio.current_time() - began_s <= 61


async def test_what_is_left_is_told_of_the_address_weights_and_not_of_the_account_s_requests(autojump_clock):
    limits = Limits(RateSettings(ip_weight_per_min=100, ip_reserve=40), now_ns)
    limits.told(told(0))
    await fill(limits, 3)
    assert limits.left_fraction() == pytest.approx(0.4)
    await trio.sleep(61)
    assert limits.left_fraction() == 1


async def test_openings_leave_the_reserve_to_what_reduces(autojump_clock):
    limits = Limits(RateSettings(ip_weight_per_min=100, ip_reserve=40), now_ns)
    await fill(limits, 3)
    with pytest.raises(ActionRefused, match="never sent") as refused:
        await limits.action(request())
    assert refused.value.reason is RejectReason.RATE_LIMITED
    for _ in range(40):
        await limits.action(request(reduces=True))
    with pytest.raises(ActionRefused, match="never sent"):
        await limits.action(request(reduces=True, expires_in_s=5))


async def test_an_urgent_action_waits_no_longer_than_it_lives(autojump_clock):
    limits = Limits(RateSettings(ip_weight_per_min=60, ip_reserve=20, question_wait_most_s=90), now_ns)
    await fill(limits, 2)
    for _ in range(20):
        await limits.action(request(reduces=True))
    await limits.action(request(reduces=True, expires_in_s=80))
    assert now_ns() - START_NS >= 60e9


async def test_long_answers_and_long_batches_weigh_more(autojump_clock):
    limits = Limits(RateSettings(ip_weight_per_min=100, ip_reserve=0, question_wait_most_s=0), now_ns)
    limits.answered(19)
    limits.answered(1700)
    with pytest.raises(TransportError):
        await limits.question("meta")
    await limits.question("l2Book")
    assert parts_of(request(count=41)) == 41
    await limits.action(request(count=80))
    for _ in range(3):
        await limits.question("orderStatus")
    await limits.question("allMids")
    with pytest.raises(ActionRefused):
        await limits.action(request(count=280))


async def test_after_a_429_nothing_leaves_until_the_time_it_names(autojump_clock):
    limits = Limits(RateSettings(retry_after_s=7, question_wait_most_s=5), now_ns)
    limits.refused(HttpResponse(status=429, body=b"", headers=(("retry-after", "4"),)))
    await limits.question("meta")
    assert now_ns() - START_NS >= 4e9
    limits.refused(HttpResponse(status=429, body=b""))
    with pytest.raises(TransportError):
        await limits.question("meta")


async def test_the_account_s_last_requests_are_kept_for_closing(autojump_clock):
    limits = Limits(RateSettings(address_reserve=10), now_ns)
    limits.told(told(11))
    await limits.action(request())
    with pytest.raises(ActionRefused, match="10 requests left"):
        await limits.action(request())
    await limits.action(request(reduces=True))
    limits.told(told(500))
    await limits.action(request())
    limits.exhausted("Insufficient margin to place order. asset=0")
    assert limits.left == 499
    limits.exhausted("Too many cumulative requests sent (10001 > 10000) for cumulative volume traded $0.0.")
    with pytest.raises(ActionRefused, match="0 requests left"):
        await limits.action(request())


# Against the venue's own limits.


async def test_an_account_without_requests_opens_nothing_and_still_cancels_and_closes(autojump_clock):
    world = World(rates=RateSettings(address_poll_s=30))
    async with world.live():
        resting = order(1, **RESTING)
        await world.do(resting)
        await world.do(order(2))
        assert world.adapter._limits.left == 10_000 - 4, "two leverages, two orders"
        world.adapter._limits.left = 500
        (refused,) = await world.do(order(3))
        assert (refused.reason, refused.detail[:10]) == (RejectReason.RATE_LIMITED, "never sent")
        assert of(OrderDone, await world.do(CancelOrder(venue=HL, asset="BTC", order_id=resting.order_id)))
        closed = await world.do(order(4, side=Side.SELL, limit_price=D(59_988), reduce_only=True))
        assert of(PositionReported, closed)[-1].size == 0
        await trio.sleep(31)
        assert world.adapter._limits.left > 10_000
        assert not of(OrderRejected, await world.do(order(5)))


async def test_the_venue_s_own_refusal_for_the_number_of_requests_ends_the_openings(autojump_clock):
    async with World(knobs=FaceKnobs(address_buffer=3)).live() as world:
        world.adapter._limits.left = None
        (first,) = of(OrderRejected, await world.do(order(1, limit_price=D(59_000), time_in_force=TimeInForce.IOC)))
        assert first.reason is RejectReason.IOC_UNFILLED
        for number in (2, 3):
            heard = await world.do(order(number, limit_price=D(59_000)))
        assert [m.reason for m in of(OrderRejected, heard)] == [RejectReason.RATE_LIMITED]
        assert world.adapter._limits.left == 0


async def test_a_429_is_a_proven_refusal_of_an_order_and_no_answer_to_a_question(autojump_clock):
    busy = Status(status=429, body="Too many requests")
    async with World(on_http("busy", busy, path="/*", from_s=1, to_s=2)).live() as world:
        await trio.sleep(1.2)
        (rejected,) = await world.do(order(1))
        assert rejected.reason is RejectReason.RATE_LIMITED
        asked_s = trio.current_time()
        assert of(PositionReported, await world.do(QueryPosition(venue=HL, asset="BTC")))
        assert trio.current_time() - asked_s > 9
        assert not of(OrderRejected, await world.do(order(2)))
        assert not of(LinkLost, world.said)


async def test_the_adapter_stays_within_the_venue_s_weights_while_it_asks_and_asks(autojump_clock):
    """The face refuses with 429 what exceeds its own count: none of our questions is."""
    async with World().live() as world:
        failed = 0
        for _ in range(900):
            heard = await world.do(QueryPosition(venue=HL, asset="BTC"))
            failed += len(of(QueryFailed, heard))
            assert not any("429" in m.detail for m in of(QueryFailed, heard))
        assert LinkUp(venue=HL) in world.said
        assert failed < 30


async def test_a_cancel_that_finds_no_room_was_never_sent(autojump_clock):
    async with World(rates=RateSettings(question_wait_most_s=1)).live() as world:
        resting = order(1, **RESTING)
        await world.do(resting)
        world.adapter._limits._ip.refused(now_ns(), 30)
        (refused,) = await world.do(CancelOrder(venue=HL, asset="BTC", order_id=resting.order_id))
        assert isinstance(refused, CancelRejected)
        assert refused.detail.startswith("never sent")


async def test_more_markets_than_weights_are_made_ready_one_minute_after_the_other(autojump_clock):
    """A leverage that was confirmed is not asked for again: the link comes up once the rest has found room."""
    names = tuple(f"A{number}" for number in range(20))
    listed = tuple(hyperliquid_instrument(name, size_decimals=2, max_leverage=20) for name in names)
    rates = RateSettings(ip_weight_per_min=400, ip_reserve=50)
    world = World(instruments=listed, assets=names, rates=rates, knobs=FaceKnobs(ip_weight_per_min=400))
    world.market.mids.update(dict.fromkeys(names, D(100)))
    async with world.live():
        assert of(LinkLost, world.said)
        assert len(of(InstrumentListed, world.said)) == 20
        assert not of(FrameRefused, world.said)
        assert now_ns() - START_NS < 300e9
