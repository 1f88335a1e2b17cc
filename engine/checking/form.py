"""The canonical form: worlds with equal futures are written as the same bytes, and read back as one of them.

What a form leaves out is a reduction, and each is held to the truth by `reductions`:
- time is relative: what was told since the arrival here, what is left of an order's life, a venue's events in order;
- orders have no names: they stand by what they are, and an order whose story is over leaves only its count behind;
- money is not written: prices stand still, and no row looks at it;
- counters that only tell (transitions, rejected orders, generations) are not written.
Counterpart: `world`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from actors.actor import Armed
from actors.domain import RejectReason, Side
from actors.pair_position.guards import CROSSED, NOTHING_TO_REDUCE, SENT_TOO_SOON
from actors.pair_position.state import LEGS, REDUCING_PURPOSES, Leg, LegName, Order, PairPosition, Purpose
from actors.policy import Policy
from engine.checking.bounds import IDS, LOT, NOW_NS, PAIRS, Beyond
from engine.checking.world import HELD, Flight, Gone, VenueOrder, World
from statecharts.order import BY_TIME

PAST_NS = NOW_NS - 1
DOUBT = "MAKER_PENDING.in_doubt"
"""Where it matters whether the maker venue has spoken since the pair came there."""
REASONS: dict[str, str] = {
    **dict.fromkeys(CROSSED, CROSSED[0]),
    **dict.fromkeys(SENT_TOO_SOON, SENT_TOO_SOON[0]),
    **dict.fromkeys(NOTHING_TO_REDUCE, NOTHING_TO_REDUCE[0]),
    RejectReason.IOC_UNFILLED.value: RejectReason.IOC_UNFILLED.value,
}
"""Reasons that guards look at; any other is as good as none."""
PROVEN_EMPTY = ("REJECTED", "DENIED")
"""Ends of the last order that are more than a word about a size."""
COUNTED_FOR_LIFE = ("maker", "sweep")
COUNTED_IN_EPISODE = REDUCING_PURPOSES
"""Purposes whose orders are counted: in the pair's whole life, or in the current episode."""
LIVING = ("place", "tries", "timers", "size", "dust", "first_to_close", "taker", "maker", "orders")
LIVING_ORDER = (
    *("leg", "side", "size", "purpose", "place", "reason", "filled_seen", "filled_told", "fills", "lapses_ns"),
    "episode",
    "adopted_since",
)
LIVING_LEG = (
    *("position", "reported", "reported_again", "confirmed_ns", "heard_ns", "reported_venue_ns", "adopted_venue_ns"),
    "forced",
)
"""Fields that are written; the others must not matter for what is decided."""

LegForm = tuple[int, int | None, bool, bool, int, int, tuple[str, ...], bool]
OrderForm = tuple[int, int, int, str, str, str, int, int, tuple[str, ...], int, bool, str, tuple[int, ...], bool]
Form = tuple[Any, ...]

_encoder = msgspec.msgpack.Encoder()


class _Wire(msgspec.Struct, frozen=True, array_like=True):
    """A form as it is encoded."""

    first: LegName
    place: str
    tries: int
    timers: tuple[str, ...]
    size: int
    dust: Decimal
    legs: tuple[LegForm, LegForm]
    orders: tuple[OrderForm, ...]
    positions: tuple[int, int]
    links: tuple[bool, bool]
    clocks: tuple[int, int]
    flights: tuple[Flight, ...]
    stopped: bool
    stale: bool
    beyond: tuple[Beyond, ...]
    gone: Gone
    alarmed: bool


_decoder = msgspec.msgpack.Decoder(_Wire)


def freeze(world: World, policy: Policy) -> bytes:
    """The world's form, encoded; its last two bytes are the budgets that are left."""
    pair = world.pair
    concerned = {flight.order for flight in world.flights}
    settled = [_settled(order, mine, number in concerned) for number, (order, mine) in enumerate(_both(world))]
    kept = _kept(pair, settled)
    last = len(pair.orders) - 1
    forms = [(_order_form(pair, world, number, last, settled[number]), number) for number in kept]
    body = sorted(forms[:-1]) if kept and kept[-1] == last else sorted(forms)
    forms = [*_enough(body, policy), *forms[len(body) :]]
    renamed = {number: place for place, (_, number) in enumerate(forms)}
    ranks = [_ranks(world, leg) for leg in (0, 1)]
    wire = _Wire(
        pair.first_to_close,
        pair.place,
        min(pair.tries, max(policy.order.doubt_tries_most, policy.verify.verify_tries_most)),
        tuple(armed.timer for armed in pair.timers),
        _lots(pair.size),
        pair.dust,
        (_leg_form(world, 0, ranks[0]), _leg_form(world, 1, ranks[1])),
        tuple(form for form, _ in forms),
        world.positions,
        world.links,
        (len(ranks[0]), len(ranks[1])),
        _flights([_flight_form(flight, renamed, ranks[flight.leg]) for flight in world.flights]),
        world.stopped,
        world.stale,
        world.beyond,
        world.gone,
        world.alarmed,
    )
    return _encoder.encode(wire) + bytes((world.faults, world.asks))


