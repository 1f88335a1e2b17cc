"""What the recording of 2025-10-10 holds, and that it is read as its manifest says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.calibration.adl_event import Recordings
from tests.shared import data_root


@pytest.fixture(scope="module")
def recorded() -> Recordings:
    return Recordings(data_root())


def test_the_coins_add_up_to_the_published_total(recorded: Recordings) -> None:
    assert len(recorded.spells) == 162
    assert round(sum(spell.usd for spell in recorded.spells.values()) / 10**6) == 2103
    assert round(recorded.spells["BTC"].usd / 10**6, 1) == Decimal("620.9")


def test_coins_come_in_the_order_in_which_they_were_deleveraged(recorded: Recordings) -> None:
    firsts = [spell.first_ms for spell in recorded.spells.values()]
    assert firsts == sorted(firsts)
    assert firsts[0] == 1_760_130_964_000
    assert all(spell.first_ms <= spell.last_ms for spell in recorded.spells.values())


def test_coins_that_were_spared_had_liquidations_and_no_deleveraging(recorded: Recordings) -> None:
    assert recorded.spared == ("0G", "BLUR", "FTT", "IOTA", "REZ", "TNSR", "UMA", "WCT", "YZY")
    assert not set(recorded.spared) & set(recorded.spells)


def test_first_prices_lie_within_the_hour_s_candle(recorded: Recordings) -> None:
    hour = {coin: {candle.at_ms: candle for candle in rows} for coin, rows in recorded.candles.items()}
    checked = [coin for coin in recorded.first_prices if coin in hour]
    assert checked == ["INJ", "ARB"]
    for coin in checked:
        at_ms, price = recorded.first_prices[coin]
        candle = hour[coin][at_ms // 3_600_000 * 3_600_000]
        assert candle.low <= price <= candle.high
        assert at_ms // 1000 == recorded.spells[coin].first_ms // 1000


def test_counts_are_of_the_whole_venue_and_hold_every_adl(recorded: Recordings) -> None:
    assert sum(each.adls for each in recorded.counts) == 34_983
    assert sum(each.liquidations for each in recorded.counts) == 63_637


def test_a_calm_minute_has_almost_no_liquidation(recorded: Recordings) -> None:
    assert recorded.calm == (7282, 2, 80)


def test_open_interest_is_in_base_units_by_hour(recorded: Recordings) -> None:
    assert len(recorded.interest["BTC"]) == 16
    assert all(1_000 < base < 1_000_000 for _, base in recorded.interest["BTC"])
