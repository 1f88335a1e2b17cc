"""Recorded payloads: every one of a claimed kind decodes and its numbers are those of its own text."""

import json
from decimal import Decimal

import msgspec
import pytest

from actors.commands import SubmitOrder
from actors.domain import DoneReason, Liquidity, Side, TimeInForce, Venue
from actors.messages import ForeignFilled, OrderFilled, PositionDeleveraged, PositionLiquidated
from engine.venues.link import FrameError
from engine.venues.pacifica import codec, codec_rest, codec_stream, wire, wire_stream
from engine.venues.pacifica.markets import market_of_asset, market_of_symbol
from tests.engine.venues.pacifica.world import SIGNER, signed
from tests.shared import fixtures_root

ROWS = "ccxt_pacifica_comment_payloads.json"
FRAMES = "ccxt_pro_pacifica_comment_payloads.json"
DOCS = "docs_rest_examples.json"
DOC_FRAMES = "docs_ws_examples.json"
OURS = "12345678-1234-4234-8234-123456789abc"
REST = [
    (ROWS, 609, "info"),
    (ROWS, 812, "account"),
    (ROWS, 954, "account_settings"),
    (ROWS, 1127, "prices"),
    (ROWS, 2063, "prices"),
    (ROWS, 2205, "orders"),
    (ROWS, 2265, "orders_history"),
    (ROWS, 2329, "orders_history_by_id"),
    (ROWS, 2587, "positions"),
    (ROWS, 2769, "account"),
    (ROWS, 3140, "funding_history"),
    (DOCS, 190, "info"),
    (DOCS, 591, "account_settings"),
    (DOCS, 784, "positions"),
    (DOCS, 841, "trades_history"),
    (DOCS, 908, "funding_history"),
    (DOCS, 1279, "order_ack"),
    (DOCS, 1896, "orders"),
    (DOCS, 1958, "orders_history"),
    (DOCS, 2022, "orders_history_by_id"),
]
NAMED = [
    ("ccxt_static_response_excerpts.json", "positions", "positions"),
    ("ccxt_static_response_excerpts.json", "open_orders", "orders"),
    ("ccxt_static_response_excerpts.json", "edit_order", "order_ack"),
    ("ccxt_static_response_excerpts.json", "cancel_all", "cancel_all_ack"),
    ("account_and_errors_real.json", "account", "account"),
]


def order(**changes):
    fields = {
        "order_id": OURS.replace("-", ""),
        "venue": Venue.PACIFICA,
        "asset": "BTC",
        "side": Side.BUY,
        "size": Decimal("0.1"),
        "limit_price": Decimal(100000),
        "time_in_force": TimeInForce.POST_ONLY,
        "reduce_only": False,
        "purpose": "test",
        "expires_at_ns": 0,
        "decision_mid": Decimal(100000),
    }
    return SubmitOrder(**(fields | changes))


def load(name):
    return json.loads((fixtures_root() / "pacifica" / name).read_text())


def payload(name, key):
    document = load(name)
    if isinstance(key, str):
        return document[key]
    return next(entry["json"] for entry in document["payloads"] if entry["line"] == key)


def frames():
    """Every recorded frame of a claimed channel."""
    real = load("account_and_errors_real.json")
    found = [real["bbo_docs_example"], real["account_liquidations_docs_example"]]
    for name in (FRAMES, DOC_FRAMES):
        found += [entry["json"] for entry in load(name)["payloads"]]
    return [raw for raw in found if raw.get("channel") in codec_stream.SUPPORTED_CHANNELS]


def same(raw, built):
    """Compare what the wire struct claims to hold with the payload's own text; returns how many numbers."""
    if isinstance(raw, list):
        return sum(same(one, other) for one, other in zip(raw, built, strict=True))
    if isinstance(raw, dict):
        return sum(same(raw[key], built[key]) for key in raw if key in built)
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        assert raw == built
        return 0
    try:
        number = Decimal(raw)
    except ArithmeticError:
        assert raw == built
        return 0
    assert number == Decimal(built)
    return 1


@pytest.mark.parametrize(("name", "key", "kind"), REST + NAMED)
def test_recorded_rest_payloads_decode_with_their_own_numbers(name, key, kind):
    raw = payload(name, key)
    decoded = codec_rest.decode_kind(kind, json.dumps(raw).encode())
    decoded = decoded.rows if isinstance(decoded, codec_rest.Page) else decoded
    assert same(raw.get("data", raw), msgspec.to_builtins(decoded)) > 0


def test_recorded_frames_of_claimed_channels_decode_with_their_own_numbers():
    numbers = {}
    for raw in frames():
        if raw["channel"] == "subscribe" and "source" not in raw["data"]:
            continue  # another venue's frame, pasted into that source by mistake
        channel, data = codec_stream.decode_outer(json.dumps(raw).encode())
        decoded = codec_stream.SUPPORTED_CHANNELS[channel](data)
        found = 0 if decoded is None else same(raw["data"], msgspec.to_builtins(decoded))
        numbers[channel] = numbers.get(channel, 0) + found
    silent = ("pong", "subscribe", "unsubscribe")
    assert set(numbers) == set(codec_stream.SUPPORTED_CHANNELS)
    assert all(count > 0 for channel, count in numbers.items() if channel not in silent), numbers


