"""The search: every world within the bounds, breadth first.

Worlds are numbered in the order found, which depends neither on the number of processes nor on the hash seed. A world
that was found before with at least the same budgets is not searched again: whatever can happen from it can happen
from there. Counterparts: `expansion`, which expands; `rest`, which judges whether every world comes to rest.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from engine.checking.bounds import Bounds, policy_of
from engine.checking.decision import Shop
from engine.checking.expansion import Expander, Expansion, Successor, digest_of
from engine.checking.form import freeze
from engine.checking.world import starts

CHUNK = 200
"""Worlds expanded at a time by one process."""
Expand = Callable[[list[bytes]], Iterator[Expansion]]
Show = Callable[[int, int, int], None]
"""Told after each level: its number, worlds found, worlds still to be expanded."""


class Complaint(NamedTuple):
    """Something that does not hold: in this world (move -1), or in this move from it."""

    text: str
    world: int
    move: int


class Graph:
    """What is known of all worlds found: how each was reached, and where fair moves lead."""

    def __init__(self) -> None:
        self.parents = array("q")
        self.moves = array("i")
        self.settled = bytearray()
        self.fair_from = array("q", [0])
        self.fair_to = array("q")
        self.edges = 0
        self._known: dict[bytes, list[tuple[int, int, int]]] = {}

    def __len__(self) -> int:
        return len(self.parents)

    def number(self, successor: Successor, parent: int) -> tuple[int, bool]:
        """The world's number, and whether it is new."""
        entries = self._known.setdefault(successor.digest, [])
        for number, faults, asks in entries:
            if faults >= successor.faults and asks >= successor.asks:
                return number, False
        number = len(self.parents)
        entries.append((number, successor.faults, successor.asks))
        self.parents.append(parent)
        self.moves.append(successor.move)
        return number, True

    def fair(self, world: int) -> array[int]:
        """Where fair moves lead from a world that was expanded."""
        return self.fair_to[self.fair_from[world] : self.fair_from[world + 1]]

    def way_to(self, world: int) -> list[int]:
        """The number of the start, then the numbers of the moves that lead to a world."""
        way: list[int] = []
        while self.parents[world] >= 0:
            way.append(self.moves[world])
            world = self.parents[world]
        return [self.moves[world], *reversed(way)]


class Found(NamedTuple):
    """The outcome of a search. `complete` is false when `worlds_most` ended it."""

    bounds: Bounds
    graph: Graph
    complaints: tuple[Complaint, ...]
    levels: int
    complete: bool


def search(bounds: Bounds, expand: Expand, *, show: Show | None = None, stop_at_first: bool = False) -> Found:
    """Search all worlds within the bounds; each complaint's text is kept once, with the first world that showed it."""
    graph = Graph()
    complaints: dict[str, Complaint] = {}
    frontier = _begin(graph, bounds)
    levels = 0
    while frontier and len(graph) < bounds.worlds_most and not (stop_at_first and complaints):
        levels += 1
        frontier = _level(graph, frontier, expand, complaints)
        if show is not None:
            show(levels, len(graph), len(frontier))
    return Found(bounds, graph, tuple(complaints.values()), levels, not frontier)


def _begin(graph: Graph, bounds: Bounds) -> list[tuple[int, bytes]]:
    frontier = []
    for start, world in enumerate(starts(bounds)):
        form = freeze(world, policy_of(bounds))
        first = Successor(start, digest_of(form), form, world.faults, world.asks, True)
        frontier.append((graph.number(first, -1)[0], form))
    return frontier


def _level(
    graph: Graph, frontier: list[tuple[int, bytes]], expand: Expand, complaints: dict[str, Complaint]
) -> list[tuple[int, bytes]]:
    """Expand a whole level; returns the next."""
    following: list[tuple[int, bytes]] = []
    forms: dict[bytes, bytes] = {}
    for (world, _), expansion in zip(frontier, expand([form for _, form in frontier]), strict=True):
        graph.settled.append(expansion.settled)
        for move, text in expansion.complaints:
            complaints.setdefault(text, Complaint(text, world, move))
        for successor in expansion.successors:
            _take(graph, successor, world, following, forms)
        graph.fair_from.append(len(graph.fair_to))
    return following


def _take(
    graph: Graph, successor: Successor, world: int, following: list[tuple[int, bytes]], forms: dict[bytes, bytes]
) -> None:
    """Count one successor; a new world joins the next level."""
    graph.edges += 1
    key = successor.digest + bytes((successor.faults, successor.asks))
    if successor.form:
        forms[key] = successor.form
    number, new = graph.number(successor, world)
    if new:
        following.append((number, forms[key]))
    if successor.fair:
        graph.fair_to.append(number)


# --- processes ---------------------------------------------------------------------------------------------


@contextmanager
def expanding(bounds: Bounds, jobs: int, bug: str = "") -> Iterator[Expand]:
    """An `Expand` over so many processes (1: none beside this one), with a planted bug if one is named."""
    if jobs <= 1:
        expander = _expander(bounds, bug)
        yield lambda forms: iter(expander.expand(forms))
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, get_context("spawn"), _set_up, (bounds, bug)) as pool:
        yield lambda forms: _in_chunks(pool.map, forms)


def _in_chunks(run: Callable[..., Iterator[list[Expansion]]], forms: list[bytes]) -> Iterator[Expansion]:
    chunks = [forms[at : at + CHUNK] for at in range(0, len(forms), CHUNK)]
    for expansions in run(_expand, chunks):
        yield from expansions


def _expander(bounds: Bounds, bug: str) -> Expander:
    from engine.checking.planted import shop_with

    return Expander(shop_with(bug, policy_of(bounds)) if bug else Shop(policy_of(bounds)), bounds)


_worker: list[Expander] = []


def _set_up(bounds: Bounds, bug: str) -> None:
    _worker[:] = [_expander(bounds, bug)]


def _expand(forms: list[bytes]) -> list[Expansion]:
    return _worker[0].expand(forms)
