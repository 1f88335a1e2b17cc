from __future__ import annotations

from decimal import Decimal

import pytest

from engine.venues.funding import FundingMisread, Payer, calibrated, field_of, per_hour

D = Decimal
FIXTURE_PERCENT = D("0.0012")


@pytest.mark.parametrize(
    ("key", "raw", "fraction"),
    [
        ("hyperliquid/ctx.funding", "0.0000125", "0.0000125"),
        ("pacifica/prices.next_funding", "-0.00010529", "-0.00010529"),
        ("lighter/market_stats.current_funding_rate", "0.0012", "0.000012"),
        ("lighter/market_stats.funding_rate", "-0.0149", "-0.000149"),
        ("lighter/funding-rates.rate", "0.000096", "0.000012"),
        ("drift/driftpy.calculate_long_short_funding", "1250", "0.0000125"),
    ],
)
def test_every_unit_becomes_a_fraction_per_hour(key: str, raw: str, fraction: str) -> None:
    assert per_hour(key, D(raw)) == D(fraction)


def test_three_endpoints_of_one_venue_tell_one_rate() -> None:
    """Lighter's resting rate: percent per hour with and without a sign, and a fraction of eight hours."""
    rates = [
        per_hour("lighter/market_stats.funding_rate", FIXTURE_PERCENT),
        per_hour("lighter/fundings.rate", FIXTURE_PERCENT, "long"),
        per_hour("lighter/funding-rates.rate", D("0.000096")),
    ]
    assert rates == [D("0.000012")] * 3


@pytest.mark.parametrize(("payer", "sign"), [("long", 1), ("short", -1)])
def test_an_unsigned_rate_takes_its_sign_from_the_side_that_pays(payer: Payer, sign: int) -> None:
    assert per_hour("lighter/fundings.rate", D("0.02"), payer) == sign * D("0.0002")


def test_a_rate_in_quote_per_base_is_over_its_price_average() -> None:
    """0.0015 USD a token at 120 USD; the figure on chain is in 1e-9."""
    key = "drift/perp_market.amm.last_funding_rate"
    assert per_hour(key, D(1_500_000), price=D(120)) == D("0.0000125")
    assert per_hour(key, D(-1_500_000), price=D(120)) == D("-0.0000125")


@pytest.mark.parametrize("raw", ["0.01", "0"])
def test_an_unsigned_rate_without_the_side_that_pays_is_refused_by_name(raw: str) -> None:
    with pytest.raises(FundingMisread, match=r"lighter/fundings\.rate.*side that pays"):
        per_hour("lighter/fundings.rate", D(raw))


def test_a_negative_unsigned_rate_is_refused() -> None:
    with pytest.raises(FundingMisread, match=r"lighter/fundings\.rate"):
        per_hour("lighter/fundings.rate", D("-0.01"), "long")


def test_a_side_that_pays_is_refused_where_the_rate_has_its_own_sign() -> None:
    with pytest.raises(FundingMisread, match=r"market_stats\.funding_rate.*own sign"):
        per_hour("lighter/market_stats.funding_rate", D("0.01"), "long")


@pytest.mark.parametrize("price", [None, D(0), D(-1)])
def test_a_rate_in_quote_per_base_without_a_price_is_refused_by_name(price: Decimal | None) -> None:
    with pytest.raises(FundingMisread, match=r"drift/FundingRateRecord\.funding_rate.*price average"):
        per_hour("drift/FundingRateRecord.funding_rate", D(1), price=price)


def test_a_price_given_in_vain_is_refused() -> None:
    with pytest.raises(FundingMisread, match="takes no price"):
        per_hour("hyperliquid/ctx.funding", D("0.01"), price=D(100))


def test_a_field_nobody_knows_is_refused_by_name() -> None:
    for read in (field_of, calibrated):
        with pytest.raises(FundingMisread, match=r"lighter/no\.such"):
            read("lighter/no.such")
    with pytest.raises(FundingMisread, match=r"lighter/no\.such"):
        per_hour("lighter/no.such", D(1))


def test_a_field_is_calibrated_only_by_evidence() -> None:
    assert calibrated("hyperliquid/ctx.funding")
    assert calibrated("lighter/market_stats.current_funding_rate")
    assert not calibrated("pacifica/prices.next_funding")
    assert not calibrated("drift/perp_market.amm.last_funding_rate")
