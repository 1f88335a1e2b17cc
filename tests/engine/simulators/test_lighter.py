"""The simulated Lighter's doors for transactions and private questions, rule by rule."""

import json
from decimal import Decimal

import pytest

from engine.simulators.exchange import CrowdSpec, FeeSchedule
from engine.simulators.lighter import LIGHTER_PREMIUM_FEES, PREMIUM, FaceKnobs, lighter_instrument
from engine.simulators.lighter.rules import listing, listings
from engine.venues.transport import HttpRequest
from tests.engine.simulators.lighter_desk import (
    CANCEL,
    CANCEL_ALL,
    CREATE,
    GTT,
    HOUR_NS,
    IOC,
    KEY,
    LEVERAGE,
    MARKET,
    ME,
    OTHER,
    POST_ONLY,
    SIG,
    START_NS,
    D,
    Desk,
    S,
    body,
    token,
)

# Listing


def test_market_ids_are_the_venues_and_unknown_symbols_get_free_ones():
    known = [
        lighter_instrument("BTC", tick="0.1", lot="0.00001", max_leverage=50),
        lighter_instrument("PEPE", tick="0.000000001", lot="1000", max_leverage=10),
    ]
    plain = [lighter_instrument(asset, tick="0.01", lot="1", max_leverage=5) for asset in ("NEW", "ETH", "OLD")]
    found = listings((*plain, *known))
    assert [(each.symbol, each.market_id) for each in found] == [
        ("NEW", 60),
        ("ETH", 0),
        ("OLD", 61),
        ("BTC", 1),
        ("1000PEPE", 4),
    ]


def test_a_market_of_a_thousand_tokens_is_written_per_thousand():
    spec = lighter_instrument("PEPE", tick="0.000000001", lot="1000", max_leverage=10)
    told = listing(spec, 4)
    assert (told.price_decimals, told.size_decimals, told.min_base) == (6, 0, D(1))
    desk = Desk()
    desk.place(desk.ioc(MarketIndex=4, BaseAmount=5000, Price=11_000))
    assert desk.size(asset="PEPE") == 5_000_000
    (trade,) = desk.ask("recentTrades", market_id=4, limit=1)["trades"]
    assert (trade["size"], trade["price"], trade["usd_amount"]) == ("5000", "0.010002", "50.010000")


@pytest.mark.parametrize(("tick", "lot"), [("0.5", "0.00001"), ("0.1", "1000"), ("10", "1")])
def test_a_lattice_the_venue_cannot_express_is_refused(tick, lot):
    with pytest.raises(ValueError, match="step"):
        lighter_instrument("BTC", tick=tick, lot=lot, max_leverage=50)


# Acceptance and execution


def test_acceptance_is_not_execution_and_each_kind_waits_its_delay():
    desk = Desk()
    answer = body(desk.send(CREATE, desk.ioc()))
    assert answer["code"] == 200
    assert answer["predicted_execution_time_ms"] == START_NS // 1_000_000 + 300
    assert desk.face.busy
    assert desk.verdict(str(answer["tx_hash"])) == (1, 0)
    desk.wait(299)
    assert desk.size() == 0
    desk.wait(1)
    assert desk.size() == D("0.1")
    assert desk.verdict(str(answer["tx_hash"])) == (2, 0)
    assert not desk.face.busy
    desk.send(CREATE, desk.order())
    desk.wait(199)
    assert desk.orders() == []
    desk.wait(1)
    assert [order["status"] for order in desk.orders()] == ["open"]
    assert desk.face.busy


def test_transactions_of_one_key_keep_their_order():
    desk = Desk()
    desk.send(CREATE, desk.order(TimeInForce=GTT))
    desk.send(CANCEL, desk.info(MarketIndex=1, Index=desk.clients))
    desk.wait(250)
    assert desk.orders() == []
    desk.wait(50)
    assert desk.last_order()["status"] == "canceled"


