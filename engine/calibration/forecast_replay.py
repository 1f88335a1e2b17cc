"""Replays recorded pairs through a model: what it forecast at each hour, what was paid then, and what a rule earned.

Which hours were tuned on, tested on and held out is said here. Counterpart: `forecast_models`, `forecast_scores`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import numpy as np
import numpy.typing as npt

from engine.calibration.forecast_models import model
from engine.calibration.forecast_recorded import HOUR_S, RESTING, RecordedPair, Tape

Floats = npt.NDArray[np.float64]
HORIZONS_H = (24, 72, 168)
RULE_H = 72
WARM_H = 72
"""No forecast is judged before both venues were observed for so many hours."""
EVERY_H = 6
"""Errors are counted at every sixth hour: neighbours tell the same."""
LOOK_H = 3
"""The rule looks at every third hour."""
PAID_LEAST = 0.8
"""A horizon counts when so much of it was recorded; the mean of what was stands for all."""
ROUND_TRIP_BPS = 10.0
NET_LEAST_BPS = 4.0
BPS_OF = 1e4


def _hour_of(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) // HOUR_S


TESTED_FROM, ETH_HELD_FROM, ALL_HELD_FROM = _hour_of(2023, 10), _hour_of(2024, 1), _hour_of(2026, 1)
WINDOWS = ("tuned", "tested", "held out")


def window(asset: str, hour: int) -> str:
    """To which of the windows an hour of that asset belongs."""
    if hour >= (ETH_HELD_FROM if asset == "ETH" else ALL_HELD_FROM):
        return "held out"
    return "tuned" if hour < TESTED_FROM else "tested"


class Forecasts(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said at its hours, for one horizon: means and standard errors, fractions per hour."""

    hours: list[int] = []
    means: list[float] = []
    errors: list[float] = []


def replay(pair: RecordedPair, name: str) -> dict[int, Forecasts]:
    """By horizon; that of the rule at every third hour, the others at every sixth. An hour that one venue does not
    tell has no forecast."""
    running = model(name, (RESTING[pair.first.venue], RESTING[pair.second.venue]))
    said = {horizon: Forecasts() for horizon in HORIZONS_H}
    seen = 0
    for hour in pair.hours:
        first, second = pair.first.known.get(hour), pair.second.known.get(hour)
        running.observe(hour, first, second)
        if first is None or second is None:
            continue
        seen += 1
        if seen <= WARM_H or hour % LOOK_H:
            continue
        for horizon in HORIZONS_H if hour % EVERY_H == 0 else (RULE_H,):
            outlook = running.forecast(horizon)
            said[horizon].hours.append(hour)
            said[horizon].means.append(float(outlook.mean_per_hour))
            said[horizon].errors.append(float(outlook.error_per_hour))
    return said


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One horizon of one model and pair in one window: forecast, stated error and truth, bps of the horizon's sum."""

    forecast: Floats
    error: Floats
    truth: Floats


class Truth:
    """What the difference really paid, first less second."""

    def __init__(self, pair: RecordedPair) -> None:
        self._asset, self._begin = pair.asset, pair.hours.start
        paid = [_difference(pair.first, pair.second, hour) for hour in pair.hours]
        self.paid = np.array([np.nan if each is None else float(each) for each in paid])
        self._sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(self.paid))])
        self._counts = np.concatenate([[0], np.cumsum(~np.isnan(self.paid))])

    def judged(self, said: Forecasts, horizon: int, which: str) -> Judged:
        """The forecasts made in that window whose horizon ends in it, with what was paid in the hours after."""
        rows = [
            (mean, error, mean_paid)
            for hour, mean, error in zip(said.hours, said.means, said.errors, strict=True)
            if hour % EVERY_H == 0 and window(self._asset, hour) == which == window(self._asset, hour + horizon)
            for mean_paid in [self._mean_after(hour, horizon)]
            if mean_paid is not None
        ]
        table = np.array(rows, dtype=np.float64).reshape(-1, 3) * horizon * BPS_OF
        return Judged(forecast=table[:, 0], error=table[:, 1], truth=table[:, 2])

    def _mean_after(self, hour: int, horizon: int) -> float | None:
        start = hour + 1 - self._begin
        if start + horizon > len(self.paid):
            return None
        count = int(self._counts[start + horizon] - self._counts[start])
        if count < PAID_LEAST * horizon:
            return None
        return float(self._sums[start + horizon] - self._sums[start]) / count

    def earned(self, said: Forecasts, which: str, caution: float = 0.0) -> tuple[float, int, int]:
        """Net bps of one leg's notional, round trips and hours of a plain rule in that window.

        Flat: enter when the forecast, less `caution` standard errors, pays a round trip and the least net over the
        horizon. Held: leave when staying for the horizon is forecast to cost more than the fees of leaving. What is
        held when the window ends is closed.
        """
        net, trips, side, hours = 0.0, 0, 0, 0
        told = {hour: (mean, error) for hour, mean, error in zip(said.hours, said.means, said.errors, strict=True)}
        for index, paid in enumerate(self.paid):
            hour = self._begin + index
            if window(self._asset, hour) != which:
                continue
            hours += 1
            net += 0.0 if np.isnan(paid) else side * float(paid) * BPS_OF
            if hour in told:
                side, entered = decide(side, *told[hour], caution)
                trips += entered
        return net - trips * ROUND_TRIP_BPS, trips, hours


def decide(side: int, mean: float, error: float, caution: float) -> tuple[int, int]:
    """The side after the rule has looked (1: short on the first venue), and whether it entered."""
    forecast = mean * RULE_H * BPS_OF
    if side and side * forecast < -ROUND_TRIP_BPS / 2:
        side = 0
    sure = abs(forecast) - caution * error * RULE_H * BPS_OF
    if not side and sure >= ROUND_TRIP_BPS + NET_LEAST_BPS:
        return (1 if forecast > 0 else -1), 1
    return side, 0


def _difference(first: Tape, second: Tape, hour: int) -> Decimal | None:
    one, other = first.paid.get(hour), second.paid.get(hour)
    return None if one is None or other is None else one - other
