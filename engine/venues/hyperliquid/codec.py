"""What Hyperliquid's payloads mean: markets, accounts, fills, funding. Counterpart: the simulator's writer.

`decode` turns bytes into wire structs and refuses by name; the other functions turn those into messages.
Orders and their outcomes are in `codec_orders`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from actors.domain import HOUR_NS, ZERO, Liquidity, Side, Venue
from actors.messages import (
    AccountReported,
    ForeignFilled,
    FundingPaid,
    MarketSampled,
    OrderFilled,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QuoteUpdated,
)
from engine.venues.funding import per_hour
from engine.venues.hyperliquid.markets import RANKED_RATE, units_of
from engine.venues.hyperliquid.wire import (
    AccountMode,
    ActiveAssetContext,
    ActiveAssetData,
    AssetContext,
    Bbo,
    ClearinghouseState,
    ClearinghouseUpdate,
    Frame,
    L2Book,
    Meta,
    Position,
    SpotState,
    SpotUpdate,
    UserFees,
    UserRateLimit,
    WireSide,
)
from engine.venues.hyperliquid.wire_orders import (
    BasicOrder,
    ExchangeReply,
    Fill,
    FillDirection,
    Funding,
    FundingRow,
    OrderStatusReply,
    OrderUpdate,
    UserFills,
    UserFundings,
)
from engine.venues.levels import Book
from engine.venues.link import FrameError

NS_PER_MS = 1_000_000
HOUR_MS = HOUR_NS // NS_PER_MS
USDC_TOKEN = 0
LEFT_OUT_MOST = Decimal("0.01")
"""Of the account's notional, what the listed positions may be short of."""
UNIFIED_MODES: tuple[AccountMode, ...] = ("unifiedAccount", "portfolioMargin")
"""Modes in which the collateral of perpetuals is told in the spot state."""

SUPPORTED_KINDS: Mapping[str, Any] = {
    "info/meta": Meta,
    "info/metaAndAssetCtxs": tuple[Meta, tuple[AssetContext, ...]],
    "info/clearinghouseState": ClearinghouseState,
    "info/activeAssetData": ActiveAssetData,
    "info/userFees": UserFees,
    "info/userRateLimit": UserRateLimit,
    "info/userAbstraction": AccountMode,
    "info/spotClearinghouseState": SpotState,
    "info/openOrders": tuple[BasicOrder, ...],
    "info/orderStatus": OrderStatusReply,
    "info/userFillsByTime": tuple[Fill, ...],
    "info/userFunding": tuple[FundingRow, ...],
    "exchange": ExchangeReply,
    "frame": Frame,
    "stream/bbo": Bbo,
    "stream/l2Book": L2Book,
    "stream/activeAssetCtx": ActiveAssetContext,
    "stream/orderUpdates": tuple[OrderUpdate, ...],
    "stream/userFills": UserFills,
    "stream/userFundings": UserFundings,
    "stream/clearinghouseState": ClearinghouseUpdate,
    "stream/spotState": SpotUpdate,
}
"""Every payload we claim to read, and its wire type. Anything else is refused by name."""

_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(wire_type) for kind, wire_type in SUPPORTED_KINDS.items()
}

Unasked = TypeVar("Unasked", ForeignFilled, PositionDeleveraged, PositionLiquidated)
FillMessage = OrderFilled | ForeignFilled | PositionDeleveraged | PositionLiquidated
_SPOT_DIRECTIONS = (FillDirection.BUY, FillDirection.SELL, FillDirection.SPOT_DUST_CONVERSION)


def decode(kind: str, payload: bytes | msgspec.Raw) -> Any:
    """The payload as the wire type of `kind`; raises FrameError naming the kind and the bad field's path."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise FrameError(kind, "not a payload we read")
    try:
        decoded = decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as refused:
        raise FrameError(kind, str(refused)) from refused
    if isinstance(decoded, ClearinghouseState | ClearinghouseUpdate):
        _require_complete(kind, decoded)
    return decoded


def at_ns(milliseconds: int) -> int:
    """The venue's time in our unit."""
    return milliseconds * NS_PER_MS


def side_of(side: WireSide) -> Side:
    """B is a buy, A a sell."""
    return Side.BUY if side is WireSide.BID else Side.SELL


# --- markets ----------------------------------------------------------------------------------------------


def quote(bbo: Bbo) -> QuoteUpdated | None:
    """Best bid and ask; None while a side of the book is empty, or the sides cross: then there is no quote."""
    bid, ask = bbo.bbo
    if bid is None or ask is None or Decimal(bid.px) >= Decimal(ask.px):
        return None
    units = units_of(bbo.coin)
    return QuoteUpdated(
        venue=Venue.HYPERLIQUID,
        asset=units.asset,
        bid=units.price(bid.px),
        bid_size=units.size(bid.sz),
        ask=units.price(ask.px),
        ask_size=units.size(ask.sz),
        venue_at_ns=at_ns(bbo.time),
    )


