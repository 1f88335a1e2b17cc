"""What one process of the search does: expands worlds by their forms. Counterpart: `search`, which numbers them."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from actors.messages import EmergencyAsked, Envelope
from engine.checking import properties
from engine.checking.bounds import ACTOR, BOARDS, NOW_NS, Bounds
from engine.checking.decision import Shop
from engine.checking.form import freeze, pair_part, thaw
from engine.checking.moves import moves, stale_timer
from engine.checking.world import World

DIGEST_BYTES = 12
BUDGETS = 2
"""Bytes at the end of a form that hold what is left of the budgets."""


class Successor(NamedTuple):
    """Where a move leads: the number of the move, its form (empty when told before in this lot), and whether fair."""

    move: int
    digest: bytes
    form: bytes
    faults: int
    asks: int
    fair: bool


class Expansion(NamedTuple):
    """All about one world: whether it is at rest, what is wrong (move number, -1 for the world), where it leads."""

    settled: bool
    complaints: tuple[tuple[int, str], ...]
    successors: tuple[Successor, ...]


def digest_of(form: bytes) -> bytes:
    """A short name of a form, budgets left out."""
    return hashlib.blake2b(form[:-BUDGETS], digest_size=DIGEST_BYTES).digest()


class Expander:
    """Expands worlds for one shop; remembers which pairs it has asked the questions every pair is asked."""

    def __init__(self, shop: Shop, bounds: Bounds) -> None:
        self.shop = shop
        self.bounds = bounds
        self._asked: dict[bytes, None] = {}

    def expand(self, forms: list[bytes]) -> list[Expansion]:
        """One expansion for each form, in order."""
        told: dict[bytes, None] = {}
        return [self._expand(form, told) for form in forms]

    def _expand(self, form: bytes, told: dict[bytes, None]) -> Expansion:
        world = thaw(form)
        complaints = [(-1, text) for text in self._of_world(world)]
        successors: list[Successor] = []
        seen: dict[tuple[bytes, bool], None] = {}
        for number, move in enumerate(moves(self.shop, self.bounds.lots, world)):
            if move.complaints:
                complaints += [(number, text) for text in move.complaints]
                continue
            after = freeze(move.world, self.shop.policy)
            if (after, move.fair) in seen or (not move.fair and after[:-BUDGETS] == form[:-BUDGETS]):
                continue
            seen[after, move.fair] = None
            digest = digest_of(after)
            known = after in told
            told[after] = None
            left = (move.world.faults, move.world.asks)
            successors.append(Successor(number, digest, b"" if known else after, *left, move.fair))
        return Expansion(properties.settled(world), tuple(complaints), tuple(successors))

    # --- what every world, and every pair, is asked --------------------------------------------------------

    def _of_world(self, world: World) -> list[str]:
        found = list(properties.of_world(world, self.bounds.lots))
        part = pair_part(world, self.shop.policy)
        if part not in self._asked:
            self._asked[part] = None
            found += self._of_pair(world)
        return found

    def _of_pair(self, world: World) -> list[str]:
        """An emergency is answered from here, and a timer that does not run is not obeyed."""
        pair, board = world.pair, BOARDS[world.links]
        asked = Envelope(seq=1, at_ns=NOW_NS, to=ACTOR, cause=0, message=EmergencyAsked(reason="asked"))
        found = []
        try:
            found += properties.of_emergency(self.shop.role.step(pair, asked, board, self.shop.policy).state)
            stale = stale_timer(pair)
            if stale is not None:
                fired = Envelope(seq=1, at_ns=NOW_NS, to=ACTOR, cause=0, message=stale)
                found += properties.of_stale(pair, self.shop.role.step(pair, fired, board, self.shop.policy))
        except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked for
            found.append(f"0 the step raised: {type(error).__name__}: {error}")
        return found