def test_what_is_not_claimed_is_refused_by_its_name():
    with pytest.raises(FrameError, match="kline"):
        codec_rest.decode_kind("kline", b"{}")
    with pytest.raises(FrameError, match="candle"):
        codec_stream.decode_outer(b'{"channel":"candle","data":{}}')


def test_an_error_frame_is_refused_with_the_venues_words():
    error = load("account_and_errors_real.json")["ws_error"]
    with pytest.raises(FrameError, match="cancel_order: code 420: Failed to cancel order"):
        codec_stream.decode_outer(json.dumps(error).encode())


TRADE = {
    "h": 80063441,
    "i": 1559912767,
    "I": None,
    "u": "BrZp5bidJ3WUvceSq7X78bhjTfZXeezzGvGEV4hAYKTa",
    "s": "BTC",
    "p": "89477",
    "o": "89505",
    "a": "0.00036",
    "te": "fulfill_taker",
    "ts": "close_long",
    "tc": "normal",
    "f": "0.012885",
    "n": "-0.022965",
    "t": 1765018588190,
    "li": 1559912767,
}


def trade(**changes):
    row = TRADE | changes
    (decoded,) = codec_stream.decode_trades(msgspec.Raw(msgspec.json.encode([row])))
    return codec_stream.fill_message(decoded)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"p": 89477}, "p"),
        ({"p": "NaN"}, "p"),
        ({"p": ""}, "p"),
        ({"tc": "auto_deleveraged"}, "tc"),
        ({"te": "fulfill"}, "te"),
        ({"ts": "buy"}, "ts"),
        ({"h": "80063441"}, "h"),
        ({"t": None}, "t"),
    ],
)
def test_a_bad_field_is_refused_by_its_name(changes, named):
    with pytest.raises(FrameError, match=rf"account_trades: .*\.{named}`"):
        trade(**changes)


def test_a_missing_field_and_a_truncated_payload_are_refused():
    row = {key: value for key, value in TRADE.items() if key != "a"}
    with pytest.raises(FrameError, match="field `a`"):
        codec_stream.decode_trades(msgspec.Raw(msgspec.json.encode([row])))
    with pytest.raises(FrameError, match=r"account_trades: .*truncated"):
        codec_stream.decode_trades(msgspec.Raw(msgspec.json.encode([TRADE])[:-40]))
    with pytest.raises(FrameError, match="frame: "):
        codec_stream.decode_outer(b'{"channel":"account_trades","data":[{')
    with pytest.raises(FrameError, match="frame: "):
        codec_stream.decode_outer(b"\xff\xfe")


def test_unknown_fields_are_ignored_since_the_venue_adds_them():
    assert isinstance(trade(zz="new"), ForeignFilled)


@pytest.mark.parametrize("kind", sorted(codec_rest.SUPPORTED_KINDS))
def test_a_refusal_or_an_empty_answer_is_no_data(kind):
    for body in (b'{"success":false,"data":null,"error":"Account not found","code":404}', b"{}", b"<html>", b""):
        with pytest.raises(FrameError, match=kind):
            codec_rest.decode_kind(kind, body)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"I": OURS}, OrderFilled),
        ({"I": OURS, "tc": "market_liquidation", "te": "fulfill_maker"}, OrderFilled),
        ({"I": OURS, "tc": "settlement"}, PositionDeleveraged),
        ({"tc": "settlement"}, PositionDeleveraged),
        ({"tc": "market_liquidation"}, PositionLiquidated),
        ({"tc": "backstop_liquidation", "te": "fulfill_maker"}, PositionLiquidated),
        ({"tc": "market_liquidation", "te": "fulfill_maker"}, ForeignFilled),
        ({"I": "not-a-uuid"}, ForeignFilled),
        ({}, ForeignFilled),
    ],
)
def test_what_a_fill_was_follows_from_its_cause_role_and_client_id(changes, expected):
    message = trade(**changes)
    assert type(message) is expected
    assert (message.fill_id, message.side, message.size) == ("80063441", Side.SELL, Decimal("0.00036"))
    assert message.fee_usd == Decimal("0.012885")
    assert message.venue_at_ns == 1765018588190 * 1_000_000
    if isinstance(message, OrderFilled):
        assert codec.client_id(message.order_id) == OURS


@pytest.mark.parametrize(
    ("side", "expected"),
    [("open_long", Side.BUY), ("close_short", Side.BUY), ("open_short", Side.SELL), ("close_long", Side.SELL)],
)
def test_fills_name_the_change_of_the_position_and_we_the_side(side, expected):
    message = trade(ts=side, I=OURS, te="fulfill_maker")
    assert (message.side, message.liquidity) == (expected, Liquidity.MAKER)


