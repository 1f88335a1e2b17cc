"""Pacifica's bytes and our words: what every part of the codec shares, and the requests we write. Pure.

`codec_rest` reads REST answers, `codec_stream` reads frames, `refusals` reads errors. Everything that must
not be used is refused by a `FrameError` that names the field.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TypeVar

import msgspec

from actors.commands import SubmitOrder
from actors.domain import DoneReason, Side, TimeInForce
from engine.venues.link import FrameError
from engine.venues.pacifica.markets import Market
from engine.venues.pacifica.wire import BookSide, OrderEvent, OrderStatus, TradeSide

NS_PER_MS = 1_000_000

TIF = {TimeInForce.IOC: "IOC", TimeInForce.POST_ONLY: "ALO", TimeInForce.GTC: "GTC"}
BOOK_SIDE: dict[Side, BookSide] = {Side.BUY: "bid", Side.SELL: "ask"}
SIDE_OF_BOOK: dict[BookSide, Side] = {"bid": Side.BUY, "ask": Side.SELL}
SIDE_OF_TRADE: dict[TradeSide, Side] = {
    "open_long": Side.BUY,
    "close_short": Side.BUY,
    "open_short": Side.SELL,
    "close_long": Side.SELL,
}

CREATE_ORDER = "create_order"
CANCEL_ORDER = "cancel_order"
CANCEL_ALL = "cancel_all_orders"
UPDATE_LEVERAGE = "update_leverage"
PATHS = {
    CREATE_ORDER: "/orders/create",
    CANCEL_ORDER: "/orders/cancel",
    CANCEL_ALL: "/orders/cancel_all",
    UPDATE_LEVERAGE: "/account/leverage",
}
"""The operation types we sign, and the path of each."""

T = TypeVar("T")


def read(decoder: msgspec.json.Decoder[T], channel: str, body: bytes | msgspec.Raw) -> T:
    """Decode, or raise `FrameError` naming channel and field."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(channel, str(error)) from error


def ns(ms: int) -> int:
    """Nanoseconds of the venue's milliseconds."""
    return ms * NS_PER_MS


def plain(value: Decimal) -> str:
    """The decimal as the venue wants it: no exponent, no trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def client_id(order_id: str) -> str:
    """Our 32 hex digits as the venue's UUID with dashes."""
    return str(uuid.UUID(hex=order_id))


def order_id_of(client_order_id: str | None) -> str | None:
    """Our order id inside the venue's client order id; None when it holds none (a manual order, another
    tool's).
    """
    if client_order_id is None:
        return None
    try:
        return uuid.UUID(client_order_id).hex
    except ValueError:
        return None


def encode_order(order: SubmitOrder, market: Market) -> dict[str, object]:
    """The payload of `create_order` (docs "Create limit order", 2025-11)."""
    return {
        "symbol": market.symbol,
        "price": plain(market.venue_price(order.limit_price)),
        "reduce_only": order.reduce_only,
        "amount": plain(market.venue_size(order.size)),
        "side": BOOK_SIDE[order.side],
        "tif": TIF[order.time_in_force],
        "client_order_id": client_id(order.order_id),
    }


def encode_cancel(order_id: str, market: Market) -> dict[str, object]:
    """The payload of `cancel_order`, by client order id."""
    return {"symbol": market.symbol, "client_order_id": client_id(order_id)}


def encode_cancel_all(market: Market) -> dict[str, object]:
    """The payload of `cancel_all_orders` for one market."""
    return {"all_symbols": False, "exclude_reduce_only": False, "symbol": market.symbol}


def encode_leverage(market: Market, leverage: int) -> dict[str, object]:
    """The payload of `update_leverage`."""
    return {"symbol": market.symbol, "leverage": leverage}


def encode_subscription(source: str, **parameters: str | int) -> bytes:
    """A subscription frame."""
    return msgspec.json.encode({"method": "subscribe", "params": {"source": source, **parameters}})


PING = b'{"method":"ping"}'

_REASON_OF_EVENT: dict[OrderEvent, DoneReason] = {
    "force_cancel": DoneReason.VENUE_CANCELED,
    "expired": DoneReason.EXPIRED,
    "post_only_rejected": DoneReason.POST_ONLY_REJECTED,
    "self_trade_prevented": DoneReason.SELF_TRADE,
}


def is_over(status: OrderStatus) -> bool:
    """Whether an order of this status can no longer fill."""
    return status in ("filled", "cancelled", "rejected")


def done_reason(status: OrderStatus, event: OrderEvent | None, *, ioc: bool) -> DoneReason:
    """Why an order is over. `event` is None where the venue gives only the status (`/orders/history`).

    The venue says `cancel` for a user's cancel and for an IOC's remainder alike (inferred), so `ioc` decides.
    """
    if status == "filled":
        return DoneReason.FILLED
    if event is not None and event in _REASON_OF_EVENT:
        return _REASON_OF_EVENT[event]
    if ioc:
        return DoneReason.IOC_REMAINDER
    return DoneReason.VENUE_CANCELED if status == "rejected" else DoneReason.CANCELED
