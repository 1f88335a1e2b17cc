"""The engine was cut off and goes on: what its adapter learns of orders and money from before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
from msgspec.structs import replace

from actors.commands import CancelAll, SettlePnl, SubmitOrder
from actors.domain import DoneReason, Side, TimeInForce, Venue
from actors.messages import (
    ForeignFilled,
    FrameRefused,
    FundingPaid,
    LinkUp,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderUnknown,
    PnlSettled,
    PositionLiquidated,
    QueryFailed,
)
from engine.simulators.faults import DropResponse, Status
from engine.venues.adapter import Recalled
from engine.venues.drift.settings import TransactionLimits
from engine.venues.transport import HttpRequest, HttpResponse, Transport
from tests.engine.venues.dialogue import pushed, words
from tests.engine.venues.drift.world import SIGNER, D, World, on_call, transactions

POST_ONLY = TimeInForce.POST_ONLY
GOOD_FOR_NS = 600_000_000_000


class Restarted(World):
    """A world whose engine was cut off. `orders` are in the journal, whatever became of them."""

    def __init__(self, *faults, **settings) -> None:
        super().__init__(*faults, **settings)
        self.journal: dict[str, Recalled] = {}
        self.cut_off_ns = 0

    def decided(self, order: SubmitOrder, **changes) -> SubmitOrder:
        fields = {"decided_ns": self.now_ns(), "over": False, "filled": D(0)} | changes
        self.journal[order.order_id] = Recalled(order=order, **fields)
        return order

    def until_too_late_s(self, order: SubmitOrder) -> float:
        """How long the program may still place it, as far as we can tell."""
        return (order.expires_at_ns - self.now_ns()) / 1e9 + self.settings.chain_clock_slack_s

    async def killed_while_sending(self, *orders: SubmitOrder) -> None:
        """The node has the transactions, and nobody lives to hear what becomes of them."""
        async with trio.open_nursery() as nursery:
            for order in orders:
                nursery.start_soon(self.adapter.prepare(self.decided(order)))
            await trio.sleep(0.15)
            nursery.cancel_scope.cancel()

    @asynccontextmanager
    async def first_life(self) -> AsyncIterator[None]:
        async with self.running():
            yield
            self.cut_off_ns = self.now_ns()

    @asynccontextmanager
    async def second_life(self, down_s: float = 5.0) -> AsyncIterator[None]:
        await trio.sleep(down_s)
        self.make_second_adapter()
        async with self.running():
            yield

    def make_second_adapter(self) -> None:
        """It is told what the journal holds; each order's pair has booked all the funding there was."""
        payments = tuple(paid.payment_id for paid in self.of(FundingPaid))
        recalled = tuple(replace(each, payments=payments) for each in self.journal.values())
        self.said.clear()
        self.adapter = self.make_adapter()
        self.adapter.recall(recalled, self.cut_off_ns)

    def told(self) -> list:
        """What was said of orders and fills."""
        return [m for m in self.said if not pushed(m) and type(m).__name__.startswith(("Order", "Foreign", "Cancel"))]


# --- orders


