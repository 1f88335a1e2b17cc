"""What is believed of an order in doubt, and what the question may do to the venue."""

import trio
import trio.testing

from actors.commands import CancelAll, QueryOrder, QueryPosition
from actors.domain import RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    QueryFailed,
)
from engine.simulators.faults import Delay, DropRequest, DropResponse, FaultRule, Status, Traffic
from engine.venues.lighter.wire import TX_EXPIRY_S
from tests.engine.venues.lighter.world import ACCOUNT, KEY, D, World, muted, sent

POST_ONLY = TimeInForce.POST_ONLY
FIRST = 3
"""The first two transactions set the leverage of the two markets."""


def about(messages, order_id):
    return [type(message) for message in messages if getattr(message, "order_id", None) == order_id]


def question(order_id: str) -> QueryOrder:
    return QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order_id)


async def test_lists_read_before_the_transaction_was_executed_do_not_prove_that_nothing_was_reduced(autojump_clock):
    """The lists are answered late: the closing order is executed after they were made and before they arrive."""
    late = FaultRule(
        name="late",
        traffic=Traffic.HTTP,
        match="*/accountInactiveOrders",
        from_s=5.05,
        at_most=1,
        fault=Delay(delay_s=4.5),
    )
    lost = sent(FIRST + 1, DropResponse())
    async with World(late, lost, *muted("account_all_orders", "account_all_trades", "account_tx")).running() as world:
        await world.perform(world.order())
        await world.after(1)
        closing = world.order(side=Side.SELL, price="59900", reduce_only=True, expires_at_ns=world.now_ns() + 10**11)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(closing))
            await trio.sleep(0.1)
            await world.adapter.prepare(question(closing.order_id))()
        await world.perform(question(closing.order_id))
        assert world.exchange.position(str(ACCOUNT), "BTC") is None, "the order was executed"
        told = about(world.said, closing.order_id)
        assert OrderRejected not in told
        assert OrderFilled in told
        assert OrderDone in told


async def test_the_question_about_an_order_in_doubt_cancels_once_however_often_it_is_asked(autojump_clock):
    async with World(sent(FIRST, DropRequest())).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        assert about(await world.perform(order), order.order_id) == [OrderUnresolved]
        before = world.face._credentials.next_nonce(ACCOUNT, KEY)
        for _ in range(5):
            assert OrderRejected in about(await world.perform(question(order.order_id)), order.order_id)
        assert world.face._credentials.next_nonce(ACCOUNT, KEY) == before + 1


async def test_a_cancel_whose_own_answer_was_lost_still_settles_the_order(autojump_clock):
    """The cancel-all took the order's nonce in silence: its transaction is asked for by its hash."""
    silent = (sent(FIRST, DropRequest()), sent(FIRST + 1, DropResponse()))
    async with World(*silent, *muted("account_tx")).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        assert isinstance((await world.perform(question(order.order_id)))[0], QueryFailed)
        assert about(await world.perform(question(order.order_id)), order.order_id) == [OrderRejected]


async def test_a_cancel_that_may_still_be_queued_proves_nothing_about_the_order_whose_nonce_it_has(autojump_clock):
    """What lapses in the queue uses no nonce: only once it was executed can the order never come."""
    silent = FaultRule(name="silent", traffic=Traffic.HTTP, match="*/tx", fault=Status(status=503), nth=(2,))
    async with World(sent(FIRST, DropRequest()), silent, *muted("account_tx")).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        before = world.face._credentials.next_nonce(ACCOUNT, KEY)
        told = await world.perform(question(order.order_id))
        assert [type(message) for message in told] == [QueryFailed]
        assert world.face._credentials.next_nonce(ACCOUNT, KEY) == before + 1, "the cancel came"
        (rejected,) = await world.perform(question(order.order_id))
        assert isinstance(rejected, OrderRejected)
        assert rejected.reason is RejectReason.NONCE
        assert rejected.detail.startswith("never executed: another transaction was, with its nonce")


async def test_an_order_the_venue_took_and_shows_nowhere_is_unknown_and_not_called_rejected(autojump_clock):
    empty = '{"code":200,"orders":[]}'
    nowhere = FaultRule(
        name="nowhere",
        traffic=Traffic.HTTP,
        match="*/account*Orders",
        fault=Status(status=200, body=empty, content_type="application/json"),
    )
    async with World(nowhere).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        assert OrderAccepted in about(await world.perform(order) + await world.after(1), order.order_id)
        assert about(await world.perform(question(order.order_id)), order.order_id) == [OrderUnknown]


async def test_an_order_being_prepared_behind_the_question_is_not_cancelled_by_it(autojump_clock):
    async with World(sent(FIRST, DropRequest())).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        ask, other = world.adapter.prepare(question(order.order_id)), world.order(price="58900", tif=POST_ONLY)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(world.adapter.prepare(other))
        await world.after(1)
        assert [str(int(other.order_id, 16))] == [o.client_order_id for o in world.exchange.open_orders(str(ACCOUNT))]


