"""Makes a failing world smaller, as long as it fails the same way: delta debugging over what befalls it.

First whole misfortunes are left out (turns, rules, acts, deaths), then single strikes of the rules that are left, then
assets, venues and whatever else makes a world large. Counterparts: `trial`, which plays each attempt; `slicing`, which
does the like with the journal of what is left. Method: Zeller and Hildebrandt, "Simplifying and Isolating
Failure-Inducing Input", 2002 (ddmin).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import NamedTuple, TypeVar

import msgspec

from engine.fuzzing.trial import Failure, Played, play_once, try_world
from engine.fuzzing.world import World
from engine.simulators.faults import FaultRule, Skew

T = TypeVar("T")
PARTS = ("turns", "rules", "acts", "deaths")
TRIALS_MOST = 250
STRIKES_MOST = 300
"""Strikes of one rule that are told apart; a rule with more of them stays as it is."""
REPEATED = "repeated"
Fails = Callable[[World], bool]


class Budget:
    """How much may still be tried: so many trials, and none after a time."""

    def __init__(self, most: int = TRIALS_MOST, ends_s: float | None = None) -> None:
        """`ends_s` is of the monotonic clock."""
        self.left, self.used = most, 0
        self._ends_s = ends_s

    def take(self, cost: int = 1) -> bool:
        """Whether one more may be tried; counts it."""
        if self.left < cost or (self._ends_s is not None and monotonic() > self._ends_s):
            return False
        self.left -= cost
        self.used += 1
        return True


class Shrunk(NamedTuple):
    """The smallest world found, what fails in it, and how many were tried."""

    world: World
    failure: Failure
    tried: int


def ddmin(items: list[T], fails: Callable[[list[T]], bool], budget: Budget) -> list[T]:
    """A part of `items` that still fails, of which no single one can be left out, unless the budget ends before.

    `fails(items)` is taken for true.
    """
    pieces = 2
    while items and budget.left:
        smaller = _smaller(items, min(pieces, len(items)), fails, budget)
        if smaller is not None:
            items, pieces = smaller, max(2, pieces - 1)
        elif pieces >= len(items):
            break
        else:
            pieces *= 2
    return items


def _smaller(items: list[T], pieces: int, fails: Callable[[list[T]], bool], budget: Budget) -> list[T] | None:
    """The first of the parts with one piece left out that still fails."""
    bounds = [len(items) * number // pieces for number in range(pieces + 1)]
    for low, high in reversed(list(pairwise(bounds))):
        part = items[:low] + items[high:]
        if not budget.take():
            return None
        if fails(part):
            return part
    return None


def shrink(world: World, failure: Failure, budget: Budget) -> Shrunk:
    """The smallest world found that fails as `world` does."""
    used = budget.used
    latest = [failure]

    def fails(candidate: World) -> bool:
        found = _failure(candidate, repeat=failure.rule == REPEATED)
        if not failure.same_as(found):
            return False
        assert found is not None
        latest[0] = found
        return True

    world = _without_parts(world, fails, budget)
    world = _without_strikes(world, fails, budget)
    world = _plainer(world, fails, budget)
    return Shrunk(world, latest[0], budget.used - used)


def _failure(world: World, *, repeat: bool) -> Failure | None:
    if repeat:
        return try_world(world).failure
    with tempfile.TemporaryDirectory(prefix="perp2perp-fuzz-") as made:
        return play_once(world, Path(made) / "once").failure


# --- whole misfortunes -------------------------------------------------------------------------------------


def _without_parts(world: World, fails: Fails, budget: Budget) -> World:
    parts = [(name, number) for name in PARTS for number in range(len(getattr(world, name)))]
    kept = ddmin(parts, lambda some: fails(_only(world, some)), budget)
    return _only(world, kept)


def _only(world: World, parts: list[tuple[str, int]]) -> World:
    """The world with these of its misfortunes."""
    changes = {
        name: tuple(part for number, part in enumerate(getattr(world, name)) if (name, number) in parts)
        for name in PARTS
    }
    return msgspec.structs.replace(world, **changes)


# --- single strikes ----------------------------------------------------------------------------------------


def _without_strikes(world: World, fails: Fails, budget: Budget) -> World:
    """Rules that strike by chance, or always, become rules that strike these messages; then fewer of them."""
    exact = _exact(world)
    if exact == world or not budget.take() or not fails(exact):
        return world
    strikes = [(number, nth) for number, rule in enumerate(exact.rules) for nth in rule.nth]
    kept = ddmin(strikes, lambda some: fails(_striking(exact, some)), budget)
    return _striking(exact, kept)


def _exact(world: World) -> World:
    with tempfile.TemporaryDirectory(prefix="perp2perp-fuzz-") as made:
        played = play_once(world, Path(made) / "once")
    rules = tuple(exact for rule in world.rules for exact in _exact_rules(world, rule, played))
    return msgspec.structs.replace(world, rules=rules)


def _exact_rules(world: World, rule: FaultRule, played: Played) -> Iterator[FaultRule]:
    """One rule for each venue it struck, naming the strikes."""
    if isinstance(rule.fault, Skew):
        yield rule
        return
    exact = []
    for venue, simulated in played.lives.simulated.items():
        nth = tuple(n for n in range(1, simulated.met(rule.name) + 1) if rule.strikes(world.seed, n))[: rule.at_most]
        if nth:
            name = f"{rule.name} ({venue.value})"
            changes = {"name": name, "venue": venue.value, "nth": nth, "every": None, "probability": None}
            exact.append(msgspec.structs.replace(rule, **changes, at_most=None))
    yield from exact if sum(len(each.nth) for each in exact) <= STRIKES_MOST else (rule,)


def _striking(world: World, strikes: list[tuple[int, int]]) -> World:
    """The world with these strikes of its rules; a rule that names none stays."""
    rules = []
    for number, rule in enumerate(world.rules):
        nth = tuple(n for n in rule.nth if (number, n) in strikes)
        if nth or not rule.nth:
            rules.append(msgspec.structs.replace(rule, nth=nth))
    return msgspec.structs.replace(world, rules=tuple(rules))


# --- plainer -----------------------------------------------------------------------------------------------


def _plainer(world: World, fails: Fails, budget: Budget) -> World:
    """One simplification after the other, each kept if it still fails."""
    progress = True
    while progress:
        progress = False
        for candidate in _plainer_worlds(world):
            if not budget.take():
                return world
            if fails(candidate):
                world, progress = candidate, True
                break
    return world


def _plainer_worlds(world: World) -> Iterator[World]:
    replace = msgspec.structs.replace
    if len(world.assets) > 1:
        yield from (_without_asset(world, asset) for asset in world.assets)
    if len(world.venues) > 2:
        for left_out in world.venues:
            yield replace(world, venues=tuple(venue for venue in world.venues if venue is not left_out))
    for changes in ({"disk": None}, {"pairs_most": 1}, {"tight": False}, {"wary": False}, {"wobble_bps": 0.0}):
        candidate = replace(world, **changes)
        if candidate != world:
            yield candidate


def _without_asset(world: World, asset: str) -> World:
    return msgspec.structs.replace(
        world,
        prices={name: price for name, price in world.prices.items() if name != asset},
        looks=tuple(look for look in world.looks if look.asset != asset),
        turns=tuple(turn for turn in world.turns if turn.asset != asset),
        acts=tuple(act for act in world.acts if getattr(act, "asset", "") != asset),
    )
