"""A forecast knows what was, falls back to rest, says how wrong it may be, and is the same whichever venue is first."""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from actors.domain import HOUR_NS, NS_PER_S, Venue
from actors.forecast import DISTANT_H, RESTING_PER_HOUR, Hour, Outlook, Series, forecast, fresh, observe
from actors.policy import ForecastPolicy

D = Decimal
POLICY = ForecastPolicy()
REST = RESTING_PER_HOUR[Venue.HYPERLIQUID]
BEGIN_NS = 1_700_000_000 * NS_PER_S // HOUR_NS * HOUR_NS
RATES = st.lists(st.decimals(D("-0.001"), D("0.001"), places=7), min_size=1, max_size=40)


def told(*rates: Decimal | None, venue: Venue = Venue.HYPERLIQUID, every_ns: int = HOUR_NS) -> Series:
    """A market that told these rates one after the other; None is an hour without a word."""
    series = fresh(venue)
    for index, rate in enumerate(rates):
        if rate is not None:
            series = observe(series, rate, BEGIN_NS + index * every_ns, POLICY)
    return series


def noise(seed: int, count: int, around: str = "0", spread: float = 2e-5) -> tuple[Decimal, ...]:
    chance = random.Random(seed)
    return tuple(D(around) + D(f"{chance.gauss(0, spread):.9f}") for _ in range(count))


def outlook(first: Series, second: Series, horizon_h: int = 72) -> Outlook:
    return forecast(first, second, D(horizon_h), POLICY)


def test_markets_at_rest_are_expected_to_rest() -> None:
    both = told(*[REST] * 100)
    assert (both.fast, both.slow) == (REST, REST)
    assert outlook(both, both).mean_per_hour == 0


@given(rate=st.decimals(D("-0.001"), D("0.001"), places=8), hours=st.integers(1, 200))
@settings(deadline=None, max_examples=25)
def test_a_constant_rate_is_its_own_level_and_its_own_forecast_when_nothing_falls_back(rate: D, hours: int) -> None:
    held = replace(POLICY, fast_reversion_h=DISTANT_H, slow_reversion_h=DISTANT_H)
    series = told(*[rate] * hours)
    assert (series.fast, series.slow) == (rate, rate)
    assert forecast(series, told(REST), D(72), held).mean_per_hour == rate - REST


def test_a_difference_falls_back_to_rest_and_the_more_the_longer_the_horizon() -> None:
    high, resting = told(*[D("0.0001")] * 200), told(*[REST] * 200)
    means = [outlook(high, resting, horizon).mean_per_hour for horizon in (1, 24, 72, 168, 720)]
    assert means == sorted(means, reverse=True)
    assert 0 < means[-1] < means[0] < D("0.0001") - REST
    assert means[0] == pytest.approx(D("0.0001") - REST, rel=D("0.01"))
    left = (1 - 2 ** -(72 / 96)) / (72 / 96 * 0.6931471805599453)
    assert float(means[2] / (D("0.0001") - REST)) == pytest.approx(left)


def test_each_venue_falls_back_to_its_own_rest() -> None:
    lower, higher = told(*[D(0)] * 99, venue=Venue.DRIFT), told(*[D(0)] * 99)
    difference = outlook(lower, higher, 10_000).mean_per_hour
    assert D("0.9") < difference / (RESTING_PER_HOUR[Venue.DRIFT] - REST) < 1


def test_a_short_burst_is_expected_to_pass_sooner_than_what_has_lasted() -> None:
    burst, lasting = told(*[REST] * 200, *[D("0.0001")] * 6), told(*[D("0.0001")] * 206)
    resting = told(*[REST] * 206)
    nearest = (burst.fast - REST) / (lasting.fast - REST)
    week = outlook(burst, resting, 168).mean_per_hour / outlook(lasting, resting, 168).mean_per_hour
    assert 0 < week < nearest


@given(first=RATES, second=RATES)
@settings(deadline=None, max_examples=40)
def test_swapping_the_venues_negates_the_mean_and_leaves_the_rest(first: list[D], second: list[D]) -> None:
    one, other = told(*first), told(*second, venue=Venue.DRIFT)
    there, back = outlook(one, other), outlook(other, one)
    assert there.mean_per_hour == -back.mean_per_hour
    assert there.error_per_hour == back.error_per_hour
    assert (there.persistence, there.hours_seen) == (back.persistence, back.hours_seen)


