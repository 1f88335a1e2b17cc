from __future__ import annotations

from decimal import Decimal

from actors.lowered import limits_of, policy_of
from actors.policy import Policy, RiskPolicy

D = Decimal
PROFILE = RiskPolicy(total_gross_most_usd=D(1000), orders_per_minute_most=60)


def test_a_lower_limit_takes_the_place_of_the_profile_s() -> None:
    found = limits_of(PROFILE, {"total_gross_most_usd": D(10), "orders_per_minute_most": D(3)})
    assert found == RiskPolicy(total_gross_most_usd=D(10), orders_per_minute_most=3)


def test_a_higher_one_never_does() -> None:
    assert limits_of(PROFILE, {"total_gross_most_usd": D(1001), "orders_per_minute_most": D(61)}) == PROFILE


def test_without_any_the_policy_is_the_profile_s_own() -> None:
    policy = Policy(risk=PROFILE)
    assert policy_of(policy, {}) is policy
    assert limits_of(PROFILE, {}) is PROFILE


def test_the_rest_of_a_policy_stays() -> None:
    policy = Policy(order_namespace="x", risk=PROFILE)
    found = policy_of(policy, {"leverage_most": D(1)})
    assert (found.order_namespace, found.risk.leverage_most, found.risk.total_gross_most_usd) == ("x", D(1), D(1000))