def pair_part(world: World, policy: Policy) -> bytes:
    """The form of the pair alone: what it decides from, whatever the venues hold."""
    alone = World(pair=world.pair, orders=tuple(VenueOrder("open") for _ in world.orders), links=world.links)
    return freeze(alone, policy)


def _both(world: World) -> zip[tuple[Order, VenueOrder]]:
    return zip(world.pair.orders, world.orders, strict=True)


LOTS = {Decimal(lots * LOT): lots for lots in range(-64, 65)}


def _lots(size: Decimal) -> int:
    assert size in LOTS, f"{size} is not in whole lots"
    return LOTS[size]


# --- orders ------------------------------------------------------------------------------------------------


def _settled(order: Order, mine: VenueOrder, concerned: bool) -> bool:
    """Nobody will ever speak of this order again."""
    return order.over and mine.status != "open" and not concerned and not order.untold


def _kept(pair: PairPosition, settled: list[bool]) -> list[int]:
    """Places of the orders that are written: those not settled, those counted, and the last beside one not settled."""
    some = not all(settled)
    last = len(settled) - 1
    return [
        number
        for number, order in enumerate(pair.orders)
        if not settled[number] or _counted(pair, order) or (some and number == last)
    ]


def _counted(pair: PairPosition, order: Order) -> bool:
    current = order.episode == pair.episode
    return order.purpose in COUNTED_FOR_LIFE or (current and order.purpose in COUNTED_IN_EPISODE)


def _enough(forms: list[tuple[OrderForm, int]], policy: Policy) -> list[tuple[OrderForm, int]]:
    """Of orders that only count, no more than the largest limit they are held to."""
    limits = (policy.entry.requotes_most + 1, policy.entry.sweeps_most)
    most = max(*limits, policy.exit.close_tries_most + 1, policy.exit.emergency_tries_most)
    return [entry for at, entry in enumerate(forms) if entry[0][2] or at < most or forms[at - most][0] != entry[0]]


def _order_form(pair: PairPosition, world: World, number: int, last: int, settled: bool) -> OrderForm:
    order, mine = pair.orders[number], world.orders[number]
    leg, current = LEGS.index(order.leg), order.episode == pair.episode
    place, reason = _outcome(order, number == last)
    if settled:
        return (leg, 0, 0, order.purpose, place, reason, 0, 0, (), 0, current, "over", (), False)
    return (
        leg,
        order.side.sign,
        _lots(order.size),
        order.purpose,
        place,
        reason,
        _lots(order.filled_seen),
        _lots(order.filled_told),
        tuple(sorted(order.fills)),
        _life(order, mine),
        current,
        mine.status,
        mine.fills,
        order.adopted_since,
    )


def _outcome(order: Order, last: bool) -> tuple[str, str]:
    """Where an order stands, as far as a row or guard can tell: a reason counts for the last alone, once it is over."""
    if not order.over:
        return order.place, ""
    reason = REASONS.get(order.reason, "") if last else ""
    if order.place in BY_TIME:
        return order.place, reason
    return ("REJECTED" if last and order.place in PROVEN_EMPTY else "CANCELED"), reason


def _life(order: Order, mine: VenueOrder) -> int:
    """Nanoseconds until the order counts as lapsed; -1 when that has passed, or does not matter any more."""
    if order.over and mine.status != "away":
        return -1
    return max(-1, order.lapses_ns - NOW_NS)


# --- legs and flights --------------------------------------------------------------------------------------


def _ranks(world: World, leg: int) -> dict[int, int]:
    """The venue's times that are still compared, by their order; none when no forced fill is in flight."""
    mine = [flight for flight in world.flights if flight.leg == leg]
    if not any(flight.kind == "forced" for flight in mine):
        return {}
    books = world.pair.legs[leg]
    marks = {flight.mark for flight in mine if flight.kind in ("forced", "position")}
    marks |= {mark for mark in (books.reported_venue_ns, books.adopted_venue_ns) if mark}
    return {mark: rank for rank, mark in enumerate(sorted(marks), 1)}


