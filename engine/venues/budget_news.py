"""Tells the deciders what is left of a venue's rate limit, seldom enough for the record.

Kept by `engine.runtime` beside each venue's adapter. Counterparts: `budget`, which counts; `actors.gates.venues`, which
opens nothing where too little is left. Between two looks an adapter still keeps its limit by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import trio

from actors.domain import Venue
from actors.messages import BudgetTold
from engine.venues.adapter import Report

STEPS = 10
RISE_LEAST = 2
"""What goes to and fro by a tenth is told once."""
ROUNDING = 1e-9


class Steps:
    """What was told last, in tenths: a fall is told at once, a rise when it is one of two."""

    def __init__(self) -> None:
        self._told: int | None = None

    def look(self, left_fraction: float) -> Decimal | None:
        """What is to be told now (whole tenths, rounded down), if anything."""
        step = int(left_fraction * STEPS + ROUNDING)
        if self._told is not None and self._told <= step < self._told + RISE_LEAST:
            return None
        self._told = step
        return Decimal(step) / STEPS


async def keep_told(venue: Venue, left_fraction: Callable[[], float], report: Report, look_s: float) -> None:
    """Look every so many seconds, for ever; the first look is told."""
    steps = Steps()
    while True:
        told = steps.look(left_fraction())
        if told is not None:
            report(BudgetTold(venue=venue, left_fraction=told))
        await trio.sleep(look_s)
