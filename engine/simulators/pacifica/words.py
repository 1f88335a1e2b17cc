"""The exchange's vocabulary in Pacifica's words: sides, statuses, events, causes, numbers. Pure."""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import (
    DoneReason,
    FillCause,
    OrderFilled,
    OrderStatus,
    OrderView,
    RejectReason,
)
from engine.venues.pacifica import wire

NS_PER_MS = 1_000_000
_FINEST = Decimal("1e-12")

EVENT_OF_DONE: dict[DoneReason, wire.OrderEvent] = {
    DoneReason.FILLED: "fulfill_limit",
    DoneReason.CANCELED: "cancel",
    DoneReason.IOC_REMAINDER: "cancel",
    DoneReason.EXPIRED: "expired",
    DoneReason.REDUCE_ONLY_CANCELED: "force_cancel",
    DoneReason.MARGIN_CANCELED: "force_cancel",
    DoneReason.LIQUIDATED: "force_cancel",
    DoneReason.SELF_TRADE: "self_trade_prevented",
    DoneReason.MARKET_MODE_CANCELED: "force_cancel",
}
CAUSE: dict[FillCause, wire.TradeCause] = {
    FillCause.ORDER: "normal",
    FillCause.MANUAL: "normal",
    FillCause.LIQUIDATION: "market_liquidation",
    FillCause.BACKSTOP: "backstop_liquidation",
    FillCause.BANKRUPTCY: "backstop_liquidation",
    FillCause.ADL: "settlement",
}

MECHANISM: dict[FillCause, str] = {
    FillCause.LIQUIDATION: "market",
    FillCause.BACKSTOP: "backstop",
    FillCause.BANKRUPTCY: "backstop",
    FillCause.ADL: "adl",
}
"""Docs "Account liquidations", 2026, name `market` and `adl`; `backstop` is inferred."""


def text(value: Decimal) -> str:
    """A decimal string as the venue writes it: no exponent, at most 12 decimals, no trailing zeros."""
    written = format(value, "f")
    point = written.find(".")
    if point < 0:
        return written
    if len(written) - point > 13:
        written = format(value.quantize(_FINEST), "f")
    return written.rstrip("0").rstrip(".")


def ms(at_ns: int) -> int:
    """The venue's milliseconds."""
    return at_ns // NS_PER_MS


def book_side(is_buy: bool) -> wire.BookSide:
    """`bid` buys, `ask` sells; of a position, `bid` is long."""
    return "bid" if is_buy else "ask"


def trade_side(fill: OrderFilled) -> wire.TradeSide:
    """What the fill did to the position; a fill through zero counts as a close."""
    if fill.is_buy:
        return "close_short" if fill.position_before < 0 else "open_long"
    return "close_long" if fill.position_before > 0 else "open_short"


def ending(order: OrderView) -> tuple[wire.OrderEvent, wire.OrderStatus]:
    """The last event and the status of an order."""
    match order.status:
        case OrderStatus.OPEN:
            return ("fulfill_limit", "partially_filled") if order.filled else ("make", "open")
        case OrderStatus.FILLED:
            return "fulfill_limit", "filled"
        case OrderStatus.CANCELED:
            return EVENT_OF_DONE[order.done_reason or DoneReason.CANCELED], "cancelled"
        case OrderStatus.REJECTED:
            return rejected(order.reject_reason)


def rejected(reason: RejectReason | None) -> tuple[wire.OrderEvent, wire.OrderStatus]:
    """How an order that was acknowledged and then refused is told: never synchronously."""
    if reason is RejectReason.POST_ONLY_WOULD_CROSS:
        return "post_only_rejected", "rejected"
    if reason is RejectReason.IOC_NO_LIQUIDITY:
        return "cancel", "cancelled"
    return "force_cancel", "rejected"
