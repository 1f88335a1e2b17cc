"""What an action is for, and which are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.signing import Opening, Purpose, SigningRefused

LINE = {"a": 1, "b": True, "p": "100.5", "s": "2", "r": False, "t": {"limit": {"tif": "Ioc"}}, "c": "0x" + "1" * 32}
REDUCES = {**LINE, "r": True}
OPENS = Opening(market="1", size=Decimal(2), usd=Decimal(201))


def asked(**action: Any) -> HyperliquidSignRequest:
    return HyperliquidSignRequest(action=action, nonce=1, is_mainnet=False)


def orders(*lines: dict[str, Any], **more: Any) -> HyperliquidSignRequest:
    return asked(type="order", orders=list(lines), grouping="na", **more)


@pytest.mark.parametrize(
    ("request_", "purpose"),
    [
        (orders(LINE), Purpose(operation="order", opens=(OPENS,))),
        (orders(LINE, LINE, REDUCES), Purpose(operation="order", opens=(OPENS, OPENS))),
        (orders(REDUCES), Purpose(operation="order")),
        (asked(type="cancel", cancels=[{"a": 1, "o": 7}]), Purpose(operation="cancel")),
        (asked(type="cancelByCloid", cancels=[{"asset": 1, "cloid": "0x1"}]), Purpose(operation="cancel")),
        (asked(type="noop"), Purpose(operation="cancel")),
        (asked(type="scheduleCancel", time=5), Purpose(operation="dead_man")),
        (
            asked(type="updateLeverage", asset=1, isCross=True, leverage=3),
            Purpose(operation="leverage", leverage=3),
        ),
    ],
)
def test_the_purpose_is_read_from_the_action(request_: HyperliquidSignRequest, purpose: Purpose) -> None:
    assert request_.purpose == purpose


@pytest.mark.parametrize(
    "kind",
    [
        *("withdraw3", "usdSend", "spotSend", "usdClassTransfer", "approveAgent", "approveBuilderFee"),
        *("vaultTransfer", "subAccountTransfer", "sendAsset", "modify", "batchModify", "twapOrder", "", "Order"),
    ],
)
def test_every_other_kind_of_action_is_refused(kind: str) -> None:
    with pytest.raises(SigningRefused, match="not allowed"):
        _ = asked(type=kind, amount="1").purpose


@pytest.mark.parametrize(
    "request_",
    [
        orders(LINE, builder={"b": "0x" + "1" * 40, "f": 10}),
        orders({**LINE, "x": 1}),
        orders({**LINE, "t": {"trigger": {"isMarket": True, "triggerPx": "1", "tpsl": "sl"}}}),
        orders({**LINE, "s": "-2"}),
        orders({**LINE, "s": "NaN"}),
        orders({**LINE, "s": "1e9"}),
        orders({**LINE, "s": 2}),
        orders({**LINE, "s": "1\n"}),
        orders({key: value for key, value in LINE.items() if key != "r"}),
        asked(type="order", orders=[LINE], grouping="positionTpsl"),
        asked(type="updateLeverage", asset=1, isCross=True, leverage=0),
        asked(orders=[LINE]),
    ],
)
def test_an_order_with_anything_this_engine_does_not_write_is_refused(request_: HyperliquidSignRequest) -> None:
    with pytest.raises(SigningRefused, match="not allowed"):
        _ = request_.purpose


def test_the_order_of_an_actions_keys_survives_the_pipe() -> None:
    """It is part of what is signed."""
    first = orders(LINE)
    read = msgspec.json.decode(msgspec.json.encode(first), type=HyperliquidSignRequest)
    assert read == first
    assert list(read.action) == ["type", "orders", "grouping"]
    assert list(read.action["orders"][0]) == list(LINE)


@pytest.mark.parametrize("asset", [10_000, 110_000, -1])
def test_only_perpetuals_of_the_venues_own_are_signed_for(asset: int) -> None:
    """A reduce-only order of a spot pair counts as opening nothing, and opens."""
    for action in (
        orders({**REDUCES, "a": asset}),
        asked(type="updateLeverage", asset=asset, isCross=True, leverage=1),
    ):
        with pytest.raises(SigningRefused):
            _ = action.purpose
