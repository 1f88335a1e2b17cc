"""Limits that contradict one another are refused by name; `tests.engine.test_config` does so from profiles."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.policy import (
    AutoClosePolicy,
    CorePolicy,
    ForecastPolicy,
    Policy,
    PricesPolicy,
    ReliabilityPolicy,
    RiskPolicy,
    ScannerPolicy,
)
from engine.config.policy_problems import live_problems, policy_problems

SIZES = {asset: Decimal(1) for asset in ScannerPolicy().assets}
LIVE = Policy(scanner=ScannerPolicy(calibrated_only=True), risk=RiskPolicy(order_base_most=SIZES))


def test_the_policy_as_it_comes_has_no_problem() -> None:
    assert list(policy_problems(Policy())) == []
    assert list(live_problems(LIVE)) == []


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (
            AutoClosePolicy(liquidation_distance_least_fraction=Decimal("0.17")),
            "liquidation_distance_least_fraction is 0.17; at leverage 3 a pair is opened at most 0.33",
        ),
        (AutoClosePolicy(speed_window_s=59.0), "speed_window_s is 59; the board remembers a mark every 60 s, for 3600"),
        (
            AutoClosePolicy(hold_longest_h=Decimal(0), hold_most_h=Decimal(0)),
            "hold_longest_h is 0; nothing is held for",
        ),
        (AutoClosePolicy(hold_longest_h=Decimal(335)), "hours, not below hold_most_h, which is 336"),
        (AutoClosePolicy(speed_window_s=3601.0), "speed_window_s is 3601; the board remembers a mark every 60 s"),
    ],
)
def test_an_impossible_limit_of_closing_by_itself_is_named(part: AutoClosePolicy, told: str) -> None:
    (problem,) = policy_problems(replace(Policy(), auto_close=part))
    assert told in problem


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (replace(Policy(), prices=PricesPolicy(told_within_s=Decimal(0))), "policy.prices.told_within_s is 0; "),
        (replace(Policy(), scanner=ScannerPolicy(quote_age_most_s=Decimal(0))), "policy.scanner.quote_age_most_s is 0"),
    ],
)
def test_prices_that_could_never_be_compared_are_named(policy: Policy, name: str) -> None:
    (problem,) = policy_problems(policy)
    assert problem.startswith(name)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (RiskPolicy(path_window_s=59.0), "path_window_s is 59; the board remembers a mark every 60 s, for 3600 s"),
        (RiskPolicy(path_window_s=3601.0), "path_window_s is 3601; the board remembers"),
        (RiskPolicy(path_samples_least=0), "path_samples_least is 0; from 1 to 15, one a minute"),
        (RiskPolicy(path_samples_least=16), "path_samples_least is 16; from 1 to 15, one a minute"),
        (RiskPolicy(path_collar_bps=Decimal(0)), "path_collar_bps is 0; nothing could ever be opened"),
    ],
)
def test_an_impossible_collar_over_time_is_named(part: RiskPolicy, told: str) -> None:
    (problem,) = policy_problems(replace(Policy(), risk=part))
    assert told in problem


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (ForecastPolicy(fast_reversion_h=Decimal(0)), "policy.forecast.fast_reversion_h is 0; give a positive number"),
        (ForecastPolicy(clip_most=Decimal(0)), "policy.forecast.clip_most is 0; give a positive number"),
        (ForecastPolicy(error_fraction=Decimal(0)), "policy.forecast.error_fraction is 0; give a positive number"),
        (ForecastPolicy(recent_h=Decimal("0.5")), "policy.forecast.recent_h is 0.5; at least the last hour"),
        (ForecastPolicy(fast_h=Decimal(49)), "policy.forecast.fast_h is above policy.forecast.slow_h"),
    ],
)
def test_a_forecast_that_could_not_be_made_is_named(part: ForecastPolicy, told: str) -> None:
    (problem,) = policy_problems(replace(Policy(), forecast=part))
    assert problem.startswith(told)


def test_a_clock_may_not_be_further_off_than_an_order_lives() -> None:
    scanner = ScannerPolicy(clock_skew_most_s=Decimal(20))
    (problem,) = policy_problems(replace(Policy(), scanner=scanner))
    assert problem.startswith("policy.scanner.clock_skew_most_s must be shorter than policy.order.order_lifetime_s")


@pytest.mark.parametrize("name", ["time_to_liquidation_least_s", "liquidation_distance_least_fraction"])
def test_a_live_run_leaves_before_it_is_liquidated(name: str) -> None:
    unguarded = replace(LIVE, auto_close=replace(AutoClosePolicy(), **{name: Decimal(0)}))
    (problem,) = live_problems(unguarded)
    assert problem.startswith(f"policy.auto_close.{name} is 0; a live run leaves before it is liquidated")
    assert list(policy_problems(unguarded)) == [], "elsewhere the check may be switched off"


def test_a_live_run_ranks_only_rates_that_were_checked() -> None:
    (problem,) = live_problems(replace(LIVE, scanner=ScannerPolicy()))
    assert problem.startswith("policy.scanner.calibrated_only is false")


def test_a_pair_that_fails_once_must_have_its_emergency_path() -> None:
    (problem,) = policy_problems(replace(Policy(), core=CorePolicy(faults_most=1)))
    assert problem.startswith("policy.core.faults_most is 1; at least 2")


def test_a_live_run_bounds_every_order_in_base_units_too() -> None:
    """A mark that is wrong makes a large order cheap."""
    without = {asset: size for asset, size in SIZES.items() if asset != "ETH"}
    (problem,) = live_problems(replace(LIVE, risk=RiskPolicy(order_base_most=without)))
    assert "policy.risk.order_base_most has no ETH" in problem


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (RiskPolicy(pair_long_most_usd=Decimal(9999)), "scanner.notional_usd is above policy.risk.pair_long_most_usd"),
        (RiskPolicy(pair_gross_most_usd=Decimal(19_999)), "pair_gross_most_usd is below two legs"),
        (RiskPolicy(hedges_per_minute_most=1001), "hedges_per_minute_most is 1001; at most 1000"),
        (RiskPolicy(repeated_executions_most=0), "repeated_executions_most is 0; from 1 to 1000"),
        (RiskPolicy(order_base_most={"BTC": Decimal(0)}), "order_base_most.BTC is 0; give a positive size"),
    ],
)
def test_a_limit_on_orders_that_no_entry_could_keep_is_named(part: RiskPolicy, told: str) -> None:
    (problem,) = policy_problems(replace(Policy(), risk=part))
    assert told in problem


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (ReliabilityPolicy(prior_weight=Decimal(0)), "reliability.prior_weight is 0"),
        (ReliabilityPolicy(lead_least=Decimal(0)), "reliability.lead_least is 0"),
        (ReliabilityPolicy(depth_usual_share=Decimal(0)), "reliability.depth_usual_share is 0"),
        (ReliabilityPolicy(ack_bad_s=Decimal(1)), "reliability.ack_bad_s is 1; it must be above ack_usual_s"),
        (ReliabilityPolicy(final_usual_s=Decimal(30)), "reliability.final_bad_s is 20; it must be above final_usual_s"),
    ],
)
def test_measures_that_would_decide_by_themselves_are_named(part: ReliabilityPolicy, told: str) -> None:
    (problem,) = policy_problems(replace(Policy(), reliability=part))
    assert told in problem
