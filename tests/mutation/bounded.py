"""Asks the exhaustive check about a mutant that the tests let pass: the smallest bounds, and whether anything changes.

Counterparts: `trial`, which asks only for what is left, and `engine.checking`, which explores.
"""

from __future__ import annotations

from typing import NamedTuple

from actors import pair_position
from engine.checking.bounds import Bounds, policy_of
from engine.checking.decision import Shop
from engine.checking.expansion import Expander
from engine.checking.rest import judge
from engine.checking.search import Expand, search
from statecharts import order, pair_position as pair_chart

EXPLORED = (pair_chart.CHART.name, order.CHART.name)
"""Charts whose decisions the exhaustive check explores."""
WORLDS_MOST = 20_000
BOUNDS = (
    Bounds(lots=1, faults=0, asks=1, worlds_most=WORLDS_MOST),
    Bounds(lots=1, faults=1, asks=0, worlds_most=WORLDS_MOST),
)


class Explored(NamedTuple):
    """What the check found: a complaint, or none; and how many worlds there are, by bounds."""

    complaint: str
    worlds: tuple[int, ...]


def explore() -> Explored:
    """Explore the decisions as they stand in this process, within all the bounds or until one complains."""
    worlds: list[int] = []
    for bounds in BOUNDS:
        found = search(bounds, _expanding(bounds), stop_at_first=True)
        complaints = found.complaints or (judge(found.graph).complaints if found.complete else ())
        worlds.append(len(found.graph))
        if complaints or not found.complete:
            return Explored(complaints[0].text if complaints else "more worlds than allowed", tuple(worlds))
    return Explored("", tuple(worlds))


def _expanding(bounds: Bounds) -> Expand:
    expander = Expander(Shop(policy_of(bounds), pair_position.ROLE), bounds)
    return lambda forms: iter(expander.expand(forms))
