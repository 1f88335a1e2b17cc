from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import Step
from actors.commands import AdoptPosition, AnyCommand
from actors.messages import AnyMessage, CloseAsked, EmergencyAsked
from actors.pair_position import PairPosition
from engine.checking import properties
from engine.checking.bounds import VENUES
from engine.checking.decision import decide
from engine.checking.world import VenueOrder, World
from tests.engine.checking.scenes import SHOP, entered, fairly, start

CLOSE: AnyMessage = CloseAsked(reason="asked")


def complaints(world: World, message: AnyMessage, after: PairPosition, *commands: AnyCommand) -> list[str]:
    """What is said of a step that leads there, by the number of the invariant."""
    found = properties.of_step(world, message, Step(after, "made up", commands), SHOP.policy)
    return sorted(text[0] for text in found)


def held() -> World:
    return fairly(start(), "HEDGED.earning")


def test_what_the_shipped_pair_does_is_not_complained_of() -> None:
    assert decide(SHOP, held(), CLOSE).complaints == ()
    assert properties.of_world(held(), 2) == ()


def test_1_a_naked_leg_without_timer_or_order_is_complained_of() -> None:
    world = held()
    naked = msgspec.structs.replace(
        world.pair, maker=msgspec.structs.replace(world.pair.maker, position=Decimal(0)), timers=()
    )
    assert complaints(world, CLOSE, naked) == ["1"]


def test_2_a_second_outcome_and_a_second_order_on_a_leg_are_complained_of() -> None:
    world = entered()
    ended = msgspec.structs.replace(world.pair.orders[0], place="REJECTED")
    before = msgspec.structs.replace(world, pair=msgspec.structs.replace(world.pair, orders=(ended,)))
    again = msgspec.structs.replace(world.pair, orders=(msgspec.structs.replace(ended, place="OPEN"),))
    assert complaints(before, CLOSE, again) == ["2"]
    twice = decide(SHOP, held(), CLOSE)
    sent = [command for command in twice.event.commands if type(command).__name__ == "SubmitOrder"]
    assert "2" in complaints(twice.world, CLOSE, twice.world.pair, *sent)


def test_3_a_closing_order_too_large_or_not_reduce_only_is_complained_of() -> None:
    world = held()
    decided = decide(SHOP, world, CLOSE)
    order = next(command for command in decided.event.commands if type(command).__name__ == "SubmitOrder")
    for change in ({"size": Decimal(30)}, {"reduce_only": False}):
        wrong = msgspec.structs.replace(order, **change)
        assert complaints(world, CLOSE, decided.world.pair, wrong) == ["3"]


def test_3_books_that_count_more_than_the_venue_filled_are_complained_of() -> None:
    world = entered()
    counted = msgspec.structs.replace(world.pair.orders[0], filled_seen=Decimal(20))
    unfilled = msgspec.structs.replace(world, orders=(VenueOrder("over", (1,)),))
    assert complaints(unfilled, CLOSE, msgspec.structs.replace(world.pair, orders=(counted,))) == ["3"]


def test_3_a_size_nobody_said_is_not_adopted() -> None:
    world = held()
    adopt = AdoptPosition(venue=VENUES[0], asset="BTC", size=Decimal(0))
    assert complaints(world, CLOSE, world.pair, adopt) == ["3"]


def test_4_more_than_was_entered_is_complained_of() -> None:
    over = msgspec.structs.replace(held(), positions=(-3, 2))
    assert [text[0] for text in properties.of_world(over, 2)] == ["4"]
    wrong = msgspec.structs.replace(held(), positions=(1, 2))
    assert [text[0] for text in properties.of_world(wrong, 2)] == ["4"]


def test_5_an_emergency_that_is_not_answered_is_complained_of() -> None:
    world = held()
    assert complaints(world, EmergencyAsked(reason="asked"), world.pair) == ["5"]
    assert properties.of_emergency(world.pair)
    closing = msgspec.structs.replace(world.pair, place="EMERGENCY.closing")
    assert complaints(world, CLOSE, closing) == ["5"], "nothing was sent for the legs"


def test_6_hedged_and_closed_are_earned() -> None:
    world = fairly(start(), "MAKER_PENDING.verifying")
    hedged = msgspec.structs.replace(world.pair, place="HEDGED.earning")
    assert complaints(world, CLOSE, hedged) == ["6"]


def test_only_a_world_that_is_flat_or_hedged_in_truth_is_at_rest() -> None:
    world = held()
    assert properties.settled(world)
    assert not properties.settled(msgspec.structs.replace(world, positions=(-2, 1)))
    assert not properties.settled(msgspec.structs.replace(world, links=(True, False)))
    assert not properties.settled(entered())


def test_an_order_left_alive_after_the_end_is_complained_of() -> None:
    world = fairly(start(), "MAKER_PENDING.resting")
    closed = msgspec.structs.replace(world, pair=msgspec.structs.replace(world.pair, place="CLOSED.flat"), flights=())
    assert "2" in [text[0] for text in properties.of_world(closed, 2)]
