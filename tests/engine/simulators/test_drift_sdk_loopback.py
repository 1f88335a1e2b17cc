"""The venue's own SDK client against the simulated Drift on a loopback port: the whole way, over real sockets."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio
import trio.testing
from solana.exceptions import SolanaRpcException

from engine.simulators.faults import FaultPlan, FaultRule, ResetBefore, Traffic
from engine.simulators.server import Stall, serve
from engine.simulators.transport import Pace, SimulatedVenue
from tests.engine.simulators.drift_world import START_NS, Desk, order
from tests.engine.simulators.plain import now_ns, patient_clock
from tests.engine.simulators.test_drift_sdk_client import client, refreshed

clock = patient_clock
PACE = Pace(quiet_step_s=0.4, busy_step_s=0.4, latency_least_s=0, latency_most_s=0)


@asynccontextmanager
async def served(desk: Desk, plan: FaultPlan | None = None) -> AsyncIterator[str]:
    """The URL of its node."""
    venue = SimulatedVenue(desk.face, lambda: START_NS + now_ns(), PACE, random.Random(1), plan)
    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(serve, [Stall(venue=venue, account=desk.account)])
        yield f"{address.url}/rpc"
        nursery.cancel_scope.cancel()


def session() -> httpx.AsyncClient:
    """The SDK's own HTTP client, without the environment's proxies."""
    return httpx.AsyncClient(trust_env=False, timeout=10)


async def test_the_sdk_rests_cancels_takes_and_settles_over_sockets(clock: trio.testing.MockClock) -> None:
    desk = Desk()
    async with served(desk) as url, client(desk, url=url, session=session()) as sdk:
        assert sdk.get_oracle_price_data_for_perp_market(1).price == 60_000_000_000
        await sdk.place_perp_order(order(price="149", user_order_id=7, post_only="MustPostOnly"))
        user = await refreshed(sdk)
        assert [each.user_order_id for each in user.get_open_orders()] == [7]
        assert len(desk.exchange.open_orders(desk.account)) == 1
        await sdk.cancel_order_by_user_id(7)
        await sdk.place_and_take_perp_order(order(price="151", size="2", ioc=True))
        user = await refreshed(sdk)
        assert user.get_open_orders() == []
        assert user.get_perp_position(0).base_asset_amount == 2 * 10**9
        await sdk.settle_pnl(user.user_public_key, user.get_user_account(), 0)
        user = await refreshed(sdk)
        assert user.get_perp_position(0).settled_pnl < 0
        view = desk.exchange.account_view(desk.account)
        assert view is not None
        assert [float(position.size) for position in view.positions] == [2]
        assert user.get_total_collateral() == pytest.approx(float(view.equity_usd * 10**6), abs=5)


async def test_a_transaction_whose_connection_is_reset_before_the_node_read_it_is_not_there(
    clock: trio.testing.MockClock,
) -> None:
    rule = FaultRule(
        name="reset", traffic=Traffic.HTTP, match="/rpc", contains="sendTransaction", fault=ResetBefore(), nth=(1,)
    )
    desk = Desk()
    async with served(desk, FaultPlan(rules=(rule,))) as url, client(desk, url=url, session=session()) as sdk:
        with pytest.raises(SolanaRpcException):
            await sdk.place_and_take_perp_order(order(price="151", size="2", ioc=True))
        user = await refreshed(sdk)
        held = user.get_perp_position(0)
        assert held is None or not held.base_asset_amount
        await sdk.place_and_take_perp_order(order(price="151", size="2", ioc=True))
        assert (await refreshed(sdk)).get_perp_position(0).base_asset_amount == 2 * 10**9
