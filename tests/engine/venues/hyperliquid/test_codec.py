"""Recorded payloads decode to their own figures; malformed ones are refused by name."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from actors.domain import Side
from actors.messages import ForeignFilled, FundingPaid, OrderFilled, PositionDeleveraged, PositionLiquidated
from engine.venues.hyperliquid import codec
from engine.venues.hyperliquid.codec import SUPPORTED_KINDS, decode
from engine.venues.hyperliquid.codec_orders import filled_size, only_status
from engine.venues.hyperliquid.wire import Number
from engine.venues.hyperliquid.wire_orders import FillDirection, OrderAck
from engine.venues.link import FrameError
from tests.shared import fixtures_root

D = Decimal
USER = "0x193bd350ec838b1e22d6f302da5343b920aa1c2b"


def load(name: str) -> Any:
    return json.loads((fixtures_root() / "hyperliquid" / name).read_text())


def raw(payload: Any) -> bytes:
    return json.dumps(payload).encode()


def same_figures(decoded: Any, payload: Any, path: str = "$") -> int:
    """Every field we declare holds the payload's own value; returns how many decimals were compared."""
    if isinstance(payload, list):
        assert len(decoded) == len(payload), path
        return sum(same_figures(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(decoded, payload, strict=True)))
    if isinstance(payload, dict):
        fields = [f for f in decoded.__struct_fields__ if f in payload]
        return sum(same_figures(getattr(decoded, f), payload[f], f"{path}.{f}") for f in fields)
    if isinstance(payload, str) and payload.replace(".", "", 1).lstrip("-").isdigit():
        assert D(decoded) == D(payload), path
        return 1
    assert decoded == payload, path
    return 0


def recorded() -> list[tuple[str, str, Any]]:
    """Kind, name and payload of everything recorded that we claim to read."""
    frames = load("ws_frames_mainnet_2026-09-24.json")["frames"]
    transcript = load("exchange_transcript_testnet_2026-09-07.json")
    ccxt = load("ccxt_static_response_excerpts.json")
    told = [("stream/bbo", "bbo"), ("stream/l2Book", "l2Book"), ("stream/activeAssetCtx", "activeAssetCtx")]
    acks = ("order_filled", "order_resting", "reduce_only_error", "cancel_ok", "trigger", "default")
    return [
        *((kind, f"ws {name}", frames[name]["data"]) for kind, name in told),
        *(("frame", f"ws {name}", frame) for name, frame in frames.items()),
        *(("exchange", name, transcript[name]) for name in acks),
        ("info/openOrders", "transcript", [transcript["open_order"]]),
        ("info/openOrders", "2023", load("info/get_open_orders.json")["response"]),
        ("info/userFunding", "2024", load("info/user_funding_history_without_end_time.json")["response"]),
        ("info/meta", "2026", load("nautilus/http_meta_perp_sample.json")),
        ("info/meta", "2023", load("info/get_info.json")["response"]),
        ("exchange", "ccxt", ccxt["createOrder_filled"]),
        ("info/userFillsByTime", "ccxt", [ccxt["fill_of_liquidated_user"]]),
        ("info/userFillsByTime", "adl", [adl_fill()]),
        *documented(),
    ]


def documented() -> list[tuple[str, str, Any]]:
    """Documentation's and ccxt's examples, recognised by their shape."""
    found = []
    for file in (
        "docs_examples.json",
        "ccxt_hyperliquid_comment_payloads.json",
        "ccxt_pro_hyperliquid_comment_payloads.json",
    ):
        for entry in load(file)["payloads"]:
            kind, payload = recognise(entry["json"])
            if kind is not None:
                found.append((kind, f"{file}:{entry['line']}", payload))
    return found


def recognise(payload: Any) -> tuple[str | None, Any]:
    if not isinstance(payload, dict):
        return None, None
    if payload.get("channel") in ("activeAssetCtx", "userFills"):
        return f"stream/{payload['channel']}", payload["data"]
    if "userCrossRate" in payload:
        return "info/userFees", payload
    if payload.get("status") in ("ok", "err") and "response" in payload:
        response = payload["response"]
        plain = isinstance(response, str) or response["type"] in ("order", "cancel", "default")
        return ("exchange", payload) if plain else (None, None)
    return ("info/orderStatus", payload) if payload == {"status": "unknownOid"} else (None, None)


def adl_fill() -> dict[str, Any]:
    return load("adl_fill_mainnet_2025-10-10.json")["record"]["events"][0][1]


def test_every_recorded_payload_of_a_claimed_kind_decodes_to_its_own_figures():
    compared = 0
    payloads = recorded()
    for kind, name, payload in payloads:
        if kind == "frame":
            decode(kind, raw(payload))
            continue
        try:
            decoded = decode(kind, raw(payload))
        except FrameError as refused:
            pytest.fail(f"{name}: {refused}")
        compared += same_figures(decoded, payload) if not kind.startswith("exchange") else 0
    assert len(payloads) > 40
    assert compared > 1000


