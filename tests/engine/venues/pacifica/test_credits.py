"""Credits: our count, the venue's count, and who may use the rest."""

from __future__ import annotations

import pytest
import trio

from actors.commands import CancelOrder, QueryPosition
from actors.domain import MarketStatus, RejectReason, TimeInForce, Venue
from actors.messages import (
    CancelRejected,
    InstrumentListed,
    LinkLost,
    OrderAccepted,
    OrderDone,
    OrderRejected,
    PositionReported,
    QueryFailed,
)
from engine.simulators.pacifica import FaceKnobs, pacifica_instrument
from engine.venues.pacifica.codec import CANCEL_ORDER, CREATE_ORDER, NS_PER_MS
from engine.venues.pacifica.credits import Credits, NoCredits
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.signing_request import PacificaSignRequest
from engine.venues.transport import HttpResponse, TransportError
from tests.engine.venues.pacifica.world import SIGNER, D, World

P = Venue.PACIFICA
ORDER = {
    "symbol": "BTC",
    "price": "60000",
    "amount": "0.1",
    "reduce_only": False,
    "side": "bid",
    "tif": "IOC",
    "client_order_id": "12345678-1234-4234-8234-123456789abc",
}
CANCEL = {"symbol": "BTC", "client_order_id": ORDER["client_order_id"]}


def now_ns() -> int:
    return round(trio.current_time() * 1e9) + 10**18


def credits_of(**settings) -> Credits:
    return Credits(PacificaSettings(account=SIGNER.account, assets=("BTC",), **settings), now_ns)


def operation(name: str, payload: dict, window_ms: int = 5_000) -> PacificaSignRequest:
    return PacificaSignRequest(
        operation=name, payload=payload, timestamp_ms=now_ns() // NS_PER_MS, expiry_window_ms=window_ms
    )


def opening() -> PacificaSignRequest:
    return operation(CREATE_ORDER, ORDER)


def told(left: float, *, quota: float = 100, wait_s: int = 30, status: int = 200) -> HttpResponse:
    headers = (
        ("ratelimit", f'"credits";r={left * 10:.0f};t={wait_s}'),
        ("ratelimit-policy", f'"credits";q={quota * 10:.0f};w=60'),
    )
    return HttpResponse(status=status, body=b"", headers=headers)


async def used_up(budget: Credits) -> int:
    """How many orders find room."""
    count = 0
    while True:
        try:
            await budget.operation(opening())
        except NoCredits:
            return count
        count += 1


async def test_orders_leave_a_fifth_to_cancels_and_what_reduces(autojump_clock):
    budget = credits_of()
    assert await used_up(budget) == 80
    for _ in range(40):
        await budget.operation(operation(CANCEL_ORDER, CANCEL))
    with pytest.raises(NoCredits, match="never sent"):
        await budget.operation(operation(CANCEL_ORDER, CANCEL))
    with pytest.raises(TransportError) as failed:
        await budget.question("/positions")
    assert not failed.value.sent


async def test_a_quota_of_nothing_is_no_quota(autojump_clock):
    budget = credits_of()
    budget.heard(told(0, quota=0))
    assert await used_up(budget) == 0
    await trio.sleep(61)
    assert await used_up(budget) == 80


async def test_a_key_has_more_credits_and_cheaper_histories(autojump_clock):
    assert await used_up(credits_of(identified=True)) == 240
    plain, keyed = credits_of(question_wait_most_s=0), credits_of(identified=True, question_wait_most_s=0)
    for budget, many in ((plain, 26), (keyed, 240)):
        for _ in range(many):
            await budget.question("/trades/history")
        with pytest.raises(TransportError):
            await budget.question("/orders/history")


async def test_the_venue_s_own_count_is_followed(autojump_clock):
    budget = credits_of()
    budget.heard(told(25))
    assert await used_up(budget) == 5
    await trio.sleep(61)
    budget.heard(told(300, quota=300))
    assert await used_up(budget) == 240


