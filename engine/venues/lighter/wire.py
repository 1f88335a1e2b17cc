"""Lighter's constants and the shapes of its REST answers on markets and accounts. No logic. Counterpart: `codec_rest`.

Numbers are decimal strings unless the venue writes a JSON integer; times are milliseconds UTC unless said otherwise.
Unknown fields are ignored, since the venue adds fields; a missing field or an unknown enum value is refused. Source
of the fields: the venue's OpenAPI description (2026-07-19) and recorded answers (2025-11 to 2026-06).
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Final, Literal

import msgspec

DecimalText = Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?([eE][-+]?\d+)?$")]
PriceText = Annotated[str, msgspec.Meta(pattern=r"^(-?\d+(\.\d+)?([eE][-+]?\d+)?)?$")]
"""Empty where a book has no such side (recorded `ticker` of a market without orders)."""

REST_PREFIX = "/api/v1"
STREAM_PATH = "/stream"

ORDER_BOOK_DETAILS = f"{REST_PREFIX}/orderBookDetails"
ACCOUNT = f"{REST_PREFIX}/account"
ACTIVE_ORDERS = f"{REST_PREFIX}/accountActiveOrders"
INACTIVE_ORDERS = f"{REST_PREFIX}/accountInactiveOrders"
TRADES = f"{REST_PREFIX}/trades"
POSITION_FUNDING = f"{REST_PREFIX}/positionFunding"
NEXT_NONCE = f"{REST_PREFIX}/nextNonce"
API_KEYS = f"{REST_PREFIX}/apikeys"
TX = f"{REST_PREFIX}/tx"
SEND_TX = f"{REST_PREFIX}/sendTx"
"""POST, body `tx_type=<int>&tx_info=<JSON text>` url-encoded; every other path is a GET with a query."""

FORM = "application/x-www-form-urlencoded"
AUTH_HEADER = "authorization"
"""Carries the auth token `{expiry, unix s}:{account}:{api key}:{hex}`; the stream has it in `Subscribe.auth`."""

AUTH_TOKEN_MOST_S = 8 * 3600
BASE_AMOUNT_MOST = 2**48 - 1
PRICE_MOST = 2**32 - 1
CLIENT_ORDER_INDEX_MOST = 2**48 - 1
"""The venue's own order indices are above: a cancel's `Index` may be either, its range tells which."""
API_KEY_INDEX_ALL = 255
API_KEY_INDEX_LEAST = 4
"""0 to 3 belong to the venue's own front ends (docs "API keys")."""
NIL_MARKET_INDEX = 255
PERP_MARKET_INDEX_MOST = 254
MARGIN_FRACTION_SCALE = 10_000
"""Initial, maintenance and closeout margin fractions are integers; 10,000 is the whole notional."""
FEE_SCALE = 1_000_000
"""Fees in trades are integers: millionths of the quote amount."""
ORDER_EXPIRY_LEAST_S = 300
ORDER_EXPIRY_MOST_S = 30 * 86_400
SCHEDULED_CANCEL_LEAST_S = 300
SCHEDULED_CANCEL_MOST_S = 15 * 86_400
TX_EXPIRY_S = 599
"""`ExpiredAt` is the signing library's own wall clock plus this; no caller can choose it (lighter-sdk 1.1.8). A
simulator under a virtual clock therefore cannot judge it."""

CHAIN_ID_MAINNET = 304
CHAIN_ID_TESTNET = 300

TX_CREATE_ORDER = 14
TX_CANCEL_ORDER = 15
TX_CANCEL_ALL = 16
TX_UPDATE_LEVERAGE = 20
TX_INTERNAL_DELEVERAGE = 23

ORDER_TYPE_LIMIT = 0
ORDER_TYPE_MARKET = 1
TIF_IOC: Final = 0
TIF_GTT: Final = 1
TIF_POST_ONLY: Final = 2
CANCEL_ALL_NOW = 0
CANCEL_ALL_SCHEDULED = 1
CANCEL_ALL_ABORT = 2
CANCEL_ALL_MARKET = "5"
"""The key in `L2TxAttributes` that confines an immediate cancel-all to one market (lighter-sdk 1.1.8, tried)."""
CROSS_MARGIN = 0
ISOLATED_MARGIN = 1

