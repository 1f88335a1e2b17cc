"""Recorded payloads: every one of a claimed kind decodes and its numbers are those of its own text."""

import json
from decimal import Decimal
from typing import get_args

import msgspec
import pytest

from actors.domain import Liquidity, RejectReason, Side, TimeInForce, Venue
from actors.messages import ForeignFilled, OrderFilled, PositionDeleveraged, PositionLiquidated
from engine.venues.assets import listed
from engine.venues.lighter import codec_orders, codec_rest, codec_stream
from engine.venues.lighter.codec import client_order_index, encode_order, encode_transaction
from engine.venues.lighter.markets import Market, Markets, UnfitOrder
from engine.venues.lighter.refusals import OVER
from engine.venues.lighter.signing_request import LighterSigned
from engine.venues.lighter.wire_orders import (
    CancelAllInfo,
    CreateOrderInfo,
    OrderRow,
    OrderStatus,
    TradeRow,
)
from engine.venues.link import FrameError
from tests.engine.venues.lighter.test_book import row as market_row
from tests.engine.venues.lighter.test_ledger import submit
from tests.shared import fixtures_root

REST = {
    "http_account": ("account", codec_rest),
    "http_order_book_details": ("orderBookDetails", codec_rest),
    "http_next_nonce": ("nextNonce", codec_rest),
    "http_orders": ("orders", codec_orders),
    "http_recent_trades": ("trades", codec_orders),
}
FRAMES = (
    "ws_order_book_subscribed",
    "ws_order_book_subscribed_empty",
    "ws_order_book_update",
    "ws_ticker_subscribed",
    "ws_ticker_subscribed_empty",
    "ws_ticker_update",
    "ws_market_stats_subscribed_single",
    "ws_market_stats_update_all",
    "ws_market_stats_update_single",
    "ws_account_all_assets_update",
    "ws_account_all_assets_with_position",
    "ws_account_all_positions_update",
    "ws_account_all_trades_update",
    "ws_user_stats_update",
    "ws_user_stats_with_position",
)
UNCLAIMED = (
    "ws_candle_subscribed",
    "ws_height_update",
    "ws_trade_update",
    "ws_spot_market_stats_update_all",
    "ws_account_orders_update",
)


def load(name, folder="nautilus"):
    return json.loads((fixtures_root() / "lighter" / folder / f"{name}.json").read_text())


def same(raw, built):
    """Compare what the wire struct claims to hold with the payload's own text; returns how many numbers."""
    if isinstance(raw, list):
        return sum(same(one, other) for one, other in zip(raw, built, strict=True))
    if isinstance(raw, dict):
        return sum(same(raw[key], built[key]) for key in raw if key in built)
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        assert raw == built
        return 0
    try:
        number = Decimal(str(raw))
    except ArithmeticError:
        assert raw == built
        return 0
    assert number == Decimal(built)
    return 1


def decoded(room, kind, raw):
    return room.SUPPORTED_KINDS[kind](json.dumps(raw).encode())


def read_frame(raw):
    frame = json.dumps(raw).encode()
    head = codec_stream.decode_head(frame)
    return codec_stream.SUPPORTED_CHANNELS[codec_stream.kind_of(head)](frame)


@pytest.mark.parametrize("name", REST)
def test_recorded_rest_payloads_decode_with_their_own_numbers(name):
    kind, room = REST[name]
    raw, built = load(name), msgspec.to_builtins(decoded(room, kind, load(name)))
    match kind:
        case "account":
            raw = raw["accounts"][0]
        case "orderBookDetails":
            raw = raw["order_book_details"]
        case "nextNonce":
            raw = raw["nonce"]
    assert same(raw, built) > 0


def test_listings_of_another_year_decode_too():
    raw = load("rest_responses", "ccxt")["orderBookDetails"]
    built = msgspec.to_builtins(decoded(codec_rest, "orderBookDetails", raw))
    assert same(raw["order_book_details"], built) > 10


def test_an_account_question_is_answered_by_one_account():
    raw = load("rest_responses", "ccxt")["account"]
    assert decoded(codec_rest, "account", raw).index == 1077
    with pytest.raises(FrameError, match="`accounts` has 0"):
        decoded(codec_rest, "account", raw | {"accounts": []})


