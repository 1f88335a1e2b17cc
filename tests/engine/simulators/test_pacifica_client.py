"""The face against a client that knows only the documentation: requests, signatures, channels, trading."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from nacl.signing import SigningKey

from engine.simulators.exchange import Exchange
from engine.simulators.pacifica import PACIFICA_FEES, PACIFICA_RULES, FaceKnobs, PacificaFace, pacifica_instrument
from tests.engine.simulators.pacifica_client import BATCH_NAMES, PATHS, Client, public_key, signature
from tests.engine.venues.dialogue import START_NS, StillMarket
from tests.engine.venues.pacifica.world import MIDS
from tests.shared import fixtures_root

D = Decimal
SEED, AGENT_SEED, OTHER_SEED = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
OURS, OTHERS = (public_key(SigningKey(seed)) for seed in (SEED, OTHER_SEED))
KEY = "AbCdEfGh_2mT8x"

CHANNELS = {
    "prices": ({}, "symbol funding next_funding mark mid oracle open_interest volume_24h yesterday_price timestamp"),
    "book": ({"symbol": "BTC", "agg_level": 1}, "l s t li"),
    "bbo": ({"symbol": "BTC"}, "s i li t b B a A"),
    "trades": ({"symbol": "BTC"}, "h s a p d tc t li"),
    "account_info": ({"account": OURS}, "ae as aw b f mu cm oc pb pc sc t"),
    "account_positions": ({"account": OURS}, "s d a p m f i l t"),
    "account_orders": ({"account": OURS}, "i I s d p a f c ot ro sp st t"),
    "account_order_updates": ({"account": OURS}, "i I u s d p ip lp a f oe os ot sp si r ct ut li"),
    "account_trades": ({"account": OURS}, "h i I u s p o a te ts tc f n t li"),
    "account_liquidations": ({"account": OURS}, "u s m d a p i t li"),
}
"""Every documented channel the face has, its parameters and the fields of its data."""
NOT_SERVED = ("candle", "mark_price_candle", "account_margin", "account_leverage", "account_transfers")
"""Documented channels the face does not have: nothing here reads them."""


class Venue:
    """A face, and the market behind it."""

    def __init__(self, **knobs: Any) -> None:
        self.market = StillMarket(MIDS)
        self.exchange = Exchange(
            rules=PACIFICA_RULES,
            instruments=(
                pacifica_instrument("BTC", tick="1", lot="0.00001", max_leverage=50),
                pacifica_instrument("SOL", tick="0.01", lot="0.01", max_leverage=20),
            ),
            fees=PACIFICA_FEES,
        )
        agents = {OURS: (public_key(SigningKey(AGENT_SEED)),)}
        accounts = {OURS: D(100_000), OTHERS: D(100_000)}
        told = FaceKnobs(**({"credits_unidentified": 10_000} | knobs))
        self.face = PacificaFace(self.exchange, self.market, accounts, agents=agents, knobs=told, api_keys={KEY: OURS})

    def client(self, seed: bytes = SEED, **more: str) -> Client:
        client = Client(self.face, seed, **more)
        client.now_ms = START_NS // 1_000_000
        client.wait(0)
        return client


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def test_its_signatures_are_the_recorded_ones():
    vectors = json.loads((fixtures_root() / "pacifica" / "golden_signing_vectors.json").read_text())["vectors"]
    seeds = {public_key(SigningKey(seed)): seed for seed in (SEED, AGENT_SEED)}
    for vector in vectors:
        header, key = vector["header"], SigningKey(seeds[vector["signer"]])
        made = signature(key, header["type"], vector["payload"], header["timestamp"], header["expiry_window"])
        assert made == vector["signature"]
    assert len(vectors) == 8


def test_limit_orders_of_every_kind(client: Client):
    answers = [client.limit("60100", tif="IOC"), client.limit("59000", tif="GTC")]
    answers += [client.limit("59000", tif=tif) for tif in ("ALO", "TOB")]
    for answer in answers:
        assert (answer["success"], answer["error"], answer["code"]) == (True, None, None)
        assert isinstance(answer["data"]["order_id"], int)
    client.wait(200)
    assert len(client.own("/orders")) == 3
    assert [row["amount"] for row in client.own("/positions")] == ["0.1"]


def test_a_market_order_and_its_close(client: Client):
    client.market("0.1")
    client.wait(200)
    (held,) = client.own("/positions")
    assert (held["symbol"], held["side"], held["amount"], held["entry_price"]) == ("BTC", "bid", "0.1", "60012")
    client.market("0.1", "ask", reduce_only=True)
    client.wait(200)
    assert client.own("/positions") == []
    sides = [(row["side"], row["event_type"], row["cause"]) for row in client.own("/trades/history")]
    assert sides == [("close_long", "fulfill_taker", "normal"), ("open_long", "fulfill_taker", "normal")]
    (opened,) = [row for row in client.own("/trades/history") if row["side"] == "open_long"]
    assert D(opened["fee"]) == D("0.1") * 60012 * D("0.0004")
    assert D(opened["pnl"]) == -D(opened["fee"])


def test_an_order_is_cancelled_by_either_id_and_once(client: Client):
    mine = str(uuid.uuid4())
    number = client.limit("59000")["data"]["order_id"]
    client.limit("58000", client_order_id=mine)
    client.wait(200)
    assert client.post("cancel_order", symbol="BTC", order_id=number)["success"] is True
    assert client.post("cancel_order", symbol="BTC", client_order_id=mine)["success"] is True
    missed = client.post("cancel_order", symbol="BTC", order_id=number)
    assert (missed["success"], missed["error"], missed["code"]) == (False, "Failed to cancel order", 5)
    assert [row["order_status"] for row in client.own("/orders/history")] == ["cancelled", "cancelled"]
    events = client.get("/orders/history_by_id", order_id=number)["data"]
    assert [row["event_type"] for row in events] == ["cancel", "make"]


def test_all_orders_are_cancelled_of_one_symbol_or_of_all(client: Client):
    for price in ("59000", "58000"):
        client.limit(price, tif="ALO")
    client.limit("90", "1", symbol="SOL", tif="ALO")
    bitcoin = client.post("cancel_all_orders", all_symbols=False, exclude_reduce_only=False, symbol="BTC")
    assert bitcoin["data"]["cancelled_count"] == 2
    rest = client.post("cancel_all_orders", all_symbols=True, exclude_reduce_only=False)
    assert rest["data"]["cancelled_count"] == 1
    assert client.post("cancel_all_orders", all_symbols=False, exclude_reduce_only=False)["code"] == 400


def test_an_edit_gives_a_new_number_and_a_post_only_order(client: Client):
    number = client.limit("59000", tif="ALO")["data"]["order_id"]
    edited = client.post("edit_order", symbol="BTC", price="58500", amount="0.2", order_id=number)
    assert edited["data"]["order_id"] > number
    (row,) = client.own("/orders")
    assert (row["order_id"], row["price"], row["initial_amount"]) == (edited["data"]["order_id"], "58500", "0.2")
    missed = client.post("edit_order", symbol="BTC", price="58500", amount="0.2", order_id=number)
    assert (client.status, missed["error"]) == (422, "Order not found")


def test_leverage_is_raised_and_not_lowered_with_a_position(client: Client):
    assert client.post("update_leverage", symbol="BTC", leverage=3)["success"] is True
    settings = client.own("/account/settings")["margin_settings"]
    assert [(row["symbol"], row["leverage"]) for row in settings] == [("BTC", 3)]
    client.market()
    client.wait(200)
    assert client.post("update_leverage", symbol="BTC", leverage=5)["success"] is True
    assert client.post("update_leverage", symbol="BTC", leverage=3)["error"] == "Invalid leverage"


def line(price: str, **more: Any) -> dict[str, Any]:
    return {"symbol": "BTC", "price": price, "amount": "0.1", "side": "bid", "tif": "ALO", "reduce_only": False, **more}


def test_a_batch_has_a_result_for_each_and_fails_as_a_whole_for_one_signature(client: Client, venue: Venue):
    first = client.batch(("create_order", line("59000")), ("create_order", line("59000.5")), ("create_market_order", {
        "symbol": "BTC", "amount": "0.1", "side": "bid", "slippage_percent": "0.5", "reduce_only": False,
    }))  # fmt: skip
    results = first["data"]["results"]
    assert [row["success"] for row in results] == [True, False, True]
    assert results[1] == {"success": False, "order_id": None, "error": "Internal server error"}
    number = results[0]["order_id"]
    more = client.batch(
        ("edit_order", {"symbol": "BTC", "price": "58000", "amount": "0.1", "order_id": number}),
        ("cancel_order", {"symbol": "BTC", "order_id": number}),
    )
    assert [row["success"] for row in more["data"]["results"]] == [True, False]
    good, bad = client.body("create_order", **line("57000")), client.body("create_order", **line("57000"))
    actions = [{"type": "Create", "data": good}, {"type": "Create", "data": bad | {"price": "57001"}}]
    answer = client._exchange("POST", "/api/v1/orders/batch", json.dumps({"actions": actions}).encode())
    assert (client.status, answer["error_id"]) == (400, "signature_verification_failed")
    assert len(venue.exchange.open_orders(OURS)) == 1
    client.batch(*[("create_order", line("57000"))] * 11)
    assert client.status == 400
    assert set(BATCH_NAMES) < set(PATHS)


def test_an_agent_trades_for_the_account_that_bound_it(venue: Venue):
    agent = venue.client(AGENT_SEED, account=OURS)
    assert agent.limit("59000", tif="ALO")["success"] is True
    assert [row["price"] for row in agent.own("/orders")] == ["59000"]
    stranger = venue.client(OTHER_SEED, account=OURS)
    assert stranger.limit("59000", tif="ALO")["error"] == "Agent not authorized for account"


def test_every_documented_question_is_answered(client: Client):
    client.market()
    client.limit("59000", tif="ALO")
    client.wait(3_600_000)
    public = ("/info", "/info/prices", "/info/fees")
    for path in public:
        assert client.get(path)["success"] is True
    for path in ("/book", "/funding_rate/history"):
        assert client.get(path, symbol="BTC")["success"] is True
    own = ("/account", "/account/settings", "/positions", "/orders", "/orders/history", "/trades/history")
    for path in (*own, "/funding/history"):
        assert client.own(path), path
    (paid,) = client.own("/funding/history")
    assert (paid["side"], D(paid["payout"]) < 0, paid["rate"]) == ("bid", True, "0.0000125")
    assert client.get("/account", account="nobody")["code"] == 404


def told(client: Client) -> dict[str, list[Any]]:
    """Data by channel, acknowledgements apart."""
    found: dict[str, list[Any]] = {}
    for frame in client.hear():
        if frame.get("channel") not in ("subscribe", "unsubscribe", "pong", None):
            found.setdefault(frame["channel"], []).append(frame["data"])
    return found


def test_every_channel_has_the_documented_fields(venue: Venue):
    client = venue.client(api_key=KEY)
    client.open()
    for source, (params, _) in CHANNELS.items():
        client.subscribe(source, **params)
    acks = [frame["data"]["source"] for frame in client.hear() if frame.get("channel") == "subscribe"]
    assert acks == list(CHANNELS)
    client.limit("59000", tif="ALO")
    client.market("0.5")
    venue.market.mids["BTC"] = D(60_010)
    client.wait(200)
    lever = venue.exchange.deleverage(client.now_ms * 1_000_000, OURS, "BTC", D("0.2"))
    venue.face.publish(client.now_ms * 1_000_000, lever)
    heard = told(client)
    for source, (_, fields) in CHANNELS.items():
        rows = [row for data in heard[source] for row in (data if isinstance(data, list) else [data])]
        assert rows, source
        assert {*rows[-1]} == {*fields.split()}, source
    (forced,) = heard["account_liquidations"][-1]
    assert (forced["m"], forced["d"], forced["a"], forced["i"]) == ("adl", "bid", "0.2", None)
    settled = [row for data in heard["account_trades"] for row in data if row["tc"] == "settlement"]
    assert [(row["li"], row["a"]) for row in settled] == [(forced["li"], forced["a"])]


def test_what_is_not_served_is_not_acknowledged(client: Client):
    client.open()
    for source in NOT_SERVED:
        client.subscribe(source, account=OURS, symbol="BTC")
    assert client.hear() == []


def test_forced_closes_are_told_only_to_the_owner_of_the_key(venue: Venue):
    without, stranger = venue.client(), venue.client(OTHER_SEED, api_key=KEY)
    for client, account in ((without, OURS), (stranger, OTHERS)):
        client.open()
        client.subscribe("account_liquidations", account=account)
        assert [frame["code"] for frame in client.hear()] == [403]


def test_trading_over_the_stream_is_acknowledged_with_what_is_left(client: Client):
    client.open()
    mine = str(uuid.uuid4())
    request_id = client.trade("create_order", **line("59000", client_order_id=mine))
    (reply,) = client.hear()
    assert (reply["code"], reply["id"], reply["type"]) == (200, request_id, "create_order")
    assert (reply["data"]["I"], reply["data"]["s"]) == (mine, "BTC")
    assert {*reply["rl"]} == {"r", "q", "t"}
    client.trade("cancel_order", symbol="BTC", client_order_id=mine)
    client.trade("cancel_order", symbol="BTC", client_order_id=mine)
    done, missed = client.hear()
    assert (done["code"], missed["code"], missed["err"]) == (200, 420, "Failed to cancel order")
    assert reply["rl"]["r"] - missed["rl"]["r"] == 10


def test_a_ping_is_answered_and_silence_is_not_forgiven(client: Client):
    client.open()
    for _ in range(5):
        client.wait(50_000)
        client.say({"method": "ping"})
    assert [frame["channel"] for frame in client.hear()] == ["pong"] * 5
    client.wait(61_000)
    assert [push.close for push in client.face.take_outbox()] == ["idle for 60 s"]


def test_credits_are_told_spent_and_come_back():
    venue = Venue(credits_unidentified=5, credits_identified=20)
    client, keyed = venue.client(), venue.client(api_key=KEY)
    client.get("/info")
    assert client.headers["ratelimit"] == '"credits";r=40;t=60'
    assert client.headers["ratelimit-policy"] == '"credits";q=50;w=60'
    client.own("/trades/history")
    assert client.headers["ratelimit"].startswith('"credits";r=10;')
    assert client.limit("59000", tif="ALO")["success"] is True
    refused = client.post("cancel_all_orders", all_symbols=True, exclude_reduce_only=False)
    assert (client.status, refused["success"]) == (429, False)
    assert len(venue.exchange.open_orders(OURS)) == 1
    keyed.own("/trades/history", limit=1000)
    assert keyed.headers["ratelimit"].startswith('"credits";r=160;')
    client.wait(60_000)
    assert client.post("cancel_all_orders", all_symbols=True, exclude_reduce_only=False)["success"] is True
    assert client.headers["ratelimit"].startswith('"credits";r=45;')


def test_an_order_off_the_lattice_may_be_answered_either_way(venue: Venue):
    client = venue.client()
    assert (client.limit("59000.5")["code"], client.status) == (500, 500)
    plain = Venue(bad_lattice_status=400).client()
    assert "multiple of tick" in plain.limit("59000.5")["error"]
    assert plain.status == 400


def test_every_operation_has_its_path(client: Client):
    """The whole life of an account, each documented operation at least once."""
    number = client.limit("59000", tif="ALO")["data"]["order_id"]
    life = (
        ("update_leverage", {"symbol": "BTC", "leverage": 5}),
        ("create_order", line("58000")),
        ("edit_order", {"symbol": "BTC", "price": "58500", "amount": "0.1", "order_id": number}),
        ("cancel_order", {"symbol": "BTC", "order_id": number + 1}),
        ("cancel_all_orders", {"all_symbols": True, "exclude_reduce_only": False}),
        ("create_market_order", {
            "symbol": "BTC", "amount": "0.1", "side": "bid", "slippage_percent": "0.5", "reduce_only": False,
        }),
    )  # fmt: skip
    for kind, data in life:
        assert client.post(kind, **data)["success"] is True, kind
    assert {kind for kind, _ in life} == {*PATHS}
