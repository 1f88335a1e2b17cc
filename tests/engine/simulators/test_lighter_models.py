"""Every answer and frame of the simulated Lighter, read by the wire's structs and by the venue's own models."""

import json

import msgspec
import pytest

from engine.venues.lighter import wire, wire_orders, wire_stream
from tests.engine.simulators.lighter_desk import ME, START_NS, D, Desk, S, token
from tests.shared import fixtures_root

WINDOW = {"start_timestamp": START_NS // S - 7200, "end_timestamp": START_NS // S + 7200, "count_back": 100}
OWN = {"account_index": ME}
ANSWERS = [
    ("orderBooks", {}, None, "OrderBooks"),
    ("orderBookDetails", {"filter": "perp"}, wire.OrderBookDetails, "OrderBookDetails"),
    ("orderBookOrders", {"market_id": 1, "limit": 50}, None, "OrderBookOrders"),
    ("recentTrades", {"market_id": 1, "limit": 50}, wire_orders.Trades, "Trades"),
    ("funding-rates", {}, None, "FundingRates"),
    ("fundings", {"market_id": 1, "resolution": "1h", **WINDOW}, None, "Fundings"),
    ("candles", {"market_id": 1, "resolution": "1h", **WINDOW}, None, "Candles"),
    ("exchangeStats", {}, None, "ExchangeStats"),
    ("account", {"by": "index", "value": ME}, wire.Accounts, "DetailedAccounts"),
    ("accountsByL1Address", {"l1_address": f"0x{ME:040x}"}, None, "SubAccounts"),
    ("accountActiveOrders", OWN, wire_orders.Orders, "Orders"),
    ("accountInactiveOrders", {**OWN, "limit": 50}, wire_orders.Orders, "Orders"),
    ("positionFunding", {**OWN, "limit": 50}, wire.PositionFundings, "PositionFundings"),
    ("trades", {**OWN, "sort_by": "timestamp", "limit": 50}, wire_orders.Trades, "Trades"),
    ("liquidations", {**OWN, "limit": 50}, None, "LiquidationInfos"),
    ("accountLimits", OWN, None, "AccountLimits"),
    ("apikeys", {**OWN, "api_key_index": 255}, wire.ApiKeys, "AccountApiKeys"),
    ("nextNonce", {**OWN, "api_key_index": 4}, wire.NextNonce, "NextNonce"),
    ("systemConfig", {}, None, "SystemConfig"),
    ("currentHeight", {}, None, "CurrentHeight"),
    ("info", {}, None, "ZkLighterInfo"),
    ("", {}, None, "Status"),
]
CHANNELS = {
    "order_book/1": wire_stream.OrderBookFrame,
    "ticker/1": wire_stream.TickerFrame,
    "market_stats/1": wire_stream.MarketStatsFrame,
    "market_stats/all": wire_stream.AllMarketStatsFrame,
    f"account_all_orders/{ME}": wire_stream.OrdersFrame,
    f"account_all_trades/{ME}": wire_stream.TradesFrame,
    f"account_all_positions/{ME}": wire_stream.PositionsFrame,
    f"account_all_assets/{ME}": wire_stream.AssetsFrame,
    f"user_stats/{ME}": wire_stream.UserStatsFrame,
    f"account_tx/{ME}": wire_stream.TxFrame,
    f"notification/{ME}": wire_stream.NotificationFrame,
}
RECORDED = {
    "order_book": "ws_order_book_update.json",
    "ticker": "ws_ticker_update.json",
    "market_stats:1": "ws_market_stats_subscribed_single.json",
    "market_stats:all": "ws_market_stats_update_all.json",
    "account_all_orders": "ws_account_orders_update.json",
    "account_all_trades": "ws_account_all_trades_update.json",
    "account_all_positions": "ws_account_all_positions_update.json",
    "account_all_assets": "ws_account_all_assets_update.json",
    "user_stats": "ws_user_stats_update.json",
    "height": "ws_height_update.json",
    "trade": "ws_trade_update.json",
}


def busy_desk():
    """An account with an open order, fills on both sides, a payment, and a forced closure."""
    desk = Desk()
    desk.place()
    desk.place(desk.ioc())
    desk.wait(3_600_000)
    desk.place(desk.ioc(IsAsk=1, Price=590_000, BaseAmount=2_000))
    desk.place(desk.ioc(BaseAmount=4_000_000))
    desk.face.publish(desk.now_ns, desk.exchange.deleverage(desk.now_ns, str(ME), "BTC", D("0.01")))
    return desk


@pytest.mark.parametrize(("path", "query", "struct", "model"), ANSWERS, ids=[each[0] or "/" for each in ANSWERS])
def test_every_answer_is_read_by_the_wire_and_by_the_venues_own_models(path, query, struct, model):
    import lighter

    answer = busy_desk().get(path, token(), **query)
    assert answer.status == 200, answer.body
    if struct is not None:
        msgspec.json.decode(answer.body, type=struct)
    found = getattr(lighter, model, None) or getattr(lighter.models, model)
    found.from_json(answer.body.decode())
    extra = found.from_json(answer.body.decode()).additional_properties
    assert not {name: value for name, value in extra.items() if name != "code"}


def test_a_transaction_and_what_came_of_it_are_read():
    import lighter

    desk = Desk()
    response = desk.send(14, desk.ioc(BaseAmount=4_000_000))
    assert lighter.RespSendTx.from_json(response.body.decode()).code == 200
    tx_hash = msgspec.json.decode(response.body, type=wire_orders.SendTxReply).tx_hash
    for status in (1, 0):
        answer = desk.get("tx", by="hash", value=tx_hash)
        told = msgspec.json.decode(answer.body, type=wire_orders.EnrichedTx)
        assert lighter.EnrichedTx.from_json(answer.body.decode()).status == told.status == status
        by_sequence = desk.get("tx", by="sequence_index", value=told.sequence_index)
        assert by_sequence.body == answer.body
        desk.wait(300)
    assert "21739" in msgspec.json.decode(told.event_info, type=wire_orders.EventInfo).ae


def test_a_refusal_is_read():
    import lighter

    answer = Desk().get("account", by="index", value=5)
    assert msgspec.json.decode(answer.body, type=wire.ResultCode).code == 21100
    assert lighter.ResultCode.from_json(answer.body.decode()).message == "account not found"


def test_every_frame_is_read_by_the_wire():
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/stream")
    for channel in CHANNELS:
        desk.say(connection, {"type": "subscribe", "channel": channel, "auth": token()})
    desk.place()
    desk.place(desk.ioc())
    desk.face.publish(desk.now_ns, desk.exchange.deleverage(desk.now_ns, str(ME), "BTC", D("0.01")))
    read = {channel.replace("/", ":"): struct for channel, struct in CHANNELS.items()}
    seen = []
    for push in desk.face.take_outbox():
        head = msgspec.json.decode(push.frame, type=wire_stream.Frame)
        if head.channel is not None:
            msgspec.json.decode(push.frame, type=read[head.channel])
            seen.append(head.type)
    for channel in CHANNELS:
        kind = channel.split("/")[0]
        assert f"subscribed/{kind}" in seen
        assert f"update/{kind}" in seen


def shape(value):
    """Names and kinds of a JSON value; keys that are numbers stand for any number, numbers for any number."""
    match value:
        case dict():
            if value and all(key.isdecimal() for key in value):
                return {"*": shape(next(iter(value.values())))}
            return {key: shape(each) for key, each in value.items()}
        case list():
            return [shape(value[0])] if value else []
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case _:
            return "text"


def missing(recorded, told, path=""):
    """Where a recorded frame has what ours lacks, or has something else."""
    if isinstance(recorded, dict) and isinstance(told, dict):
        return [
            line
            for key, kind in recorded.items()
            for line in ([f"{path}.{key}"] if key not in told else missing(kind, told[key], f"{path}.{key}"))
        ]
    if isinstance(recorded, list) and isinstance(told, list):
        return missing(recorded[0], told[0], f"{path}[]") if recorded and told else []
    return [] if recorded == told or "NoneType" in (recorded, told) else [f"{path}: {told} instead of {recorded}"]


@pytest.mark.parametrize(("channel", "file"), RECORDED.items())
def test_frames_have_whatever_recorded_ones_have(channel, file):
    recorded = json.loads((fixtures_root() / "lighter" / "nautilus" / file).read_text())
    desk = Desk()
    connection = desk.face.connect(desk.now_ns, "/stream")
    kind = channel.partition(":")[0]
    names = {"order_book", "ticker", "trade"}
    asked = {"account_all_orders": f"account_orders/1/{ME}", "height": "height"}.get(kind)
    asked = asked or (f"{kind}/1" if kind in names else channel.replace(":", "/") if ":" in channel else f"{kind}/{ME}")
    desk.say(connection, {"type": "subscribe", "channel": asked, "auth": token()})
    desk.place(desk.order(TimeInForce=1, Price=600_120, BaseAmount=150_000))
    desk.wait()
    frame = desk.heard(connection)[-1]
    optional = {".trades.*[].taker_fee", ".trades.*[].maker_fee", ".trades[].taker_fee", ".trades[].maker_fee"}
    assert sorted(line for line in missing(shape(recorded), shape(frame)) if line not in optional) == []
