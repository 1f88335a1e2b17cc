"""Dialogues with the simulated venue: what is asked, what is told, and what is never believed."""

from functools import partial

import pytest
import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition
from actors.domain import DoneReason, Liquidity, MarketStatus, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    AccountReported,
    CancelRejected,
    ForeignFilled,
    FrameRefused,
    FundingPaid,
    InstrumentListed,
    LinkLost,
    LinkUp,
    MarketSampled,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QueryFailed,
    QuoteUpdated,
)
from engine.simulators.exchange import NewOrder, TimeInForce as Force
from engine.simulators.faults import Disconnect, DropRequest, FaultRule, Garble, Reject, Status, Traffic
from engine.simulators.lighter import FaceKnobs
from engine.venues.lighter import codec
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.wire import ErrorCode
from engine.venues.signing import SigningRefused
from tests.engine.venues import ladders
from tests.engine.venues.dialogue import START_NS
from tests.engine.venues.lighter.world import ACCOUNT, D, World, cut, lost_answer, muted, sent

POST_ONLY = TimeInForce.POST_ONLY
FIRST = 3
"""The first two transactions set the leverage of the two markets."""


def kinds(messages):
    return [type(message) for message in messages]


def about(messages, order_id):
    return [message for message in messages if getattr(message, "order_id", None) == order_id]


def one(messages, kind):
    (found,) = [message for message in messages if isinstance(message, kind)]
    return found


# the link


async def test_the_snapshot_lists_instruments_positions_and_account_before_the_link_is_up(autojump_clock):
    async with World().running() as world:
        before = world.said[: kinds(world.said).index(LinkUp)]
        listed = [m.instrument for m in before if isinstance(m, InstrumentListed)]
        assert [i.asset for i in listed] == ["BTC", "SOL"]
        assert (listed[0].tick, listed[0].lot, listed[0].taker_fee) == (D("0.1"), D("0.00001"), 0)
        assert [(m.asset, m.size) for m in before if isinstance(m, PositionReported)] == [("BTC", 0), ("SOL", 0)]
        assert [m.equity_usd for m in before if isinstance(m, AccountReported)] == [100_000]
        assert not world.of(FrameRefused)


async def test_quotes_and_rates_come_for_each_market_we_trade(autojump_clock):
    async with World().running() as world:
        await world.after(1)
        quote = world.of(QuoteUpdated)[0]
        assert (quote.asset, quote.bid, quote.ask) == ("BTC", 59_988, 60_012)
        assert {m.asset for m in world.of(QuoteUpdated)} == {"BTC", "SOL"}
        sample = world.of(MarketSampled)[0]
        assert (sample.mark, sample.oracle, sample.open_interest) == (60_000, 60_000, 1_000)
        assert sample.funding_forming == D("0.000012")


async def test_a_quote_tells_the_whole_simulated_book(autojump_clock):
    async with World().running() as world:
        await world.after(1)
        told = [m for m in world.of(QuoteUpdated) if m.asset == "BTC"][-1]
        assert ladders.same_as_simulated(told, world.exchange, "BTC", 250)


async def test_a_market_counted_by_the_thousand_is_told_and_traded_by_the_token(autojump_clock):
    async with World(assets=("BONK",)).running() as world:
        await world.after(1)
        instrument = world.of(InstrumentListed)[0].instrument
        assert (instrument.symbol, instrument.lot, instrument.tick) == ("1000BONK", 1000, D("0.000000001"))
        quote = world.of(QuoteUpdated)[0]
        assert (quote.bid, quote.ask, quote.bid_size) == (D("0.000019996"), D("0.000020004"), 10_000_000)
        order = world.order(asset="BONK", size="2000000", price="0.00002002")
        await world.perform(order)
        await world.after(1)
        assert one(about(world.said, order.order_id), OrderFilled).size == 2_000_000
        assert world.exchange.position(str(ACCOUNT), "BONK").size == 2_000_000


async def test_leverage_is_set_while_flat_and_verified(autojump_clock):
    async with World(leverage=2).running() as world:
        assert world.exchange.leverage(str(ACCOUNT), "BTC") == 2
        assert world.exchange.leverage(str(ACCOUNT), "SOL") == 2


