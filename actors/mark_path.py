"""A market's own recent path: the median of its marks over some minutes, which one spike does not move. Pure.

A collar about the present mark moves with the mark; this one does not. Counterparts: `actors.board`, which remembers
about one mark a minute; `actors.risk.limits`, which holds opening orders to it; `actors.gates`, which asks before.
"""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import NamedTuple

from actors.board import Board
from actors.domain import BPS, NS_PER_S, ONE, Venue
from actors.policy import RiskPolicy


class MarkPath(NamedTuple):
    """The median of the marks within the window, and how many there are; at least one."""

    median: Decimal
    samples: int

    def away_bps(self, price: Decimal) -> Decimal:
        """How far a price is from it, either way."""
        return abs(price / self.median - ONE) / BPS


def mark_path(board: Board, venue: Venue, asset: str, at_ns: int, limits: RiskPolicy) -> MarkPath | None:
    """The marks of the last `path_window_s`; None (not measured) with fewer of them than `path_samples_least`."""
    since_ns = at_ns - round(limits.path_window_s * NS_PER_S)
    marks = [past.mark for past in board.past(venue, asset) if past.at_ns >= since_ns]
    if len(marks) < max(limits.path_samples_least, 1):
        return None
    return MarkPath(median(marks), len(marks))
