import json

import pytest

from actors.domain import RejectReason
from actors.messages import CancelRejected, OrderAccepted, OrderRejected, OrderUnresolved
from engine.venues.pacifica.refusals import (
    cancel_outcome,
    reject_reason,
    submit_failure,
    submit_outcome,
)
from engine.venues.transport import HttpResponse, TransportError
from tests.shared import fixtures_root

RECORDED = {
    "signature_verification_failed": (OrderRejected, RejectReason.SIGNATURE),
    "invalid_amount": (OrderRejected, RejectReason.MIN_NOTIONAL),
    "Agent not authorized": (OrderRejected, RejectReason.SIGNATURE),
    "Beta access": (OrderRejected, RejectReason.OTHER),
    "Internal server error": (OrderUnresolved, None),
    "Order history not found": (OrderRejected, RejectReason.OTHER),
    "Failed to cancel": (OrderRejected, RejectReason.OTHER),
}


def answer(status, body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status=status, body=raw)


def recorded():
    return json.loads((fixtures_root() / "pacifica/account_and_errors_real.json").read_text())["errors"]


def test_recorded_error_bodies_become_the_right_outcome():
    assert len(recorded()) == len(RECORDED)
    for entry in recorded():
        text = json.dumps(entry["body"])
        kind, reason = next(value for key, value in RECORDED.items() if key in text)
        outcome = submit_outcome("a" * 32, answer(entry["http_inferred"], entry["body"]))
        assert type(outcome) is kind, text
        assert getattr(outcome, "reason", None) is reason, text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Insufficient balance for AwX6321: 420.69 (account value: 336.91)", RejectReason.MARGIN),
        ("No reasonable price found", RejectReason.IOC_UNFILLED),
        ("Invalid message", RejectReason.EXPIRED),
        ("Invalid public key", RejectReason.SIGNATURE),
        ("DUPLICATE_CLIENT_ORDER_ID", RejectReason.DUPLICATE_CLIENT_ID),
        ("NO_POSITION_FOR_REDUCE_ONLY_ORDER", RejectReason.REDUCE_ONLY),
        ("stop price X is not a multiple of tick size 0.01", RejectReason.TICK),
        ("PRICE_TOO_FAR_FROM_MARK", RejectReason.PRICE_BAND),
        ("OPEN_INTEREST_LIMIT_EXCEEDED", RejectReason.OPEN_INTEREST_CAP),
        ("TRADING_DISABLED", RejectReason.HALTED),
        ("Invalid order parameters", RejectReason.INVALID),
        ("something new", RejectReason.OTHER),
    ],
)
def test_the_venues_words_decide_the_reason(text, reason):
    assert reject_reason(text) is reason
    assert reject_reason("unspecified", text) is reason


def test_a_bare_string_refusal_is_read_too():
    """Official tools met the signature refusal as a bare string (2026-07)."""
    outcome = submit_outcome("a" * 32, answer(400, "Verification failed: signature does not match"))
    assert outcome.reason is RejectReason.SIGNATURE


@pytest.mark.parametrize("body", [b"", b"<HTML>403 ERROR</HTML>", b'{"success":tr', b"\xff", b"[]"])
@pytest.mark.parametrize("status", [200, 400, 403, 422, 500, 502, 503, 504])
def test_an_unreadable_body_proves_nothing(status, body):
    assert isinstance(submit_outcome("a" * 32, answer(status, body)), OrderUnresolved)
    assert isinstance(cancel_outcome("a" * 32, answer(status, body)), OrderUnresolved)


def test_a_rate_limited_order_never_reached_the_engine_but_a_cancel_is_asked_again():
    assert submit_outcome("a" * 32, answer(429, b"")).reason is RejectReason.RATE_LIMITED
    assert isinstance(cancel_outcome("a" * 32, answer(429, b"")), OrderUnresolved)


@pytest.mark.parametrize("body", [{"order_id": 12345}, {"success": True, "data": {"order_id": 12345}}])
def test_both_documented_acknowledgements_are_accepted(body):
    outcome = submit_outcome("a" * 32, answer(200, body))
    assert isinstance(outcome, OrderAccepted)
    assert outcome.venue_order_id == "12345"


def test_a_cancel_is_acknowledged_or_refused():
    assert cancel_outcome("a" * 32, answer(200, {"success": True})) is None
    refused = cancel_outcome("a" * 32, answer(422, {"success": False, "error": "Failed to cancel order", "code": 5}))
    assert isinstance(refused, CancelRejected)
    refused = cancel_outcome("a" * 32, answer(400, {"error": "Order not found", "code": 400}))
    assert isinstance(refused, CancelRejected)


def test_only_a_request_that_never_left_is_a_rejection():
    assert isinstance(submit_failure("a" * 32, TransportError("timed out", sent=True)), OrderUnresolved)
    rejected = submit_failure("a" * 32, TransportError("no route", sent=False))
    assert (rejected.reason, rejected.detail) == (RejectReason.OTHER, "never sent: no route")