def levels(told: L2Book) -> Book:
    """The levels of a book per token of the asset; none of a market that is delisted."""
    units = units_of(told.coin)
    bids, asks = (tuple((units.price(each.px), units.size(each.sz)) for each in side) for side in told.levels)
    return Book(bids=bids, asks=asks, at_ns=at_ns(told.time))


def market_sample(context: AssetContext, coin: str, now_ns: int) -> MarketSampled:
    """Mark, oracle, open interest and the forming rate.

    The venue puts no time on a context: `now_ns` is when we received it.
    """
    units = units_of(coin)
    return MarketSampled(
        venue=Venue.HYPERLIQUID,
        asset=units.asset,
        mark=units.price(context.markPx),
        oracle=units.price(context.oraclePx),
        open_interest=units.size(context.openInterest),
        venue_at_ns=now_ns,
        funding_forming=per_hour(RANKED_RATE, Decimal(context.funding)),
    )


# --- account ----------------------------------------------------------------------------------------------


def account(state: ClearinghouseState, spot: SpotState | None = None) -> AccountReported:
    """Equity, what is free for new positions (cross), and the maintenance margin of all cross positions.

    `spot` is given for an account whose collateral is there ("unified"): the sums of the perpetual state mean nothing
    then. Its USDC is taken without unrealised gains, and `hold` as the margin in use (clients of 2026-08; no venue
    document says so: not verified).
    """
    cross = state.crossMarginSummary
    equity_usd = Decimal(state.marginSummary.accountValue)
    available_usd = Decimal(cross.accountValue) - Decimal(cross.totalMarginUsed)
    if spot is not None:
        total, hold = usdc(spot)
        gains = (Decimal(each.position.unrealizedPnl) for each in state.assetPositions)
        equity_usd, available_usd = total + sum(gains, ZERO), total - hold
    return AccountReported(
        venue=Venue.HYPERLIQUID,
        equity_usd=equity_usd,
        available_usd=max(ZERO, available_usd),
        maintenance_usd=Decimal(state.crossMaintenanceMarginUsed),
        venue_at_ns=at_ns(state.time),
    )


def _require_complete(kind: str, told: ClearinghouseState | ClearinghouseUpdate) -> None:
    """Raise FrameError where the list of positions leaves out what the account's sums count: no proof of flat.

    `totalNtlPos` is the notional of all positions, cross and isolated; the list may be worth more in recorded payloads
    (`totalNtlPos` 0.0 beside a position of 500 USD), never less. That both are of one price: not verified, hence
    `LEFT_OUT_MOST`.
    """
    state = told if isinstance(told, ClearinghouseState) else told.clearinghouseState
    total = Decimal(state.marginSummary.totalNtlPos)
    listed = sum((abs(Decimal(each.position.positionValue)) for each in state.assetPositions), ZERO)
    if total - listed > total * LEFT_OUT_MOST:
        raise FrameError(kind, f"positions of {listed} USD, `totalNtlPos` {total} - at `$.assetPositions`")
    if not state.assetPositions and Decimal(state.crossMaintenanceMarginUsed) > 0:
        needed = state.crossMaintenanceMarginUsed
        raise FrameError(kind, f"no position, `crossMaintenanceMarginUsed` {needed} - at `$.assetPositions`")


def usdc(spot: SpotState) -> tuple[Decimal, Decimal]:
    """Total and hold of the spot account's USDC, which is token 0; zeros when it has none."""
    rows = [row for row in spot.balances if row.token == USDC_TOKEN]
    return (Decimal(rows[0].total), Decimal(rows[0].hold)) if rows else (ZERO, ZERO)


def positions(
    state: ClearinghouseState, also: Iterable[str] = (), *, queried: bool = False
) -> tuple[PositionReported, ...]:
    """One report for every position, and a zero for every asset of `also` that the state lacks."""
    held = tuple(_position(each.position, state, queried=queried) for each in state.assetPositions)
    reports = {report.asset: report for report in held}
    for asset in also:
        reports.setdefault(asset, _flat(asset, state, queried=queried))
    return tuple(reports.values())


def _position(position: Position, state: ClearinghouseState, *, queried: bool) -> PositionReported:
    units = units_of(position.coin)

    def price(text: str | None) -> Decimal | None:
        return None if text is None else units.price(text)

    return PositionReported(
        venue=Venue.HYPERLIQUID,
        asset=units.asset,
        size=units.size(position.szi),
        venue_at_ns=at_ns(state.time),
        queried=queried,
        entry_price=price(position.entryPx),
        liquidation_price=price(position.liquidationPx),
        unrealized_usd=Decimal(position.unrealizedPnl),
        margin_used_usd=Decimal(position.marginUsed),
    )


