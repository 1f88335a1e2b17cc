from __future__ import annotations

import msgspec

from actors import pair_position
from engine.checking.bounds import Bounds
from engine.checking.moves import NOT_PLAYED, later, moves, next_ones, stale_timer
from engine.checking.world import DUE, FRESH, HELD, Flight, World
from tests.engine.checking.scenes import SHOP, entered, fairly, move_where, rows, start, whats

BARE = Bounds(lots=2, faults=0, asks=0)


def held_back(world: World) -> World:
    return msgspec.structs.replace(
        world, flights=tuple(msgspec.structs.replace(flight, wait=HELD) for flight in world.flights)
    )


def test_an_exploration_begins_with_an_entry_and_nothing_else_is_fair() -> None:
    found = list(moves(SHOP, 2, start(BARE)))
    assert [rows(move) for move in found] == [["E1"]]


def test_nothing_due_is_overtaken_by_a_timer() -> None:
    world = entered(BARE)
    assert all("time passes" not in whats(move) for move in moves(SHOP, 2, world))
    assert any("time passes" in whats(move) for move in moves(SHOP, 2, held_back(world)))


def test_what_is_fresh_may_be_overtaken_once() -> None:
    world = entered(BARE)
    fresh = tuple(msgspec.structs.replace(flight, wait=FRESH) for flight in world.flights)
    move = move_where(msgspec.structs.replace(world, flights=fresh), lambda move: "time passes" in whats(move))
    assert not [flight for flight in move.world.flights if flight.wait == FRESH]


def test_time_brings_orders_nearer_to_their_end() -> None:
    world = entered(BARE)
    before, after = world.pair.orders[0].lapses_ns, later(world, 1.0).pair.orders[0].lapses_ns
    assert before - after == 10**9


def test_each_venue_is_heard_in_order_and_what_is_held_back_at_any_time() -> None:
    first, second = Flight("filled", 0, 0), Flight("done", 0, 0)
    held = Flight("filled", 0, 1, wait=HELD)
    world = msgspec.structs.replace(start(), flights=(held, first, second))
    assert next_ones(world) == [held, first]


def test_a_fault_can_lose_delay_or_double_what_a_venue_says_and_is_paid_for() -> None:
    world = entered(Bounds(lots=2, faults=1, asks=0))
    paid = [move for move in moves(SHOP, 2, world) if move.events[0].fault]
    assert {move.events[0].what for move in paid} >= {"lost", "held back", "arrives, and will again", "link lost"}
    assert {move.world.faults for move in paid} == {0}
    assert not any(move.fair for move in paid)


def test_adl_takes_any_part_of_a_leg() -> None:
    world = fairly(start(), "HEDGED.earning")
    taken = [move for move in moves(SHOP, 2, world) if "deleverages us" in whats(move)]
    assert [move.world.positions for move in taken] == [(-1, 2), (0, 2), (-2, 1), (-2, 0)]


def test_a_lost_link_loses_what_was_on_its_way() -> None:
    move = move_where(entered(), lambda move: "link lost" in whats(move))
    assert (move.world.links, move.world.flights) == ((False, True), ())


def test_an_emergency_once_asked_for_is_remembered_and_no_entry_is_asked_for() -> None:
    world = msgspec.structs.replace(start(), stopped=True, faults=0, asks=0)
    assert list(moves(SHOP, 2, world)) == []
    asked = [move for move in moves(SHOP, 2, entered()) if whats(move)[0] == "asks"]
    assert [move.world.stopped for move in asked].count(True) == 1


def test_a_fair_move_waits_for_what_was_held_back() -> None:
    world = held_back(entered(BARE))
    fair = [whats(move)[0] for move in moves(SHOP, 2, world) if move.fair]
    assert set(fair) == {"arrives"}


def test_a_stale_timer_is_one_that_does_not_run() -> None:
    pair = entered().pair
    stale = stale_timer(pair)
    assert stale is not None
    assert (stale.timer, stale.generation) not in [(armed.timer, armed.generation) for armed in pair.timers]
    assert stale_timer(start().pair) is None
    assert Flight("filled", 0).wait == DUE


PLAYED = (
    *("EntryAsked", "OrderProgressed", "OrderSettled", "OrderInDoubt", "OrderCorrected", "OrderRepeated"),
    *("CancelRejected", "PositionConfirmed", "PositionDiffers", "PositionDrifted", "PositionNoted"),
    *("PositionDeleveraged", "ReduceAsked", "CloseAsked", "EmergencyAsked", "LinkLost", "LinkUp"),
    *("ForeignFilled", "EngineResumed", "QueryFailed"),
)


def test_every_trigger_of_the_chart_is_played_or_known_not_to_be() -> None:
    others = [name for name in pair_position.ROLE.chart.triggers if not name.startswith("timer:")]
    assert sorted(others) == sorted((*PLAYED, *NOT_PLAYED)), "a trigger came or went: play it, or say why not"


def test_what_is_not_played_is_ignored_everywhere() -> None:
    for place, cells in pair_position.ROLE.table.items():
        assert [choice.row for choice in cells["FundingPaid"]] == [f"ignore:{place}:FundingPaid"]


def test_somebody_else_may_take_any_part_of_a_leg_and_it_is_told_as_no_order_of_ours() -> None:
    world = fairly(start(), "HEDGED.earning")
    taken = [move for move in moves(SHOP, 2, world) if "somebody else takes of it" in whats(move)]
    assert [move.world.positions for move in taken] == [(-1, 2), (0, 2), (-2, 1), (-2, 0)]
    assert {flight.kind for move in taken for flight in move.world.flights} == {"foreign"}
    assert rows(move_where(taken[0].world, lambda move: "arrives" in whats(move))) == ["H14"]


def test_an_engine_that_was_away_missed_what_was_on_its_way() -> None:
    move = move_where(entered(), lambda move: "the engine was away" in whats(move))
    assert rows(move) == ["Q2"]
    assert [flight.kind for flight in move.world.flights] == ["answer"]


def test_further_faults_are_played_only_where_they_are_asked_for() -> None:
    world = fairly(start(Bounds(beyond=())), "HEDGED.earning")
    found = [what for move in moves(SHOP, 2, world) for what in whats(move)]
    assert not {"somebody else takes of it", "the engine was away", "the question fails"} & {*found}
