"""The simulated Lighter's stream: subscriptions, frames, pings, transactions over it, limits."""

import json

import pytest

from engine.simulators.lighter import UNLIMITED, FaceKnobs
from tests.engine.simulators.lighter_desk import (
    CREATE,
    LEVERAGE,
    ME,
    OTHER,
    START_NS,
    D,
    Desk,
    S,
    token,
)


def kinds(frames):
    return [frame["type"] for frame in frames]


def test_a_stream_greets_and_answers_a_subscription_with_its_state():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/stream?readonly=true")
    (greeting,) = desk.heard(connection)
    assert greeting["type"] == "connected"
    desk.say(connection, {"type": "subscribe", "channel": "order_book/1"})
    (frame,) = desk.heard(connection)
    assert (frame["type"], frame["channel"]) == ("subscribed/order_book", "order_book:1")
    assert frame["order_book"]["asks"] == [
        {"price": "60012.0", "size": "1.00000"},
        {"price": "60072.0", "size": "5.00000"},
    ]
    assert frame["order_book"]["begin_nonce"] == 0


def test_another_path_is_closed():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/ws")
    assert desk.closed(connection) == ["not found"]


def rebuilt(frames):
    """The book a listener keeps; fails where a nonce does not continue the one before."""
    sides, nonce = ({}, {}), None
    for frame in frames:
        book = frame["order_book"]
        assert nonce is None or book["begin_nonce"] == nonce
        nonce = book["nonce"]
        for kept, told in zip(sides, (book["bids"], book["asks"]), strict=True):
            for level in told:
                kept[D(level["price"])] = D(level["size"])
                if D(level["size"]) == 0:
                    del kept[D(level["price"])]
    return [sorted(side.items()) for side in sides], nonce


def test_book_updates_continue_each_other_and_rebuild_the_book():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/stream")
    desk.heard(connection)
    desk.say(connection, {"type": "subscribe", "channel": "order_book/1"})
    desk.place()
    for mid in (60_010, 60_010, 59_990):
        desk.market.mids["BTC"] = D(mid)
        desk.wait()
    desk.place(desk.ioc(BaseAmount=30_000))
    later = desk.face.connect(desk.now_ns, "/stream")
    desk.say(later, {"type": "subscribe", "channel": "order_book/1"})
    pushes = desk.face.take_outbox()
    books = [push for push in pushes if push.channel == "order_book"]
    frames = [json.loads(push.frame) for push in books if push.connection == connection]
    assert len(frames) >= 4
    (snapshot,) = [json.loads(push.frame) for push in books if push.connection == later]
    assert rebuilt(frames) == rebuilt([snapshot])


def test_a_market_that_stands_still_is_silent():
    desk = Desk()
    channels = ("order_book/1", "ticker/1", "market_stats/1", "market_stats/all", "trade/1")
    connection = desk.listen(*channels)
    desk.wait()
    desk.heard(connection)
    for _ in range(5):
        desk.wait()
    assert desk.heard(connection) == []
    desk.market.mids["BTC"] = D(60_100)
    desk.wait()
    assert sorted(kinds(desk.heard(connection))) == [
        "update/market_stats",
        "update/market_stats",
        "update/order_book",
        "update/ticker",
    ]


def test_the_ticker_moves_with_the_touch_alone():
    desk = Desk()
    connection = desk.listen("ticker/1", "order_book/1")
    desk.wait()
    desk.heard(connection)
    desk.place()
    assert kinds(desk.heard(connection)) == ["update/order_book"]
    desk.place(desk.order(Price=599_900))
    (book, ticker) = desk.heard(connection)
    assert ticker["ticker"]["b"] == {"price": "59990.0", "size": "0.10000"}
    assert ticker["nonce"] == book["order_book"]["nonce"]


