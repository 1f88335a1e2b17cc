"""Each model says what its name says; none knows more than it was told."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from actors.policy import ForecastPolicy
from engine.calibration.forecast_models import LEARNT, NAMES, ONE_SPEED, SETTINGS, SMOOTHED, TWO_SPEEDS, Model, model

D = Decimal
RESTING = (D("0.0000125"), D("0.0000125"))


def fed(name: str, differences: Sequence[Decimal | None]) -> Model:
    running = model(name, RESTING)
    for hour, difference in enumerate(differences):
        running.observe(hour, None if difference is None else RESTING[0] + difference, RESTING[1])
    return running


def mean(running: Model, horizon_h: int = 72) -> float:
    return float(running.forecast(horizon_h).mean_per_hour)


def test_the_default_is_the_engine_s() -> None:
    assert SETTINGS[TWO_SPEEDS] == ForecastPolicy()


def test_the_last_value_is_the_last_value() -> None:
    assert mean(fed("last value", [D("0.0001"), D("-0.00003"), D("0.00002")])) == pytest.approx(2e-5)


def test_smoothed_is_what_the_scanner_did_before() -> None:
    """Half of the past is forgotten in twelve hours; nothing is clipped, nothing falls back."""
    running = fed(SMOOTHED, [D("0")] * 500 + [D("0.001")] * 12)
    assert mean(running) == pytest.approx(5e-4, rel=1e-6)
    assert mean(running, 24) == mean(running, 168)


@pytest.mark.parametrize("name", [ONE_SPEED, TWO_SPEEDS, LEARNT])
def test_the_others_fall_back_to_rest(name: str) -> None:
    running = fed(name, [D("0.0001")] * 300)
    assert 0 < mean(running, 168) < mean(running, 24) < 1e-4


def test_a_pace_is_learnt_from_what_was_seen() -> None:
    """Differences that stay are expected to stay longer than those that turn every day."""
    lasting = fed(LEARNT, [D("0.0001")] * 2000)
    turning = fed(LEARNT, [D("0.0001") * (1 if hour // 24 % 2 else -1) for hour in range(2000)])
    share = mean(lasting) / 1e-4, mean(turning) / mean(turning, 1)
    assert share[0] > 0.9
    assert 0 < share[1] < 0.5


def test_an_hour_without_both_rates_teaches_nothing() -> None:
    assert mean(fed(LEARNT, [D("0.0001")] * 60 + [None] * 5)) == mean(fed(LEARNT, [D("0.0001")] * 60))


@pytest.mark.parametrize("name", NAMES)
def test_every_model_states_an_error(name: str) -> None:
    assert fed(name, [D("0.0001"), D("0.00002")] * 50).forecast(72).error_per_hour > 0


def test_another_name_is_refused() -> None:
    with pytest.raises(KeyError):
        model("oracle", RESTING)
