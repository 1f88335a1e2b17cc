import msgspec
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
from engine.simulators.faults import FaultRule, Garble, Reject, Status, Traffic
from engine.simulators.pacifica import FaceKnobs, pacifica_instrument
from engine.venues.link import LinkLimits
from engine.venues.pacifica.signing import PacificaSigner
from engine.venues.signing import SignHere
from tests.engine.venues import ladders
from tests.engine.venues.pacifica.world import SIGNER, D, World, answered, cut, lost_answer, muted

POST_ONLY = TimeInForce.POST_ONLY
AGENT = PacificaSigner(bytes(range(32, 64)), account=SIGNER.account)


def kinds(messages):
    return [type(message) for message in messages]


def about(messages, order_id):
    return [message for message in messages if getattr(message, "order_id", None) == order_id]


async def test_the_snapshot_lists_instruments_positions_and_account_before_the_link_is_up(autojump_clock):
    async with World().running() as world:
        before = world.said[: kinds(world.said).index(LinkUp)]
        listed = [m.instrument for m in before if isinstance(m, InstrumentListed)]
        assert [i.asset for i in listed] == ["BTC", "SOL"]
        assert (listed[0].tick, listed[0].lot, listed[0].taker_fee) == (D(1), D("0.00001"), D("0.0004"))
        assert [(m.asset, m.size) for m in before if isinstance(m, PositionReported)] == [
            ("BTC", 0),
            ("SOL", 0),
        ]
        assert [m.equity_usd for m in before if isinstance(m, AccountReported)] == [100_000]
        assert not world.of(FrameRefused)


async def test_quotes_and_rates_come_for_each_market_we_trade(autojump_clock):
    async with World().running() as world:
        await world.after(1)
        quote = world.of(QuoteUpdated)[0]
        assert (quote.asset, quote.bid, quote.ask) == ("BTC", 59_988, 60_012)
        sample = world.of(MarketSampled)[0]
        assert (sample.mark, sample.oracle, sample.funding_last_paid) == (60_000, 60_000, 0)
        assert sample.funding_forming == D("0.0000125")


async def test_leverage_is_set_while_flat_and_verified(autojump_clock):
    async with World(leverage=2).running() as world:
        assert world.exchange.leverage(SIGNER.account, "BTC") == 2
        assert world.exchange.leverage(SIGNER.account, "SOL") == 2


async def test_leverage_that_cannot_be_changed_is_named(autojump_clock):
    world = World(leverage=2)
    world.face.advance(world.now_ns())
    world.exchange.set_leverage(SIGNER.account, "BTC", 5)
    world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.1"))
    async with world.running():
        refused = world.of(FrameRefused)
        assert [m.detail for m in refused] == ["leverage of BTC is 5, wanted 2"]


async def test_a_market_the_venue_lists_no_longer_is_named_and_the_link_comes_up(autojump_clock):
    world = World()
    world.settings = msgspec.structs.replace(world.settings, assets=("BTC", "LUNA"))
    world.adapter = world.make_adapter()
    async with world.running():
        assert [m.detail for m in world.of(FrameRefused)] == ["LUNA is not listed"]
        assert [m.instrument.asset for m in world.of(InstrumentListed)] == ["BTC"]


async def test_a_refused_frame_is_reported_and_the_link_stays_up(autojump_clock):
    async with World().running() as world:
        world.face._streams.send(1, "account_trades", {"channel": "account_trades", "data": [{"h": 1}]}, world.now_ns())
        await world.after(0.2)
        assert [m.channel for m in world.of(FrameRefused)] == ["account_trades"]
        assert not world.of(LinkLost)


