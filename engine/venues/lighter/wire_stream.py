"""The shapes of Lighter's WebSocket frames. No logic. Counterpart: `codec_stream`.

A subscription names `channel/{id}`, frames name `channel:{id}`; the first frame of a channel is `subscribed/<channel>`,
the following are `update/<channel>` (docs "WebSocket reference", 2026-07; recorded frames of 2026-04 to 2026-06).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.venues.lighter.wire import AssetRow, DecimalText, PositionRow, PriceText, Wire
from engine.venues.lighter.wire_orders import OrderRow, TradeRow, TxRow

ORDER_BOOK = "order_book"
TICKER = "ticker"
MARKET_STATS = "market_stats"
ACCOUNT_ALL_ORDERS = "account_all_orders"
ACCOUNT_ALL_TRADES = "account_all_trades"
ACCOUNT_ALL_POSITIONS = "account_all_positions"
ACCOUNT_ALL_ASSETS = "account_all_assets"
ACCOUNT_TX = "account_tx"
USER_STATS = "user_stats"
NOTIFICATION = "notification"

SUBSCRIBED = "subscribed"
UPDATE = "update"
UNSUBSCRIBED = "unsubscribed"
"""Answer to an unsubscription (inferred)."""
CONNECTED = "connected"
PING = "ping"
PONG = "pong"
SHUTDOWN = "shutdown"
ERROR = "error"
SEND_TX = "jsonapi/sendtx"
"""A frame `{"type": SEND_TX, "data": {"tx_type": 14, "tx_info": {...}}}`; answered without anything that names the
request (an error frame carries no id), which is why the adapter sends over REST."""


class Subscribe(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """What a client says to open or close a channel. `channel` with a slash; `auth` for the account's channels."""

    type: Literal["subscribe", "unsubscribe"]
    channel: str
    auth: str | None = None


class Say(Wire, frozen=True, kw_only=True):
    """A bare client frame: `ping` or `pong`."""

    type: Literal["ping", "pong"]


class SendTxData(Wire, frozen=True, kw_only=True):
    """A signed transaction; `tx_info` as a JSON object."""

    tx_type: int
    tx_info: msgspec.Raw


class SendTxFrame(Wire, frozen=True, kw_only=True):
    """A transaction sent over the stream (not used by the adapter)."""

    type: Literal["jsonapi/sendtx"]
    data: SendTxData


class ErrorBody(Wire, frozen=True, kw_only=True):
    """`{"error": {"code": 30003, "message": "Already Subscribed to : …"}}`."""

    code: int
    message: str = ""


class Frame(Wire, frozen=True, kw_only=True):
    """The head of any frame; a channel's content stands beside these fields and is read by the channel's own shape.

    An error comes as `error`, or as `type` "error" with `code` and `message`. `close_in_ms` belongs to `shutdown`.
    """

    type: str | None = None
    channel: str | None = None
    error: ErrorBody | None = None
    code: int | None = None
    message: str | None = None
    session_id: str | None = None
    close_in_ms: int | None = None


class Level(Wire, frozen=True, kw_only=True):
    """A price level; `size` is the new absolute size, zero removes it. Compare prices by value."""

    price: DecimalText
    size: DecimalText


class OrderBook(Wire, frozen=True, kw_only=True):
    """Levels that changed (all of them in the first frame). `begin_nonce` continues the previous frame's `nonce`;
    `offset` is not contiguous. `last_updated_at` in microseconds, 0 in an empty book."""

    asks: list[Level]
    bids: list[Level]
    nonce: int
    begin_nonce: int
    offset: int = 0
    last_updated_at: int = 0
    code: int = 0


class OrderBookFrame(Wire, frozen=True, kw_only=True):
    """Channel `order_book/{market}`, batches of 50 ms. `timestamp` is when it was sent, ms."""

    type: str
    channel: str
    order_book: OrderBook
    timestamp: int = 0


class TickerSide(Wire, frozen=True, kw_only=True):
    """Best price of one side; both texts empty where there is none."""

    price: PriceText
    size: PriceText


class Ticker(Wire, frozen=True, kw_only=True):
    """Best bid and ask."""

    s: str
    a: TickerSide
    b: TickerSide
    last_updated_at: int = 0


class TickerFrame(Wire, frozen=True, kw_only=True):
    """Channel `ticker/{market}`. `nonce` is the book's, so that it can be compared but does not prove continuity."""

    type: str
    channel: str
    nonce: int
    ticker: Ticker
    timestamp: int = 0


