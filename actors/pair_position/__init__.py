"""The pair position: two legs on two venues, decided by `statecharts.pair_position`.

`state` is what it knows, `books` takes facts in, `guards` look, `actions` answer with commands.
"""

from __future__ import annotations

from actors.actor import Role, durations
from actors.pair_position.actions import ACTIONS
from actors.pair_position.books import absorb, remember
from actors.pair_position.guards import GUARDS, INVARIANTS, emergency_attempts
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from statecharts.pair_position import CHART


def _grown_s(policy: Policy, failures: int) -> float:
    """The pause after so many failures, one at the least: doubled with each, and bounded."""
    return min(policy.exit.recheck_s, policy.exit.retry_pause_s * 2.0 ** (failures - 1))


def _retry_pause_s(state: PairPosition, policy: Policy) -> float:
    """The venue has refused a reducing order: it grows with each that was sent since the reduction began."""
    return _grown_s(policy, max(1, state.sent("trim", "reduce", episode=state.episode)))


def _recheck_s(state: PairPosition, policy: Policy) -> float:
    """A leg is stranded: it grows with each attempt after those that were to be enough."""
    beyond = emergency_attempts(state) - policy.exit.emergency_tries_most
    return _grown_s(policy, max(0, beyond) + 1)


ROLE: Role[PairPosition] = Role(
    chart=CHART,
    absorb=absorb,
    guards=GUARDS,
    actions=ACTIONS,
    duration_s=durations(
        CHART,
        order_timeout=lambda _, policy: policy.order.order_timeout_s,
        maker_timeout=lambda _, policy: policy.entry.maker_timeout_s,
        doubt_retry=lambda _, policy: policy.order.doubt_retry_s,
        verify_retry=lambda _, policy: policy.verify.verify_retry_s,
        reverify=lambda _, policy: policy.verify.reverify_s,
        backoff=lambda _, policy: policy.entry.backoff_s,
        recheck=_recheck_s,
        retry_pause=_retry_pause_s,
    ),
    remember=remember,
    invariants=INVARIANTS,
)

__all__ = ["ROLE", "PairPosition"]
