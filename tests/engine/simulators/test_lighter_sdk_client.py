"""The venue's own SDK client against the simulated Lighter on a loopback port: a third pair of eyes on the wire."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import trio

from engine.simulators.exchange import Exchange
from engine.simulators.lighter import (
    LIGHTER_FEES,
    LIGHTER_RULES,
    FaceKnobs,
    LighterAccount,
    LighterFace,
    lighter_instrument,
)
from engine.simulators.server import Stall, serve
from engine.simulators.transport import Pace, SimulatedVenue
from tests.engine.simulators.lighter_desk import KEY, ME, StillMarket

CHAIN_ID = 300
AT_ONCE = FaceKnobs(taker_delay_ms=0, maker_delay_ms=0)
Dialogue = Callable[[Any, str], Awaitable[Any]]


def make_venue(public_key: str) -> SimulatedVenue:
    exchange = Exchange(
        rules=LIGHTER_RULES,
        instruments=(
            lighter_instrument("BTC", tick="0.1", lot="0.00001", max_leverage=50),
            lighter_instrument("ETH", tick="0.01", lot="0.0001", max_leverage=50),
        ),
        fees=LIGHTER_FEES,
    )
    account = LighterAccount(keys={KEY: public_key}, deposit_usd=Decimal(10_000))
    face = LighterFace(exchange, StillMarket(), {ME: account}, chain_id=CHAIN_ID, knobs=AT_ONCE)
    pace = Pace(quiet_step_s=0.05, busy_step_s=0.05, latency_least_s=0, latency_most_s=0)
    return SimulatedVenue(face, time.time_ns, pace, random.Random(1))


async def talk(dialogue: Dialogue) -> tuple[Any, SimulatedVenue]:
    """Let the SDK hold a dialogue in an event loop of its own, in a thread beside the server; seconds at most."""
    from lighter.signer_client import create_api_key

    private_key, public_key, error = create_api_key()
    assert error is None
    venue = make_venue(public_key)

    def hold(url: str) -> Any:
        return asyncio.run(asyncio.wait_for(with_signer(url, private_key, dialogue), 20))

    with trio.fail_after(25):
        async with trio.open_nursery() as nursery:
            (address,) = await nursery.start(serve, [Stall(venue=venue, account=str(ME))])
            said = await trio.to_thread.run_sync(hold, address.url)
            nursery.cancel_scope.cancel()
    return said, venue


async def with_signer(url: str, private_key: str, dialogue: Dialogue) -> Any:
    from lighter import SignerClient

    client = SignerClient(url=url, account_index=ME, api_private_keys={KEY: private_key}, chain_id=CHAIN_ID)
    try:
        return await dialogue(client, url)
    finally:
        await client.close()


async def order(client: Any, index: int, **fields: Any) -> Any:
    """A post-only buy of 0.1 BTC at 59,980.0 unless said otherwise."""
    made = {
        "market_index": 1,
        "client_order_index": index,
        "base_amount": 10_000,
        "price": 599_800,
        "is_ask": False,
        "order_type": client.ORDER_TYPE_LIMIT,
        "time_in_force": client.ORDER_TIME_IN_FORCE_POST_ONLY,
    }
    info, answer, error = await client.create_order(**(made | fields))
    assert error is None, error
    assert answer.code == 200
    return info


async def test_the_key_the_client_holds_is_the_one_registered() -> None:
    async def dialogue(client: Any, _url: str) -> Any:
        return await asyncio.to_thread(client.check_client)

    assert (await talk(dialogue))[0] is None


async def test_the_signer_places_cancels_and_sets_leverage_and_its_nonces_follow() -> None:
    async def dialogue(client: Any, _url: str) -> Any:
        _, answer, error = await client.update_leverage(1, client.CROSS_MARGIN_MODE, 4)
        assert (error, answer.code) == (None, 200)
        await order(client, 1)
        ioc = {"time_in_force": client.ORDER_TIME_IN_FORCE_IMMEDIATE_OR_CANCEL, "order_expiry": 0}
        await order(client, 2, price=601_000, **ioc)
        for index in (3, 4):
            await order(client, index, price=599_000)
        _, answer, error = await client.cancel_order(market_index=1, order_index=1)
        assert (error, answer.code) == (None, 200)
        token, error = client.create_auth_token_with_expiry(api_key_index=KEY)
        assert error is None
        before = await client.order_api.account_active_orders(account_index=ME, authorization=token)
        _, answer, error = await client.cancel_all_orders(client.CANCEL_ALL_TIF_IMMEDIATE, 0)
        assert (error, answer.code) == (None, 200)
        after = await client.order_api.account_active_orders(account_index=ME, authorization=token)
        done = await client.order_api.account_inactive_orders(account_index=ME, limit=10, authorization=token)
        nonce = await client.tx_api.next_nonce(account_index=ME, api_key_index=KEY)
        return before, after, done, nonce

    (before, after, done, nonce), venue = await talk(dialogue)
    assert [each.client_order_index for each in before.orders] == [3, 4]
    assert (after.orders, nonce.nonce) == ([], 7)
    assert {each.client_order_index: each.status for each in done.orders} == {
        1: "canceled",
        2: "filled",
        3: "canceled",
        4: "canceled",
    }
    exchange = venue.face.exchange
    assert exchange.leverage(str(ME), "BTC") == 4
    position = exchange.position(str(ME), "BTC")
    assert position is not None
    assert position.size == Decimal("0.1")


async def test_the_client_opens_and_closes_at_market_with_its_own_slippage() -> None:
    async def dialogue(client: Any, _url: str) -> Any:
        for index, is_ask, reduce_only in ((1, False, False), (2, True, True)):
            _, answer, error = await client.create_market_order_limited_slippage(
                1, index, 10_000, 0.01, is_ask, reduce_only
            )
            assert (error, answer.code) == (None, 200)
        token, _ = client.create_auth_token_with_expiry(api_key_index=KEY)
        return await client.order_api.trades(sort_by="timestamp", limit=10, account_index=ME, authorization=token)

    said, venue = await talk(dialogue)
    assert [each.is_maker_ask for each in said.trades] == [False, True]
    assert not venue.face.exchange.holds(str(ME))


async def test_a_refused_nonce_is_fetched_anew_and_the_next_order_goes_through() -> None:
    async def dialogue(client: Any, _url: str) -> Any:
        await order(client, 1)
        client.nonce_manager.nonce[KEY] += 3
        refused = await client.create_order(1, 2, 10_000, 599_800, False, 0, 2)
        await order(client, 3)
        _, _, twice = await client.create_order(1, 3, 10_000, 599_800, False, 0, 2)
        return refused[2], twice

    (refused, twice), _ = await talk(dialogue)
    assert "code=21104" in refused
    assert "code=21728" in twice


async def test_the_client_reads_account_books_and_rates() -> None:
    import lighter

    async def dialogue(client: Any, _url: str) -> Any:
        await order(client, 1)
        account = lighter.AccountApi(client.api_client)
        candles = lighter.CandlestickApi(client.api_client)
        now_s = int(time.time())
        return (
            await account.account(by="index", value=str(ME)),
            await account.apikeys(account_index=ME, api_key_index=255),
            await client.order_api.order_books(),
            await client.order_api.order_book_details(market_id=1),
            await client.order_api.order_book_orders(market_id=1, limit=20),
            await client.order_api.exchange_stats(),
            await lighter.FundingApi(client.api_client).funding_rates(),
            await candles.fundings(1, "1h", now_s - 7200, now_s, 10),
            await lighter.RootApi(client.api_client).status(),
        )

    said, _ = await talk(dialogue)
    account, keys, books, details, orders, _stats, rates, _fundings, status = said
    assert account.accounts[0].total_order_count == 1
    assert keys.api_keys[0].nonce == 1
    assert [(each.symbol, each.market_id) for each in books.order_books] == [("BTC", 1), ("ETH", 0)]
    assert details.order_book_details[0].price_decimals == 1
    assert (orders.bids[0].price, orders.bids[1].price, orders.asks[0].price) == ("59988.0", "59980.0", "60012.0")
    assert {each.exchange for each in rates.funding_rates} == {"lighter"}
    assert status.status == 200


async def test_every_kind_of_transaction_is_known_by_the_hash_the_library_gave() -> None:
    async def dialogue(client: Any, _url: str) -> Any:
        await order(client, 1)
        schedule = int(time.time() * 1000) + 600_000
        own = {"api_key_index": KEY}
        signed = [
            client.sign_update_leverage(1, 500, 0, nonce=1, **own),
            client.sign_create_order(1, 2, 10_000, 599_000, False, 0, 2, skip_nonce=1, nonce=2, **own),
            client.sign_cancel_order(1, 1, nonce=3, **own),
            client.sign_cancel_all_orders(client.CANCEL_ALL_TIF_SCHEDULED, schedule, nonce=4, **own),
            client.sign_cancel_all_orders(client.CANCEL_ALL_TIF_ABORT, 0, nonce=5, **own),
            client.sign_cancel_all_orders(client.CANCEL_ALL_TIF_IMMEDIATE, 0, 1, nonce=6, **own),
        ]
        said = []
        for tx_type, info, tx_hash, error in signed[:3]:
            assert error is None
            said.append(((await client.send_tx(tx_type, info)).tx_hash, tx_hash))
        kinds, infos, hashes, _ = zip(*signed[3:], strict=True)
        batch = await client.send_tx_batch(list(kinds), list(infos))
        found = await client.tx_api.tx(by="hash", value=signed[2][2])
        return [*said, *zip(batch.tx_hash, hashes, strict=True)], found

    (pairs, found), _ = await talk(dialogue)
    assert len(pairs) == 6
    assert [theirs for theirs, _ in pairs] == [ours for _, ours in pairs]
    assert (found.status, json.loads(found.info)["Index"]) == (2, 1)


async def told(running: asyncio.Task[None], enough: Callable[[], bool]) -> None:
    """Until the client has heard enough; its failure is ours."""
    while not enough():
        if running.done():
            running.result()
        await asyncio.sleep(0.01)


async def test_the_stream_client_keeps_a_book_and_an_account() -> None:
    import lighter

    async def dialogue(client: Any, url: str) -> Any:
        books: list[Any] = []
        accounts: list[Any] = []
        stream = lighter.WsClient(
            ws_url=url.replace("http", "ws") + "/stream",
            order_book_ids=[1],
            account_ids=[ME],
            on_order_book_update=lambda _market, book: books.append(json.loads(json.dumps(book))),
            on_account_update=lambda _account, state: accounts.append(state),
        )
        running = asyncio.create_task(stream.run_async())
        await told(running, lambda: bool(books and accounts))
        await client.create_market_order_limited_slippage(1, 1, 100_000, 0.01, False)
        await told(running, lambda: len(books) > 1 and len(accounts) > 1)
        await stream.ws.close()
        await running
        return books, accounts

    (books, accounts), _ = await talk(dialogue)
    assert {"price": "60012.0", "size": "1.00000"} in books[0]["asks"]
    assert "60012.0" not in [level["price"] for level in books[1]["asks"]]
    assert accounts[1]["positions"]["1"]["position"] == "1.00000"
    assert accounts[1]["trades"]["1"][0]["size"] == "1.00000"
