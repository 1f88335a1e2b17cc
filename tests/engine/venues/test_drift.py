"""Drift in dialogue with the simulated program: orders, doubts, lost links, and whatever happens to the account."""

import pytest
import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition
from actors.domain import DoneReason, MarketStatus, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
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
    PositionLiquidated,
    PositionReported,
    QuoteUpdated,
)
from engine.simulators.drift import DriftKnobs
from engine.simulators.faults import (
    Delay,
    DropFrame,
    FaultRule,
    Garble,
    Reject,
    Status,
    Traffic,
)
from engine.venues.assets import UnknownListing
from engine.venues.drift.settings import DriftProgram, DriftSettings, TransactionLimits
from engine.venues.drift.wire import USDC_MINT
from tests.engine.venues import ladders
from tests.engine.venues.dialogue import START_NS, words
from tests.engine.venues.drift.world import SIGNER, D, World, on_call, transactions

POST_ONLY = TimeInForce.POST_ONLY


# --- the link


async def test_the_link_is_up_after_markets_positions_account_and_books(autojump_clock):
    world = World()
    async with world.running():
        assert words(world.said) == [
            *("InstrumentListed", "InstrumentListed"),
            *("MarketSampled", "MarketSampled"),
            *("PositionReported", "PositionReported", "AccountReported"),
            *("QuoteUpdated", "QuoteUpdated", "LinkUp"),
        ]
        quote = world.of(QuoteUpdated)[0]
        assert (quote.asset, quote.bid, quote.ask, quote.ask_size) == ("SOL", D("99.98"), D("100.02"), 10)


async def test_a_quote_tells_the_whole_simulated_book(autojump_clock):
    async with World().running() as world:
        told = [m for m in world.of(QuoteUpdated) if m.asset == "SOL"][-1]
        assert ladders.same_as_simulated(told, world.exchange, "SOL-PERP", 20)


async def test_books_and_figures_keep_coming(autojump_clock):
    world = World()
    async with world.running():
        world.market.mids["SOL-PERP"] = D(105)
        news = await world.after(15)
        quote = [message for message in news if isinstance(message, QuoteUpdated)][-1]
        assert quote.bid < 105 < quote.ask
        sample = [message for message in news if isinstance(message, MarketSampled) and message.asset == "SOL"][-1]
        assert (sample.oracle, sample.mark) == (105, 105)


async def test_a_link_whose_accounts_cannot_be_read_is_lost_once_and_up_after_a_whole_snapshot(autojump_clock):
    down = on_call("getMultipleAccounts", Status(status=503), from_s=10, to_s=60)
    world = World(down, poll_lost_s=8.0)
    async with world.running():
        await world.after(90)
        links = words(world.of(LinkUp, LinkLost))
        assert links[:2] == ["LinkUp", "LinkLost"]
        assert links[-1] == "LinkUp"
        assert "the accounts have not been read for" in world.of(LinkLost)[0].reason
        assert links.count("LinkUp") == 2


async def test_a_short_failure_of_the_node_loses_no_link(autojump_clock):
    world = World(on_call("getMultipleAccounts", Status(status=503), from_s=10, to_s=18))
    async with world.running():
        await world.after(60)
        assert words(world.of(LinkUp, LinkLost)) == ["LinkUp"]


async def test_an_unreadable_account_is_refused_by_name(autojump_clock):
    broken = Garble(find='"base64"', put='"base58"')
    world = World(on_call("getMultipleAccounts", broken, from_s=10, to_s=16))
    async with world.running():
        await world.after(30)
        assert "rpc/getMultipleAccounts" in [refused.channel for refused in world.of(FrameRefused)]


async def test_a_silent_stream_is_a_lost_link(autojump_clock):
    mute = FaultRule(name="mute", traffic=Traffic.FRAME, match="*", from_s=5, to_s=62, fault=DropFrame())
    world = World(mute)
    async with world.running():
        await world.after(120)
        assert words(world.of(LinkUp, LinkLost)) == ["LinkUp", "LinkLost", "LinkUp"]
        assert "silent" in world.of(LinkLost)[0].reason


async def test_a_quiet_stream_is_kept_up_by_asking_again(autojump_clock):
    no_heartbeat = FaultRule(name="calm", traffic=Traffic.FRAME, match="heartbeat", fault=DropFrame())
    world = World(no_heartbeat)
    async with world.running():
        before = len(world.of(QuoteUpdated))
        await world.after(300)
        assert words(world.of(LinkUp, LinkLost)) == ["LinkUp"]
        assert len(world.of(QuoteUpdated)) > before, "each answer brings the last book"


