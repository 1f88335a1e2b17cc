"""What must hold: the invariants of one pair, after every step and in every world.

Each complaint begins with the number of its invariant: 0 the step itself, 1 naked legs are watched, 2 one intent and
one outcome for each order, 3 closing only reduces, 4 exposure, 5 emergency, 6 liveness (judged by `search`).
"""

from __future__ import annotations

from decimal import Decimal

from actors.actor import STALE_TIMER, Step
from actors.commands import AdoptPosition, SubmitOrder
from actors.domain import Side
from actors.messages import AnyMessage, EmergencyAsked
from actors.pair_position import PairPosition
from actors.pair_position.state import LEGS, REDUCING_PURPOSES, LegName, Order, leg_on
from actors.policy import Policy
from engine.checking.bounds import GRACE_NS, LOT, NOW_NS, SIGNS
from engine.checking.gone import leg_gone, named, reached, untellable
from engine.checking.world import Flight, World
from statecharts.order import BY_TIME

SETTLED = ("IDLE.ready", "IDLE.backoff", "HEDGED.earning", "CLOSED.flat")
ALARMED = "EMERGENCY.stranded"
EARNED = ("HEDGED.earning", "CLOSED.flat")
EMPTY = ("IDLE.ready", "IDLE.backoff", "CLOSED.flat")


def of_step(world: World, message: AnyMessage, step: Step[PairPosition], policy: Policy) -> tuple[str, ...]:
    """Complaints about one decision of the pair, made in this world."""
    before, after = world.pair, step.state
    sent = [command for command in step.commands if isinstance(command, SubmitOrder)]
    found: list[str] = []
    if after.naked and not after.open_orders and not after.timers:
        found.append(f"1 naked by {after.net} in {after.place}, and nothing watches it")
    if before.orders is not after.orders:
        found += _of_orders(world, before, after)
    for order in sent:
        found += _of_submission(world, before, after, order)
    if sent:
        found += _of_attempts(after, sent, policy)
    if before.place != after.place:
        found += _of_arrival(before, after, sent)
    for command in step.commands:
        if isinstance(command, AdoptPosition):
            found += _of_adoption(before, command)
    if isinstance(message, EmergencyAsked):
        found += of_emergency(after)
    return tuple(found)


# --- orders ------------------------------------------------------------------------------------------------


def _of_orders(world: World, before: PairPosition, after: PairPosition) -> list[str]:
    """One outcome for each order, and no more filled than the venue has filled, or than was asked."""
    found = []
    for was, now, mine in zip(before.orders, after.orders, world.orders, strict=False):
        if was.id != now.id:
            found.append(f"2 an order was dropped or moved: {was.id} became {now.id}")
        if was.over and was.place not in BY_TIME and now.place != was.place:
            found.append(f"2 an order that ended {was.place} is now {now.place}")
        if now.filled > mine.filled * LOT:
            found.append(f"3 the books count {now.filled} of an order of which the venue filled {mine.filled * LOT}")
        if now.filled > now.size:
            found.append(f"3 filled {now.filled} of {now.size} asked")
    return found


def _of_submission(world: World, before: PairPosition, after: PairPosition, order: SubmitOrder) -> list[str]:
    """An order that leaves: new, reduce-only unless it opens, never beside another on its leg but in an emergency."""
    name = leg_on(after, order.venue)
    assert name is not None
    found = []
    others = [other for other in before.orders if other.id == order.order_id]
    if others:
        found.append(f"2 an order id was used again: {order.order_id}")
    if order.size <= 0:
        found.append(f"2 an order of {order.size}")
    if order.purpose in REDUCING_PURPOSES:
        found += _of_reduction(after, name, order)
    else:
        found += _of_opening(world, after, name, order)
    beside = [other for other in after.open_orders if other.leg == name and other.id != order.order_id]
    if beside and order.purpose != "emergency":
        found.append(f"2 a {order.purpose} order leaves while one on its leg may still fill ({beside[0].purpose})")
    return found


def _of_reduction(after: PairPosition, name: LegName, order: SubmitOrder) -> list[str]:
    held = after.leg(name).position
    found = []
    if not order.reduce_only:
        found.append(f"3 a {order.purpose} order is not reduce-only")
    if order.size > abs(held):
        found.append(f"3 a {order.purpose} order of {order.size} for a position of {held}")
    if (order.side is Side.SELL) is not (held > 0):
        found.append(f"3 a {order.purpose} order on the wrong side of {held}")
    return found


def _of_opening(world: World, after: PairPosition, name: LegName, order: SubmitOrder) -> list[str]:
    found = []
    if world.stopped:
        found.append(f"5 an opening order ({order.purpose}) leaves after an emergency was asked for")
    if after.place.startswith("EMERGENCY"):
        found.append(f"5 an opening order ({order.purpose}) leaves in {after.place}")
    if order.reduce_only:
        found.append(f"4 an opening order ({order.purpose}) is reduce-only")
    counted = abs(after.leg(name).position) + _opening(after.open_orders, name)
    entered = after.size if order.purpose == "taker" else abs(after.taker.position)
    if counted > entered:
        found.append(f"4 {counted} on the {name} leg, orders in flight counted as filled, of {entered}")
    return found