async def test_orders_of_another_market_survive_the_question(autojump_clock):
    async with World(sent(FIRST + 1, DropRequest())).running() as world:
        resting = world.order(asset="SOL", price="90", size="1", tif=POST_ONLY)
        await world.perform(resting)
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        assert OrderRejected in about(await world.perform(question(order.order_id)), order.order_id)
        await world.after(1)
        assert [o.asset for o in world.exchange.open_orders(str(ACCOUNT))] == ["SOL"]


async def test_an_order_cut_off_before_it_left_does_not_keep_another_in_doubt(autojump_clock):
    async with World(sent(FIRST, DropRequest())).running() as world:
        world.adapter.prepare(world.order(price="58000", tif=POST_ONLY))  # its delivery never begins
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        await world.after(6)
        assert OrderRejected in about(await world.perform(question(order.order_id)), order.order_id)


async def test_an_order_of_an_earlier_process_is_unknown_only_when_it_can_no_longer_come(autojump_clock):
    """It may be on its way still: with the next nonce, that is, which a cancel-all takes."""
    async with World().running() as world:
        world.adapter = world.make_adapter()
        async with trio.open_nursery() as nursery:
            await nursery.start(world.adapter.listen)
            before = world.face._credentials.next_nonce(ACCOUNT, KEY)
            (told,) = await world.perform(question("c" * 32))
            assert isinstance(told, QueryFailed)
            assert world.face._credentials.next_nonce(ACCOUNT, KEY) == before + 1
            assert about(await world.perform(question("c" * 32)), "c" * 32) == [OrderUnknown]
            assert world.face._credentials.next_nonce(ACCOUNT, KEY) == before + 1
            nursery.cancel_scope.cancel()


async def test_where_nothing_can_be_sent_it_is_unknown_when_its_transaction_has_lapsed(autojump_clock):
    lost = FaultRule(name="lost", traffic=Traffic.HTTP, match="*/sendTx", fault=DropRequest())
    async with World(leverage=3).running() as world:
        world.transport._plan = type(world.transport._plan)(rules=(lost,))
        world.adapter = world.make_adapter()
        async with trio.open_nursery() as nursery:
            await nursery.start(world.adapter.listen)
            assert isinstance((await world.perform(question("c" * 32)))[0], QueryFailed)
            await world.after(TX_EXPIRY_S + 61)
            (told,) = await world.perform(question("c" * 32))
            assert isinstance(told, OrderUnknown | QueryFailed)
            nursery.cancel_scope.cancel()


async def test_a_command_that_is_never_delivered_blocks_none_after_it(autojump_clock):
    """The venue's task ended between preparing and delivering: the adapter lives on, and must be able to close."""
    async with World().running() as world:
        await world.perform(world.order())
        await world.after(1)
        for _ in range(3):
            world.adapter.prepare(CancelAll(venue=Venue.LIGHTER, asset="BTC"))
        world.adapter.prepare(world.order(price="58000", tif=POST_ONLY))
        closing = world.order(side=Side.SELL, price="59900", reduce_only=True)
        began_s = trio.current_time()
        await world.perform(closing)
        await world.after(1)
        assert OrderDone in about(world.said, closing.order_id)
        assert trio.current_time() - began_s < 8


async def test_a_market_that_one_answer_left_out_can_still_be_left(autojump_clock):
    async with World().running() as world:
        await world.perform(world.order())
        await world.after(1)
        for message in world.adapter._dialogue.listed([]):
            world.said.append(message)
        assert about([*await world.perform(world.order())], f"{world.orders:032x}") == [OrderRejected]
        closing = world.order(side=Side.SELL, price="59900", reduce_only=True)
        await world.perform(closing)
        await world.after(1)
        assert OrderDone in about(world.said, closing.order_id)
        assert world.exchange.position(str(ACCOUNT), "BTC") is None
        rejected = next(m for m in world.said if isinstance(m, OrderRejected))
        assert (rejected.reason, rejected.detail) == (RejectReason.HALTED, "never sent: not listed")
        assert sum((fill.size for fill in world.of(OrderFilled)), D(0)) == D("0.2")


async def test_an_order_that_can_never_be_executed_is_called_so_without_using_up_the_questions(autojump_clock):
    """Only after a while the lists are looked at again; and the account has nothing that would still be waited for."""
    async with World(sent(FIRST, DropRequest()), unknown_repeat_s=12.0, order_question_pause_s=0.0).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        assert OrderRejected in about(await world.perform(question(order.order_id)), order.order_id)
        assert world.adapter._ledger.undecided() == ()
        before = world.transport.requests
        for _ in range(5):
            assert OrderRejected in about(await world.perform(question(order.order_id)), order.order_id)
        assert world.transport.requests == before
        await world.after(12)
        assert OrderRejected in about(await world.perform(question(order.order_id)), order.order_id)
        assert world.transport.requests > before


async def test_positions_are_told_although_the_questions_of_the_minute_are_used_up(autojump_clock):
    async with World(rest_per_minute=20, rest_reserve=8, order_question_pause_s=0.0).running() as world:
        order = world.order()
        await world.perform(order)
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(world.adapter.prepare(question(order.order_id)))
                await trio.sleep(0.5)
            asked_s = trio.current_time()
            await world.perform(QueryPosition(venue=Venue.LIGHTER, asset="BTC"))
            assert trio.current_time() - asked_s < 2
            nursery.cancel_scope.cancel()