async def test_the_last_book_again_is_no_news(autojump_clock):
    world = World()
    async with world.running():
        news = await world.after(50)
        assert [message for message in news if isinstance(message, QuoteUpdated)] == [], "two pings were answered"
        news = await world.after(30)
        assert {message.asset for message in news if isinstance(message, QuoteUpdated)} == {"SOL", "BTC"}


async def test_an_equal_quote_is_told_again_only_after_a_while(autojump_clock):
    world = World(quote_repeat_s=100.0)
    async with world.running():
        told = len(world.of(QuoteUpdated))
        await world.after(90)
        assert len(world.of(QuoteUpdated)) == told
        await world.after(60)
        assert len(world.of(QuoteUpdated)) == told + 2


async def test_what_is_flat_is_not_told_again_and_equity_is(autojump_clock):
    world = World(account_told_every_s=20.0)
    async with world.running():
        news = words(await world.after(90))
        assert "PositionReported" not in news
        assert news.count("AccountReported") >= 3
        await world.perform(world.order())
        await world.after(10)
        news = await world.after(90)
        held = [message for message in news if isinstance(message, PositionReported)]
        assert {(message.asset, message.size) for message in held} == {("SOL", D(1))}
        assert len(held) >= 3


async def test_another_market_than_the_index_says_is_not_traded(autojump_clock):
    world = World(market_indexes={"SOL-PERP": 1, "BTC-PERP": 0})
    async with world.running():
        assert world.of(InstrumentListed) == []
        assert "market 1 is 'BTC-PERP', not SOL-PERP" in [refused.detail for refused in world.of(FrameRefused)]
        (told,) = await world.perform(world.order())
        assert told.reason is RejectReason.OTHER


async def test_a_market_without_an_index_is_named(autojump_clock):
    world = World(market_indexes={"SOL-PERP": 0})
    async with world.running():
        assert [i.instrument.asset for i in world.of(InstrumentListed)] == ["SOL"]
        assert "BTC-PERP: no market index is configured" in [refused.detail for refused in world.of(FrameRefused)]


async def test_a_program_with_another_quote_token_never_comes_up(autojump_clock):
    other = DriftProgram(quote_mint="Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB")
    world = World(program=other)
    with trio.move_on_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(world.transport.run)
            await world.adapter.listen()
    assert world.of(LinkUp) == []
    assert USDC_MINT in world.of(FrameRefused)[0].detail


# --- orders


async def test_an_ioc_order_is_taken_and_told_from_the_logs(autojump_clock):
    world = World()
    async with world.running():
        accepted, filled, done = await world.perform(world.order(size="2"))
        assert (accepted.venue_order_id, filled.price, filled.size) == ("1", D("100.02"), 2)
        assert filled.fee_usd == D("0.070014")
        assert (done.filled, done.reason) == (2, DoneReason.FILLED)
        assert await world.position() == 2


async def test_what_an_ioc_order_does_not_find_is_done(autojump_clock):
    world = World()
    async with world.running():
        told = await world.perform(world.order(size="50", price="100.05"))
        assert words(told) == ["OrderAccepted", "OrderFilled", "OrderDone"]
        assert (told[-1].filled, told[-1].reason) == (10, DoneReason.IOC_REMAINDER)
        told = await world.perform(world.order(price="90"))
        assert words(told) == ["OrderAccepted", "OrderDone"]
        assert (told[-1].filled, told[-1].reason) == (0, DoneReason.IOC_REMAINDER)


async def test_the_position_is_told_at_once_after_a_fill(autojump_clock):
    world = World()
    async with world.running():
        await world.perform(world.order(size="2"))
        news = [m for m in await world.after(1) if isinstance(m, PositionReported) and m.asset == "SOL"]
        assert [message.size for message in news] == [2]


async def test_a_resting_order_is_accepted_cancelled_and_told_once(autojump_clock):
    world = World()
    async with world.running():
        order = world.order(price="99", tif=POST_ONLY)
        assert words(await world.perform(order)) == ["OrderAccepted"]
        assert words(await world.perform(world.query(order))) == ["OrderAccepted"]
        (done,) = await world.perform(world.cancel(order))
        assert (done.filled, done.reason) == (0, DoneReason.CANCELED)
        assert words(await world.perform(world.cancel(order))) == ["CancelRejected"]
        assert words(await world.perform(world.query(order))) == ["OrderDone"]