def test_trades_may_be_null_or_left_out():
    for name in ("http_recent_trades_null", "http_recent_trades_missing"):
        assert decoded(codec_orders, "trades", load(name)).trades is None


@pytest.mark.parametrize("name", FRAMES)
def test_recorded_frames_of_claimed_channels_decode_with_their_own_numbers(name):
    raw = load(name)
    built = msgspec.to_builtins(read_frame(raw))
    if "market_stats" in raw:
        rows = raw["market_stats"]
        raw = list(rows.values()) if raw["channel"].endswith(":all") else [rows]
    assert same(raw, built) > 0


def test_a_frame_of_the_first_months_decodes_too():
    raw = load("ws_market_stats_recorded", "ccxt")["frame"]
    assert same([raw["market_stats"]], msgspec.to_builtins(read_frame(raw))) > 5


@pytest.mark.parametrize("name", UNCLAIMED)
def test_unclaimed_channels_are_refused_by_their_name(name):
    raw = load(name)
    with pytest.raises(FrameError) as refused:
        read_frame(raw)
    assert refused.value.channel == raw["channel"]


def test_orders_of_one_market_s_channel_have_the_shape_of_all_markets():
    raw = load("ws_account_orders_update")["orders"]["0"]
    assert same(raw, msgspec.to_builtins(msgspec.convert(raw, list[OrderRow]))) > 10


def test_recorded_signed_transactions_are_those_we_would_write():
    raw = load("sendtx_requests", "ccxt")
    created = raw["createOrder_limit_buy_1_LTC_at_40"]["tx_info"]
    info = msgspec.convert(created, CreateOrderInfo)
    assert json.loads(msgspec.json.encode(info)) == created
    assert msgspec.convert(raw["cancelAllOrders"]["tx_info"], CancelAllInfo).nonce == 8
    ltc = Market(listed=listed(Venue.LIGHTER, "LTC"), row=market_row("LTC", size_decimals=3, price_decimals=3))
    assert (ltc.base_amount(Decimal(1)), ltc.price_units(Decimal(40))) == (info.base_amount, info.price)


# malformed


@pytest.mark.parametrize("name", [name for name in FRAMES if "asset" not in name])
def test_a_truncated_frame_is_refused(name):
    frame = json.dumps(load(name)).encode()
    for cut in (1, len(frame) // 2, len(frame) - 1):
        with pytest.raises(FrameError):
            codec_stream.decode_head(frame[:cut])


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("ws_order_book_update", {"order_book": {"asks": [], "bids": [], "nonce": 1}}, "begin_nonce"),
        ("ws_order_book_update", {"order_book": {"asks": [], "bids": [], "nonce": "1", "begin_nonce": 0}}, "nonce"),
        ("ws_account_all_trades_update", {"trades": {"0": [{"trade_id": 1}]}}, "tx_hash"),
        ("ws_account_all_positions_update", {"positions": {"0": {"market_id": "0"}}}, "market_id"),
        ("ws_user_stats_update", {"stats": {"collateral": 1.5}}, "collateral"),
        ("ws_market_stats_update_single", {"market_stats": {"market_id": 0}}, "index_price"),
    ],
)
def test_a_frame_with_a_missing_or_wrong_field_is_refused_by_its_name(name, change, field):
    with pytest.raises(FrameError) as refused:
        read_frame(load(name) | change)
    assert field in refused.value.detail


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "canceled-by-the-moon"), ("type", "iceberg"), ("time_in_force", "good-till-lunch"), ("is_ask", "no")],
)
def test_an_unknown_enum_value_of_an_order_is_refused_by_its_name(field, value):
    raw = load("http_orders")
    raw["orders"][0][field] = value
    with pytest.raises(FrameError, match=field):
        decoded(codec_orders, "orders", raw)


