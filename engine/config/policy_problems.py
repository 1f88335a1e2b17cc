"""What a policy cannot say: limits that contradict one another, or that no run could keep.

Counterpart: `engine.config`, which asks for all of it, and checks the rest of a profile.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.board import PAST_STEP_S, PASTS_MOST
from actors.policy import AdlPolicy, ForecastPolicy, Policy, ReliabilityPolicy, RiskPolicy
from engine.config.scanner_problems import scanner_problems

LEVERAGE_MOST = 3
LEVEL_SCORES = 4
MESSAGES_MOST = 1000
"""Messages of a minute that `actors.risk.throttle` remembers."""
FAULTS_LEAST = 2
PAST_S = PAST_STEP_S * (PASTS_MOST - 1)


def policy_problems(policy: Policy) -> Iterator[str]:
    """Every impossible limit of a policy, as a sentence naming field, value and remedy."""
    if policy.risk.leverage_most > LEVERAGE_MOST:
        yield f"policy.risk.leverage_most is {policy.risk.leverage_most}; at most {LEVERAGE_MOST}"
    if not 0 < policy.adl.reduce_fraction < 1:
        yield f"policy.adl.reduce_fraction is {policy.adl.reduce_fraction}; give a fraction between 0 and 1"
    if policy.adl.reduce_level > policy.adl.exit_level:
        yield "policy.adl.reduce_level is above policy.adl.exit_level; reducing must come first"
    yield from _limit_problems(policy)
    yield from _stress_problems(policy.adl)
    yield from _price_problems(policy)
    yield from _auto_close_problems(policy)
    yield from scanner_problems(policy)
    yield from _forecast_problems(policy.forecast)
    yield from _reliability_problems(policy.reliability)
    if policy.core.faults_most < FAULTS_LEAST:
        yield (
            f"policy.core.faults_most is {policy.core.faults_most}; at least {FAULTS_LEAST}, or a pair whose step "
            "fails is quarantined before its emergency path has closed it"
        )
    if policy.scanner.notional_usd > policy.risk.order_notional_most_usd:
        yield "policy.scanner.notional_usd is above policy.risk.order_notional_most_usd; no entry could ever pass"
    if policy.order.order_lifetime_s <= policy.order.order_timeout_s:
        yield "policy.order.order_lifetime_s must be longer than policy.order.order_timeout_s"
    if policy.settlement.calm_s >= policy.lifecycle.settle_s:
        yield "policy.settlement.calm_s must be shorter than policy.lifecycle.settle_s; a run would end before it asks"
    if policy.reconcile.looks_most < policy.reconcile.answers_least:
        yield "policy.reconcile.looks_most must not be below answers_least; no position could ever be believed"


def _limit_problems(policy: Policy) -> Iterator[str]:
    """Limits on orders that no entry could keep, or that the engine could not count."""
    part, notional = policy.risk, policy.scanner.notional_usd
    for name in ("pair_long_most_usd", "pair_short_most_usd"):
        if notional > getattr(part, name):
            yield f"policy.scanner.notional_usd is above policy.risk.{name}; no entry could ever pass"
    if notional * 2 > part.pair_gross_most_usd:
        yield "policy.risk.pair_gross_most_usd is below two legs of policy.scanner.notional_usd; no leg could be hedged"
    for name in ("orders_per_minute_most", "messages_per_minute_most", "hedges_per_minute_most"):
        if getattr(part, name) > MESSAGES_MOST:
            yield f"policy.risk.{name} is {getattr(part, name)}; at most {MESSAGES_MOST}, which is what is counted"
    if not 0 < part.repeated_executions_most <= MESSAGES_MOST:
        yield f"policy.risk.repeated_executions_most is {part.repeated_executions_most}; from 1 to {MESSAGES_MOST}"
    yield from _path_problems(part)
    for asset, most in part.order_base_most.items():
        if most <= 0:
            yield f"policy.risk.order_base_most.{asset} is {most}; give a positive size, or leave it out"


def _path_problems(part: RiskPolicy) -> Iterator[str]:
    """A path of a mark that the board does not remember, or that no opening could ever be near."""
    if not PAST_STEP_S <= part.path_window_s <= PAST_S:
        told = f"policy.risk.path_window_s is {part.path_window_s:g}"
        yield f"{told}; the board remembers a mark every {PAST_STEP_S} s, for {PAST_S} s"
    most = int(part.path_window_s // PAST_STEP_S)
    if not 1 <= part.path_samples_least <= max(most, 1):
        yield f"policy.risk.path_samples_least is {part.path_samples_least}; from 1 to {most}, one a minute"
    if not part.path_collar_bps:
        yield "policy.risk.path_collar_bps is 0; nothing could ever be opened: give a positive number"


def _price_problems(policy: Policy) -> Iterator[str]:
    """Ages at which no two prices could ever be compared."""
    ages = {
        "prices.told_within_s": policy.prices.told_within_s,
        "scanner.quote_age_most_s": policy.scanner.quote_age_most_s,
    }
    for name, age_s in ages.items():
        if not age_s:
            yield f"policy.{name} is 0; nothing could be opened, and no divergence be seen: give a positive number"


def _auto_close_problems(policy: Policy) -> Iterator[str]:
    part = policy.auto_close
    fraction, leverage = part.liquidation_distance_least_fraction, policy.risk.leverage_most
    if leverage and fraction * 2 > 1 / leverage:
        yield (
            f"policy.auto_close.liquidation_distance_least_fraction is {fraction}; at leverage {leverage} a pair is "
            f"opened at most {1 / leverage:.2f} from its liquidation, and would be closed at once: at most half of that"
        )
    if not PAST_STEP_S <= part.speed_window_s <= PAST_S:
        yield (
            f"policy.auto_close.speed_window_s is {part.speed_window_s:g}; the board remembers a mark every "
            f"{PAST_STEP_S} s, for {PAST_S} s"
        )
    if not part.hold_longest_h or part.hold_longest_h < part.hold_most_h:
        yield (
            f"policy.auto_close.hold_longest_h is {part.hold_longest_h}; nothing is held for ever: give a positive "
            f"number of hours, not below hold_most_h, which is {part.hold_most_h}"
        )
    if policy.scanner.clock_skew_most_s >= policy.order.order_lifetime_s:
        yield (
            "policy.scanner.clock_skew_most_s must be shorter than policy.order.order_lifetime_s; an order could lapse "
            "before it is sent"
        )


def _forecast_problems(part: ForecastPolicy) -> Iterator[str]:
    for name in ("fast_h", "slow_h", "fast_reversion_h", "slow_reversion_h", "clip_most", "scale_h", "error_fraction"):
        if not getattr(part, name):
            yield f"policy.forecast.{name} is 0; give a positive number"
    if part.recent_h < 1:
        yield f"policy.forecast.recent_h is {part.recent_h}; at least the last hour is remembered: give 1 or more"
    if part.fast_h > part.slow_h:
        yield "policy.forecast.fast_h is above policy.forecast.slow_h; the fast level is the one that follows quickly"


def _reliability_problems(part: ReliabilityPolicy) -> Iterator[str]:
    for name in ("prior_weight", "lead_least", "depth_usual_share"):
        if not getattr(part, name):
            yield f"policy.reliability.{name} is 0; give a positive number, or one observation would decide"
    for kind in ("ack", "final"):
        usual_s, bad_s = getattr(part, f"{kind}_usual_s"), getattr(part, f"{kind}_bad_s")
        if bad_s <= usual_s:
            yield f"policy.reliability.{kind}_bad_s is {bad_s}; it must be above {kind}_usual_s, which is {usual_s}"


def live_problems(policy: Policy) -> Iterator[str]:
    """What a run with real money needs besides."""
    if not policy.scanner.calibrated_only:
        yield "policy.scanner.calibrated_only is false; a live run ranks only rates whose unit has been checked"
    for asset in policy.scanner.assets:
        if asset not in policy.risk.order_base_most:
            yield f"policy.risk.order_base_most has no {asset}; a live run bounds each order in base units, too"
    for name in ("time_to_liquidation_least_s", "liquidation_distance_least_fraction"):
        if not getattr(policy.auto_close, name):
            yield f"policy.auto_close.{name} is 0; a live run leaves before it is liquidated: give a limit"


def _stress_problems(adl: AdlPolicy) -> Iterator[str]:
    if len(adl.level_scores) != LEVEL_SCORES or list(adl.level_scores) != sorted(adl.level_scores):
        yield f"policy.adl.level_scores has to be {LEVEL_SCORES} rising numbers, for the levels 2 to 5"
    if any(score <= 0 for score in adl.level_scores):
        yield "policy.adl.level_scores has a score of 0, at which every leg is at that level; give positive numbers"
    if adl.interest_drop_step <= 0:
        yield f"policy.adl.interest_drop_step is {adl.interest_drop_step}; give a positive fraction"
    if adl.stress_window_s > PAST_S:
        yield f"policy.adl.stress_window_s is {adl.stress_window_s:g}; the board remembers {PAST_S} s"
