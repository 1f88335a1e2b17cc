"""The exchange's vocabulary in Lighter's words: texts of numbers, statuses of orders, kinds of trades. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.simulators.exchange import DoneReason, FillCause, OrderFilled, OrderStatus, OrderView, RejectReason
from engine.simulators.lighter.rules import Listing
from engine.venues.lighter import wire, wire_orders

Row = dict[str, object]
"""A JSON object to be."""
NS_PER_S, NS_PER_MS, NS_PER_US = 1_000_000_000, 1_000_000, 1_000
GENESIS_S = 1_550_405_851
"""One block a second: height 227,535,532 at 1,777,941,383 (recorded, 2026-05)."""
ZERO = Decimal(0)

TYPE_TEXT: Mapping[int, wire_orders.OrderTypeText] = {
    wire.ORDER_TYPE_LIMIT: "limit",
    wire.ORDER_TYPE_MARKET: "market",
}
TIF_TEXT: Mapping[int, wire_orders.TimeInForceText] = {
    wire.TIF_IOC: "immediate-or-cancel",
    wire.TIF_GTT: "good-till-time",
    wire.TIF_POST_ONLY: "post-only",
}
_DONE: Mapping[DoneReason, wire_orders.OrderStatus] = {
    DoneReason.FILLED: "filled",
    DoneReason.CANCELED: "canceled",
    DoneReason.EXPIRED: "canceled-expired",
    DoneReason.REDUCE_ONLY_CANCELED: "canceled-reduce-only",
    DoneReason.MARGIN_CANCELED: "canceled-margin-not-allowed",
    DoneReason.LIQUIDATED: "canceled-liquidation",
    DoneReason.SELF_TRADE: "canceled-self-trade",
    DoneReason.MARKET_MODE_CANCELED: "canceled-position-not-allowed",
}
_REJECTED: Mapping[RejectReason, wire_orders.OrderStatus] = {
    RejectReason.EXPIRED: "canceled-expired",
    RejectReason.MARGIN: "canceled-margin-not-allowed",
    RejectReason.POST_ONLY_WOULD_CROSS: "canceled-post-only",
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: "canceled-reduce-only",
    RejectReason.MARKET_REDUCE_ONLY_MODE: "canceled-position-not-allowed",
}


def price_text(listing: Listing, price: Decimal) -> str:
    """A price per token as the venue writes it."""
    return f"{price * listing.multiplier:.{listing.price_decimals}f}"


def size_text(listing: Listing, size: Decimal) -> str:
    """A size in tokens as the venue writes it."""
    return f"{size / listing.multiplier:.{listing.size_decimals}f}"


def usd(value: Decimal) -> str:
    """An amount of USD, six decimals."""
    return f"{value:.6f}"


def percent(rate: Decimal) -> str:
    """A fraction as the venue's percent, four decimals."""
    return f"{rate * 100:.4f}"


def ms(at_ns: int) -> int:
    """The venue's milliseconds."""
    return at_ns // NS_PER_MS


def us(at_ns: int) -> int:
    """The venue's microseconds."""
    return at_ns // NS_PER_US


def height(at_ns: int) -> int:
    """The block at a time."""
    return max(0, at_ns // NS_PER_S - GENESIS_S)


def trade_type(fills: tuple[OrderFilled, ...]) -> wire_orders.TradeType:
    """What a trade is told as; all its sides are told the same."""
    causes = tuple(fill.cause for fill in fills)
    if FillCause.ADL in causes or FillCause.BANKRUPTCY in causes:
        return "deleverage"
    forced = FillCause.LIQUIDATION in causes or FillCause.BACKSTOP in causes
    return "liquidation" if forced else "trade"


def order_status(order: OrderView, is_market: bool) -> wire_orders.OrderStatus:
    """Where an order stands. What an IOC could not get ends as too much slippage for a market order and as plainly
    cancelled for a limit order (inferred from the names of the statuses)."""
    unmet: wire_orders.OrderStatus = "canceled-too-much-slippage" if is_market else "canceled"
    match order.status:
        case OrderStatus.OPEN:
            return "open"
        case OrderStatus.FILLED:
            return "filled"
        case OrderStatus.CANCELED:
            return unmet if order.done_reason is None else _DONE.get(order.done_reason, unmet)
        case OrderStatus.REJECTED:
            return unmet if order.reject_reason is None else _REJECTED.get(order.reject_reason, unmet)
