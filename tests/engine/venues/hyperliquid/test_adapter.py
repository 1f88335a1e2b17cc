"""The adapter against what the venue does to links, accounts and markets: gaps, lags, agents, modes, multipliers."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest
import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition
from actors.domain import DoneReason, MarketStatus, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    AccountReported,
    FrameRefused,
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
    PositionReported,
    QuoteUpdated,
)
from engine.simulators.faults import Disconnect, DropFrame, DropResponse, FaultRule, Status, Traffic
from engine.simulators.hyperliquid import FaceKnobs, hyperliquid_instrument
from engine.venues.hyperliquid.settings import HyperliquidSettings
from tests.engine.venues import ladders
from tests.engine.venues.dialogue import START_NS
from tests.engine.venues.hyperliquid.world import ACCOUNT, World, now_ns, of, on_http, order

HL = Venue.HYPERLIQUID
D = Decimal
MS = 1_000_000
RESTING = {"time_in_force": TimeInForce.POST_ONLY, "limit_price": D(59_900), "expires_at_ns": 2**62}


def cut(from_s: float) -> FaultRule:
    """The stream is cut at the first frame after this, and refused for two minutes."""
    return FaultRule(name="cut", traffic=Traffic.FRAME, fault=Disconnect(refuse_s=120), from_s=from_s, at_most=1)


def muted(channel: str, to_s: float | None = None) -> FaultRule:
    return FaultRule(name=f"no {channel}", traffic=Traffic.FRAME, fault=DropFrame(), match=channel, to_s=to_s)


# gaps and lags


async def test_orders_known_before_a_gap_are_told_again_after_it(autojump_clock):
    """One rests on, one was cancelled by the venue meanwhile, one filled: nothing stays as it was believed."""
    world = World(cut(5))
    async with world.live():
        kept, ended, filled = (
            order(n, **(RESTING | {"limit_price": D(p)})) for n, p in ((1, 58_000), (2, 58_500), (3, 59_900))
        )
        for each in (kept, ended, filled):
            await world.do(each)
        await trio.sleep(60)
        assert of(LinkLost, world.said)
        from_here = len(world.said)
        world.exchange.cancel_by_client_id(now_ns(), ACCOUNT, "0x" + ended.order_id)
        world.market.mids["BTC"] = D(59_000)
        await trio.sleep(240)
        heard = world.said[from_here:]
        before_up = heard[: heard.index(LinkUp(venue=HL))]
        assert [m.order_id for m in of(OrderAccepted, before_up)] == [kept.order_id]
        assert [m.order_id for m in of(OrderFilled, before_up)] == [filled.order_id]
        done = {m.order_id: (m.filled, m.reason) for m in of(OrderDone, before_up)}
        assert done == {
            ended.order_id: (0, DoneReason.CANCELED),
            filled.order_id: (D("0.1"), DoneReason.FILLED),
        }


async def test_orders_that_are_over_are_asked_for_no_more_after_a_gap(autojump_clock):
    world = World(cut(5))
    async with world.live():
        await world.do(order(1))
        await trio.sleep(60)
        from_here = len(world.said)
        await trio.sleep(240)
        assert not of(OrderDone, world.said[from_here:])
        assert not world.adapter._memory.all_pending()


async def test_an_order_the_venue_does_not_know_yet_is_asked_for_again_before_it_is_called_unknown(autojump_clock):
    lost = on_http("lost", DropResponse(), contains='"type":"order"')
    async with World(lost, knobs=FaceKnobs(unknown_oid_lag_ms=6_500), unknown_grace_s=8).live() as world:
        asked = order(1)
        assert of(OrderUnresolved, await world.do(asked))
        heard = await world.do(QueryOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert [m.filled for m in of(OrderDone, heard)] == [D("0.1")]
        assert not of(OrderUnknown, world.said)


async def test_asking_again_has_an_end(autojump_clock):
    lost = on_http("lost", DropResponse(), contains='"type":"order"')
    async with World(lost, knobs=FaceKnobs(unknown_oid_lag_ms=60_000), unknown_grace_s=8).live() as world:
        asked = order(1)
        await world.do(asked)
        began_s = trio.current_time()
        heard = await world.do(QueryOrder(venue=HL, asset="BTC", order_id=asked.order_id))
        assert of(OrderUnknown, heard) == [OrderUnknown(venue=HL, order_id=asked.order_id)]
        assert trio.current_time() - began_s < 9


async def test_a_cancelled_order_the_venue_does_not_know_yet_is_in_doubt_not_unknown(autojump_clock):
    async with World(muted("orderUpdates"), knobs=FaceKnobs(unknown_oid_lag_ms=60_000)).live() as world:
        resting = order(1, **RESTING)
        await world.do(resting)
        heard = await world.do(CancelOrder(venue=HL, asset="BTC", order_id=resting.order_id))
        assert [type(m) for m in heard if not isinstance(m, PositionReported)] == [OrderUnresolved]


async def test_a_part_fill_is_told_by_its_fill_and_the_order_open_once(autojump_clock):
    async with World().live() as world:
        resting = order(1, **(RESTING | {"size": D(2)}))
        await world.do(resting)
        told = len(of(OrderAccepted, world.said))
        world.market.depth = (world.market.depth[0],)
        world.market.mids["BTC"] = D(59_880)
        await trio.sleep(3)
        assert [m.size for m in of(OrderFilled, world.said)] == [1, 1]
        assert len(of(OrderAccepted, world.said)) == told


async def test_a_quiet_link_is_kept_by_pings_past_the_venue_s_minute(autojump_clock):
    async with World().live() as world:
        await trio.sleep(4000)
        assert not of(LinkLost, world.said)


async def test_a_fill_told_by_a_question_during_a_gap_does_not_hide_what_happened_before_it(autojump_clock):
    """The stream was deaf since the cut: only what it told says from where on the history is to be read."""
    world = World(cut(5))
    async with world.live():
        await world.do(order(1, size=D("0.5")))
        await trio.sleep(60)
        assert of(LinkLost, world.said)
        await world.happen(world.exchange.deleverage(now_ns(), ACCOUNT, "BTC", D("0.1")))
        await trio.sleep(80)
        sold = order(2, side=Side.SELL, limit_price=D(59_988), reduce_only=True)
        await world.do(sold)
        asked = await world.do(QueryOrder(venue=HL, asset="BTC", order_id=sold.order_id))
        assert of(OrderFilled, asked)
        assert not of(PositionDeleveraged, world.said)
        await trio.sleep(240)
        back = len(world.said) - world.said[::-1].index(LinkUp(venue=HL))
        assert [m.size for m in of(PositionDeleveraged, world.said[:back])] == [D("0.1")]
        fills = [m.fill_id for m in of(OrderFilled, world.said)]
        assert len(fills) == len({*fills}) == 2


async def test_an_order_whose_cancel_is_answered_oddly_does_not_cost_the_word_about_the_others(autojump_clock):
    world = World(muted("orderUpdates"), muted("userFills"))
    carry = world.venue.request

    async def odd(request):
        answer = await carry(request)
        if b'"type":"cancel"' not in request.body:
            return answer
        return msgspec.structs.replace(answer, body=answer.body.replace(b'"success"]', b'"waitingForFill"]'))

    world.venue.request = odd
    async with world.live():
        ended = order(1, **(RESTING | {"size": D(4)}))
        unclear = order(2, **(RESTING | {"limit_price": D(50_000)}))
        await world.do(ended)
        await world.do(unclear)
        world.market.depth = (world.market.depth[0],)
        world.market.mids["BTC"] = D(59_880)
        await trio.sleep(1.5)
        world.market.mids["BTC"] = D(60_000)
        heard = await world.do(CancelAll(venue=HL, asset="BTC"))
        filled = sum(m.size for m in of(OrderFilled, heard))
        assert 0 < filled < 4
        assert [(m.order_id, m.filled) for m in of(OrderDone, heard)] == [(ended.order_id, filled)]
        assert [m.order_id for m in of(OrderUnresolved, heard)] == [unclear.order_id]


async def test_a_cancel_of_all_that_is_cut_off_between_two_orders_loses_no_fill_it_has_read(autojump_clock):
    world = World(muted("orderUpdates"), muted("userFills"))
    carry, statuses = world.venue.request, []

    async def slow(request):
        statuses.extend((request,) if b'"type":"orderStatus"' in request.body else ())
        if len(statuses) == 2:
            await trio.sleep_forever()
        return await carry(request)

    async with world.live():
        filled = order(1, **(RESTING | {"size": D(4)}))
        await world.do(filled)
        await world.do(order(2, **(RESTING | {"limit_price": D(50_000)})))
        world.market.depth = (world.market.depth[0],)
        world.market.mids["BTC"] = D(59_880)
        await trio.sleep(1.5)
        world.market.mids["BTC"] = D(60_000)
        world.venue.request = slow
        before = len(world.said)
        with trio.move_on_after(10):
            await world.do(CancelAll(venue=HL, asset="BTC"))
        assert len(statuses) == 2, "it was cut off"
        told = sum(m.size for m in of(OrderFilled, world.said[before:]))
        ((oid, size),) = [(m.order_id, m.filled) for m in of(OrderDone, world.said[before:])]
        assert (oid, size) == (filled.order_id, told)
        assert told > 0


# books


def bbo(at_ms: int, bid: str = "59000.0", ask: str = "59001.0") -> bytes:
    levels = [{"px": price, "sz": "1.0", "n": 1} for price in (bid, ask)]
    return msgspec.json.encode({"channel": "bbo", "data": {"coin": "BTC", "time": at_ms, "bbo": levels}})


async def test_stale_and_crossed_books_are_no_quotes(autojump_clock):
    world = World()
    decode, now_ms = world.adapter._dialogue.decode, now_ns() // MS
    assert not decode(bbo(now_ms - 20, bid="59001.0")), "locked"
    assert not decode(bbo(now_ms - 20, bid="59002.0")), "crossed"
    assert len(decode(bbo(now_ms - 10))) == 1
    assert not decode(bbo(now_ms - 11)), "older than the one before"
    assert len(decode(bbo(now_ms - 10))) == 1
    await trio.sleep(61)
    assert not decode(bbo(now_ms)), "older than a quote may be"
    assert len(decode(bbo(now_ms + 61_000))) == 1


def l2_book(at_ms: int) -> bytes:
    bids, asks = ([{"px": price, "sz": "7.0", "n": 1}] for price in ("58980.0", "59021.0"))
    return msgspec.json.encode({"channel": "l2Book", "data": {"coin": "BTC", "time": at_ms, "levels": [bids, asks]}})


async def test_levels_make_no_quote_and_stand_behind_the_next_until_they_are_too_old(autojump_clock):
    world = World()
    decode, now_ms = world.adapter._dialogue.decode, now_ns() // MS
    (touch,) = decode(bbo(now_ms))
    assert (touch.bid_depths, touch.ask_depths) == ((), ())
    assert decode(l2_book(now_ms)) == (), "a touch that is not told anew is not fresh"
    (deep,) = decode(bbo(now_ms + 1))
    assert (deep.bid_depths, deep.ask_depths) == ((1, 8, 8, 8, 8, 8), (1, 8, 8, 8, 8, 8))
    (later,) = decode(bbo(now_ms + 60_001))
    assert (later.bid_depths, later.ask_depths) == ((), ())


async def test_a_quote_tells_the_whole_simulated_book(autojump_clock):
    async with World().live() as world:
        await trio.sleep(1)
        told = [m for m in of(QuoteUpdated, world.said) if m.asset == "BTC"][-1]
        assert ladders.same_as_simulated(told, world.exchange, "BTC", 20)


async def test_every_market_has_its_book_and_its_touch_subscribed_to(autojump_clock):
    frames = [json.loads(frame)["subscription"] for frame in World().adapter._dialogue.greetings()]
    for kind in ("l2Book", "bbo"):
        assert [frame["coin"] for frame in frames if frame["type"] == kind] == ["BTC", "SOL"]


# agents


async def test_an_agent_trades_for_its_master_account(autojump_clock):
    async with World(valid_until_ms=START_NS // MS + 60_000).live() as world:
        assert world.adapter._notary._signing.account == ACCOUNT
        assert of(OrderFilled, await world.do(order(1)))
        assert world.exchange.position(ACCOUNT, "BTC").size == D("0.1")


async def test_an_agent_that_has_ended_is_refused_in_words_that_say_so(autojump_clock):
    async with World(valid_until_ms=START_NS // MS + 60_000).live() as world:
        await trio.sleep(61)
        (refused,) = of(OrderRejected, await world.do(order(1)))
        assert refused.reason is RejectReason.SIGNATURE
        assert refused.detail.startswith("User or API Wallet 0x")
        assert refused.detail.endswith("(a wrong key, or an agent that is unknown or has ended)")


async def test_with_an_unknown_agent_no_market_is_listed_and_the_reason_is_told(autojump_clock):
    async with World(valid_until_ms=0).live() as world:
        assert not of(InstrumentListed, world.said)
        refused = of(FrameRefused, world.said)
        assert len(refused) == 2
        assert all("User or API Wallet" in m.detail for m in refused)


# accounts and leverage


async def test_equity_of_a_unified_account_is_its_spot_usdc_and_unrealised_gains(autojump_clock):
    async with World(knobs=FaceKnobs(unified=True)).live() as world:
        assert of(AccountReported, world.said)[-1].equity_usd == 100_000
        await world.do(order(1))
        world.market.mids["BTC"] = D(60_500)
        await trio.sleep(30)
        told, true = of(AccountReported, world.said)[-1], world.exchange.account_view(ACCOUNT)
        assert true is not None
        assert abs(told.equity_usd - true.equity_usd) < 1
        assert 0 < told.available_usd <= told.equity_usd
        assert told.maintenance_usd > 0


async def test_a_mode_the_venue_does_not_tell_is_seen_from_the_figures(autojump_clock):
    silent = on_http("mode", Status(status=422, body="no"), path="/info", contains="userAbstraction")
    async with World(silent, knobs=FaceKnobs(unified=True)).live() as world:
        assert of(AccountReported, world.said)[-1].equity_usd == 100_000
    async with World(silent).live() as world:
        assert of(AccountReported, world.said)[-1].equity_usd == 100_000


async def test_leverage_the_venue_accepted_but_did_not_set_keeps_the_market_from_being_listed(autojump_clock):
    async with World(knobs=FaceKnobs(leverage_sticks=True)).live() as world:
        assert not of(InstrumentListed, world.said)
        assert [m.detail for m in of(FrameRefused, world.said)] == [
            "BTC: asked for 3x, the venue says 20x",
            "SOL: asked for 3x, the venue says 20x",
        ]


async def test_a_position_at_another_leverage_may_only_be_reduced(autojump_clock):
    world = World()
    world.face.advance(START_NS)
    world.exchange.set_position(START_NS, ACCOUNT, "BTC", D("0.1"))
    async with world.live():
        btc, sol = (m.instrument for m in of(InstrumentListed, world.said))
        assert btc.status is MarketStatus.REDUCE_ONLY
        assert btc.status_reason == "the open position has cross leverage 20x, wanted cross 3x"
        assert btc.status_ours, "nobody leaves a market for our own setting"
        assert sol.status is MarketStatus.OPEN


async def test_confirmed_leverage_is_not_asked_for_at_every_reconnect(autojump_clock):
    asked = on_http("count", Status(status=500), path="/info", contains="activeAssetData", from_s=1, at_most=10)
    world = World(asked, cut(5))
    async with world.live():
        await trio.sleep(300)
        assert len([m for m in world.said if m == LinkUp(venue=HL)]) == 2
        assert not world.venue.struck("count")


# units and expiry


async def test_a_coin_of_a_thousand_tokens_is_traded_in_tokens(autojump_clock):
    listed = hyperliquid_instrument("PEPE", size_decimals=0, max_leverage=10)
    assert listed.asset == "kPEPE"
    world = World(instruments=(listed,), assets=("PEPE",))
    world.market.depth = tuple(msgspec.structs.replace(level, size=D(10_000_000)) for level in world.market.depth)
    async with world.live():
        (instrument,) = (m.instrument for m in of(InstrumentListed, world.said))
        assert (instrument.symbol, instrument.multiplier, instrument.lot) == ("kPEPE", 1000, 1000)
        await trio.sleep(1)
        quote = of(QuoteUpdated, world.said)[0]
        assert D("0.0000099") < quote.bid < D("0.00001") < quote.ask < D("0.0000101")
        assert of(MarketSampled, world.said)[0].oracle == D("0.00001")
        heard = await world.do(order(1, asset="PEPE", size=D(1000), limit_price=D("0.000011"), side=Side.BUY))
        assert [m.reason for m in of(OrderRejected, heard)] == [RejectReason.MIN_NOTIONAL]
        heard = await world.do(order(2, asset="PEPE", size=D(2_000_000), limit_price=D("0.000011")))
        assert sum(m.size for m in of(OrderFilled, heard)) == 2_000_000
        assert of(PositionReported, heard)[-1].size == 2_000_000
        assert world.exchange.position(ACCOUNT, "kPEPE").size == 2000


async def test_every_action_expires(autojump_clock):
    world = World(dead_man_s=30, knobs=FaceKnobs(dead_man_volume_usd=D(0)))
    bodies: list[dict] = []
    carry = world.venue.request

    async def noting(request):
        if request.path == "/exchange":
            bodies.append(json.loads(request.body))
        return await carry(request)

    world.venue.request = noting
    async with world.live():
        resting = order(1, **(RESTING | {"expires_at_ns": now_ns() + 20_000_000_000}))
        await world.do(resting)
        await world.do(CancelOrder(venue=HL, asset="BTC", order_id=resting.order_id))
        kinds = {body["action"]["type"] for body in bodies}
        assert kinds == {"updateLeverage", "order", "cancelByCloid", "scheduleCancel"}
        assert all(0 < body["expiresAfter"] - body["nonce"] <= 60_000 for body in bodies)


def test_more_markets_than_subscriptions_are_refused():
    with pytest.raises(ValueError, match="subscriptions"):
        HyperliquidSettings(account=ACCOUNT, assets=tuple(f"A{n}" for n in range(500)))


async def test_positions_of_all_markets_asked_at_once_cost_one_request(autojump_clock):
    assets = ("BTC", "SOL")
    async with World(assets=assets).live() as world:
        await trio.sleep(5)
        before = world.venue.requests
        async with trio.open_nursery() as nursery:
            for asset in assets:
                nursery.start_soon(world.adapter.prepare(QueryPosition(venue=Venue.HYPERLIQUID, asset=asset)))
        told = [m.asset for m in of(PositionReported, world.said) if m.queried]
        assert (sorted(told), world.venue.requests - before) == (sorted(assets), 1)


def statuses(world, asset="BTC"):
    return [m.instrument.status for m in of(InstrumentListed, world.said) if m.instrument.asset == asset]


async def test_a_market_that_is_delisted_while_the_link_stays_up_is_closed_and_opened_again(autojump_clock):
    """Nothing is opened in a closed market (a gate), so no order has to be refused to know of it."""
    async with World(knobs=FaceKnobs(delists_halted=True), markets_refresh_s=60.0).live() as world:
        await trio.sleep(130)
        assert statuses(world) == [MarketStatus.OPEN]
        await world.happen(world.exchange.halt(now_ns(), "BTC"))
        await trio.sleep(130)
        assert statuses(world) == [MarketStatus.OPEN, MarketStatus.HALTED]
        assert statuses(world, "SOL") == [MarketStatus.OPEN]
        await world.happen(world.exchange.reopen(now_ns(), "BTC"))
        await trio.sleep(130)
        assert statuses(world) == [MarketStatus.OPEN, MarketStatus.HALTED, MarketStatus.OPEN]
        assert len(of(LinkUp, world.said)) == 1


async def test_a_market_that_is_gone_at_a_reconnect_is_closed_too(autojump_clock):
    async with World(cut(90), knobs=FaceKnobs(delists_halted=True), markets_refresh_s=1e6).live() as world:
        await world.happen(world.exchange.halt(now_ns(), "BTC"))
        await trio.sleep(600)
        assert len(of(LinkUp, world.said)) == 2
        assert statuses(world) == [MarketStatus.OPEN, MarketStatus.HALTED]