@given(rates=RATES)
@settings(deadline=None, max_examples=40)
def test_levels_stay_within_what_was_told(rates: list[D]) -> None:
    series = told(*rates)
    assert min(rates) <= series.fast <= max(rates)
    assert min(rates) <= series.slow <= max(rates)
    assert series.scale >= POLICY.scale_least_bps / 10_000


def test_what_is_told_later_changes_nothing_that_was_forecast() -> None:
    rates = noise(1, 60)
    early = told(*rates[:40])
    before = outlook(early, told(*[REST] * 40))
    later = early
    for index, rate in enumerate(rates[40:]):
        later = observe(later, rate, BEGIN_NS + (40 + index) * HOUR_NS, POLICY)
    assert outlook(early, told(*[REST] * 40)) == before
    assert later == told(*rates) != early


def test_missing_hours_are_gaps_and_no_zeros() -> None:
    high = D("0.0002")
    gappy = told(*[high] * 50, *[None] * 20, high)
    assert (gappy.fast, gappy.slow) == (high, high)
    assert gappy.hours_seen == 51
    assert len(gappy.hours) == 51
    assert all(each.rate == high for each in gappy.hours)


def test_after_a_gap_the_past_weighs_as_little_as_its_age_says() -> None:
    quiet = [REST] * 200
    soon, late = told(*quiet, D("0.00003")), told(*quiet, *[None] * 11, D("0.00003"))
    assert REST < soon.fast < late.fast < D("0.00003")
    assert REST < soon.slow < late.slow < late.fast


def test_a_market_that_fell_silent_is_expected_to_have_fallen_back_meanwhile() -> None:
    silent, resting = told(*[D("0.0001")] * 50), [REST] * 50
    now, later = outlook(silent, told(*resting)), outlook(silent, told(*resting, *[REST] * 24))
    assert 0 < later.mean_per_hour < now.mean_per_hour


