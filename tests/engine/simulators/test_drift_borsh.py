"""Our writer of the program's bytes against the SDK's coder, and against accounts recorded on mainnet."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from engine.simulators.drift.borsh import BorshError
from engine.simulators.drift.idl import Idl
from engine.simulators.drift.verification_idl import drift_idl
from tests.engine.simulators.drift_world import order, read_account, sdk
from tests.shared import fixtures_root

SIZES = {"State": 992, "PerpMarket": 1216, "SpotMarket": 776, "User": 4376, "UserStats": 240, "PythLazerOracle": 48}


@pytest.mark.parametrize("name", SIZES)
def test_an_account_nobody_set_is_zeros_of_the_program_s_size(name: str) -> None:
    raw = drift_idl().account(name, {})
    assert len(raw) == SIZES[name]
    assert raw == hashlib.sha256(f"account:{name}".encode()).digest()[:8] + bytes(SIZES[name] - 8)
    assert type(read_account(raw)).__name__ == name


def test_every_integer_of_a_position_is_read_by_the_sdk_as_it_was_written() -> None:
    written = {"baseAssetAmount": -5, "quoteAssetAmount": 7, "openOrders": 3, "marketIndex": 9, "settledPnl": -(2**62)}
    held = read_account(drift_idl().account("User", {"perpPositions": [{}, written]})).perp_positions[1]
    assert (held.base_asset_amount, held.quote_asset_amount, held.settled_pnl) == (-5, 7, -(2**62))
    assert (held.open_orders, held.market_index) == (3, 9)


@pytest.mark.parametrize("kind", ["user_accounts", "user_stats_accounts"])
def test_recorded_accounts_are_read_as_the_sdk_reads_them_and_written_back_byte_for_byte(kind: str) -> None:
    recorded = json.loads((fixtures_root() / "drift" / f"{kind}.json").read_text())[f"{kind}_base64"]
    name, idl = {"user_accounts": "User", "user_stats_accounts": "UserStats"}[kind], drift_idl()
    layout = _layout(idl, name)
    assert len(recorded) > 3
    for text in recorded:
        raw = base64.b64decode(text)[: SIZES[name]]
        value, end = layout.read(raw, 8)
        assert end == len(raw)
        assert idl.account(name, value) == raw
        assert bytes(read_account(raw).authority) == value["authority"]


def _layout(idl: Any, name: str) -> Any:
    idl.account(name, {})
    return idl._structs["account", name][1]


def test_an_instruction_written_by_the_sdk_is_read_whole() -> None:
    params = order(buy=False, price="151.5", size="2", post_only="TryPostOnly", max_ts=9, user_order_id=200)
    data = sdk().instruction.encode("place_and_take_perp_order", {"params": params, "success_condition": 2})
    decoded = drift_idl().instruction(data)
    assert decoded is not None
    name, args = decoded
    assert (name, args["successCondition"]) == ("placeAndTakePerpOrder", 2)
    wanted = {"direction": "Short", "postOnly": "TryPostOnly", "price": 151_500_000, "maxTs": 9, "userOrderId": 200}
    assert {key: args["params"][key] for key in wanted} == wanted
    assert args["params"]["auctionDuration"] is None


@pytest.mark.parametrize("cut", [9, 12, 20])
def test_a_cut_instruction_is_refused(cut: int) -> None:
    data = sdk().instruction.encode("place_perp_order", {"params": order()})
    with pytest.raises(BorshError):
        drift_idl().instruction(data[:cut])


def test_an_event_of_options_is_read_by_the_sdk() -> None:
    fields = {"ts": 5, "action": "Fill", "takerFee": 7, "maker": bytes(range(32)), "makerFee": -3, "marketType": "Perp"}
    event = sdk().events.parse(drift_idl().event("OrderActionRecord", fields))
    assert (event.name, event.data.taker_fee, event.data.maker_fee, event.data.taker) == (
        "OrderActionRecord",
        7,
        -3,
        None,
    )
    assert bytes(event.data.maker) == bytes(range(32))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User", {"nextOrderId": -1}),
        ("User", {"authority": b"short"}),
        ("User", {"orders": [{}] * 33}),
        ("User", {"orders": [{"status": "Lost"}]}),
        ("User", {"no_such_field": 1}),
    ],
)
def test_what_has_no_bytes_is_refused(name: str, value: dict[str, Any]) -> None:
    with pytest.raises(BorshError):
        drift_idl().account(name, value)


def test_what_is_no_instruction_of_the_program_is_told_apart() -> None:
    assert drift_idl().instruction(bytes(8)) is None
    assert drift_idl().instruction(b"") is None


def test_errors_have_the_program_s_numbers() -> None:
    assert drift_idl().error("InsufficientCollateral") == (6003, "Insufficient collateral")
    assert drift_idl().error("ExchangePaused")[0] == 6024


def test_an_idl_of_any_program_gives_layouts() -> None:
    text = {
        "types": [{"name": "Side", "type": {"kind": "enum", "variants": [{"name": "Bid"}, {"name": "Ask"}]}}],
        "accounts": [],
        "events": [{"name": "Seen", "fields": [{"name": "who", "type": {"vec": {"option": {"defined": "Side"}}}}]}],
        "instructions": [],
        "errors": [],
    }
    assert Idl(text).event("Seen", {"who": ["Ask", None]})[8:] == bytes([2, 0, 0, 0, 1, 1, 0])
