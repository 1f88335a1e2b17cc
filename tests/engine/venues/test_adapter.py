"""The contract of every adapter, on its simulated venue: what a command leads to, whatever the venue."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import trio
import trio.testing

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SettlePnl, SubmitOrder, VenueCommand
from actors.domain import SETTLED_ON_REQUEST, Side, TimeInForce, Venue
from actors.messages import (
    CancelRejected,
    LinkUp,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PnlSettled,
    PositionReported,
    QueryFailed,
    QuoteUpdated,
    VenueMessage,
)
from engine import config as configuration
from engine.clock import Clock
from engine.simulators.faults import DropRequest, FaultPlan, FaultRule, Traffic
from engine.venues.adapter import Adapter, SettlesByItself
from engine.venues.registry import AccountTerms, Ends, make_adapter, make_signer
from engine.world import FACES, build_market, build_venue, secret_for

PAPER = configuration.load(configuration.DEFAULT_CONFIG)
ORDER = "5a" * 16
OUTCOMES = (OrderAccepted, OrderFilled, OrderDone, OrderRejected, OrderUnresolved)
DEAF = FaultRule(name="deaf", traffic=Traffic.HTTP, from_s=60.0, fault=DropRequest())


@asynccontextmanager
async def trading(venue: Venue, *faults: FaultRule) -> AsyncIterator[tuple[Adapter, list[VenueMessage]]]:
    """An adapter whose link is up a minute after the start, and what it reports from then on."""
    market = build_market(PAPER)
    clock = Clock(market.start_ns)
    signer, account = make_signer(venue, secret_for(venue, 7))
    simulated = build_venue(venue, account, PAPER, market, FaultPlan(rules=faults), clock.now_ns)
    said: list[VenueMessage] = []
    ends = Ends(transport=simulated, report=said.append, now_ns=clock.now_ns, rng=random.Random(1))
    adapter = make_adapter(venue, signer, AccountTerms(account=account, assets=("BTC", "ETH"), leverage=3), ends)
    async with trio.open_nursery() as nursery:
        await nursery.start(simulated.run)
        await nursery.start(adapter.listen)
        await clock.sleep_until(market.start_ns + 60_000_000_000)
        assert LinkUp(venue=venue) in said
        yield adapter, said
        nursery.cancel_scope.cancel()


def order(venue: Venue, said: list[VenueMessage], *, size: str = "0.01", crossing: bool = True) -> SubmitOrder:
    """A buy that crosses the book, or an IOC far below it."""
    quote = next(m for m in reversed(said) if isinstance(m, QuoteUpdated) and m.asset == "BTC")
    factor = Decimal("1.01") if crossing else Decimal("0.97")
    return SubmitOrder(
        order_id=ORDER,
        venue=venue,
        asset="BTC",
        side=Side.BUY,
        size=Decimal(size),
        limit_price=(quote.ask * factor).quantize(Decimal(1)),
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        purpose="taker",
        expires_at_ns=quote.venue_at_ns + 3_600_000_000_000,
        decision_mid=quote.ask,
    )


async def perform(adapter: Adapter, said: list[VenueMessage], command: VenueCommand) -> list[VenueMessage]:
    """What is reported of a command within half a minute."""
    before = len(said)
    await adapter.prepare(command)()
    await trio.sleep(30)
    return said[before:]


@pytest.mark.parametrize("venue", list(FACES))
async def test_an_order_that_crosses_fills_whole_and_is_done(
    venue: Venue, autojump_clock: trio.testing.MockClock
) -> None:
    async with trading(venue) as (adapter, said):
        told = await perform(adapter, said, order(venue, said))
        fills = {m.fill_id: m for m in told if isinstance(m, OrderFilled)}
        assert sum(fill.size for fill in fills.values()) == Decimal("0.01")
        assert all(fill.order_id == ORDER for fill in fills.values())
        free = venue is Venue.LIGHTER  # its standard tier charges nothing
        assert all((fill.fee_usd > 0) is not free for fill in fills.values())
        assert {m.filled for m in told if isinstance(m, OrderDone)} <= {Decimal("0.01")}
        held = await perform(adapter, said, QueryPosition(venue=venue, asset="BTC"))
        sizes = [m.size for m in held if isinstance(m, PositionReported) and m.queried]
        assert sizes == [Decimal("0.01")]
        known = await perform(adapter, said, QueryOrder(venue=venue, asset="BTC", order_id=ORDER))
        assert [m.filled for m in known if isinstance(m, OrderDone)] == [Decimal("0.01")]


@pytest.mark.parametrize("venue", list(FACES))
async def test_an_order_that_meets_nothing_has_an_outcome_and_no_fill(
    venue: Venue, autojump_clock: trio.testing.MockClock
) -> None:
    async with trading(venue) as (adapter, said):
        told = await perform(adapter, said, order(venue, said, crossing=False))
        assert not [m for m in told if isinstance(m, OrderFilled)]
        ends = [m for m in told if isinstance(m, OrderDone | OrderRejected)]
        assert ends
        assert all(m.order_id == ORDER for m in ends)


@pytest.mark.parametrize("venue", list(FACES))
async def test_every_question_is_answered_also_about_what_never_was(
    venue: Venue, autojump_clock: trio.testing.MockClock
) -> None:
    async with trading(venue) as (adapter, said):
        unknown = await perform(adapter, said, QueryOrder(venue=venue, asset="BTC", order_id=ORDER))
        assert OrderUnknown(venue=venue, order_id=ORDER) in unknown
        refused = await perform(adapter, said, CancelOrder(venue=venue, asset="BTC", order_id=ORDER))
        assert [m.order_id for m in refused if isinstance(m, CancelRejected | OrderUnknown)]
        flat = await perform(adapter, said, QueryPosition(venue=venue, asset="ETH"))
        assert [m.size for m in flat if isinstance(m, PositionReported) and m.queried] == [Decimal(0)]
        await perform(adapter, said, CancelAll(venue=venue, asset="BTC"))


@pytest.mark.parametrize("venue", list(FACES))
async def test_profit_is_settled_on_request_where_it_has_to_be_and_nowhere_else(
    venue: Venue, autojump_clock: trio.testing.MockClock
) -> None:
    async with trading(venue) as (adapter, said):
        await perform(adapter, said, order(venue, said))
        held = await perform(adapter, said, QueryPosition(venue=venue, asset="BTC"))
        unsettled = [m.unsettled_usd for m in held if isinstance(m, PositionReported) and m.queried]
        assert [usd is not None for usd in unsettled] == [venue in SETTLED_ON_REQUEST]
        command = SettlePnl(venue=venue, asset="BTC")
        if venue in SETTLED_ON_REQUEST:
            settled = [m for m in await perform(adapter, said, command) if isinstance(m, PnlSettled)]
            assert [m.asset for m in settled] == ["BTC"]
        else:
            with pytest.raises(SettlesByItself, match=venue.value):
                adapter.prepare(command)


@pytest.mark.parametrize("venue", list(FACES))
async def test_without_an_answer_an_order_is_unresolved_and_a_question_has_failed(
    venue: Venue, autojump_clock: trio.testing.MockClock
) -> None:
    """On Drift nothing can leave without a blockhash, which has to be asked for: there it is proven not to be sent."""
    async with trading(venue, DEAF) as (adapter, said):
        told = await perform(adapter, said, order(venue, said))
        outcomes = [m for m in told if isinstance(m, OUTCOMES)]
        if venue is Venue.DRIFT:
            assert [m.detail.startswith("never sent") for m in outcomes if isinstance(m, OrderRejected)] == [True]
        assert [type(m) for m in outcomes] == [OrderRejected if venue is Venue.DRIFT else OrderUnresolved]
        failed = await perform(adapter, said, QueryPosition(venue=venue, asset="BTC"))
        assert [m.query for m in failed if isinstance(m, QueryFailed)] == ["position"]
        assert not [m for m in failed if isinstance(m, PositionReported) and m.queried]