async def test_a_crossing_post_only_order_is_refused_by_the_node_s_simulation(autojump_clock):
    world = World()
    async with world.running():
        (told,) = await world.perform(world.order(price="101", tif=POST_ONLY))
        assert told.reason is RejectReason.POST_ONLY_WOULD_CROSS
        assert transactions(world) == 0


async def test_without_preflight_the_failed_transaction_itself_tells(autojump_clock):
    world = World(transactions=TransactionLimits(preflight=False))
    async with world.running():
        (told,) = await world.perform(world.order(price="101", tif=POST_ONLY))
        assert (told.reason, told.detail[:22]) == (RejectReason.POST_ONLY_WOULD_CROSS, "the transaction failed")
        assert transactions(world) == 1


async def test_a_resting_order_that_is_hit_is_told_from_the_account_s_history(autojump_clock):
    world = World()
    async with world.running():
        order = world.order(price="99.5", tif=POST_ONLY)
        await world.perform(order)
        world.market.mids["SOL-PERP"] = D(99)
        news = await world.after(5)
        told = [m for m in news if isinstance(m, OrderFilled | OrderDone)]
        assert words(told) == ["OrderFilled", "OrderDone"]
        assert told[0].price == D("99.5")
        assert told[0].fee_usd == pytest.approx(D("-0.0024875"), abs=D("0.000001"))
        assert (told[1].filled, told[1].reason) == (1, DoneReason.FILLED)
        assert words(await world.after(60)).count("OrderFilled") == 0


async def test_a_cancel_that_comes_too_late_tells_the_fill(autojump_clock):
    world = World(poll_busy_s=60.0, poll_quiet_s=60.0)
    async with world.running():
        order = world.order(price="99.5", tif=POST_ONLY)
        await world.perform(order)
        await world.after(1)
        world.market.mids["SOL-PERP"] = D(99)
        await world.after(1)
        told = await world.perform(world.cancel(order))
        assert words(told) == ["OrderFilled", "OrderDone"]
        assert told[-1].filled == 1


async def test_a_cancel_waits_for_the_order_it_would_overtake(autojump_clock):
    world = World(knobs=DriftKnobs(landing_slots=5))
    async with world.running():
        order = world.order(price="99", tif=POST_ONLY)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(order))
            await trio.sleep(0.3)
            nursery.start_soon(world.adapter.prepare(world.cancel(order)))
        assert words(world.of(OrderAccepted, OrderDone)) == ["OrderAccepted", "OrderDone"]
        assert world.exchange.open_orders(SIGNER.account) == ()


async def test_an_order_ends_with_its_time(autojump_clock):
    world = World()
    async with world.running():
        order = world.order(price="99", tif=POST_ONLY)
        await world.perform(order)
        news = await world.after(25)
        (done,) = [m for m in news if isinstance(m, OrderDone)]
        assert done.reason is DoneReason.EXPIRED


async def test_cancel_all_ends_every_order_of_the_market(autojump_clock):
    world = World()
    async with world.running():
        for price in ("98", "99"):
            await world.perform(world.order(price=price, tif=POST_ONLY))
        await world.perform(world.order(price="50000", size="0.01", tif=POST_ONLY, asset="BTC"))
        told = await world.perform(CancelAll(venue=Venue.DRIFT, asset="SOL"))
        assert words(told) == ["OrderDone", "OrderDone"]
        assert [order.asset for order in world.exchange.open_orders(SIGNER.account)] == ["BTC-PERP"]


async def test_equal_cancels_within_one_blockhash_are_two_transactions(autojump_clock):
    world = World()
    async with world.running():
        for _ in range(2):
            await world.perform(world.order(price="99", tif=POST_ONLY))
            await world.perform(CancelAll(venue=Venue.DRIFT, asset="SOL"))
        assert world.exchange.open_orders(SIGNER.account) == ()


async def test_what_must_not_leave_does_not(autojump_clock):
    world = World()
    async with world.running():
        for changes, reason in (
            ({"expires_at_ns": world.now_ns() + 900_000_000}, RejectReason.EXPIRED),
            ({"price": "100.00001"}, RejectReason.TICK),
            ({"size": "0.005"}, RejectReason.LOT),
            ({"asset": "ETH"}, RejectReason.OTHER),
        ):
            (told,) = await world.perform(world.order(**changes))
            assert isinstance(told, OrderRejected)
            assert told.reason is reason
            assert told.detail.startswith("never sent")
        assert transactions(world) == 0


