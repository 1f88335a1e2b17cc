"""Who hears that a pair begins, ends, or begins again: the board, which keeps who holds what, before everybody else.

Said by the scanner, which spawns pairs, and by the pairs themselves.
"""

from __future__ import annotations

from actors.board import BOARD, reconciler_of
from actors.commands import Tell
from actors.messages import PairClosed, PairReopened, PairSpawned


def begun(message: PairSpawned) -> tuple[Tell, ...]:
    """A pair was spawned; the scanner knows, it did it."""
    return _told(message, "engine_lifecycle")


def changed(message: PairClosed | PairReopened) -> tuple[Tell, ...]:
    """A pair has closed, or is open again."""
    return _told(message, "funding_scanner", "engine_lifecycle")


def _told(message: PairSpawned | PairClosed | PairReopened, *roles: str) -> tuple[Tell, ...]:
    venues = (message.taker_venue, message.maker_venue)
    watchers = (reconciler_of(venue, message.asset) for venue in venues)
    return tuple(Tell(to=to, message=message) for to in (BOARD, *roles, *watchers))
