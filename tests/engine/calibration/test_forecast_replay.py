"""Forecasts are met by what was paid after them, window by window, and a rule pays its fees."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from engine.calibration.forecast_models import SMOOTHED, TWO_SPEEDS
from engine.calibration.forecast_recorded import RecordedPair, Tape
from engine.calibration.forecast_replay import (
    LOOK_H,
    ROUND_TRIP_BPS,
    WARM_H,
    Forecasts,
    Truth,
    decide,
    replay,
    window,
)

D = Decimal
BEGIN = int(datetime(2023, 7, 1, tzinfo=UTC).timestamp()) // 3600
REST = D("0.0000125")


def pair(rates: list[Decimal | None], asset: str = "BTC", begin: int = BEGIN) -> RecordedPair:
    """The first venue pays so much above rest, hour by hour; None was not recorded."""
    first = {begin + index: REST + rate for index, rate in enumerate(rates) if rate is not None}
    second = {begin + index: REST for index in range(len(rates))}
    tapes = (
        Tape(venue="hyperliquid", known=first, paid=first),
        Tape(venue="lighter", known=second, paid=second),
    )
    return RecordedPair(label="a pair", asset=asset, first=tapes[0], second=tapes[1])


def hour(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // 3600


@pytest.mark.parametrize(
    ("asset", "at", "which"),
    [
        ("BTC", "2023-09-30T23:00:00Z", "tuned"),
        ("BTC", "2023-10-01T00:00:00Z", "tested"),
        ("ETH", "2023-12-31T23:00:00Z", "tested"),
        ("ETH", "2024-01-01T00:00:00Z", "held out"),
        ("BTC", "2024-01-01T00:00:00Z", "tested"),
        ("BTC", "2025-12-31T23:00:00Z", "tested"),
        ("BTC", "2026-01-01T00:00:00Z", "held out"),
    ],
)
def test_eth_of_2024_and_all_of_2026_are_held_out(asset: str, at: str, which: str) -> None:
    assert window(asset, hour(at)) == which


def test_the_truth_of_a_forecast_is_the_hours_after_it() -> None:
    rates: list[Decimal | None] = [D(index) / 1_000_000 for index in range(100)]
    truth = Truth(pair(rates))
    at = BEGIN + 30
    said = Forecasts(hours=[at], means=[0.0], errors=[1e-6])
    judged = truth.judged(said, 24, "tuned")
    assert judged.truth.tolist() == pytest.approx([sum(range(31, 55)) / 1e6 * 1e4])
    assert judged.error.tolist() == pytest.approx([24 * 1e-6 * 1e4])


def test_a_horizon_that_was_hardly_recorded_or_not_to_its_end_is_not_judged() -> None:
    holes: list[Decimal | None] = [D("0.00001") if index % 2 else None for index in range(100)]
    said = Forecasts(hours=[BEGIN + 30], means=[0.0], errors=[1e-6])
    assert len(Truth(pair(holes)).judged(said, 24, "tuned").truth) == 0
    assert len(Truth(pair([D(0)] * 50)).judged(said, 24, "tuned").truth) == 0
    assert len(Truth(pair([D(0)] * 100)).judged(said, 24, "tuned").truth) == 1


def test_a_forecast_across_the_border_of_two_windows_belongs_to_neither() -> None:
    border = hour("2023-10-01T00:00:00Z")
    truth = Truth(pair([D(0)] * 300, begin=border - 150))
    said = Forecasts(hours=[border - 30, border - 6, border + 6], means=[0.0] * 3, errors=[0.0] * 3)
    assert [len(truth.judged(said, 24, which).truth) for which in ("tuned", "tested")] == [1, 1]


def test_what_comes_later_changes_no_forecast() -> None:
    rates: list[Decimal | None] = [D(index % 7) / 100_000 for index in range(200)]
    whole, part = replay(pair(rates), TWO_SPEEDS)[72], replay(pair(rates[:150]), TWO_SPEEDS)[72]
    assert part.hours
    assert whole.hours[: len(part.hours)] == part.hours
    assert whole.means[: len(part.means)] == part.means


def test_no_forecast_before_both_were_observed_for_long_enough_nor_in_an_hour_that_was_missed() -> None:
    rates: list[Decimal | None] = [D(0)] * 200
    missed = next(index for index in range(150, 160) if (BEGIN + index) % LOOK_H == 0)
    rates[missed] = None
    hours = replay(pair(rates), SMOOTHED)[72].hours
    assert hours[0] >= BEGIN + WARM_H
    assert BEGIN + missed not in hours
    assert BEGIN + missed + LOOK_H in hours


@pytest.mark.parametrize(
    ("side", "mean_bps", "error_bps", "caution", "then"),
    [
        (0, 13.9, 0, 0, (0, 0)),
        (0, 14.1, 0, 0, (1, 1)),
        (0, -14.1, 0, 0, (-1, 1)),
        (0, 20, 7, 1, (0, 0)),
        (0, 22, 7, 1, (1, 1)),
        (1, 0, 0, 0, (1, 0)),
        (1, -4.9, 0, 0, (1, 0)),
        (1, -5.1, 0, 0, (0, 0)),
        (1, -15, 0, 0, (-1, 1)),
        (-1, -15, 0, 0, (-1, 0)),
    ],
)
def test_the_rule_enters_for_more_than_its_costs_and_leaves_for_less(
    side: int, mean_bps: float, error_bps: float, caution: float, then: tuple[int, int]
) -> None:
    per_hour = 1 / 72 / 1e4
    assert decide(side, mean_bps * per_hour, error_bps * per_hour, caution) == then


def test_the_rule_earns_the_hours_after_it_entered_less_a_round_trip() -> None:
    truth = Truth(pair([D("0.0001")] * 100))
    said = Forecasts(hours=[BEGIN + 49], means=[1e-4], errors=[0.0])
    net, trips, hours = truth.earned(said, "tuned")
    assert (trips, hours) == (1, 100)
    assert net == pytest.approx(50 * 1.0 - ROUND_TRIP_BPS)
    assert truth.earned(msgspec.structs.replace(said, means=[-1e-4]), "tuned")[0] == pytest.approx(-50 - ROUND_TRIP_BPS)
    assert truth.earned(said, "held out") == (0.0, 0, 0)