def test_unknown_kinds_of_trades_markets_and_positions_are_refused():
    trades, markets, account = load("http_recent_trades"), load("http_order_book_details"), load("http_account")
    trades["trades"][0]["type"] = "gift"
    markets["order_book_details"][0]["status"] = "sleeping"
    account["accounts"][0]["positions"][0]["sign"] = 2
    for room, kind, raw in (
        (codec_orders, "trades", trades),
        (codec_rest, "orderBookDetails", markets),
        (codec_rest, "account", account),
    ):
        with pytest.raises(FrameError):
            decoded(room, kind, raw)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e", "0x10", "1,5", " 1"])
def test_what_is_no_decimal_number_is_refused(text):
    raw = load("http_orders")
    raw["orders"][0]["filled_base_amount"] = text
    with pytest.raises(FrameError, match="filled_base_amount"):
        decoded(codec_orders, "orders", raw)


def test_fields_the_venue_adds_are_tolerated():
    raw = load("ws_account_all_trades_update") | {"novelty": {"deep": [1]}}
    raw["trades"]["0"][0]["novelty"] = "yes"
    assert read_frame(raw).trades


def test_an_error_frame_is_refused_with_its_code():
    for raw in (
        {"error": {"code": 30003, "message": "Already Subscribed to : order_book:0"}},
        {"type": "error", "code": 30003, "message": "Already Subscribed to : order_book:0"},
    ):
        with pytest.raises(FrameError, match="30003: Already"):
            codec_stream.decode_head(json.dumps(raw).encode())


def test_an_answer_of_another_code_is_refused():
    with pytest.raises(FrameError, match="`code` 21500"):
        decoded(codec_rest, "nextNonce", {"code": 21500, "message": "no", "nonce": 1})


# meaning

ETH = Market(listed=listed(Venue.LIGHTER, "ETH"), row=market_row())


def trade(**changes):
    raw = load("ws_account_all_trades_update")["trades"]["0"][0] | changes
    return msgspec.convert(raw, TradeRow)


def fill(known="a" * 32, account=1234, **changes):
    (own,) = codec_orders.own_sides(trade(**changes), account)
    return codec_orders.fill_message(own, ETH, known)


def test_a_recorded_trade_is_a_taker_fill_with_its_fee_in_millionths():
    told = fill()
    assert isinstance(told, OrderFilled)
    assert (told.side, told.liquidity, told.size) == (Side.BUY, Liquidity.TAKER, Decimal("0.1336"))
    assert told.fee_usd == Decimal("314.324728") * 196 / 1_000_000
    maker = fill(account=91249)
    assert (maker.side, maker.liquidity, maker.fee_usd) == (
        Side.SELL,
        Liquidity.MAKER,
        Decimal("314.324728") * 28 / 1_000_000,
    )


def test_what_a_trade_was_depends_on_its_kind_and_our_part_in_it():
    assert isinstance(fill(known=None), ForeignFilled)
    assert isinstance(fill(type="deleverage"), PositionDeleveraged)
    assert isinstance(fill(known=None, type="deleverage"), PositionDeleveraged)
    assert isinstance(fill(known=None, type="market-settlement"), PositionDeleveraged)
    assert isinstance(fill(known=None, type="liquidation"), PositionLiquidated)
    assert isinstance(fill(known=None, type="liquidation", is_maker_ask=False), ForeignFilled)
    assert isinstance(fill(type="liquidation", is_maker_ask=False), OrderFilled)
    assert codec_orders.own_sides(trade(), 99) == ()


def test_a_trade_with_ourselves_is_two_fills():
    both = codec_orders.own_sides(trade(ask_account_id=1234), 1234)
    assert [own.side for own in both] == [Side.SELL, Side.BUY]
    assert len({own.fill_id for own in both}) == 2


def test_recorded_rates_are_percent_per_hour_and_interest_is_in_dollars():
    (stats,) = read_frame(load("ws_market_stats_recorded", "ccxt")["frame"])
    told = codec_stream.market_message(stats, ETH, 1)
    assert told.funding_forming == told.funding_last_paid == Decimal("0.000012")
    assert round(told.open_interest) == 40_723


def test_a_short_position_has_a_negative_size_and_a_lost_sign_is_refused():
    raw = load("ws_account_all_positions_update")["positions"]["0"]
    rows = read_frame({**load("ws_account_all_positions_update"), "positions": {"0": raw | {"sign": -1}}}).positions
    assert codec_rest.position_message(rows["0"], ETH, 1, queried=False).size == Decimal("-1.5")
    with pytest.raises(FrameError, match="sign"):
        codec_rest.position_message(msgspec.structs.replace(rows["0"], sign=0), ETH, 1, queried=False)


