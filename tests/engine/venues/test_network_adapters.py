"""The engine's own adapters against served venues: what they do in memory, they do over sockets."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio

from actors.commands import CancelOrder, QueryOrder, QueryPosition, SubmitOrder
from actors.domain import Side, TimeInForce, Venue, client_order_id
from actors.messages import (
    LinkLost,
    LinkUp,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderUnresolved,
    PositionReported,
    QuoteUpdated,
    VenueMessage,
)
from engine import config as configuration
from engine.clock import Clock
from engine.conformance.venues import ORDER_MARKS
from engine.simulators.faults import (
    Disconnect,
    DropResponse,
    Fault,
    FaultPlan,
    FaultRule,
    ResetBefore,
    Restart,
    Traffic,
)
from engine.simulators.server import Stall, serve
from engine.venues.adapter import Adapter
from engine.venues.network import loopback_routes
from engine.venues.network.transport import NetworkTransport
from engine.venues.registry import AccountTerms, Ends, make_adapter, make_signer
from engine.world import FACES, build_market, build_venue, secret_for
from tests.engine.simulators.plain import patient_clock

clock = patient_clock
CONFIG = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
ASSET, SIZE = "SOL", Decimal(2)
every_venue = pytest.mark.parametrize("venue", list(FACES), ids=[venue.value for venue in FACES])


class Desk:
    """An adapter over sockets, and what it said."""

    def __init__(self, venue: Venue, adapter: Adapter, said: list[VenueMessage], time: Clock) -> None:
        self.venue, self.said = venue, said
        self._adapter, self._time = adapter, time
        self._orders = 0

    def order(self, side: Side, tif: TimeInForce, away_bps: int = 0, *, reduce_only: bool = False) -> SubmitOrder:
        """Across the quote, or so far away from it."""
        quote = next(m for m in reversed(self.said) if isinstance(m, QuoteUpdated) and m.asset == ASSET)
        self._orders += 1
        sign = 1 if side is Side.BUY else -1
        near = quote.ask if side is Side.BUY else quote.bid
        price = near * (1 + Decimal(sign * (-away_bps if away_bps else 20)) / 10_000)
        return SubmitOrder(
            order_id=client_order_id("sockets", self.venue.value, self._orders),
            venue=self.venue,
            asset=ASSET,
            side=side,
            size=SIZE,
            limit_price=price.quantize(Decimal("0.01")),
            time_in_force=tif,
            reduce_only=reduce_only,
            purpose="test",
            expires_at_ns=self._time.now_ns() + 60 * 10**9,
            decision_mid=near,
        )

    async def do(self, command: Any) -> None:
        """Perform it, and wait for its consequences."""
        await self._adapter.prepare(command)()
        await trio.sleep(1.5)

    def of(self, kind: type, order_id: str) -> list[Any]:
        """What was said of one kind about one order."""
        return [m for m in self.said if isinstance(m, kind) and m.order_id == order_id]

    async def position(self) -> Decimal:
        """Asked of the venue."""
        before = len(self.said)
        await self.do(QueryPosition(venue=self.venue, asset=ASSET))
        return next(m.size for m in self.said[before:] if isinstance(m, PositionReported) and m.queried)


@asynccontextmanager
async def desk(venue: Venue, *rules: FaultRule) -> AsyncIterator[Desk]:
    """A served venue and an adapter on it, its link up."""
    section = CONFIG.venues[venue]
    pace = msgspec.structs.replace(section.pace, quiet_step_s=5.0, latency_least_s=0.0, latency_most_s=0.0)
    config = msgspec.structs.replace(CONFIG, venues={venue: msgspec.structs.replace(section, pace=pace)})
    market = build_market(config)
    time = Clock(market.start_ns + 3_600_000_000_000)
    signing, account = make_signer(venue, secret_for(venue, 7))
    simulated = build_venue(venue, account, config, market, FaultPlan(rules=rules), time.now_ns)
    said: list[VenueMessage] = []
    async with trio.open_nursery() as nursery:
        stall = Stall(venue=simulated, account=account)
        (address,) = await nursery.start(lambda task_status: serve([stall], task_status=task_status))
        async with NetworkTransport(loopback_routes(address.url.removeprefix("http://"))) as transport:
            ends = Ends(transport=transport, report=said.append, now_ns=time.now_ns, rng=random.Random(7))
            adapter = make_adapter(venue, signing, AccountTerms(account=account, assets=(ASSET,), leverage=3), ends)
            await nursery.start(adapter.listen)
            await trio.sleep(1.5)
            yield Desk(venue, adapter, said, time)
            nursery.cancel_scope.cancel()


def on_order(venue: Venue, fault: Fault) -> FaultRule:
    """What befalls the first order."""
    mark = ORDER_MARKS[venue]
    return FaultRule(name="order", traffic=Traffic.HTTP, match=mark.path, contains=mark.contains, nth=(1,), fault=fault)


@every_venue
async def test_an_order_is_filled_and_closed_and_another_rests_until_it_is_cancelled(venue: Venue, clock) -> None:
    async with desk(venue) as at:
        taker = at.order(Side.BUY, TimeInForce.IOC)
        await at.do(taker)
        assert sum(filled.size for filled in at.of(OrderFilled, taker.order_id)) == SIZE
        assert await at.position() == SIZE
        await at.do(at.order(Side.SELL, TimeInForce.IOC, reduce_only=True))
        assert await at.position() == 0
        maker = at.order(Side.BUY, TimeInForce.POST_ONLY, away_bps=100)
        await at.do(maker)
        assert at.of(OrderAccepted, maker.order_id)
        await at.do(CancelOrder(venue=venue, asset=ASSET, order_id=maker.order_id))
        assert at.of(OrderDone, maker.order_id)[-1].filled == 0


@every_venue
async def test_an_order_whose_answer_is_lost_is_in_doubt_until_the_venue_is_asked(venue: Venue, clock) -> None:
    async with desk(venue, on_order(venue, DropResponse())) as at:
        taker = at.order(Side.BUY, TimeInForce.IOC)
        await at.do(taker)
        if venue is not Venue.DRIFT:
            assert at.of(OrderUnresolved, taker.order_id)
        await at.do(QueryOrder(venue=venue, asset=ASSET, order_id=taker.order_id))
        assert at.of(OrderDone, taker.order_id)[-1].filled == SIZE
        assert await at.position() == SIZE


@every_venue
async def test_a_reset_before_the_order_is_read_is_in_doubt_too_and_nothing_is_sent_again(venue: Venue, clock) -> None:
    async with desk(venue, on_order(venue, ResetBefore())) as at:
        taker = at.order(Side.BUY, TimeInForce.IOC)
        await at.do(taker)
        assert at.of(OrderUnresolved, taker.order_id)
        assert at.of(OrderFilled, taker.order_id) == []
        assert await at.position() == 0


@every_venue
@pytest.mark.parametrize("fault", [Disconnect(), Restart(down_s=10)], ids=["cut", "restart"])
async def test_a_link_that_is_cut_comes_back_and_trades(venue: Venue, fault: Fault, clock) -> None:
    rule = FaultRule(name="cut", traffic=Traffic.FRAME, from_s=2, at_most=1, fault=fault)
    async with desk(venue, rule) as at:
        await trio.sleep(30)
        link = [type(m) for m in at.said if isinstance(m, LinkLost | LinkUp)]
        assert link[:2] == [LinkUp, LinkLost]
        assert link[-1] is LinkUp
        await at.do(at.order(Side.SELL, TimeInForce.IOC))
        assert await at.position() == -SIZE
