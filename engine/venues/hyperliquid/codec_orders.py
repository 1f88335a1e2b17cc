"""Orders on Hyperliquid's wire: our commands as actions, its answers as outcomes. The other half of `codec`.

The order of keys in an action is part of what is signed (msgpack; SDK `action_hash`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO, DoneReason, RejectReason, Side, TimeInForce, Venue
from actors.messages import CancelRejected, OrderAccepted, OrderDone, OrderRejected
from engine.venues.hyperliquid.markets import PRICE_DECIMALS, SIGNIFICANT_FIGURES, Market, coin_of, units_of
from engine.venues.hyperliquid.refusals import (
    DONE_STATUSES,
    OPEN_STATUSES,
    REJECTED_STATUSES,
    in_words,
    reject_reason,
)
from engine.venues.hyperliquid.wire_orders import (
    BasicOrder,
    ExchangeReply,
    Filled,
    OrderAck,
    OrderStatus,
    OrderUpdate,
    Signature,
)
from engine.venues.link import FrameError

Action = dict[str, Any]
OrderOutcome = OrderAccepted | OrderDone | OrderRejected

_TIME_IN_FORCE = {TimeInForce.IOC: "Ioc", TimeInForce.POST_ONLY: "Alo", TimeInForce.GTC: "Gtc"}
_ORDER_ID_DIGITS = 32
_SUCCESS = "success"


class UnfitOrder(Exception):
    """An order that the venue's lattice cannot carry; it is not sent."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


# --- our side: actions ------------------------------------------------------------------------------------


def encode_order(command: SubmitOrder, market: Market) -> Action:
    """The `order` action of one order; raises UnfitOrder."""
    order = {
        "a": market.asset_id,
        "b": command.side is Side.BUY,
        "p": price_text(command.limit_price, market),
        "s": size_text(command.size, market),
        "r": command.reduce_only,
        "t": {"limit": {"tif": _TIME_IN_FORCE[command.time_in_force]}},
        "c": client_order_id_text(command.order_id),
    }
    return {"type": "order", "orders": [order], "grouping": "na"}


def encode_cancel(order_id: str, market: Market) -> Action:
    """Cancel by client id; these keys are spelt out, unlike those of `cancel`."""
    cancel = {"asset": market.asset_id, "cloid": client_order_id_text(order_id)}
    return {"type": "cancelByCloid", "cancels": [cancel]}


def encode_cancels(orders: tuple[BasicOrder, ...], market: Market) -> Action:
    """Cancel by the venue's ids; there is no action that cancels all (HL docs, "Exchange endpoint")."""
    return {"type": "cancel", "cancels": [{"a": market.asset_id, "o": order.oid} for order in orders]}


def encode_leverage(leverage: int, market: Market) -> Action:
    """Set cross leverage, or isolated where the market allows nothing else."""
    return {
        "type": "updateLeverage",
        "asset": market.asset_id,
        "isCross": not market.only_isolated,
        "leverage": leverage,
    }


def encode_schedule_cancel(time_ms: int) -> Action:
    """Cancel everything at that time, unless it is moved before (the dead-man's switch)."""
    return {"type": "scheduleCancel", "time": time_ms}


def encode_body(action: Action, nonce: int, signature: Signature, expires_after_ms: int | None) -> bytes:
    """The body of POST /exchange."""
    body = {
        "action": action,
        "nonce": nonce,
        "signature": signature,
        "vaultAddress": None,
        "expiresAfter": expires_after_ms,
    }
    return msgspec.json.encode(body)


def price_text(price: Decimal, market: Market) -> str:
    """At most 5 significant figures and 6 - szDecimals decimals; whole numbers always fit (HL docs)."""
    venue_price = (price * market.units.multiplier).normalize()
    decimals = PRICE_DECIMALS - market.size_decimals
    sign, digits, exponent = venue_price.as_tuple()
    assert isinstance(exponent, int), "a price is a finite number"
    whole = exponent >= 0
    if sign or not venue_price or not (whole or (-exponent <= decimals and len(digits) <= SIGNIFICANT_FIGURES)):
        raise UnfitOrder(RejectReason.TICK, f"price {price} is not on the venue's lattice")
    return f"{venue_price:f}"


def size_text(size: Decimal, market: Market) -> str:
    """At most szDecimals decimals."""
    venue_size = (size / market.units.multiplier).normalize()
    sign, _, exponent = venue_size.as_tuple()
    assert isinstance(exponent, int), "a size is a finite number"
    if sign or not venue_size or -exponent > market.size_decimals:
        raise UnfitOrder(RejectReason.LOT, f"size {size} is not a positive multiple of the lot")
    return f"{venue_size:f}"


