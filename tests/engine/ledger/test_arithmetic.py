"""Worked examples as people in this field calculate them, each with the one assumption that makes its figures true."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.ledger.arithmetic import (
    apr,
    apy,
    break_even_hours,
    daily_funding_usd,
    fees_usd,
    hourly,
    net_usd,
)

D = Decimal
CENT = D("0.01")


def test_cash_and_carry_of_ten_thousand_at_three_eighths_of_a_percent_a_day() -> None:
    """33.52 USD a day and 90.22 after three days, before exit fees.

    0.37248 % brings 33.52 on 9,000 USD: of the 10,000, that is what both legs are worth (90 %; the rest is margin, nine
    times levered, or kept back). 90.22 leaves 10.35 for entering, which is 0.115 % of it: Hyperliquid's lowest tier
    taking on both sides, 0.070 % spot and 0.045 % perpetual.
    """
    hedged = D(10_000) * D("0.9")
    daily = daily_funding_usd(hedged, D("0.0037248"))
    assert daily.quantize(CENT) == D("33.52")
    entry = fees_usd(hedged, D("0.00070"), D("0.00045"))
    assert entry == D("10.35")
    assert net_usd(3 * daily, entry).quantize(CENT) == D("90.22")


def test_fifty_thousand_across_two_venues() -> None:
    """197.945 USD a day, 571.335 after three days, 548.84 when leaving costs what entering did.

    The 50,000 are each leg's notional. 571.335 leaves 22.50 for entering: 0.045 % of one leg, so one leg takes at
    Hyperliquid's lowest tier and the other is free (Lighter's standard account). Leaving costs the same again.
    """
    notional = D(50_000)
    daily = daily_funding_usd(notional, D("0.004558"), D("0.0005991"))
    assert daily == D("197.945")
    fee = fees_usd(notional, D("0.00045"), D(0))
    assert net_usd(3 * daily, fee) == D("571.335")
    assert net_usd(3 * daily, fee, fee).quantize(CENT) == D("548.84")


def test_two_basis_points_per_eight_hours_are_almost_twenty_two_percent_and_break_even_after_68_hours() -> None:
    """0.03 % received less 0.01 % paid per 8 h, on notional; a round trip of 17 bps of the same notional."""
    rate = hourly(D("0.0003") - D("0.0001"), 8)
    assert apr(rate) == D("0.219")
    assert break_even_hours(D("0.0017"), rate) == 68


def test_yearly_rate_put_back_to_work_is_more_than_the_simple_one_and_meets_it_at_one_period() -> None:
    rate = hourly(D("0.0002"), 8)
    assert apy(rate, 1) == apr(rate)
    assert round(apy(rate), 5) == D("0.24483")


@pytest.mark.parametrize("rate", ["0", "-0.0001"])
def test_without_a_rate_nothing_breaks_even(rate: str) -> None:
    with pytest.raises(ValueError, match="never pays"):
        break_even_hours(D("0.0017"), D(rate))