async def test_nothing_is_opened_at_a_leverage_that_could_not_be_verified(autojump_clock):
    world = World()
    world.face.advance(world.now_ns())
    world.exchange.set_leverage(str(ACCOUNT), "BTC", 10)
    world.exchange.set_position(world.now_ns(), str(ACCOUNT), "BTC", D("0.1"))
    async with world.running():
        assert "initial margin of BTC" in world.of(FrameRefused)[0].detail
        refused = one(await world.perform(world.order()), OrderRejected)
        assert "never sent: initial margin of BTC" in refused.detail
        closing = world.order(side=Side.SELL, price="59900", reduce_only=True)
        assert OrderDone in kinds(await world.perform(closing))


async def test_a_market_the_venue_lists_no_longer_is_named_and_the_link_comes_up(autojump_clock):
    async with World(assets=("BTC", "LUNA")).running() as world:
        assert [m.detail for m in world.of(FrameRefused)] == ["LUNA is not listed"]
        assert [m.instrument.asset for m in world.of(InstrumentListed)] == ["BTC"]


@pytest.mark.parametrize(
    ("lever", "status"), [("halt", MarketStatus.HALTED), ("reduce_only_mode", MarketStatus.REDUCE_ONLY)]
)
async def test_a_market_that_closes_is_told_and_nothing_is_opened_there(autojump_clock, lever, status):
    async with World().running() as world:
        world.transport.disturb(lambda exchange, now_ns: getattr(exchange, lever)(now_ns, "BTC"))
        await world.after(301)
        instrument = world.of(InstrumentListed)[-1].instrument
        assert (instrument.asset, instrument.status) == ("BTC", status)
        refused = one(await world.perform(world.order()), OrderRejected)
        assert refused.reason is RejectReason.HALTED
        assert refused.detail.startswith("never sent")


async def test_a_lost_stream_is_told_and_missed_fills_are_read_afterwards(autojump_clock):
    rules = (cut(4), *muted("account_all_trades", to_s=30))
    async with World(*rules).running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        world.market.mids["BTC"] = D(59_900)
        await world.after(20)
        assert world.of(LinkLost)
        assert len(world.of(LinkUp)) == 2
        assert [m.size for m in world.of(OrderFilled)] == [D("0.1")]
        assert [m.filled for m in world.of(OrderDone)] == [D("0.1")]


async def test_the_link_outlives_the_venue_s_idle_limit_and_its_pings(autojump_clock):
    async with World(knobs=FaceKnobs(ping_every_s=20)).running() as world:
        await world.after(400)
        assert not world.of(LinkLost)
        assert not world.of(FrameRefused)


async def test_the_connection_is_renewed_before_its_token_ends(autojump_clock):
    async with World(auth_token_s=3600, auth_renew_s=600, step_s=5).running() as world:
        await world.after(3100)
        assert [m.reason for m in world.of(LinkLost)]
        assert len(world.of(LinkUp)) >= 2
        order = world.order()
        assert OrderDone in kinds(await world.perform(order))


async def test_a_gap_in_the_book_gives_no_quote_until_the_book_has_come_anew(autojump_clock):
    gap = FaultRule(
        name="gap",
        traffic=Traffic.FRAME,
        match="order_book",
        from_s=5,
        at_most=1,
        fault=Garble(find='"begin_nonce":', put='"begin_nonce":9'),
    )
    async with World(gap).running() as world:
        await world.after(4)
        world.market.mids["BTC"] = D(60_001)
        await world.after(3)
        refused = [m for m in world.of(FrameRefused) if m.channel.startswith("order_book")]
        assert ["does not continue" in m.detail for m in refused] == [True]
        world.market.mids["BTC"] = D(60_100)
        await world.after(3)
        quotes = [m for m in world.of(QuoteUpdated) if m.asset == "BTC"]
        assert abs((quotes[-1].bid + quotes[-1].ask) / 2 - 60_100) < 1
        assert not world.of(LinkLost)


# orders


