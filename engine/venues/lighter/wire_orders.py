"""The shapes of Lighter's orders, trades and transactions, the same in REST answers and frames. No logic.

Counterpart: `codec_orders`. Signed transactions (`tx_info`) are named as the signing library names them
(lighter-sdk 1.1.8; recorded requests of 2026-02).
"""

from __future__ import annotations

from typing import Literal

from msgspec import field

from engine.venues.lighter.wire import DecimalText, ResultCode, Wire

OrderTypeText = Literal[
    "limit",
    "market",
    "stop-loss",
    "stop-loss-limit",
    "take-profit",
    "take-profit-limit",
    "twap",
    "twap-sub",
    "liquidation",
]
TimeInForceText = Literal["good-till-time", "immediate-or-cancel", "post-only", "Unknown"]
OrderStatus = Literal[
    "in-progress",
    "pending",
    "open",
    "filled",
    "canceled",
    "canceled-post-only",
    "canceled-reduce-only",
    "canceled-position-not-allowed",
    "canceled-margin-not-allowed",
    "canceled-too-much-slippage",
    "canceled-not-enough-liquidity",
    "canceled-self-trade",
    "canceled-expired",
    "canceled-oco",
    "canceled-child",
    "canceled-liquidation",
    "canceled-invalid-balance",
]
TradeType = Literal["trade", "liquidation", "deleverage", "market-settlement"]
TxStatus = Literal[0, 1, 2, 3]
"""0 failed, 1 pending, 2 executed, 3 pending its final state."""
TX_FAILED = 0
TX_PENDING = 1
TX_EXECUTED = 2
TX_PENDING_FINAL = 3


class OrderRow(Wire, frozen=True, kw_only=True):
    """One order. Amounts in base units; `nonce` is the book's, not the key's; `client_order_index` 0 = none."""

    order_index: int
    client_order_index: int
    market_index: int
    owner_account_index: int
    initial_base_amount: DecimalText
    remaining_base_amount: DecimalText
    filled_base_amount: DecimalText
    filled_quote_amount: DecimalText
    price: DecimalText
    is_ask: bool
    type: OrderTypeText
    time_in_force: TimeInForceText
    reduce_only: bool
    status: OrderStatus
    order_expiry: int
    timestamp: int
    nonce: int = 0
    order_id: str = ""
    client_order_id: str = ""
    created_at: int = 0
    updated_at: int = 0
    transaction_time: int = 0
    block_height: int = 0
    base_size: int = 0
    base_price: int = 0
    side: str = ""
    trigger_price: DecimalText = "0"
    trigger_status: str = "na"


class Orders(ResultCode, frozen=True, kw_only=True):
    """GET accountActiveOrders, and accountInactiveOrders (newest first, `limit` at most 100, paged)."""

    orders: list[OrderRow]
    next_cursor: str | None = None


class TradeRow(Wire, frozen=True, kw_only=True):
    """One trade; our side is where our account is. Fees in millionths of `usd_amount`, absent on the free tier.

    `timestamp` in ms, `transaction_time` in microseconds. `*_position_size_before` is signed.
    """

    trade_id: int
    tx_hash: str
    type: TradeType
    market_id: int
    size: DecimalText
    price: DecimalText
    usd_amount: DecimalText
    ask_id: int
    bid_id: int
    ask_client_id: int
    bid_client_id: int
    ask_account_id: int
    bid_account_id: int
    is_maker_ask: bool
    timestamp: int
    taker_fee: int = 0
    maker_fee: int = 0
    block_height: int = 0
    transaction_time: int = 0
    taker_position_size_before: DecimalText | None = None
    maker_position_size_before: DecimalText | None = None


class Trades(ResultCode, frozen=True, kw_only=True):
    """GET trades?account_index=…&sort_by=timestamp&limit=… (at most 100, newest first, paged)."""

    trades: list[TradeRow] | None = None
    next_cursor: str | None = None


class TxRow(Wire, frozen=True, kw_only=True):
    """A transaction in a frame of `account_tx`. `info` is its tx_info, `event_info` what came of it, both JSON texts.

    `type` is a transaction type, `nonce` the key's.
    """

    hash: str
    type: int
    info: str
    event_info: str
    status: TxStatus
    account_index: int
    nonce: int
    api_key_index: int | None = None
    transaction_index: int = 0
    l1_address: str = ""
    expire_at: int = 0
    block_height: int = 0
    queued_at: int = 0
    executed_at: int = 0
    sequence_index: int = 0
    parent_hash: str = ""
    transaction_time: int = 0


class EnrichedTx(TxRow, frozen=True, kw_only=True):
    """GET tx?by=hash: a transaction with the head of an answer. Unknown: HTTP 400, code 21500 or 29404."""

    code: int
    message: str | None = None


class EventInfo(Wire, frozen=True, kw_only=True):
    """The part of `event_info` that is read: `ae` is the application error, empty on success (docs "Data structures").

    Its text is an error's name, message or JSON body with `code` (recorded texts differ; all three are read).
    """

    ae: str = ""


class SendTxReply(ResultCode, frozen=True, kw_only=True):
    """POST sendTx: queued, not executed."""

    tx_hash: str
    predicted_execution_time_ms: int = 0
    volume_quota_remaining: int | None = None


class TxInfo(Wire, frozen=True, kw_only=True, rename="pascal"):
    """What every signed transaction carries; `sig` is base64 of 80 bytes, `expired_at` in ms."""

    account_index: int
    api_key_index: int
    expired_at: int
    nonce: int
    sig: str
    l2_tx_attributes: dict[str, int] | None = field(name="L2TxAttributes", default=None)


class CreateOrderInfo(TxInfo, frozen=True, kw_only=True, rename="pascal"):
    """Type 14. Integers scaled by the market's decimals; flags 0 or 1; `order_expiry` in ms, 0 for IOC."""

    market_index: int
    client_order_index: int
    base_amount: int
    price: int
    is_ask: Literal[0, 1]
    type: int
    time_in_force: Literal[0, 1, 2]
    reduce_only: Literal[0, 1]
    trigger_price: int
    order_expiry: int


class CancelOrderInfo(TxInfo, frozen=True, kw_only=True, rename="pascal"):
    """Type 15. `index` is a client order index below 2^48, else the venue's."""

    market_index: int
    index: int


class CancelAllInfo(TxInfo, frozen=True, kw_only=True, rename="pascal"):
    """Type 16. `time` in ms for a scheduled one, else 0; the market, if any, is an attribute (`CANCEL_ALL_MARKET`)."""

    time_in_force: Literal[0, 1, 2]
    time: int


class UpdateLeverageInfo(TxInfo, frozen=True, kw_only=True, rename="pascal"):
    """Type 20. `initial_margin_fraction` = 10,000 / leverage; `margin_mode` 0 cross, 1 isolated."""

    market_index: int
    initial_margin_fraction: int
    margin_mode: Literal[0, 1]
