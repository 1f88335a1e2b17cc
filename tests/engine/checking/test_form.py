from __future__ import annotations

import msgspec
import pytest

from actors.actor import ActorState
from actors.pair_position.state import Leg, Order, PairPosition
from engine.checking.bounds import Bounds
from engine.checking.form import LIVING, LIVING_LEG, LIVING_ORDER, freeze, pair_part, thaw
from engine.checking.moves import moves
from engine.checking.reductions import is_money
from tests.engine.checking.scenes import SHOP, entered, fairly, start

TOLD_ONLY: dict[type[msgspec.Struct], tuple[str, ...]] = {
    PairPosition: (
        *("actor", "arrived_ns", "episode", "transitions", "generation", "asset", "taker_side", "entry_reason"),
        *(
            "close_reason",
            "close_order",
            "orders_sent",
            "orders_rejected",
            "orders_denied",
            "entered_ns",
            "hedged_ns",
            "closed_ns",
        ),
        *("seen_ns", "naked_ns"),
    ),
    Order: ("id", "reduce_only", "decision_mid"),
    Leg: ("venue", "reported_ns", "adopted_price", "payments", "funding_told"),
}
"""Fields that a form does not hold as they are: constant, relative to others, derived, or of no consequence."""


@pytest.mark.parametrize(
    ("kind", "living"), [(PairPosition, LIVING), (Order, LIVING_ORDER), (Leg, LIVING_LEG)], ids=["pair", "order", "leg"]
)
def test_every_field_is_written_or_known_not_to_matter(kind: type[msgspec.Struct], living: tuple[str, ...]) -> None:
    fields = sorted(name for name in kind.__struct_fields__ if not is_money(name))
    known = sorted((*living, *TOLD_ONLY[kind]))
    assert fields == known, "a field came or went: write it in the form, or say here why it is left out"
    assert set(ActorState.__struct_fields__) <= {*LIVING, *TOLD_ONLY[PairPosition]}


def test_a_form_read_and_written_again_is_the_same() -> None:
    world = start()
    for place in ("TAKER_FILLED.maker_in_flight", "MAKER_PENDING.resting", "HEDGED.earning"):
        world = fairly(world, place)
        for move in moves(SHOP, 2, world):
            form = freeze(move.world, SHOP.policy)
            assert freeze(thaw(form), SHOP.policy) == form


def test_budgets_stand_at_the_end() -> None:
    bounds = (Bounds(faults=2, asks=1, beyond=()), Bounds(faults=0, beyond=()))
    rich, poor = (freeze(start(each), SHOP.policy) for each in bounds)
    assert rich[:-2] == poor[:-2]
    assert (tuple(rich[-2:]), thaw(rich).faults, thaw(rich).asks) == ((2, 1), 2, 1)


def test_a_pair_that_was_hedged_and_one_that_was_not_are_different() -> None:
    world = fairly(start(), "HEDGED.earning")
    unconfirmed = msgspec.structs.replace(world.pair, maker=msgspec.structs.replace(world.pair.maker, confirmed_ns=0))
    other = msgspec.structs.replace(world, pair=unconfirmed)
    assert freeze(thaw(freeze(world, SHOP.policy)), SHOP.policy) == freeze(world, SHOP.policy)
    verifying = msgspec.structs.replace(world.pair, place="HEDGED.rechecking", arrived_ns=1)
    sure = msgspec.structs.replace(
        world, pair=msgspec.structs.replace(verifying, maker=msgspec.structs.replace(verifying.maker, confirmed_ns=2))
    )
    unsure = msgspec.structs.replace(other, pair=msgspec.structs.replace(unconfirmed, place="HEDGED.rechecking"))
    assert freeze(sure, SHOP.policy) != freeze(unsure, SHOP.policy)


def test_the_pair_alone_does_not_depend_on_the_venues() -> None:
    world = entered()
    elsewhere = msgspec.structs.replace(world, positions=(0, 0), flights=(), faults=0)
    assert pair_part(world, SHOP.policy) == pair_part(elsewhere, SHOP.policy)