def test_stats_of_all_markets_tell_only_those_that_changed():
    desk = Desk()
    connection = desk.listen("market_stats/all")
    desk.wait()
    desk.heard(connection)
    desk.market.mids["ETH"] = D(2600)
    desk.wait()
    (frame,) = desk.heard(connection)
    assert (frame["channel"], list(frame["market_stats"])) == ("market_stats:all", ["0"])
    assert frame["market_stats"]["0"]["symbol"] == "ETH"
    assert frame["market_stats"]["0"]["open_interest"] == f"{1000 * D(frame['market_stats']['0']['mark_price']):.6f}"


def test_the_height_is_told_once_a_block():
    desk = Desk()
    connection = desk.listen("height")
    desk.wait(1000)
    desk.wait(100)
    desk.wait(1000)
    heights = [frame["height"] for frame in desk.heard(connection)]
    assert heights == [START_NS // S - 1_550_405_851 + 1, START_NS // S - 1_550_405_851 + 2]


def test_an_execution_is_told_on_every_channel_of_the_account():
    desk = Desk()
    channels = (
        *(f"account_all_{what}/{ME}" for what in ("orders", "trades", "positions", "assets")),
        *(f"{what}/{ME}" for what in ("account_all", "user_stats", "account_tx")),
        *(f"{what}/1/{ME}" for what in ("account_orders", "account_market")),
        "trade/1",
    )
    connection = desk.listen(*channels)
    tx_hash = desk.place(desk.ioc())
    frames = desk.heard(connection)
    assert sorted(kinds(frames)) == sorted(f"update/{channel.split('/')[0]}" for channel in channels)
    told = {frame["type"].removeprefix("update/"): frame for frame in frames}
    (order,) = told["account_all_orders"]["orders"]["1"]
    (trade,) = told["account_all_trades"]["trades"]["1"]
    assert (order["status"], trade["bid_id"], trade["tx_hash"]) == ("filled", order["order_index"], tx_hash)
    assert told["account_all_positions"]["positions"]["1"]["position"] == "0.10000"
    assert told["account_market"]["position"] == told["account_all_positions"]["positions"]["1"]
    assert told["account_orders"]["orders"]["1"] == [order]
    assert told["trade"]["trades"] == [trade]
    (verdict,) = told["account_tx"]["txs"]
    assert (verdict["hash"], verdict["status"], verdict["type"]) == (tx_hash, 2, 14)
    assert frames[-1] is told["account_tx"]
    stats = told["user_stats"]["stats"]
    assert (stats["collateral"], stats["portfolio_value"]) == ("100000.000000", "99998.800000")
    assert stats["cross_stats"]["leverage"] == "0.06"


def test_a_maker_is_told_when_somebody_takes_it_and_the_taker_apart():
    desk = Desk()
    desk.place(desk.order(IsAsk=1, Price=600_000))
    mine = desk.listen(f"account_all_orders/{ME}", f"account_all_trades/{ME}")
    theirs = desk.listen(f"account_all_trades/{OTHER}", account=OTHER)
    desk.place(desk.ioc(OTHER, BaseAmount=4_000), wait_ms=0)
    desk.now_ns += 300_000_000
    desk.face.advance(desk.now_ns)
    pushes = desk.face.take_outbox()
    to_me = [json.loads(push.frame) for push in pushes if push.connection == mine]
    to_them = [json.loads(push.frame) for push in pushes if push.connection == theirs]
    assert to_me[0]["orders"]["1"][0]["status"] == "open"
    assert to_me[0]["orders"]["1"][0]["remaining_base_amount"] == "0.06000"
    assert to_me[1]["trades"] == to_them[0]["trades"]


def test_a_leverage_that_was_set_is_told_with_the_position():
    desk = Desk()
    connection = desk.listen(f"account_all_positions/{ME}")
    desk.do(LEVERAGE, desk.info(MarketIndex=1, MarginMode=0, InitialMarginFraction=1000))
    (frame,) = desk.heard(connection)
    assert frame["positions"]["1"]["initial_margin_fraction"] == "10.00"


def test_funding_moves_the_account():
    desk = Desk()
    desk.place(desk.ioc())
    connection = desk.listen(f"account_all/{ME}", f"account_all_positions/{ME}", f"account_market/1/{ME}")
    desk.wait(3_600_000)
    frames = desk.heard(connection)
    (whole,) = [frame for frame in frames if frame["type"] == "update/account_all"]
    (paid,) = whole["funding_histories"]["1"]
    assert (paid["rate"], paid["position_side"], paid["change"]) == ("0.0012", "long", "-0.072000")
    assert whole["positions"]["1"]["total_funding_paid_out"] == "0.072000"
    (market,) = [frame for frame in frames if frame["type"] == "update/account_market"]
    assert market["funding_history"] == paid


def test_the_mark_moves_what_holders_are_told_every_few_seconds():
    desk = Desk(FaceKnobs(stats_every_s=5))
    desk.place(desk.ioc())
    desk.wait(10_000)
    connection = desk.listen(f"user_stats/{ME}", f"account_all_positions/{ME}")
    desk.market.mids["BTC"] = D(60_500)
    desk.wait(1000)
    assert desk.heard(connection) == []
    desk.wait(5000)
    assert sorted(kinds(desk.heard(connection))) == ["update/account_all_positions", "update/user_stats"]


@pytest.mark.parametrize(
    ("force", "kind", "price"),
    [("deleverage", "deleverage", "settlement_price"), ("liquidate", "liquidation", "avg_price")],
)
def test_a_forced_closure_is_notified(force, kind, price):
    desk = Desk()
    desk.place(desk.ioc())
    connection = desk.listen(f"notification/{ME}", "trade/1")
    desk.face.publish(desk.now_ns, getattr(desk.exchange, force)(desk.now_ns, str(ME), "BTC", D("0.04")))
    trade, notice = desk.heard(connection)
    (row,) = notice["notifs"]
    assert (row["kind"], row["account_index"], row["content"]["size"]) == (kind, ME, "0.04000")
    assert D(row["content"][price]) > 0
    assert (trade["trades"], trade["liquidation_trades"][0]["type"]) == ([], kind)


@pytest.mark.parametrize("channel", ["account_all_orders/712", "account_market/1/712", "notification/712"])
@pytest.mark.parametrize("auth", ["", token(OTHER), token(expiry_s=START_NS // S)])
def test_private_channels_need_a_token_of_the_account(channel, auth):
    desk = Desk()
    connection = desk.listen()
    desk.say(connection, {"type": "subscribe", "channel": channel, "auth": auth})
    (frame,) = desk.heard(connection)
    assert frame["error"]["code"] == 20001
    desk.place()
    assert desk.heard(connection) == []


def test_account_all_and_user_stats_need_none():
    desk = Desk()
    connection = desk.listen()
    for channel in (f"account_all/{ME}", f"user_stats/{ME}"):
        desk.say(connection, {"type": "subscribe", "channel": channel})
    assert kinds(desk.heard(connection)) == ["subscribed/account_all", "subscribed/user_stats"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "subscribe", "channel": "order_book/1"}, 30003),
        ({"type": "unsubscribe", "channel": "ticker/1"}, 30002),
        ({"type": "subscribe", "channel": "order_book/99"}, 30005),
        ({"type": "subscribe", "channel": "teapot/1"}, 30005),
        ({"type": "subscribe", "channel": "order_book"}, 30005),
        ({"type": "subscribe", "channel": "account_all/99"}, 30012),
        ({"type": "brew"}, 30001),
        ({"type": "jsonapi/sendtx"}, 30007),
        ({"type": "jsonapi/sendtx", "data": {"tx_type": "14"}}, 30007),
        ({"type": "jsonapi/sendtxbatch", "data": {"tx_types": "[14]", "tx_infos": "[]"}}, 21513),
    ],
)
def test_what_cannot_be_done_is_answered_by_a_bare_error(frame, code):
    desk = Desk()
    connection = desk.listen("order_book/1")
    desk.say(connection, frame)
    (answer,) = desk.heard(connection)
    assert list(answer) == ["error"]
    assert answer["error"]["code"] == code


def test_what_is_no_json_object_is_answered_by_an_error():
    desk = Desk()
    connection = desk.listen()
    for frame, code in ((b"{", 30000), (b"[]", 30001)):
        desk.face.receive(desk.now_ns, connection, frame)
        assert desk.heard(connection)[0]["error"]["code"] == code


def test_unsubscribed_channels_are_silent_and_may_be_opened_again():
    desk = Desk()
    connection = desk.listen("order_book/1")
    desk.say(connection, {"type": "unsubscribe", "channel": "order_book/1"})
    desk.place()
    assert kinds(desk.heard(connection)) == ["unsubscribed/order_book"]
    desk.say(connection, {"type": "subscribe", "channel": "order_book/1"})
    (frame,) = desk.heard(connection)
    assert {"price": "59980.0", "size": "0.10000"} in frame["order_book"]["bids"]


def test_account_all_asked_for_again_is_told_again():
    desk = Desk()
    connection = desk.listen(f"account_all/{ME}")
    desk.say(connection, {"type": "subscribe", "channel": f"account_all/{ME}"})
    assert kinds(desk.heard(connection)) == ["subscribed/account_all"]


def test_transactions_over_the_stream_are_accepted_and_refused_alike():
    desk = Desk()
    connection = desk.listen()
    desk.say(connection, {"type": "jsonapi/sendtx", "data": {"tx_type": CREATE, "tx_info": desk.order()}})
    (answer,) = desk.heard(connection)
    assert (answer["type"], answer["code"], len(answer["tx_hash"])) == ("jsonapi/sendtx", 200, 80)
    stale = {"tx_type": CREATE, "tx_info": json.dumps(desk.order()), "id": "mine"}
    desk.say(connection, {"type": "jsonapi/sendtx", "data": stale})
    (refusal,) = desk.heard(connection)
    assert refusal == {"error": {"code": 21104, "message": "invalid nonce"}}
    infos = json.dumps([json.dumps(desk.order(Nonce=nonce)) for nonce in (1, 2)])
    desk.say(connection, {"type": "jsonapi/sendtxbatch", "data": {"tx_types": "[14, 14]", "tx_infos": infos}})
    (answer,) = desk.heard(connection)
    assert (answer["type"], len(answer["tx_hash"])) == ("jsonapi/sendtxbatch", 2)
    desk.wait(300)
    assert len(desk.orders()) == 3


def test_the_server_pings_and_closes_who_says_nothing_for_two_minutes():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/stream")
    desk.face.take_outbox()
    desk.wait(60_000)
    assert [push.channel for push in desk.face.take_outbox()] == ["ping"]
    desk.say(connection, {"type": "pong"})
    desk.wait(119_000)
    desk.say(connection, {"type": "ping"})
    assert desk.heard(connection)[-1] == {"type": "pong"}
    desk.wait(121_000)
    assert desk.closed(connection) == ["no frame for 120 s"]
    desk.say(connection, {"type": "ping"})
    assert desk.face.take_outbox() == []


def test_a_connection_lives_a_day():
    desk = Desk(UNLIMITED)
    connection = desk.listen()
    desk.now_ns += 86_401 * S
    desk.say(connection, {"type": "ping"})
    desk.wait(1)
    assert desk.closed(connection) == ["open for 86400 s"]


def test_two_hundred_messages_a_minute_transactions_not_counted():
    desk = Desk()
    connection = desk.listen()
    for _ in range(200):
        desk.say(connection, {"type": "ping"})
    desk.heard(connection)
    desk.say(connection, {"type": "ping"})
    assert desk.heard(connection)[0]["error"]["code"] == 30009
    desk.say(connection, {"type": "jsonapi/sendtx", "data": {"tx_type": CREATE, "tx_info": desk.order()}})
    assert desk.heard(connection)[0]["code"] == 200


def test_a_forgotten_stream_hears_nothing():
    desk = Desk()
    connection = desk.listen("order_book/1")
    desk.face.disconnect(connection)
    desk.market.mids["BTC"] = D(61_000)
    desk.wait()
    assert desk.face.take_outbox() == []