@pytest.mark.parametrize("sign", [1, -1])
def test_one_wild_hour_moves_the_levels_no_further_than_clipping_allows(sign: int) -> None:
    calm = told(*noise(3, 300, around="0.00001"))
    jump = observe(calm, sign * D("0.01"), BEGIN_NS + 300 * HOUR_NS, POLICY)
    capped = observe(calm, calm.slow + sign * POLICY.clip_most * calm.scale, BEGIN_NS + 300 * HOUR_NS, POLICY)
    assert (jump.fast, jump.slow, jump.scale) == (capped.fast, capped.slow, capped.scale)
    assert jump.hours[-1] == Hour(hour=BEGIN_NS // HOUR_NS + 300, rate=sign * D("0.01"))


def test_at_first_every_hour_weighs_alike() -> None:
    """The first rate does not outweigh the second for days, nor does the second count as an outlier."""
    series = told(D("0.001"), D("0.0002"))
    assert (series.fast, series.slow) == (D("0.0006"), D("0.0006"))
    assert told(D("0.001"), D("0.0002"), D("0.0003")).slow == D("0.0005")


def test_a_lasting_jump_is_followed_within_days() -> None:
    series = told(*noise(4, 300, around="0.00001"), *[D("0.0005")] * 96)
    assert series.fast > D("0.0004")


def test_rates_every_few_minutes_lead_where_rates_every_hour_do() -> None:
    hourly = told(*[REST] * 48, *[D("0.00003")] * 24)
    often = told(*[REST] * 48 * 12, *[D("0.00003")] * 24 * 12, every_ns=HOUR_NS // 12)
    assert often.fast == pytest.approx(hourly.fast, rel=D("0.1"))
    assert often.slow == pytest.approx(hourly.slow, rel=D("0.1"))
    assert (often.hours_seen, len(often.hours)) == (72, 72)


def test_within_an_hour_the_last_rate_stands_for_it() -> None:
    half = HOUR_NS // 2
    series = told(D("0.00001"), D("0.00005"), D("0.00002"), every_ns=half)
    assert [each.rate for each in series.hours] == [D("0.00005"), D("0.00002")]
    assert series.hours_seen == 2


def test_a_rate_older_than_the_last_is_ignored_and_one_at_the_same_moment_weighs_nothing() -> None:
    series = told(*noise(5, 10))
    assert observe(series, D(1), series.updated_ns - 1, POLICY) == series
    again = observe(series, D("0.0009"), series.updated_ns, POLICY)
    assert (again.fast, again.slow, again.scale) == (series.fast, series.slow, series.scale)
    assert again.hours[-1].rate == D("0.0009")


def test_no_more_hours_are_remembered_than_the_policy_says() -> None:
    series = told(*noise(6, 200))
    assert len(series.hours) == POLICY.recent_h
    assert series.hours_seen == 200
    assert series.hours[-1].hour == BEGIN_NS // HOUR_NS + 199


def test_the_error_is_of_the_order_of_what_rates_stray() -> None:
    wild, calm = told(*noise(7, 200, spread=1e-4)), told(*noise(8, 200, spread=1e-5))
    resting = told(*[REST] * 200)
    loud, still = outlook(wild, resting).error_per_hour, outlook(calm, resting).error_per_hour
    assert D("0.00002") < loud < D("0.0002")
    assert D("0.000002") < still < D("0.00002")
    assert D(5) < loud / still < D(15)


def test_the_error_is_larger_where_venues_swing_against_each_other_than_where_they_swing_together() -> None:
    swing = noise(12, 200)
    one, alike, against = told(*swing), told(*swing), told(*[-rate for rate in swing])
    assert outlook(one, against).error_per_hour > D("1.2") * outlook(one, alike).error_per_hour


def test_a_difference_however_large_is_sure_while_it_is_steady() -> None:
    steady = outlook(told(*[D("0.0005")] * 400), told(*[REST] * 400))
    assert steady.error_per_hour < D("0.00005") < steady.mean_per_hour


def test_two_markets_at_rest_are_still_not_known_exactly() -> None:
    assert outlook(told(*[REST] * 99), told(*[REST] * 99)).error_per_hour > D("0.000003")


def test_a_market_just_met_is_known_less_well() -> None:
    rates, others = noise(9, 200), noise(10, 200)
    young, old = outlook(told(*rates[:6]), told(*others[:6])), outlook(told(*rates), told(*others))
    assert young.hours_seen == 6
    assert young.error_per_hour > 2 * old.error_per_hour
    assert outlook(told(*rates), told(*others[:6])).hours_seen == 6


def test_persistence_is_the_share_of_common_hours_with_the_forecast_s_sign() -> None:
    first = told(*[D("0.0001")] * 30, *[D("-0.00002")] * 10)
    second = told(*[D(0)] * 40)
    assert outlook(first, second).mean_per_hour > 0
    assert outlook(first, second).persistence == D("0.75")
    missing = told(*[D(0)] * 20, *[None] * 10, *[D(0)] * 10)
    assert outlook(first, missing).persistence == D(20) / D(30)
    assert outlook(first, first).persistence == 1, "no difference, as forecast"


def test_markets_never_observed_in_one_hour_have_shown_no_persistence() -> None:
    first, second = told(D("0.0001")), told(None, D("0.00001"))
    assert outlook(first, second).persistence == 0


def test_a_market_never_observed_is_no_base_for_a_forecast() -> None:
    with pytest.raises(AssertionError):
        outlook(told(REST), fresh(Venue.DRIFT))
    with pytest.raises(AssertionError):
        outlook(told(REST), told(REST), 0)


def test_a_state_comes_back_from_the_record_as_it_was_and_stays_small() -> None:
    series = told(*noise(11, 300))
    written = msgspec.json.encode(series)
    assert msgspec.json.decode(written, type=Series) == series
    assert len(written) < 2500


def test_every_venue_has_its_rest() -> None:
    assert sorted(RESTING_PER_HOUR) == sorted(Venue)
    assert all(D("0.000005") < rate < D("0.00002") for rate in RESTING_PER_HOUR.values())
