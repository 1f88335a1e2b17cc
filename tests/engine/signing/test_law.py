"""What may be signed, whatever the engine asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from actors.domain import Venue
from engine.signing.law import HOUR_NS, Caps, Law, Opened
from engine.venues.signing import Operation, Purpose, SigningRefused
from tests.engine.keys.samples import ACCOUNT

CAPS = Caps(
    venue=Venue.HYPERLIQUID,
    network="testnet",
    account=ACCOUNT,
    order_most_usd=Decimal(100),
    hour_most_usd=Decimal(250),
    leverage_most=2,
)


def order(usd: Any) -> Purpose:
    return Purpose(operation="order", opens_usd=Decimal(usd))


def test_every_operation_may_be_signed_and_no_other() -> None:
    law = Law(CAPS)
    for operation in get_args(Operation):
        law.allow(Purpose(operation=operation, leverage=1), 0)
    with pytest.raises(SigningRefused, match="'withdraw' is not allowed"):
        law.allow(Purpose(operation="withdraw"), 0)  # type: ignore[arg-type]


def test_an_order_up_to_the_cap_passes_and_a_larger_one_does_not() -> None:
    law = Law(CAPS)
    law.allow(order(100), 0)
    with pytest.raises(SigningRefused, match=r"opens 100.01 USD, over the cap of 100 for one order"):
        law.allow(order("100.01"), 0)


def test_what_only_reduces_is_never_counted_and_never_capped() -> None:
    law = Law(CAPS)
    for _ in range(1000):
        law.allow(order(0), 0)
    assert law.opened_usd(0) == 0
    for _ in range(2):
        law.allow(order(100), 0)
    with pytest.raises(SigningRefused):
        law.allow(order(51), 0)
    law.allow(order(0), 0)


def test_an_hour_has_a_cap_that_rolls() -> None:
    law = Law(CAPS)
    for at_ns in (0, 10, 20):
        law.allow(order(80), at_ns)
    with pytest.raises(SigningRefused, match="opens 80 USD after 240 within the hour, over the cap of 250"):
        law.allow(order(80), HOUR_NS - 1)
    law.allow(order(10), HOUR_NS - 1)
    law.allow(order(80), HOUR_NS)
    assert law.opened_usd(HOUR_NS + 20) == 90
    assert law.opened_usd(2 * HOUR_NS) == 0


def test_what_is_refused_counts_for_nothing() -> None:
    law = Law(CAPS)
    for _ in range(10):
        with pytest.raises(SigningRefused):
            law.allow(order(101), 0)
    assert law.opened_usd(0) == 0


def test_a_process_that_takes_over_counts_what_the_last_one_let_open() -> None:
    law = Law(CAPS, (Opened(age_ns=HOUR_NS - 5, usd=Decimal(100)), Opened(age_ns=0, usd=Decimal(100))), now_ns=7)
    assert law.opened_usd(7) == 200
    with pytest.raises(SigningRefused, match="after 200"):
        law.allow(order(60), 7)
    law.allow(order(60), 12)


@pytest.mark.parametrize("leverage", [None, 0, 3, -1])
def test_leverage_over_the_cap_or_unknown_is_refused(leverage: int | None) -> None:
    with pytest.raises(SigningRefused, match="over the cap of 2"):
        Law(CAPS).allow(Purpose(operation="leverage", leverage=leverage), 0)


@pytest.mark.parametrize("usd", ["NaN", "Infinity", "-1"])
def test_sums_that_make_no_sense_are_refused(usd: str) -> None:
    with pytest.raises(SigningRefused, match="makes no sense"):
        Law(CAPS).allow(order(usd), 0)


@pytest.mark.parametrize("usd", ["NaN", "Infinity", "-1", "-Infinity"])
@pytest.mark.parametrize("cap", ["order_most_usd", "hour_most_usd"])
def test_a_cap_that_caps_nothing_is_no_cap(cap: str, usd: str) -> None:
    terms = {field: getattr(CAPS, field) for field in CAPS.__struct_fields__} | {cap: Decimal(usd)}
    with pytest.raises(ValueError, match=cap):
        Caps(**terms)
    raw = msgspec.json.encode({**msgspec.to_builtins(CAPS), cap: usd})
    with pytest.raises(msgspec.ValidationError, match=cap):
        msgspec.json.decode(raw, type=Caps)