async def test_an_order_is_never_sent_twice(autojump_clock):
    world = World()
    async with world.running():
        order = world.order()
        await world.perform(order)
        (told,) = await world.perform(order)
        assert told.reason is RejectReason.DUPLICATE_CLIENT_ID
        assert await world.position() == 1


async def test_before_the_first_reading_nothing_leaves():
    world = World()
    assert words(await world.perform(world.order())) == ["OrderRejected"]
    assert words(await world.perform(CancelAll(venue=Venue.DRIFT, asset="ETH"))) == ["QueryFailed"]
    assert words(await world.perform(QueryPosition(venue=Venue.DRIFT, asset="ETH"))) == ["QueryFailed"]


async def test_an_unknown_order_is_neither_cancelled_nor_known(autojump_clock):
    world = World()
    async with world.running():
        nobody = "f" * 32
        told = await world.perform(CancelOrder(venue=Venue.DRIFT, asset="SOL", order_id=nobody))
        assert isinstance(told[0], CancelRejected)
        told = await world.perform(QueryOrder(venue=Venue.DRIFT, asset="SOL", order_id=nobody))
        assert isinstance(told[0], OrderUnknown)


# --- the account


async def test_funding_is_told_every_hour_as_the_venue_books_it(autojump_clock):
    world = World(poll_quiet_s=60.0, step_s=10.0)
    async with world.running():
        await world.perform(world.order(size="3"))
        await world.after(2 * 3600)
        await world.perform(world.order(side=Side.SELL, size="1", price="99"))
        await world.after(3700)
        paid = world.of(FundingPaid)
        assert [payment.size for payment in paid] == [3, 3, 2]
        booked = [payment.amount_usd for payment in world.exchange.funding_paid_since(SIGNER.account, 0)]
        assert [payment.amount_usd for payment in paid] == pytest.approx(booked, abs=D("0.000001"))
        assert len({payment.payment_id for payment in paid}) == 3
        for payment in paid:
            assert payment.amount_usd == pytest.approx(-payment.size * 100 * payment.rate_per_hour)


async def test_quiet_polls_on_the_clock_are_at_its_whole_steps_whatever_was_read_in_between(autojump_clock):
    """So prices here are of one moment with those of venues that step by the same clock."""
    world = World(poll_quiet_s=300.0, polls_on_the_clock=True, step_s=300.0)
    async with world.running():
        await world.after(100)
        await world.perform(world.order(size="3"))
        world.said.clear()
        await world.after(1000)
        told_s = sorted({(each.venue_at_ns - START_NS) / 1e9 for each in world.of(MarketSampled)})
        assert [each for each in told_s if each > 150] == pytest.approx([301.0, 601.0, 901.0], abs=0.5)


async def test_a_liquidation_is_told_from_the_history(autojump_clock):
    world = World()
    async with world.running():
        await world.perform(world.order(size="3"))
        at_ns = world.now_ns()
        world.face.publish(at_ns, world.exchange.liquidate(at_ns, SIGNER.account, "SOL-PERP", D(2)))
        news = await world.after(15)
        forced = [m for m in news if isinstance(m, PositionLiquidated)]
        assert sum(m.size for m in forced) == 2
        assert {m.side for m in forced} == {Side.SELL}
        assert await world.position() == 1


async def test_a_trade_nobody_here_ordered_is_foreign(autojump_clock):
    world = World()
    async with world.running():
        at_ns = world.now_ns()
        world.face.publish(at_ns, world.exchange.set_position(at_ns, SIGNER.account, "SOL-PERP", D(-4)))
        news = await world.after(15)
        assert [m.size for m in news if isinstance(m, ForeignFilled)] == [4]
        assert [m.size for m in news if isinstance(m, PositionReported) and m.asset == "SOL"][-1] == -4


async def test_fills_while_the_link_was_down_are_told_after_it(autojump_clock):
    down = on_call("", Status(status=503), from_s=8, to_s=40)
    world = World(down, poll_lost_s=5.0)
    async with world.running():
        order = world.order(price="99.5", tif=POST_ONLY)
        await world.perform(order)
        await world.after(10)
        world.market.mids["SOL-PERP"] = D(99)
        await world.after(60)
        assert words(world.of(LinkUp, LinkLost))[:2] == ["LinkUp", "LinkLost"]
        assert [fill.size for fill in world.of(OrderFilled)] == [1]