def test_without_delay_an_answer_follows_the_execution():
    desk = Desk(FaceKnobs(taker_delay_ms=0, maker_delay_ms=0))
    desk.send(CREATE, desk.ioc())
    assert desk.size() == D("0.1")


def test_a_fill_is_told_in_the_venues_words():
    desk = Desk(fees=LIGHTER_PREMIUM_FEES)
    tx_hash = desk.place(desk.ioc())
    order = desk.last_order()
    assert (order["status"], order["filled_base_amount"], order["remaining_base_amount"]) == (
        "filled",
        "0.10000",
        "0.00000",
    )
    assert (order["filled_quote_amount"], order["price"], order["type"]) == ("6001.200000", "60100.0", "limit")
    (trade,) = desk.ask("trades", token(), account_index=ME, sort_by="timestamp", limit=10)["trades"]
    assert trade["tx_hash"] == tx_hash
    assert (trade["bid_account_id"], trade["bid_client_id"], trade["bid_id"]) == (
        ME,
        order["client_order_index"],
        order["order_index"],
    )
    assert (trade["is_maker_ask"], trade["taker_fee"], trade["type"]) == (True, 280, "trade")
    assert "maker_fee" not in trade
    assert trade["taker_position_size_before"] == "0.00000"


def test_a_maker_is_told_its_own_fee_and_side():
    desk = Desk(fees=FeeSchedule(taker=D("0.0001"), maker=D("0.00002")))
    desk.place(desk.order(Price=600_000, BaseAmount=5_000, IsAsk=1))
    desk.place(desk.ioc(OTHER, BaseAmount=5_000))
    (trade,) = desk.ask("trades", token(), account_index=ME, sort_by="timestamp", limit=10)["trades"]
    assert (trade["ask_account_id"], trade["bid_account_id"], trade["is_maker_ask"]) == (ME, OTHER, True)
    assert (trade["maker_fee"], trade["taker_fee"]) == (20, 100)
    assert desk.last_order()["status"] == "filled"


def test_order_indices_of_asks_count_up_and_of_bids_down():
    desk = Desk()
    for ask in (0, 0, 1, 1):
        desk.place(desk.order(IsAsk=ask, Price=600_200 if ask else 599_800))
    indices = [order["order_index"] for order in desk.orders()]
    assert indices[0] > indices[1] > 2**48
    assert 2**48 < indices[2] < indices[3] < indices[1]


# What fails at the sequencer


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"TimeInForce": POST_ONLY, "Price": 600_200}, "canceled-post-only", 21702),
        ({"TimeInForce": IOC, "OrderExpiry": 0, "Price": 601_000, "BaseAmount": 4_000_000}, "margin", 21739),
        ({"TimeInForce": IOC, "OrderExpiry": 0, "Price": 601_000, "ReduceOnly": 1}, "canceled-reduce-only", 21732),
    ],
)
def test_what_the_sequencer_refuses_is_accepted_first_and_uses_up_its_nonce(fields, status, code):
    desk = Desk()
    tx_hash = desk.place(desk.order(**fields))
    assert desk.verdict(tx_hash) == (0, code)
    assert status in str(desk.last_order()["status"])
    assert desk.last_order()["filled_base_amount"] == "0.00000"
    assert desk.ask("nextNonce", account_index=ME, api_key_index=KEY)["nonce"] == 1


def test_a_refused_reduce_only_may_vanish_without_an_order_report():
    desk = Desk(FaceKnobs(reduce_only_vanishes=True))
    connection = desk.listen(f"account_all_orders/{ME}", f"account_tx/{ME}")
    tx_hash = desk.place(desk.ioc(ReduceOnly=1))
    assert desk.verdict(tx_hash) == (0, 21732)
    assert desk.orders("accountInactiveOrders") == []
    assert [frame["channel"] for frame in desk.heard(connection)] == [f"account_tx:{ME}"]


