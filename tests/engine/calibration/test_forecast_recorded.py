"""Recorded funding is told when it was known and when it was paid, and neither is mistaken for the other."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from engine.calibration.forecast_recorded import (
    BINANCE,
    BINANCE_BTC,
    DRIFT,
    DYDX,
    HYPERLIQUID,
    PAIRS,
    RESTING,
    SNAPSHOTS,
    Funding,
)
from tests.shared import data_root

D = Decimal
NOON = 464_616 + 12
"""2023-01-02T12:00:00Z."""
ASSETS = ("BTC", "ETH", "SOL", "BNB", "XRP")
SNAPSHOT_HEAD = "sampled_utc,hour_utc,venue,symbol,interval_h,rate_raw,rate_per_hour"


def write(root: Path, name: str, *lines: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(root / name, "wt", newline="") as file:
        file.write("\n".join(lines) + "\n")


@pytest.fixture
def funding(tmp_path: Path) -> Funding:
    at, later = "2023-01-02T12:00:00Z", "2023-01-02T13:00:00Z"
    hourly = [f"{hour},{asset},1,0.0000{value}" for asset in ASSETS for hour, value in ((at, 1), (later, 2))]
    write(tmp_path, HYPERLIQUID, "hour_utc,symbol,interval_h,rate_per_hour", *hourly, f"{at},BTC,8,0.0009")
    write(tmp_path, DRIFT, "hour_utc,symbol,interval_h,rate_1h", *hourly)
    dydx = [f"{at},dydx,{asset},0.00003,1" for asset in ASSETS]
    write(tmp_path, DYDX, "time_utc,venue,symbol,rate,interval_h", *dydx, f"{at},bybit,BTC,0.5,1")
    write(tmp_path, BINANCE, "time_utc,symbol,rate,interval_h", *[f"{at},{asset},0.0008,8" for asset in ASSETS])
    write(tmp_path, BINANCE_BTC, "time_utc,venue,symbol,rate,interval_h", f"{at},okx,BTC,0.5,8")
    snapshots = [
        f"x,{_day(hour)},{venue},ALT,1,0,0.00001" for hour in range(220) for venue in ("hyperliquid", "lighter")
    ]
    few = [f"x,{_day(0)},{venue},FEW,1,0,0.00001" for venue in ("hyperliquid", "lighter")]
    write(tmp_path, SNAPSHOTS, SNAPSHOT_HEAD, *snapshots, *few, f"x,{_day(0)},aster,ALT,1,0,0.5")
    return Funding(tmp_path)


def _day(hour: int) -> str:
    return f"2025-12-{22 + hour // 24:02d}T{hour % 24:02d}:00:00Z"


def test_hours_are_utc_and_an_eight_hourly_rate_is_not_taken_for_an_hourly_one(funding: Funding) -> None:
    pair = next(funding.pairs())
    assert pair.label == "hyperliquid-drift BTC"
    assert pair.first.paid == {NOON: D("0.00001"), NOON + 1: D("0.00002")}
    assert pair.first.known == pair.first.paid
    assert list(pair.hours) == [NOON, NOON + 1]


def test_a_payment_of_eight_hours_is_known_when_it_is_made_and_paid_for_the_hours_before(funding: Funding) -> None:
    (pair,) = [each for each in funding.pairs() if each.label == "hyperliquid-binance BTC"]
    assert list(pair.second.known) == list(range(NOON, NOON + 8))
    assert sorted(pair.second.paid) == list(range(NOON - 7, NOON + 1))
    assert {*pair.second.known.values()} == {*pair.second.paid.values()} == {D("0.0001")}


def test_another_venue_of_a_file_is_left_out(funding: Funding) -> None:
    (pair,) = [each for each in funding.pairs() if each.label == "hyperliquid-dydx_v3 BTC"]
    assert pair.second.paid == {NOON: D("0.00003")}


def test_coins_of_the_snapshots_share_a_label_and_those_with_few_hours_are_left_out(funding: Funding) -> None:
    pairs = list(funding.pairs())
    assert len(pairs) == len(PAIRS) + 1
    assert (pairs[-1].label, pairs[-1].asset) == ("hyperliquid-lighter, all coins", "ALT")
    assert (pairs[-1].first.venue, pairs[-1].second.venue) == ("hyperliquid", "lighter")


def test_every_venue_that_is_replayed_has_its_rest(funding: Funding) -> None:
    venues = [tape.venue for pair in funding.pairs() for tape in (pair.first, pair.second)]
    assert [venue for venue in venues if venue not in RESTING] == []


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="funding_settled_1h"):
        next(Funding(tmp_path).pairs())


def test_the_recordings_hold_every_pair_over_months() -> None:
    long = [pair for pair in Funding(data_root()).pairs() if "all coins" not in pair.label]
    assert len(long) == len(PAIRS)
    assert all(len(pair.hours) > 4000 for pair in long)
