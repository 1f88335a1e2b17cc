"""What a funding difference is expected to be over the holding horizon, with its error: the scanner's outlook. Pure.

`observe` folds one venue's rate into a small state; `forecast` compares two of them. Counterpart: `engine.calibration`,
whose `forecast_` modules judge this very code on recorded settlements (`engine/calibration/FORECAST.md`).

Each venue's rate is followed at two speeds, after outliers have been clipped. Over a horizon the fast level falls back
to the slow one, and the slow one to the venue's resting rate, each with a half-life of its own.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from operator import mul

from actors.domain import BPS, HOUR_NS, ONE, ZERO, Noun, Venue
from actors.policy import ForecastPolicy

RESTING_PER_HOUR: dict[Venue, Decimal] = {
    Venue.HYPERLIQUID: Decimal("0.0001") / 8,
    Venue.PACIFICA: Decimal("0.0001") / 8,
    Venue.LIGHTER: Decimal("0.0001") / 8,
    Venue.DRIFT: ONE / 5000 / 24,
}
"""What a market pays while its premium is nil. Hyperliquid and Pacifica: 0.01 % in 8 h (their pages on funding, read
2026-11; 494 settled hours of Hyperliquid agree). Lighter: `base_interest_rate` 0.01, read as per cent in 8 h; not
verified. Drift: the oracle's mean price / 5000 in a day (its program's update_funding_rate, read 2026-11)."""
STATE_STEP = Decimal("1E-18")
"""States are kept to this fraction of notional: their text stays short, and the rest is noise."""
DOUBLE = Decimal(2)
LN_2 = DOUBLE.ln()
DISTANT_H = Decimal(1_000_000)
"""A half-life from here on stands for never."""


class Hour(Noun, frozen=True, kw_only=True, array_like=True):
    """The last rate observed in one hour (counted from 1970 UTC), as a signed fraction of notional per hour.

    Written without names: a state holds dozens of them.
    """

    hour: int
    rate: Decimal


class Series(Noun, frozen=True, kw_only=True):
    """One venue's market as it has been observed. Rates and levels are signed fractions of notional per hour.

    `fast`, `slow`: the two levels; `scale`: mean distance of the rate from the slow level; `hours`: the recent ones,
    oldest first, without the hours that were missed; `hours_seen`: how many distinct hours were observed in all.
    """

    resting: Decimal = ZERO
    fast: Decimal = ZERO
    slow: Decimal = ZERO
    scale: Decimal = ZERO
    since_ns: int = 0
    updated_ns: int = 0
    hours_seen: int = 0
    hours: tuple[Hour, ...] = ()


class Outlook(Noun, frozen=True, kw_only=True):
    """The funding difference expected over a horizon: first venue less second, mean per hour, a fraction of notional.

    `error_per_hour`: one standard error of that mean; `persistence`: share of the recent hours observed on both venues
    in which the difference had the forecast's sign (0 without any); `hours_seen`: the smaller of both venues' counts.
    """

    mean_per_hour: Decimal
    error_per_hour: Decimal
    persistence: Decimal
    hours_seen: int


def fresh(venue: Venue) -> Series:
    """A market of that venue before its first rate."""
    return Series(resting=RESTING_PER_HOUR[venue])


# --- observing ---------------------------------------------------------------------------------------------


def observe(series: Series, rate_per_hour: Decimal, at_ns: int, settings: ForecastPolicy) -> Series:
    """The state after one more rate. Time that passed without a rate is a gap; what is older than the last rate is
    ignored. Several rates may come within an hour: each counts for the time since the one before."""
    if not series.hours_seen:
        return _begun(series, rate_per_hour, at_ns, settings)
    elapsed_ns = at_ns - series.updated_ns
    if elapsed_ns < 0:
        return series
    known_ns = series.updated_ns - series.since_ns
    limit = settings.clip_most * series.scale
    distance = min(max(rate_per_hour - series.slow, -limit), limit)
    clipped = series.slow + distance
    scale = _moved(series.scale, abs(distance), elapsed_ns, known_ns, settings.scale_h)
    hours = _noted(series.hours, rate_per_hour, at_ns, settings)
    return Series(
        resting=series.resting,
        fast=_moved(series.fast, clipped, elapsed_ns, known_ns, settings.fast_h),
        slow=_moved(series.slow, clipped, elapsed_ns, known_ns, settings.slow_h),
        scale=max(scale, settings.scale_least_bps * BPS),
        since_ns=series.since_ns,
        updated_ns=at_ns,
        hours_seen=series.hours_seen + (hours[-1].hour > series.hours[-1].hour),
        hours=hours,
    )


def _begun(series: Series, rate: Decimal, at_ns: int, settings: ForecastPolicy) -> Series:
    """The first rate is both levels; its distance from rest is the first guess at how far rates stray."""
    return Series(
        resting=series.resting,
        fast=rate,
        slow=rate,
        scale=max(abs(rate - series.resting), settings.scale_least_bps * BPS),
        since_ns=at_ns,
        updated_ns=at_ns,
        hours_seen=1,
        hours=_noted((), rate, at_ns, settings),
    )


def _moved(level: Decimal, towards: Decimal, elapsed_ns: int, known_ns: int, half_life_h: Decimal) -> Decimal:
    """Smoothed by elapsed time; a plain mean over time at first, so that the first rate does not outweigh the next."""
    weight = _weight(elapsed_ns, known_ns + HOUR_NS, half_life_h)
    return (level + (towards - level) * weight).quantize(STATE_STEP)


@lru_cache(maxsize=1024)
def _weight(elapsed_ns: int, known_ns: int, half_life_h: Decimal) -> Decimal:
    """Of the new rate."""
    if half_life_h <= 0:
        return ONE if elapsed_ns else ZERO
    plain = Decimal(elapsed_ns) / (elapsed_ns + known_ns)
    return max(ONE - _kept(elapsed_ns, half_life_h), plain)


@lru_cache(maxsize=1024)
def _kept(elapsed_ns: int, half_life_h: Decimal) -> Decimal:
    """The share of a deviation that is left after that time."""
    return ONE if half_life_h >= DISTANT_H else DOUBLE ** (-Decimal(elapsed_ns) / HOUR_NS / half_life_h)


def _noted(hours: tuple[Hour, ...], rate: Decimal, at_ns: int, settings: ForecastPolicy) -> tuple[Hour, ...]:
    """The recent hours with this one as the last; a later rate of the same hour takes its place."""
    noted = Hour(hour=at_ns // HOUR_NS, rate=rate)
    kept = hours[:-1] if hours and hours[-1].hour == noted.hour else hours
    oldest = noted.hour - int(settings.recent_h)
    first = next((index for index, each in enumerate(kept) if each.hour > oldest), len(kept))
    return (*kept[first:], noted)


# --- forecasting -------------------------------------------------------------------------------------------


def forecast(first: Series, second: Series, horizon_h: Decimal, settings: ForecastPolicy) -> Outlook:
    """The difference expected over the hours that follow the later of both markets' last rates.

    Raises AssertionError for a market that was never observed, or a horizon that is not positive. The error is
    `error_fraction` of sqrt(variance of the recent differences + both scales squared): recorded errors of the mean
    over 24, 72 and 168 h were of that size alike (`engine/calibration/FORECAST.md`), since what is missed is mostly a
    lasting change. While fewer than `recent_h` hours are known it is larger: by sqrt(recent_h / hours seen).
    """
    assert first.hours_seen
    assert second.hours_seen
    assert horizon_h > 0
    mean = expected_difference(first, second, horizon_h, settings)
    differences = _differences(first, second)
    seen = min(first.hours_seen, second.hours_seen)
    return Outlook(
        mean_per_hour=mean,
        error_per_hour=_error(first, second, differences, seen, settings),
        persistence=_persistence(differences, mean),
        hours_seen=seen,
    )


def expected_difference(first: Series, second: Series, horizon_h: Decimal, settings: ForecastPolicy) -> Decimal:
    """The mean of `forecast` alone, which costs little: both series have been observed."""
    as_of_ns = max(first.updated_ns, second.updated_ns)
    return _expected(first, as_of_ns, horizon_h, settings) - _expected(second, as_of_ns, horizon_h, settings)


def _expected(series: Series, as_of_ns: int, horizon_h: Decimal, settings: ForecastPolicy) -> Decimal:
    """One venue's mean rate over the horizon. A rate that came before `as_of_ns` has been falling back since then."""
    stale_ns = as_of_ns - series.updated_ns
    fast = _share_left(stale_ns, horizon_h, settings.fast_reversion_h)
    slow = _share_left(stale_ns, horizon_h, settings.slow_reversion_h)
    return series.resting + (series.slow - series.resting) * slow + (series.fast - series.slow) * fast