async def test_an_ioc_fills_after_the_speed_bump_and_is_done(autojump_clock):
    async with World().running() as world:
        order = world.order()
        await world.perform(order)
        await world.after(1)
        told = about(world.said, order.order_id)
        fill, done = one(told, OrderFilled), one(told, OrderDone)
        assert (fill.size, fill.price, fill.side) == (D("0.1"), 60_012, Side.BUY)
        assert fill.liquidity is Liquidity.TAKER
        assert (done.filled, done.reason) == (D("0.1"), DoneReason.FILLED)
        assert [m.size for m in world.of(PositionReported) if m.asset == "BTC"][-1] == D("0.1")


async def test_a_queued_transaction_is_not_yet_an_accepted_order(autojump_clock):
    async with World(knobs=FaceKnobs(taker_delay_ms=2000)).running() as world:
        order = world.order(tif=TimeInForce.GTC, price="59000")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(order))
            await world.after(1)
            assert about(world.said, order.order_id) == []
        assert kinds(about(world.said, order.order_id)) == [OrderAccepted]


async def test_a_partly_filled_ioc_ends_with_its_remainder(autojump_clock):
    async with World().running() as world:
        world.exchange.cap_next_ioc(D("0.3"))
        order = world.order()
        await world.perform(order)
        await world.after(1)
        told = about(world.said, order.order_id)
        assert sum(m.size for m in told if isinstance(m, OrderFilled)) == D("0.03")
        done = one(told, OrderDone)
        assert (done.filled, done.reason) == (D("0.03"), DoneReason.IOC_REMAINDER)


async def test_an_ioc_that_meets_nothing_is_done_with_zero(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59900")
        await world.perform(order)
        await world.after(1)
        done = one(about(world.said, order.order_id), OrderDone)
        assert (done.filled, done.reason) == (0, DoneReason.IOC_REMAINDER)


async def test_a_post_only_order_rests_and_fills_as_maker(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        assert kinds(about(await world.perform(order), order.order_id)) == [OrderAccepted]
        world.market.mids["BTC"] = D(59_900)
        await world.after(1)
        told = about(world.said, order.order_id)
        fill = one(told, OrderFilled)
        assert (fill.price, fill.liquidity) == (59_990, Liquidity.MAKER)
        assert kinds(told).count(OrderAccepted) == 1
        assert one(told, OrderDone).filled == D("0.1")


async def test_a_crossing_post_only_order_is_rejected_late_and_by_name(autojump_clock):
    async with World().running() as world:
        order = world.order(price="60050", tif=POST_ONLY)
        await world.perform(order)
        await world.after(1)
        (told,) = about(world.said, order.order_id)
        assert isinstance(told, OrderRejected)
        assert told.reason is RejectReason.POST_ONLY_WOULD_CROSS


async def test_an_order_without_margin_is_rejected_by_the_sequencer(autojump_clock):
    async with World().running() as world:
        order = world.order(size="50", price="60100")
        await world.perform(order)
        await world.after(1)
        (told,) = about(world.said, order.order_id)
        assert isinstance(told, OrderRejected)
        assert told.reason is RejectReason.MARGIN


async def test_a_resting_order_without_margin_is_rejected_at_once_and_costs_no_nonce(autojump_clock):
    async with World().running() as world:
        before = world.transport.requests
        first = one(await world.perform(world.order(size="50", price="59000", tif=POST_ONLY)), OrderRejected)
        assert first.reason is RejectReason.MARGIN
        assert OrderAccepted in kinds(await world.perform(world.order(price="59000", tif=POST_ONLY)))
        assert world.transport.requests == before + 2


async def test_a_vanished_reduce_only_order_is_rejected_by_its_transaction(autojump_clock):
    async with World(knobs=FaceKnobs(reduce_only_vanishes=True)).running() as world:
        order = world.order(side=Side.SELL, price="59900", reduce_only=True)
        await world.perform(order)
        await world.after(5)
        (told,) = about(world.said, order.order_id)
        assert isinstance(told, OrderRejected)
        assert told.reason is RejectReason.REDUCE_ONLY


async def test_a_silent_stream_makes_the_adapter_ask(autojump_clock):
    silent = muted("account_all_orders", "account_all_trades", "account_tx")
    async with World(*silent).running() as world:
        order = world.order()
        told = about(await world.perform(order), order.order_id)
        assert kinds(told) == [OrderFilled, OrderDone]
        assert told[1].filled == D("0.1")


async def test_fills_the_stream_withholds_are_read_by_rest_and_told_once(autojump_clock):
    async with World(*muted("account_all_trades")).running() as world:
        order = world.order()
        await world.perform(order)
        await world.after(20)
        told = about(world.said, order.order_id)
        assert [m.size for m in told if isinstance(m, OrderFilled)] == [D("0.1")]
        assert not world.of(FrameRefused)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": "60000.05"}, RejectReason.TICK),
        ({"size": "0.000001"}, RejectReason.LOT),
        ({"price": "430000000"}, RejectReason.TICK),
        ({"size": "0.0001", "price": "59000", "tif": POST_ONLY}, RejectReason.MIN_NOTIONAL),
        ({"size": "0.00019", "price": "100000", "tif": POST_ONLY}, RejectReason.MIN_NOTIONAL),
        ({"expires_at_ns": START_NS}, RejectReason.EXPIRED),
        ({"asset": "DOGE"}, RejectReason.OTHER),
    ],
)
async def test_what_must_not_leave_is_refused_before_it_leaves(autojump_clock, changes, reason):
    async with World().running() as world:
        before = world.transport.requests
        refused = one(await world.perform(world.order(**changes)), OrderRejected)
        assert (refused.reason, refused.detail.startswith("never sent")) == (reason, True)
        assert world.transport.requests == before


