"""The little venue: what becomes of each request, in every way it can go, and what it does of its own accord.

A venue holds a true position and our orders. An IOC fills all it may at once, and for a fault fewer lots or none; a
post-only order rests and fills lot by lot; a reduce-only order never fills beyond the position. What costs the
adversary a fault is marked so.
Counterpart: `moves`, which plays requests and flights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from actors.domain import DoneReason, RejectReason
from actors.pair_position.state import Order
from engine.checking.bounds import GRACE_NS, LOT, NOW_NS
from engine.checking.gone import leg_gone
from engine.checking.world import FRESH, HELD, Event, Flight, Request, VenueOrder, World, changed

NEVER_SENT = RejectReason.OTHER.value
REFUSALS = (RejectReason.MARGIN.value, RejectReason.RATE_LIMITED.value)
CROSSES = RejectReason.POST_ONLY_WOULD_CROSS.value
UNMET = RejectReason.IOC_UNFILLED.value
"""Hyperliquid refuses an IOC that meets nobody; the others tell an end without a fill."""


class Outcome(NamedTuple):
    """One way a request can go."""

    world: World
    event: Event


def outcomes(world: World, request: Request) -> Iterator[Outcome]:
    """Every way a request can go, those that cost nothing first."""
    match request.kind:
        case "submit":
            yield from _submit(world, request)
        case "cancel":
            yield from _cancel(world, request)
        case "cancel_all":
            yield from _cancel_all(world, request)
        case "query_order":
            yield from _query_order(world, request)
        case "query_position":
            yield from _query_position(world, request)


def _event(request: Request | Flight, what: str, amount: int = 0, *, fault: bool = False) -> Event:
    return Event(what, request.leg, amount, subject=request, fault=fault)


def paid(world: World) -> World:
    """The world with one fault less to spend."""
    return msgspec.structs.replace(world, faults=world.faults - 1)


def told(world: World, *flights: Flight, stream: bool = True) -> World:
    """The world with more in flight; what a lost link would have carried is lost."""
    if stream:
        flights = tuple(flight for flight in flights if world.links[flight.leg])
    return msgspec.structs.replace(world, flights=world.flights + flights)


def with_order(world: World, number: int, status: Literal["open", "over"], *fills: int) -> World:
    """The world with one venue order replaced; its new fills come after those it has."""
    orders = list(world.orders)
    orders[number] = VenueOrder(status, (*orders[number].fills, *fills))
    return msgspec.structs.replace(world, orders=tuple(orders))


def _fills(world: World, number: int, lots: int) -> World:
    """Our position after so many lots of an order have filled."""
    order, leg = world.pair.orders[number], _leg(world, number)
    moved = world.positions[leg] + order.side.sign * lots
    return msgspec.structs.replace(world, positions=changed(world.positions, leg, moved))


def _leg(world: World, number: int) -> int:
    return 0 if world.pair.orders[number].leg == "taker" else 1


def lots_of(order: Order) -> int:
    """The size of an order in lots."""
    return int(order.size) // LOT


# --- orders ------------------------------------------------------------------------------------------------


def _submit(world: World, request: Request) -> Iterator[Outcome]:
    if not world.links[request.leg]:
        yield from _submit_unconnected(world, request)
        return
    yield from arrivals(world, request)
    if world.faults:
        yield from _submit_troubled(paid(world), request)


def arrivals(world: World, request: Request | Flight) -> Iterator[Outcome]:
    """The order reaches its venue: too late, or it rests, or fills all it may."""
    number, leg = request.order, request.leg
    order = world.pair.orders[number]
    if order.lapses_ns - GRACE_NS < NOW_NS:
        refused = told(with_order(world, number, "over"), rejected(request, RejectReason.EXPIRED.value), stream=False)
        yield Outcome(refused, _event(request, "refused: its time has passed"))
        return
    if order.purpose == "maker":
        resting = with_order(world, number, "open")
        yield Outcome(told(resting, Flight("accepted", leg, number)), _event(request, "rests"))
        return
    most = _most(world, order, leg)
    if order.reduce_only and not most:
        refused = told(with_order(world, number, "over"), rejected(request, RejectReason.REDUCE_ONLY.value))
        yield Outcome(refused, _event(request, "refused: nothing to reduce"))
        return
    yield Outcome(_ended(world, number, most, most), _event(request, "fills", most))


def shortfalls(world: World, request: Request | Flight) -> Iterator[Outcome]:
    """An IOC that reaches its venue fills fewer lots than it may."""
    order = world.pair.orders[request.order]
    if order.purpose == "maker" or order.lapses_ns - GRACE_NS < NOW_NS:
        return
    most = _most(world, order, request.leg)
    for lots in range(most - 1, -1, -1):
        yield Outcome(_ended(world, request.order, lots, most), _event(request, "fills only", lots, fault=True))


def _most(world: World, order: Order, leg: int) -> int:
    """How many lots of an IOC can fill: never beyond the position for one that only reduces."""
    held = -order.side.sign * world.positions[leg]
    return min(lots_of(order), max(0, held)) if order.reduce_only else lots_of(order)


def _ended(world: World, number: int, lots: int, most: int, *, told_lots: int | None = None) -> World:
    """An IOC has filled so many lots and is over; the fill is told, then the end."""
    order, leg = world.pair.orders[number], _leg(world, number)
    reason = DoneReason.IOC_REMAINDER
    if lots == lots_of(order):
        reason = DoneReason.FILLED
    elif lots == most:
        reason = DoneReason.REDUCE_ONLY_CANCELED
    fills = (lots,) if lots else ()
    news = tuple(Flight("filled", leg, number, lots) for lots in fills)
    said = lots if told_lots is None else told_lots
    done = Flight("done", leg, number, said, word=reason.value)
    return told(with_order(_fills(world, number, lots), number, "over", *fills), *news, done)


def rejected(request: Request | Flight, word: str) -> Flight:
    """The venue's refusal of an order, in flight."""
    return Flight("rejected", request.leg, request.order, word=word)


