"""Positions at the venues that no open pair of ours holds: left over from before, or made by somebody else.

They count as exposure, and nobody manages them; so they are named. Looked at by `engine.runtime` after each decision;
counterpart: `actors.risk.books`, which counts every position whoever holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from actors.commands import RaiseAlarm
from actors.domain import NS_PER_S, Venue
from actors.messages import OrderDone, OrderFilled, PositionDeleveraged, PositionLiquidated, PositionReported
from actors.pair_position.state import PairPosition
from actors.risk.books import Held, RiskState, key_of
from engine.core import Core, Decision
from engine.sizes import closed_by, plain, side_of

CODE = "position_foreign"
NAMED_AFTER_S = 5.0
"""A position stands so long before it is named: a venue's word may be older than the close it does not know of."""
SIZED = (PositionReported, OrderFilled, OrderDone, PositionDeleveraged, PositionLiquidated)


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """One such position: signed size in base units, and since when the engine has known of it."""

    venue: Venue
    asset: str
    size: Decimal
    since_ns: int


def unheld(core: Core) -> dict[str, Held]:
    """Positions without an open pair by risk's own count, by `venue:asset`; none where an order of ours is out."""
    risk = core.states["risk"]
    assert isinstance(risk, RiskState)
    flying = dict.fromkeys(key_of(order.venue, order.asset) for order in risk.in_flight.values())
    return {
        key: held
        for key, held in sorted(risk.positions.items())
        if held.size and key not in flying and not _open_pair(core, held.holder)
    }


def _open_pair(core: Core, holder: str) -> bool:
    state = core.states.get(holder)
    return isinstance(state, PairPosition) and not state.place.startswith("CLOSED")


class ForeignWatch:
    """Remembers since when each such position has stood, and which size of it was named."""

    def __init__(self) -> None:
        self._since_ns: dict[str, int] = {}
        self._named: dict[str, Decimal] = {}

    def positions(self, core: Core, at_ns: int) -> tuple[Foreign, ...]:
        """All of them now, named or not."""
        return tuple(_foreign(held, self._since_ns.get(key, at_ns)) for key, held in unheld(core).items())

    def look(self, core: Core, decision: Decision) -> tuple[tuple[str, RaiseAlarm | None], ...]:
        """After a decision: `venue:asset` with the alarm to raise, or None when its alarm is over."""
        at_ns, message = decision.envelope.at_ns, decision.envelope.message
        closed = decision.place.startswith("CLOSED") and decision.source != decision.place
        if (decision.envelope.to == "risk" and isinstance(message, SIZED)) or closed:
            return (*self._gone(core), *self._news(core, at_ns))
        waiting = len(self._since_ns) > len(self._named)
        return tuple(self._news(core, at_ns)) if waiting else ()

    def _gone(self, core: Core) -> Iterator[tuple[str, None]]:
        """A position that is flat is over; one that a pair of ours has come to trade is not, it may still be in it."""
        risk = core.states["risk"]
        assert isinstance(risk, RiskState)
        for key in [key for key in self._since_ns if key not in risk.positions or not risk.positions[key].size]:
            del self._since_ns[key]
            if self._named.pop(key, None) is not None:
                yield key, None

    def _news(self, core: Core, at_ns: int) -> Iterator[tuple[str, RaiseAlarm | None]]:
        for key, held in unheld(core).items():
            since_ns = self._since_ns.setdefault(key, at_ns)
            if self._named.get(key) == held.size or at_ns - since_ns < NAMED_AFTER_S * NS_PER_S:
                continue
            if key in self._named:
                yield key, None
            self._named[key] = held.size
            yield key, _alarm(_foreign(held, since_ns))


def _foreign(held: Held, since_ns: int) -> Foreign:
    return Foreign(venue=held.venue, asset=held.asset, size=held.size, since_ns=since_ns)


def _alarm(foreign: Foreign) -> RaiseAlarm:
    size = f"{plain(abs(foreign.size))} {foreign.asset}"
    since = f"{datetime.fromtimestamp(foreign.since_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M:%S}Z"
    text = (
        f"{foreign.venue.value}: {side_of(foreign.size)} {size}, held by no pair of ours, known since {since}; "
        f"nobody manages it: {closed_by(foreign.size)} {size} by hand if it is not meant to be there"
    )
    return RaiseAlarm(severity="critical", code=CODE, text=text)