def test_an_instrument_has_the_listing_s_lattice_fees_and_margins():
    raw = load("http_order_book_details")["order_book_details"]
    market = Markets(decoded(codec_rest, "orderBookDetails", load("http_order_book_details"))).of(0)
    told = codec_rest.instrument(market)
    assert (told.lot, told.tick, told.price_decimals) == (Decimal("0.0001"), Decimal("0.01"), 2)
    assert (told.max_leverage, told.maintenance_fraction) == (50, Decimal("0.012"))
    assert told.min_notional_usd == Decimal("0.0050") * Decimal(str(raw[0]["last_trade_price"]))
    assert codec_rest.instrument(market, Decimal("0.00028"), Decimal("0.00004")).taker_fee == Decimal("0.00028")


def test_a_relisted_market_is_known_by_its_active_number():
    old, new = market_row(market_id=3, status="inactive"), market_row(market_id=77)
    for rows in ([old, new], [new, old]):
        markets = Markets(rows)
        assert markets.of_asset("ETH").market_id == 77
        assert markets.of(3).row.status == "inactive"
    with pytest.raises(FrameError, match="market 5 is not listed"):
        markets.of(5)


# requests


def order(**changes):
    return submit(asset="ETH", size=Decimal("0.1"), limit_price=Decimal("2500.25"), **changes)


def encoded(**changes):
    return encode_order(order(**changes), ETH, now_ns=10**18, order_expiry_s=600, nonce=9)


def test_an_order_is_written_in_the_market_s_integers():
    sent = encoded()
    assert (sent.base_amount, sent.price, sent.time_in_force, sent.order_expiry) == (1000, 250_025, 0, 0)
    resting = encoded(time_in_force=TimeInForce.POST_ONLY, side=Side.SELL)
    assert (resting.time_in_force, resting.is_ask, resting.order_expiry) == (2, True, 10**12 + 600_000)
    assert encoded(time_in_force=TimeInForce.GTC, reduce_only=True).reduce_only


def test_a_resting_order_never_expires_within_the_venue_s_five_minutes():
    sent = encode_order(order(time_in_force=TimeInForce.POST_ONLY), ETH, now_ns=10**18, order_expiry_s=10, nonce=0)
    assert sent.order_expiry >= 10**12 + 300_000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": Decimal("0.00001")}, RejectReason.LOT),
        ({"size": Decimal(2**48) / 10**4}, RejectReason.LOT),
        ({"size": Decimal(0)}, RejectReason.LOT),
        ({"limit_price": Decimal("2500.255")}, RejectReason.TICK),
        ({"limit_price": Decimal(2**32) / 100}, RejectReason.TICK),
        ({"limit_price": Decimal(0)}, RejectReason.TICK),
    ],
)
def test_what_does_not_scale_exactly_is_unfit(changes, reason):
    fields = {"size": Decimal("0.1"), "limit_price": Decimal("2500.25")} | changes
    with pytest.raises(UnfitOrder) as unfit:
        encode_order(msgspec.structs.replace(order(), **fields), ETH, now_ns=10**18, order_expiry_s=600, nonce=0)
    assert unfit.value.reason is reason


def test_the_largest_amounts_still_fit():
    assert ETH.base_amount(Decimal(2**48 - 1) / 10**4) == 2**48 - 1
    assert ETH.price_units(Decimal(2**32 - 1) / 100) == 2**32 - 1


def test_a_transaction_is_sent_as_a_form():
    body = encode_transaction(LighterSigned(tx_type=14, tx_info='{"A":"+/="}', tx_hash="x"))
    assert body == b"tx_type=14&tx_info=%7B%22A%22%3A%22%2B%2F%3D%22%7D"


def test_every_order_status_is_either_open_or_over():
    assert [status for status in get_args(OrderStatus) if status not in OVER] == ["in-progress", "pending", "open"]
    assert client_order_index("f" * 32) == 2**48 - 1
