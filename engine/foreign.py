"""Positions at the venues that no pair of ours holds: left over from before, or made by somebody else.

They count as exposure, and nobody manages them; so the report names them. Counterpart: `actors.reconciler`, one a
market, which finds them and raises the alarm.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import Venue
from actors.reconciler import Reconciler
from engine.core import Core


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """One such position: signed size in base units, and since when the engine has known of it."""

    venue: Venue
    asset: str
    size: Decimal
    since_ns: int


def positions(core: Core) -> tuple[Foreign, ...]:
    """All of them by the venues' last words, disputed or still being asked about; of held markets the pairs speak."""
    return tuple(
        Foreign(venue=state.venue, asset=state.asset, size=state.size, since_ns=state.since_ns)
        for state in core.states.values()
        if isinstance(state, Reconciler) and state.size and not core.board.holders(state.venue, state.asset)
    )
