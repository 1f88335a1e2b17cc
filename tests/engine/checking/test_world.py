from __future__ import annotations

from engine.checking.bounds import Bounds
from engine.checking.world import HELD, Flight, VenueOrder, changed, starts


def test_a_search_begins_with_the_leg_or_legs_that_close_first() -> None:
    assert [world.pair.first_to_close for world in starts(Bounds(first="both"))] == ["taker", "maker"]
    world, *others = starts(Bounds(faults=3, asks=2))
    assert (world.faults, world.asks, world.positions, others) == (3, 2, (0, 0), [])


def test_a_venue_is_heard_in_order_but_for_what_is_held_back() -> None:
    assert [Flight("filled", leg).channel for leg in (0, 1)] == [0, 1]
    assert Flight("filled", 1, wait=HELD).channel == -1


def test_an_order_has_filled_the_sum_of_its_fills() -> None:
    assert (VenueOrder().filled, VenueOrder("over", (2, 1)).filled) == (0, 3)


def test_one_leg_changes_alone() -> None:
    assert (changed((1, 2), 0, 5), changed((1, 2), 1, 5)) == ((5, 2), (1, 5))
