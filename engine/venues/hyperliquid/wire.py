"""Markets and accounts as Hyperliquid writes them, in its own spelling. No logic; the codec gives it meaning.

Shared with the simulator's face, which writes these same structs. Numbers are decimal strings, times are
milliseconds UTC (HL docs, "Info endpoint" and "WebSocket subscriptions", 2025-11). Unknown keys are ignored,
since the venue adds some over time; a missing key, a wrong type or an unknown enum value is refused.
The other half is `wire_orders`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

Number = Annotated[str, msgspec.Meta(pattern=r"\A-?[0-9]+(\.[0-9]+)?\Z")]
"""A decimal as the venue writes it: no exponent, no sign but minus, no special values."""

Milliseconds = Annotated[int, msgspec.Meta(ge=0)]
Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]
ClientOrderId = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-f]{32}\Z")]
"""Called cloid: 128 bits."""


class WireSide(StrEnum):
    """B = bid = buy, A = ask = sell."""

    BID = "B"
    ASK = "A"


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the venue's structs. Optional keys are left out when written, as the venue does."""


# --- markets ----------------------------------------------------------------------------------------------


class AssetInfo(Wire, frozen=True, kw_only=True):
    """One entry of `meta.universe`; its index is the asset id, delisted entries included."""

    name: str
    szDecimals: Annotated[int, msgspec.Meta(ge=0, le=8)]
    maxLeverage: Annotated[int, msgspec.Meta(ge=1)]
    marginTableId: int | None = None
    onlyIsolated: bool | None = None
    isDelisted: bool | None = None


class Meta(Wire, frozen=True, kw_only=True):
    """Answer to `meta`."""

    universe: tuple[AssetInfo, ...]


class AssetContext(Wire, frozen=True, kw_only=True):
    """Running figures of one market. `funding` is the fraction per hour forming for the coming settlement."""

    funding: Number
    openInterest: Number
    prevDayPx: Number
    dayNtlVlm: Number
    premium: Number | None
    oraclePx: Number
    markPx: Number
    midPx: Number | None
    impactPxs: tuple[Number, Number] | None
    dayBaseVlm: Number | None = None


class Level(Wire, frozen=True, kw_only=True):
    """One level of a book; `n` orders."""

    px: Number
    sz: Number
    n: int


class Bbo(Wire, frozen=True, kw_only=True):
    """Data of channel `bbo`: best bid, best ask; null for an empty side."""

    coin: str
    time: Milliseconds
    bbo: tuple[Level | None, Level | None]


class L2Book(Wire, frozen=True, kw_only=True):
    """Data of channel `l2Book`: a whole snapshot, bids then asks, best first, at most 20 levels a side."""

    coin: str
    time: Milliseconds
    levels: tuple[tuple[Level, ...], tuple[Level, ...]]


class ActiveAssetContext(Wire, frozen=True, kw_only=True):
    """Data of channel `activeAssetCtx`."""

    coin: str
    ctx: AssetContext


# --- account ----------------------------------------------------------------------------------------------


class Leverage(Wire, frozen=True, kw_only=True):
    """`rawUsd` on isolated positions only."""

    type: Literal["cross", "isolated"]
    value: int
    rawUsd: Number | None = None


class CumulativeFunding(Wire, frozen=True, kw_only=True):
    """USD, positive = paid (HL docs do not state the sign)."""

    allTime: Number
    sinceOpen: Number
    sinceChange: Number


class Position(Wire, frozen=True, kw_only=True):
    """One open position; `szi` is signed."""

    coin: str
    szi: Number
    leverage: Leverage
    entryPx: Number | None
    positionValue: Number
    unrealizedPnl: Number
    returnOnEquity: Number
    liquidationPx: Number | None
    marginUsed: Number
    maxLeverage: int
    cumFunding: CumulativeFunding | None = None


class AssetPosition(Wire, frozen=True, kw_only=True):
    """Hyperliquid nets: one position a market."""

    type: Literal["oneWay"]
    position: Position


class MarginSummary(Wire, frozen=True, kw_only=True):
    """USD."""

    accountValue: Number
    totalNtlPos: Number
    totalRawUsd: Number
    totalMarginUsed: Number


class ClearinghouseState(Wire, frozen=True, kw_only=True):
    """Answer to `clearinghouseState`: the perpetual account."""

    marginSummary: MarginSummary
    crossMarginSummary: MarginSummary
    crossMaintenanceMarginUsed: Number
    withdrawable: Number
    assetPositions: tuple[AssetPosition, ...]
    time: Milliseconds


class ClearinghouseUpdate(Wire, frozen=True, kw_only=True):
    """Data of channel `clearinghouseState`."""

    dex: str
    user: Address
    clearinghouseState: ClearinghouseState


class SpotBalance(Wire, frozen=True, kw_only=True):
    """One token of the spot account; `hold` is what backs orders and, in a unified account, positions."""

    coin: str
    token: int
    total: Number
    hold: Number
    entryNtl: Number


class SpotState(Wire, frozen=True, kw_only=True):
    """Answer to `spotClearinghouseState`; the pairs are token and amount, told of unified accounts only."""

    balances: tuple[SpotBalance, ...]
    tokenToAvailableAfterMaintenance: tuple[tuple[int, Number], ...] | None = None


class SpotUpdate(Wire, frozen=True, kw_only=True):
    """Data of channel `spotState`."""

    user: Address
    spotState: SpotState


AccountMode = Literal["default", "disabled", "dexAbstraction", "unifiedAccount", "portfolioMargin"]
"""Answer to `userAbstraction`, a bare string: where the collateral is (clients of 2026; not in the docs of 2025)."""


class UserRateLimit(Wire, frozen=True, kw_only=True):
    """Answer to `userRateLimit`: requests of this account since it began, and how many it may send altogether."""

    cumVlm: Number
    nRequestsUsed: int
    nRequestsCap: int


class ActiveAssetData(Wire, frozen=True, kw_only=True):
    """Answer to `activeAssetData`: the leverage in force for a user on a coin, position or not."""

    user: Address
    coin: str
    leverage: Leverage


class UserFees(Wire, frozen=True, kw_only=True):
    """Answer to `userFees`: fractions of notional; a negative `userAddRate` is a rebate."""

    userCrossRate: Number
    userAddRate: Number


class Frame(Wire, frozen=True, kw_only=True):
    """One WebSocket frame; `data` is read by its channel."""

    channel: str
    data: msgspec.Raw = msgspec.Raw(b"null")
