import json
import random
from time import perf_counter_ns

import pytest

from engine.simulators.exchange import Exchange
from engine.simulators.pacifica import (
    PACIFICA_FEES,
    PACIFICA_RULES,
    FaceKnobs,
    PacificaFace,
    pacifica_instrument,
)
from engine.venues.pacifica import codec_rest, codec_stream
from engine.venues.pacifica.signing import PacificaSigner
from engine.venues.transport import HttpRequest
from tests.engine.venues.dialogue import START_NS, StillMarket
from tests.engine.venues.pacifica.world import MIDS, OTHER, SIGNER, D, signed

MS = 1_000_000
AGENT = PacificaSigner(bytes(range(32, 64)), account=SIGNER.account)
UUID = "12345678-1234-4234-8234-{:012x}"


class Desk:
    """A client of the face: signs, asks, listens."""

    def __init__(self, *, agents=None, knobs=None, seed=0):
        self.market = StillMarket(MIDS)
        self.exchange = Exchange(
            rules=PACIFICA_RULES,
            instruments=(
                pacifica_instrument("BTC", tick="1", lot="0.00001", max_leverage=50),
                pacifica_instrument("SOL", tick="0.01", lot="0.01", max_leverage=20),
            ),
            fees=PACIFICA_FEES,
        )
        accounts = {SIGNER.account: D(100_000), OTHER.account: D(100_000)}
        self.face = PacificaFace(self.exchange, self.market, accounts, agents=agents, knobs=knobs, seed=seed)
        self.now_ns = START_NS
        self.face.advance(self.now_ns)

    def wait(self, ms):
        self.now_ns += ms * MS
        self.face.advance(self.now_ns)

    def get(self, path, body=b"", **query):
        request = HttpRequest(method="GET", path="/api/v1" + path, query=tuple(query.items()), body=body)
        return self.face.http(self.now_ns, request)

    def post(self, path, operation, payload, *, signer=SIGNER, **changes):
        stamp = changes.pop("timestamp_ms", self.now_ns // MS)
        body = signed(signer, operation, payload, timestamp_ms=stamp, expiry_window_ms=5000) | changes
        request = HttpRequest(method="POST", path="/api/v1" + path, body=json.dumps(body).encode())
        return self.face.http(self.now_ns, request)

    def create(self, number, *, signer=SIGNER, **changes):
        payload = {
            "symbol": "BTC",
            "price": "60100",
            "amount": "0.1",
            "side": "bid",
            "tif": "IOC",
            "reduce_only": False,
            "client_order_id": UUID.format(number),
        }
        return self.post("/orders/create", "create_order", payload | changes, signer=signer)

    def subscribe(self, connection, source, **parameters):
        frame = {"method": "subscribe", "params": {"source": source, **parameters}}
        self.face.receive(self.now_ns, connection, json.dumps(frame).encode())

    def pushed(self, connection):
        pushes = [push for push in self.face.take_outbox() if push.connection == connection]
        return [(push.channel, json.loads(push.frame)) for push in pushes if push.frame]


def error(response):
    return json.loads(response.body)["error"]


def test_every_get_the_adapter_reads_is_decoded_by_its_codec():
    desk = Desk()
    desk.create(1, tif="ALO", price="59990")
    desk.create(2)
    desk.wait(200)
    own = {"account": SIGNER.account}
    for path, kind, query in (
        ("/info", "info", {}),
        ("/info/prices", "prices", {}),
        ("/account", "account", own),
        ("/account/settings", "account_settings", own),
        ("/positions", "positions", own),
        ("/orders", "orders", own),
        ("/orders/history", "orders_history", own),
        ("/trades/history", "trades_history", own),
        ("/funding/history", "funding_history", own),
    ):
        response = desk.get(path, **query)
        assert response.status == 200, path
        codec_rest.decode_kind(kind, response.body)
    history = codec_rest.decode_orders_history(desk.get("/orders/history", **own).body)
    events = desk.get("/orders/history_by_id", order_id=str(history.rows[0].order_id))
    assert [row.order_status for row in codec_rest.decode_order_events(events.body)] == ["filled", "open"]


def test_public_reads_answer_in_the_venues_shape():
    desk = Desk()
    book = json.loads(desk.get("/book", symbol="BTC").body)["data"]
    assert book["l"][0][0] == {"p": "59988", "a": "1", "n": 1}
    fees = json.loads(desk.get("/info/fees").body)["data"]
    assert fees == [{"level": 0, "maker_fee_rate": "0.00015", "taker_fee_rate": "0.0004"}]
    desk.wait(3_600_000)
    (rate,) = json.loads(desk.get("/funding_rate/history", symbol="BTC").body)["data"]
    assert rate["funding_rate"] == "0.0000125"


def test_a_get_with_a_body_is_refused_by_the_proxy():
    response = Desk().get("/info", body=b"{}")
    assert (response.status, b"could not be satisfied" in response.body) == (403, True)


def test_an_unknown_account_or_order_is_404():
    desk = Desk()
    assert error(desk.get("/account", account="nobody")) == "Account not found"
    response = desk.get("/orders/history_by_id", order_id="28416222569")
    assert (response.status, error(response)) == (404, "Order history not found for order ID: 28416222569")


def test_the_signature_is_checked_before_the_order():
    desk = Desk()
    tampered = desk.post("/orders/cancel", "cancel_order", {"symbol": "BTC", "order_id": 1}, symbol="ETH")
    assert json.loads(tampered.body) == {
        "success": False,
        "data": None,
        "error": "Verification failed: signature does not match signer and canonical payload.",
        "code": 400,
        "error_id": "signature_verification_failed",
    }
    wrong = desk.post("/orders/cancel", "cancel_all_orders", {"symbol": "BTC", "order_id": 1})
    assert "Verification failed" in error(wrong)
    assert error(desk.post("/orders/cancel", "cancel_order", {"symbol": "BTC"}, account="0OIl")) == (
        "Invalid public key"
    )


def test_an_agent_signs_only_for_the_account_that_bound_it():
    assert error(Desk().create(1, signer=AGENT)) == "Agent not authorized for account"
    desk = Desk(agents={SIGNER.account: (AGENT.public_key,)})
    assert desk.create(1, signer=AGENT).status == 200


def test_a_request_outside_its_window_is_an_invalid_message():
    desk = Desk()
    late = desk.now_ns // MS - 5001
    payload = {"symbol": "BTC", "order_id": 1}
    assert error(desk.post("/orders/cancel", "cancel_order", payload, timestamp_ms=late)) == "Invalid message"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"price": "60000.5"}, 500, "Internal server error"),
        ({"amount": "0.000001"}, 500, "Internal server error"),
        ({"amount": "0.0001"}, 422, f"Order amount too low for {SIGNER.account}: 6.01000 < 10"),
        ({"amount": "900"}, 422, f"Insufficient balance for {SIGNER.account}: "),
        ({"reduce_only": True}, 422, "Invalid reduce only order amount"),
        ({"symbol": "DOGE"}, 422, "Book not found"),
        ({"tif": "FOK"}, 400, "Failed to deserialize"),
        ({"amount": 1}, 400, "Failed to deserialize"),
    ],
)
def test_what_is_wrong_with_an_order_is_said_at_once(changes, status, words):
    response = Desk().create(1, **changes)
    assert response.status == status
    assert error(response).startswith(words)