OK = 200
"""`code` of a successful answer, which also comes as HTTP 200; a refusal is HTTP 400 with another `code`, a spent
rate limit HTTP 429."""

MarketStatusText = Literal["active", "inactive"]
PositionSide = Literal["long", "short"]
Sign = Literal[-1, 0, 1]


class ErrorCode(IntEnum):
    """The business errors that are told apart here; there are more (docs "Data structures, constants and errors")."""

    INVALID_NONCE = 21104
    NONCE_NOT_INCREASING = 21105
    INVALID_PUBLIC_KEY = 21108
    API_KEY_NOT_FOUND = 21109
    PRE_LIQUIDATION = 21111
    IN_LIQUIDATION = 21112
    INVALID_MARGIN_FRACTION = 21113
    INVALID_SIGNATURE = 21120
    DEAD_MAN_DUE = 21122
    MARGIN_MODE_CHANGE = 21132
    SDK_TOO_OLD = 21136
    TX_NOT_FOUND = 21500
    INVALID_TX_INFO = 21501
    TOO_MANY_TXS = 21506
    BELOW_MAINTENANCE_MARGIN = 21507
    BELOW_INITIAL_MARGIN = 21508
    INACTIVE_CANCEL = 21600
    BOOK_FULL = 21601
    INVALID_MARKET_INDEX = 21602
    INVALID_MARKET_STATUS = 21605
    INVALID_OPEN_INTEREST = 21612
    INVALID_ORDER_INDEX = 21700
    INVALID_BASE_AMOUNT = 21701
    INVALID_PRICE = 21702
    INVALID_ORDER_AMOUNT = 21706
    INVALID_ORDER_OWNER = 21707
    EMPTY_ORDER = 21708
    INACTIVE_ORDER = 21709
    INVALID_EXPIRY = 21711
    CANCEL_ALL_QUEUED = 21712
    INVALID_CANCEL_ALL_TIME = 21714
    NOT_AN_ACTIVE_ORDER = 21715
    ORDERS_PER_ACCOUNT = 21717
    ORDERS_PER_MARKET = 21718
    PENDING_PER_ACCOUNT = 21719
    PENDING_PER_MARKET = 21720
    INVALID_CLIENT_ORDER_INDEX = 21727
    CLIENT_ORDER_INDEX_EXISTS = 21728
    REDUCE_ONLY_INCREASES = 21732
    FAT_FINGER_PRICE = 21733
    TOO_FAR_FROM_MARK = 21734
    REDUCE_ONLY_DIRECTION = 21738
    NOT_ENOUGH_MARGIN = 21739
    REDUCE_ONLY_MODE = 21740
    TOO_MANY_REQUESTS = 23000
    TOO_MANY_SUBSCRIPTIONS = 23001
    TOO_MANY_ACCOUNTS = 23002
    TOO_MANY_CONNECTIONS = 23003
    NOT_FOUND = 29404
    INTERNAL = 29500
    TIMEOUT = 29501
    WS_INVALID_JSON = 30000
    WS_INVALID_TYPE = 30001
    WS_NOT_SUBSCRIBED = 30002
    WS_ALREADY_SUBSCRIBED = 30003
    WS_INVALID_CHANNEL = 30005
    WS_RATE_LIMIT = 30009
    WS_TOO_MANY_IN_FLIGHT = 30010


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything the venue sends; fields it adds are ignored."""


class ResultCode(Wire, frozen=True, kw_only=True):
    """The head of every REST answer, and the whole of a refusal."""

    code: int
    message: str | None = None


class MarketConfig(Wire, frozen=True, kw_only=True):
    """`force_reduce_only`: positions may only be closed. `liquidation_mode` other than 0: ADL instead of LLP."""

    force_reduce_only: bool
    market_margin_mode: int = 0
    liquidation_mode: int = 0
    trading_hours: str = ""


class MarketRow(Wire, frozen=True, kw_only=True):
    """One perpetual of GET orderBookDetails. Margin fractions: see `MARGIN_FRACTION_SCALE`. Fees are in percent of
    notional (inferred from `liquidation_fee` "1.0000", which the docs give as 1 %).

    `min_base_amount` (base units) and `min_quote_amount` (USD) bind resting orders (docs "Market data").
    `last_trade_price` is a JSON number, 0 or absent where nothing was traded.
    """

    symbol: str
    market_id: int
    status: MarketStatusText
    taker_fee: DecimalText
    maker_fee: DecimalText
    min_base_amount: DecimalText
    min_quote_amount: DecimalText
    size_decimals: int
    price_decimals: int
    quote_multiplier: int
    default_initial_margin_fraction: int
    min_initial_margin_fraction: int
    maintenance_margin_fraction: int
    closeout_margin_fraction: int
    market_config: MarketConfig
    market_type: Literal["perp", "spot"] = "perp"
    is_taker_fee_enabled: bool = True
    is_maker_fee_enabled: bool = True
    liquidation_fee: DecimalText = "0"
    order_quote_limit: PriceText = ""
    last_trade_price: Decimal = Decimal(0)


class OrderBookDetails(ResultCode, frozen=True, kw_only=True):
    """GET orderBookDetails?filter=perp."""

    order_book_details: list[MarketRow]


class PositionRow(Wire, frozen=True, kw_only=True):
    """One market the account ever touched; flat ones stay with size zero. `position` is unsigned, `sign` its side.

    `initial_margin_fraction` is in percent in REST answers ("5.00": 20x, recorded 2025-11); a recorded frame of
    `account_all_positions` has "0.0500", so the frame's value is not used.
    """

    market_id: int
    symbol: str
    initial_margin_fraction: DecimalText
    sign: Sign
    position: DecimalText
    avg_entry_price: DecimalText
    position_value: DecimalText
    unrealized_pnl: DecimalText
    realized_pnl: DecimalText
    liquidation_price: PriceText
    margin_mode: Literal[0, 1]
    allocated_margin: DecimalText
    open_order_count: int = 0
    pending_order_count: int = 0
    position_tied_order_count: int = 0
    total_funding_paid_out: DecimalText | None = None


class AssetRow(Wire, frozen=True, kw_only=True):
    """A balance in units of the asset; asset 3 is USDC."""

    symbol: str
    asset_id: int
    balance: DecimalText
    locked_balance: DecimalText
    margin_mode: Literal["enabled", "disabled"] = "enabled"
    margin_balance: DecimalText = "0"


class AccountRow(Wire, frozen=True, kw_only=True):
    """One account of GET account?by=index, USD. `total_asset_value` = collateral + unrealized profit.

    `cancel_all_time`: when the scheduled cancel-all falls due, 0 for none. `status` 1 is active.
    """

    index: int
    available_balance: DecimalText
    collateral: DecimalText
    total_asset_value: DecimalText
    positions: list[PositionRow]
    status: int = 1
    l1_address: str = ""
    account_type: int = 0
    account_trading_mode: int = 0
    cancel_all_time: int = 0
    total_order_count: int = 0
    pending_order_count: int = 0
    cross_asset_value: DecimalText = "0"
    cross_initial_margin_requirement: DecimalText | None = None
    cross_maintenance_margin_requirement: DecimalText | None = None
    assets: list[AssetRow] = []


class Accounts(ResultCode, frozen=True, kw_only=True):
    """GET account."""

    accounts: list[AccountRow]
    total: int = 1


class FundingRow(Wire, frozen=True, kw_only=True):
    """One payment of GET positionFunding. `timestamp` in seconds; `change` positive = received (inferred).

    The unit of `rate` is not verified (inferred: percent per hour, as in GET fundings).
    """

    timestamp: int
    market_id: int
    funding_id: int
    change: DecimalText
    rate: DecimalText
    position_size: DecimalText
    position_side: PositionSide
    discount: DecimalText = "0"


class PositionFundings(ResultCode, frozen=True, kw_only=True):
    """GET positionFunding, newest first."""

    position_fundings: list[FundingRow]
    next_cursor: str | None = None


class NextNonce(ResultCode, frozen=True, kw_only=True):
    """GET nextNonce: what the next transaction of the key must carry."""

    nonce: int


class ApiKeyRow(Wire, frozen=True, kw_only=True):
    """A registered key; `public_key` hex without 0x (40 bytes)."""

    account_index: int
    api_key_index: int
    nonce: int
    public_key: str
    transaction_time: int = 0


class ApiKeys(ResultCode, frozen=True, kw_only=True):
    """GET apikeys."""

    api_keys: list[ApiKeyRow]
