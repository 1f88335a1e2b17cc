from __future__ import annotations

import msgspec
import pytest

from actors.messages import CloseAsked
from engine.checking.decision import decide
from engine.checking.venue import cancellations, filled_resting, outcomes
from engine.checking.world import FRESH, Request, World
from tests.engine.checking.scenes import SHOP, fairly, start


def closing() -> World:
    """The first closing order has left and has not arrived."""
    return decide(SHOP, fairly(start(), "HEDGED.earning"), CloseAsked(reason="asked")).world


def resting() -> World:
    """The maker order rests."""
    return fairly(start(), "MAKER_PENDING.resting")


def test_an_ioc_fills_all_it_may_for_nothing_and_less_for_a_fault() -> None:
    world = closing()
    ways = list(outcomes(world, Request("submit", 1, len(world.orders) - 1)))
    free = [way for way in ways if not way.event.fault]
    assert [(way.event.what, way.world.positions) for way in free] == [("fills", (-2, 0))]
    assert {way.event.amount for way in ways if way.event.what == "fills only"} == {0, 1}
    assert all(way.world.faults == world.faults - way.event.fault for way in ways)


def test_a_reduce_only_order_never_fills_beyond_the_position() -> None:
    world = msgspec.structs.replace(closing(), positions=(-2, 1), faults=0)
    (way,) = outcomes(world, Request("submit", 1, len(world.orders) - 1))
    assert (way.world.positions, way.world.flights[-1].word) == ((-2, 0), "reduce_only_canceled")
    (way,) = outcomes(msgspec.structs.replace(world, positions=(-2, 0)), Request("submit", 1, len(world.orders) - 1))
    assert (way.event.what, way.world.flights[-1].word) == ("refused: nothing to reduce", "reduce_only")


def test_an_order_that_arrives_after_its_time_is_refused() -> None:
    world = closing()
    late = tuple(msgspec.structs.replace(order, lapses_ns=0) for order in world.pair.orders)
    world = msgspec.structs.replace(world, pair=msgspec.structs.replace(world.pair, orders=late), faults=0)
    (way,) = outcomes(world, Request("submit", 1, len(world.orders) - 1))
    assert (way.world.positions, way.world.flights[-1].word) == (world.positions, "expired")


def test_a_cancel_races_every_number_of_fills() -> None:
    world = resting()
    ways = list(cancellations(world, Request("cancel", 1, len(world.orders) - 1)))
    assert [way.world.positions[1] for way in ways] == [0, 1, 2]
    assert [way.world.flights[-1].kind for way in ways] == ["done", "done", "cancel_rejected"]
    assert [way.world.orders[-1].filled for way in ways] == [0, 1, 2]


def test_news_of_a_resting_order_may_be_overtaken_by_a_timer() -> None:
    world = filled_resting(resting(), len(resting().orders) - 1, 2)
    assert [(flight.kind, flight.wait) for flight in world.flights] == [
        ("filled", FRESH),
        ("filled", FRESH),
        ("done", FRESH),
    ]
    assert world.orders[-1].status == "over"


@pytest.mark.parametrize("kind", ["query_order", "query_position", "cancel"])
def test_while_a_link_is_down_nothing_is_answered(kind: str) -> None:
    world = msgspec.structs.replace(resting(), links=(True, False))
    request = Request(kind, 1, len(world.orders) - 1)  # type: ignore[arg-type]
    (way,) = outcomes(world, request)
    assert "no link" in way.event.what
    assert way.world.positions == world.positions
    assert way.world.orders == world.orders


def test_a_venue_denies_an_order_it_has_only_for_a_fault() -> None:
    world = resting()
    ways = list(outcomes(world, Request("query_order", 1, len(world.orders) - 1)))
    assert [(way.event.what, way.event.fault) for way in ways] == [
        ("answered", False),
        ("no answer", True),
        ("the question fails", True),
        ("answered: no such order", True),
    ]


def test_the_end_is_told_short_only_where_that_is_allowed() -> None:
    def short(stale: bool) -> list[str]:
        world = msgspec.structs.replace(closing(), stale=stale)
        ways = outcomes(world, Request("submit", 1, len(world.orders) - 1))
        return [way.event.what for way in ways if "short" in way.event.what]

    assert short(True)
    assert not short(False)