async def test_two_order_ids_with_one_client_index_never_both_leave(autojump_clock):
    async with World().running() as world:
        await world.perform(world.order(order_id="a" * 20 + "0" * 11 + "7"))
        before = world.transport.requests
        refused = one(await world.perform(world.order(order_id="b" * 20 + "0" * 11 + "7")), OrderRejected)
        assert refused.reason is RejectReason.DUPLICATE_CLIENT_ID
        assert world.transport.requests == before


def test_an_order_id_of_low_zeros_still_has_an_index():
    assert codec.client_order_index("f" * 20 + "0" * 12) == 1
    assert codec.client_order_index("0" * 20 + "f" * 12) == 2**48 - 1


# what is unknown is not failed


async def test_a_lost_answer_leaves_the_order_unresolved_and_the_question_settles_it(autojump_clock):
    async with World(lost_answer(FIRST), *muted("account_all_orders", "account_all_trades")).running() as world:
        order = world.order()
        assert kinds(about(await world.perform(order), order.order_id)) == [OrderUnresolved]
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert kinds(about(told, order.order_id)) == [OrderFilled, OrderDone]
        assert world.exchange.position(str(ACCOUNT), "BTC").size == D("0.1")


async def test_after_a_lost_answer_the_next_transaction_asks_for_its_nonce(autojump_clock):
    async with World(lost_answer(FIRST)).running() as world:
        await world.perform(world.order())
        second = world.order(side=Side.SELL, price="59900", reduce_only=True)
        await world.perform(second)
        await world.after(1)
        assert one(about(world.said, second.order_id), OrderDone).filled == D("0.1")
        assert world.exchange.position(str(ACCOUNT), "BTC") is None


async def test_an_order_that_never_arrived_is_rejected_once_its_nonce_is_gone(autojump_clock):
    """The question cancels the market with the order's own nonce: were the order still under way, it is void now."""
    async with World(sent(FIRST, DropRequest())).running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        assert kinds(about(await world.perform(order), order.order_id)) == [OrderUnresolved]
        nonce = world.face._credentials.next_nonce(ACCOUNT, 5)
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert one(told, OrderRejected).reason is RejectReason.NONCE
        assert world.face._credentials.next_nonce(ACCOUNT, 5) == nonce + 1


async def test_an_order_in_doubt_is_not_voided_at_another_order_s_cost(autojump_clock):
    async with World(sent(FIRST + 1, DropRequest())).running() as world:
        resting = world.order(price="59000", tif=POST_ONLY)
        await world.perform(resting)
        order = world.order(price="58000", tif=POST_ONLY)
        await world.perform(order)
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert kinds(told) == [QueryFailed]
        cancel = await world.perform(CancelOrder(venue=Venue.LIGHTER, asset="BTC", order_id=resting.order_id))
        assert kinds(about(cancel + await world.after(1), resting.order_id)) == [OrderDone]
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert kinds(told) == [OrderRejected]


