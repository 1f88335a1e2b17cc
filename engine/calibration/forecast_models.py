"""The models of funding that are compared: the engine's forecast under four settings, and one that learns by itself.

Each is fed hour by hour by `forecast_replay`; none knows what comes. Counterpart: `actors.forecast`.
"""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal
from typing import Protocol

import msgspec

from actors.domain import HOUR_NS
from actors.forecast import DISTANT_H, Outlook, Series, forecast, observe
from actors.policy import ForecastPolicy

NEVER = DISTANT_H
UNBOUNDED = Decimal(10**9)
DEFAULT = ForecastPolicy()
SMOOTHED = "smoothed"
TWO_SPEEDS = "two speeds"
ONE_SPEED = "one speed"
LEARNT = "autoregression"


def _plain(half_life_h: Decimal) -> ForecastPolicy:
    """Smoothed at one speed and held as it is: nothing is clipped, nothing falls back."""
    return msgspec.structs.replace(
        DEFAULT,
        fast_h=half_life_h,
        slow_h=half_life_h,
        fast_reversion_h=NEVER,
        slow_reversion_h=NEVER,
        clip_most=UNBOUNDED,
    )


SMOOTHED_H = Decimal(12)
"""The half-life the scanner smoothed with before it forecast."""

SETTINGS: dict[str, ForecastPolicy] = {
    "last value": _plain(Decimal(0)),
    SMOOTHED: _plain(SMOOTHED_H),
    ONE_SPEED: msgspec.structs.replace(
        DEFAULT, fast_h=Decimal(12), slow_h=Decimal(12), fast_reversion_h=Decimal(84), slow_reversion_h=Decimal(84)
    ),
    TWO_SPEEDS: DEFAULT,
}
"""`smoothed`: as the scanner did it before; `one speed`: clipped, falling back to rest; `two speeds`: the default."""

NAMES = (*SETTINGS, LEARNT)


class Model(Protocol):
    """One model at work on one pair."""

    def observe(self, hour: int, first: Decimal | None, second: Decimal | None) -> None:
        """Both venues' rates as known at that hour; None where there is none."""

    def forecast(self, horizon_h: int) -> Outlook:
        """From the last hour observed on."""


class Shipped:
    """The engine's own forecast."""

    def __init__(self, settings: ForecastPolicy, resting: tuple[Decimal, Decimal]) -> None:
        self._settings = settings
        self._first, self._second = Series(resting=resting[0]), Series(resting=resting[1])

    def observe(self, hour: int, first: Decimal | None, second: Decimal | None) -> None:
        """Fold in what is known."""
        if first is not None:
            self._first = observe(self._first, first, hour * HOUR_NS, self._settings)
        if second is not None:
            self._second = observe(self._second, second, hour * HOUR_NS, self._settings)

    @property
    def level(self) -> Decimal:
        """The fast level of the first venue less the second's."""
        return self._first.fast - self._second.fast

    def forecast(self, horizon_h: int) -> Outlook:
        """As the scanner would see it."""
        return forecast(self._first, self._second, Decimal(horizon_h), self._settings)


class Autoregression:
    """The smoothed difference falls back to rest at a pace learnt by recursive least squares: where it stood a day ago
    against where it stands. It forgets with a half-life of 30 days and begins by believing in 72 h; its error is that
    of the shipped forecast, since it states none."""

    LAG_H = 24
    FORGET_H = 720
    FIRST_H = 72.0
    SPREAD = 3e-5
    BELIEF_H = 480
    SLOWEST, FASTEST = 0.999, 0.05

    def __init__(self, resting: tuple[Decimal, Decimal]) -> None:
        self._smoothed = Shipped(SETTINGS[SMOOTHED], resting)
        self._rest = float(resting[0] - resting[1])
        self._past: deque[tuple[int, float]] = deque()
        self._prior = self.SPREAD**2 * self.BELIEF_H
        self._squares, self._products = self._prior, self._prior * self._believed()
        self._level = 0.0

    def _believed(self) -> float:
        return float(0.5 ** (self.LAG_H / self.FIRST_H))

    def observe(self, hour: int, first: Decimal | None, second: Decimal | None) -> None:
        """Fold in what is known; an hour without both teaches nothing."""
        self._smoothed.observe(hour, first, second)
        if first is None or second is None:
            return
        self._level = float(self._smoothed.level) - self._rest
        self._past.append((hour, self._level))
        while self._past and self._past[0][0] < hour - self.LAG_H:
            self._past.popleft()
        if self._past[0][0] == hour - self.LAG_H:
            self._learn(self._past[0][1])

    def _learn(self, before: float) -> None:
        kept = 0.5 ** (1 / self.FORGET_H)
        belief = self._prior * (1 - kept)
        self._squares = self._squares * kept + before * before + belief
        self._products = self._products * kept + before * self._level + belief * self._believed()

    def forecast(self, horizon_h: int) -> Outlook:
        """The learnt pace carried over the horizon."""
        pace = min(max(self._products / self._squares, self.FASTEST), self.SLOWEST)
        lives = -math.log(pace) / self.LAG_H * horizon_h
        mean = self._rest + self._level * (1 - math.exp(-lives)) / lives
        stated = self._smoothed.forecast(horizon_h)
        return msgspec.structs.replace(stated, mean_per_hour=Decimal(mean))


def model(name: str, resting: tuple[Decimal, Decimal]) -> Model:
    """A new one of that name; both venues' resting rates are known beforehand. Raises KeyError for another name."""
    return Autoregression(resting) if name == LEARNT else Shipped(SETTINGS[name], resting)
