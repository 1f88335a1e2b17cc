"""The venue's own SDK client, on bare trio, against the simulated venue: a third pair of eyes on the wire."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio

from engine.venues.transport import HttpRequest
from tests.engine.simulators.drift_world import NS_PER_S, START_NS, D, Desk, events, order, word

warnings.filterwarnings("ignore", module="driftpy")
SLOT_S = 0.4


class FaceTransport(httpx.AsyncBaseTransport):
    """HTTP without sockets: every request goes to the face, at the virtual clock's time."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._started_s = desk, trio.current_time()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        self._desk.now_ns = START_NS + int((trio.current_time() - self._started_s) * NS_PER_S)
        self._desk.face.advance(self._desk.now_ns)
        asked = HttpRequest(method="POST", path="/rpc", body=request.content)
        answer = self._desk.face.http(self._desk.now_ns, asked)
        return httpx.Response(answer.status, content=answer.body, headers=list(answer.headers))


@asynccontextmanager
async def client(desk: Desk, **options: Any) -> AsyncIterator[Any]:
    """The SDK's client with its cached subscription. What it does with asyncio is replaced: two waits and a gather."""
    from driftpy.account_subscription_config import AccountSubscriptionConfig
    from driftpy.address_lookup_table import get_address_lookup_table
    from driftpy.drift_client import DriftClient
    from driftpy.tx.standard_tx_sender import StandardTxSender
    from driftpy.tx.types import TxSigAndSlot
    from driftpy.types import OracleInfo, OracleSource, TxParams
    from solana.rpc.async_api import AsyncClient
    from solana.rpc.commitment import Confirmed
    from solana.rpc.types import TxOpts
    from solders.pubkey import Pubkey
    from solders.transaction_status import TransactionConfirmationStatus

    class Sender(StandardTxSender):
        async def send(self, tx: Any) -> Any:
            sent = await self.send_no_confirm(tx)
            with trio.fail_after(60):
                while True:
                    statuses = await self.connection.get_signature_statuses([sent.tx_sig])
                    found = statuses.value[0]
                    if found is not None and found.err is not None:
                        raise RuntimeError(found.err)
                    if found is not None and found.confirmation_status != TransactionConfirmationStatus.Processed:
                        return TxSigAndSlot(sent.tx_sig, statuses.context.slot)
                    await trio.sleep(SLOT_S)

    class Client(DriftClient):
        async def fetch_market_lookup_table_accounts(self) -> Any:
            tables = [await get_address_lookup_table(self.connection, each) for each in self.market_lookup_tables or ()]
            self.market_lookup_table_accounts = tables
            return tables

    connection = AsyncClient(options.get("url", "http://simulated"), commitment=Confirmed)
    connection._provider.session = options.get("session") or httpx.AsyncClient(transport=FaceTransport(desk))
    preflight = options.get("skip_preflight", True)
    opts = TxOpts(skip_confirmation=False, skip_preflight=preflight, preflight_commitment=Confirmed)
    feeds = desk.face.addresses.oracles.values()
    oracles = [OracleInfo(Pubkey.from_string(each), OracleSource.PythLazer()) for each in feeds]
    sdk = Client(
        connection,
        desk.keys,
        "mainnet",
        opts=opts,
        account_subscription=AccountSubscriptionConfig("cached"),
        perp_market_indexes=[0, 1],
        spot_market_indexes=[0],
        oracle_infos=oracles,
        tx_sender=Sender(connection, opts, Confirmed),
        tx_params=TxParams(400_000, 10_000),
    )
    await sdk.subscribe()  # type: ignore[no-untyped-call]
    try:
        yield sdk
    finally:
        await connection.close()


async def refreshed(sdk: Any) -> Any:
    """The user as the chain has it now."""
    await sdk.account_subscriber.fetch()
    user = sdk.get_user()
    await user.account_subscriber.fetch()
    return user