async def test_a_500_proves_nothing_and_nothing_is_sent_again(autojump_clock):
    async with World(sent(FIRST, Status(status=500, body="oops", executed=True))).running() as world:
        order = world.order()
        told = about(await world.perform(order), order.order_id)
        assert kinds(told) == [OrderUnresolved]
        await world.after(5)
        assert world.exchange.position(str(ACCOUNT), "BTC").size == D("0.1")
        assert sum(m.size for m in world.of(OrderFilled)) == D("0.1")


async def test_an_order_nobody_ever_sent_is_unknown(autojump_clock):
    async with World().running() as world:
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id="c" * 32))
        assert kinds(told) == [OrderUnknown]


async def test_an_order_that_waits_behind_a_lost_answer_does_not_leave_late(autojump_clock):
    async with World(lost_answer(FIRST)).running() as world:
        first, second = world.order(), world.order(expires_at_ns=world.now_ns() + 2_000_000_000)
        async with trio.open_nursery() as nursery:
            for delivery in [world.adapter.prepare(first), world.adapter.prepare(second)]:
                nursery.start_soon(delivery)
        refused = one(about(world.said, second.order_id), OrderRejected)
        assert refused.reason is RejectReason.EXPIRED
        assert world.exchange.position(str(ACCOUNT), "BTC").size == D("0.1")


async def test_commands_leave_in_the_order_they_were_prepared(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        cancel = CancelOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id)
        deliveries = [world.adapter.prepare(order), world.adapter.prepare(cancel)]
        async with trio.open_nursery() as nursery:
            for delivery in reversed(deliveries):
                nursery.start_soon(delivery)
        done = one(about(world.said, order.order_id), OrderDone)
        assert (done.filled, done.reason) == (0, DoneReason.CANCELED)


async def test_a_foreign_use_of_the_key_is_noticed_and_the_count_is_read_anew(autojump_clock):
    async with World().running() as world:
        world.face._credentials._nonces[ACCOUNT, 5] += 3
        refused = one(await world.perform(world.order()), OrderRejected)
        assert refused.reason is RejectReason.NONCE
        second = world.order()
        await world.perform(second)
        await world.after(1)
        assert one(about(world.said, second.order_id), OrderDone).filled == D("0.1")