def _submit_troubled(world: World, request: Request) -> Iterator[Outcome]:
    """The adversary's ways, paid for: refused, denied by our own screen, lost, unanswered, or late."""
    number, leg = request.order, request.leg
    order = world.pair.orders[number]
    gone = with_order(world, number, "over")
    words = (*REFUSALS, CROSSES if order.purpose == "maker" else UNMET)
    for word in words:
        yield Outcome(told(gone, rejected(request, word)), _event(request, f"refused: {word}", fault=True))
    if not order.reduce_only:
        denied = told(world, Flight("denied", leg, number))
        yield Outcome(denied, _event(request, "denied by our own screen", fault=True))
    unresolved = Flight("unresolved", leg, number)
    yield from shortfalls(world, request)
    yield Outcome(world, _event(request, "lost on its way, without a word", fault=True))
    yield Outcome(told(world, unresolved), _event(request, "lost on its way; the outcome is unresolved", fault=True))
    for outcome in arrivals(told(world, unresolved), request):
        what = f"{outcome.event.what}; but the answer is lost, the outcome unresolved"
        yield Outcome(outcome.world, msgspec.structs.replace(outcome.event, what=what, fault=True))
    late = told(world, Flight("submit", leg, number, wait=HELD))
    yield Outcome(late, _event(request, "held back", fault=True))
    if not world.stale:
        return
    most = 0 if order.purpose == "maker" else _most(world, order, leg)
    for lots in range(1, most + 1):
        short = _ended(world, number, lots, most, told_lots=lots - 1)
        yield Outcome(short, _event(request, "fills, and its end is told one lot short", lots, fault=True))


def _submit_unconnected(world: World, request: Request) -> Iterator[Outcome]:
    """While the link is down: not sent, or sent with an outcome nobody tells."""
    number, leg = request.order, request.leg
    unresolved = Flight("unresolved", leg, number)
    yield Outcome(told(world, rejected(request, NEVER_SENT), stream=False), _event(request, "not sent: no link"))
    yield Outcome(told(world, unresolved, stream=False), _event(request, "lost: no link; unresolved"))
    if leg == leg_gone(world):
        return
    for outcome in arrivals(told(world, unresolved, stream=False), request):
        what = f"{outcome.event.what}; nobody tells, the outcome is unresolved"
        yield Outcome(outcome.world, msgspec.structs.replace(outcome.event, what=what))
        return


# --- cancels -----------------------------------------------------------------------------------------------


def _cancel(world: World, request: Request) -> Iterator[Outcome]:
    if not world.links[request.leg]:
        refused = told(world, Flight("cancel_rejected", request.leg, request.order), stream=False)
        yield Outcome(refused, _event(request, "not sent: no link"))
        return
    yield from cancellations(world, request)
    if world.faults:
        yield from _cancel_troubled(paid(world), request)


def cancellations(world: World, request: Request | Flight) -> Iterator[Outcome]:
    """A cancel reaches its venue: the order ends, after any number of lots filled just before; or there is none."""
    number = request.order
    mine = world.orders[number]
    if mine.status != "open":
        refused = told(world, Flight("cancel_rejected", request.leg, number))
        yield Outcome(refused, _event(request, "refused: not open"))
        return
    left = lots_of(world.pair.orders[number]) - mine.filled
    for lots in range(left + 1):
        raced = filled_resting(world, number, lots)
        if lots == left:
            refused = told(raced, Flight("cancel_rejected", request.leg, number))
            yield Outcome(refused, _event(request, "refused: it has filled just before", lots))
        else:
            yield Outcome(_canceled(raced, number), _event(request, "canceled after filling just before", lots))


