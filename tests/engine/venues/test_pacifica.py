"""Whatever is lost, doubled, turned round or cut: afterwards our books are the venue's."""

import random
from collections import Counter

import pytest

from actors.commands import CancelOrder, QueryOrder
from actors.domain import Side, TimeInForce, Venue
from actors.messages import OrderDone, OrderFilled, OrderRejected, OrderUnknown
from engine.simulators.faults import (
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    FaultRule,
    Hold,
    Status,
    Traffic,
)
from engine.venues.pacifica.codec import client_id
from tests.engine.venues.pacifica.world import SIGNER, D, World

TROUBLE_S = 120


def rules():
    on_requests = ((DropResponse(), 0.15), (DropRequest(), 0.1), (Status(status=500), 0.1), (Duplicate(), 0.1))
    on_frames = ((DropFrame(), 0.15), (Duplicate(), 0.15), (Hold(), 0.15), (Disconnect(refuse_s=2), 0.02))
    for traffic, match, faults in (
        (Traffic.HTTP, "*/orders/*", on_requests),
        (Traffic.FRAME, "account_*", on_frames),
    ):
        for fault, chance in faults:
            yield FaultRule(
                name=f"{match} {type(fault).__name__}",
                traffic=traffic,
                match=match,
                probability=chance,
                to_s=TROUBLE_S,
                fault=fault,
            )


async def trade(world, rng):
    """Twelve random orders, some cancelled, while the market wanders."""
    orders = []
    while len(orders) < 12:
        world.market.mids["BTC"] = D(rng.randint(59_800, 60_200))
        await world.after(rng.uniform(0.2, 3))
        side = rng.choice(list(Side))
        tif = rng.choice([TimeInForce.IOC, TimeInForce.POST_ONLY])
        reach = rng.randint(-20, 300) if tif is TimeInForce.IOC else rng.randint(-60, 10)
        order = world.order(
            side=side,
            price=str(world.market.mids["BTC"] + side.sign * reach),
            size=str(D(rng.randint(1, 1200)) / 1000),
            tif=tif,
        )
        orders.append(order)
        await world.perform(order)
        if rng.random() < 0.3:
            await world.perform(CancelOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id))
    return orders


@pytest.mark.parametrize("seed", range(8))
async def test_after_the_trouble_our_books_are_the_venues(autojump_clock, seed):
    world = World(*rules(), fault_seed=seed)
    async with world.running():
        orders = await trade(world, random.Random(seed))
        await world.after(TROUBLE_S + 60 - (world.now_ns() - world.start_ns) / 1e9)
        last = {}
        for order in orders:
            query = QueryOrder(venue=Venue.PACIFICA, asset="BTC", order_id=order.order_id)
            told = await world.perform(query)
            last[order.order_id] = told[-1] if told else None
        fills = world.of(OrderFilled)
        assert max(Counter(fill.fill_id for fill in fills).values(), default=1) == 1
        for order in orders:
            order_id = order.order_id
            view = world.exchange.order_by_client_id(SIGNER.account, client_id(order_id))
            filled = sum((fill.size for fill in fills if fill.order_id == order_id), D(0))
            assert filled == (0 if view is None else view.filled), f"seed {seed}"
            word = last[order_id]
            if view is None:
                refused = any(m.order_id == order_id for m in world.of(OrderRejected))
                assert refused or isinstance(word, OrderUnknown), f"seed {seed}"
            elif isinstance(word, OrderDone):
                assert word.filled == view.filled, f"seed {seed}"
                assert order_id not in [o.client_order_id for o in world.exchange.open_orders(SIGNER.account)]