def test_a_duplicate_client_id_is_refused_also_inside_the_bump():
    desk = Desk()
    assert desk.create(1).status == 200
    assert error(desk.create(1)) == "Duplicate client order ID"
    desk.wait(200)
    assert error(desk.create(1)) == "Duplicate client order ID"


def test_the_speed_bump_delays_takers_but_not_post_only_and_cancels():
    desk = Desk()
    desk.create(1)
    assert desk.face.busy
    assert desk.exchange.position(SIGNER.account, "BTC") is None
    desk.wait(49)
    assert desk.exchange.position(SIGNER.account, "BTC") is None
    desk.wait(52)
    assert desk.exchange.position(SIGNER.account, "BTC").size == D("0.1")
    assert not desk.face.busy
    desk.create(2, tif="ALO", price="59990")
    assert len(desk.exchange.open_orders(SIGNER.account)) == 1
    cancel = {"symbol": "BTC", "client_order_id": UUID.format(2)}
    assert json.loads(desk.post("/orders/cancel", "cancel_order", cancel).body)["success"] is True
    assert desk.exchange.open_orders(SIGNER.account) == ()
    assert error(desk.post("/orders/cancel", "cancel_order", cancel)) == "Failed to cancel order"


def test_any_call_releases_what_is_due():
    desk = Desk()
    desk.create(1)
    desk.now_ns += 100 * MS
    assert len(json.loads(desk.get("/positions", account=SIGNER.account).body)["data"]) == 1


