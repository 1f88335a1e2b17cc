"""Counting alarms: what is around the event is in no count, and a month is one leg's."""

from __future__ import annotations

from decimal import Decimal

from engine.calibration.adl_findings import Alarms, OnTheDay, a_month, lead_median_s, warned
from engine.calibration.adl_replay import Said

D = Decimal


def alarms(*scores: str, judged: int = 730) -> Alarms:
    return Alarms(coin="BTC", sign=-1, held_out=False, judged=judged, scores=tuple(D(score) for score in scores))


def day(coin: str, score: str, level: int) -> OnTheDay:
    told = Said(at_ms=0, score=D(score), level=level, words="")
    return OnTheDay(
        coin=coin, first_ms=1_760_131_000_000, earlier=(), before=told, during=told, at_first=None, later=()
    )


def test_an_hour_counts_from_the_score_on() -> None:
    assert [alarms("3.99", "4", "9").at_least(D(score)) for score in ("3", "4", "4.01", "9.1")] == [3, 2, 1, 0]


def test_a_month_is_that_of_one_leg() -> None:
    assert a_month((alarms("4", "5"), alarms("4")), D(4)) == D("1.5")
    assert a_month((alarms("4", judged=365),), D(4)) == 2


def test_a_lead_counts_only_where_level_four_had_been_said() -> None:
    assert (day("BTC", "4", 4).lead_s, day("BTC", "3.9", 3).lead_s) == (1000, None)


def test_coins_are_warned_by_their_score_and_kept_apart_by_their_set() -> None:
    days = (day("BTC", "5", 4), day("ETH", "4", 4), day("SOL", "3", 3))
    assert warned(days, D(4), tuned=True) == ("BTC",)
    assert warned(days, D(4), tuned=False) == ("ETH",)


def test_the_first_wave_has_no_lead() -> None:
    assert lead_median_s({"A": 0, "B": 0, "C": 10, "D": 30, "E": 90}) == 30
