"""Orders on the wire: exact lattices, key order, outcomes, and the venue's own refusals."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from actors.commands import SubmitOrder
from actors.domain import DoneReason, RejectReason, Side, TimeInForce, Venue
from actors.messages import OrderAccepted, OrderDone, OrderRejected
from engine.venues.hyperliquid.codec import decode
from engine.venues.hyperliquid.codec_orders import (
    UnfitOrder,
    cancel_refusal,
    encode_cancel,
    encode_order,
    only_status,
    order_state,
    price_text,
    size_text,
    submit_outcome,
)
from engine.venues.hyperliquid.markets import Market, units_of
from engine.venues.hyperliquid.refusals import (
    DONE_STATUSES,
    OPEN_STATUSES,
    REJECT_TEXTS,
    REJECTED_STATUSES,
    reject_reason,
)
from engine.venues.hyperliquid.wire import WireSide
from engine.venues.hyperliquid.wire_orders import BasicOrder, OrderStatus, OrderUpdate
from engine.venues.link import FrameError
from tests.shared import fixtures_root

D = Decimal
BTC = Market(units=units_of("BTC"), asset_id=0, size_decimals=5, max_leverage=40)
BONK = Market(units=units_of("kBONK"), asset_id=85, size_decimals=0, max_leverage=10)
ID = "0123456789abcdef0123456789abcdef"


def order(**changes) -> SubmitOrder:
    terms = {
        "order_id": ID,
        "venue": Venue.HYPERLIQUID,
        "asset": "BTC",
        "side": Side.BUY,
        "size": D("0.0200"),
        "limit_price": D("60012.0"),
        "time_in_force": TimeInForce.IOC,
        "reduce_only": False,
        "purpose": "test",
        "expires_at_ns": 1,
        "decision_mid": D(60_000),
        **changes,
    }
    return SubmitOrder(**terms)


def test_order_action_has_the_keys_in_the_order_that_is_signed():
    action = encode_order(order(), BTC)
    expected = (
        '{"type":"order","orders":[{"a":0,"b":true,"p":"60012","s":"0.02","r":false,'
        f'"t":{{"limit":{{"tif":"Ioc"}}}},"c":"0x{ID}"}}],"grouping":"na"}}'
    )
    assert msgspec.json.encode(action).decode() == expected
    cancel = {"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": "0x" + ID}]}
    assert list(encode_cancel(ID, BTC).items()) == list(cancel.items())


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("60012.00", "60012"),
        ("6E+4", "60000"),
        ("123456", "123456"),
        ("0.1", "0.1"),
        ("60012.5", None),
        ("1234.5", "1234.5"),
        ("1.23", None),
        ("0", None),
        ("-1", None),
    ],
)
def test_price_has_five_figures_and_few_decimals_or_is_whole(price: str, text: str | None):
    if text is not None:
        assert price_text(D(price), BTC) == text
        return
    with pytest.raises(UnfitOrder) as unfit:
        price_text(D(price), BTC)
    assert unfit.value.reason is RejectReason.TICK


def test_size_is_a_positive_multiple_of_the_lot():
    assert size_text(D("0.10000"), BTC) == "0.1"
    assert size_text(D(3000), BONK) == "3"
    for size, market in (("0.000001", BTC), ("0", BTC), ("-1", BTC), ("1500", BONK)):
        with pytest.raises(UnfitOrder) as unfit:
            size_text(D(size), market)
        assert unfit.value.reason is RejectReason.LOT


def test_token_prices_are_per_thousand_on_the_wire():
    assert price_text(D("0.000021234"), BONK) == "0.021234"


def test_every_recorded_refusal_text_has_a_reason_of_its_own():
    texts = json.loads((fixtures_root() / "hyperliquid" / "error_strings.json").read_text())
    reasons = {text: reject_reason(text) for text in texts["per_order_statuses_error"]}
    assert RejectReason.OTHER not in reasons.values()
    assert reject_reason("Something new. asset=3") is RejectReason.OTHER
    assert len(REJECT_TEXTS) == len(dict(REJECT_TEXTS))


def test_every_order_status_means_exactly_one_thing():
    meanings = [*DONE_STATUSES, *OPEN_STATUSES, *REJECTED_STATUSES]
    assert sorted(meanings) == sorted(OrderStatus)


def outcome(status: dict | str, **changes) -> list:
    reply = decode(
        "exchange", msgspec.json.encode({"status": "ok", "response": {"type": "order", "data": {"statuses": [status]}}})
    )
    return list(submit_outcome(only_status(reply), order(**changes)))


def test_filled_ack_is_done_for_an_ioc_and_open_for_a_partly_filled_gtc():
    part = {"filled": {"totalSz": "0.01", "avgPx": "60000.0", "oid": 7}}
    accepted, done = outcome(part)
    assert isinstance(accepted, OrderAccepted)
    assert (done.filled, done.reason) == (D("0.01"), DoneReason.IOC_REMAINDER)
    assert [type(m) for m in outcome(part, time_in_force=TimeInForce.GTC)] == [OrderAccepted]
    full = {"filled": {"totalSz": "0.02", "avgPx": "60000.0", "oid": 7}}
    assert outcome(full)[-1].reason is DoneReason.FILLED


def test_ack_that_proves_nothing_is_refused():
    for status in ("waitingForTrigger", "success", {}):
        with pytest.raises(FrameError):
            outcome(status)


def test_error_ack_is_a_rejection_with_the_venues_words():
    (rejected,) = outcome({"error": "Insufficient margin to place order. asset=0"})
    assert isinstance(rejected, OrderRejected)
    assert (rejected.reason, rejected.detail[:12]) == (RejectReason.MARGIN, "Insufficient")


def test_cancel_status_is_success_a_refusal_or_refused():
    assert cancel_refusal("success", ID) is None
    with pytest.raises(FrameError):
        cancel_refusal("waitingForFill", ID)


@pytest.mark.parametrize(
    ("status", "left", "filled", "reason"),
    [
        (OrderStatus.FILLED, "0.0", "1.0", DoneReason.FILLED),
        (OrderStatus.FILLED, "0.4", "0.6", DoneReason.IOC_REMAINDER),
        (OrderStatus.CANCELED, "0.4", "0.6", DoneReason.CANCELED),
        (OrderStatus.MARGIN_CANCELED, "1.0", "0.0", DoneReason.MARGIN_CANCELED),
    ],
)
def test_ended_order_tells_what_had_filled(status, left, filled, reason):
    basic = BasicOrder(
        coin="BTC", side=WireSide.BID, limitPx="1.0", sz=left, oid=1, timestamp=1, origSz="1.0", cloid="0x" + ID
    )
    state = order_state(OrderUpdate(order=basic, status=status, statusTimestamp=2), ID)
    assert isinstance(state, OrderDone)
    assert (state.filled, state.reason) == (D(filled), reason)