async def test_an_order_that_landed_while_nobody_listened_is_told_with_its_fill_and_its_end(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.killed_while_sending(order := world.order(size="2"))
        assert world.told() == []
    async with world.second_life():
        assert words(world.told()) == ["OrderAccepted", "OrderFilled", "OrderDone"]
        assert {told.order_id for told in world.told()} == {order.order_id}
        assert [(done.filled, done.reason) for done in world.of(OrderDone)] == [(2, DoneReason.FILLED)]
        assert words(await world.perform(world.query(order))) == ["OrderDone"]


async def test_an_ioc_order_that_landed_is_over_with_what_it_filled(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.killed_while_sending(world.order(size="30", price="100.05"))
    async with world.second_life():
        assert [(done.filled, done.reason) for done in world.of(OrderDone)] == [(10, DoneReason.IOC_REMAINDER)]


async def test_an_order_that_lands_after_the_restart_is_in_doubt_and_then_told(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.killed_while_sending(order := world.order())
    async with world.second_life(down_s=0.0):
        assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
        await world.after(5)
        assert words(world.told())[1:] == ["OrderAccepted", "OrderFilled", "OrderDone"]
        assert transactions(world) == 1


async def test_an_order_that_was_never_sent_is_in_doubt_until_its_time_has_passed(autojump_clock):
    world = Restarted()
    async with world.first_life():
        order = world.decided(world.order())
    async with world.second_life():
        assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
        await world.after(world.until_too_late_s(order) - 1)
        assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
        await world.after(2)
        assert words(await world.perform(world.query(order))) == ["OrderUnknown"]
        assert not world.adapter._ledger.living(), "nobody reads often for an order that never was"
        assert words(await world.perform(order)) == ["OrderRejected"], "whatever is asked, it is not sent again"


async def test_an_order_that_failed_on_the_chain_is_unknown_once_its_time_has_passed(autojump_clock):
    world = Restarted(transactions=TransactionLimits(preflight=False))
    async with world.first_life():
        order = world.order(price="101", tif=POST_ONLY)
        await world.killed_while_sending(order)
    async with world.second_life():
        assert [landed.error is None for landed in world.face.chain._landed.values() if landed.raw] == [False]
        assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
        await world.after(world.until_too_late_s(order) + 1)
        assert words(await world.perform(world.query(order))) == ["OrderUnknown"]


@pytest.mark.parametrize("silent", ["getSignaturesForAddress", "getTransaction"])
async def test_a_history_that_cannot_be_read_never_makes_an_order_unknown(autojump_clock, silent):
    world = Restarted(on_call(silent, Status(status=502), from_s=8, to_s=120))
    async with world.first_life():
        await world.after(4)
        order = world.decided(world.order())
    async with world.second_life(down_s=0.0):
        await world.after(4)
        at_ns = world.now_ns()
        world.face.publish(at_ns, world.exchange.set_position(at_ns, SIGNER.account, "SOL-PERP", D(1)))
        await world.after(80)
        told = await world.perform(world.query(order))
        assert words(told) == ["QueryFailed"]
        await world.after(60)
        assert words(await world.perform(world.query(order)))[-1] == "OrderUnknown"


class CutShort(Transport):
    """A node that keeps only the beginning of a transaction's logs."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.stream = inner.stream

    async def request(self, request: HttpRequest) -> HttpResponse:
        response = await self._inner.request(request)
        if b"getTransaction" not in request.body:
            return response
        reply = msgspec.json.decode(response.body)
        if reply["result"]:
            lines = reply["result"]["meta"]["logMessages"]
            kept = next(number for number, line in enumerate(lines) if line.startswith("Program data"))
            reply["result"]["meta"]["logMessages"] = [*lines[:kept], "Log truncated"]
        return HttpResponse(status=response.status, body=msgspec.json.encode(reply))


async def test_an_order_that_may_stand_in_logs_that_were_cut_short_is_never_unknown(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.killed_while_sending(order := world.order())
    simulated, world.transport = world.transport, CutShort(world.transport)
    await trio.sleep(5)
    world.make_second_adapter()
    world.transport = simulated
    async with world.running():
        assert world.of(FrameRefused)
        assert await world.position() == 1
        await world.after(world.until_too_late_s(order) + 1)
        assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]


async def test_an_order_is_not_asked_of_a_history_that_has_not_begun(autojump_clock):
    """The engine asks before the link is up; then nothing is known, and nothing from before the run is told."""
    world = Restarted(on_call("getMultipleAccounts", DropResponse(), from_s=5, to_s=60))
    async with world.first_life():
        await world.perform(world.order(size="3"))  # of a time long before
        await world.after(2)
        order = world.decided(world.order(expires_at_ns=world.now_ns()))
    await trio.sleep(40)
    world.make_second_adapter()
    await world.perform(world.query(order))
    assert words(world.said) == ["OrderUnresolved"]


async def test_an_order_that_still_rests_is_ours_again_to_ask_for_and_to_cancel(autojump_clock):
    world = Restarted()
    async with world.first_life():
        order = world.order(price="99", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS)
        await world.killed_while_sending(order)
    async with world.second_life():
        assert words(world.told()) == ["OrderAccepted"]
        assert words(await world.perform(world.query(order))) == ["OrderAccepted"]
        other = world.order(price="98", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS)
        assert words(await world.perform(other)) == ["OrderAccepted"]
        assert words(await world.perform(world.cancel(order))) == ["OrderDone"]
        assert [(done.order_id, done.reason) for done in world.of(OrderDone)] == [(order.order_id, DoneReason.CANCELED)]
        assert [o.price for o in world.exchange.open_orders(SIGNER.account)] == [98], "the other one still rests"


async def test_an_order_that_was_accepted_long_before_is_found_however_old_it_is(autojump_clock):
    world = Restarted()
    async with world.first_life():
        order = world.decided(world.order(price="99", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS))
        await world.perform(order)
        await world.after(300)
    async with world.second_life(down_s=100.0):
        assert words(world.told()) == ["OrderAccepted"]


async def test_fills_are_told_under_the_ids_they_had_before(autojump_clock):
    world = Restarted()
    async with world.first_life():
        order = world.order(price="99.5", size="5", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS)
        await world.perform(world.decided(order))
        world.market.taker_sell_per_s = D(1)
        world.market.mids["SOL-PERP"] = D("99.49")
        while not world.of(OrderFilled):
            await world.after(0.2)
        before = {fill.fill_id: fill.size for fill in world.of(OrderFilled)}
    async with world.second_life():
        await world.after(10)
        after = {fill.fill_id: fill.size for fill in world.of(OrderFilled)}
        assert before.items() < after.items()
        assert sum(after.values()) == 5
        assert [done.filled for done in world.of(OrderDone)] == [5]
        assert not world.of(ForeignFilled)


async def test_fills_of_an_order_that_was_over_are_told_again_as_its_own(autojump_clock):
    """The history is read a little further back than needed; the pair knows these fills by their ids."""
    world = Restarted()
    async with world.first_life():
        order = world.order()
        await world.perform(order)
        world.decided(order, over=True, filled=D(1))
    async with world.second_life():
        assert [fill.order_id for fill in world.of(OrderFilled)] == [order.order_id]
        assert not world.of(ForeignFilled, OrderDone)
        assert words(await world.perform(world.query(order))) == ["OrderDone"]


async def test_what_nobody_here_ordered_stays_foreign(autojump_clock):
    world = Restarted()
    async with world.first_life():
        world.decided(world.order(size="2"))
    world.transport.disturb(lambda x, at_ns: x.set_position(at_ns, SIGNER.account, "SOL-PERP", D(2)))
    async with world.second_life():
        assert [fill.size for fill in world.of(ForeignFilled)] == [2]
        assert not world.of(OrderAccepted, OrderFilled)


async def test_the_older_of_two_that_are_alike_came_first(autojump_clock):
    world = Restarted()
    async with world.first_life():
        until_ns = world.now_ns() + GOOD_FOR_NS
        alike = [world.order(price="99", tif=POST_ONLY, expires_at_ns=until_ns) for _ in range(3)]
        await world.killed_while_sending(*alike[:2])
        world.decided(alike[2])
    async with world.second_life():
        accepted = world.of(OrderAccepted)
        assert [told.order_id for told in accepted] == [order.order_id for order in alike[:2]]
        assert len({told.venue_order_id for told in accepted}) == 2
        assert words(await world.perform(world.query(alike[2]))) == ["OrderUnresolved"]


# --- cancels


async def test_a_cancel_of_an_order_that_no_transaction_shows_says_that_nothing_was_sent(autojump_clock):
    world = Restarted()
    async with world.first_life():
        order = world.decided(world.order())
    async with world.second_life():
        (told,) = await world.perform(world.cancel(order))
        assert (words([told]), told.detail[:10]) == (["CancelRejected"], "never sent")
        assert transactions(world) == 0


async def test_a_cancel_waits_for_an_order_that_is_still_on_its_way(autojump_clock):
    world = Restarted()
    async with world.first_life():
        order = world.order(price="99", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS)
        await world.killed_while_sending(order)
    async with world.second_life(down_s=0.0):
        assert words(await world.perform(world.cancel(order))) == ["OrderAccepted", "OrderDone"]
        assert world.exchange.open_orders(SIGNER.account) == ()


async def test_the_end_of_an_order_is_told_that_was_cancelled_with_all_before_it_was_seen(autojump_clock):
    """It lands after the restart, and the cancel of everything before the history has shown it."""
    late = on_call("getSignaturesForAddress", Status(status=502), from_s=3.1, to_s=9)
    world = Restarted(late, poll_busy_s=1.0)
    async with world.first_life():
        await world.after(2.5)
        order = world.order(price="99", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS)
        await world.killed_while_sending(order)
    async with world.second_life(down_s=0.0):
        await world.after(2)
        assert len(world.exchange.open_orders(SIGNER.account)) == 1
        assert not world.of(OrderAccepted)
        await world.perform(CancelAll(venue=Venue.DRIFT, asset="SOL"))
        assert world.exchange.open_orders(SIGNER.account) == ()
        await world.after(15)
        assert [(done.order_id, done.reason) for done in world.of(OrderDone)] == [(order.order_id, DoneReason.CANCELED)]


# --- the history


async def test_a_history_longer_than_it_is_read_is_refused_by_name(autojump_clock):
    world = Restarted(history_page_rows=2, history_pages_most=2)
    async with world.first_life():
        for _ in range(4):
            await world.perform(world.decided(world.order()))
    with trio.move_on_after(20):
        async with world.second_life():
            pass
    assert not world.of(LinkUp)
    assert "more than 4 transactions since the engine was cut off" in world.of(FrameRefused)[0].detail


async def test_the_history_is_read_on_over_its_pages(autojump_clock):
    world = Restarted(history_page_rows=2)
    async with world.first_life():
        for _ in range(5):
            await world.perform(world.decided(world.order()))
    async with world.second_life():
        assert len(world.of(OrderFilled)) == 5


async def test_what_was_long_before_the_end_of_the_earlier_process_is_not_told_again(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.perform(world.order())
        await world.after(60)
    async with world.second_life():
        assert world.told() == []


# --- money


@pytest.mark.parametrize(
    ("lived_h", "down_h"), [(0.5, 0.1), (0.5, 0.6), (1.5, 0.6), (1.001, 0.01), (0.9, 3.2), (2.2, 2)]
)
async def test_funding_is_told_by_one_process_or_the_other_and_never_by_both(autojump_clock, lived_h, down_h):
    world = Restarted(step_s=60.0, poll_quiet_s=60.0)
    async with world.first_life():
        await world.perform(world.decided(world.order(size="3"), over=True, filled=D(3)))
        await world.after(lived_h * 3600)
        before = world.of(FundingPaid)
    async with world.second_life(down_s=down_h * 3600):
        await world.after(100)
        after = world.of(FundingPaid)
        booked = [payment.amount_usd for payment in world.exchange.funding_paid_since(SIGNER.account, 0)]
        told = sum(payment.amount_usd for payment in (*before, *after))
        assert (len(before), len(booked)) == (int(lived_h), int(lived_h + down_h + 0.03))
        assert told == pytest.approx(sum(booked), abs=D("0.000002"))
        assert {payment.payment_id for payment in before}.isdisjoint(payment.payment_id for payment in after)


async def test_funding_settled_by_a_liquidation_while_nobody_listened_is_told_once(autojump_clock):
    world = Restarted(step_s=60.0, poll_quiet_s=60.0)
    async with world.first_life():
        await world.perform(world.decided(world.order(size="3"), over=True, filled=D(3)))
        await world.after(5400)
        before = world.of(FundingPaid)
    await trio.sleep(2000)
    world.transport.disturb(lambda x, at_ns: x.liquidate(at_ns, SIGNER.account, "SOL-PERP", D(3)))
    async with world.second_life(down_s=4000):
        await world.after(20)
        assert sum(fill.size for fill in world.of(PositionLiquidated)) == 3
        booked = [payment.amount_usd for payment in world.exchange.funding_paid_since(SIGNER.account, 0)]
        told = [payment.amount_usd for payment in (*before, *world.of(FundingPaid))]
        assert len(told) == len(booked) == 2
        assert sum(told) == pytest.approx(sum(booked), abs=D("0.000002"))


async def test_a_settlement_that_is_read_again_pays_nothing_again(autojump_clock):
    """The position was touched, and so settled, moments before the end: the history is read from before that."""
    world = Restarted(step_s=60.0, poll_quiet_s=60.0)
    async with world.first_life():
        await world.perform(world.decided(world.order(size="3"), over=True, filled=D(3)))
        await world.after(3700)
        reducing = world.order(side=Side.SELL, size="1", price="99", reduce_only=True)
        await world.perform(world.decided(reducing, over=True, filled=D(1)))
        assert len(world.of(FundingPaid)) == 1
    async with world.second_life():
        assert [fill.order_id for fill in world.of(OrderFilled)] == [reducing.order_id]
        assert not world.of(FundingPaid)


async def test_profit_that_was_settled_while_nobody_listened_is_told(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.perform(world.order(size="3"))
        world.market.mids["SOL-PERP"] = D(98)
        await world.after(1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(SettlePnl(venue=Venue.DRIFT, asset="SOL")))
            await trio.sleep(0.15)
            nursery.cancel_scope.cancel()
        assert not world.of(PnlSettled)
    async with world.second_life():
        assert [settled.amount_usd < 0 for settled in world.of(PnlSettled)] == [True]


async def test_a_closing_order_goes_out_beside_one_that_an_earlier_process_left(autojump_clock):
    world = Restarted()
    async with world.first_life():
        await world.perform(world.decided(world.order(size="3")))
        order = world.order(price="99", tif=POST_ONLY, expires_at_ns=world.now_ns() + GOOD_FOR_NS)
        await world.killed_while_sending(order)
    async with world.second_life():
        closing = world.order(side=Side.SELL, size="3", price="99.5", reduce_only=True)
        assert words(await world.perform(closing)) == ["OrderAccepted", "OrderFilled", "OrderDone"]
        assert not world.of(OrderUnknown, QueryFailed)
        assert [o.price for o in world.exchange.open_orders(SIGNER.account)] == [99]