def _flat(asset: str, state: ClearinghouseState, *, queried: bool) -> PositionReported:
    return PositionReported(
        venue=Venue.HYPERLIQUID, asset=asset, size=ZERO, venue_at_ns=at_ns(state.time), queried=queried
    )


# --- fills and funding ------------------------------------------------------------------------------------


def fill_id(fill: Fill) -> str:
    """`tid` alone is not unique (WS profile, 2026-09-24)."""
    return f"{fill.time}:{fill.coin}:{fill.tid}"


def fill_message(fill: Fill, user: str, order_id: str | None) -> FillMessage | None:
    """One fill as a message; None for spot fills, which are none of our business.

    ADL is known by its direction alone; we were liquidated only if the direction or the liquidated user
    says so, for the counterparty of a liquidation gets the same mark (real fill of 2025-10-10).
    `order_id` is ours for the fill's order, if it has one. Raises FrameError.
    """
    if _direction(fill) in _SPOT_DIRECTIONS or fill.coin.startswith("@") or "/" in fill.coin:
        return None
    if fill.dir == FillDirection.AUTO_DELEVERAGING:
        return _unasked(PositionDeleveraged, fill)
    if _is_own_liquidation(fill, user):
        return _unasked(PositionLiquidated, fill)
    if order_id is None:
        return _unasked(ForeignFilled, fill)
    return _own(fill, order_id)


def _is_own_liquidation(fill: Fill, user: str) -> bool:
    named = fill.liquidation is not None and fill.liquidation.liquidatedUser.lower() == user.lower()
    return named or fill.dir.startswith("Liquidated ")


def _direction(fill: Fill) -> FillDirection:
    try:
        return FillDirection(fill.dir)
    except ValueError as unknown:
        raise FrameError("fill", f"unknown dir {fill.dir!r} - at `$.dir`") from unknown


def _fee_usd(fill: Fill) -> Decimal:
    if fill.feeToken not in (None, "USDC"):
        raise FrameError("fill", f"fee in {fill.feeToken!r}, not USDC - at `$.feeToken`")
    return Decimal(fill.fee)


def _own(fill: Fill, order_id: str) -> OrderFilled:
    units = units_of(fill.coin)
    return OrderFilled(
        venue=Venue.HYPERLIQUID,
        asset=units.asset,
        order_id=order_id,
        fill_id=fill_id(fill),
        side=side_of(fill.side),
        price=units.price(fill.px),
        size=units.size(fill.sz),
        fee_usd=_fee_usd(fill),
        liquidity=Liquidity.TAKER if fill.crossed else Liquidity.MAKER,
        venue_at_ns=at_ns(fill.time),
    )


def _unasked(kind: type[Unasked], fill: Fill) -> Unasked:
    """A fill of no order of ours; the three kinds have the same fields."""
    units = units_of(fill.coin)
    return kind(
        venue=Venue.HYPERLIQUID,
        asset=units.asset,
        fill_id=fill_id(fill),
        side=side_of(fill.side),
        price=units.price(fill.px),
        size=units.size(fill.sz),
        fee_usd=_fee_usd(fill),
        venue_at_ns=at_ns(fill.time),
    )


def funding_row(row: FundingRow) -> Funding:
    """A row of `userFunding` in the shape of the stream's."""
    delta = row.delta
    return Funding(
        time=row.time,
        coin=delta.coin,
        usdc=delta.usdc,
        szi=delta.szi,
        fundingRate=delta.fundingRate,
        nSamples=delta.nSamples,
    )


def payment_id(time_ms: int, coin: str) -> str:
    """Rows are stamped up to 118 ms after their hour (REST profile): the id names the hour, so that a row from the
    stream and one read by query are the same payment.
    """
    return f"{time_ms - time_ms % HOUR_MS}:{coin}"


def funding_message(row: Funding) -> FundingPaid:
    """One payment; `usdc` is positive when received (218 of 218 recorded rows, 2024-02-20)."""
    units = units_of(row.coin)
    return FundingPaid(
        venue=Venue.HYPERLIQUID,
        asset=units.asset,
        payment_id=payment_id(row.time, row.coin),
        amount_usd=Decimal(row.usdc),
        rate_per_hour=per_hour("hyperliquid/userFunding.delta.fundingRate", Decimal(row.fundingRate)),
        size=units.size(row.szi),
        venue_at_ns=at_ns(row.time),
    )
