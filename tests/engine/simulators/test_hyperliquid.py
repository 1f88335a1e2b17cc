"""The simulated Hyperliquid from its wire: its rules of signing, its refusals, its frames."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.simulators.hyperliquid import FaceKnobs, HyperliquidFace, limits
from engine.simulators.hyperliquid.verification import NonceWindows
from engine.venues.hyperliquid.signing import HyperliquidSigner
from engine.venues.transport import HttpRequest, HttpResponse
from tests.engine.venues.dialogue import HOUR_NS, START_NS, StillMarket
from tests.engine.venues.hyperliquid.world import ACCOUNT, MIDS, make_exchange

D = Decimal
NOW_MS = START_NS // 1_000_000
SECOND_NS = 1_000_000_000
SIGNER = HyperliquidSigner("0x" + "33" * 32, is_mainnet=False)
LIMIT = {"a": 0, "b": True, "p": "60012", "s": "0.1", "r": False, "t": {"limit": {"tif": "Ioc"}}}


class Desk:
    """A face, one connection, and a client that signs."""

    def __init__(self, *, is_mainnet: bool = False) -> None:
        self.market = StillMarket(MIDS)
        self.exchange = make_exchange()
        agents = {SIGNER.address: ACCOUNT, ACCOUNT: ACCOUNT}
        self.face = HyperliquidFace(self.exchange, self.market, agents, is_mainnet=is_mainnet)
        self.face.advance(START_NS)
        self.connection = self.face.connect(START_NS, "/ws")
        self.nonce = 0

    def post(self, path: str, body: Any, now_ns: int = START_NS) -> HttpResponse:
        payload = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.face.http(now_ns, HttpRequest(method="POST", path=path, body=payload))

    def ask(self, question: str, **fields: Any) -> Any:
        return json.loads(self.post("/info", {"type": question, **fields}).body)

    def signed(self, action: dict[str, Any], now_ms: int = NOW_MS, **more: Any) -> dict[str, Any]:
        self.nonce = max(now_ms, self.nonce + 1)
        signature = SIGNER._signature(action, self.nonce, more.get("expiresAfter"))
        return {"action": action, "nonce": self.nonce, "signature": msgspec.to_builtins(signature), **more}

    def act(self, action: dict[str, Any], **more: Any) -> Any:
        return json.loads(self.post("/exchange", self.signed(action, **more)).body)

    def order(self, **changes: Any) -> Any:
        reply = self.act({"type": "order", "orders": [{**LIMIT, **changes}], "grouping": "na"})
        return reply["response"]["data"]["statuses"][0]

    def hear(self, subscription: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        if subscription is not None:
            frame = msgspec.json.encode({"method": "subscribe", "subscription": subscription})
            self.face.receive(START_NS, self.connection, frame)
        return [json.loads(push.frame) for push in self.face.take_outbox() if push.frame]


def test_signature_of_the_other_network_is_of_an_unknown_wallet():
    reply = Desk(is_mainnet=True).act({"type": "noop"})
    assert reply["status"] == "err"
    assert reply["response"].startswith("User or API Wallet 0x")


def test_changed_action_recovers_an_unknown_wallet_and_garbage_none():
    desk = Desk()
    body = desk.signed({"type": "noop"})
    body["nonce"] += 1
    assert b"does not exist" in desk.post("/exchange", body).body
    body["signature"] = {"r": "0x0", "s": "0x0", "v": 99}
    assert b"Unable to recover signer" in desk.post("/exchange", body).body


def test_nonce_is_used_once_and_an_expired_action_is_refused():
    desk = Desk()
    body = desk.signed({"type": "noop"})
    assert json.loads(desk.post("/exchange", body).body)["status"] == "ok"
    assert b"duplicate nonce" in desk.post("/exchange", body).body
    late = desk.signed({"type": "noop"}, expiresAfter=NOW_MS - 1)
    assert json.loads(desk.post("/exchange", late).body)["response"] == "Action already expired"


def test_only_the_hundred_highest_nonces_are_kept():
    windows = NonceWindows()
    for nonce in range(1000, 1101):
        assert windows.refuse("a", nonce, 1000) is None
    assert windows.refuse("a", 1000, 1000) == "Invalid nonce: nonce too low 1000 < 1001"
    assert windows.refuse("a", 1050, 1000) == "Invalid nonce: duplicate nonce 1050"
    assert windows.refuse("b", 1000, 1000) is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"p": "60012.5"}, "Price must be divisible by tick size. asset=0"),
        ({"s": "0.000001"}, "Order has invalid size."),
        ({"s": "0.0001"}, "Order must have minimum value of $10. asset=0"),
        ({"p": "59000"}, "Order could not immediately match against any resting orders. asset=0"),
        ({"r": True}, "Reduce only order would increase position. asset=0"),
        ({"s": "40", "p": "61000"}, "Insufficient margin to place order. asset=0"),
        (
            {"t": {"limit": {"tif": "Alo"}}},
            "Post only order would have immediately matched, bbo was 59988.0@60012.0. asset=0",
        ),
    ],
)
def test_orders_are_refused_in_the_venues_words(changes: dict[str, Any], text: str):
    assert Desk().order(**changes) == {"error": text}


def test_bodies_the_venue_cannot_read_are_plain_text_errors():
    desk = Desk()
    assert desk.post("/info", b"{").status == 400
    assert desk.post("/info", {"type": "nothing"}).status == 422
    assert desk.post("/info", {"type": "fundingHistory", "coin": "NOPE", "startTime": 0}).body == b"null"
    assert desk.post("/exchange", {"action": {"type": "order"}}).status == 422
    assert desk.post("/exchange", desk.signed({"type": "order", "orders": [{"a": 0}]})).status == 422
    assert desk.face.http(START_NS, HttpRequest(method="GET", path="/info")).status == 405


def test_ioc_fills_and_is_told_to_every_subscriber_in_the_venues_form():
    desk = Desk()
    for kind in ("orderUpdates", "userFills", "userEvents", "clearinghouseState"):
        desk.hear({"type": kind, "user": ACCOUNT})
    cloid = "0x" + "1" * 32
    status = desk.order(c=cloid)["filled"]
    assert (status["totalSz"], status["avgPx"], status["cloid"]) == ("0.1", "60012.0", cloid)
    frames = {frame["channel"]: frame["data"] for frame in desk.hear()}
    assert list(frames) == ["orderUpdates", "userFills", "user", "clearinghouseState"]
    (fill,) = frames["userFills"]["fills"]
    assert (fill["px"], fill["dir"], fill["fee"], fill["startPosition"]) == ("60012.0", "Open Long", "2.70054", "0.0")
    (update,) = frames["orderUpdates"]
    assert (update["status"], update["order"]["sz"], update["order"]["origSz"]) == ("filled", "0.0", "0.1")
    assert desk.ask("orderStatus", user=ACCOUNT, oid=cloid)["order"]["status"] == "filled"
    assert desk.ask("orderStatus", user=ACCOUNT, oid=7777) == {"status": "unknownOid"}


def test_position_and_margin_read_as_the_venue_writes_them():
    desk = Desk()
    desk.order()
    state = desk.ask("clearinghouseState", user=ACCOUNT, dex="")
    (held,) = state["assetPositions"]
    assert (held["type"], held["position"]["szi"], held["position"]["entryPx"]) == ("oneWay", "0.1", "60012.0")
    assert held["position"]["leverage"] == {"type": "cross", "value": 20}
    assert D(state["marginSummary"]["totalMarginUsed"]) == 300
    assert desk.ask("clearinghouseState", user="0x" + "0" * 40)["assetPositions"] == []


def test_leverage_is_changed_and_told():
    desk = Desk()
    ask = {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 3}
    assert desk.act(ask) == {"status": "ok", "response": {"type": "default"}}
    assert desk.ask("activeAssetData", user=ACCOUNT, coin="BTC")["leverage"]["value"] == 3
    assert desk.act({**ask, "leverage": 41}) == {"status": "err", "response": "Invalid leverage value"}


def test_orders_rest_are_modified_and_cancelled():
    desk = Desk()
    resting = {"p": "59000", "t": {"limit": {"tif": "Gtc"}}}
    oid = desk.order(**resting)["resting"]["oid"]
    modify = {"oid": oid, "order": {**LIMIT, **resting, "p": "58000"}}
    reply = desk.act({"type": "batchModify", "modifies": [modify]})
    replaced = reply["response"]["data"]["statuses"][0]["resting"]["oid"]
    assert [each["oid"] for each in desk.ask("openOrders", user=ACCOUNT, dex="")] == [replaced]
    for statuses in (["success"], [{"error": "Order was never placed, already canceled, or filled. asset=0"}]):
        reply = desk.act({"type": "cancel", "cancels": [{"a": 0, "o": replaced}]})
        assert reply["response"] == {"type": "cancel", "data": {"statuses": statuses}}


def test_funding_is_settled_at_the_hour_on_the_oracle_price():
    desk = Desk()
    desk.order()
    desk.hear({"type": "userFundings", "user": ACCOUNT})
    desk.face.advance(START_NS + HOUR_NS)
    (told,) = [f["data"]["fundings"] for f in desk.hear() if f["channel"] == "userFundings"]
    (row,) = desk.ask("userFunding", user=ACCOUNT, startTime=0, endTime=None)
    assert told[0]["usdc"] == row["delta"]["usdc"] == "-0.075"
    assert 0 < row["time"] - (NOW_MS + 3_600_000) < 119
    assert desk.ask("fundingHistory", coin="BTC", startTime=0)[0]["fundingRate"] == "0.0000125"


def test_adl_reads_as_the_recorded_one():
    desk = Desk()
    desk.order()
    desk.hear({"type": "userFills", "user": ACCOUNT})
    desk.face.publish(START_NS, desk.exchange.deleverage(START_NS, ACCOUNT, "BTC", D("0.05")))
    (fill,) = next(frame["data"]["fills"] for frame in desk.hear() if frame["channel"] == "userFills")
    assert (fill["dir"], fill["fee"], fill["crossed"]) == ("Auto-Deleveraging", "0.0", True)
    assert fill["liquidation"]["method"] == "backstop"
    assert "cloid" not in fill


def test_feeds_speak_when_something_changed_and_not_before():
    desk = Desk()
    subscriptions = [{"type": kind, "coin": "BTC"} for kind in ("bbo", "activeAssetCtx")]
    for subscription in subscriptions:
        assert [f["channel"] for f in desk.hear(subscription)] == ["subscriptionResponse", subscription["type"]]
    desk.face.advance(START_NS + SECOND_NS)
    desk.hear()
    desk.face.advance(START_NS + 2 * SECOND_NS)
    assert desk.hear() == []
    desk.market.mids["BTC"] = D(60_100)
    desk.face.advance(START_NS + 3 * SECOND_NS)
    assert sorted(frame["channel"] for frame in desk.hear()) == ["activeAssetCtx", "bbo"]


def test_whole_books_come_every_five_seconds_and_before_the_touch_of_their_moment():
    """WS profile, 2026-09-24: 20 levels every 5.4 s or so, changed or not."""
    desk = Desk()
    for kind in ("l2Book", "bbo"):
        desk.hear({"type": kind, "coin": "BTC"})
    heard = []
    for second in range(1, 13):
        desk.market.mids["BTC"] = D(60_000 + second)
        desk.face.advance(START_NS + second * SECOND_NS)
        heard.append([frame["channel"] for frame in desk.hear()])
    both, touch = ["l2Book", "bbo"], ["bbo"]
    assert heard == [both, *[touch] * 5, both, *[touch] * 5]


def test_unknown_coin_costs_the_socket_and_a_repeated_wish_an_error():
    desk = Desk()
    desk.hear({"type": "bbo", "coin": "BTC"})
    (error,) = desk.hear({"type": "bbo", "coin": "BTC"})
    assert error["data"].startswith("Already subscribed")
    frame = b'{"method":"subscribe","subscription":{"type":"bbo","coin":"btc"}}'
    desk.face.receive(START_NS, desk.connection, frame)
    assert [bool(push.close) for push in desk.face.take_outbox()] == [True]


def test_connection_that_hears_nothing_for_a_minute_is_closed_and_a_pong_counts():
    desk = Desk()
    desk.face.receive(START_NS + 50 * SECOND_NS, desk.connection, b'{"method":"ping"}')
    assert desk.hear() == [{"channel": "pong"}]
    desk.face.advance(START_NS + 100 * SECOND_NS)
    assert desk.face.take_outbox() == []
    desk.face.advance(START_NS + 111 * SECOND_NS)
    assert [push.close for push in desk.face.take_outbox()] == ["idle for 60 s"]


def test_requests_may_be_posted_over_the_stream():
    desk = Desk()
    ask = {"method": "post", "id": 7, "request": {"type": "info", "payload": {"type": "allMids"}}}
    desk.face.receive(START_NS, desk.connection, msgspec.json.encode(ask))
    act = {"method": "post", "id": 8, "request": {"type": "action", "payload": desk.signed({"type": "noop"})}}
    desk.face.receive(START_NS, desk.connection, msgspec.json.encode(act))
    asked, acted = desk.hear()
    assert asked["data"]["response"]["payload"]["data"] == {"BTC": "60000.0", "SOL": "100.0"}
    assert acted["data"]["response"]["payload"] == {"status": "ok", "response": {"type": "default"}}


def test_scenario_refusals_take_the_form_of_the_request():
    desk = Desk()
    order = desk.signed({"type": "order", "orders": [LIMIT], "grouping": "na"})
    request = HttpRequest(method="POST", path="/exchange", body=msgspec.json.encode(order))
    told = json.loads(desk.face.refusal(START_NS, request, "margin").body)
    assert told["response"]["data"]["statuses"] == [{"error": "Insufficient margin to place order. asset=0"}]
    assert json.loads(desk.face.refusal(START_NS, request, "nonce").body)["status"] == "err"
    assert desk.exchange.open_orders(ACCOUNT) == ()


def test_next_ioc_can_be_capped():
    desk = Desk()
    desk.face.cap_next_fill(D("0.5"))
    assert desk.order()["filled"]["totalSz"] == "0.05"


# limits, agents, and what a client may read of them


def limited(**knobs: Any) -> Desk:
    desk = Desk()
    agents = {SIGNER.address: ACCOUNT, ACCOUNT: ACCOUNT}
    desk.face = HyperliquidFace(desk.exchange, desk.market, agents, knobs=FaceKnobs(**knobs))
    desk.face.advance(START_NS)
    desk.connection = desk.face.connect(START_NS, "/ws")
    return desk


def test_the_weights_of_a_minute_end_in_429_and_come_back():
    desk = limited(ip_weight_per_min=65, retry_after_s=3)
    for question in ("meta", "metaAndAssetCtxs", "userFees"):
        assert desk.post("/info", {"type": question, "user": ACCOUNT}).status == 200
    for _ in range(2):
        assert desk.post("/info", {"type": "allMids"}).status == 200
    assert desk.act({"type": "noop"})["status"] == "ok"
    refused = desk.post("/exchange", desk.signed({"type": "noop"}))
    assert (refused.status, dict(refused.headers)["retry-after"]) == (429, "3")
    later = START_NS + 60 * SECOND_NS
    assert desk.post("/info", {"type": "meta"}, later).status == 200


@pytest.mark.parametrize(
    ("body", "weight"),
    [
        ({"type": "allMids"}, 2),
        ({"type": "orderStatus"}, 2),
        ({"type": "userRole"}, 60),
        ({"type": "userFees"}, 20),
        ({"type": "somethingNew"}, 20),
        ([], 20),
    ],
)
def test_questions_have_the_documented_weights(body: Any, weight: int):
    assert limits.info_weight(body) == weight


def test_long_answers_and_long_batches_weigh_more():
    assert limits.row_weight({"type": "userFills"}, [0] * 59) == 2
    assert limits.row_weight({"type": "meta"}, [0] * 59) == 0
    assert [limits.action_weight({"action": {"orders": [0] * n}}) for n in (1, 39, 40, 80)] == [1, 1, 2, 3]


def test_an_account_without_requests_may_cancel_and_is_told_the_venues_words():
    desk = limited(address_buffer=3)
    oid = desk.order(p="59000", t={"limit": {"tif": "Alo"}})["resting"]["oid"]
    assert desk.ask("userRateLimit", user=ACCOUNT) == {"cumVlm": "0.0", "nRequestsUsed": 1, "nRequestsCap": 3}
    for _ in range(2):
        desk.act({"type": "noop"})
    trickle = desk.act({"type": "noop"})
    refused = desk.act({"type": "noop"})
    assert (trickle["status"], refused["status"]) == ("ok", "err")
    assert refused["response"] == (
        "Too many cumulative requests sent (5 > 3) for cumulative volume traded $0.0. "
        "Place taker orders to free up 1 request per USDC traded."
    )
    assert desk.act({"type": "cancel", "cancels": [{"a": 0, "o": oid}]})["status"] == "ok"
    assert desk.act({"type": "reserveRequestWeight", "weight": 10})["status"] == "err", "that, too, is a request"


def test_volume_and_bought_weight_give_requests_and_a_late_action_costs_five():
    desk = Desk()
    desk.order(s="0.01")
    assert desk.ask("userRateLimit", user=ACCOUNT)["nRequestsCap"] == 10_000 + 600
    desk.act({"type": "reserveRequestWeight", "weight": 50})
    desk.act({"type": "noop"}, expiresAfter=NOW_MS - 1)
    assert desk.ask("userRateLimit", user=ACCOUNT) == {"cumVlm": "600.12", "nRequestsUsed": 7, "nRequestsCap": 10_650}


def test_an_agent_ends_at_its_time_and_is_listed_until_then():
    desk = Desk()
    ends = {SIGNER.address: NOW_MS + 1000}
    desk.face = HyperliquidFace(desk.exchange, desk.market, {SIGNER.address: ACCOUNT}, valid_until_ms=ends)
    desk.face.advance(START_NS)
    (named,) = desk.ask("extraAgents", user=ACCOUNT)
    assert (named["address"], named["validUntil"]) == (SIGNER.address, NOW_MS + 1000)
    assert desk.ask("userRole", user=SIGNER.address) == {"role": "agent", "data": {"user": ACCOUNT}}
    assert desk.act({"type": "noop"})["status"] == "ok"
    late = desk.post("/exchange", desk.signed({"type": "noop"}, now_ms=NOW_MS + 1001), START_NS + 1001 * 1_000_000)
    assert json.loads(late.body)["response"] == f"User or API Wallet {SIGNER.address} does not exist."


# the dead-man's switch


def test_the_switch_needs_volume_and_time_and_cancels_under_its_own_name():
    poor = Desk()
    assert poor.act({"type": "scheduleCancel", "time": NOW_MS + 6000})["response"] == (
        "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $0.0."
    )
    desk = limited(dead_man_volume_usd=D(0))
    desk.hear({"type": "orderUpdates", "user": ACCOUNT})
    oid = desk.order(p="59000", t={"limit": {"tif": "Alo"}})["resting"]["oid"]
    assert desk.act({"type": "scheduleCancel", "time": NOW_MS + 4999})["status"] == "err"
    assert desk.act({"type": "scheduleCancel", "time": NOW_MS + 6000})["status"] == "ok"
    desk.hear()
    desk.face.advance(START_NS + 5 * SECOND_NS)
    assert desk.exchange.open_orders(ACCOUNT)
    desk.face.advance(START_NS + 6 * SECOND_NS)
    assert not desk.exchange.open_orders(ACCOUNT)
    (update,) = next(frame["data"] for frame in desk.hear() if frame["channel"] == "orderUpdates")
    assert (update["order"]["oid"], update["status"]) == (oid, "scheduledCancel")
    assert desk.ask("orderStatus", user=ACCOUNT, oid=oid)["order"]["status"] == "scheduledCancel"


def test_the_switch_may_be_taken_back_and_triggers_ten_times_a_day():
    desk = limited(dead_man_volume_usd=D(0), dead_man_triggers_most=1)
    schedule = {"type": "scheduleCancel", "time": NOW_MS + 6000}
    desk.act(schedule)
    desk.act({"type": "scheduleCancel"})
    desk.order(p="59000", t={"limit": {"tif": "Alo"}})
    desk.face.advance(START_NS + 7 * SECOND_NS)
    assert desk.exchange.open_orders(ACCOUNT)
    desk.act({**schedule, "time": NOW_MS + 8000})
    desk.face.advance(START_NS + 8 * SECOND_NS)
    assert not desk.exchange.open_orders(ACCOUNT)
    assert desk.act({**schedule, "time": NOW_MS + 20_000})["status"] == "err"


# feeds


def test_accounts_are_told_as_a_whole_by_the_channels_a_client_may_ask_for():
    desk = Desk()
    kinds = ("clearinghouseState", "spotState", "openOrders", "webData2")
    for kind in kinds:
        heard = desk.hear({"type": kind, "user": ACCOUNT})
        assert [frame["channel"] for frame in heard] == ["subscriptionResponse", kind]
    desk.order(p="59000", t={"limit": {"tif": "Alo"}})
    told = {frame["channel"]: frame["data"] for frame in desk.hear()}
    assert list(told) == list(kinds)
    assert [order["limitPx"] for order in told["openOrders"]["orders"]] == ["59000.0"]
    assert told["webData2"]["openOrders"] == told["openOrders"]["orders"]
    assert told["webData2"]["agentAddress"] == SIGNER.address
    ledger = desk.hear({"type": "userNonFundingLedgerUpdates", "user": ACCOUNT})[1]["data"]
    assert (ledger["isSnapshot"], ledger["nonFundingLedgerUpdates"]) == (True, [])
    leverage = desk.hear({"type": "activeAssetData", "user": ACCOUNT, "coin": "BTC"})[1]["data"]
    assert leverage["leverage"] == {"type": "cross", "value": 20}


@pytest.mark.parametrize(
    "wish",
    [
        {"type": "activeAssetData", "user": ACCOUNT, "coin": "btc"},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": 7},
        {"type": "trades", "coin": "NOPE"},
    ],
)
def test_a_wish_the_venue_does_not_understand_costs_the_socket_without_a_word(wish: dict[str, Any]):
    desk = Desk()
    frame = msgspec.json.encode({"method": "subscribe", "subscription": wish})
    desk.face.receive(START_NS, desk.connection, frame)
    assert [(push.frame, bool(push.close)) for push in desk.face.take_outbox()] == [(b"", True)]


def test_a_resting_order_that_fills_in_part_is_told_open_with_what_remains():
    desk = Desk()
    desk.order(p="59900", s="2", t={"limit": {"tif": "Alo"}})
    desk.hear({"type": "orderUpdates", "user": ACCOUNT})
    desk.market.depth = (desk.market.depth[0],)
    desk.market.mids["BTC"] = D(59_880)
    desk.face.advance(START_NS + SECOND_NS)
    (update,) = next(frame["data"] for frame in desk.hear() if frame["channel"] == "orderUpdates")
    assert (update["status"], update["order"]["sz"], update["order"]["origSz"]) == ("open", "1.0", "2.0")


def test_an_order_may_be_unknown_to_its_status_for_a_while():
    desk = limited(unknown_oid_lag_ms=500)
    oid = desk.order(p="59000", t={"limit": {"tif": "Alo"}})["resting"]["oid"]
    ask = {"type": "orderStatus", "user": ACCOUNT, "oid": oid}
    assert json.loads(desk.post("/info", ask).body) == {"status": "unknownOid"}
    assert json.loads(desk.post("/info", ask, START_NS + SECOND_NS // 2).body)["status"] == "order"


def test_a_unified_account_has_its_sums_in_the_spot_state():
    desk = limited(unified=True)
    desk.order()
    assert desk.ask("userAbstraction", user=ACCOUNT) == "unifiedAccount"
    state, spot = (desk.ask(kind, user=ACCOUNT) for kind in ("clearinghouseState", "spotClearinghouseState"))
    assert D(state["marginSummary"]["accountValue"]) == 0
    assert [each["position"]["szi"] for each in state["assetPositions"]] == ["0.1"]
    (usdc,) = spot["balances"]
    assert (usdc["coin"], D(usdc["total"]), D(usdc["hold"])) == ("USDC", D("100000") - D("2.70054"), 300)
    assert Desk().ask("userAbstraction", user=ACCOUNT) == "default"
    assert Desk().ask("spotClearinghouseState", user=ACCOUNT) == {"balances": []}


def test_fees_are_told_with_their_schedule():
    fees = Desk().ask("userFees", user=ACCOUNT)
    assert (fees["userCrossRate"], fees["feeSchedule"]["add"]) == ("0.00045", "0.00015")
