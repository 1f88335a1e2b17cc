"""Scores are plain figures of errors; all pairs together each count alike."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from engine.calibration.forecast_models import SMOOTHED, TWO_SPEEDS
from engine.calibration.forecast_replay import Judged
from engine.calibration.forecast_scores import CAUTIOUS, Findings, Money, Score, findings, score, standing
from tests.engine.calibration.test_forecast_replay import pair


def made(label: str, model: str, rmse: float, horizon: int = 72) -> Score:
    return Score(
        label=label,
        model=model,
        horizon_h=horizon,
        window="tested",
        count=50,
        rmse_bps=rmse,
        mae_bps=rmse / 2,
        within_one=0.5,
        within_two=0.9,
    )


def test_errors_and_coverage_are_counted_from_the_forecasts() -> None:
    judged = Judged(forecast=np.array([0.0, 0, 0, 0]), error=np.full(4, 2.0), truth=np.array([1.0, -2, 3, 5]))
    found = score(judged, label="a", name="b", horizon=24, which="tuned")
    assert found.rmse_bps == pytest.approx((39 / 4) ** 0.5)
    assert found.mae_bps == pytest.approx(11 / 4)
    assert (found.within_one, found.within_two, found.count) == (0.5, 0.75, 4)


def test_all_pairs_together_each_count_alike() -> None:
    scores = (
        made("a", SMOOTHED, 100),
        made("a", TWO_SPEEDS, 50),
        made("b", SMOOTHED, 1),
        made("b", TWO_SPEEDS, 2),
        made("b", TWO_SPEEDS, 9, horizon=24),
    )
    found = standing(Findings(scores=scores, money=()), TWO_SPEEDS, "tested", 72)
    assert found is not None
    assert (found.pairs, found.better) == (2, 1)
    assert found.rmse_ratio == pytest.approx(1.0)


def test_nothing_judged_is_no_standing() -> None:
    assert standing(Findings(scores=(), money=()), TWO_SPEEDS, "tested", 72) is None


def test_pairs_of_one_label_are_counted_together_and_the_default_has_a_cautious_rule() -> None:
    told: list[str] = []
    rates: list[Decimal | None] = [Decimal("0.0001")] * 500
    found = findings([pair(rates), pair(rates, asset="SOL")], (SMOOTHED, TWO_SPEEDS), told.append)
    assert told == ["a pair"]
    by_model = {each.model: each for each in found.money}
    assert list(by_model) == [SMOOTHED, TWO_SPEEDS, CAUTIOUS]
    assert by_model[SMOOTHED].round_trips == 2
    assert by_model[SMOOTHED].hours == 1000
    one = findings([pair(rates)], (SMOOTHED,), told.append)
    assert [each.count * 2 for each in one.scores] == [each.count for each in found.scores if each.model == SMOOTHED]


def test_constant_funding_is_forecast_exactly_by_what_holds_it() -> None:
    found = findings([pair([Decimal("0.0001")] * 500)], (SMOOTHED,), lambda _: None)
    assert [each.horizon_h for each in found.scores] == [24, 72, 168]
    assert all(each.rmse_bps == pytest.approx(0, abs=1e-6) for each in found.scores)


def test_a_net_is_told_as_a_yearly_rate() -> None:
    money = Money(label="a", model="b", window="tuned", net_bps=100, round_trips=1, hours=8766)
    assert money.percent_a_year == pytest.approx(1.0)