def test_all_asset_contexts_of_a_recorded_frame_decode():
    contexts = load("nautilus/ws_all_dexs_asset_ctxs.json")["data"]["ctxs"][0][1]
    for context in contexts:
        decoded = decode("stream/activeAssetCtx", raw({"coin": "BTC", "ctx": context}))
        sample = codec.market_sample(decoded.ctx, "BTC", 5)
        assert (sample.mark, sample.oracle) == (D(context["markPx"]), D(context["oraclePx"]))
        assert (sample.funding_forming, sample.venue_at_ns) == (D(context["funding"]), 5)


def test_fills_of_2023_lack_the_trade_id_and_are_refused_by_name():
    fills = load("info/get_user_fills_by_time.json")["response"]
    with pytest.raises(FrameError, match="tid"):
        decode("info/userFillsByTime", raw(fills))
    numbered = [{**fill, "tid": number} for number, fill in enumerate(fills)]
    decoded = decode("info/userFillsByTime", raw(numbered))
    assert same_figures(decoded, numbered) > 1000
    messages = [codec.fill_message(fill, USER, None) for fill in decoded]
    assert [m.size for m in messages if isinstance(m, ForeignFilled)] == [D(f["sz"]) for f in fills]


def test_funding_payments_follow_the_recorded_sign():
    for row in decode("info/userFunding", raw(load("info/user_funding_history_without_end_time.json")["response"])):
        paid = codec.funding_message(codec.funding_row(row))
        assert isinstance(paid, FundingPaid)
        assert paid.amount_usd * paid.size * paid.rate_per_hour <= 0


def test_adl_fill_is_told_as_deleveraging_whoever_was_liquidated():
    (fill,) = decode("info/userFillsByTime", raw([adl_fill()]))
    message = codec.fill_message(fill, USER, None)
    assert isinstance(message, PositionDeleveraged)
    assert (message.side, message.size, message.price) == (Side.BUY, D("28.53"), D("22.075"))
    assert message.fill_id == "1760130964831:AVAX:771334864158847"


def test_liquidation_is_ours_only_when_we_are_the_liquidated_user():
    (fill,) = decode(
        "info/userFillsByTime", raw([load("ccxt_static_response_excerpts.json")["fill_of_liquidated_user"]])
    )
    assert isinstance(codec.fill_message(fill, USER.upper().replace("X", "x"), None), PositionLiquidated)
    assert isinstance(codec.fill_message(fill, "0x" + "00" * 20, None), ForeignFilled)
    assert isinstance(codec.fill_message(fill, "0x" + "00" * 20, "f" * 32), OrderFilled)


def fill_payload(**changes: Any) -> dict[str, Any]:
    return {**adl_fill(), "dir": "Open Long", "liquidation": None, **changes}


def test_fill_of_an_unknown_direction_or_fee_token_is_refused_and_spot_is_ignored():
    for changes, name in (({"dir": "Sideways"}, "dir"), ({"feeToken": "HYPE"}, "feeToken")):
        (fill,) = decode("info/userFillsByTime", raw([fill_payload(**changes)]))
        with pytest.raises(FrameError, match=name):
            codec.fill_message(fill, USER, None)
    for changes in ({"coin": "@107", "dir": "Sell"}, {"coin": "PURR/USDC", "dir": "Buy"}):
        (fill,) = decode("info/userFillsByTime", raw([fill_payload(**changes)]))
        assert codec.fill_message(fill, USER, None) is None


def test_coins_that_count_thousands_become_tokens():
    (fill,) = decode("info/userFillsByTime", raw([fill_payload(coin="kPEPE", px="0.001565", sz="12")]))
    message = codec.fill_message(fill, USER, None)
    assert isinstance(message, ForeignFilled)
    assert (message.asset, message.price, message.size) == ("PEPE", D("0.000001565"), D(12_000))


def test_one_sided_book_is_no_quote():
    level = {"px": "1.0", "sz": "2.0", "n": 1}
    assert codec.quote(decode("stream/bbo", raw({"coin": "BTC", "time": 1, "bbo": [level, None]}))) is None


ORDER = {"coin": "BTC", "side": "B", "limitPx": "31795.0", "sz": "0.00037", "oid": 1, "timestamp": 5, "origSz": "0.001"}
UPDATE = {"order": ORDER, "status": "canceled", "statusTimestamp": 6}


