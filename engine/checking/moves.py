"""Every move from a world: what arrives, what fires, what is asked, what a venue does, and what the adversary breaks.

A move is one of these, the pair's decision about it, and what becomes of the requests that leave. Whatever is due
arrives before a timer fires, each channel in its order; what is fresh may be overtaken by one timer; only a fault
holds back more.
Counterparts: `decision` (the pair), `venue` (the venues), `search` (which plays all moves of all worlds).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import msgspec

from actors.actor import Armed
from actors.domain import NS_PER_S
from actors.messages import (
    AnyMessage,
    CloseAsked,
    EmergencyAsked,
    EngineResumed,
    EntryAsked,
    LinkLost,
    LinkUp,
    ReduceAsked,
    TimerFired,
)
from actors.pair_position import PairPosition
from engine.checking import venue
from engine.checking.bounds import LOT, SIGNS, TAKER_SIDE, VENUES
from engine.checking.decision import Shop, decide, messages_of, position
from engine.checking.gone import leg_gone, reached, without_venue
from engine.checking.world import DUE, FRESH, HELD, REQUESTS, Event, Flight, Move, Request, World, changed

ENTRY = "IDLE.ready"
LISTENING = ("IDLE.ready", "IDLE.backoff", "HEDGED.earning")
"""Places in which a pushed position that differs from the books leads to a question."""
HALF = Decimal("0.5")
ASKS: tuple[AnyMessage, ...] = (
    CloseAsked(reason="asked"),
    ReduceAsked(fraction=HALF, reason="asked"),
    EmergencyAsked(reason="asked"),
)

NOT_PLAYED = {
    "FundingPaid": "money alone: every place ignores it",
    "PositionLiquidated": "decided like PositionDeleveraged, which `reductions` holds to",
    "AdlLevelEstimated": "leads where CloseAsked and ReduceAsked lead",
    "LossSocialised": "closes as CloseAsked does, by a row of its own",
    "ActorFaulted": "a step that raises is a complaint already",
    "LeftoverFound": "asks for orders of a closed pair again; what they answer is played as late news",
}
"""Triggers of the chart that no move brings, and why."""


class Lead(NamedTuple):
    """What begins a move: a world in which something has happened, and the messages it brings to the pair."""

    world: World
    event: Event
    messages: tuple[AnyMessage, ...] = ()
    fair: bool = False


def moves(shop: Shop, lots: int, world: World) -> Iterator[Move]:
    """Every move from here, always in the same order."""
    for lead in leads(world, lots, shop):
        yield from _played(shop, lead)


def leads(world: World, lots: int, shop: Shop) -> Iterator[Lead]:
    """What can happen here, before the pair has decided anything."""
    yield from _arrivals(world)
    yield from _links_restored(world)
    yield from _of_their_own(world)
    yield from _timers(world, shop)
    yield from _entries(world, lots)
    if world.asks:
        yield from _asks(world)
    if world.faults:
        yield from _faults(venue.paid(world))
    if world.gone == "may":
        yield from (_goes(world, leg) for leg in (0, 1))


# --- playing -----------------------------------------------------------------------------------------------


def _played(shop: Shop, lead: Lead) -> Iterator[Move]:
    """The pair decides about each message in turn, and every request goes every way it can."""
    ways = [Move(lead.world, (lead.event,), (), lead.fair)]
    for message in lead.messages:
        ways = [after for way in ways for after in _after(shop, way, message)]
    yield from ways


def _after(shop: Shop, way: Move, message: AnyMessage) -> Iterator[Move]:
    decided = decide(shop, way.world, message)
    first = Move(decided.world, (*way.events, decided.event), way.complaints + decided.complaints, way.fair)
    ways = [first]
    for request in decided.requests:
        ways = [after for before in ways for after in _taken_up(before, request)]
    yield from ways


def _taken_up(way: Move, request: Request) -> Iterator[Move]:
    for outcome in venue.outcomes(way.world, request):
        fair = way.fair and not outcome.event.fault
        yield Move(outcome.world, (*way.events, outcome.event), way.complaints, fair)


# --- what costs nothing ------------------------------------------------------------------------------------


def _arrivals(world: World) -> Iterator[Lead]:
    """What is next on each channel arrives, or something held back."""
    due = [flight.channel for flight in world.flights if flight.wait == DUE]
    held = any(flight.wait == HELD for flight in world.flights)
    for flight in next_ones(world):
        fair = flight.channel in due or (not due and (flight.wait == HELD or not held))
        yield from _arrival(without(world, flight), flight, fair)


def _arrival(world: World, flight: Flight, fair: bool) -> Iterator[Lead]:
    if flight.kind not in REQUESTS:
        yield Lead(world, Event("arrives", flight.leg, subject=flight), messages_of(flight, world), fair)
        return
    reaching = venue.arrivals if flight.kind == "submit" else venue.cancellations
    for outcome in reaching(world, flight):
        yield Lead(outcome.world, outcome.event, fair=fair)


def next_ones(world: World) -> list[Flight]:
    """What may arrive now: the first of each channel, and each thing held back. Of equal things one is enough."""
    found: dict[object, Flight] = {}
    for flight in world.flights:
        found.setdefault(flight if flight.wait == HELD else flight.channel, flight)
    return list(found.values())


def without(world: World, flight: Flight) -> World:
    """The world with one such flight less."""
    flights = list(world.flights)
    flights.remove(flight)
    return msgspec.structs.replace(world, flights=tuple(flights))


def _links_restored(world: World) -> Iterator[Lead]:
    fair = all(flight.wait != DUE for flight in world.flights)
    for leg, up in enumerate(world.links):
        if not up and leg != leg_gone(world):
            restored = msgspec.structs.replace(world, links=changed(world.links, leg, True))
            yield Lead(restored, Event("link restored", leg), (LinkUp(venue=VENUES[leg]),), fair)


def _calm(world: World) -> bool:
    """Nothing is due or held back, and both links are up that can be: time may pass in a fair world."""
    return reached(world) and all(flight.wait == FRESH for flight in world.flights)


def _of_their_own(world: World) -> Iterator[Lead]:
    """A resting order fills by a lot; a venue pushes a position that our books do not have."""
    calm = _calm(world)
    for number, mine in enumerate(world.orders):
        leg = 0 if world.pair.orders[number].leg == "taker" else 1
        if mine.status == "open" and leg != leg_gone(world):
            subject = Request("submit", leg, number)
            yield Lead(
                venue.filled_resting(world, number, 1), Event("a resting order fills", leg, 1, subject), fair=calm
            )
    if world.flights or world.pair.place not in LISTENING:
        return
    for leg, lots in enumerate(world.positions):
        if world.links[leg] and lots * LOT != world.pair.legs[leg].position:
            push = position(leg, lots, world.clocks[leg], queried=False)
            yield Lead(world, Event("pushes our position", leg, lots), (push,), calm)


def _timers(world: World, shop: Shop) -> Iterator[Lead]:
    """An armed timer fires once nothing is due; its period passes for everything."""
    if any(flight.wait == DUE for flight in world.flights):
        return
    for armed in world.pair.timers:
        passed = later(world, shop.role.duration_s(world.pair, armed.timer, shop.policy))
        fired = TimerFired(timer=armed.timer, generation=armed.generation)
        yield Lead(passed, Event("time passes"), (fired,), _calm(world))


def later(world: World, seconds: float) -> World:
    """The world some seconds later: orders are nearer to their end, and what was fresh is due."""
    passed_ns = round(seconds * NS_PER_S)
    pair = msgspec.structs.replace(
        world.pair,
        orders=tuple(
            msgspec.structs.replace(order, lapses_ns=order.lapses_ns - passed_ns) for order in world.pair.orders
        ),
    )
    flights = tuple(
        msgspec.structs.replace(flight, wait=DUE) if flight.wait == FRESH else flight for flight in world.flights
    )
    return msgspec.structs.replace(world, pair=pair, flights=flights)


def _entries(world: World, lots: int) -> Iterator[Lead]:
    """The scanner asks for an entry; once an emergency was asked for it is not asked any more."""
    if world.pair.place != ENTRY or world.stopped:
        return
    asked = EntryAsked(
        taker_side=TAKER_SIDE, size=Decimal(lots * LOT), expected_net_usd=Decimal(0), reason="the scanner"
    )
    yield Lead(world, Event("asks", -1, lots), (asked,))


# --- what is asked, and what costs a fault -----------------------------------------------------------------


def _asks(world: World) -> Iterator[Lead]:
    for message in ASKS:
        stopped = world.stopped or isinstance(message, EmergencyAsked)
        asked = msgspec.structs.replace(world, asks=world.asks - 1, stopped=stopped)
        yield Lead(asked, Event("asks"), (message,))


def _faults(world: World) -> Iterator[Lead]:
    """A flight is lost, held back or told twice; lots are taken; a link is cut, or the engine. The fault is paid."""
    for flight in next_ones(world):
        yield from _flight_faults(world, flight)
    for leg in (0, 1):
        yield from _forced(world, leg)
        if "foreign" in world.beyond:
            yield from _foreign(world, leg)
        if world.links[leg]:
            yield _cut(world, leg)
    if "resumed" in world.beyond:
        yield _resumed(world)


def _flight_faults(world: World, flight: Flight) -> Iterator[Lead]:
    rest = without(world, flight)
    held = msgspec.structs.replace(flight, wait=HELD)
    yield Lead(rest, Event("lost", flight.leg, subject=flight, fault=True))
    if flight.wait != HELD:
        yield Lead(venue.told(rest, held, stream=False), Event("held back", flight.leg, subject=flight, fault=True))
    if flight.kind == "submit":
        for outcome in venue.shortfalls(rest, flight):
            yield Lead(outcome.world, outcome.event)
    if flight.kind not in REQUESTS:
        again = venue.told(rest, held, stream=False)
        yield Lead(
            again, Event("arrives, and will again", flight.leg, subject=flight, fault=True), messages_of(flight, world)
        )


def _forced(world: World, leg: int) -> Iterator[Lead]:
    """ADL takes some or all of a leg."""
    held = abs(world.positions[leg])
    mark = world.clocks[leg] + 1
    for lots in range(1, held + 1):
        left = SIGNS[leg] * (held - lots)
        taken = msgspec.structs.replace(
            world, positions=changed(world.positions, leg, left), clocks=changed(world.clocks, leg, mark)
        )
        news = Flight("forced", leg, amount=lots, mark=mark, wait=FRESH)
        yield Lead(venue.told(taken, news), Event("deleverages us", leg, lots, fault=True))


def _foreign(world: World, leg: int) -> Iterator[Lead]:
    """Somebody else takes some or all of a leg: by hand, by `flatten`, or by ADL whose cause nobody tells."""
    held = abs(world.positions[leg])
    for lots in range(1, held + 1):
        taken = msgspec.structs.replace(world, positions=changed(world.positions, leg, SIGNS[leg] * (held - lots)))
        news = Flight("foreign", leg, wait=FRESH)
        yield Lead(venue.told(taken, news), Event("somebody else takes of it", leg, lots, fault=True))


def _resumed(world: World) -> Lead:
    """The engine is cut off and comes back: what was on its way to us is lost. Links that are not up by then are a
    fault of their own."""
    left = tuple(flight for flight in world.flights if flight.wait == HELD)
    away = msgspec.structs.replace(world, flights=left)
    return Lead(away, Event("the engine was away", fault=True), (EngineResumed(silent_since_ns=0),))


def _cut(world: World, leg: int) -> Lead:
    """A link is lost, and with it all that was on its way to us."""
    left = tuple(flight for flight in world.flights if flight.leg != leg or flight.wait == HELD)
    cut = msgspec.structs.replace(world, links=changed(world.links, leg, False), flights=left)
    return Lead(cut, Event("link lost", leg, fault=True), (LinkLost(venue=VENUES[leg], reason="cut"),))


def _goes(world: World, leg: int) -> Lead:
    """A venue goes, and stays away for good; where its link was lost already nobody is told."""
    told = (LinkLost(venue=VENUES[leg], reason="gone"),) if world.links[leg] else ()
    return Lead(without_venue(world, leg), Event("gone for good", leg), told)


def stale_timer(pair: PairPosition) -> TimerFired | None:
    """A firing of a timer that runs, but of a generation that does not."""
    for armed in pair.timers:
        stale = Armed(armed.timer, armed.generation + 1)
        if stale not in pair.timers:
            return TimerFired(timer=stale.timer, generation=stale.generation)
    return None