def _opening(orders: tuple[Order, ...], name: LegName) -> Decimal:
    left = (order.size - order.filled for order in orders if order.leg == name and not order.reduce_only)
    return sum(left, Decimal(0))


def _of_attempts(after: PairPosition, sent: list[SubmitOrder], policy: Policy) -> list[str]:
    """Every loop of orders is bounded."""
    limits = {
        "maker": policy.entry.requotes_most + 1,
        "sweep": policy.entry.sweeps_most,
        "close": policy.exit.close_tries_most,
        "trim": policy.exit.close_tries_most + 1,
    }
    found = []
    for order in sent:
        name = leg_on(after, order.venue)
        episode = after.episode if order.purpose in REDUCING_PURPOSES else None
        purpose = next(known.purpose for known in after.orders if known.id == order.order_id)
        count = after.sent(purpose, leg=name, episode=episode)
        if count > limits.get(purpose, count):
            found.append(f"6 more than {limits[purpose]} {purpose} orders")
    return found


# --- arrivals and adoptions --------------------------------------------------------------------------------


def _of_arrival(before: PairPosition, after: PairPosition, sent: list[SubmitOrder]) -> list[str]:
    """Hedged and closed are earned from what both venues said; an emergency begins with both legs at once."""
    found = []
    earned = after.place in EARNED and before.place not in (*EARNED, *EMPTY)
    if earned and not all(leg.reported is not None and leg.reported_ns >= before.arrived_ns for leg in after.legs):
        found.append(f"6 {after.place} without the word of both venues")
    if after.place == "EMERGENCY.closing":
        venues = [order.venue for order in sent]
        waiting = [name for name in LEGS if after.leg(name).position and after.leg(name).venue not in venues]
        if waiting:
            found.append(f"5 an emergency begins without closing the {waiting[0]} leg")
    return found


def _of_adoption(before: PairPosition, command: AdoptPosition) -> list[str]:
    """The books follow only what the venue said since the pair came here: as they are, or otherwise twice in a row."""
    name = leg_on(before, command.venue)
    assert name is not None
    leg = before.leg(name)
    if leg.reported is None or leg.reported_ns < before.arrived_ns or leg.reported != command.size:
        return [f"3 the books follow {command.size} on the {name} leg; the venue said {leg.reported}"]
    sure = leg.reported == leg.position or (leg.reported_again and before.tries > 1)
    return [] if sure else [f"3 the books follow one single answer about the {name} leg"]


# --- emergency, and what is stale --------------------------------------------------------------------------


def of_emergency(after: PairPosition) -> list[str]:
    """Asked for an emergency, a pair is in it, or flat and done."""
    if after.place.startswith("EMERGENCY") or after.place == "CLOSED.flat":
        return []
    return [f"5 asked for an emergency, the pair is in {after.place}"]


def of_stale(before: PairPosition, step: Step[PairPosition]) -> list[str]:
    """A timer of another generation is set aside."""
    if step.row == STALE_TIMER and step.state == before and not step.commands:
        return []
    return [f"1 a timer that does not run was obeyed in {before.place}, by {step.row}"]


# --- worlds ------------------------------------------------------------------------------------------------


def of_world(world: World, lots: int) -> tuple[str, ...]:
    """Complaints about the truth at the venues."""
    found = []
    for leg, held in enumerate(world.positions):
        if held * SIGNS[leg] < 0:
            found.append(f"4 the {LEGS[leg]} leg stands at {held} lots, on the wrong side")
        coming = _coming(world, leg)
        if abs(held) + coming > lots:
            found.append(f"4 the {LEGS[leg]} leg holds {held} lots and {coming} more may fill, of {lots} entered")
    if world.pair.place in EMPTY and not world.flights:
        alive = [number for number, mine in enumerate(world.orders) if mine.status == "open"]
        if alive:
            found.append(f"2 an order rests at its venue while the pair is in {world.pair.place}, and nothing tells it")
    return tuple(found)


def _coming(world: World, leg: int) -> int:
    """Lots that may still fill of orders that are not reduce-only: resting ones, and those on their way in time."""
    lots = 0
    for number, (order, mine) in enumerate(zip(world.pair.orders, world.orders, strict=True)):
        if order.leg == LEGS[leg] and not order.reduce_only and mine.status != "over":
            alive = order.lapses_ns - GRACE_NS >= NOW_NS and _on_its_way(world.flights, number)
            if mine.status == "open" or alive:
                lots += int(order.size) // LOT - mine.filled
    return lots


def _on_its_way(flights: tuple[Flight, ...], number: int) -> bool:
    return any(flight.kind == "submit" and flight.order == number for flight in flights)


def settled(world: World) -> bool:
    """Flat or hedged, at the venues as in the books, with nothing on its way; or the alarm stands.

    With a venue gone for good, an alarm that was raised and names what is left will do; see `gone`.
    """
    if world.pair.place == ALARMED:
        return world.alarmed or leg_gone(world) < 0
    if world.flights or not reached(world):
        return False
    if leg_gone(world) >= 0 and named(world):
        return True
    if world.pair.place not in SETTLED:
        return False
    if any(mine.status == "open" for mine in world.orders) or world.pair.taker.position + world.pair.maker.position:
        return False
    booked = enumerate(zip(world.pair.legs, world.positions, strict=True))
    return all(leg.position == lots * LOT or untellable(world, at) for at, (leg, lots) in booked)