async def test_an_ioc_fills_after_the_speed_bump_and_is_done(autojump_clock):
    async with World().running() as world:
        order = world.order()
        assert kinds(await world.perform(order)) == [OrderAccepted]
        told = about(await world.after(0.04), order.order_id)
        assert told == []
        told = about(await world.after(1), order.order_id)
        assert sorted(kind.__name__ for kind in kinds(told)) == ["OrderDone", "OrderFilled"]
        fill = next(m for m in told if isinstance(m, OrderFilled))
        assert (fill.size, fill.price, fill.side) == (D("0.1"), 60_012, Side.BUY)
        assert fill.liquidity is Liquidity.TAKER
        assert fill.fee_usd == D("0.1") * 60_012 * D("0.0004")
        done = next(m for m in told if isinstance(m, OrderDone))
        assert (done.filled, done.reason) == (D("0.1"), DoneReason.FILLED)
        assert [m.size for m in world.of(PositionReported) if m.asset == "BTC"][-1] == D("0.1")


async def test_a_partly_filled_ioc_ends_with_its_remainder(autojump_clock):
    async with World().running() as world:
        world.exchange.cap_next_ioc(D("0.3"))
        order = world.order()
        await world.perform(order)
        told = about(await world.after(1), order.order_id)
        assert sum(m.size for m in told if isinstance(m, OrderFilled)) == D("0.03")
        done = [m for m in told if isinstance(m, OrderDone)]
        assert [(m.filled, m.reason) for m in done] == [(D("0.03"), DoneReason.IOC_REMAINDER)]


