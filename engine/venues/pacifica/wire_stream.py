"""The shapes of Pacifica's WebSocket frames. No logic. Counterpart: `codec_stream`.

The venue names fields by single letters (docs "Websocket / Subscriptions", 2025-11); here each has a word,
and its letter beside it.
"""

from __future__ import annotations

import msgspec
from msgspec import field

from engine.venues.pacifica.wire import (
    BookSide,
    DecimalText,
    OrderEvent,
    OrderStatus,
    TradeCause,
    TradeRole,
    TradeSide,
    Wire,
)


class Frame(Wire, frozen=True, kw_only=True):
    """Any frame: a channel with data, an acknowledgement, a pong, or an error (`code`, `err`)."""

    channel: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    code: int | None = None
    err: str | None = None
    type: str | None = None


class Subscription(Wire, frozen=True, kw_only=True):
    """The acknowledgement of a subscription, channel `subscribe`."""

    source: str


class Bbo(Wire, frozen=True, kw_only=True):
    """Channel `bbo`. `last_order_id` grows with every change of the symbol's book; an empty side is null."""

    symbol: str = field(name="s")
    last_order_id: int = field(name="li")
    at_ms: int = field(name="t")
    bid: DecimalText | None = field(name="b")
    bid_size: DecimalText | None = field(name="B")
    ask: DecimalText | None = field(name="a")
    ask_size: DecimalText | None = field(name="A")
    order_id: int | None = field(name="i", default=None)


class BookLevel(Wire, frozen=True, kw_only=True):
    """One price of a book; `orders` rest there."""

    price: DecimalText = field(name="p")
    amount: DecimalText = field(name="a")
    orders: int = field(name="n")


class Book(Wire, frozen=True, kw_only=True):
    """Channel `book`: a whole snapshot, bids then asks, best first, at most 10 levels a side."""

    symbol: str = field(name="s")
    levels: tuple[tuple[BookLevel, ...], tuple[BookLevel, ...]] = field(name="l")
    at_ms: int = field(name="t")
    last_order_id: int | None = field(name="li", default=None)


class AccountInfo(Wire, frozen=True, kw_only=True):
    """Channel `account_info`, USD."""

    equity: DecimalText = field(name="ae")
    available: DecimalText = field(name="as")
    withdrawable: DecimalText = field(name="aw")
    balance: DecimalText = field(name="b")
    fee_level: int = field(name="f")
    margin_used: DecimalText = field(name="mu")
    maintenance: DecimalText = field(name="cm")
    orders_count: int = field(name="oc")
    pending_balance: DecimalText = field(name="pb")
    positions_count: int = field(name="pc")
    stop_orders_count: int = field(name="sc")
    at_ms: int = field(name="t")


class Position(Wire, frozen=True, kw_only=True):
    """Channel `account_positions`; every frame replaces all positions. `funding` positive = received; the
    liquidation price may be negative, null or (before December 2025) absent."""

    symbol: str = field(name="s")
    side: BookSide = field(name="d")
    amount: DecimalText = field(name="a")
    entry_price: DecimalText = field(name="p")
    margin: DecimalText = field(name="m")
    funding: DecimalText = field(name="f")
    isolated: bool = field(name="i")
    at_ms: int = field(name="t")
    liquidation_price: DecimalText | None = field(name="l", default=None)


class OpenOrder(Wire, frozen=True, kw_only=True):
    """Channel `account_orders`; every frame replaces all open orders."""

    order_id: int = field(name="i")
    client_order_id: str | None = field(name="I")
    symbol: str = field(name="s")
    side: BookSide = field(name="d")
    price: DecimalText = field(name="p")
    amount: DecimalText = field(name="a")
    filled: DecimalText = field(name="f")
    cancelled: DecimalText = field(name="c")
    order_type: str = field(name="ot")
    reduce_only: bool = field(name="ro")
    stop_price: DecimalText | None = field(name="sp")
    stop_type: str | None = field(name="st")
    at_ms: int = field(name="t")


class OrderUpdate(Wire, frozen=True, kw_only=True):
    """Channel `account_order_updates`. `amount` as ordered, `filled` cumulative, `price` the average."""

    order_id: int = field(name="i")
    client_order_id: str | None = field(name="I")
    account: str = field(name="u")
    symbol: str = field(name="s")
    side: BookSide = field(name="d")
    price: DecimalText = field(name="p")
    initial_price: DecimalText = field(name="ip")
    amount: DecimalText = field(name="a")
    filled: DecimalText = field(name="f")
    event: OrderEvent = field(name="oe")
    status: OrderStatus = field(name="os")
    order_type: str = field(name="ot")
    reduce_only: bool = field(name="r")
    created_at: int = field(name="ct")
    updated_at: int = field(name="ut")
    last_price: DecimalText | None = field(name="lp", default=None)
    stop_price: DecimalText | None = field(name="sp", default=None)
    stop_parent: int | str | None = field(name="si", default=None)
    last_order_id: int | None = field(name="li", default=None)


class Trade(Wire, frozen=True, kw_only=True):
    """Channel `account_trades`: one fill. The attribute names are those of `wire.TradeRow`."""

    history_id: int = field(name="h")
    order_id: int = field(name="i")
    client_order_id: str | None = field(name="I")
    account: str = field(name="u")
    symbol: str = field(name="s")
    price: DecimalText = field(name="p")
    entry_price: DecimalText = field(name="o")
    amount: DecimalText = field(name="a")
    event_type: TradeRole = field(name="te")
    side: TradeSide = field(name="ts")
    cause: TradeCause = field(name="tc")
    fee: DecimalText = field(name="f")
    pnl: DecimalText = field(name="n")
    created_at: int = field(name="t")
    last_order_id: int | None = field(name="li", default=None)


class Liquidation(Wire, frozen=True, kw_only=True):
    """Channel `account_liquidations`, for which the connection needs the account's API key: one forced close.

    `mechanism` is `adl` for a profitable position that was closed; any other word means that the account was
    liquidated (docs "Account liquidations", 2026; the words are not listed there, so it stays text). The trades of
    the same close carry the same `last_order_id`.
    """

    account: str = field(name="u")
    symbol: str = field(name="s")
    mechanism: str = field(name="m")
    side: BookSide = field(name="d")
    amount: DecimalText = field(name="a")
    price: DecimalText = field(name="p")
    order_id: int | None = field(name="i", default=None)
    at_ms: int = field(name="t")
    last_order_id: int | None = field(name="li", default=None)