def test_an_ioc_that_meets_nothing_was_executed_all_the_same():
    desk = Desk()
    limit = desk.place(desk.ioc(Price=600_000))
    assert desk.verdict(limit) == (2, 0)
    assert desk.last_order()["status"] == "canceled"
    desk.place(desk.ioc(Price=600_000, Type=MARKET))
    assert (desk.last_order()["status"], desk.last_order()["type"]) == ("canceled-too-much-slippage", "market")
    desk.face.cap_next_fill(Decimal("0.5"))
    desk.place(desk.ioc())
    last = desk.last_order()
    assert (last["status"], last["filled_base_amount"]) == ("canceled", "0.05000")


def test_a_reduce_only_order_is_cut_to_the_position_and_zero_means_all_of_it():
    desk = Desk()
    desk.place(desk.ioc())
    desk.place(desk.ioc(IsAsk=1, Price=590_000, ReduceOnly=1, BaseAmount=30_000))
    assert (desk.size(), desk.last_order()["initial_base_amount"]) == (0, "0.30000")
    desk.place(desk.ioc())
    desk.place(desk.ioc(IsAsk=1, Price=590_000, ReduceOnly=1, BaseAmount=0))
    assert (desk.size(), desk.last_order()["filled_base_amount"]) == (0, "0.10000")


def test_an_order_ends_at_its_expiry():
    desk = Desk()
    desk.place(desk.order(OrderExpiry=desk.ahead_ms(301)))
    desk.wait(301_000)
    assert desk.last_order()["status"] == "canceled-expired"


