"""What the canonical form leaves out, held to the truth: whatever is left out must not change what can happen.

Each reduction comes with a way to disturb a world in what it leaves out. The disturbed world must have the same form,
and every move from both, for some moves on, must be decided by the same rows and lead to the same forms. Sampled over
worlds of a search; counterpart: `form`, which leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from actors.actor import Armed
from actors.commands import SubmitOrder
from actors.domain import Side
from actors.messages import (
    AnyMessage,
    EntryAsked,
    Envelope,
    ForeignFilled,
    OrderFilled,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
)
from actors.pair_position import PairPosition
from actors.pair_position.state import LEGS, Leg, Order
from engine.checking.bounds import ACTOR, BOARDS, IDS, NOW_NS
from engine.checking.decision import Shop
from engine.checking.form import freeze, thaw
from engine.checking.moves import moves
from engine.checking.world import Flight, Move, VenueOrder, World

Future = tuple[Any, ...]
HOUR_NS = 3_600_000_000_000


class Reduction(NamedTuple):
    """What is left out, and a world that differs in nothing else (None where there is nothing to disturb)."""

    doc: str
    disturbed: Callable[[World], World | None]


# --- futures -----------------------------------------------------------------------------------------------


def future(shop: Shop, lots: int, world: World, steps: int) -> Future:
    """All that can happen within so many moves: rows, complaints, fairness and forms, in no order."""
    if not steps:
        return ()
    found = [_told(shop, lots, move, steps) for move in moves(shop, lots, world)]
    return tuple(sorted(found, key=repr))


def _told(shop: Shop, lots: int, move: Move, steps: int) -> Future:
    rows = tuple((event.what, event.amount, event.row) for event in move.events)
    form = b"" if move.complaints else freeze(move.world, shop.policy)
    after = () if move.complaints else future(shop, lots, move.world, steps - 1)
    return (rows, bool(move.complaints), move.fair, form, after)


def differences(shop: Shop, lots: int, forms: list[bytes], steps: int) -> Iterator[str]:
    """Every reduction that some world of these forms refutes, with the form."""
    for form in forms:
        world = thaw(form)
        expected = future(shop, lots, world, steps)
        for name, reduction in REDUCTIONS.items():
            other = reduction.disturbed(world)
            if other is None:
                continue
            if freeze(other, shop.policy) != form:
                yield f"{name}: disturbed, {world.pair.place} has another form: {form.hex()}"
            elif future(shop, lots, other, steps) != expected:
                yield f"{name}: disturbed, {world.pair.place} has another future: {form.hex()}"
        yield from _symmetric(shop, world, form)


# --- disturbances ------------------------------------------------------------------------------------------


def _replaced(world: World, **changes: object) -> World:
    return msgspec.structs.replace(world, pair=msgspec.structs.replace(world.pair, **changes))


def is_money(field: str) -> bool:
    """A field that holds an amount of money, by its unit."""
    return field.endswith(("_usd", "_usd_s"))


def _rich(struct: PairPosition | Leg) -> dict[str, Decimal]:
    """Another amount for each field of money."""
    names = (name for name in struct.__struct_fields__ if is_money(name))
    return {name: Decimal(7 * at - 123) for at, name in enumerate(names)}


def _other_money(world: World) -> World:
    legs = {
        name: msgspec.structs.replace(leg, adopted_price=Decimal(99), payments=("pay-1",), **_rich(leg))
        for name, leg in zip(LEGS, world.pair.legs, strict=True)
    }
    return _replaced(world, **legs, **_rich(world.pair))


def _other_counters(world: World) -> World:
    pair = world.pair
    generation = pair.generation + 40
    return _replaced(
        world,
        transitions=17,
        orders_rejected=3,
        orders_denied=2,
        generation=generation,
        timers=tuple(Armed(armed.timer, generation - at) for at, armed in enumerate(pair.timers)),
        close_reason=pair.close_reason or "for another reason",
        entry_reason="another",
        naked_ns=5,
    )


def _other_episode(world: World) -> World:
    orders = tuple(msgspec.structs.replace(order, episode=order.episode * 4 + 1) for order in world.pair.orders)
    return _replaced(world, episode=world.pair.episode * 4 + 1, orders=orders)


def _earlier(world: World) -> World:
    """Everything was told an hour before, in the same order."""
    legs = {}
    for name in LEGS:
        leg = world.pair.leg(name)
        legs[name] = msgspec.structs.replace(
            leg,
            reported_ns=leg.reported_ns and leg.reported_ns - HOUR_NS + 2,
            confirmed_ns=leg.confirmed_ns and leg.confirmed_ns - HOUR_NS + 2,
            heard_ns=leg.heard_ns and leg.heard_ns - HOUR_NS + 2,
        )
    return _replaced(
        world, **legs, arrived_ns=world.pair.arrived_ns - HOUR_NS, seen_ns=NOW_NS - 5, entered_ns=NOW_NS - HOUR_NS
    )


def _long_lapsed(world: World) -> World | None:
    """What has lapsed, lapsed long ago."""
    if not any(order.lapses_ns < NOW_NS for order in world.pair.orders):
        return None
    orders = tuple(
        msgspec.structs.replace(order, lapses_ns=order.lapses_ns - HOUR_NS) if order.lapses_ns < NOW_NS else order
        for order in world.pair.orders
    )
    return _replaced(world, orders=orders)


def _other_names(world: World) -> World:
    """An order that was filled, told and forgotten stands before the others, so that each has another number."""
    first = Order(
        id=IDS[0],
        leg="taker",
        side=Side.SELL,
        size=Decimal(10),
        purpose="taker",
        reduce_only=False,
        decision_mid=Decimal(100),
        lapses_ns=NOW_NS - HOUR_NS,
        episode=-1,
        place="FILLED",
        reason="filled",
        filled_seen=Decimal(10),
        filled_told=Decimal(10),
        fills=("0",),
    )
    orders = (first, *(msgspec.structs.replace(order, id=IDS[at]) for at, order in enumerate(world.pair.orders, 1)))
    flights = tuple(
        msgspec.structs.replace(flight, order=flight.order + 1) if flight.order >= 0 else flight
        for flight in world.flights
    )
    pair = msgspec.structs.replace(world.pair, orders=orders, orders_sent=len(orders))
    return msgspec.structs.replace(world, pair=pair, orders=(VenueOrder("over", (1,)), *world.orders), flights=flights)


def _whole_stories(world: World) -> World | None:
    """Orders that only count get a story of their own: a size, fills, an outcome."""
    if not any(not order.size for order in world.pair.orders):
        return None
    orders, mine = list(world.pair.orders), list(world.orders)
    for at, order in enumerate(orders):
        if not order.size:
            orders[at] = msgspec.structs.replace(
                order, size=Decimal(10), filled_seen=Decimal(10), filled_told=Decimal(10), fills=("0",)
            )
            mine[at] = VenueOrder("over", (1,))
    pair = msgspec.structs.replace(world.pair, orders=tuple(orders))
    return msgspec.structs.replace(world, pair=pair, orders=tuple(mine))


def _later_at_the_venues(world: World) -> World | None:
    """The venues' times are others, in the same order."""
    if not any(world.clocks):
        return None

    def moved(mark: int) -> int:
        return 3 * mark + 5 if mark else 0

    def flight_of(flight: Flight) -> Flight:
        timed = flight.kind in ("forced", "position")
        return msgspec.structs.replace(flight, mark=3 * flight.mark + 5) if timed else flight

    legs = {
        name: msgspec.structs.replace(
            leg,
            reported_venue_ns=moved(leg.reported_venue_ns),
            adopted_venue_ns=moved(leg.adopted_venue_ns),
            forced=tuple(str(3 * int(mark) + 5) for mark in leg.forced),
        )
        for name, leg in zip(LEGS, world.pair.legs, strict=True)
    }
    clocks = (3 * world.clocks[0] + 5, 3 * world.clocks[1] + 5)
    flights = tuple(flight_of(flight) for flight in world.flights)
    return msgspec.structs.replace(_replaced(world, **legs), clocks=clocks, flights=flights)


