"""What an operation is for, and which are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.venues.pacifica.signing_request import PacificaSigned, PacificaSignRequest, signed_body
from engine.venues.signing import Opening, Purpose, SigningRefused

ORDER = {
    "symbol": "BTC",
    "price": "100.5",
    "reduce_only": False,
    "amount": "2",
    "side": "bid",
    "tif": "IOC",
    "client_order_id": "12345678-1234-1234-1234-123456789abc",
}
OPENS = Opening(market="BTC", size=Decimal(2), usd=Decimal(201))
CANCEL = {"symbol": "BTC", "client_order_id": "1"}


def asked(operation: str, payload: dict[str, Any]) -> PacificaSignRequest:
    return PacificaSignRequest(operation=operation, payload=payload, timestamp_ms=1, expiry_window_ms=5000)


@pytest.mark.parametrize(
    ("operation", "payload", "purpose"),
    [
        ("create_order", ORDER, Purpose(operation="order", opens=(OPENS,))),
        ("create_order", ORDER | {"reduce_only": True}, Purpose(operation="order")),
        ("cancel_order", CANCEL, Purpose(operation="cancel")),
        (
            "cancel_all_orders",
            {"symbol": "BTC", "all_symbols": False, "exclude_reduce_only": False},
            Purpose(operation="cancel"),
        ),
        ("update_leverage", {"symbol": "BTC", "leverage": 3}, Purpose(operation="leverage", leverage=3)),
    ],
)
def test_the_purpose_is_read_from_the_operation(operation: str, payload: dict[str, Any], purpose: Purpose) -> None:
    assert asked(operation, payload).purpose == purpose


@pytest.mark.parametrize(
    "operation",
    ["withdraw", "transfer_funds", "bind_agent_wallet", "create_market_order", "create_subaccount", "", "order"],
)
def test_every_other_operation_is_refused(operation: str) -> None:
    with pytest.raises(SigningRefused, match="not allowed"):
        _ = asked(operation, ORDER).purpose


@pytest.mark.parametrize(
    "payload",
    [
        ORDER | {"builder_code": "X"},
        ORDER | {"take_profit": {"stop_price": "1"}},
        ORDER | {"amount": "-1"},
        ORDER | {"amount": "1e9"},
        ORDER | {"price": "NaN"},
        ORDER | {"reduce_only": "false"},
        ORDER | {"side": "both"},
        CANCEL,
    ],
)
def test_an_order_with_anything_this_engine_does_not_write_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(SigningRefused, match="create_order that is not allowed"):
        _ = asked("create_order", payload).purpose


def test_a_request_survives_the_pipe() -> None:
    first = asked("create_order", ORDER)
    assert msgspec.json.decode(msgspec.json.encode(first), type=PacificaSignRequest) == first


def test_the_body_names_the_agent_only_where_there_is_one() -> None:
    own = signed_body("me", asked("cancel_order", CANCEL), PacificaSigned(signature="s"))
    assert own == {"account": "me", "signature": "s", "timestamp": 1, "expiry_window": 5000, **CANCEL}
    agent = signed_body("me", asked("cancel_order", CANCEL), PacificaSigned(signature="s", agent_wallet="a"))
    assert agent == {**own, "agent_wallet": "a"}
