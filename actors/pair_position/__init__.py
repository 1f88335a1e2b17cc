"""The pair position: two legs on two venues, decided by `statecharts.pair_position`.

`state` is what it knows, `books` takes facts in, `guards` look, `actions` answer with commands.
"""

from __future__ import annotations

from actors.actor import Role
from actors.pair_position.actions import ACTIONS
from actors.pair_position.books import absorb, remember
from actors.pair_position.guards import GUARDS, INVARIANTS
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from statecharts.pair_position import CHART


def _duration_s(_: PairPosition, timer: str, policy: Policy) -> float:
    durations = {
        "order_timeout": policy.order.order_timeout_s,
        "maker_timeout": policy.entry.maker_timeout_s,
        "doubt_retry": policy.order.doubt_retry_s,
        "verify_retry": policy.verify.verify_retry_s,
        "reverify": policy.verify.reverify_s,
        "backoff": policy.entry.backoff_s,
        "recheck": policy.exit.recheck_s,
    }
    return durations[timer]


ROLE: Role[PairPosition] = Role(
    chart=CHART,
    absorb=absorb,
    guards=GUARDS,
    actions=ACTIONS,
    duration_s=_duration_s,
    remember=remember,
    invariants=INVARIANTS,
)

__all__ = ["ROLE", "PairPosition"]