# What the API refuses at once


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Nonce": 1}, 21104),
        ({"ApiKeyIndex": 5}, 21109),
        ({"AccountIndex": 99}, 21100),
        ({"Sig": SIG[:-4]}, 21120),
        ({"Sig": "not base64!"}, 21120),
        ({"MarketIndex": 254}, 21602),
        ({"BaseAmount": 0}, 21701),
        ({"BaseAmount": 2**48}, 21701),
        ({"Price": 0}, 21702),
        ({"Price": 2**32}, 21702),
        ({"ClientOrderIndex": 2**48}, 21727),
        ({"Type": 2}, 21710),
        ({"Type": MARKET}, 21705),
        ({"TimeInForce": IOC}, 21711),
        ({"OrderExpiry": 0}, 21711),
        ({"OrderExpiry": START_NS // 1_000_000 + 299_000}, 21711),
        ({"OrderExpiry": START_NS // 1_000_000 + 30 * 86_400_000 + 1}, 21711),
        ({"TriggerPrice": 1}, 21729),
        ({"BaseAmount": 16}, 21706),
        ({"MarketIndex": 0, "BaseAmount": 49, "Price": 250_000}, 21706),
        ({"Price": 299_000}, 21734),
        ({"BaseAmount": 4_000_000}, 21739),
        ({"ReduceOnly": 1}, 21732),
        ({"IsAsk": 2}, 21501),
        ({"Nonce": "0"}, 21501),
        ({"L2TxAttributes": {"skip": 1}}, 21501),
    ],
)
def test_what_the_api_refuses_keeps_its_nonce(fields, code):
    desk = Desk()
    assert desk.refused(CREATE, desk.order(**fields)) == code
    assert desk.ask("nextNonce", account_index=ME, api_key_index=KEY)["nonce"] == 0
    desk.place()
    assert len(desk.orders()) == 1


def test_minimums_bind_resting_orders_only():
    desk = Desk()
    desk.place(desk.ioc(BaseAmount=1))
    assert desk.size() == D("0.00001")


def test_a_reduce_only_maker_on_the_wrong_side_is_refused():
    desk = Desk()
    desk.place(desk.ioc())
    assert desk.refused(CREATE, desk.order(ReduceOnly=1)) == 21738
    desk.place(desk.order(ReduceOnly=1, IsAsk=1, Price=600_200))
    assert len(desk.orders()) == 1


def test_a_client_order_index_serves_once_across_markets_and_zero_any_number_of_times():
    desk = Desk()
    desk.place(desk.order(ClientOrderIndex=7))
    assert desk.refused(CREATE, desk.order(ClientOrderIndex=7, MarketIndex=0, Price=249_000, BaseAmount=100)) == 21728
    for _ in range(2):
        desk.place(desk.order(ClientOrderIndex=0))
    assert [order["client_order_index"] for order in desk.orders()] == [7, 0, 0]


def test_a_halted_market_takes_nothing_and_a_closing_one_only_what_reduces():
    desk = Desk()
    desk.place(desk.ioc())
    desk.face.publish(desk.now_ns, desk.exchange.reduce_only_mode(desk.now_ns, "BTC"))
    assert desk.refused(CREATE, desk.order()) == 21740
    (row,) = desk.ask("orderBookDetails", market_id=1)["order_book_details"]
    assert row["market_config"]["force_reduce_only"] is True
    desk.place(desk.ioc(IsAsk=1, Price=590_000, ReduceOnly=1))
    assert desk.size() == 0
    desk.face.publish(desk.now_ns, desk.exchange.halt(desk.now_ns, "BTC"))
    assert desk.refused(CREATE, desk.order()) == 21605
    (row,) = desk.ask("orderBookDetails", market_id=1)["order_book_details"]
    assert row["status"] == "inactive"


def test_an_unknown_type_of_transaction_is_refused():
    desk = Desk()
    assert desk.refused(17, desk.info()) == 21505


# Cancels


def test_a_cancel_names_either_index():
    desk = Desk()
    desk.place()
    desk.place()
    first, second = desk.orders()
    desk.do(CANCEL, desk.info(MarketIndex=1, Index=first["client_order_index"]))
    desk.do(CANCEL, desk.info(MarketIndex=1, Index=second["order_index"]))
    assert desk.orders() == []
    assert [order["status"] for order in desk.orders("accountInactiveOrders")] == ["canceled", "canceled"]


def test_a_cancel_of_what_is_not_there_is_refused_and_a_late_one_fails():
    desk = Desk()
    assert desk.refused(CANCEL, desk.info(MarketIndex=1, Index=77)) == 21700
    assert desk.refused(CANCEL, desk.info(MarketIndex=1, Index=0)) == 21700
    desk.place(desk.order(ClientOrderIndex=5))
    assert desk.refused(CANCEL, desk.info(MarketIndex=0, Index=5)) == 21700
    index = desk.orders()[0]["order_index"]
    assert desk.refused(CANCEL, desk.info(OTHER, MarketIndex=1, Index=index)) == 21707
    late = desk.do(CANCEL, desk.info(MarketIndex=1, Index=5), wait_ms=0)
    desk.market.mids["BTC"] = D(59_900)
    desk.wait(100)
    desk.wait(100)
    assert desk.last_order()["status"] == "filled"
    assert desk.verdict(late) == (0, 21600)
    assert desk.refused(CANCEL, desk.info(MarketIndex=1, Index=5)) == 21600


def test_cancel_all_ends_everything_or_one_market():
    desk = Desk()
    desk.place()
    desk.place(desk.order(MarketIndex=0, Price=249_000, BaseAmount=100))
    everything = {"TimeInForce": 0, "Time": 0}
    desk.do(CANCEL_ALL, desk.info(**everything, L2TxAttributes={"5": 0}))
    assert [order["market_index"] for order in desk.orders()] == [1]
    desk.do(CANCEL_ALL, desk.info(**everything))
    assert desk.orders() == []
    assert desk.refused(CANCEL_ALL, desk.info(**everything, L2TxAttributes={"5": 200})) == 21602


def test_a_scheduled_cancel_all_strikes_at_its_time_unless_moved_or_aborted():
    desk = Desk()
    desk.place()
    schedule = {"TimeInForce": 1}
    for ahead_s in (299, 15 * 86_400 + 60):
        assert desk.refused(CANCEL_ALL, desk.info(**schedule, Time=desk.ahead_ms(ahead_s))) == 21714
    first = desk.ahead_ms(400)
    desk.do(CANCEL_ALL, desk.info(**schedule, Time=first))
    (account,) = desk.ask("account", by="index", value=ME)["accounts"]
    assert account["cancel_all_time"] == first
    desk.do(CANCEL_ALL, desk.info(**schedule, Time=desk.ahead_ms(600)))
    desk.wait(450_000)
    assert len(desk.orders()) == 1
    desk.wait(160_000)
    assert desk.last_order()["status"] == "canceled"
    assert desk.last_order()["updated_at"] < desk.now_ns // 1_000_000
    desk.place()
    desk.do(CANCEL_ALL, desk.info(**schedule, Time=desk.ahead_ms(300)))
    desk.do(CANCEL_ALL, desk.info(TimeInForce=2, Time=0))
    desk.wait(600_000)
    assert len(desk.orders()) == 1


# Leverage


def test_leverage_is_set_within_the_markets_most():
    desk = Desk()
    choose = {"MarketIndex": 60, "MarginMode": 0}
    assert desk.refused(LEVERAGE, desk.info(**choose, InitialMarginFraction=2500)) == 21113
    assert desk.refused(LEVERAGE, desk.info(**choose, InitialMarginFraction=10_001)) == 21113
    tx_hash = desk.do(LEVERAGE, desk.info(**choose, InitialMarginFraction=3333))
    assert desk.verdict(tx_hash) == (2, 0)
    assert desk.exchange.leverage(str(ME), "NEW") == 3
    (account,) = desk.ask("account", by="index", value=ME)["accounts"]
    assert [(row["market_id"], row["initial_margin_fraction"]) for row in account["positions"]] == [(60, "33.33")]


def test_isolated_margin_is_refused_as_the_venue_does_with_a_position():
    desk = Desk()
    isolated = {"MarketIndex": 1, "MarginMode": 1, "InitialMarginFraction": 1000}
    assert desk.refused(LEVERAGE, desk.info(**isolated)) == 21613
    desk.place(desk.ioc())
    assert desk.refused(LEVERAGE, desk.info(**isolated)) == 21132


def test_a_leverage_the_account_cannot_bear_fails_at_the_sequencer():
    desk = Desk(deposit=1_000)
    desk.place(desk.ioc())
    tx_hash = desk.do(LEVERAGE, desk.info(MarketIndex=1, MarginMode=0, InitialMarginFraction=10_000))
    assert desk.verdict(tx_hash) == (0, 21508)
    assert desk.exchange.leverage(str(ME), "BTC") == 20


# Nonces, batches, limits


def test_a_nonce_may_be_left_out_only_with_the_attribute_for_it():
    desk = Desk()
    assert desk.refused(CREATE, desk.order(Nonce=5)) == 21104
    desk.place(desk.order(Nonce=5, L2TxAttributes={"4": 1}))
    assert desk.refused(CREATE, desk.order(Nonce=5)) == 21104
    desk.place(desk.order(Nonce=6))
    assert len(desk.orders()) == 2


def send_batch(desk, infos, kinds=None):
    texts = json.dumps([json.dumps(info) for info in infos])
    return desk.post("sendTxBatch", tx_types=json.dumps(kinds or [CREATE] * len(infos)), tx_infos=texts)


def test_a_batch_is_taken_whole_or_not_at_all():
    desk = Desk()
    answer = send_batch(desk, [desk.order(Nonce=0), desk.order(Nonce=1)])
    assert len(body(answer)["tx_hash"]) == 2
    desk.wait(300)
    assert len(desk.orders()) == 2
    for infos, code in (
        ([desk.order(Nonce=2), desk.order(Nonce=2)], 21105),
        ([desk.order(Nonce=2), desk.order(Nonce=3, Price=0)], 21702),
        ([desk.order(Nonce=2), desk.order(OTHER, Nonce=0)], 21121),
        ([desk.order(Nonce=2, ClientOrderIndex=99), desk.order(Nonce=3, ClientOrderIndex=99)], 21728),
        ([desk.order(Nonce=2)] * 51, 21514),
    ):
        assert body(send_batch(desk, infos))["code"] == code
    assert body(send_batch(desk, [desk.order()], kinds=[14, 14]))["code"] == 21513
    desk.wait(300)
    assert len(desk.orders()) == 2
    assert desk.ask("nextNonce", account_index=ME, api_key_index=KEY)["nonce"] == 2


def test_a_standard_account_may_send_sixty_transactions_a_minute():
    desk = Desk()
    for _ in range(60):
        assert desk.send(CANCEL_ALL, desk.info(TimeInForce=0, Time=0)).status == 200
    answer = desk.send(CREATE, desk.order())
    assert (answer.status, body(answer)["code"]) == (429, 23000)
    assert desk.send(CREATE, desk.order(OTHER)).status == 200
    desk.wait(60_000)
    assert desk.send(CREATE, desk.order()).status == 200


def test_sixty_requests_a_minute_and_a_premium_account_by_weight():
    desk = Desk()
    for _ in range(60):
        desk.ask("orderBooks")
    assert body(desk.get("account", by="index", value=ME))["code"] == 23000
    desk.wait(60_000)
    assert desk.get("orderBooks").status == 200
    rich = Desk(PREMIUM)
    for _ in range(40):
        rich.ask("recentTrades", market_id=1, limit=1)
    assert rich.get("nextNonce", account_index=ME, api_key_index=KEY).status == 429


def test_a_premium_account_is_quicker_and_pays():
    desk = Desk(PREMIUM, fees=LIGHTER_PREMIUM_FEES)
    desk.send(CREATE, desk.order())
    assert len(desk.orders()) == 1
    desk.place(desk.ioc(), wait_ms=200)
    limits = desk.ask("accountLimits", token(), account_index=ME)
    assert (limits["user_tier_name"], limits["current_maker_fee_tick"], limits["current_taker_fee_tick"]) == (
        "premium",
        40,
        280,
    )


# Who may ask


@pytest.mark.parametrize(
    "auth",
    [
        "",
        "nonsense",
        token(OTHER),
        token(99),
        token(key=9),
        token(expiry_s=START_NS // S),
        token(expiry_s=START_NS // S + 8 * 3600 + 1),
        token()[:-2],
    ],
)
def test_private_questions_need_a_token_of_the_account(auth):
    desk = Desk()
    answer = desk.get("accountActiveOrders", auth, account_index=ME)
    assert (answer.status, body(answer)["code"]) == (400, 20001)


def test_a_token_may_stand_in_the_query_and_may_be_read_only():
    desk = Desk()
    assert desk.get("accountActiveOrders", account_index=ME, auth=token()).status == 200
    lasting = f"ro:{ME}:single:{START_NS // S + 86_400 * 300}:{'ab' * 32}"
    assert desk.get("accountActiveOrders", lasting, account_index=ME).status == 200


def test_a_token_for_longer_than_eight_hours_becomes_valid_late():
    desk = Desk()
    late = token(expiry_s=START_NS // S + 9 * 3600)
    assert desk.get("accountActiveOrders", late, account_index=ME).status == 400
    desk.wait(3_600_000)
    assert desk.get("accountActiveOrders", late, account_index=ME).status == 200


def test_keys_and_nonces_are_public():
    desk = Desk()
    desk.place()
    (key,) = desk.ask("apikeys", account_index=ME, api_key_index=255)["api_keys"]
    assert (key["api_key_index"], key["nonce"], key["public_key"]) == (KEY, 1, f"{ME:080x}")
    assert body(desk.get("apikeys", account_index=ME, api_key_index=9))["code"] == 21109
    assert body(desk.get("nextNonce", account_index=99, api_key_index=KEY))["code"] == 21100


def test_what_is_not_there_is_not_found():
    desk = Desk()
    assert desk.get("teapot").status == 404
    assert desk.post("orderBooks").status == 404
    assert body(desk.get("tx", by="hash", value="00"))["code"] == 21500
    assert body(desk.get("account", by="index", value=99))["code"] == 21100
    assert body(desk.get("orderBookOrders", market_id=99, limit=5))["code"] == 21602
    for limit in (0, 101, "many", "9" * 30):
        assert body(desk.get("recentTrades", market_id=1, limit=limit))["code"] == 20001
    request = HttpRequest(method="POST", path="/api/v1/sendTx", body=b"\xff")
    assert body(desk.face.http(desk.now_ns, request))["code"] == 20001


def test_a_scenario_refuses_in_the_venues_words():
    desk = Desk()
    request = HttpRequest(method="POST", path="/api/v1/sendTx")
    for reason, status, code in (
        ("margin", 400, 21739),
        ("rate_limited", 429, 23000),
        ("21506", 400, 21506),
        ("gone fishing", 400, 20001),
    ):
        answer = desk.face.refusal(desk.now_ns, request, reason)
        assert (answer.status, body(answer)["code"]) == (status, code)
    assert body(desk.face.refusal(desk.now_ns, request, "gone fishing"))["message"] == "gone fishing"


# Money


def test_funding_is_told_in_each_endpoints_unit_and_paid_as_told():
    desk = Desk()
    desk.market.premium = D("0.002")
    desk.wait()
    desk.place(desk.ioc(IsAsk=1, Price=590_000))
    desk.wait(3_600_000)
    connection = desk.face.connect(desk.now_ns, "/stream")
    desk.say(connection, {"type": "subscribe", "channel": "market_stats/1"})
    stats = desk.heard(connection)[-1]["market_stats"]
    rate = D(str(stats["funding_rate"]))
    assert rate > 0
    assert stats["funding_timestamp"] == (START_NS + HOUR_NS) // 1_000_000 + 1
    window = {"start_timestamp": START_NS // S, "end_timestamp": desk.now_ns // S, "count_back": 10}
    (hour,) = desk.ask("fundings", market_id=1, resolution="1h", **window)["fundings"]
    index = D(str(stats["index_price"]))
    assert (hour["rate"], hour["direction"], hour["timestamp"]) == (str(rate), "long", (START_NS + HOUR_NS) // S)
    assert abs(D(hour["value"]) - rate / 100 * index) < D("0.001")
    (eight,) = [row for row in desk.ask("funding-rates")["funding_rates"] if row["symbol"] == "BTC"]
    assert (eight["exchange"], D(str(eight["rate"]))) == ("lighter", rate / 100 * 8)
    (paid,) = desk.ask("positionFunding", token(), account_index=ME, limit=10)["position_fundings"]
    assert (paid["position_side"], paid["position_size"], paid["rate"]) == ("short", "0.10000", str(rate))
    assert abs(D(paid["change"]) - D("0.1") * rate / 100 * index) < D("0.001")
    (account,) = desk.ask("account", by="index", value=ME)["accounts"]
    assert account["positions"][0]["total_funding_paid_out"] == f"-{paid['change']}"


def test_a_negative_rate_is_told_without_sign_beside_the_side_that_pays():
    desk = Desk()
    desk.exchange.force_funding_rate("BTC", D("-0.0001"))
    desk.wait(3_600_000)
    (hour,) = desk.ask("fundings", market_id=1, resolution="1h", start_timestamp=0, end_timestamp=2**33)["fundings"]
    assert (hour["rate"], hour["direction"], hour["value"]) == ("0.0100", "short", "6.00000000")


def test_realised_profit_belongs_to_the_position_and_flat_markets_stay_listed():
    desk = Desk()
    desk.place(desk.ioc())
    desk.market.mids["BTC"] = D(61_000)
    desk.wait()
    desk.place(desk.ioc(IsAsk=1, Price=590_000, BaseAmount=4_000, ReduceOnly=1))
    (account,) = desk.ask("account", by="l1_address", value=f"0x{ME:040X}")["accounts"]
    (row,) = account["positions"]
    assert (row["sign"], row["position"], row["realized_pnl"]) == (1, "0.06000", "39.032000")
    desk.place(desk.ioc(IsAsk=1, Price=590_000, BaseAmount=0, ReduceOnly=1))
    (row,) = desk.ask("account", by="index", value=ME)["accounts"][0]["positions"]
    assert (row["sign"], row["position"]) == (1, "0.00000")


def test_a_forced_closure_is_a_liquidation_or_a_deleveraging():
    desk = Desk()
    desk.place(desk.ioc())
    desk.face.publish(desk.now_ns, desk.exchange.deleverage(desk.now_ns, str(ME), "BTC", D("0.04")))
    desk.face.publish(desk.now_ns, desk.exchange.liquidate(desk.now_ns, str(ME), "BTC"))
    rows = desk.ask("trades", token(), account_index=ME, sort_by="timestamp", limit=10)["trades"]
    assert [row["type"] for row in rows] == ["liquidation", "deleverage", "trade"]
    assert [row["size"] for row in rows] == ["0.06000", "0.04000", "0.10000"]
    assert all(row["ask_account_id"] == ME for row in rows[:2])
    forced = desk.ask("liquidations", token(), account_index=ME, limit=10)["liquidations"]
    assert [row["type"] for row in forced] == ["partial", "deleverage"]
    assert desk.orders() == []
    only = desk.ask("trades", token(), account_index=ME, sort_by="timestamp", limit=10, type="deleverage")["trades"]
    assert len(only) == 1


def test_the_crowd_trades_under_indices_of_its_own():
    desk = Desk(crowd=CrowdSpec(accounts_per_asset=2))
    desk.face.publish(desk.now_ns, desk.exchange.liquidate(desk.now_ns, "crowd:BTC:0", "BTC"))
    rows = desk.ask("recentTrades", market_id=1, limit=100)["trades"]
    assert {row["type"] for row in rows} == {"liquidation"}
    assert all(ME not in (row["ask_account_id"], row["bid_account_id"]) for row in rows)


# Pages


def test_long_lists_come_in_pages_newest_first():
    desk = Desk()
    for _ in range(5):
        desk.place(desk.ioc(BaseAmount=100))
    asked = {"account_index": ME, "sort_by": "timestamp", "limit": 2}
    pages, cursor = [], None
    while True:
        answer = desk.ask("trades", token(), **asked, **({"cursor": cursor} if cursor else {}))
        pages.append([row["trade_id"] for row in answer["trades"]])
        cursor = answer.get("next_cursor")
        if not cursor:
            break
    assert [len(each) for each in pages] == [2, 2, 1]
    flat = [number for each in pages for number in each]
    assert flat == sorted(flat, reverse=True)


def test_candles_follow_the_market():
    desk = Desk()
    window = {"start_timestamp": START_NS // S - 7200, "end_timestamp": START_NS // S, "count_back": 2}
    candles = desk.ask("candles", market_id=1, resolution="1h", **window)["c"]
    assert [(candle["o"], candle["c"]) for candle in candles] == [(60_000.0, 60_000.0)] * 2
    assert body(desk.get("candles", market_id=1, resolution="7m", **window))["code"] == 22402


def test_the_same_transactions_have_the_same_hashes_in_every_run():
    first, second = (Desk().place(wait_ms=0) for _ in range(2))
    assert first == second
    assert len(first) == 80
