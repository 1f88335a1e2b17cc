"""Risk's own count of orders in flight and positions, kept apart from the strategy's books on purpose."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import ActorState, Context
from actors.commands import SubmitOrder
from actors.domain import ZERO, Noun, Venue
from actors.messages import (
    CancelRejected,
    ForcedFill,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    TimerFired,
)

MINUTE_NS = 60_000_000_000


class InFlight(Noun, frozen=True, kw_only=True):
    """An order that left and is not over: signed size still open, counted as filled by the limits."""

    venue: Venue
    asset: str
    signed_size: Decimal
    limit_price: Decimal
    reduce_only: bool
    filled: Decimal = ZERO
    fills: tuple[str, ...] = ()
    lapses_ns: int


class Held(Noun, frozen=True, kw_only=True):
    """A position: signed base size, what the venue told of it, and the pair that trades it."""

    venue: Venue
    asset: str
    size: Decimal = ZERO
    entry_price: Decimal | None = None
    adl_rank: Decimal | None = None
    holder: str = ""


class RiskState(ActorState, frozen=True, kw_only=True):
    """Positions and orders in flight by key, when recent orders left, and when each venue last deleveraged us."""

    positions: dict[str, Held] = msgspec.field(default_factory=dict)
    in_flight: dict[str, InFlight] = msgspec.field(default_factory=dict)
    recent_ns: tuple[int, ...] = ()
    deleveraged_ns: dict[str, int] = msgspec.field(default_factory=dict)
    passed: int = 0
    denied: int = 0


def key_of(venue: Venue, asset: str) -> str:
    """The key of a position."""
    return f"{venue}:{asset}"


def absorb(state: RiskState, context: Context) -> tuple[RiskState, str]:
    """Count an order or position fact; name the trigger."""
    message = context.message
    match message:
        case OrderFilled():
            return _fill(state, message), "OwnFill"
        case OrderDone():
            return _done(state, message), "OrderNoted"
        case OrderRejected() | OrderDenied():
            return _forget(state, message.order_id), "OrderNoted"
        case OrderUnknown():
            order = state.in_flight.get(message.order_id)
            lapsed = order is not None and context.at_ns > order.lapses_ns
            return (_forget(state, message.order_id) if lapsed else state), "OrderNoted"
        case OrderAccepted() | OrderUnresolved() | CancelRejected():
            return state, "OrderNoted"
        case PositionDeleveraged():
            told = {**state.deleveraged_ns, message.venue.value: context.at_ns}
            return _forced(msgspec.structs.replace(state, deleveraged_ns=told), message), "OwnFill"
        case PositionLiquidated():
            return _forced(state, message), "OwnFill"
        case PositionReported():
            return _position(state, message)
        case TimerFired():
            return state, f"timer:{message.timer}"
        case _:
            return state, type(message).__name__


def send(state: RiskState, actor: str, order: SubmitOrder, at_ns: int, grace_ns: int) -> RiskState:
    """Count an order that is about to leave."""
    entry = InFlight(
        venue=order.venue,
        asset=order.asset,
        signed_size=order.side.sign * order.size,
        limit_price=order.limit_price,
        reduce_only=order.reduce_only,
        lapses_ns=order.expires_at_ns + grace_ns,
    )
    recent = tuple(sent for sent in state.recent_ns if at_ns - sent < MINUTE_NS)
    key = key_of(order.venue, order.asset)
    held = state.positions.get(key) or Held(venue=order.venue, asset=order.asset)
    return msgspec.structs.replace(
        state,
        in_flight={**state.in_flight, order.order_id: entry},
        positions={**state.positions, key: msgspec.structs.replace(held, holder=actor)},
        recent_ns=(*recent, at_ns),
        passed=state.passed + 1,
    )


def _fill(state: RiskState, message: OrderFilled) -> RiskState:
    order = state.in_flight.get(message.order_id)
    if order is None or message.fill_id in order.fills:
        return state
    filled = order.filled + message.size
    if filled > order.filled and filled > abs(order.signed_size):
        filled = abs(order.signed_size)
    grown = msgspec.structs.replace(order, filled=filled, fills=(*order.fills, message.fill_id))
    state = _move(state, order, filled - order.filled)
    if filled >= abs(order.signed_size):
        return _forget(state, message.order_id)
    return msgspec.structs.replace(state, in_flight={**state.in_flight, message.order_id: grown})


def _done(state: RiskState, message: OrderDone) -> RiskState:
    order = state.in_flight.get(message.order_id)
    if order is None:
        return state
    return _forget(_move(state, order, max(ZERO, message.filled - order.filled)), message.order_id)


def _move(state: RiskState, order: InFlight, size: Decimal) -> RiskState:
    """Let the position follow a fill of an order of ours."""
    if not size:
        return state
    key = key_of(order.venue, order.asset)
    held = state.positions[key]
    signed = size if order.signed_size > 0 else -size
    return _with_position(state, key, msgspec.structs.replace(held, size=held.size + signed))


def _forget(state: RiskState, order_id: str) -> RiskState:
    if order_id not in state.in_flight:
        return state
    left = {key: order for key, order in state.in_flight.items() if key != order_id}
    return msgspec.structs.replace(state, in_flight=left)


def _forced(state: RiskState, message: ForcedFill) -> RiskState:
    key = key_of(message.venue, message.asset)
    held = state.positions.get(key)
    sign = message.side.sign
    if held is None or held.size * sign >= 0:
        return state
    size = min(message.size, abs(held.size))
    return _with_position(state, key, msgspec.structs.replace(held, size=held.size + sign * size))


def _position(state: RiskState, message: PositionReported) -> tuple[RiskState, str]:
    """The venue's word wins, unless an order is in flight there and the word may be older than a fill."""
    key = key_of(message.venue, message.asset)
    held = state.positions.get(key) or Held(venue=message.venue, asset=message.asset)
    busy = any(key_of(order.venue, order.asset) == key for order in state.in_flight.values())
    size = held.size if busy else message.size
    told = msgspec.structs.replace(held, size=size, entry_price=message.entry_price, adl_rank=message.adl_rank)
    if told == held or (not told.size and not held.size):
        return state, "PositionNoted"
    return _with_position(state, key, told), "PositionReported"


def _with_position(state: RiskState, key: str, held: Held) -> RiskState:
    return msgspec.structs.replace(state, positions={**state.positions, key: held})
