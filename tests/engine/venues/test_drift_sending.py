"""Answers lost, late or refused: what becomes of a transaction that nobody has confirmed."""

import random
from collections import Counter

import pytest
import trio

from actors.commands import QueryPosition
from actors.domain import RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    ForeignFilled,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    QueryFailed,
)
from engine.simulators.faults import (
    Disconnect,
    DropRequest,
    DropResponse,
    Duplicate,
    FaultRule,
    Status,
    Traffic,
)
from engine.venues.drift.settings import TransactionLimits
from engine.venues.signing import SigningRefused
from tests.engine.venues.dialogue import words
from tests.engine.venues.drift.world import SIGNER, D, World, lost_answer, on_call, transactions

POST_ONLY = TimeInForce.POST_ONLY
QUICK = TransactionLimits(patience_s=2.0)


async def test_a_lost_answer_is_resolved_by_the_signature(autojump_clock):
    world = World(lost_answer())
    async with world.running():
        told = await world.perform(world.order())
        assert words(told) == ["OrderAccepted", "OrderFilled", "OrderDone"]
        assert transactions(world) == 1
        assert await world.position() == 1


async def test_a_transaction_that_never_lands_is_unresolved_then_unknown_then_provably_dead(autojump_clock):
    world = World(transactions=QUICK)
    async with world.running():
        order = world.order()
        world.face.drop_next_transactions()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(order))
            await trio.sleep(5)
            assert words(world.of(OrderUnresolved, OrderRejected)) == ["OrderUnresolved"]
            assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
            await trio.sleep(28)
            assert words(await world.perform(world.query(order))) == ["OrderUnknown"]
        (dead,) = world.of(OrderRejected)
        assert dead.reason is RejectReason.EXPIRED
        assert "never landed" in dead.detail
        assert trio.current_time() < 75
        assert words(await world.perform(world.query(order))) == ["OrderRejected"]
        assert await world.position() == 0


async def test_a_node_that_falls_silent_after_the_send_is_followed_until_it_speaks(autojump_clock):
    silent = [
        on_call(call, DropResponse(), from_s=1, to_s=12) for call in ("getSignatureStatuses", "getSignaturesForAddress")
    ]
    world = World(*silent, transactions=QUICK)
    async with world.running():
        told = await world.perform(world.order())
        assert words(told) == ["OrderUnresolved", "OrderAccepted", "OrderFilled", "OrderDone"]
        assert transactions(world) == 1


async def test_what_the_history_has_told_is_not_in_doubt(autojump_clock):
    world = World(on_call("getSignatureStatuses", DropResponse(), to_s=30), transactions=QUICK)
    async with world.running():
        assert words(await world.perform(world.order())) == ["OrderAccepted", "OrderFilled", "OrderDone"]


async def test_logs_that_come_late_are_waited_for(autojump_clock):
    world = World(on_call("getTransaction", Status(status=503), to_s=5), transactions=QUICK)
    async with world.running():
        told = await world.perform(world.order())
        assert [word for word in words(told) if word != "OrderUnresolved"] == [
            "OrderAccepted",
            "OrderFilled",
            "OrderDone",
        ]


async def test_without_a_blockhash_nothing_is_sent(autojump_clock):
    world = World(on_call("getLatestBlockhash", Status(status=500)))
    async with world.running():
        (told,) = await world.perform(world.order())
        assert (words([told]), told.detail[:10]) == (["OrderRejected"], "never sent")
        order = world.order(price="99", tif=POST_ONLY)
        assert words(await world.perform(order)) == ["OrderRejected"]


async def test_a_node_that_limits_the_rate_has_taken_nothing(autojump_clock):
    world = World(on_call("sendTransaction", Status(status=429)))
    async with world.running():
        (told,) = await world.perform(world.order())
        assert told.reason is RejectReason.RATE_LIMITED


async def test_a_node_that_names_its_pause_is_asked_again_after_it(autojump_clock):
    world = World(on_call("sendTransaction", Status(status=429, retry_after_s=3), nth=(1,)))
    async with world.running():
        await world.perform(world.order())
        await trio.sleep(2.5)
        assert (await world.perform(world.order()))[0].reason is RejectReason.RATE_LIMITED
        await trio.sleep(1)
        assert words(await world.perform(world.order())) == ["OrderAccepted", "OrderFilled", "OrderDone"]


