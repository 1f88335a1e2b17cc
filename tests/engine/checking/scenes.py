"""What the tests of the check share: shops, worlds reached by playing, and small searches."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.checking.bounds import Bounds, policy_of
from engine.checking.decision import Shop
from engine.checking.form import freeze, thaw
from engine.checking.moves import moves
from engine.checking.search import Found, expanding, search
from engine.checking.world import Move, World, starts

SMALL = Bounds(lots=2, faults=1, asks=1)
SHOP = Shop(policy_of(SMALL))


def start(bounds: Bounds = SMALL) -> World:
    """The world an exploration begins with."""
    return starts(bounds)[0]


def move_where(world: World, holds: Callable[[Move], bool], lots: int = 2) -> Move:
    """The first move from here of which that holds."""
    return next(move for move in moves(SHOP, lots, world) if holds(move))


def entered(bounds: Bounds = SMALL) -> World:
    """The taker order is out and has filled; the news is in flight."""
    return move_where(start(bounds), lambda move: rows(move) == ["E1"], bounds.lots).world


def rows(move: Move) -> list[str]:
    """The rows that decided in a move."""
    return [event.row for event in move.events if event.row]


def whats(move: Move) -> list[str]:
    """What happened in a move, outside the engine."""
    return [event.what for event in move.events if not event.row]


def fairly(world: World, place: str) -> World:
    """Enter, then follow fair moves, the first of each world, until the pair is in that place."""
    if world.pair.place == "IDLE.ready":
        world = move_where(world, lambda move: rows(move) == ["E1"]).world
    for _ in range(40):
        if world.pair.place == place:
            return thaw(freeze(world, SHOP.policy))
        world = move_where(world, lambda move: move.fair).world
    raise AssertionError(f"{place} was not reached, but {world.pair.place}")


@lru_cache(maxsize=8)
def searched(bounds: Bounds) -> Found:
    """A search in this process."""
    with expanding(bounds, 1) as expand:
        return search(bounds, expand)