async def test_after_a_429_nothing_leaves_for_as_long_as_the_venue_says(autojump_clock):
    budget = credits_of()
    budget.heard(told(50, wait_s=4, status=429))
    began_s = trio.current_time()
    await budget.question("/positions")
    assert trio.current_time() - began_s == pytest.approx(4)
    budget.heard(HttpResponse(status=429, body=b"", headers=(("retry-after", "3"),)))
    await budget.question("/positions")
    assert trio.current_time() - began_s == pytest.approx(7)
    budget.heard(HttpResponse(status=429, body=b""))
    with pytest.raises(NoCredits):
        await budget.operation(opening())


async def test_what_reduces_waits_for_room_within_its_window(autojump_clock):
    budget = credits_of(question_wait_most_s=90)
    await used_up(budget)
    closing = {**ORDER, "reduce_only": True}
    for _ in range(20):
        await budget.operation(operation(CREATE_ORDER, closing))
    with pytest.raises(NoCredits):
        await budget.operation(operation(CREATE_ORDER, closing, window_ms=30_000))
    began_s = trio.current_time()
    await budget.operation(operation(CREATE_ORDER, closing, window_ms=80_000))
    assert trio.current_time() - began_s == pytest.approx(60)


# Against the venue's own count.


async def test_an_order_without_credits_is_never_sent_and_a_cancel_still_is(autojump_clock):
    async with World(knobs=FaceKnobs(credits_unidentified=1000)).running() as world:
        resting = world.order(price="59000", tif=TimeInForce.POST_ONLY)
        await world.perform(resting)
        budget = world.adapter._rest._credits
        await used_up(budget)
        sent = world.transport.requests
        (refused,) = await world.perform(world.order())
        assert isinstance(refused, OrderRejected)
        assert (refused.reason, refused.detail[:10]) == (RejectReason.RATE_LIMITED, "never sent")
        assert world.transport.requests == sent
        await world.perform(CancelOrder(venue=P, asset="BTC", order_id=resting.order_id))
        assert world.transport.requests > sent
        assert not world.of(CancelRejected)


async def test_a_smaller_quota_of_the_venue_is_learnt_before_it_hurts(autojump_clock):
    """We think 100, the venue gives 60: its headers say so, and none of our questions is answered 429."""
    async with World(knobs=FaceKnobs(credits_unidentified=60)).running() as world:
        told = []
        for _ in range(150):
            told += await world.perform(QueryPosition(venue=P, asset="BTC"))
            await world.after(0.5)
        failed = [m.detail for m in told if isinstance(m, QueryFailed)]
        assert 0 < len(failed) < 90
        assert not [detail for detail in failed if "429" in detail]
        assert not world.of(LinkLost)


async def test_with_a_key_the_quota_is_the_key_s(autojump_clock):
    async with World(identified=True).running() as world:
        for _ in range(200):
            (told_of,) = await world.perform(QueryPosition(venue=P, asset="BTC"))
            assert isinstance(told_of, PositionReported)


async def test_an_order_the_venue_itself_answers_429_is_rejected_for_it(autojump_clock):
    async with World(knobs=FaceKnobs(credits_unidentified=1000)).running() as world:
        world.face._credits._unidentified = 0
        (refused,) = await world.perform(world.order())
        assert (type(refused), refused.reason) == (OrderRejected, RejectReason.RATE_LIMITED)
        assert not world.of(OrderAccepted, OrderDone)


async def test_more_markets_than_credits_are_made_ready_one_minute_after_the_other(autojump_clock):
    """What has been set stays set: the link comes up once the rest has found room."""
    names = tuple(f"A{number}" for number in range(60))
    listed = tuple(pacifica_instrument(name, tick="0.01", lot="0.01", max_leverage=20) for name in names)
    world = World(instruments=listed, assets=names, knobs=FaceKnobs(credits_unidentified=50), step_s=5)
    world.market.mids.update(dict.fromkeys(names, D(100)))
    async with world.running():
        assert world.of(LinkLost)
        assert {m.instrument.status for m in world.of(InstrumentListed)} == {MarketStatus.OPEN}
        assert {world.exchange.leverage(SIGNER.account, name) for name in names} == {3}


async def test_what_is_left_follows_the_venue_s_own_count(autojump_clock):
    budget = credits_of()
    assert budget.left_fraction() == 1
    budget.heard(told(30))
    assert budget.left_fraction() == pytest.approx(0.3)
    budget.heard(told(30, status=429))
    assert budget.left_fraction() == 0
    await trio.sleep(61)
    assert budget.left_fraction() == 1
