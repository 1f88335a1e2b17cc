"""The shapes of Pacifica's REST payloads, named as the venue names them. No logic. Counterpart: `codec_rest`.

Numbers are decimal strings, times are milliseconds UTC (docs "API / REST API", 2025-11). Unknown fields are
ignored, since the venue adds fields; a missing field or an unknown enum value is refused.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

import msgspec

DecimalText = Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?([eE][-+]?\d+)?$")]

BookSide = Literal["bid", "ask"]
TradeSide = Literal["open_long", "close_long", "open_short", "close_short"]
TradeRole = Literal["fulfill_taker", "fulfill_maker"]
TradeCause = Literal["normal", "market_liquidation", "backstop_liquidation", "settlement"]
OrderStatus = Literal["open", "partially_filled", "filled", "cancelled", "rejected"]
OrderEvent = Literal[
    "make",
    "stop_created",
    "fulfill_market",
    "fulfill_limit",
    "adjust",
    "stop_parent_order_filled",
    "stop_triggered",
    "stop_upgrade",
    "cancel",
    "force_cancel",
    "expired",
    "post_only_rejected",
    "self_trade_prevented",
]
"""Docs "Websocket / Account order updates", 2025-11."""

REST_PREFIX = "/api/v1"
STREAM_PATH = "/ws"
ACCESS_HEADER = "PF-API-KEY"
"""Carries an API key of the account, with requests and in the handshake (docs "Rate limits" and "Account
liquidations", 2026). What the venue does with a key it does not know: not verified."""

T = TypeVar("T")


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything the venue sends; fields it adds are ignored."""


class Envelope(Wire, Generic[T], frozen=True, kw_only=True):
    """What every REST answer is wrapped in. Paged answers carry `next_cursor` and `has_more`."""

    success: bool
    data: T | None = None
    error: str | None = None
    code: int | None = None
    error_id: str | None = None
    next_cursor: str | None = None
    has_more: bool = False


class Refusal(Wire, frozen=True, kw_only=True):
    """An error body; the older documentation shows it without `success`."""

    error: str
    success: bool = False
    code: int | None = None
    error_id: str | None = None


class MarketRow(Wire, frozen=True, kw_only=True):
    """GET /info. `min_order_size` is in USD; `instrument_type` is absent in answers before April 2026;
    only `perpetual` is traded here, whatever other types the venue adds."""

    symbol: str
    tick_size: DecimalText
    lot_size: DecimalText
    max_leverage: int
    min_order_size: DecimalText
    max_order_size: DecimalText
    funding_rate: DecimalText
    next_funding_rate: DecimalText
    isolated_only: bool
    min_tick: DecimalText = "0"
    max_tick: DecimalText = "1000000"
    created_at: int | None = None
    instrument_type: str = "perpetual"
    base_asset: str | None = None


class PriceRow(Wire, frozen=True, kw_only=True):
    """GET /info/prices and channel `prices`. `funding` was paid for the past hour, `next_funding` is the
    estimate of the coming one; `open_interest` in base units, `volume_24h` in USD. A market with an empty book may
    have no mid (inferred)."""

    symbol: str
    funding: DecimalText
    next_funding: DecimalText
    mark: DecimalText
    mid: DecimalText | None
    oracle: DecimalText
    open_interest: DecimalText
    volume_24h: DecimalText | None
    yesterday_price: DecimalText | None
    timestamp: int


class AccountRow(Wire, frozen=True, kw_only=True):
    """GET /account, USD. `cross_mmr` is the maintenance margin of the cross positions."""

    balance: DecimalText
    fee_level: int
    maker_fee: DecimalText
    taker_fee: DecimalText
    account_equity: DecimalText
    available_to_spend: DecimalText
    available_to_withdraw: DecimalText
    pending_balance: DecimalText
    total_margin_used: DecimalText
    cross_mmr: DecimalText
    positions_count: int
    orders_count: int
    stop_orders_count: int
    updated_at: int


class MarginSetting(Wire, frozen=True, kw_only=True):
    """One market's margin mode and leverage; markets at the default (cross, maximum) are left out."""

    symbol: str
    isolated: bool
    leverage: int


class AccountSettings(Wire, frozen=True, kw_only=True):
    """GET /account/settings in its newer shape; in 2025 it was the bare list."""

    margin_settings: list[MarginSetting]


class PositionRow(Wire, frozen=True, kw_only=True):
    """GET /positions. `margin` is that of isolated positions; `funding` since open, positive = received
    (the documentation says paid; checked against a recorded position)."""

    symbol: str
    side: BookSide
    amount: DecimalText
    entry_price: DecimalText
    margin: DecimalText
    funding: DecimalText
    isolated: bool
    created_at: int
    updated_at: int
    liquidation_price: DecimalText | None = None


class OrderRow(Wire, frozen=True, kw_only=True):
    """GET /orders: one open order."""

    order_id: int
    client_order_id: str | None
    symbol: str
    side: BookSide
    price: DecimalText
    initial_amount: DecimalText
    filled_amount: DecimalText
    cancelled_amount: DecimalText
    order_type: str
    reduce_only: bool
    created_at: int
    updated_at: int
    stop_price: DecimalText | None = None
    stop_parent_order_id: int | str | None = None
    trigger_price_type: str | None = None


class OrderHistoryRow(Wire, frozen=True, kw_only=True):
    """GET /orders/history: one row an order, newest first."""

    order_id: int
    client_order_id: str | None
    symbol: str
    side: BookSide
    initial_price: DecimalText
    average_filled_price: DecimalText
    amount: DecimalText
    filled_amount: DecimalText
    order_status: OrderStatus
    order_type: str
    reduce_only: bool
    created_at: int
    updated_at: int
    reason: str | None = None
    stop_price: DecimalText | None = None
    stop_parent_order_id: int | str | None = None


class OrderEventRow(Wire, frozen=True, kw_only=True):
    """GET /orders/history_by_id: one row an event of one order, newest first."""

    history_id: int
    order_id: int
    client_order_id: str | None
    symbol: str
    side: BookSide
    price: DecimalText
    initial_amount: DecimalText
    filled_amount: DecimalText
    cancelled_amount: DecimalText
    event_type: OrderEvent
    order_type: str
    order_status: OrderStatus
    reduce_only: bool
    created_at: int
    stop_price: DecimalText | None = None
    stop_parent_order_id: int | str | None = None


class TradeRow(Wire, frozen=True, kw_only=True):
    """GET /trades/history: one fill. `fee` positive = paid; `pnl` is net of it (checked by arithmetic)."""

    history_id: int
    order_id: int
    client_order_id: str | None
    symbol: str
    amount: DecimalText
    price: DecimalText
    entry_price: DecimalText
    fee: DecimalText
    pnl: DecimalText
    event_type: TradeRole
    side: TradeSide
    created_at: int
    cause: TradeCause


class FundingRow(Wire, frozen=True, kw_only=True):
    """GET /funding/history: one payment. `payout` positive = received, though documented as paid."""

    history_id: int
    symbol: str
    side: BookSide
    amount: DecimalText
    payout: DecimalText
    rate: DecimalText
    created_at: int


class OrderAck(Wire, frozen=True, kw_only=True):
    """POST /orders/create: an id, never a fill."""

    order_id: int


class CancelAllAck(Wire, frozen=True, kw_only=True):
    """POST /orders/cancel_all."""

    cancelled_count: int