class MarketStats(Wire, frozen=True, kw_only=True):
    """Rates in percent of notional per hour, signed, positive = longs pay: `current_funding_rate` is the estimate of
    the next payment, `funding_rate` the last paid, `funding_timestamp` its time.

    `open_interest` is in USD (inferred: recorded 122736286.659423 for ETH at 3013.91 on 2025-11-19, while REST gave
    39559.3278 base units), with six decimals like every USD amount.
    """

    market_id: int
    index_price: DecimalText
    mark_price: DecimalText
    open_interest: DecimalText
    current_funding_rate: DecimalText
    funding_rate: DecimalText
    funding_timestamp: int
    symbol: str | None = None
    mid_price: PriceText = ""
    last_trade_price: PriceText = ""
    funding_clamp_small: DecimalText = "0"
    funding_clamp_big: DecimalText = "0"
    open_interest_limit: DecimalText = "0"


class MarketStatsFrame(Wire, frozen=True, kw_only=True):
    """Channel `market_stats/{market}`."""

    type: str
    channel: str
    market_stats: MarketStats
    timestamp: int = 0


class AllMarketStatsFrame(Wire, frozen=True, kw_only=True):
    """Channel `market_stats/all`: those that changed, keyed by market id."""

    type: str
    channel: str
    market_stats: dict[str, MarketStats]
    timestamp: int = 0


class OrdersFrame(Wire, frozen=True, kw_only=True):
    """Channel `account_all_orders/{account}`: orders that changed, keyed by market id; the first frame has the open
    ones (`orders` may be null or absent when there are none: inferred)."""

    type: str
    channel: str
    orders: dict[str, list[OrderRow]] | None = None


class TradesFrame(Wire, frozen=True, kw_only=True):
    """Channel `account_all_trades/{account}`: our trades, keyed by market id; `trades` may be null (inferred)."""

    type: str
    channel: str
    trades: dict[str, list[TradeRow]] | None = None


class PositionsFrame(Wire, frozen=True, kw_only=True):
    """Channel `account_all_positions/{account}`: positions that changed, keyed by market id (the first frame: all)."""

    type: str
    channel: str
    positions: dict[str, PositionRow] | None = None


class AssetsFrame(Wire, frozen=True, kw_only=True):
    """Channel `account_all_assets/{account}`, keyed by asset id."""

    type: str
    channel: str
    assets: dict[str, AssetRow]
    timestamp: int = 0


class Stats(Wire, frozen=True, kw_only=True):
    """The account in USD. `portfolio_value` = collateral + unrealized profit; `margin_usage` in percent."""

    collateral: DecimalText
    portfolio_value: DecimalText
    available_balance: DecimalText
    leverage: DecimalText
    margin_usage: DecimalText
    buying_power: DecimalText


class UserStats(Stats, frozen=True, kw_only=True):
    """The account, its cross part, and all of it."""

    account_trading_mode: int = 0
    cross_stats: Stats | None = None
    total_stats: Stats | None = None


class UserStatsFrame(Wire, frozen=True, kw_only=True):
    """Channel `user_stats/{account}`."""

    type: str
    channel: str
    stats: UserStats
    timestamp: int = 0


class TxFrame(Wire, frozen=True, kw_only=True):
    """Channel `account_tx/{account}`: what the sequencer made of our transactions."""

    type: str
    channel: str
    txs: list[TxRow]


class Notification(Wire, frozen=True, kw_only=True):
    """`content` by kind: liquidation {id, is_ask, usdc_amount, size, market_index, price, timestamp, avg_price},
    deleverage {id, usdc_amount, size, market_index, settlement_price, timestamp}, announcement {title, content}."""

    id: str
    kind: Literal["liquidation", "deleverage", "announcement"]
    account_index: int
    content: msgspec.Raw
    created_at: str = ""
    updated_at: str = ""
    ack: bool = False
    acked_at: str | None = None


class ForcedContent(Wire, frozen=True, kw_only=True):
    """What liquidation and deleverage notices have in common; `timestamp` in seconds (documented example)."""

    size: DecimalText
    market_index: int
    timestamp: int


class NotificationFrame(Wire, frozen=True, kw_only=True):
    """Channel `notification/{account}`: forced closures and announcements."""

    type: str
    channel: str
    notifs: list[Notification]
