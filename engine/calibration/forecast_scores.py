"""What the forecasts were worth: errors, how often the stated error held, and money, by model, pair and window.

Fed by `forecast_replay`; `forecast_report` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

import msgspec
import numpy as np

from engine.calibration.forecast_models import NAMES, SMOOTHED, TWO_SPEEDS
from engine.calibration.forecast_recorded import RecordedPair
from engine.calibration.forecast_replay import HORIZONS_H, RULE_H, WINDOWS, Forecasts, Judged, Truth, replay

COUNT_LEAST = 30
"""Fewer forecasts in a window are not told."""
CAUTIOUS = f"{TWO_SPEEDS}, less one error"
YEAR_H = 8766


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one pair, horizon and window. Errors are of the horizon's sum, bps of notional; `within_one` and
    `within_two`: share of the truths within one and two stated standard errors."""

    label: str
    model: str
    horizon_h: int
    window: str
    count: int
    rmse_bps: float
    mae_bps: float
    within_one: float
    within_two: float


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What the plain rule earned by one model: net bps of one leg's notional after fees, in so many hours."""

    label: str
    model: str
    window: str
    net_bps: float
    round_trips: int
    hours: int

    @property
    def percent_a_year(self) -> float:
        """The net as a yearly rate of one leg's notional."""
        return self.net_bps / 100 * YEAR_H / self.hours


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, in the order of pairs, models, horizons and windows."""

    scores: tuple[Score, ...]
    money: tuple[Money, ...]


Progress = Callable[[str], None]


def findings(pairs: Iterable[RecordedPair], names: tuple[str, ...] = NAMES, progress: Progress = print) -> Findings:
    """Every model on every pair; pairs of one label follow one another and are counted together."""
    scores: list[Score] = []
    money: list[Money] = []
    for label, members in groupby(pairs, key=lambda pair: pair.label):
        progress(label)
        coins = [(pair, Truth(pair)) for pair in members]
        for name in names:
            said = [(truth, replay(pair, name)) for pair, truth in coins]
            scores += _scores(label, name, said)
            money += _money(label, name, said)
    return Findings(scores=tuple(scores), money=tuple(money))


Said = list[tuple[Truth, dict[int, Forecasts]]]


def _scores(label: str, name: str, said: Said) -> list[Score]:
    found = []
    for horizon in HORIZONS_H:
        for which in WINDOWS:
            parts = [truth.judged(forecasts[horizon], horizon, which) for truth, forecasts in said]
            judged = _joined(parts)
            if len(judged.truth) >= COUNT_LEAST:
                found.append(score(judged, label=label, name=name, horizon=horizon, which=which))
    return found


def _joined(parts: list[Judged]) -> Judged:
    return Judged(
        forecast=np.concatenate([part.forecast for part in parts]),
        error=np.concatenate([part.error for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
    )


def score(judged: Judged, *, label: str, name: str, horizon: int, which: str) -> Score:
    """The figures of some forecasts, at least one."""
    missed = np.abs(judged.forecast - judged.truth)
    return Score(
        label=label,
        model=name,
        horizon_h=horizon,
        window=which,
        count=len(missed),
        rmse_bps=float(np.sqrt(np.mean(missed**2))),
        mae_bps=float(np.mean(missed)),
        within_one=float(np.mean(missed <= judged.error)),
        within_two=float(np.mean(missed <= 2 * judged.error)),
    )


def _money(label: str, name: str, said: Said) -> list[Money]:
    """One notional a coin; the default also by a rule that counts one standard error less."""
    rules = {name: 0.0, **({CAUTIOUS: 1.0} if name == TWO_SPEEDS else {})}
    found = []
    for rule, caution in rules.items():
        for which in WINDOWS:
            earned = [truth.earned(forecasts[RULE_H], which, caution) for truth, forecasts in said]
            net, trips, hours = (sum(column) for column in zip(*earned, strict=True))
            if hours >= RULE_H:
                found.append(
                    Money(label=label, model=rule, window=which, net_bps=net, round_trips=int(trips), hours=int(hours))
                )
    return found


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A model over all pairs of a window and horizon, each pair counted alike: the geometric mean of its errors over
    those of today's smoothing (below 1 is better), on how many pairs it was better, and how well its error held."""

    model: str
    window: str
    horizon_h: int
    pairs: int
    better: int
    rmse_ratio: float
    mae_ratio: float
    within_one: float
    within_two: float


def standing(found: Findings, name: str, which: str, horizon: int) -> Standing | None:
    """None when no pair was judged."""
    at = {(each.label, each.model): each for each in found.scores if each.window == which and each.horizon_h == horizon}
    rows = [(each, at[label, SMOOTHED]) for (label, model), each in at.items() if model == name]
    if not rows:
        return None
    ratios = [own.rmse_bps / today.rmse_bps for own, today in rows]
    return Standing(
        model=name,
        window=which,
        horizon_h=horizon,
        pairs=len(rows),
        better=sum(1 for ratio in ratios if ratio < 1),
        rmse_ratio=float(np.exp(np.mean(np.log(ratios)))),
        mae_ratio=float(np.exp(np.mean(np.log([own.mae_bps / today.mae_bps for own, today in rows])))),
        within_one=float(np.mean([own.within_one for own, _ in rows])),
        within_two=float(np.mean([own.within_two for own, _ in rows])),
    )
