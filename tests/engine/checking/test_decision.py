from __future__ import annotations

import msgspec

from actors.messages import CloseAsked, EmergencyAsked, OrderAccepted, OrderDone, OrderFilled
from engine.checking.decision import decide, messages_of
from engine.checking.world import Flight, Request
from tests.engine.checking.scenes import SHOP, entered, fairly, start


def test_the_shipped_step_decides_and_its_commands_become_requests() -> None:
    held = fairly(start(), "HEDGED.earning")
    decided = decide(SHOP, held, CloseAsked(reason="asked"))
    assert (decided.event.row, decided.world.pair.place) == ("X3", "CLOSING.first_leg")
    assert decided.requests == (Request("submit", 1, len(held.pair.orders)),)
    assert decided.complaints == ()
    assert len(decided.world.orders) == len(decided.world.pair.orders)


def test_an_emergency_asks_both_venues_for_everything_at_once() -> None:
    decided = decide(SHOP, fairly(start(), "HEDGED.earning"), EmergencyAsked(reason="asked"))
    assert [request.kind for request in decided.requests] == ["cancel_all", "cancel_all", "submit", "submit"]


def test_a_step_that_raises_is_a_complaint_and_changes_nothing() -> None:
    world = entered()
    broken = msgspec.structs.replace(world, pair=msgspec.structs.replace(world.pair, place="NOWHERE"))
    decided = decide(SHOP, broken, CloseAsked(reason="asked"))
    assert decided.complaints == ("0 the step raised: KeyError: 'NOWHERE'",)
    assert decided.world == broken


def test_an_answer_tells_every_fill_by_its_id_and_then_how_the_order_stands() -> None:
    world = entered()
    open_answer = messages_of(Flight("answer", 0, 0, 2, word="open", fills=(1, 1)), world)
    assert [type(message) for message in open_answer] == [OrderFilled, OrderFilled, OrderAccepted]
    assert [message.fill_id for message in open_answer if isinstance(message, OrderFilled)] == ["0", "1"]
    ended = messages_of(Flight("answer", 0, 0, 2, word="filled", fills=(2,)), world)[-1]
    assert isinstance(ended, OrderDone)
    assert ended.filled == 20