def test_the_same_seed_gives_the_same_delays():
    def frames(seed):
        desk, told = Desk(seed=seed), []
        connection = desk.face.connect(desk.now_ns, "/ws")
        desk.subscribe(connection, "account_order_updates", account=SIGNER.account)
        for number in range(1, 6):
            desk.create(number)
            for _ in range(110):
                desk.wait(1)
        told += [push.frame for push in desk.face.take_outbox()]
        return told

    assert frames(1) == frames(1)
    assert frames(1) != frames(2)


def test_frames_go_only_to_those_who_asked_and_are_decoded_by_the_codec():
    desk = Desk()
    mine, other = (desk.face.connect(desk.now_ns, "/ws") for _ in range(2))
    for source in ("account_order_updates", "account_trades", "account_positions", "account_info"):
        desk.subscribe(mine, source, account=SIGNER.account)
    desk.subscribe(mine, "prices")
    desk.subscribe(mine, "bbo", symbol="BTC")
    desk.subscribe(other, "account_trades", account=OTHER.account)
    desk.face.take_outbox()
    desk.create(1)
    desk.market.mids["BTC"] = D(60_010)
    desk.now_ns += 100 * MS
    desk.face.advance(desk.now_ns)
    pushes = desk.face.take_outbox()
    assert {push.connection for push in pushes} == {mine}
    for push in pushes:
        channel, data = codec_stream.decode_outer(push.frame)
        codec_stream.SUPPORTED_CHANNELS[channel](data)
    channels = [push.channel for push in pushes]
    assert channels == [
        "account_order_updates",
        "account_trades",
        "prices",
        "bbo",
        "account_positions",
        "account_info",
    ]


def test_nothing_is_pushed_when_nothing_changed():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    desk.subscribe(connection, "prices")
    desk.subscribe(connection, "bbo", symbol="BTC")
    desk.wait(1000)
    desk.face.take_outbox()
    desk.wait(1000)
    assert desk.face.take_outbox() == []


def test_a_book_is_told_when_it_changed_and_before_the_touch_of_its_moment():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    for source in ("bbo", "book"):
        desk.subscribe(connection, source, symbol="BTC")
    desk.wait(100)
    desk.face.take_outbox()
    desk.wait(100)
    assert desk.face.take_outbox() == []
    desk.market.mids["BTC"] = D(60_010)
    desk.wait(100)
    (_, book), (_, touch) = told = desk.pushed(connection)
    assert [channel for channel, _ in told] == ["book", "bbo"]
    assert (book["data"]["l"][0][0]["p"], book["data"]["l"][1][0]["a"]) == (touch["data"]["b"], touch["data"]["A"])
    assert book["data"]["li"] < touch["data"]["li"]


def test_an_unknown_symbol_gets_no_acknowledgement_and_a_ping_a_pong():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    desk.subscribe(connection, "bbo", symbol="btc")
    assert desk.pushed(connection) == []
    desk.face.receive(desk.now_ns, connection, b'{"method":"ping"}')
    assert desk.pushed(connection) == [("pong", {"channel": "pong"})]
    desk.face.receive(desk.now_ns, connection, b'{"op":"ping"}')
    ((_, said),) = desk.pushed(connection)
    assert said["code"] == 400


def test_idle_and_old_connections_are_closed():
    desk = Desk(knobs=FaceKnobs(age_most_s=100))
    idle, young = (desk.face.connect(desk.now_ns, "/ws") for _ in range(2))
    for _ in range(6):
        desk.wait(20_000)
        desk.face.receive(desk.now_ns, young, b'{"method":"ping"}')
    closed = {push.connection: push.close for push in desk.face.take_outbox() if push.close}
    assert closed == {idle: "idle for 60 s", young: "open for 24 h"}