async def test_a_cancel_with_a_stale_nonce_is_sent_once_more(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59000", tif=POST_ONLY)
        await world.perform(order)
        world.face._credentials._nonces[ACCOUNT, 5] += 3
        await world.perform(CancelOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        await world.after(1)
        assert one(about(world.said, order.order_id), OrderDone).reason is DoneReason.CANCELED


async def test_a_refused_signature_is_an_order_that_never_left(autojump_clock):
    async with World().running() as world:

        class Refusing:
            account = world.signing.account

            async def sign(self, request):
                raise SigningRefused("over the cap")

        world.adapter._sending._signing = Refusing()
        before = world.transport.requests
        refused = one(await world.perform(world.order()), OrderRejected)
        assert (refused.reason, refused.detail) == (RejectReason.SIGNATURE, "never sent: over the cap")
        assert world.transport.requests == before


async def test_a_429_is_a_refusal_and_the_next_opening_order_waits_its_time(autojump_clock):
    busy = sent(FIRST, Status(status=429, body='{"code":23000,"message":"Too Many Requests!"}', executed=False))
    async with World(busy).running() as world:
        assert one(await world.perform(world.order()), OrderRejected).reason is RejectReason.RATE_LIMITED
        refused = one(await world.perform(world.order()), OrderRejected)
        assert (refused.reason, refused.detail.startswith("never sent")) == (RejectReason.RATE_LIMITED, True)
        await world.after(11)
        order = world.order()
        await world.perform(order)
        await world.after(1)
        assert one(about(world.said, order.order_id), OrderDone)


async def test_openings_stop_at_the_reserve_and_reducing_orders_do_not(autojump_clock):
    async with World(tx_per_minute=6, tx_reserve=2).running() as world:
        told = [await world.perform(world.order(size="0.01")) for _ in range(5)]
        refused = world.of(OrderRejected)
        assert len(told) == 5
        assert [m.reason for m in refused] == [RejectReason.RATE_LIMITED] * 3
        closing = world.order(side=Side.SELL, size="0.02", price="59900", reduce_only=True)
        await world.perform(closing)
        await world.after(1)
        assert one(about(world.said, closing.order_id), OrderDone).filled == D("0.02")


# cancels and questions


async def test_a_cancelled_order_is_done_with_its_fills(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        await world.perform(CancelOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        done = one(about(world.said, order.order_id), OrderDone)
        assert (done.filled, done.reason) == (0, DoneReason.CANCELED)


async def test_cancelling_what_is_over_is_refused_by_name(autojump_clock):
    async with World().running() as world:
        order = world.order()
        await world.perform(order)
        await world.after(1)
        told = await world.perform(CancelOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert f"code {ErrorCode.INACTIVE_CANCEL}" in one(told, CancelRejected).detail


async def test_a_cut_cancel_is_unresolved(autojump_clock):
    async with World(sent(FIRST + 1, Disconnect())).running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        told = await world.perform(CancelOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert OrderUnresolved in kinds(told)


async def test_cancel_all_ends_every_order_of_one_market_alone(autojump_clock):
    async with World().running() as world:
        orders = [world.order(price=price, tif=POST_ONLY) for price in ("59000", "58000")]
        kept = world.order(asset="SOL", size="1", price="90", tif=POST_ONLY)
        for order in (*orders, kept):
            await world.perform(order)
        await world.perform(CancelAll(venue=Venue.LIGHTER, asset="BTC"))
        assert [one(about(world.said, o.order_id), OrderDone).reason for o in orders] == [DoneReason.CANCELED] * 2
        assert OrderDone not in kinds(about(world.said, kept.order_id))


async def test_an_open_order_is_found_when_asked_for(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
        assert kinds(told) == [OrderAccepted]


async def test_an_order_of_an_earlier_process_is_found_and_its_fills_told(autojump_clock):
    async with World().running() as world:
        order = world.order()
        await world.perform(order)
        await world.after(1)
        world.adapter = world.make_adapter()
        async with trio.open_nursery() as nursery:
            await nursery.start(world.adapter.listen)
            told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id=order.order_id))
            assert kinds(told) == [OrderFilled, OrderDone]
            nursery.cancel_scope.cancel()


async def test_a_position_is_told_when_asked_for_and_zero_when_flat(autojump_clock):
    async with World().running() as world:
        question = QueryPosition(venue=Venue.LIGHTER, asset="BTC")
        assert [(m.size, m.queried) for m in await world.perform(question)] == [(0, True)]
        await world.perform(world.order(side=Side.SELL, price="59900"))
        await world.after(1)
        assert [(m.size, m.queried) for m in await world.perform(question)] == [(D("-0.1"), True)]


async def test_an_unanswered_question_says_nothing_about_what_was_asked(autojump_clock):
    down = FaultRule(name="down", traffic=Traffic.HTTP, match="*/account*", from_s=5, fault=Status(status=502))
    async with World(down).running() as world:
        await world.after(6)
        assert kinds(await world.perform(QueryPosition(venue=Venue.LIGHTER, asset="BTC"))) == [QueryFailed]
        told = await world.perform(QueryOrder(venue=Venue.LIGHTER, asset="BTC", order_id="c" * 32))
        assert kinds(told) == [QueryFailed]


async def test_questions_wait_for_the_rate_limit_instead_of_breaking_it(autojump_clock):
    async with World().running() as world:
        began_s = trio.current_time()
        for _ in range(60):
            told = await world.perform(QueryPosition(venue=Venue.LIGHTER, asset="BTC"))
            assert kinds(told) == [PositionReported]
        assert trio.current_time() - began_s > 30


# forced fills, funding, the dead man's switch


async def test_a_fill_nobody_ordered_is_foreign(autojump_clock):
    async with World().running() as world:
        order = NewOrder(asset="BTC", is_buy=True, size=D("0.1"), price=D(60_100), time_in_force=Force.IOC)
        world.transport.disturb(lambda exchange, now_ns: exchange.place(now_ns, str(ACCOUNT), order))
        await world.after(1)
        assert [(m.size, m.side) for m in world.of(ForeignFilled)] == [(D("0.1"), Side.BUY)]


async def test_adl_is_told_as_such(autojump_clock):
    async with World().running() as world:
        await world.perform(world.order())
        world.transport.disturb(lambda exchange, now_ns: exchange.deleverage(now_ns, str(ACCOUNT), "BTC", D("0.04")))
        await world.after(5)
        told = world.of(PositionDeleveraged)
        assert [(m.size, m.side) for m in told] == [(D("0.04"), Side.SELL)]
        assert [m.size for m in world.of(PositionReported) if m.asset == "BTC"][-1] == D("0.06")


async def test_a_liquidation_of_ours_is_told_as_such(autojump_clock):
    async with World().running() as world:
        await world.perform(world.order(size="1"))
        world.transport.disturb(lambda exchange, now_ns: exchange.liquidate(now_ns, str(ACCOUNT), "BTC"))
        await world.after(5)
        assert sum(m.size for m in world.of(PositionLiquidated)) == 1
        assert not world.of(ForeignFilled)


async def test_each_hour_s_payments_are_read_and_told_once(autojump_clock):
    async with World(step_s=5).running() as world:
        await world.perform(world.order())
        await world.after(2 * 3600 + 120)
        paid = world.of(FundingPaid)
        assert len(paid) == 2
        assert len({m.payment_id for m in paid}) == 2
        assert paid[0].amount_usd < 0
        assert (paid[0].size, paid[0].rate_per_hour) == (D("0.1"), D("0.000012"))
        assert paid[0].venue_at_ns == START_NS + 3600 * 10**9


async def test_the_dead_man_s_switch_is_pushed_ahead_while_we_live_and_falls_when_we_do_not(autojump_clock):
    world = World(dead_man_s=300, order_expiry_s=5000, step_s=5)
    order = world.order(price="59000", tif=POST_ONLY)
    async with trio.open_nursery() as nursery:
        await nursery.start(world.transport.run)
        async with trio.open_nursery() as life:
            await life.start(world.adapter.listen)
            await world.perform(order)
            await world.after(1000)
            assert len(world.exchange.open_orders(str(ACCOUNT))) == 1
            life.cancel_scope.cancel()
        await trio.sleep(150)
        assert len(world.exchange.open_orders(str(ACCOUNT))) == 1
        await trio.sleep(160)
        assert not world.exchange.open_orders(str(ACCOUNT))
        nursery.cancel_scope.cancel()


def test_a_switch_nearer_than_the_venue_takes_is_no_setting():
    with pytest.raises(ValueError, match="dead_man_s"):
        LighterSettings(account="1", assets=(), dead_man_s=60)


async def test_a_scenario_s_refusal_is_a_rejection(autojump_clock):
    async with World(sent(FIRST, Reject(reason="halted"))).running() as world:
        assert one(await world.perform(world.order()), OrderRejected)


# what the venue withholds, garbles or takes back


async def test_leverage_that_may_be_set_once_a_minute_is_set_for_one_market_after_the_other(autojump_clock):
    limited = Status(status=429, body='{"code":23000,"message":"Too Many Requests!"}', executed=False)
    async with World(sent(2, limited)).running() as world:
        refused = one(await world.perform(world.order(asset="SOL", size="1", price="101")), OrderRejected)
        assert "initial margin of SOL" in refused.detail
        await world.after(70)
        assert world.exchange.leverage(str(ACCOUNT), "SOL") == 3
        order = world.order(asset="SOL", size="1", price="101")
        await world.perform(order)
        await world.after(1)
        assert one(about(world.said, order.order_id), OrderDone).filled == 1


async def test_an_announced_shutdown_ends_the_connection_and_another_one_is_opened(autojump_clock):
    async with World().running() as world:
        frame = {"type": "shutdown", "close_in_ms": 1000}
        world.face._streams.send(1, "shutdown", frame)
        await world.after(10)
        assert [m.reason for m in world.of(LinkLost)] == ["the venue shuts down, closing in 1000 ms"]
        assert len(world.of(LinkUp)) == 2


async def test_a_frame_that_cannot_be_read_is_named_and_what_it_said_is_asked_for(autojump_clock):
    garbled = FaultRule(
        name="garbled",
        traffic=Traffic.FRAME,
        match="account_all_trades",
        from_s=2,
        at_most=1,
        fault=Garble(find='"is_maker_ask"', put='"is_fish"'),
    )
    async with World(garbled).running() as world:
        await world.after(3)
        order = world.order()
        await world.perform(order)
        await world.after(10)
        refused = one(world.said, FrameRefused)
        assert (refused.channel, "is_maker_ask" in refused.detail) == ("account_all_trades", True)
        assert [m.size for m in world.of(OrderFilled)] == [D("0.1")]
        assert not world.of(LinkLost)


async def test_a_notice_of_a_forced_closure_makes_the_adapter_look_for_its_trade(autojump_clock):
    async with World(*muted("account_all_trades")).running() as world:
        await world.perform(world.order())
        await world.after(20)
        lever = partial(force, size=D("0.04"))
        world.transport.disturb(lever)
        await world.after(20)
        assert [m.size for m in world.of(PositionDeleveraged)] == [D("0.04")]


def force(exchange, now_ns, size):
    return exchange.deleverage(now_ns, str(ACCOUNT), "BTC", size)


async def test_fills_that_never_come_are_named_in_the_end(autojump_clock):
    nothing = FaultRule(
        name="no trades",
        traffic=Traffic.HTTP,
        match="*/trades",
        from_s=2,
        fault=Status(status=200, body='{"code":200,"trades":[]}'),
    )
    async with World(nothing, *muted("account_all_trades")).running() as world:
        await world.after(3)
        order = world.order()
        await world.perform(order)
        await world.after(60)
        assert [m.detail for m in world.of(FrameRefused)] == [f"order {order.order_id}: fills of 0.10000 BTC not found"]


async def test_positions_of_all_markets_asked_at_once_cost_one_request(autojump_clock):
    assets = ("BTC", "SOL", "BONK")
    async with World(assets=assets).running() as world:
        await world.after(5)
        before = world.transport.requests
        async with trio.open_nursery() as nursery:
            for asset in assets:
                nursery.start_soon(world.adapter.prepare(QueryPosition(venue=Venue.LIGHTER, asset=asset)))
        told = [m.asset for m in world.of(PositionReported) if m.queried]
        assert (sorted(told), world.transport.requests - before) == (sorted(assets), 1)


# the rate limit


async def test_what_is_left_is_that_of_the_scarcer_limit_of_questions_and_transactions(autojump_clock):
    """The beginning takes a few of each; what was asked or sent then comes back after a minute."""
    many = {"rest_per_minute": 10_000, "tx_per_minute": 10_000}
    async with World(**(many | {"tx_per_minute": 24})).running() as world:
        assert world.adapter.left_fraction() == pytest.approx(1 - 2 / 24), "the leverage of two markets was set"
    async with World(**(many | {"rest_per_minute": 40})).running() as world:
        assert world.adapter.left_fraction() < 0.95
    async with World(**many).running() as world:
        assert world.adapter.left_fraction() > 0.99


@pytest.mark.parametrize("contradicted", [True, False])
async def test_an_account_that_lists_no_position_and_needs_margin_for_one_is_no_proof_of_flat(
    contradicted: bool, autojump_clock
):
    account = {"traffic": Traffic.HTTP, "match": "*/account", "from_s": 5.0}
    nothing = FaultRule(name="nothing", fault=Garble(find='"positions":[{', put='"positions":[],"was":[{'), **account)
    needed = '"cross_maintenance_margin_requirement":'
    unsaid = FaultRule(name="unsaid", fault=Garble(find=needed, put=f'{needed}null,"was_needed":'), **account)
    faults = (nothing,) if contradicted else (nothing, unsaid)
    async with World(*faults).running() as world:
        await world.perform(world.order())
        await world.after(6)
        await world.perform(QueryPosition(venue=Venue.LIGHTER, asset="BTC"))
        told = [m.size for m in world.of(PositionReported) if m.queried]
        failed = [m.detail for m in world.of(QueryFailed) if m.query == "position"]
        assert (told == [0], failed == []) == (not contradicted, not contradicted)
        assert not contradicted or "cross_maintenance_margin_requirement" in failed[0]
