"""What an answer to a transaction proves, in our words; and every status and code has its meaning."""

import json

import pytest

from actors.domain import DoneReason, RejectReason
from engine.venues.lighter.refusals import (
    OVER,
    REFUSED,
    Accepted,
    Refused,
    Unclear,
    answer_to,
    reason_of,
    reason_of_text,
)
from engine.venues.lighter.wire import ErrorCode
from engine.venues.transport import HttpResponse


def answer(status, body):
    return answer_to(HttpResponse(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode()))


def test_code_200_is_queued_and_names_the_transaction():
    assert answer(200, {"code": 200, "tx_hash": "ab", "predicted_execution_time_ms": 1}) == Accepted(tx_hash="ab")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (21104, RejectReason.NONCE),
        (21120, RejectReason.SIGNATURE),
        (21122, RejectReason.HALTED),
        (21508, RejectReason.MARGIN),
        (21701, RejectReason.LOT),
        (21702, RejectReason.TICK),
        (21706, RejectReason.MIN_NOTIONAL),
        (21711, RejectReason.EXPIRED),
        (21728, RejectReason.DUPLICATE_CLIENT_ID),
        (21732, RejectReason.REDUCE_ONLY),
        (21733, RejectReason.PRICE_BAND),
        (21739, RejectReason.MARGIN),
        (23000, RejectReason.RATE_LIMITED),
        (21717, RejectReason.OTHER),
        (29999, RejectReason.OTHER),
    ],
)
def test_a_400_with_a_code_is_a_proven_refusal(code, reason):
    refused = answer(400, {"code": code, "message": "no"})
    assert isinstance(refused, Refused)
    assert (refused.code, refused.reason) == (code, reason)
    assert f"code {code}" in refused.detail


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"code": 21104, "message": "invalid nonce"}),
        (400, {"code": ErrorCode.INTERNAL, "message": "internal server error"}),
        (400, {"code": ErrorCode.TIMEOUT, "message": "process timeout"}),
        (502, b"<html>Bad Gateway</html>"),
        (400, b"<html>Bad Request</html>"),
        (200, b"\xff"),
        (200, {"code": 200}),
        (202, {"code": 200, "tx_hash": "ab"}),
    ],
)
def test_what_proves_nothing_is_unclear(status, body):
    assert isinstance(answer(status, body), Unclear)


def test_a_429_is_a_refusal_whatever_its_body():
    for body in ({"code": 23000, "message": "Too Many Requests!"}, b"<html>"):
        refused = answer(429, body)
        assert isinstance(refused, Refused)
        assert refused.reason is RejectReason.RATE_LIMITED
        assert refused.wait_s is None


def test_a_429_that_names_a_time_is_told_with_it():
    response = HttpResponse(status=429, body=b"<html>", headers=(("retry-after", "7"),))
    assert answer_to(response) == Refused(
        code=ErrorCode.TOO_MANY_REQUESTS,
        reason=RejectReason.RATE_LIMITED,
        detail="HTTP 429: too many requests",
        wait_s=7.0,
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("AppErrNotEnoughOrderMargin", RejectReason.MARGIN),
        ("not enough margin to create the order", RejectReason.MARGIN),
        ('{"code":21734,"message":"limit order price is too far from the mark price"}', RejectReason.PRICE_BAND),
        ("AppReduceOnlyIncreasesPosition", RejectReason.REDUCE_ONLY),
        ("something new", RejectReason.OTHER),
    ],
)
def test_an_application_error_is_read_by_code_name_or_message(text, reason):
    assert reason_of_text(text) is reason


def test_every_status_that_is_no_longer_open_has_its_word():
    assert OVER["canceled-liquidation"] is DoneReason.LIQUIDATED
    assert OVER["canceled-post-only"] is DoneReason.POST_ONLY_REJECTED
    assert len(OVER) == 14
    assert all(status in OVER for status in REFUSED)
    assert reason_of(ErrorCode.IN_LIQUIDATION) is RejectReason.MARGIN


def test_an_excerpt_holds_no_hash_which_no_run_could_repeat():
    body = b'{"cod":[200,"tx_hash":"' + b"0a1b2c3d" * 10 + b'"}'
    told = answer_to(HttpResponse(status=200, body=body))
    assert isinstance(told, Unclear)
    assert told.detail == 'HTTP 200: {"cod":[200,"tx_hash":".."}'