def test_the_venues_pnl_is_net_of_the_fee():
    """Recorded: the opposite of Hyperliquid's closedPnl."""
    row = {key: Decimal(TRADE[key]) for key in "poafn"}
    assert row["n"] == (row["p"] - row["o"]) * row["a"] - row["f"].quantize(Decimal("1e-6"))


def test_a_funding_payment_received_is_positive():
    """Recorded: a short with a positive rate has a positive payout, though the documentation says paid."""
    page = codec_rest.decode_funding_history(json.dumps(payload(DOCS, 908)).encode())
    message = codec_rest.funding_message(page.rows[0])
    assert (message.size, message.amount_usd) == (Decimal(-39033804), Decimal("2.617479"))
    assert (message.asset, message.rate_per_hour) == ("PUMP", Decimal("0.0000125"))


def test_last_paid_and_forming_funding_are_not_confused():
    (row,) = codec_rest.decode_prices(json.dumps(payload(ROWS, 1127)).encode())
    message = codec_stream.market_message(row)
    assert message.funding_last_paid == Decimal("0.00010529")
    assert message.funding_forming == Decimal("0.00011096")


def test_a_recorded_short_is_negative_and_keeps_its_prices():
    raw = payload("ccxt_static_response_excerpts.json", "positions")
    (row,) = codec_rest.decode_positions(json.dumps(raw).encode())
    message = codec_rest.position_message(row, queried=True)
    assert (message.size, message.entry_price) == (Decimal("-0.007"), Decimal(89114))
    assert message.liquidation_price == Decimal("102443.420678")
    assert message.margin_used_usd is None


def test_an_impossible_liquidation_price_is_none():
    market = market_of_asset("BTC")
    assert codec_rest.liquidation_price("-12.5", market) is None
    assert codec_rest.liquidation_price(None, market) is None


def test_half_a_quote_is_not_used():
    data = {"s": "BTC", "i": 1, "li": 1, "t": 1, "b": "1", "B": "1", "a": None, "A": None}
    assert codec_stream.quote_message(codec_stream.decode_bbo(msgspec.Raw(msgspec.json.encode(data)))) is None


def test_orders_are_written_without_exponents_or_trailing_zeros():
    written = codec.encode_order(order(size=Decimal("1E-5"), limit_price=Decimal("100000.00")), market_of_asset("BTC"))
    assert written == {
        "symbol": "BTC",
        "price": "100000",
        "reduce_only": False,
        "amount": "0.00001",
        "side": "bid",
        "tif": "ALO",
        "client_order_id": OURS,
    }


@pytest.mark.parametrize(
    ("value", "text"), [("1E+2", "100"), ("0.10", "0.1"), ("100", "100"), ("0", "0"), ("0.0", "0")]
)
def test_plain_decimals(value, text):
    assert codec.plain(Decimal(value)) == text


def test_an_order_id_survives_the_way_there_and_back():
    assert codec.order_id_of(codec.client_id("12345678123442348234123456789abc")) == "12345678123442348234123456789abc"
    assert codec.order_id_of("acf...") is None
    assert codec.order_id_of(None) is None


def test_a_market_per_thousand_tokens_is_converted_both_ways():
    market = market_of_symbol("kBONK")
    assert (market.asset, market.symbol) == ("BONK", "kBONK")
    assert (market.size("2"), market.price("0.02")) == (2000, Decimal("0.00002"))
    assert (market.venue_size(Decimal(2000)), market.venue_price(Decimal("0.00002"))) == (2, Decimal("0.02"))


def test_every_end_of_an_order_has_a_reason():
    reasons = {
        (status, event, ioc): codec.done_reason(status, event, ioc=ioc)
        for status in ("filled", "cancelled", "rejected")
        for event in (None, *wire.OrderEvent.__args__)
        for ioc in (False, True)
    }
    assert reasons["filled", None, True] is DoneReason.FILLED
    assert reasons["cancelled", "cancel", False] is DoneReason.CANCELED
    assert reasons["cancelled", "cancel", True] is DoneReason.IOC_REMAINDER
    assert reasons["rejected", "post_only_rejected", False] is DoneReason.POST_ONLY_REJECTED
    assert reasons["cancelled", "force_cancel", True] is DoneReason.VENUE_CANCELED


def test_golden_body_of_an_order_we_encode():
    """The official example's signature, reached from our own command."""
    asked = order(order_id="12345678123412341234123456789abc", time_in_force=TimeInForce.GTC)
    payload_ = codec.encode_order(asked, market_of_asset("BTC"))
    body = signed(SIGNER, "create_order", payload_, timestamp_ms=1749190500355, expiry_window_ms=5000)
    assert body["signature"] == (
        "3bXA1EXHQPMYjWSTZuNoSHGkcmmETGgLQgcuihGZ8S1Zf4v7YQqoYtxmci7VqWnNzWAssV9UKubnEXq9w3RMX97T"
    )


def test_stream_structs_carry_the_venues_letters():
    assert {f.encode_name for f in msgspec.structs.fields(wire_stream.Trade)} == set(TRADE)