def _leg_form(world: World, leg: int, ranks: dict[int, int]) -> LegForm:
    books, arrived_ns = world.pair.legs[leg], world.pair.arrived_ns
    here = books.reported is not None and books.reported_ns >= arrived_ns
    flying = [str(flight.mark) for flight in world.flights if flight.kind == "forced" and flight.leg == leg]
    return (
        _lots(books.position),
        _lots(books.reported) if here and books.reported is not None else None,
        here and books.reported_again and books.reported != books.position,
        bool(books.confirmed_ns) and books.confirmed_ns >= arrived_ns,
        ranks.get(books.reported_venue_ns, 0) if here else 0,
        ranks.get(books.adopted_venue_ns, 0),
        tuple(sorted(str(ranks[int(mark)]) for mark in books.forced if mark in flying)),
        leg == 1 and world.pair.place == DOUBT and books.heard_ns >= arrived_ns,
    )


def _flights(flights: list[Flight]) -> tuple[Flight, ...]:
    """Channel by channel, each in its own order; what is held back has none."""
    if len(flights) < 2:
        return tuple(flights)
    held = sorted(flight for flight in flights if flight.wait == HELD)
    queued = [flight for flight in flights if flight.wait != HELD]
    return (*held, *sorted(queued, key=_channel))


def _channel(flight: Flight) -> int:
    return flight.channel


def _flight_form(flight: Flight, renamed: dict[int, int], ranks: dict[int, int]) -> Flight:
    order = renamed.get(flight.order, -1)
    mark = ranks.get(flight.mark, 0) if flight.kind in ("forced", "position") else flight.mark
    if order == flight.order and mark == flight.mark:
        return flight
    return msgspec.structs.replace(flight, order=order, mark=mark)


# --- and back ----------------------------------------------------------------------------------------------


def thaw(form: bytes) -> World:
    """A world of this form."""
    wire = _decoder.decode(memoryview(form)[:-2])
    template = PAIRS[wire.first]
    orders = tuple(_order(number, order) for number, order in enumerate(wire.orders))
    pair = msgspec.structs.replace(
        template,
        place=wire.place,
        tries=wire.tries,
        arrived_ns=PAST_NS,
        episode=1,
        generation=len(wire.timers),
        timers=tuple(Armed(timer, number) for number, timer in enumerate(wire.timers, 1)),
        size=Decimal(wire.size * LOT),
        dust=wire.dust,
        taker=_leg(template.taker, wire.legs[0]),
        maker=_leg(template.maker, wire.legs[1]),
        orders=orders,
        orders_sent=len(orders),
    )
    return World(
        pair=pair,
        orders=tuple(VenueOrder(order[11], order[12]) for order in wire.orders),  # type: ignore[arg-type]
        positions=wire.positions,
        links=wire.links,
        clocks=wire.clocks,
        flights=wire.flights,
        stopped=wire.stopped,
        stale=wire.stale,
        beyond=wire.beyond,
        gone=wire.gone,
        alarmed=wire.alarmed,
        faults=form[-2],
        asks=form[-1],
    )


def _order(number: int, form: OrderForm) -> Order:
    leg, sign, size, purpose, place, reason, seen, told, fills, life, current, _, _, adopted_since = form
    known: Purpose = purpose  # type: ignore[assignment]
    return Order(
        id=IDS[number],
        leg=LEGS[leg],
        side=Side.BUY if sign > 0 else Side.SELL,
        size=Decimal(size * LOT),
        purpose=known,
        reduce_only=purpose in REDUCING_PURPOSES,
        decision_mid=Decimal(100),
        lapses_ns=NOW_NS + life,
        episode=1 if current else 0,
        place=place,
        reason=reason,
        filled_seen=Decimal(seen * LOT),
        filled_told=Decimal(told * LOT),
        fills=fills,
        adopted_since=adopted_since,
    )


def _leg(template: Leg, form: LegForm) -> Leg:
    position, reported, again, confirmed, reported_mark, adopted_mark, forced, heard = form
    return msgspec.structs.replace(
        template,
        position=Decimal(position * LOT),
        reported=None if reported is None else Decimal(reported * LOT),
        reported_ns=0 if reported is None else PAST_NS,
        reported_again=again,
        confirmed_ns=PAST_NS if confirmed else 0,
        heard_ns=PAST_NS if heard else 0,
        reported_venue_ns=reported_mark,
        adopted_venue_ns=adopted_mark,
        forced=forced,
    )
