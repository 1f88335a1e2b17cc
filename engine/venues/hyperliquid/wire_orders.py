# ruff: noqa: N815 - wire structs mirror the venue, its spelling included
"""Orders, fills, funding payments and the answers to actions, as Hyperliquid writes them. No logic.

The other half of `wire`, under the same rules.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from engine.venues.hyperliquid.wire import Address, ClientOrderId, Milliseconds, Number, Wire, WireSide


class OrderStatus(StrEnum):
    """Every status of an order (HL docs, "Info endpoint": query order status, 2025-11)."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    TRIGGERED = "triggered"
    REJECTED = "rejected"
    MARGIN_CANCELED = "marginCanceled"
    VAULT_WITHDRAWAL_CANCELED = "vaultWithdrawalCanceled"
    OPEN_INTEREST_CAP_CANCELED = "openInterestCapCanceled"
    SELF_TRADE_CANCELED = "selfTradeCanceled"
    REDUCE_ONLY_CANCELED = "reduceOnlyCanceled"
    SIBLING_FILLED_CANCELED = "siblingFilledCanceled"
    DELISTED_CANCELED = "delistedCanceled"
    LIQUIDATED_CANCELED = "liquidatedCanceled"
    OUTCOME_SETTLED_CANCELED = "outcomeSettledCanceled"
    SCHEDULED_CANCEL = "scheduledCancel"
    INTERNAL_CANCEL = "internalCancel"
    TICK_REJECTED = "tickRejected"
    MIN_TRADE_NTL_REJECTED = "minTradeNtlRejected"
    PERP_MARGIN_REJECTED = "perpMarginRejected"
    REDUCE_ONLY_REJECTED = "reduceOnlyRejected"
    BAD_ALO_PX_REJECTED = "badAloPxRejected"
    IOC_CANCEL_REJECTED = "iocCancelRejected"
    BAD_TRIGGER_PX_REJECTED = "badTriggerPxRejected"
    MARKET_ORDER_NO_LIQUIDITY_REJECTED = "marketOrderNoLiquidityRejected"
    POSITION_INCREASE_AT_OPEN_INTEREST_CAP_REJECTED = "positionIncreaseAtOpenInterestCapRejected"
    POSITION_FLIP_AT_OPEN_INTEREST_CAP_REJECTED = "positionFlipAtOpenInterestCapRejected"
    TOO_AGGRESSIVE_AT_OPEN_INTEREST_CAP_REJECTED = "tooAggressiveAtOpenInterestCapRejected"
    OPEN_INTEREST_INCREASE_REJECTED = "openInterestIncreaseRejected"
    INSUFFICIENT_SPOT_BALANCE_REJECTED = "insufficientSpotBalanceRejected"
    ORACLE_REJECTED = "oracleRejected"
    PERP_MAX_POSITION_REJECTED = "perpMaxPositionRejected"
    TOO_MANY_OPEN_ORDERS_REJECTED = "tooManyOpenOrdersRejected"


class FillDirection(StrEnum):
    """What a fill did to the position (`dir`), perpetual and spot alike."""

    OPEN_LONG = "Open Long"
    OPEN_SHORT = "Open Short"
    CLOSE_LONG = "Close Long"
    CLOSE_SHORT = "Close Short"
    LONG_TO_SHORT = "Long > Short"
    SHORT_TO_LONG = "Short > Long"
    LIQUIDATED_CROSS_LONG = "Liquidated Cross Long"
    LIQUIDATED_CROSS_SHORT = "Liquidated Cross Short"
    LIQUIDATED_ISOLATED_LONG = "Liquidated Isolated Long"
    LIQUIDATED_ISOLATED_SHORT = "Liquidated Isolated Short"
    AUTO_DELEVERAGING = "Auto-Deleveraging"
    SETTLEMENT = "Settlement"
    NET_CHILD_VAULTS = "Net Child Vaults"
    SPOT_DUST_CONVERSION = "Spot Dust Conversion"
    BUY = "Buy"
    SELL = "Sell"