@pytest.mark.parametrize(
    ("kind", "payload", "named"),
    [
        ("stream/bbo", b'{"coin":"BTC","time":1,"bbo":[', "truncated"),
        ("stream/bbo", raw({"coin": "BTC", "time": "1", "bbo": [None, None]}), r"\$\.time"),
        ("stream/bbo", raw({"coin": "BTC", "time": 1, "bbo": [{"px": 1.5, "sz": "1", "n": 1}, None]}), r"px"),
        ("stream/bbo", raw({"coin": "BTC", "time": 1, "bbo": [{"px": "NaN", "sz": "1", "n": 1}, None]}), r"px"),
        ("stream/bbo", raw({"coin": "BTC", "time": 1, "bbo": [{"px": "1e5", "sz": "1", "n": 1}, None]}), r"px"),
        ("stream/bbo", raw({"coin": "BTC", "time": 1, "bbo": [None]}), r"\$\.bbo"),
        ("stream/bbo", raw({"time": 1, "bbo": [None, None]}), "coin"),
        ("stream/l2Book", raw({"coin": "BTC", "time": 1, "levels": [[]]}), r"\$\.levels"),
        ("stream/l2Book", raw({"coin": "BTC", "time": 1, "levels": [[{"px": "1", "sz": "-", "n": 1}], []]}), r"sz"),
        ("stream/orderUpdates", raw([{**UPDATE, "status": "vanished"}]), r"\$\[0\]\.status"),
        ("stream/orderUpdates", raw([{**UPDATE, "order": {**ORDER, "side": "X"}}]), r"\$\[0\]\.order\.side"),
        ("stream/orderUpdates", raw([{**UPDATE, "order": {**ORDER, "cloid": "0x12"}}]), r"cloid"),
        ("info/orderStatus", raw({"status": "maybe"}), r"\$\.status"),
        ("exchange", raw({"status": "fine", "response": "x"}), r"\$\.status"),
        ("exchange", b"<html>502 Bad Gateway</html>", "malformed"),
        ("info/clearinghouseState", b"null", "null"),
        ("stream/trades", b"[]", "not a payload we read"),
    ],
)
def test_malformed_payloads_are_refused_by_name(kind: str, payload: bytes, named: str):
    with pytest.raises(FrameError, match=named) as refused:
        decode(kind, payload)
    assert refused.value.channel == kind


def state_of(listed: list[str], total: str, needed: str = "0.0") -> dict[str, object]:
    summary = {"accountValue": "100.0", "totalNtlPos": total, "totalRawUsd": "0.0", "totalMarginUsed": "0.0"}
    position = {
        "coin": "BTC",
        "szi": "-0.1",
        "leverage": {"type": "cross", "value": 3},
        "entryPx": "1.0",
        "unrealizedPnl": "0.0",
        "returnOnEquity": "0.0",
        "liquidationPx": None,
        "marginUsed": "0.0",
        "maxLeverage": 3,
    }
    return {
        "marginSummary": summary,
        "crossMarginSummary": summary,
        "crossMaintenanceMarginUsed": needed,
        "withdrawable": "0.0",
        "assetPositions": [{"type": "oneWay", "position": {**position, "positionValue": value}} for value in listed],
        "time": 1,
    }


@pytest.mark.parametrize(
    ("listed", "total", "needed", "refused"),
    [
        ([], "0.0", "0.0", ""),
        ([], "0.01", "0.0", "totalNtlPos"),
        (["100.0"], "100.0", "1.0", ""),
        (["100.0"], "100.9", "1.0", ""),
        (["100.0"], "200.0", "1.0", "totalNtlPos"),
        (["500.12"], "0.0", "0.0", ""),
        ([], "0.0", "1.0", "crossMaintenanceMarginUsed"),
    ],
)
def test_a_list_that_leaves_out_what_the_account_counts_is_refused(
    listed: list[str], total: str, needed: str, refused: str
):
    state = state_of(listed, total, needed)
    answer = ("info/clearinghouseState", raw(state))
    frame = ("stream/clearinghouseState", raw({"dex": "", "user": f"0x{7:040x}", "clearinghouseState": state}))
    for kind, payload in (answer, frame):
        if not refused:
            decode(kind, payload)
            continue
        with pytest.raises(FrameError, match=refused) as told:
            decode(kind, payload)
        assert told.value.channel == kind


def test_unknown_keys_are_tolerated():
    (update,) = decode("stream/orderUpdates", raw([{**UPDATE, "order": {**ORDER, "newKey": 1}, "another": {}}]))
    assert filled_size(update.order) == D("0.00063")


def test_order_update_without_its_original_size_is_refused():
    without = {key: value for key, value in ORDER.items() if key != "origSz"}
    (update,) = decode("stream/orderUpdates", raw([{**UPDATE, "order": without}]))
    with pytest.raises(FrameError, match="origSz"):
        filled_size(update.order)


def test_refusal_of_the_whole_action_is_the_status_of_its_order():
    reply = decode("exchange", raw({"status": "err", "response": "Action already expired"}))
    assert only_status(reply) == OrderAck(error="Action already expired")


def test_every_claimed_kind_has_a_decoder_and_every_direction_a_word():
    assert all(kind.split("/")[0] in ("info", "stream", "exchange", "frame") for kind in SUPPORTED_KINDS)
    assert len(FillDirection) == 16
    assert Number is not str