REDUCTIONS: dict[str, Reduction] = {
    "money": Reduction("cash, fees, funding and valuations are not written", _other_money),
    "counters": Reduction("counts, generations and reasons that only tell are not written", _other_counters),
    "episodes": Reduction("an order belongs to the current episode or to an earlier one", _other_episode),
    "time": Reduction("what was told is before or after the arrival here, nothing else", _earlier),
    "lapses": Reduction("past its end is past its end", _long_lapsed),
    "names": Reduction("orders have no names, and what is over and told leaves nothing behind", _other_names),
    "stories": Reduction("an order that is over and still counted is a count", _whole_stories),
    "venue time": Reduction("only the order of a venue's events is written", _later_at_the_venues),
}


# --- symmetries --------------------------------------------------------------------------------------------


def _symmetric(shop: Shop, world: World, form: bytes) -> Iterator[str]:
    """A pair the other way round decides the other way round; a liquidation is decided like an ADL."""
    for move in moves(shop, 1, world):
        message = next((event.message for event in move.events if event.row and event.row != "raised"), None)
        if message is None:
            continue
        seen = _decision(shop, world, world.pair, message)
        if seen != _decision(shop, world, mirrored(world.pair), mirrored_message(message), flip=True):
            yield f"sides: {world.pair.place} decides another way round about {message}: {form.hex()}"
        if isinstance(message, PositionDeleveraged):
            fields = {name: getattr(message, name) for name in message.__struct_fields__}
            other = _decision(shop, world, world.pair, PositionLiquidated(**fields))
            if seen[1:] != other[1:]:
                yield f"liquidation: {world.pair.place} decides otherwise about {message}: {form.hex()}"


