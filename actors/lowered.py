"""The limits in force: the profile's, with those a person lowered while the engine runs in place. Pure.

Counterparts: `actors.risk.person`, which takes the lower ones from people and puts none above the profile's; the
board, on which they stand for others to read; `actors.risk.limits`, which screens by them, and
`actors.funding_scanner`, which sizes by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from actors.policy import Policy, RiskPolicy


def limits_of(profile: RiskPolicy, lowered: Mapping[str, Decimal]) -> RiskPolicy:
    """The profile's limits, or the lower ones by their names."""
    if not lowered:
        return profile
    return replace(profile, **{name: _as_in(profile, name, value) for name, value in lowered.items()})


def _as_in(profile: RiskPolicy, name: str, value: Decimal) -> Decimal | int:
    """The lower of both, a count as a whole number."""
    most: Decimal | int = getattr(profile, name)
    return min(most, int(value)) if isinstance(most, int) else min(most, value)


def policy_of(policy: Policy, lowered: Mapping[str, Decimal]) -> Policy:
    """The policy with these limits in it."""
    return replace(policy, risk=limits_of(policy.risk, lowered)) if lowered else policy
