"""What each form of a recorded history means, read from small files with the traps in them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.simulators.market import MarketFileError, Span, read_history
from engine.simulators.market.history import Rate
from engine.simulators.market.table import HOUR_NS
from tests.shared import data_root

T0 = 1_767_225_600 * 1_000_000_000
SPAN = Span(T0, T0 + 48 * HOUR_NS)
DRIFT = """settled_utc,hour_utc,symbol,rate_1h,open,high,low,close
2026-01-01T00:00:31Z,2026-01-01T00:00:00Z,BTC,0.00009,99,999,1,500
2026-01-01T01:20:00Z,2026-01-01T01:00:00Z,BTC,0.00002,100,999,1,500
"""
SNAPSHOTS = """sampled_utc,hour_utc,venue,symbol,interval_h,rate_raw,rate_per_hour
2026-01-01T00:20:05Z,2026-01-01T00:00:00Z,lighter,BTC,1.0,0.1,0.000012
2026-01-01T00:20:05Z,2026-01-01T00:00:00Z,hyperliquid,BTC,1.0,0.1,0.00003
2026-01-01T00:20:05Z,2026-01-01T00:00:00Z,aster,BTC,8.0,0.1,0.00004
"""
REFERENCE = """time_utc,venue,symbol,rate,interval_h,open,high,low,close,volume
2026-01-01T00:00:00Z,okx,BTC,0.0001,8,50,60,40,55,1
"""


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_of_drifts_candle_only_the_open_is_a_price_and_the_backfilled_first_row_is_left_out(tmp_path: Path) -> None:
    lane = read_history([saved(tmp_path, "d.csv", DRIFT)], SPAN).lanes["drift", "BTC"]
    assert lane.opens == {T0 + HOUR_NS: 100.0}
    assert lane.rates == {T0 + HOUR_NS: Rate(Decimal("0.00002"), 1, T0 + HOUR_NS + 1200 * 1_000_000_000)}


def test_of_snapshots_only_lighters_were_settled(tmp_path: Path) -> None:
    history = read_history([saved(tmp_path, "s.csv", SNAPSHOTS)], SPAN)
    assert history.sources == ("lighter",)
    assert history.lanes["lighter", "BTC"].rates[T0].known_ns == T0 + 1205 * 1_000_000_000


def test_a_rate_of_eight_hours_is_paid_whole_and_its_candle_is_coarse(tmp_path: Path) -> None:
    lane = read_history([saved(tmp_path, "r.csv", REFERENCE)], SPAN).lanes["okx", "BTC"]
    assert lane.rates == {T0: Rate(Decimal("0.0001"), 8, T0)}
    assert (lane.opens, lane.coarse) == ({}, {T0: 50.0})


def test_settled_rates_keep_the_instant_of_their_payment_and_intervals_of_eight_hours(tmp_path: Path) -> None:
    rows = f"2026-01-01T00:00:00Z,{T0 // 1_000_000 + 77},BTC,0.0008,8,0.0001,0,a\n"
    path = saved(tmp_path, "h.csv", "hour_utc,ts_ms,symbol,rate,interval_h,rate_per_hour,premium,source\n" + rows)
    lane = read_history([path], SPAN).lanes["hyperliquid", "BTC"]
    assert lane.rates == {T0: Rate(Decimal("0.0008"), 8, T0 + 77_000_000)}


def test_hours_outside_the_days_asked_for_are_not_read_but_for_the_day_before(tmp_path: Path) -> None:
    path = saved(tmp_path, "r.csv", REFERENCE)
    for span, found in (((1, 2), True), ((-48, 0), False), ((24, 48), True), ((25, 48), False)):
        hours = Span(T0 + span[0] * HOUR_NS, T0 + span[1] * HOUR_NS)
        assert bool(read_history([path], hours).lanes) is found, span


def test_of_two_files_that_differ_the_first_is_kept_and_the_conflict_counted(tmp_path: Path) -> None:
    saved(tmp_path, "a.csv", REFERENCE)
    saved(tmp_path, "b.csv", REFERENCE.replace("0.0001,", "0.0002,"))
    history = read_history([tmp_path], SPAN)
    assert history.lanes["okx", "BTC"].rates[T0].paid == Decimal("0.0001")
    assert history.conflicts == 1


def test_an_unknown_file_is_left_aside_in_a_directory_and_refused_by_name(tmp_path: Path) -> None:
    other = saved(tmp_path, "other.csv", "a,b\n1,2\n")
    saved(tmp_path, "r.csv", REFERENCE)
    assert read_history([tmp_path], SPAN).left == ["other.csv"]
    with pytest.raises(MarketFileError, match="unknown form: a, b"):
        read_history([other], SPAN)


def test_a_directory_without_histories_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarketFileError, match="no history in it"):
        read_history([tmp_path], SPAN)


@pytest.mark.parametrize("time", ["yesterday", "2026-01-01T00:00:31"])
def test_a_time_that_is_none_is_refused_with_its_place(tmp_path: Path, time: str) -> None:
    path = saved(tmp_path, "d.csv", DRIFT.replace("2026-01-01T01:20:00Z", time))
    with pytest.raises(MarketFileError, match="line 3, column 'settled_utc'"):
        read_history([path], SPAN)


def test_every_source_of_a_summer_is_found_in_the_recordings() -> None:
    summer = Span(1_686_528_000 * 1_000_000_000, 1_687_132_800 * 1_000_000_000)
    history = read_history([data_root() / "drift", data_root() / "reference_cex"], summer)
    assert history.sources == ("binance", "bybit", "drift", "dydx", "okx")
    assert history.conflicts == 0