def _canceled(world: World, number: int, short: int = 0) -> World:
    """A resting order is over; its end is told, perhaps some lots short."""
    filled = world.orders[number].filled
    done = Flight("done", _leg(world, number), number, filled - short, word=DoneReason.CANCELED.value)
    return told(with_order(world, number, "over"), done)


def filled_resting(world: World, number: int, lots: int) -> World:
    """A resting order fills so many lots; a timer may be faster than the news. The last lot ends it."""
    if not lots:
        return world
    leg, before = _leg(world, number), world.orders[number].filled
    after = before + lots
    over = after == lots_of(world.pair.orders[number])
    each = (1,) * lots
    world = with_order(_fills(world, number, lots), number, "over" if over else "open", *each)
    news = [Flight("filled", leg, number, 1, mark=mark, wait=FRESH) for mark in range(before, after)]
    if over:
        news.append(Flight("done", leg, number, after, word=DoneReason.FILLED.value, wait=FRESH))
    return told(world, *news)


def _cancel_troubled(world: World, request: Request) -> Iterator[Outcome]:
    """Paid for: lost, late, refused though the order is open, or answered with a lot too few."""
    number = request.order
    yield Outcome(world, _event(request, "lost on its way", fault=True))
    late = told(world, Flight("cancel", request.leg, number, wait=HELD))
    yield Outcome(late, _event(request, "held back", fault=True))
    if world.orders[number].status == "open":
        refused = told(world, Flight("cancel_rejected", request.leg, number))
        yield Outcome(refused, _event(request, "refused though it is open", fault=True))
        left = lots_of(world.pair.orders[number]) - world.orders[number].filled
        for lots in range(left if world.stale else 0):
            raced = filled_resting(world, number, lots)
            if raced.orders[number].filled:
                what = "canceled after filling just before, and told one lot short"
                yield Outcome(_canceled(raced, number, short=1), _event(request, what, lots, fault=True))


def _cancel_all(world: World, request: Request) -> Iterator[Outcome]:
    """Every open order of ours there ends; a lost link or a fault loses the request."""
    if not world.links[request.leg]:
        yield Outcome(world, _event(request, "not sent: no link"))
        return
    ended = world
    for number, mine in enumerate(world.orders):
        if mine.status == "open" and _leg(world, number) == request.leg:
            ended = _canceled(ended, number)
    yield Outcome(ended, _event(request, "every open order canceled"))
    if world.faults and ended != world:
        yield Outcome(paid(world), _event(request, "lost on its way", fault=True))


# --- questions ---------------------------------------------------------------------------------------------


def _query_order(world: World, request: Request) -> Iterator[Outcome]:
    number, leg = request.order, request.leg
    mine = world.orders[number]
    if not world.links[leg]:
        yield Outcome(world, _event(request, "no answer: no link"))
        return
    unknown = Flight("unknown", leg, number)
    known = mine.status != "away"
    if known:
        yield Outcome(told(world, _answer(world, number)), _event(request, "answered"))
    else:
        yield Outcome(told(world, unknown), _event(request, "answered: no such order"))
    if world.faults:
        yield from _unanswered(paid(world), request)
        if known:
            yield Outcome(told(paid(world), unknown), _event(request, "answered: no such order", fault=True))


def _answer(world: World, number: int) -> Flight:
    """All fills of an order, then whether it is open or how it ended."""
    mine, order = world.orders[number], world.pair.orders[number]
    word = "open" if mine.status == "open" else DoneReason.CANCELED.value
    if mine.filled == lots_of(order):
        word = DoneReason.FILLED.value
    return Flight("answer", _leg(world, number), number, mine.filled, word=word, fills=mine.fills)


def _query_position(world: World, request: Request) -> Iterator[Outcome]:
    leg = request.leg
    if not world.links[leg]:
        yield Outcome(world, _event(request, "no answer: no link"))
        return
    mark = world.clocks[leg] + 1
    ticked = msgspec.structs.replace(world, clocks=changed(world.clocks, leg, mark))
    answer = Flight("position", leg, amount=world.positions[leg], mark=mark)
    yield Outcome(told(ticked, answer), _event(request, "answered", world.positions[leg]))
    if world.faults:
        yield from _unanswered(paid(world), request)


def _unanswered(world: World, request: Request) -> Iterator[Outcome]:
    """Silence, or the word that the question failed."""
    yield Outcome(world, _event(request, "no answer", fault=True))
    if "failed" in world.beyond:
        word = "order" if request.kind == "query_order" else "position"
        failed = told(world, Flight("failed", request.leg, word=word), stream=False)
        yield Outcome(failed, _event(request, "the question fails", fault=True))