async def test_a_spent_rate_limit_refuses_what_opens_and_lets_through_what_reduces(autojump_clock):
    world = World(requests_most=40, requests_reserved=20, requests_window_s=1000.0)
    async with world.running():
        await world.perform(world.order(size="3"))
        told = []
        for _ in range(6):
            told += await world.perform(world.order(size="0.01"))
        refused = [m for m in told if isinstance(m, OrderRejected)]
        assert refused
        assert {m.reason for m in refused} == {RejectReason.RATE_LIMITED}
        told = await world.perform(world.order(side=Side.SELL, price="99", reduce_only=True))
        assert words(told) == ["OrderAccepted", "OrderFilled", "OrderDone"]


async def test_a_signer_that_refuses_has_sent_nothing(autojump_clock):
    class Refusing:
        account = SIGNER.account

        async def sign(self, request):
            raise SigningRefused("over the cap")

    world = World()
    world.signing = Refusing()
    world.adapter = world.make_adapter()
    async with world.running():
        (told,) = await world.perform(world.order())
        assert (told.reason, told.detail) == (RejectReason.OTHER, "never sent: over the cap")
        assert transactions(world) == 0


async def test_questions_without_an_answer_say_nothing_of_what_was_asked(autojump_clock):
    world = World(on_call("getMultipleAccounts", Status(status=503), from_s=3, to_s=9))
    async with world.running():
        await world.after(4)
        (told,) = await world.perform(QueryPosition(venue=Venue.DRIFT, asset="SOL"))
        assert isinstance(told, QueryFailed)


@pytest.mark.parametrize("seed", range(4))
async def test_after_the_trouble_our_books_are_the_venues(autojump_clock, seed):
    faults = ((DropResponse(), 0.12), (DropRequest(), 0.1), (Status(status=500), 0.1), (Duplicate(), 0.1))
    rules = [on_call("", fault, probability=chance, to_s=100) for fault, chance in faults]
    cut = FaultRule(name="cut", traffic=Traffic.FRAME, probability=0.01, to_s=100, fault=Disconnect(refuse_s=2))
    world = World(*rules, cut, fault_seed=seed, request_timeout_s=1.0)
    rng = random.Random(seed)
    orders = []
    async with trio.open_nursery() as nursery:
        await nursery.start(world.transport.run)
        await nursery.start(world.adapter.listen)
        while len(orders) < 8:
            world.market.mids["SOL-PERP"] = D(rng.randint(9_900, 10_100)) / 100
            await world.after(rng.uniform(1, 6))
            side, tif = rng.choice(list(Side)), rng.choice([TimeInForce.IOC, POST_ONLY])
            reach = D(rng.randint(-20, 100) if tif is TimeInForce.IOC else rng.randint(-60, 10)) / 100
            price = world.market.mids["SOL-PERP"] + side.sign * reach
            order = world.order(side=side, price=str(price), size=str(D(rng.randint(1, 1200)) / 100), tif=tif)
            orders.append(order)
            nursery.start_soon(world.adapter.prepare(order))
            if rng.random() < 0.4:
                nursery.start_soon(world.adapter.prepare(world.cancel(order)))
        await world.after(260 - trio.current_time())
        for order in orders:
            await world.perform(world.query(order))
        nursery.cancel_scope.cancel()
    fills = world.of(OrderFilled)
    assert max(Counter(fill.fill_id for fill in fills).values(), default=1) == 1
    assert world.of(ForeignFilled) == []
    held = sum((fill.side.sign * fill.size for fill in fills), D(0))
    position = world.exchange.position(SIGNER.account, "SOL-PERP")
    assert held == (position.size if position is not None else 0), f"seed {seed}"
    ends = world.of(OrderDone, OrderRejected)
    assert {order.order_id for order in orders} == {end.order_id for end in ends}, f"seed {seed}"
    for done in world.of(OrderDone):
        assert done.filled == sum(fill.size for fill in fills if fill.order_id == done.order_id), f"seed {seed}"
    assert world.exchange.open_orders(SIGNER.account) == ()