@lru_cache(maxsize=1024)
def _share_left(stale_ns: int, horizon_h: Decimal, half_life_h: Decimal) -> Decimal:
    """Of a deviation, on the mean over a horizon: (1 - 2^(-H/h)) / (H/h ln 2), after it has been falling already."""
    if half_life_h >= DISTANT_H:
        return ONE
    lives = horizon_h / half_life_h
    return _kept(stale_ns, half_life_h) * (ONE - DOUBLE**-lives) / (lives * LN_2)


def _differences(first: Series, second: Series) -> tuple[Decimal, ...]:
    """First less second in the recent hours in which both were observed, oldest first."""
    others = {each.hour: each.rate for each in second.hours}
    return tuple([each.rate - others[each.hour] for each in first.hours if each.hour in others])


def _error(
    first: Series, second: Series, differences: tuple[Decimal, ...], seen: int, settings: ForecastPolicy
) -> Decimal:
    total = first.scale**2 + second.scale**2 + _variance(differences)
    young = max(ONE, settings.recent_h / seen)
    return settings.error_fraction * (total * young).sqrt()


def _variance(values: tuple[Decimal, ...]) -> Decimal:
    if not values:
        return ZERO
    mean = sum(values, ZERO) / len(values)
    return max(sum(map(mul, values, values), ZERO) / len(values) - mean * mean, ZERO)


def _persistence(differences: tuple[Decimal, ...], mean: Decimal) -> Decimal:
    if not differences:
        return ZERO
    if not mean:
        alike = sum([not each for each in differences])
    else:
        alike = sum([each > 0 for each in differences] if mean > 0 else [each < 0 for each in differences])
    return Decimal(alike) / len(differences)