async def test_nothing_from_before_the_adapter_was_made_is_told(autojump_clock):
    world = World()
    async with world.running():
        await world.perform(world.order())
    world.said.clear()
    world.adapter = world.make_adapter()
    async with world.running():
        await world.after(20)
        assert world.of(OrderFilled, ForeignFilled, FundingPaid) == []
        assert next(m.size for m in world.of(PositionReported) if m.asset == "SOL") == 1


# --- the gate


async def test_a_paused_program_opens_nothing_and_still_tries_to_close(autojump_clock):
    world = World()
    async with world.running():
        await world.perform(world.order(size="3"))
        world.face.pause()
        news = await world.after(10)
        halted = [m.instrument for m in news if isinstance(m, InstrumentListed)]
        assert {(i.asset, i.status) for i in halted} == {("SOL", MarketStatus.HALTED), ("BTC", MarketStatus.HALTED)}
        assert "2026-04-01" in halted[0].status_reason
        (told,) = await world.perform(world.order())
        assert (told.reason, told.detail[:10]) == (RejectReason.HALTED, "never sent")
        (told,) = await world.perform(world.order(side=Side.SELL, price="99", reduce_only=True))
        assert told.reason is RejectReason.HALTED
        assert not told.detail.startswith("never sent"), "the program itself was asked"
        world.face.resume()
        await world.after(10)
        told = await world.perform(world.order(side=Side.SELL, price="99", reduce_only=True))
        assert words(told) == ["OrderAccepted", "OrderFilled", "OrderDone"]


async def test_the_operator_s_halt_holds_whatever_the_venue_says(autojump_clock):
    world = World(halted="the program is paused since 2026-04-01")
    async with world.running():
        assert {i.instrument.status for i in world.of(InstrumentListed)} == {MarketStatus.HALTED}
        (told,) = await world.perform(world.order())
        assert told.reason is RejectReason.HALTED


async def test_a_refused_transaction_tells_the_program_s_reason(autojump_clock):
    world = World(on_call("sendTransaction", Reject(reason="margin")))
    async with world.running():
        (told,) = await world.perform(world.order())
        assert told.reason is RejectReason.MARGIN


async def test_a_slow_node_only_takes_longer(autojump_clock):
    world = World(on_call("", Delay(delay_s=0.8)))
    async with world.running():
        assert words(await world.perform(world.order())) == ["OrderAccepted", "OrderFilled", "OrderDone"]


def test_the_settings_name_every_market_the_sdk_knows():
    from driftpy.constants.perp_markets import mainnet_perp_market_configs

    known = {market.symbol: market.market_index for market in mainnet_perp_market_configs}
    named = DriftSettings(account="x", assets=()).market_indexes
    assert named == {symbol: index for symbol, index in known.items() if symbol.endswith("-PERP")}


def test_a_priority_fee_above_the_most_is_no_setting():
    with pytest.raises(ValueError, match="priority fee of 600000 lamports"):
        TransactionLimits(priority_micro_lamports=1_000_000, fee_most_lamports=600_000)


async def test_an_asset_without_a_market_here_is_refused_before_anything_runs(autojump_clock):
    with pytest.raises(UnknownListing):
        World(assets=("1MDOGE",))


async def test_a_market_that_allows_less_leverage_than_wanted_is_named_and_opens_nothing(autojump_clock):
    world = World(max_leverage=2, leverage=3)
    async with world.running():
        listed = [told.instrument for told in world.of(InstrumentListed)]
        assert [each.status for each in listed] == [MarketStatus.REDUCE_ONLY] * 2
        (refused,) = await world.perform(world.order())
        assert (refused.reason, refused.detail[:10]) == (RejectReason.HALTED, "never sent")
        assert {r.detail for r in world.of(FrameRefused)} == {
            "SOL-PERP allows less than 3x",
            "BTC-PERP allows less than 3x",
        }


async def test_what_is_left_is_that_of_the_node_s_calls(autojump_clock):
    async with World().running() as world:
        quiet = world.adapter.left_fraction()
        for _ in range(40):
            await world.adapter._rpc.blockhash()
        assert world.adapter.left_fraction() <= quiet - 0.3
    refused = World(on_call("getMultipleAccounts", Status(status=429), from_s=5))
    async with refused.running():
        await refused.after(30)
        assert refused.adapter.left_fraction() == 0
