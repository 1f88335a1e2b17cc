"""The parts of an expectation add up to its net."""

from decimal import Decimal

import msgspec

from actors.domain import Side
from actors.expectation import Expectation
from actors.messages import EntryAsked

PARTS = Expectation(
    horizon_h=Decimal(72),
    notional_usd=Decimal(10_000),
    capital_usd=Decimal(6_667),
    rate_per_hour=Decimal("0.00002"),
    rate_error_per_hour=Decimal("0.000005"),
    funding_usd=Decimal("14.4"),
    entry_fees_usd=Decimal(5),
    exit_fees_usd=Decimal(6),
    entry_slippage_usd=Decimal(1),
    exit_slippage_usd=Decimal("1.5"),
    basis_usd=Decimal("-0.5"),
    gas_usd=Decimal("0.1"),
)


def test_net_is_funding_and_basis_less_the_whole_round_trip() -> None:
    assert PARTS.costs_usd == Decimal("13.6")
    assert PARTS.net_usd == Decimal("0.3")


def test_an_entry_carries_it_through_the_journal_and_one_without_it_still_decodes() -> None:
    asked = EntryAsked(
        taker_side=Side.SELL, size=Decimal(1), expected_net_usd=PARTS.net_usd, reason="", expectation=PARTS
    )
    assert msgspec.json.decode(msgspec.json.encode(asked), type=EntryAsked) == asked
    bare = msgspec.structs.replace(asked, expectation=None)
    assert b"expectation" not in msgspec.json.encode(bare)
