from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import Market
from actors.identity import objections, price_difference_bps, told
from actors.policy import ScannerPolicy
from tests.factories import MAKER, TAKER, instrument

POLICY = ScannerPolicy()
BOTH_TOKENS = ("USDC", "USDT")


def leg(price: str | None = "100", *, mark: str | None = None, maker: bool = False, token: str = "USDC") -> Market:
    return Market(
        instrument=instrument(MAKER if maker else TAKER, settle_token=token),
        oracle=None if price is None else Decimal(price),
        mark=None if mark is None else Decimal(mark),
    )


def against(second: Market, policy: ScannerPolicy = POLICY) -> list[str]:
    return list(objections(leg(), second, policy))


def test_two_markets_at_one_price_and_in_one_money_are_one_instrument() -> None:
    assert against(leg("104.9", maker=True)) == []
    assert told(leg(), leg("101")) == "prices 100.0 bps apart"


@pytest.mark.parametrize("price", ["0.1", "100000", "106", "94"])
def test_a_price_of_another_token_or_multiplier_is_named_with_its_distance(price: str) -> None:
    (said,) = against(leg(price, maker=True))
    assert "not the same instrument, or a wrong multiplier" in said
    assert f"{price_difference_bps(leg(), leg(price)):.1f} bps" in said


def test_the_distance_is_the_same_from_both_sides_and_that_of_the_larger_over_the_smaller() -> None:
    assert price_difference_bps(leg("100"), leg("0.1")) == price_difference_bps(leg("0.1"), leg("100")) == 9_990_000


def test_the_mark_stands_in_for_an_oracle_that_is_not_told() -> None:
    assert price_difference_bps(leg(), leg(None, mark="101")) == 100
    assert price_difference_bps(leg(), leg("102", mark="101")) == 200


def test_a_price_that_was_never_told_is_no_proof() -> None:
    assert against(leg(None, maker=True)) == ["a price is missing"]


def test_a_settle_token_outside_the_policy_is_refused_by_venue_and_name() -> None:
    assert against(leg(maker=True, token="USDT")) == [f"{MAKER.value} settles in USDT", "settled in USDC and USDT"]


def test_different_settle_tokens_are_refused_unless_the_policy_allows_the_mixture() -> None:
    allowed = msgspec.structs.replace(POLICY, settle_tokens=BOTH_TOKENS)
    assert against(leg(maker=True, token="USDT"), allowed) == ["settled in USDC and USDT"]
    mixed = msgspec.structs.replace(allowed, settle_tokens_may_differ=True)
    assert against(leg(maker=True, token="USDT"), mixed) == []


def test_the_same_token_on_both_legs_is_good_when_it_is_allowed() -> None:
    allowed = msgspec.structs.replace(POLICY, settle_tokens=BOTH_TOKENS)
    assert list(objections(leg(token="USDT"), leg(maker=True, token="USDT"), allowed)) == []