async def test_an_ioc_that_meets_nothing_is_done_with_zero(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59900")
        await world.perform(order)
        done = about(await world.after(1), order.order_id)
        assert [(m.filled, m.reason) for m in done] == [(0, DoneReason.IOC_REMAINDER)]


async def test_a_post_only_order_rests_fills_as_maker_and_keeps_its_id(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        accepted = about(await world.perform(order), order.order_id)
        assert kinds(accepted) == [OrderAccepted]
        assert world.face.busy
        world.market.mids["BTC"] = D(59_900)
        told = about(await world.after(1), order.order_id)
        fill = next(m for m in told if isinstance(m, OrderFilled))
        assert (fill.price, fill.liquidity) == (59_990, Liquidity.MAKER)
        assert OrderAccepted not in kinds(told)
        assert [m.filled for m in told if isinstance(m, OrderDone)] == [D("0.1")]
        await world.after(0.2)
        assert not world.face.busy


async def test_a_post_only_order_that_would_cross_is_acknowledged_and_then_dies(autojump_clock):
    async with World().running() as world:
        order = world.order(price="60100", tif=POST_ONLY)
        await world.perform(order)
        await world.after(0.5)
        told = about(world.said, order.order_id)
        assert OrderAccepted in kinds(told)
        done = [m for m in told if isinstance(m, OrderDone)]
        assert [(m.filled, m.reason) for m in done] == [(0, DoneReason.POST_ONLY_REJECTED)]


async def test_refusals_carry_the_venues_words_and_our_reason(autojump_clock):
    async with World().running() as world:
        cases = [
            (world.order(size="0.0001", price="60000"), RejectReason.MIN_NOTIONAL, "Order amount too low"),
            (world.order(size="90"), RejectReason.MARGIN, "Insufficient balance"),
            (world.order(price="90000"), RejectReason.PRICE_BAND, "Price too far"),
            (world.order(reduce_only=True), RejectReason.REDUCE_ONLY, "reduce only"),
        ]
        for order, reason, words in cases:
            rejected = await world.perform(order)
            if reason is RejectReason.PRICE_BAND:
                rejected = await world.after(0.5)
                assert [m.reason for m in about(rejected, order.order_id)] == [DoneReason.VENUE_CANCELED]
                continue
            assert [(type(m), m.reason) for m in rejected] == [(OrderRejected, reason)]
            assert words in rejected[0].detail


async def test_a_client_id_used_twice_is_refused(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        again = await world.perform(order)
        assert [m.reason for m in again if isinstance(m, OrderRejected)] == [RejectReason.DUPLICATE_CLIENT_ID]


async def test_what_is_off_the_lattice_or_expired_never_leaves(autojump_clock):
    async with World().running() as world:
        sent = world.transport.requests
        for order, reason in (
            (world.order(price="60000.5"), RejectReason.TICK),
            (world.order(size="0.000001"), RejectReason.LOT),
            (world.order(expires_at_ns=world.now_ns()), RejectReason.EXPIRED),
        ):
            (rejected,) = await world.perform(order)
            assert (rejected.reason, rejected.detail[:10]) == (reason, "never sent")
        assert world.transport.requests == sent


async def test_a_request_that_arrives_after_its_window_is_refused_as_expired(autojump_clock):
    async with World().running() as world:
        order = world.order(expires_at_ns=world.now_ns() + 1_000_000_000)
        delivery = world.adapter.prepare(order)
        await trio.sleep(1.5)
        await delivery()
        assert [m.reason for m in about(world.said, order.order_id)] == [RejectReason.EXPIRED]


async def test_http_500_and_an_unreadable_answer_are_unresolved(autojump_clock):
    body = '{"success":false,"data":null,"error":"Internal server error","code":500}'
    faults = (answered(1, Status(status=500, body=body)), answered(2, Status(status=200, body="<html>")))
    async with World(*faults).running() as world:
        assert kinds(await world.perform(world.order())) == [OrderUnresolved]
        assert kinds(await world.perform(world.order())) == [OrderUnresolved]


@pytest.mark.parametrize("reason", [r for r in RejectReason if r not in (RejectReason.OTHER, RejectReason.NONCE)])
async def test_every_refusal_a_scenario_can_ask_for_comes_back_as_its_reason(autojump_clock, reason):
    async with World(answered(1, Reject(reason=reason.value))).running() as world:
        (rejected,) = await world.perform(world.order())
        assert rejected.reason is reason


async def test_a_timed_out_order_that_was_executed_is_found_by_query(autojump_clock):
    faults = (lost_answer(), *muted("account_order_updates", "account_trades", "account_positions"))
    async with World(*faults).running() as world:
        order = world.order()
        assert kinds(await world.perform(order)) == [OrderUnresolved]
        await world.after(1)
        told = await world.perform(QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
        assert kinds(told) == [OrderFilled, OrderDone]
        assert (told[1].filled, told[1].reason) == (D("0.1"), DoneReason.FILLED)


async def test_a_timed_out_order_is_also_resolved_by_the_stream(autojump_clock):
    async with World(lost_answer()).running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        await world.after(0.2)
        told = kinds(about(world.said, order.order_id))
        assert OrderUnresolved in told
        assert OrderAccepted in told


async def test_a_query_for_an_acknowledged_ioc_waits_for_its_grace(autojump_clock):
    async with World().running() as world:
        order = world.order()
        await world.perform(order)
        told = await world.perform(QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
        assert kinds(about(told, order.order_id)).count(OrderFilled) == 1
        assert kinds(told)[-1] is OrderDone


async def test_a_query_for_a_resting_order_says_accepted_and_for_a_stranger_unknown(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        query = QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id)
        assert kinds(await world.perform(query)) == [OrderAccepted]
        query = QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id="f" * 32)
        assert kinds(await world.perform(query)) == [OrderUnknown]


async def test_a_new_process_finds_an_order_of_the_one_before(autojump_clock):
    async with World().running() as world:
        order = world.order()
        await world.perform(order)
        await world.after(1)
        world.adapter = world.make_adapter()
        told = await world.perform(QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
        assert kinds(told) == [OrderFilled, OrderDone]


async def test_a_cancel_reports_the_cumulative_fill(autojump_clock):
    async with World().running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        cancel = CancelOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id)
        await world.perform(cancel)
        done = [m for m in about(world.said, order.order_id) if isinstance(m, OrderDone)]
        assert {(m.filled, m.reason) for m in done} == {(0, DoneReason.CANCELED)}
        refused = await world.perform(cancel)
        assert kinds(refused) == [CancelRejected]
        assert "Failed to cancel order" in refused[0].detail


async def test_cancel_all_ends_every_order_of_one_market(autojump_clock):
    async with World().running() as world:
        bitcoin = [world.order(price=price, tif=POST_ONLY) for price in ("59980", "59970")]
        solana = world.order(asset="SOL", size="1", price="99", tif=POST_ONLY)
        for order in (*bitcoin, solana):
            await world.perform(order)
        await world.perform(CancelAll(venue=Venue.PACIFICA, asset="BTC"))
        await world.after(0.1)
        done = {m.order_id for m in world.of(OrderDone)}
        assert done == {order.order_id for order in bitcoin}
        assert [o.asset for o in world.exchange.open_orders(SIGNER.account)] == ["SOL"]


async def test_a_position_is_answered_with_zero_when_the_venue_lists_none(autojump_clock):
    async with World().running() as world:
        query = QueryPosition(venue=Venue.PACIFICA, asset="BTC")
        (flat,) = await world.perform(query)
        assert (flat.size, flat.queried) == (0, True)
        await world.perform(world.order(side=Side.SELL, price="59900"))
        await world.after(1)
        (short,) = await world.perform(query)
        assert (short.size, short.entry_price, short.queried) == (D("-0.1"), 59_988, True)


async def test_a_failed_query_says_nothing_of_the_position(autojump_clock):
    down = FaultRule(name="down", traffic=Traffic.HTTP, from_s=1, fault=Status(status=503))
    async with World(down).running() as world:
        await world.after(1)
        failed = await world.perform(QueryPosition(venue=Venue.PACIFICA, asset="BTC"))
        assert [(type(m), m.query) for m in failed] == [(QueryFailed, "position")]


async def test_a_reconnect_recovers_missed_fills_outcomes_and_positions(autojump_clock):
    silence = muted("account_order_updates", "account_trades", "account_positions", "account_info", to_s=2)
    async with World(*silence, cut(2)).running() as world:
        order = world.order(price="59990", tif=POST_ONLY)
        await world.perform(order)
        world.market.mids["BTC"] = D(59_900)
        await world.after(2)
        assert not world.of(OrderFilled)
        world.market.mids["BTC"] = D(59_910)
        told = await world.after(5)
        assert LinkLost in kinds(told)
        assert [m.size for m in told if isinstance(m, OrderFilled)] == [D("0.1")]
        assert [m.reason for m in told if isinstance(m, OrderDone)] == [DoneReason.FILLED]
        up = kinds(told).index(LinkUp)
        sizes = {m.asset: m.size for m in told[:up] if isinstance(m, PositionReported)}
        assert sizes == {"BTC": D("0.1"), "SOL": 0}


async def test_a_fill_the_stream_withholds_is_fetched_after_a_grace(autojump_clock):
    async with World(*muted("account_trades")).running() as world:
        order = world.order()
        await world.perform(order)
        told = about(await world.after(0.5), order.order_id)
        assert kinds(told) == [OrderDone]
        told = about(await world.after(4), order.order_id)
        assert [m.size for m in told if isinstance(m, OrderFilled)] == [D("0.1")]


async def test_no_fill_is_told_twice(autojump_clock):
    async with World(cut(2)).running() as world:
        order = world.order()
        await world.perform(order)
        await world.after(1)
        await world.perform(QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
        await world.after(2)
        world.market.mids["BTC"] = D(60_001)
        await world.after(5)
        assert len(world.of(LinkLost)) == 1
        assert len(world.of(OrderFilled)) == 1


async def test_trades_nobody_ordered_are_foreign_and_forced_ones_have_their_names(autojump_clock):
    async with World().running() as world:
        act = world.exchange
        for events in (
            act.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.5")),
            act.deleverage(world.now_ns(), SIGNER.account, "BTC", D("0.2")),
            act.liquidate(world.now_ns(), SIGNER.account, "BTC", D("0.1")),
        ):
            world.face._happened(events)
        await world.after(1)
        assert [(m.side, m.size) for m in world.of(ForeignFilled)] == [(Side.BUY, D("0.5"))]
        assert [(m.side, m.size) for m in world.of(PositionDeleveraged)] == [(Side.SELL, D("0.2"))]
        assert sum(m.size for m in world.of(PositionLiquidated)) == D("0.1")
        assert [m.size for m in world.of(PositionReported) if m.asset == "BTC"][-1] == D("0.2")


async def test_funding_payments_are_read_after_the_hour(autojump_clock):
    async with World(cut(3690), step_s=1).running() as world:
        await world.perform(world.order())
        await world.after(3700)
        (paid,) = world.of(FundingPaid)
        assert (paid.asset, paid.size, paid.rate_per_hour) == ("BTC", D("0.1"), D("0.0000125"))
        assert paid.amount_usd == D("-0.075")
        world.market.mids["BTC"] = D(60_001)
        await world.after(10)
        assert len(world.of(LinkLost)) == 1
        assert len(world.of(FundingPaid)) == 1


# leverage, agents, units


async def test_a_market_whose_leverage_is_not_the_configured_one_may_only_be_reduced(autojump_clock):
    world = World(leverage=2)
    world.face.advance(world.now_ns())
    world.exchange.set_leverage(SIGNER.account, "BTC", 5)
    world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.1"))
    async with world.running():
        btc, sol = (m.instrument for m in world.of(InstrumentListed))
        assert (btc.status, btc.status_reason) == (MarketStatus.REDUCE_ONLY, "leverage of BTC is 5, wanted 2")
        assert btc.status_ours, "nobody leaves a market for our own setting"
        assert sol.status is MarketStatus.OPEN


async def test_leverage_refused_while_flat_is_told_and_nothing_may_be_opened(autojump_clock):
    refused = FaultRule(
        name="no", traffic=Traffic.HTTP, match="*/account/leverage", fault=Reject(reason="Invalid leverage")
    )
    async with World(refused).running() as world:
        assert [m.instrument.status for m in world.of(InstrumentListed)] == [MarketStatus.REDUCE_ONLY] * 2
        assert [m.detail for m in world.of(FrameRefused)] == [
            "leverage of BTC is 50, wanted 3",
            "leverage of SOL is 20, wanted 3",
        ]


async def test_an_agent_trades_for_its_main_account(autojump_clock):
    agents = {SIGNER.account: (AGENT.public_key,)}
    async with World(signing=SignHere(AGENT), agents=agents).running() as world:
        await world.perform(world.order())
        await world.after(1)
        assert [m.size for m in world.of(OrderFilled)] == [D("0.1")]
        assert world.exchange.position(SIGNER.account, "BTC").size == D("0.1")


async def test_an_unbound_agent_is_refused_and_nothing_may_be_opened(autojump_clock):
    async with World(signing=SignHere(AGENT)).running() as world:
        (refused,) = await world.perform(world.order())
        assert (refused.reason, "Agent not authorized" in refused.detail) == (RejectReason.SIGNATURE, True)
        assert {m.instrument.status for m in world.of(InstrumentListed)} == {MarketStatus.REDUCE_ONLY}


async def test_a_symbol_of_a_thousand_tokens_is_traded_in_tokens(autojump_clock):
    listed = pacifica_instrument("BONK", tick="0.000001", lot="1", max_leverage=10)
    world = World(instruments=(listed,), assets=("BONK",))
    world.market.depth = tuple(msgspec.structs.replace(level, size=D(50_000_000)) for level in world.market.depth)
    async with world.running():
        (instrument,) = (m.instrument for m in world.of(InstrumentListed))
        terms = (instrument.symbol, instrument.multiplier, instrument.lot, instrument.tick)
        assert terms == ("kBONK", 1000, 1000, D("1e-9"))
        await world.after(1)
        assert D("0.0000199") < world.of(QuoteUpdated)[0].bid < D("0.00002")
        await world.perform(world.order(asset="BONK", size="2000000", price="0.0000201"))
        await world.after(1)
        assert [m.size for m in world.of(OrderFilled)] == [2_000_000]
        assert world.exchange.position(SIGNER.account, "kBONK").size == 2000


# forced closes


async def test_an_adl_whose_trade_is_lost_shows_in_the_position_and_is_fetched(autojump_clock):
    async with World(*muted("account_trades")).running() as world:
        world.face._happened(world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.5")))
        await world.after(5)
        world.face._happened(world.exchange.deleverage(world.now_ns(), SIGNER.account, "BTC", D("0.2")))
        told = await world.after(5)
        assert [(m.side, m.size) for m in told if isinstance(m, PositionDeleveraged)] == [(Side.SELL, D("0.2"))]
        assert not world.of(FrameRefused)


async def test_a_position_that_moves_without_any_trade_is_told_once(autojump_clock):
    hidden = FaultRule(name="gone", traffic=Traffic.HTTP, match="*/trades/history", fault=Status(status=503), from_s=1)
    async with World(*muted("account_trades"), hidden).running() as world:
        await world.after(2)
        world.face._happened(world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.5")))
        await world.after(60)
        assert [m.detail for m in world.of(FrameRefused)] == ["the position of BTC moved by 0.5 without a fill"]


async def test_with_a_key_a_forced_close_is_fetched_at_once(autojump_clock):
    async with World(*muted("account_trades", "account_positions"), identified=True).running() as world:
        world.face._happened(world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.5")))
        await world.after(5)
        world.face._happened(world.exchange.deleverage(world.now_ns(), SIGNER.account, "BTC", D("0.2")))
        told = await world.after(0.2)
        assert [m.size for m in told if isinstance(m, PositionDeleveraged)] == [D("0.2")]


async def test_with_a_key_every_one_of_several_forced_closes_in_a_row_is_fetched_at_once(autojump_clock):
    async with World(*muted("account_trades", "account_positions"), identified=True).running() as world:
        world.face._happened(world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.9")))
        await world.after(5)
        for number in range(1, 9):
            world.face._happened(world.exchange.deleverage(world.now_ns(), SIGNER.account, "BTC", D("0.1")))
            told = await world.after(0.5)
            assert [m.size for m in told if isinstance(m, PositionDeleveraged)] == [D("0.1")], number


async def test_an_adl_told_by_every_channel_is_one_adl(autojump_clock):
    async with World(identified=True).running() as world:
        world.face._happened(world.exchange.set_position(world.now_ns(), SIGNER.account, "BTC", D("0.5")))
        world.face._happened(world.exchange.deleverage(world.now_ns(), SIGNER.account, "BTC", D("0.2")))
        await world.after(20)
        assert len(world.of(PositionDeleveraged)) == 1
        assert not world.of(FrameRefused)


# books and the age of a connection


def bbo(at_ms: int, last: int, bid: str = "59000", ask: str = "59001") -> bytes:
    data = {"s": "BTC", "i": 1, "li": last, "t": at_ms, "b": bid, "B": "1", "a": ask, "A": "1"}
    return msgspec.json.encode({"channel": "bbo", "data": data})


async def test_stale_and_crossed_books_are_no_quotes(autojump_clock):
    world = World()
    decode, now_ms = world.adapter._dialogue.decode, world.now_ns() // 1_000_000
    assert not decode(bbo(now_ms, 5, bid="59001")), "locked"
    assert not decode(bbo(now_ms, 5, bid="59002")), "crossed"
    assert len(decode(bbo(now_ms, 6))) == 1
    assert not decode(bbo(now_ms, 5)), "older than the one before"
    await trio.sleep(61)
    assert not decode(bbo(now_ms, 7)), "older than a quote may be"
    assert len(decode(bbo(now_ms + 61_000, 7))) == 1


def book(at_ms: int, symbol: str = "BTC") -> bytes:
    sides = [[{"p": price, "a": "7", "n": 2}] for price in ("58980", "59021")]
    return msgspec.json.encode({"channel": "book", "data": {"s": symbol, "l": sides, "t": at_ms, "li": 4}})


async def test_levels_make_no_quote_and_stand_behind_the_next_until_they_are_too_old(autojump_clock):
    world = World()
    decode, now_ms = world.adapter._dialogue.decode, world.now_ns() // 1_000_000
    assert decode(book(now_ms)) == (), "a touch that is not told anew is not fresh"
    (deep,) = decode(bbo(now_ms, 5))
    assert (deep.bid_depths, deep.ask_depths) == ((1, 8, 8, 8, 8, 8), (1, 8, 8, 8, 8, 8))
    (later,) = decode(bbo(now_ms + 60_001, 6))
    assert (later.bid_depths, later.ask_depths) == ((), ())


async def test_a_quote_tells_the_ten_best_levels_of_the_simulated_book(autojump_clock):
    async with World().running() as world:
        await world.after(1)
        told = [m for m in world.of(QuoteUpdated) if m.asset == "BTC"][-1]
        assert ladders.same_as_simulated(told, world.exchange, "BTC", 10)


async def test_a_connection_is_renewed_in_the_last_hour_of_its_day_when_no_order_is_open(autojump_clock):
    async with World(step_s=30, busy_s=30).running() as world:
        order = world.order(price="50000", tif=POST_ONLY, expires_at_ns=2**62)
        await world.perform(order)
        await world.after(84_000)
        assert not world.of(LinkLost), "an order is open"
        world.exchange.cancel_all(world.now_ns(), SIGNER.account)
        await world.perform(CancelOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
        await world.perform(QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
        await world.after(100)
        assert [m.reason for m in world.of(LinkLost)] == ["renewed before the venue closes it for its age"]
        assert len(world.of(LinkUp)) == 2


async def test_an_order_that_stays_open_does_not_keep_an_old_connection_for_ever(autojump_clock):
    async with World(step_s=30, busy_s=30).running() as world:
        await world.perform(world.order(price="50000", tif=POST_ONLY, expires_at_ns=2**62))
        await world.after(86_000)
        assert len(world.of(LinkLost)) == 1
        world.market.mids["BTC"] = D(49_000)
        await world.after(60)
        assert [m.size for m in world.of(OrderFilled)] == [D("0.1")]


async def test_a_close_by_age_loses_no_fill(autojump_clock):
    limits = LinkLimits()
    knobs = FaceKnobs(age_most_s=600)
    async with World(step_s=5, knobs=knobs, link=limits).running() as world:
        for number in range(12):
            side, price = (Side.BUY, "60100") if number % 2 == 0 else (Side.SELL, "59900")
            await world.perform(world.order(side=side, price=price))
            await world.after(100)
        await world.after(60)
        assert len(world.of(LinkLost)) == 2
        assert len(world.of(OrderFilled)) == 12
        assert len({m.fill_id for m in world.of(OrderFilled)}) == 12


async def test_positions_of_all_markets_asked_at_once_cost_one_request(autojump_clock):
    assets = ("BTC", "SOL")
    async with World(assets=assets).running() as world:
        await world.after(5)
        for asset in assets:  # the first answer is checked against the account
            await world.perform(QueryPosition(venue=Venue.PACIFICA, asset=asset))
        world.said.clear()
        before = world.transport.requests
        async with trio.open_nursery() as nursery:
            for asset in assets:
                nursery.start_soon(world.adapter.prepare(QueryPosition(venue=Venue.PACIFICA, asset=asset)))
        told = [m.asset for m in world.of(PositionReported) if m.queried]
        assert (sorted(told), world.transport.requests - before) == (sorted(assets), 1)


@pytest.mark.parametrize(("counted", "believed"), [("1", False), ("0", True)])
async def test_a_list_without_the_position_that_the_account_counts_is_no_proof_of_flat(
    counted: str, believed: bool, autojump_clock
):
    listed = {"traffic": Traffic.HTTP, "match": "*/positions"}
    nothing = FaultRule(name="nothing", fault=Garble(find='"data":[{', put='"data":[],"was":[{'), **listed)
    account = {"traffic": Traffic.HTTP, "match": "*/account"}
    said = Garble(find='"positions_count":1', put=f'"positions_count":{counted}')
    async with World(nothing, FaultRule(name="said", fault=said, **account)).running() as world:
        await world.perform(world.order())
        await world.after(1)
        await world.perform(QueryPosition(venue=Venue.PACIFICA, asset="BTC"))
        told = [m.size for m in world.of(PositionReported) if m.queried]
        failed = [m.detail for m in world.of(QueryFailed) if m.query == "position"]
        assert (told == [0], failed == []) == (believed, believed)
        assert believed or "0 positions, `positions_count` 1" in failed[0]


async def test_a_list_that_agrees_with_our_fills_needs_no_witness(autojump_clock):
    async with World().running() as world:
        costs = []
        for _ in range(3):
            before = world.transport.requests
            await world.perform(QueryPosition(venue=Venue.PACIFICA, asset="BTC"))
            costs.append(world.transport.requests - before)
        assert costs == [2, 1, 1]
        await world.perform(QueryPosition(venue=Venue.PACIFICA, asset="SOL"))
        await world.perform(world.order())
        await world.after(1)
        await world.perform(world.order(side=Side.SELL, price=D(59_900), reduce_only=True))
        await world.after(1)
        before = world.transport.requests
        await world.perform(QueryPosition(venue=Venue.PACIFICA, asset="BTC"))
        assert world.transport.requests - before == 1
        assert world.of(PositionReported)[-1].size == 0


async def test_a_market_that_is_delisted_while_the_link_stays_up_is_closed_and_opened_again(autojump_clock):
    """Nothing is opened in a closed market (a gate), so no order has to be refused to know of it."""
    async with World(knobs=FaceKnobs(delists_halted=True), markets_refresh_s=60.0).running() as world:

        def statuses(asset):
            return [m.instrument.status for m in world.of(InstrumentListed) if m.instrument.asset == asset]

        await world.after(130)
        assert statuses("BTC") == [MarketStatus.OPEN]
        world.transport.disturb(lambda exchange, now_ns: exchange.halt(now_ns, "BTC"))
        await world.after(130)
        assert statuses("BTC") == [MarketStatus.OPEN, MarketStatus.HALTED]
        assert statuses("SOL") == [MarketStatus.OPEN]
        world.transport.disturb(lambda exchange, now_ns: exchange.reopen(now_ns, "BTC"))
        await world.after(130)
        assert statuses("BTC") == [MarketStatus.OPEN, MarketStatus.HALTED, MarketStatus.OPEN]
        assert len(world.of(LinkUp)) == 1


async def test_a_list_of_markets_that_cannot_be_had_is_asked_for_again(autojump_clock):
    down = FaultRule(name="down", traffic=Traffic.HTTP, match="*/info", from_s=50, to_s=70, fault=Status(status=503))
    async with World(down, knobs=FaceKnobs(delists_halted=True), markets_refresh_s=60.0).running() as world:
        world.transport.disturb(lambda exchange, now_ns: exchange.halt(now_ns, "BTC"))
        await world.after(80)
        assert len(world.of(InstrumentListed)) == 2
        await world.after(60)
        assert world.of(InstrumentListed)[-1].instrument.status is MarketStatus.HALTED
