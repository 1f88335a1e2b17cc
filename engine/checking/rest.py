"""Does every world come to rest? Once faults stop, each must become flat or hedged, or the alarm must stand.

A fair environment delivers all that is due, then what was held back, brings links up, and only then lets time pass; in
which order, and whether a resting order fills meanwhile, is its choice. Every choice must lead to rest, so a world
that can move in fair ways for ever, or not at all, is a complaint. Counterpart: `search`, which found the worlds.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

from engine.checking.search import Complaint, Graph

STUCK = "6 not at rest, and nothing more will happen by itself"
ENDLESS = "6 fair moves go round for ever without coming to rest"


class Rest(NamedTuple):
    """The longest fair way to rest, in moves, the world it begins in, and what never rests."""

    moves_most: int
    from_world: int
    complaints: tuple[Complaint, ...]


def judge(graph: Graph) -> Rest:
    """Count back from the worlds at rest; what is not reached is stuck, or goes round."""
    into_from, into = _reversed(graph)
    left = array("q", (len(graph.fair(world)) for world in range(len(graph))))
    far = array("q", bytes(8 * len(graph)))
    known = bytearray(graph.settled)
    ready = [world for world in range(len(graph)) if known[world]]
    last = (0, 0)
    while ready:
        world = ready.pop()
        for before in into[into_from[world] : into_from[world + 1]]:
            left[before] -= 1
            far[before] = max(far[before], far[world] + 1)
            if not left[before] and not known[before]:
                known[before] = 1
                ready.append(before)
                last = max(last, (far[before], -before))
    return Rest(last[0], -last[1], tuple(_never(graph, known)))


def _reversed(graph: Graph) -> tuple[array[int], array[int]]:
    """Where fair moves into each world come from; moves from worlds at rest do not matter."""
    counts = array("q", bytes(8 * (len(graph) + 1)))
    for world in range(len(graph)):
        if not graph.settled[world]:
            for after in graph.fair(world):
                counts[after + 1] += 1
    for world in range(len(graph)):
        counts[world + 1] += counts[world]
    places = array("q", counts)
    into = array("q", bytes(8 * counts[-1]))
    for world in range(len(graph)):
        if not graph.settled[world]:
            for after in graph.fair(world):
                into[places[after]] = world
                places[after] += 1
    return counts, into


def _never(graph: Graph, known: bytearray) -> list[Complaint]:
    """The first world from which nothing fair happens, and the first that only leads round."""
    found = []
    for world in range(len(graph)):
        if not known[world] and not graph.fair(world):
            found.append(Complaint(STUCK, world, -1))
            break
    around = _around(graph, known)
    if around >= 0:
        found.append(Complaint(ENDLESS, around, -1))
    return found


def _around(graph: Graph, known: bytearray) -> int:
    """A world on a round of fair moves, or -1: leave out, again and again, what only leads to worlds left out."""
    unknown = [world for world in range(len(graph)) if not known[world]]
    dead = bytearray(known)
    while True:
        ended = [world for world in unknown if all(dead[after] for after in graph.fair(world))]
        if not ended:
            return unknown[0] if unknown else -1
        for world in ended:
            dead[world] = 1
        unknown = [world for world in unknown if not dead[world]]