async def test_the_sdk_subscribes_and_reads_markets_oracles_and_collateral(autojump_clock: object) -> None:
    desk = Desk()
    async with client(desk) as sdk:
        market = sdk.get_perp_market_account(1)
        assert bytes(market.name).decode().strip() == "BTC-PERP"
        assert sdk.get_oracle_price_data_for_perp_market(1).price == 60_000_000_000
        assert sdk.get_oracle_price_data_for_spot_market(0).price == 1_000_000
        assert sdk.get_user().get_free_collateral() == 10_000_000_000


async def test_the_sdk_trades_and_its_figures_are_the_exchange_s(autojump_clock: object) -> None:
    desk = Desk()
    async with client(desk) as sdk:
        taken = await sdk.place_and_take_perp_order(order(price="151", size="20", ioc=True))
        user = await refreshed(sdk)
        view = desk.exchange.account_view(desk.account)
        assert view is not None
        assert user.get_perp_position(0).base_asset_amount == 20 * 10**9
        assert user.get_unrealized_pnl() == pytest.approx(float((view.equity_usd - 10_000) * 10**6), abs=5)
        assert user.get_total_collateral() == pytest.approx(float(view.equity_usd * 10**6), abs=5)
        assert user.get_leverage() == pytest.approx(float(view.notional_usd / view.equity_usd * 10_000), abs=2)
        told = desk.told(str(taken))
        assert [word(each) for each in events(told)] == ["Place", "OrderRecord", "Fill", "Fill"]


async def test_the_sdk_places_cancels_and_settles(autojump_clock: object) -> None:
    from driftpy.types import MarketType, PostOnlyParams

    desk = Desk()
    async with client(desk) as sdk:
        for number, price in ((7, "149"), (8, "148"), (9, "147")):
            params = order(price=price, user_order_id=number)
            params.post_only = PostOnlyParams.MustPostOnly()
            await sdk.place_perp_order(params)
        user = await refreshed(sdk)
        assert [each.user_order_id for each in user.get_open_orders()] == [7, 8, 9]
        await sdk.cancel_order_by_user_id(8)
        await sdk.cancel_order(1)
        user = await refreshed(sdk)
        assert [each.user_order_id for each in user.get_open_orders()] == [9]
        await sdk.cancel_orders(MarketType.Perp(), 0, None)
        user = await refreshed(sdk)
        assert user.get_open_orders() == []
        await sdk.place_and_take_perp_order(order(price="151", ioc=True))
        user = await refreshed(sdk)
        await sdk.settle_pnl(user.user_public_key, user.get_user_account(), 0)
        user = await refreshed(sdk)
        assert user.get_perp_position(0).settled_pnl == -30_000 - 52_510
        assert user.get_perp_position(0).quote_asset_amount == -150_000_000


async def test_the_sdk_sees_funding_it_is_owed(autojump_clock: object) -> None:
    desk = Desk()
    async with client(desk) as sdk:
        await sdk.place_and_take_perp_order(order(price="149", buy=False, size="10", ioc=True))
        desk.exchange.force_funding_rate("SOL-PERP", D("0.0001"))
        await trio.sleep(3600)
        user = await refreshed(sdk)
        assert user.get_unrealized_funding_pnl() == 150_000
        paid = desk.exchange.funding_paid_since(desk.account, 0)
        assert [each.amount_usd for each in paid] == [D("0.15")]


async def test_the_sdk_s_preflight_is_refused_by_the_program_s_number(autojump_clock: object) -> None:
    from solana.rpc.core import RPCException

    desk = Desk()
    async with client(desk, skip_preflight=False) as sdk:
        with pytest.raises(RPCException, match="0x17a9"):
            await sdk.place_perp_order(order(price="151", post_only="MustPostOnly"))
        desk.face.pause()
        with pytest.raises(RPCException, match="0x1788"):
            await sdk.place_perp_order(order(price="149"))