def client_order_id_text(order_id: str) -> str:
    """Our 32 hex digits as the venue's cloid."""
    assert len(order_id) == _ORDER_ID_DIGITS, f"not an order id: {order_id!r}"
    return "0x" + order_id


def order_id_of(cloid: str | None) -> str | None:
    """The venue's cloid as our order id; None for an order without one, which is not ours."""
    return None if cloid is None else cloid.removeprefix("0x")


# --- the venue's side: outcomes ---------------------------------------------------------------------------


def only_status(reply: ExchangeReply) -> str | OrderAck:
    """The single entry of an answer to one order or one cancel; a refused action counts as one."""
    return all_statuses(reply, 1)[0]


def all_statuses(reply: ExchangeReply, count: int) -> tuple[str | OrderAck, ...]:
    """One entry for each of `count` orders or cancels.

    A refusal of the whole action, and the single error of a batch that failed its checks (HL docs, "Exchange
    endpoint"), stand for every entry. Raises FrameError.
    """
    if isinstance(reply.response, str):
        return (OrderAck(error=reply.response),) * count
    if reply.status == "err" or reply.response.data is None:
        raise FrameError("exchange", "an answer without statuses - at `$.response.data`")
    statuses = reply.response.data.statuses
    if len(statuses) == 1 and isinstance(statuses[0], OrderAck) and statuses[0].error is not None:
        return statuses * count
    if len(statuses) != count:
        raise FrameError("exchange", f"{len(statuses)} statuses for {count} - at `$.response.data.statuses`")
    return statuses


def submit_outcome(status: str | OrderAck, command: SubmitOrder) -> tuple[OrderOutcome, ...]:
    """What the acknowledgement of our order proves; fills come from fill records. Raises FrameError."""
    if isinstance(status, str):
        raise FrameError("exchange", f"unexpected status {status!r} for a limit order")
    if status.error is not None:
        return (_rejected(command.order_id, reject_reason(status.error), in_words(status.error)),)
    if status.resting is not None:
        return (_accepted(command.order_id, status.resting.oid),)
    if status.filled is not None:
        return _filled(status.filled, command)
    raise FrameError("exchange", "a status with none of resting, filled, error")


def _filled(filled: Filled, command: SubmitOrder) -> tuple[OrderOutcome, ...]:
    """`totalSz` is the whole fill of an IOC; a good-till-cancelled order may rest on with the remainder."""
    total = units_of(coin_of(command.asset)).size(filled.totalSz)
    accepted = _accepted(command.order_id, filled.oid)
    if total >= command.size:
        return accepted, _done(command.order_id, total, DoneReason.FILLED)
    if command.time_in_force is TimeInForce.IOC:
        return accepted, _done(command.order_id, total, DoneReason.IOC_REMAINDER)
    return (accepted,)


def cancel_refusal(status: str | OrderAck, order_id: str) -> CancelRejected | None:
    """None when the venue cancelled. Raises FrameError."""
    if status == _SUCCESS:
        return None
    if isinstance(status, OrderAck) and status.error is not None:
        return CancelRejected(venue=Venue.HYPERLIQUID, order_id=order_id, detail=in_words(status.error))
    raise FrameError("exchange", f"unexpected status {status!r} for a cancel")


def order_state(update: OrderUpdate, order_id: str) -> OrderOutcome:
    """What the status of our order means. Raises FrameError."""
    if update.status in OPEN_STATUSES:
        return _accepted(order_id, update.order.oid)
    if update.status in REJECTED_STATUSES:
        return _rejected(order_id, REJECTED_STATUSES[update.status], update.status.value)
    return _done(order_id, filled_size(update.order), _done_reason(update))


def filled_size(order: BasicOrder) -> Decimal:
    """origSz - sz in base units: `sz` stays at the remainder when an order ends. Raises FrameError."""
    if order.origSz is None:
        raise FrameError("order", "Object missing required field `origSz`")
    return units_of(order.coin).size(str(Decimal(order.origSz) - Decimal(order.sz)))


def _done_reason(update: OrderUpdate) -> DoneReason:
    left = Decimal(update.order.sz) > ZERO
    if left and (update.status is OrderStatus.FILLED or update.order.tif == "Ioc"):
        return DoneReason.IOC_REMAINDER
    return DONE_STATUSES[update.status]


def _accepted(order_id: str, oid: int) -> OrderAccepted:
    return OrderAccepted(venue=Venue.HYPERLIQUID, order_id=order_id, venue_order_id=str(oid))


def _rejected(order_id: str, reason: RejectReason, detail: str) -> OrderRejected:
    return OrderRejected(venue=Venue.HYPERLIQUID, order_id=order_id, reason=reason, detail=detail)


def _done(order_id: str, filled: Decimal, reason: DoneReason) -> OrderDone:
    return OrderDone(venue=Venue.HYPERLIQUID, order_id=order_id, filled=filled, reason=reason)
