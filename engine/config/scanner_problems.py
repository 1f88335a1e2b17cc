"""What a policy cannot say of candidates: their gates, sizes, trials and margin.

Counterpart: `engine.config.policy_problems`, which asks for it with the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from actors.board import REFUSALS_MOST
from actors.policy import CollateralPolicy, EndurancePolicy, GatesPolicy, Policy, SizingPolicy

HALF_LIFE_MOST_H = Decimal(720)
RATE_BUDGET_MOST = Decimal("0.9")
"""More is told only of a limit of which next to nothing is used."""


def scanner_problems(policy: Policy) -> Iterator[str]:
    """Every impossible limit, as a sentence naming field, value and remedy."""
    yield from _sizing_problems(policy.sizing)
    yield from _endurance_problems(policy.endurance)
    yield from _cap_problems(policy)
    yield from _gates_problems(policy.gates)
    yield from _collateral_problems(policy.collateral)
    for name in ("basis_gain_share", "basis_cost_share"):
        share = getattr(policy.costs, name)
        if share > 1:
            yield f"policy.costs.{name} is {share}; at most 1, all of today's difference"
    if policy.costs.maker_share > 1:
        yield f"policy.costs.maker_share is {policy.costs.maker_share}; it is a share of the second leg: at most 1"
    if policy.scanner.persistence_least > 1:
        yield f"policy.scanner.persistence_least is {policy.scanner.persistence_least}; it is a share: at most 1"


def _sizing_problems(part: SizingPolicy) -> Iterator[str]:
    for name in ("caps_share_most", "margin_share_most"):
        share = getattr(part, name)
        if not 0 < share <= 1:
            yield f"policy.sizing.{name} is {share}; give a share above 0 and at most 1"


def _endurance_problems(part: EndurancePolicy) -> Iterator[str]:
    if list(part.shocks) != sorted(part.shocks) or any(not 0 < shock < 1 for shock in part.shocks):
        yield "policy.endurance.shocks has to be rising fractions between 0 and 1"
    if part.equity_floor_fraction >= 1:
        yield f"policy.endurance.equity_floor_fraction is {part.equity_floor_fraction}; at 1 no loss is survived"
    if part.stressed_spread_multiple < 1:
        yield f"policy.endurance.stressed_spread_multiple is {part.stressed_spread_multiple}; stress narrows no book"
    if not 0 < part.stressed_depth_fraction <= 1:
        yield f"policy.endurance.stressed_depth_fraction is {part.stressed_depth_fraction}; above 0, at most 1"
    if part.stressed_beyond_bps < part.slippage_bps:
        yield "policy.endurance.stressed_beyond_bps is below slippage_bps; beyond the book nothing is cheaper"


def _cap_problems(policy: Policy) -> Iterator[str]:
    """A venue without a cap would be tried with none."""
    caps = policy.endurance.funding_caps_per_hour
    for venue in policy.scanner.venues:
        if venue not in caps:
            yield f"policy.endurance.funding_caps_per_hour lacks {venue.value}; give the most it charges an hour"


def _gates_problems(part: GatesPolicy) -> Iterator[str]:
    if not 0 < part.volatility_half_life_h <= HALF_LIFE_MOST_H:
        told = part.volatility_half_life_h
        yield f"policy.gates.volatility_half_life_h is {told}; above 0, at most {HALF_LIFE_MOST_H}"
    if part.refused_frames_most >= REFUSALS_MOST:
        count, most = part.refused_frames_most, REFUSALS_MOST - 1
        yield f"policy.gates.refused_frames_most is {count}; more than {most} are not remembered: at most {most}"
    share = part.rate_budget_least_fraction
    if share > RATE_BUDGET_MOST:
        yield f"policy.gates.rate_budget_least_fraction is {share}; at most {RATE_BUDGET_MOST}, 0 asks for nothing"
    if part.adl_level_most < 1:
        yield f"policy.gates.adl_level_most is {part.adl_level_most}; every leg is at level 1 or above"


def _collateral_problems(part: CollateralPolicy) -> Iterator[str]:
    if part.reduce_multiple > part.alarm_multiple:
        yield "policy.collateral.reduce_multiple is above alarm_multiple; people are asked first"
