"""What the stand never does, whoever asks: send more than the cap, close what is somebody's, leave in silence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.commands import SubmitOrder, VenueCommand
from actors.domain import Side, TimeInForce
from engine.conformance import Stand
from engine.conformance.stand import Failed, NotFlat
from engine.venues.adapter import Adapter, Delivery
from tests.engine.conformance.trying import ASSET, tried


class Watched:
    """An adapter whose orders are noted."""

    def __init__(self, inner: Adapter, orders: list[SubmitOrder]) -> None:
        self.inner, self.orders, self.venue = inner, orders, inner.venue

    def prepare(self, command: VenueCommand) -> Delivery:
        if isinstance(command, SubmitOrder):
            self.orders.append(command)
        return self.inner.prepare(command)

    def recall(self, *_: Any) -> None:
        raise AssertionError("no process came before this one")

    async def listen(self, **_: Any) -> None:
        raise AssertionError("the real adapter listens")


def capped(stand: Stand, usd: object) -> None:
    stand.terms = msgspec.structs.replace(stand.terms, size_cap_usd=Decimal(str(usd)))


async def hold(stand: Stand, worth_usd: int) -> Decimal:
    """A position nobody of the list opened."""
    assert stand.levers is not None
    size = Decimal(worth_usd) / stand.quote.mid // stand.instrument.lot * stand.instrument.lot
    await stand.levers.pull("set_position", size=str(size))
    assert await stand.position() == size
    return size


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.POST_ONLY])
def test_an_order_above_the_cap_never_leaves(side: Side, tif: TimeInForce) -> None:
    orders: list[SubmitOrder] = []

    async def run(stand: Stand) -> str:
        capped(stand, 100)
        size = Decimal(103) / stand.quote.mid // stand.instrument.lot * stand.instrument.lot
        with pytest.raises(Failed, match="above the cap of 100 USD"):
            await stand.trade(stand.order(side, size, tif))
        for cheap in ("0.01", "1"):
            with pytest.raises(Failed, match="above the cap"):
                await stand.perform(stand.order(side, size, tif, limit_price=Decimal(cheap)))
        return "none left"

    assert tried(run, disguise=lambda inner: Watched(inner, orders)).outcome == "passed"
    assert orders == []


def test_no_order_leaves_uncapped_where_there_is_money() -> None:
    async def run(stand: Stand) -> str:
        stand.levers = None
        with pytest.raises(AssertionError, match="where there is money"):
            await stand.trade(stand.order(Side.BUY, Decimal(1)), uncapped=True)
        return "none left"

    assert tried(run).outcome == "passed"


def test_the_clean_up_closes_in_pieces_below_the_cap() -> None:
    orders: list[SubmitOrder] = []

    async def run(stand: Stand) -> str:
        capped(stand, 1_000)
        await hold(stand, 2_500)
        await stand.clean()
        assert not await stand.position()
        return "clean"

    assert tried(run, disguise=lambda inner: Watched(inner, orders)).outcome == "passed"
    assert len(orders) == 3
    assert all(order.reduce_only and order.size * order.limit_price <= 1_000 for order in orders)


def test_a_position_that_was_there_before_is_left_alone_where_there_is_money_and_closed_on_a_simulator() -> None:
    async def run(stand: Stand) -> str:
        held, levers = await hold(stand, 500), stand.levers
        stand.levers = None
        with pytest.raises(NotFlat, match=f"the account holds {held} {ASSET}"):
            await stand.require_flat()
        assert await stand.position() == held
        stand.levers = levers
        await stand.require_flat()
        assert not await stand.position()
        return "left alone"

    assert tried(run).outcome == "passed"


def test_who_leaves_says_what_may_be_left() -> None:
    async def run(stand: Stand) -> str:
        await hold(stand, 500)
        capped(stand, "0.0001")
        await stand.leave()
        assert f"position in {ASSET}" in stand.left
        assert "above the cap" in stand.left
        capped(stand, 5_000)
        await stand.leave()
        assert stand.left == ""
        assert not await stand.position()
        return "said"

    assert tried(run).outcome == "passed"


def test_two_orders_of_a_run_never_share_an_id() -> None:
    async def run(stand: Stand) -> str:
        ids = [stand.next_id() for _ in range(50)] + [stand.order(Side.BUY, Decimal(1)).order_id]
        assert len(dict.fromkeys(ids)) == 51
        return "all differ"

    assert tried(run).outcome == "passed"
