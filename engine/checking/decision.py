"""One step of the shipped pair in a world: a message in, requests out, and every complaint about the step.

The step is `actors.pair_position.ROLE.step`, with its own chart, policy and a board; nothing of it is imitated.
Counterparts: `venue`, which takes the requests up, and `properties`, which complains.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import msgspec

from actors import pair_position
from actors.actor import Role
from actors.commands import AnyCommand, CancelAll, CancelOrder, QueryOrder, QueryPosition, SubmitOrder, Tell
from actors.domain import DoneReason, Liquidity, RejectReason, Side
from actors.messages import (
    AnyMessage,
    CancelRejected,
    DrainAsked,
    Envelope,
    ForeignFilled,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionDeleveraged,
    PositionReported,
    QueryFailed,
)
from actors.pair_position import PairPosition
from actors.policy import Policy
from engine.checking import properties
from engine.checking.bounds import ACTOR, ASSET, BOARDS, IDS, LOT, NOW_NS, NUMBERS, SIGNS, VENUES
from engine.checking.gone import noted
from engine.checking.world import Event, Flight, Request, VenueOrder, World


class Shop(NamedTuple):
    """What decides in all worlds of an exploration: the role and its policy."""

    policy: Policy
    role: Role[PairPosition] = pair_position.ROLE


class Decided(NamedTuple):
    """A world after a step, the requests that left, what happened, and what was wrong with it."""

    world: World
    requests: tuple[Request, ...]
    event: Event
    complaints: tuple[str, ...]


def decide(shop: Shop, world: World, message: AnyMessage) -> Decided:
    """Let the pair decide about a message. A step that raises is a complaint, and changes nothing."""
    envelope = Envelope(seq=1, at_ns=NOW_NS, to=ACTOR, cause=0, message=message)
    try:
        step = shop.role.step(world.pair, envelope, BOARDS[world.links], shop.policy)
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked for
        raised = (f"0 the step raised: {type(error).__name__}: {error}",)
        return Decided(world, (), Event("decided", message=message, row="raised", place=world.pair.place), raised)
    complaints = properties.of_step(world, message, step, shop.policy)
    before, after = world.pair, step.state
    stopped = world.stopped or any(_stops(command) for command in step.commands)
    world = msgspec.structs.replace(
        world,
        pair=after,
        stopped=stopped,
        orders=world.orders + (VenueOrder(),) * (len(after.orders) - len(before.orders)),
    )
    world = noted(world, step.commands, after.place in properties.SETTLED)
    requests = tuple(request for command in step.commands for request in _requests(world, command))
    event = Event("decided", message=message, row=step.row, place=after.place, commands=step.commands)
    return Decided(world, requests, event, complaints)


def _stops(command: AnyCommand) -> bool:
    """The pair asks for the run's end: nothing may be opened any more."""
    return isinstance(command, Tell) and isinstance(command.message, DrainAsked)


def _requests(world: World, command: AnyCommand) -> tuple[Request, ...]:
    match command:
        case SubmitOrder():
            return (Request("submit", VENUES.index(command.venue), _number(world, command.order_id)),)
        case CancelOrder():
            return (Request("cancel", VENUES.index(command.venue), _number(world, command.order_id)),)
        case CancelAll():
            return (Request("cancel_all", VENUES.index(command.venue)),)
        case QueryOrder():
            return (Request("query_order", VENUES.index(command.venue), _number(world, command.order_id)),)
        case QueryPosition():
            return (Request("query_position", VENUES.index(command.venue)),)
        case _:
            return ()


def _number(world: World, order_id: str) -> int:
    number = NUMBERS[order_id]
    assert world.pair.orders[number].id == order_id
    return number


# --- what a flight tells us --------------------------------------------------------------------------------


def messages_of(flight: Flight, world: World) -> tuple[AnyMessage, ...]:
    """The messages a flight brings, in order."""
    if flight.kind == "answer":
        marks = accumulate(flight.fills, initial=0)
        fills = tuple(_filled(world, flight.order, mark, lots) for mark, lots in zip(marks, flight.fills, strict=False))
        state = _accepted(world, flight.order) if flight.word == "open" else _done(flight)
        return (*fills, state)
    if flight.kind == "failed":
        asked: Literal["order", "position"] = "order" if flight.word == "order" else "position"
        return (QueryFailed(venue=VENUES[flight.leg], asset=ASSET, query=asked, detail="no answer"),)
    return (_message(flight, world),)


def _message(flight: Flight, world: World) -> AnyMessage:
    venue = VENUES[flight.leg]
    order_id = IDS[flight.order] if flight.order >= 0 else ""
    match flight.kind:
        case "accepted":
            return _accepted(world, flight.order)
        case "filled":
            return _filled(world, flight.order, flight.mark, flight.amount)
        case "done":
            return _done(flight)
        case "rejected":
            return OrderRejected(venue=venue, order_id=order_id, reason=RejectReason(flight.word), detail="")
        case "denied":
            return OrderDenied(venue=venue, order_id=order_id, rule="openings_stopped", measured="", limit="")
        case "unresolved":
            return OrderUnresolved(venue=venue, order_id=order_id, detail="no answer")
        case "unknown":
            return OrderUnknown(venue=venue, order_id=order_id)
        case "cancel_rejected":
            return CancelRejected(venue=venue, order_id=order_id, detail="filled, gone or unknown")
        case "position":
            return position(flight.leg, flight.amount, flight.mark, queried=True)
        case "forced" | "foreign":
            fields = _taken(flight)
            return PositionDeleveraged(**fields) if flight.kind == "forced" else ForeignFilled(**fields)
        case _:
            raise AssertionError(f"{flight.kind} is no message")


def _venue_of(world: World, order: int) -> int:
    return ("taker", "maker").index(world.pair.orders[order].leg)


def _accepted(world: World, order: int) -> OrderAccepted:
    return OrderAccepted(venue=VENUES[_venue_of(world, order)], order_id=IDS[order], venue_order_id="")


def _done(flight: Flight) -> OrderDone:
    return OrderDone(
        venue=VENUES[flight.leg],
        order_id=IDS[flight.order],
        filled=Decimal(flight.amount * LOT),
        reason=DoneReason(flight.word),
    )


def _filled(world: World, order: int, mark: int, lots: int) -> OrderFilled:
    asked = world.pair.orders[order]
    return OrderFilled(
        venue=VENUES[_venue_of(world, order)],
        asset=ASSET,
        order_id=asked.id,
        fill_id=str(mark),
        side=asked.side,
        price=Decimal(100),
        size=Decimal(lots * LOT),
        fee_usd=Decimal(0),
        liquidity=Liquidity.TAKER,
        venue_at_ns=0,
    )


def position(leg: int, lots: int, mark: int, *, queried: bool) -> PositionReported:
    """The venue's word on a position."""
    return PositionReported(venue=VENUES[leg], asset=ASSET, size=Decimal(lots * LOT), venue_at_ns=mark, queried=queried)


def _taken(flight: Flight) -> dict[str, Any]:
    """The fields of a fill that takes lots of a leg and is of no order of ours; its size decides nothing if foreign."""
    return {
        "venue": VENUES[flight.leg],
        "asset": ASSET,
        "fill_id": str(flight.mark),
        "side": Side.SELL if SIGNS[flight.leg] > 0 else Side.BUY,
        "price": Decimal(100),
        "size": Decimal(max(1, flight.amount) * LOT),
        "fee_usd": Decimal(0),
        "venue_at_ns": flight.mark,
    }
