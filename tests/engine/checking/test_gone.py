"""A venue that stays away for good: nothing comes of it any more, and rest is what can still be known."""

from __future__ import annotations

from msgspec.structs import replace

from actors.commands import RaiseAlarm
from actors.messages import LinkLost
from engine.checking.bounds import Bounds
from engine.checking.gone import leg_gone, named, noted, reached, untellable, without_venue
from engine.checking.moves import leads
from engine.checking.properties import settled
from engine.checking.world import Flight, World
from tests.engine.checking.scenes import SHOP, SMALL, entered, fairly, start

MAY = replace(SMALL, faults=0, asks=0, gone=1)
ALARM = (RaiseAlarm(severity="critical", code="order_in_doubt", text=""),)


def departures(world: World) -> list[World]:
    return [lead.world for lead in leads(world, 2, SHOP) if lead.event.what == "gone for good"]


def hedged() -> World:
    return replace(fairly(start(), "HEDGED.earning"), gone="may", faults=0, asks=0)


def test_one_venue_may_go_once_and_the_pair_hears_that_its_link_is_lost() -> None:
    assert [world.gone for world in departures(start(MAY))] == ["taker", "maker"]
    assert departures(start(SMALL)) == departures(departures(start(MAY))[0]) == []
    told = [lead.messages for lead in leads(start(MAY), 2, SHOP) if lead.event.what == "gone for good"]
    assert [type(message) for messages in told for message in messages] == [LinkLost, LinkLost]


def test_nothing_on_its_way_there_or_from_there_arrives() -> None:
    world = replace(entered(), gone="may")
    assert [flight.leg for flight in world.flights] == [0, 0]
    assert without_venue(world, 0).flights == ()
    assert without_venue(world, 1).flights == world.flights


def test_its_link_is_never_restored_and_time_passes_without_it() -> None:
    gone = without_venue(hedged(), 0)
    assert reached(gone)
    assert not reached(replace(gone, links=(False, False)))
    assert not [lead for lead in leads(gone, 2, SHOP) if lead.event.what == "link restored"]
    assert [lead for lead in leads(gone, 2, SHOP) if lead.event.what == "time passes" and lead.fair]


def test_a_resting_order_there_fills_no_more() -> None:
    resting = replace(fairly(start(), "MAKER_PENDING.resting"), gone="may")
    filling = [lead for lead in leads(resting, 2, SHOP) if lead.event.what == "a resting order fills"]
    assert filling
    gone = without_venue(resting, 1)
    assert not [lead for lead in leads(gone, 2, SHOP) if lead.event.what == "a resting order fills"]


def test_hedged_as_far_as_anybody_can_know_is_rest() -> None:
    gone = without_venue(hedged(), 0)
    assert settled(gone)
    taken = replace(gone, positions=(0, gone.positions[1]))
    assert untellable(taken, 0)
    assert settled(taken)
    assert not untellable(taken, 1)
    assert not settled(replace(gone, positions=(gone.positions[0], 0)))


def test_a_fill_of_ours_that_the_books_do_not_have_is_no_rest_without_an_alarm() -> None:
    gone = without_venue(replace(entered(), gone="may"), 0)
    assert not untellable(gone, 0)
    assert not settled(gone)
    assert settled(noted(gone, ALARM, at_rest=False))


def test_an_alarm_is_no_rest_while_the_books_know_the_leg_that_can_be_reached_to_be_naked() -> None:
    gone = noted(without_venue(hedged(), 0), ALARM, at_rest=False)
    assert named(gone)
    flat = replace(gone.pair, taker=replace(gone.pair.taker, position=gone.pair.taker.position * 0))
    assert not named(replace(gone, pair=flat))


def test_an_alarm_stands_until_the_pair_is_at_rest() -> None:
    world = noted(hedged(), ALARM, at_rest=False)
    assert noted(world, (), at_rest=False).alarmed
    assert not noted(world, (), at_rest=True).alarmed
    assert not noted(start(SMALL), ALARM, at_rest=False).alarmed


def test_a_stranded_leg_is_rest_only_if_its_alarm_was_raised() -> None:
    gone = without_venue(hedged(), 0)
    stranded = replace(gone, pair=replace(gone.pair, place="EMERGENCY.stranded"))
    assert not settled(stranded)
    assert settled(noted(stranded, ALARM, at_rest=False))


def test_a_bound_that_lets_none_go_plays_none() -> None:
    assert leg_gone(start(Bounds())) == leg_gone(start(MAY)) == -1
    assert not any(flight for flight in start(MAY).flights if isinstance(flight, Flight))
