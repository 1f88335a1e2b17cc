"""The venue's own SDK client against the simulated venue: a third pair of eyes on the wire.

Most of it without sockets; the last tests over the loopback server, the SDK's blocking client in a thread of its own.
"""

from __future__ import annotations

import itertools
import json
import queue
import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import trio

from engine.simulators.hyperliquid import HyperliquidFace
from engine.simulators.server import Control, LoopbackServer
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.transport import HttpRequest
from tests.engine.venues.dialogue import StillMarket
from tests.engine.venues.hyperliquid.world import MIDS, make_exchange

KEY = "0x" + "44" * 32


class _Answer:
    def __init__(self, response: Any) -> None:
        self.status_code, self.text = response.status, response.body.decode()
        self.headers = dict(response.headers)

    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's `Exchange`, its requests carried straight to a face; two in one millisecond are told apart."""
    import requests
    from eth_account import Account
    from hyperliquid.exchange import Exchange

    wallet = Account.from_key(KEY)
    exchange = make_exchange()
    exchange.open_account(wallet.address.lower(), Decimal(10_000))
    face = HyperliquidFace(exchange, StillMarket(MIDS), {wallet.address: wallet.address})
    face.advance(time.time_ns())

    def post(_session: Any, url: str, **sent: Any) -> _Answer:
        body = json.dumps(sent["json"]).encode()
        path = url.removeprefix("http://simulated")
        return _Answer(face.http(time.time_ns(), HttpRequest(method="POST", path=path, body=body)))

    nonces = itertools.count(time.time_ns() // 1_000_000)
    monkeypatch.setattr(requests.Session, "post", post)
    monkeypatch.setattr("hyperliquid.exchange.get_timestamp_ms", lambda: next(nonces))
    return Exchange(wallet, "http://simulated", account_address=wallet.address)


def statuses(reply: Any) -> Any:
    return reply["response"]["data"]["statuses"]


def test_sdk_places_modifies_and_cancels(desk: Any):
    from hyperliquid.utils.types import Cloid

    cloid = Cloid.from_int(1)
    terms = {"limit": {"tif": "Gtc"}}
    oid = statuses(desk.order("BTC", True, 0.01, 59000, terms, cloid=cloid))[0]["resting"]["oid"]
    assert desk.info.query_order_by_cloid(desk.account_address, cloid)["order"]["status"] == "open"
    moved = statuses(desk.modify_order(oid, "BTC", True, 0.01, 58000, terms))[0]["resting"]["oid"]
    assert [each["oid"] for each in desk.info.open_orders(desk.account_address)] == [moved]
    assert statuses(desk.cancel("BTC", moved)) == ["success"]
    statuses(desk.order("SOL", False, 1, 120, {"limit": {"tif": "Alo"}}, cloid=cloid.from_int(2)))
    assert statuses(desk.cancel_by_cloid("SOL", cloid.from_int(2))) == ["success"]


def test_sdk_opens_and_closes_at_market(desk: Any):
    assert desk.update_leverage(3, "BTC")["status"] == "ok"
    assert statuses(desk.market_open("BTC", True, 0.01))[0]["filled"]["totalSz"] == "0.01"
    position = desk.info.user_state(desk.account_address)["assetPositions"][0]["position"]
    assert (position["szi"], position["leverage"]["value"]) == ("0.01", 3)
    assert statuses(desk.market_close("BTC"))[0]["filled"]["totalSz"] == "0.01"
    fills = desk.info.user_fills_by_time(desk.account_address, 0)
    assert [fill["dir"] for fill in fills] == ["Open Long", "Close Long"]


def test_sdk_reads_markets_and_its_errors(desk: Any):
    from hyperliquid.utils.error import ClientError

    meta, contexts = desk.info.meta_and_asset_ctxs()
    assert [asset["name"] for asset in meta["universe"]] == ["BTC", "SOL"]
    assert contexts[0]["oraclePx"] == "60000.0"
    assert len(desk.info.l2_snapshot("BTC")["levels"]) == 2
    assert desk.schedule_cancel(None)["status"] == "err"
    with pytest.raises(ClientError):
        desk.info.post("/info", {"type": "boom422"})


# --- over sockets ------------------------------------------------------------------------------------------


async def served(use: Callable[[str, Any], None]) -> None:
    """Let `use` talk to a served venue from a thread, in real time and within bounds."""
    from eth_account import Account

    wallet = Account.from_key(KEY)
    exchange = make_exchange()
    exchange.open_account(wallet.address.lower(), Decimal(10_000))
    face = HyperliquidFace(exchange, StillMarket(MIDS), {wallet.address: wallet.address})
    pace = Pace(quiet_step_s=0.2, busy_step_s=0.1, latency_least_s=0, latency_most_s=0.002)
    venue = SimulatedVenue(face, time.time_ns, pace, random.Random(1))
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(venue.run)
            address = await nursery.start(LoopbackServer(venue, Control(venue, wallet.address.lower())).run)
            await trio.to_thread.run_sync(use, f"http://{address}", wallet, abandon_on_cancel=True)
            nursery.cancel_scope.cancel()


async def test_sdk_trades_over_sockets() -> None:
    from hyperliquid.exchange import Exchange

    def trade(url: str, wallet: Any) -> None:
        desk = Exchange(wallet, url, account_address=wallet.address)
        post_only, ioc = {"limit": {"tif": "Alo"}}, {"limit": {"tif": "Ioc"}}
        oid = statuses(desk.order("BTC", True, 0.01, 59000, post_only))[0]["resting"]["oid"]
        assert [order["oid"] for order in desk.info.open_orders(wallet.address)] == [oid]
        assert statuses(desk.cancel("BTC", oid)) == ["success"]
        assert "error" in statuses(desk.order("BTC", True, 0.01, 61000, post_only))[0]
        assert statuses(desk.order("BTC", True, 0.01, 60100, ioc))[0]["filled"]["totalSz"] == "0.01"
        assert statuses(desk.market_open("SOL", False, 2))[0]["filled"]["totalSz"] == "2.0"
        held = {each["position"]["coin"]: each["position"]["szi"] for each in _state(desk)}
        assert held == {"BTC": "0.01", "SOL": "-2.0"}
        for coin in held:
            statuses(desk.market_close(coin))
        assert _state(desk) == []

    await served(trade)


def _state(desk: Any) -> list[Any]:
    return list(desk.info.user_state(desk.account_address)["assetPositions"])


async def test_sdk_subscribes_over_sockets() -> None:
    from hyperliquid.exchange import Exchange
    from hyperliquid.info import Info

    def listen(url: str, wallet: Any) -> None:
        info = Info(url)
        try:
            heard: queue.Queue[dict[str, Any]] = queue.Queue()
            assert [asset["name"] for asset in info.meta()["universe"]] == ["BTC", "SOL"]
            for wish in ({"type": "bbo", "coin": "BTC"}, {"type": "l2Book", "coin": "SOL"}):
                info.subscribe(wish, heard.put)
            for kind in ("userFills", "orderUpdates"):
                info.subscribe({"type": kind, "user": wallet.address}, heard.put)
            first = {message["channel"]: message["data"] for message in (heard.get(timeout=10) for _ in range(3))}
            assert first["bbo"]["bbo"][0]["px"] == "59988.0"
            assert len(first["l2Book"]["levels"]) == 2
            assert first["userFills"]["isSnapshot"]
            desk = Exchange(wallet, url, account_address=wallet.address)
            assert statuses(desk.market_open("BTC", True, 0.01))[0]["filled"]["totalSz"] == "0.01"
            _until(heard, lambda said: said["channel"] == "orderUpdates" and said["data"][0]["status"] == "filled")
            fills = _until(heard, lambda said: said["channel"] == "userFills")["data"]["fills"]
            assert [(fill["coin"], fill["side"], fill["sz"]) for fill in fills] == [("BTC", "B", "0.01")]
        finally:
            info.disconnect_websocket()

    await served(listen)


def _until(heard: queue.Queue[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first message like this; what comes before it is put behind."""
    passed = []
    while True:
        said = heard.get(timeout=10)
        if wanted(said):
            for each in passed:
                heard.put(each)
            return said
        passed.append(said)