class BasicOrder(Wire, frozen=True, kw_only=True):
    """An order. `sz` is what remains, also after it ended; `origSz` is absent in recordings of 2023."""

    coin: str
    side: WireSide
    limitPx: Number
    sz: Number
    oid: int
    timestamp: Milliseconds
    origSz: Number | None = None
    cloid: ClientOrderId | None = None
    reduceOnly: bool | None = None
    tif: str | None = None
    orderType: str | None = None


class OrderUpdate(Wire, frozen=True, kw_only=True):
    """One entry of channel `orderUpdates`, and the inner part of `orderStatus`."""

    order: BasicOrder
    status: OrderStatus
    statusTimestamp: Milliseconds


class OrderStatusReply(Wire, frozen=True, kw_only=True):
    """Answer to `orderStatus`."""

    status: Literal["order", "unknownOid"]
    order: OrderUpdate | None = None


class Liquidation(Wire, frozen=True, kw_only=True):
    """Attached to every fill of a liquidation trade, the counterparty's included."""

    liquidatedUser: Address
    markPx: Number
    method: Literal["market", "backstop"]


class Fill(Wire, frozen=True, kw_only=True):
    """One fill. `dir` stays text here so that one odd fill does not cost a whole frame; the codec checks it.

    `closedPnl` is gross of `fee`; a negative fee is a rebate. `tid` is unique only with `time` and `coin`.
    """

    coin: str
    px: Number
    sz: Number
    side: WireSide
    time: Milliseconds
    startPosition: Number
    dir: str
    closedPnl: Number
    hash: str
    oid: int
    crossed: bool
    fee: Number
    tid: int
    feeToken: str | None = None
    cloid: ClientOrderId | None = None
    liquidation: Liquidation | None = None
    twapId: int | None = None


class UserFills(Wire, frozen=True, kw_only=True):
    """Data of channel `userFills`; the first frame is a snapshot of recent fills."""

    user: Address
    fills: tuple[Fill, ...]
    isSnapshot: bool | None = None


class FundingDelta(Wire, frozen=True, kw_only=True):
    """Inner part of a `userFunding` row; `usdc` positive = received, `szi` signed."""

    type: Literal["funding"]
    coin: str
    usdc: Number
    szi: Number
    fundingRate: Number
    nSamples: int | None = None


class FundingRow(Wire, frozen=True, kw_only=True):
    """One row of `userFunding`."""

    time: Milliseconds
    hash: str
    delta: FundingDelta


class Funding(Wire, frozen=True, kw_only=True):
    """One row of channel `userFundings`."""

    time: Milliseconds
    coin: str
    usdc: Number
    szi: Number
    fundingRate: Number
    nSamples: int | None = None


class UserFundings(Wire, frozen=True, kw_only=True):
    """Data of channel `userFundings`; the first frame is a snapshot."""

    user: Address
    fundings: tuple[Funding, ...]
    isSnapshot: bool | None = None


class Resting(Wire, frozen=True, kw_only=True):
    """The order rests."""

    oid: int
    cloid: ClientOrderId | None = None


class Filled(Wire, frozen=True, kw_only=True):
    """The order filled; `totalSz` may be less than asked."""

    totalSz: Number
    avgPx: Number
    oid: int
    cloid: ClientOrderId | None = None


class OrderAck(Wire, frozen=True, kw_only=True):
    """Exactly one key is present."""

    resting: Resting | None = None
    filled: Filled | None = None
    error: str | None = None


class Statuses(Wire, frozen=True, kw_only=True):
    """One entry an order, or a cancel; a word ("success", "waitingForFill") or an object."""

    statuses: tuple[str | OrderAck, ...]


class ExchangeResponse(Wire, frozen=True, kw_only=True):
    """Inner part of a successful answer; `data` only where the type has one."""

    type: str
    data: Statuses | None = None


class ExchangeReply(Wire, frozen=True, kw_only=True):
    """Answer to POST /exchange, HTTP 200 either way: a response, or the text of a refusal."""

    status: Literal["ok", "err"]
    response: ExchangeResponse | str


class Signature(Wire, frozen=True, kw_only=True):
    """r and s as hex without leading zeros, v 27 or 28."""

    r: str
    s: str
    v: int
