"""Dialogues of the adapter with the simulated venue, over its wire, on a virtual clock."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition
from actors.domain import DoneReason, Liquidity, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    AccountReported,
    CancelRejected,
    ForeignFilled,
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
from engine.simulators.exchange import NewOrder, TimeInForce as ExchangeTimeInForce
from engine.simulators.faults import (
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    FaultRule,
    Reject,
    Status,
    Traffic,
)
from engine.venues.transport import HttpRequest, TransportError
from tests.engine.venues.dialogue import HOUR_NS, START_NS
from tests.engine.venues.hyperliquid.world import ACCOUNT, World, now_ns, of, on_http, order

HL = Venue.HYPERLIQUID
D = Decimal


async def test_link_up_after_instruments_markets_positions_and_account(autojump_clock):
    async with World().live() as world:
        up = world.said.index(LinkUp(venue=HL))
        listed = of(InstrumentListed, world.said[:up])
        assert [m.instrument.asset for m in listed] == ["BTC", "SOL"]
        btc = listed[0].instrument
        assert (btc.lot, btc.price_decimals, btc.significant_figures) == (D("0.00001"), 1, 5)
        assert (btc.taker_fee, btc.maker_fee) == (D("0.00045"), D("0.00015"))
        assert btc.maintenance_fraction == D("0.0125")
        assert [m.size for m in of(PositionReported, world.said[:up])] == [0, 0]
        assert of(AccountReported, world.said[:up])[-1].equity_usd == 100_000
        assert of(MarketSampled, world.said)[0].oracle == 60_000
        await trio.sleep(1)
        quote = of(QuoteUpdated, world.said)[0]
        assert (quote.bid, quote.ask, quote.ask_size) == (59_988, 60_012, 1)


async def test_leverage_is_set_while_flat_and_confirmed_before_a_market_is_listed(autojump_clock):
    async with World(leverage=2).live() as world:
        assert world.exchange.leverage(ACCOUNT, "BTC") == 2


async def test_market_whose_leverage_is_refused_is_not_listed(autojump_clock):
    world = World(on_http("no", Reject(reason="Invalid leverage value"), contains='"asset":0'))
    async with world.live():
        assert [m.instrument.asset for m in of(InstrumentListed, world.said)] == ["SOL"]


async def test_leverage_is_left_alone_with_a_position_open(autojump_clock):
    world = World()
    world.face.advance(START_NS)
    world.exchange.set_position(START_NS, ACCOUNT, "BTC", D("0.1"))
    async with world.live():
        assert world.exchange.leverage(ACCOUNT, "BTC") == 20
        assert world.exchange.leverage(ACCOUNT, "SOL") == 3
        assert of(PositionReported, world.said)[0].size == D("0.1")


async def test_ioc_fills_in_full_with_exact_fee_and_price(autojump_clock):
    async with World().live() as world:
        asked = order(1)
        heard = await world.do(asked)
        (filled,) = of(OrderFilled, heard)
        assert (filled.order_id, filled.side, filled.price) == (asked.order_id, Side.BUY, 60_012)
        assert (filled.size, filled.fee_usd) == (D("0.1"), D("2.70054"))
        assert filled.liquidity is Liquidity.TAKER
        assert {m.filled for m in of(OrderDone, heard)} == {D("0.1")}
        assert {m.reason for m in of(OrderDone, heard)} == {DoneReason.FILLED}
        assert of(PositionReported, heard)[-1].size == D("0.1")


async def test_ioc_that_fills_partly_says_how_much(autojump_clock):
    async with World().live() as world:
        heard = await world.do(order(1, size=D(2), limit_price=D(60_012)))
        assert {(m.filled, m.reason) for m in of(OrderDone, heard)} >= {(1, DoneReason.IOC_REMAINDER)}
        assert all(m.filled == 1 for m in of(OrderDone, heard))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"limit_price": D(60_000)}, RejectReason.IOC_UNFILLED),
        ({"time_in_force": TimeInForce.POST_ONLY}, RejectReason.POST_ONLY_WOULD_CROSS),
        ({"size": D("0.0001"), "limit_price": D(60_012)}, RejectReason.MIN_NOTIONAL),
        ({"size": D(40), "limit_price": D(61_000)}, RejectReason.MARGIN),
        ({"reduce_only": True}, RejectReason.REDUCE_ONLY),
        ({"limit_price": D(600_000)}, RejectReason.PRICE_BAND),
        ({"limit_price": D("60012.5")}, RejectReason.TICK),
        ({"size": D("0.000001")}, RejectReason.LOT),
    ],
)
async def test_refusals_are_proven_rejections_with_a_reason(autojump_clock, changes, reason):
    async with World().live() as world:
        heard = await world.do(order(1, **changes))
        assert [m.reason for m in of(OrderRejected, heard)] == [reason]


async def test_order_that_arrives_after_its_expiry_is_refused(autojump_clock):
    async with World().live() as world:
        heard = await world.do(order(1, expires_at_ns=now_ns() - 1_000_000))
        assert [m.reason for m in of(OrderRejected, heard)] == [RejectReason.EXPIRED]


async def test_order_before_the_first_snapshot_is_never_sent(autojump_clock):
    world = World()
    (rejected,) = await world.do(order(1))
    assert rejected.detail.startswith("never sent")


async def test_post_only_rests_then_is_cancelled(autojump_clock):
    async with World().live() as world:
        asked = order(1, time_in_force=TimeInForce.POST_ONLY, limit_price=D(59_000))
        heard = await world.do(asked)
        assert {m.order_id for m in of(OrderAccepted, heard)} == {asked.order_id}
        assert world.face.busy
        heard = await world.do(CancelOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert {(m.filled, m.reason) for m in of(OrderDone, heard)} == {(0, DoneReason.CANCELED)}
        assert not world.face.busy


async def test_resting_order_is_filled_by_the_market_as_maker(autojump_clock):
    async with World().live() as world:
        asked = order(1, time_in_force=TimeInForce.POST_ONLY, limit_price=D(59_900))
        await world.do(asked)
        world.market.mids["BTC"] = D(59_000)
        await trio.sleep(3)
        (filled,) = of(OrderFilled, world.said)
        assert (filled.price, filled.liquidity) == (59_900, Liquidity.MAKER)
        assert of(OrderDone, world.said)[-1].reason is DoneReason.FILLED


async def test_cancel_of_a_gone_order_is_rejected(autojump_clock):
    async with World().live() as world:
        asked = order(1)
        await world.do(asked)
        heard = await world.do(CancelOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert of(CancelRejected, heard)[0].detail.startswith("Order was never placed")


async def test_cancel_all_ends_every_order_of_one_market_only(autojump_clock):
    async with World().live() as world:
        resting = {"time_in_force": TimeInForce.POST_ONLY}
        await world.do(order(1, limit_price=D(59_000), **resting))
        await world.do(order(2, limit_price=D(58_000), **resting))
        await world.do(order(3, asset="SOL", size=D(1), limit_price=D(90), **resting))
        heard = await world.do(CancelAll(venue=HL, asset="BTC"))
        assert len({m.order_id for m in of(OrderDone, heard)}) == 2
        assert [view.asset for view in world.exchange.open_orders(ACCOUNT)] == ["SOL"]


async def test_cancel_all_with_nothing_open_tells_the_position(autojump_clock):
    async with World().live() as world:
        heard = await world.do(CancelAll(venue=HL, asset="BTC"))
        assert [(m.asset, m.size) for m in of(PositionReported, heard)] == [("BTC", 0)]


async def test_executed_order_whose_answer_is_lost_is_unresolved_until_queried(autojump_clock):
    world = World(on_http("lost", DropResponse(), contains='"type":"order"'))
    async with world.live():
        asked = order(1)
        heard = await world.do(asked)
        assert of(OrderUnresolved, heard)
        heard = await world.do(QueryOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert of(OrderDone, heard)[-1].filled == D("0.1")
        assert len(of(OrderFilled, world.said)) == 1


async def test_query_brings_fills_the_stream_lost(autojump_clock):
    lost = FaultRule(name="lost", traffic=Traffic.FRAME, fault=DropFrame(), match="userFills", nth=(2,))
    world = World(lost)
    async with world.live():
        asked = order(1)
        heard = await world.do(asked)
        assert of(OrderDone, heard)
        assert not of(OrderFilled, heard)
        heard = await world.do(QueryOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert [m.size for m in of(OrderFilled, heard)] == [D("0.1")]


async def test_order_that_never_arrived_is_unresolved_then_unknown(autojump_clock):
    world = World(on_http("lost", DropRequest(), contains='"type":"order"'))
    async with world.live():
        asked = order(1)
        assert of(OrderUnresolved, await world.do(asked))
        heard = await world.do(QueryOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert heard == [OrderUnknown(venue=HL, order_id=asked.order_id)]


@pytest.mark.parametrize(("status", "kind"), [(500, OrderUnresolved), (502, OrderUnresolved), (429, OrderRejected)])
async def test_http_status_decides_whether_a_refusal_is_proven(autojump_clock, status, kind):
    world = World(on_http("status", Status(status=status, body="<html>"), contains='"type":"order"'))
    async with world.live():
        assert [type(m) for m in await world.do(order(1))] == [kind]


async def test_request_that_never_left_is_a_rejection(autojump_clock):
    world = World()
    async with world.live():
        world.adapter._deliveries._client._transport = _DeadTransport()
        (rejected,) = await world.do(order(1))
        assert (rejected.reason, rejected.detail) == (RejectReason.OTHER, "never sent: connection refused")
        heard = await world.do(QueryPosition(venue=HL, asset="BTC"))
        assert of(QueryFailed, heard)


class _DeadTransport:
    async def request(self, request: HttpRequest):
        await trio.lowlevel.checkpoint()
        raise TransportError("connection refused", sent=False)


async def test_query_position_is_zero_when_the_reply_lacks_the_market(autojump_clock):
    async with World().live() as world:
        await world.do(order(1))
        (btc,) = await world.do(QueryPosition(venue=HL, asset="BTC"))
        (sol,) = await world.do(QueryPosition(venue=HL, asset="SOL"))
        assert (btc.size, btc.queried, btc.entry_price) == (D("0.1"), True, 60_012)
        assert (sol.size, sol.queried) == (0, True)


async def test_position_that_ends_is_reported_as_zero_once(autojump_clock):
    async with World().live() as world:
        await world.do(order(1))
        heard = await world.do(order(2, side=Side.SELL, limit_price=D(59_988), reduce_only=True))
        assert of(PositionReported, heard)[-1].size == 0
        assert of(PositionReported, await world.do(order(3)))[-1].size == D("0.1")


async def test_funding_is_paid_at_the_hour_once(autojump_clock):
    async with World().live() as world:
        await world.do(order(1))
        world.said.clear()
        await trio.sleep(HOUR_NS / 1e9)
        (paid,) = of(FundingPaid, world.said)
        assert (paid.size, paid.rate_per_hour) == (D("0.1"), D("0.0000125"))
        assert paid.amount_usd == -D("0.075")
        assert paid.payment_id == f"{(START_NS + HOUR_NS) // 1_000_000}:BTC"


async def test_adl_and_liquidation_are_told_from_foreign_fills(autojump_clock):
    async with World().live() as world:
        await world.do(order(1, size=D("0.5")))
        adl = await world.happen(world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.1")))
        (deleveraged,) = of(PositionDeleveraged, adl)
        assert (deleveraged.side, deleveraged.size, deleveraged.fee_usd) == (Side.SELL, D("0.1"), 0)
        manual = await world.happen(world.exchange.set_position(now_ns(), ACCOUNT, "BTC", D("0.3")))
        assert [m.size for m in of(ForeignFilled, manual)] == [D("0.1")]
        forced = await world.happen(world.exchange.liquidate(now_ns(), ACCOUNT, "BTC"))
        assert sum(m.size for m in of(PositionLiquidated, forced)) == D("0.3")
        assert not of(ForeignFilled, forced)


async def test_what_happened_while_the_link_was_down_is_told_after_it(autojump_clock):
    cut = FaultRule(name="cut", traffic=Traffic.FRAME, fault=Disconnect(refuse_s=120), from_s=5, at_most=1)
    world = World(cut)
    async with world.live():
        resting = order(1, time_in_force=TimeInForce.POST_ONLY, limit_price=D(59_900))
        await world.do(resting)
        await trio.sleep(60)
        assert of(LinkLost, world.said)
        from_here = len(world.said)
        world.market.mids["BTC"] = D(59_000)
        await trio.sleep(240)
        heard = world.said[from_here:]
        up = heard.index(LinkUp(venue=HL))
        assert [m.order_id for m in of(OrderFilled, heard[:up])] == [resting.order_id]
        assert of(PositionReported, heard[:up])[0].size == D("0.1")
        assert len(of(OrderFilled, world.said)) == 1


async def test_lost_payment_is_found_at_the_next_snapshot(autojump_clock):
    cut = FaultRule(name="cut", traffic=Traffic.FRAME, fault=Disconnect(), match="userFundings", nth=(2,))
    world = World(cut)
    async with world.live():
        await world.do(order(1))
        await trio.sleep(HOUR_NS / 1e9 + 60)
        assert len(of(LinkLost, world.said)) == 1
        assert len(of(FundingPaid, world.said)) == 1


async def test_fills_before_the_start_are_not_told(autojump_clock):
    world = World()
    world.face.advance(START_NS)
    early = NewOrder(asset="BTC", is_buy=True, size=D(1), price=D(60_012), time_in_force=ExchangeTimeInForce.IOC)
    world.exchange.place(START_NS - 1, ACCOUNT, early)
    async with world.live():
        await trio.sleep(1)
        told = of(ForeignFilled, world.said)
        assert all(m.venue_at_ns >= START_NS for m in told)


async def test_unanswerable_commands_before_the_first_snapshot_are_told(autojump_clock):
    world = World()
    assert of(OrderUnresolved, await world.do(CancelOrder(venue=HL, asset="BTC", order_id="0" * 32)))
    assert of(QueryFailed, await world.do(CancelAll(venue=HL, asset="BTC")))
