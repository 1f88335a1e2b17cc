from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.calibration.recorded import (
    SETTLED,
    SNAPSHOTS,
    Recordings,
    against_settled,
    day_of,
    hour_of,
    lighter_forming,
    lighter_paid,
    same_hour,
)

NOON = hour_of("2026-01-02T12:00:00Z")
HOUR_MS = 3_600_000


def write(root: Path, name: str, *lines: str) -> None:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt") as file:
        file.write("\n".join(lines) + "\n")


@pytest.fixture
def recorded(tmp_path: Path) -> Recordings:
    write(
        tmp_path,
        SETTLED,
        "hour_utc,ts_ms,symbol,rate,interval_h,rate_per_hour,premium,source",
        "2026-01-02T12:00:00Z,0,BTC,0.00001,1,0.00001,0.0001,x",
        "2026-01-02T13:00:00Z,0,BTC,0.00002,1,0.00002,,x",
        "2023-05-12T08:00:00Z,0,BTC,0.0008,8,0.0001,,x",
    )
    write(
        tmp_path,
        SNAPSHOTS,
        "sampled_utc,hour_utc,venue,symbol,interval_h,rate_raw,rate_per_hour",
        "2026-01-02T12:41:07Z,2026-01-02T12:00:00Z,hyperliquid,BTC,1.0,1.9999999999999998e-05,1.9999999999999998e-05",
        "2026-01-02T12:41:07Z,2026-01-02T12:00:00Z,lighter,BTC,1.0,1.2e-05,1.2e-05",
    )
    return Recordings(tmp_path)


@pytest.mark.parametrize(("lag_h", "settled"), [(0, "0.00001"), (1, "0.00002")])
def test_a_live_rate_meets_the_settlement_of_the_hour_asked_for(recorded: Recordings, lag_h: int, settled: str) -> None:
    pairs = against_settled(recorded, recorded.snapshots, lag_h)
    assert pairs.found == ((Decimal("0.00002"), Decimal(settled)),)
    assert (pairs.first, pairs.last) == ("2026-01-02", "2026-01-02")


def test_an_hour_without_a_settlement_makes_no_pair(recorded: Recordings) -> None:
    assert against_settled(recorded, recorded.snapshots, 2).found == ()


def test_settlements_of_eight_hours_are_left_out_of_the_hourly_ones(recorded: Recordings) -> None:
    assert len(recorded.settled) == 3
    assert list(recorded.settled_per_hour) == [("BTC", NOON), ("BTC", NOON + 1)]


def test_the_minute_of_a_poll_is_known(recorded: Recordings) -> None:
    assert [sample.minute for sample in recorded.snapshots] == [41, 41]


def test_two_recorders_meet_in_venue_symbol_and_hour(recorded: Recordings) -> None:
    pairs = same_hour(recorded.snapshots, recorded.snapshots, "lighter")
    assert pairs.found == ((Decimal("0.000012"), Decimal("0.000012")),)


def stats(hour: int, forming: str, paid: str, market: int = 0) -> dict[str, Any]:
    return {
        "market_id": market,
        "current_funding_rate": forming,
        "funding_rate": paid,
        "funding_timestamp": hour * HOUR_MS + 1 if hour else 0,
    }


FRAMES = (
    stats(NOON, "0.0012", "0.0010"),
    stats(NOON, "0.0030", "0.0010"),
    stats(NOON, "0.0099", "0.0098", market=1),
    stats(NOON + 1, "0.0001", "0.0031"),
    stats(NOON + 3, "0.0001", "0.0077"),
    stats(0, "0.0000", "0.0000", market=2),
)


def test_the_last_estimate_before_a_settlement_meets_that_settlement_and_holes_make_no_pair() -> None:
    assert lighter_forming(FRAMES, 1).found == ((Decimal("0.00003"), Decimal("0.000031")),)
    assert lighter_forming(FRAMES, 0).found == ((Decimal("0.00003"), Decimal("0.00001")),)


def test_a_last_payment_is_one_sample_a_market_and_settlement_with_its_bounds() -> None:
    first, other, *later = lighter_paid((*FRAMES, stats(NOON, "0.0012", "0.0020")))
    assert (first.least, first.most) == (Decimal("0.00001"), Decimal("0.00002"))
    assert (other.symbol, other.rate) == ("1", Decimal("0.000098"))
    assert [sample.hour - NOON for sample in later] == [1, 3]


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="funding_settled_1h"):
        _ = Recordings(tmp_path).settled


def test_hours_and_days_are_utc() -> None:
    assert day_of(NOON) == "2026-01-02"
    assert hour_of("1970-01-02T00:00:00Z") == 24
