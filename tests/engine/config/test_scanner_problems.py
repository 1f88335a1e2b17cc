from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain import Venue
from actors.policy import (
    CollateralPolicy,
    CostsPolicy,
    EndurancePolicy,
    GatesPolicy,
    Policy,
    ScannerPolicy,
    SizingPolicy,
)
from engine.config.policy_problems import policy_problems
from engine.config.scanner_problems import scanner_problems

D = Decimal
CAPS = "policy.endurance.funding_caps_per_hour lacks pacifica"


def test_the_defaults_have_no_problem() -> None:
    assert list(scanner_problems(Policy())) == []


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (Policy(sizing=SizingPolicy(caps_share_most=D("1.1"))), "policy.sizing.caps_share_most is 1.1"),
        (Policy(sizing=SizingPolicy(margin_share_most=D(0))), "policy.sizing.margin_share_most is 0"),
        (Policy(endurance=EndurancePolicy(shocks=(D("0.2"), D("0.1")))), "policy.endurance.shocks"),
        (Policy(endurance=EndurancePolicy(shocks=(D(1),))), "policy.endurance.shocks"),
        (Policy(endurance=EndurancePolicy(shocks=(D(0),))), "policy.endurance.shocks"),
        (Policy(endurance=EndurancePolicy(equity_floor_fraction=D(1))), "policy.endurance.equity_floor_fraction is 1"),
        (Policy(endurance=EndurancePolicy(stressed_spread_multiple=D("0.9"))), "policy.endurance.stressed_spread"),
        (Policy(endurance=EndurancePolicy(stressed_depth_fraction=D(0))), "policy.endurance.stressed_depth_fraction"),
        (Policy(endurance=EndurancePolicy(stressed_beyond_bps=D(99))), "policy.endurance.stressed_beyond_bps is below"),
        (Policy(endurance=EndurancePolicy(funding_caps_per_hour={Venue.HYPERLIQUID: D("0.04")})), CAPS),
        (Policy(gates=GatesPolicy(volatility_half_life_h=D(721))), "policy.gates.volatility_half_life_h is 721"),
        (Policy(gates=GatesPolicy(volatility_half_life_h=D(0))), "policy.gates.volatility_half_life_h is 0"),
        (Policy(gates=GatesPolicy(adl_level_most=0)), "policy.gates.adl_level_most is 0"),
        (Policy(gates=GatesPolicy(refused_frames_most=100)), "policy.gates.refused_frames_most is 100"),
        (Policy(gates=GatesPolicy(rate_budget_least_fraction=D("0.91"))), "policy.gates.rate_budget_least_fraction is"),
        (Policy(collateral=CollateralPolicy(reduce_multiple=D(5))), "policy.collateral.reduce_multiple"),
        (Policy(costs=CostsPolicy(basis_gain_share=D(2))), "policy.costs.basis_gain_share is 2"),
        (Policy(costs=CostsPolicy(basis_cost_share=D(2))), "policy.costs.basis_cost_share is 2"),
        (Policy(scanner=ScannerPolicy(persistence_least=D(2))), "policy.scanner.persistence_least is 2"),
    ],
)
def test_an_impossible_limit_is_named(policy: Policy, field: str) -> None:
    (problem,) = scanner_problems(policy)
    assert problem.startswith(field)
    assert problem in list(policy_problems(policy)), "a profile is asked for it"
