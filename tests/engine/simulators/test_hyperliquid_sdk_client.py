"""The venue's own SDK client against the simulated venue: a third pair of eyes on the wire."""

from __future__ import annotations

import itertools
import json
import time
from decimal import Decimal
from typing import Any

import pytest

from engine.simulators.hyperliquid import HyperliquidFace
from engine.venues.transport import HttpRequest
from tests.engine.venues.hyperliquid.world import StillMarket, make_exchange

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
    face = HyperliquidFace(exchange, StillMarket(), {wallet.address: wallet.address})
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