def _decision(shop: Shop, world: World, pair: PairPosition, message: AnyMessage, *, flip: bool = False) -> Future:
    """Row, place, positions and orders of one step, turned round again when `flip`."""
    envelope = Envelope(seq=1, at_ns=NOW_NS, to=ACTOR, cause=0, message=message)
    step = shop.role.step(pair, envelope, BOARDS[world.links], shop.policy)
    sign = -1 if flip else 1
    sent = tuple(
        (order.purpose, order.size, order.side.sign * sign, order.reduce_only, order.venue)
        for order in step.commands
        if isinstance(order, SubmitOrder)
    )
    others = tuple(type(command).__name__ for command in step.commands)
    return (step.row, step.state.place, tuple(leg.position * sign for leg in step.state.legs), sent, others)


def mirrored(pair: PairPosition) -> PairPosition:
    """The pair with long and short exchanged."""
    legs = {
        name: msgspec.structs.replace(
            leg, position=0 - leg.position, reported=None if leg.reported is None else 0 - leg.reported
        )
        for name, leg in zip(LEGS, pair.legs, strict=True)
    }
    orders = tuple(msgspec.structs.replace(order, side=order.side.opposite) for order in pair.orders)
    return msgspec.structs.replace(pair, **legs, orders=orders, taker_side=pair.taker_side.opposite)


def mirrored_message(message: AnyMessage) -> AnyMessage:
    """The message with long and short exchanged."""
    match message:
        case OrderFilled() | PositionDeleveraged() | ForeignFilled():
            return msgspec.structs.replace(message, side=message.side.opposite)
        case PositionReported():
            return msgspec.structs.replace(message, size=0 - message.size)
        case EntryAsked():
            return msgspec.structs.replace(message, taker_side=message.taker_side.opposite)
        case _:
            return message