def test_orders_can_be_traded_over_the_stream():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    payload = {
        "symbol": "BTC",
        "amount": "0.1",
        "side": "bid",
        "slippage_percent": "0.5",
        "reduce_only": False,
        "client_order_id": UUID.format(1),
    }
    operation = "create_market_order"
    body = signed(SIGNER, operation, payload, timestamp_ms=desk.now_ns // MS, expiry_window_ms=5000)
    frame = json.dumps({"id": "x", "params": {operation: body}}).encode()
    desk.face.receive(desk.now_ns, connection, frame)
    ((_, reply),) = desk.pushed(connection)
    assert (reply["code"], reply["id"], reply["data"]["I"]) == (200, "x", UUID.format(1))
    desk.wait(100)
    assert desk.exchange.position(SIGNER.account, "BTC").size == D("0.1")
    cancel = signed(
        SIGNER,
        "cancel_order",
        {"symbol": "BTC", "client_order_id": UUID.format(1)},
        timestamp_ms=desk.now_ns // MS,
        expiry_window_ms=5000,
    )
    frame = json.dumps({"id": "y", "params": {"cancel_order": cancel}}).encode()
    desk.face.receive(desk.now_ns, connection, frame)
    ((_, reply),) = desk.pushed(connection)
    assert (reply["code"], reply["err"]) == (420, "Failed to cancel order")


@pytest.mark.parametrize(
    "frame", [b"", b"\xff", b"[]", b"null", b"{}", b'{"method":"subscribe"}', b'{"params":{"x":1}}']
)
def test_nonsense_on_the_stream_is_answered_not_raised(frame):
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    desk.face.receive(desk.now_ns, connection, frame)
    desk.face.receive(desk.now_ns, 99, frame)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/orders/create", b""),
        ("/orders/create", b"[]"),
        ("/orders/create", b"{}"),
        ("/orders/create", b'{"account":"a","signature":1,"timestamp":"x"}'),
        ("/orders/unknown", b"{}"),
    ],
)
def test_nonsense_in_a_request_is_answered_not_raised(path, body):
    desk = Desk()
    request = HttpRequest(method="POST", path="/api/v1" + path, body=body)
    assert desk.face.http(desk.now_ns, request).status in (400, 404)
    assert desk.get("/trades/history", account=SIGNER.account, cursor="x").status == 400
    assert desk.get("/funding_rate/history", symbol="x").status == 404
    assert desk.face.http(desk.now_ns, HttpRequest(method="GET", path="/info")).status == 404


def test_leverage_can_only_be_raised_with_a_position():
    desk = Desk()
    set_to = lambda n: desk.post("/account/leverage", "update_leverage", {"symbol": "BTC", "leverage": n})  # noqa: E731
    assert set_to(3).status == 200
    rows = json.loads(desk.get("/account/settings", account=SIGNER.account).body)["data"]["margin_settings"]
    assert [(row["symbol"], row["leverage"]) for row in rows] == [("BTC", 3)]
    desk.create(1)
    desk.wait(100)
    assert error(set_to(2)) == "Invalid leverage"
    assert set_to(5).status == 200


def test_histories_are_paged_newest_first():
    desk = Desk()
    for number in range(1, 6):
        desk.create(number, amount="0.01")
        desk.wait(100)
    first = codec_rest.decode_trades_history(desk.get("/trades/history", account=SIGNER.account, limit="2").body)
    rest = desk.get("/trades/history", account=SIGNER.account, limit="9", cursor=first.cursor)
    second = codec_rest.decode_trades_history(rest.body)
    ids = [row.history_id for row in (*first.rows, *second.rows)]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), second.cursor) == (5, None)


def test_advance_is_cheap():
    """The hot path of a simulated run: 150 microseconds per asset and advance are aimed at."""
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    desk.subscribe(connection, "prices")
    for symbol in ("BTC", "SOL"):
        desk.subscribe(connection, "bbo", symbol=symbol)
    rng = random.Random(3)
    spent = []
    for _ in range(300):
        desk.market.mids = {"BTC": D(rng.randint(59_900, 60_100)), "SOL": D(rng.randint(99, 101))}
        desk.now_ns += 1000 * MS
        began = perf_counter_ns()
        desk.face.advance(desk.now_ns)
        desk.face.take_outbox()
        spent.append(perf_counter_ns() - began)
    per_asset_us = sorted(spent)[len(spent) // 2] / 2 / 1000
    print(f"{per_asset_us:.0f} us per asset and advance")
    assert per_asset_us < 1500
