"""The exchange's facts as the venue writes them: decimal strings, milliseconds, its own spelling."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from engine.simulators.exchange import (
    AccountView,
    BookLevel,
    FillCause,
    FundingPaid,
    FundingView,
    InstrumentSpec,
    MarketView,
    OrderAccepted,
    OrderFilled,
    OrderStatus as Status,
    OrderView,
    PositionView,
)
from engine.simulators.hyperliquid.words import (
    DONE_STATUSES,
    LIQUIDATION_METHODS,
    LIQUIDATOR,
    REJECT_STATUSES,
    TIME_IN_FORCE_WORDS,
)
from engine.venues.hyperliquid.wire import (
    AssetContext,
    AssetInfo,
    AssetPosition,
    ClearinghouseState,
    CumulativeFunding,
    Level,
    Leverage,
    MarginSummary,
    Position,
    SpotBalance,
    SpotState,
    WireSide,
)
from engine.venues.hyperliquid.wire_orders import (
    BasicOrder,
    Fill,
    Funding,
    Liquidation,
    OrderStatus,
    OrderUpdate,
)

NS_PER_MS = 1_000_000
USD = Decimal("0.000001")
RATE = Decimal("0.0000000001")
ZERO = Decimal(0)
FUNDING_STAMP_MS = 50
"""Settled rows are stamped 1 to 118 ms after their hour (REST profile, 2026-09-24)."""


def ms(at_ns: int) -> int:
    return at_ns // NS_PER_MS


def text(value: Decimal, step: Decimal | None = None) -> str:
    """As the venue writes numbers: no exponent, at least one decimal, no further trailing zeros."""
    if step is not None:
        value = value.quantize(step, rounding=ROUND_HALF_EVEN)
    plain = f"{value:f}"
    if "." not in plain:
        return plain + ".0"
    plain = plain.rstrip("0")
    return plain + "0" if plain.endswith(".") else plain


def side(*, is_buy: bool) -> WireSide:
    return WireSide.BID if is_buy else WireSide.ASK


def asset_info(spec: InstrumentSpec, *, delisted: bool = False) -> AssetInfo:
    exponent = spec.lot.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a lot is a finite number"
    info = AssetInfo(name=spec.asset, szDecimals=max(0, -exponent), maxLeverage=spec.max_leverage)
    return msgspec.structs.replace(info, isDelisted=True) if delisted else info


def asset_context(market: MarketView, funding: FundingView) -> AssetContext:
    """The day's volume and yesterday's price are not simulated."""
    return AssetContext(
        funding=text(funding.forming_rate, RATE),
        openInterest=text(market.open_interest),
        prevDayPx=text(market.oracle),
        dayNtlVlm="0.0",
        premium=text(market.premium, RATE),
        oraclePx=text(market.oracle),
        markPx=text(market.mark),
        midPx=text(market.mid),
        impactPxs=(text(market.impact_bid), text(market.impact_ask)),
        dayBaseVlm="0.0",
    )


def level(book_level: BookLevel) -> Level:
    return Level(px=text(book_level.price), sz=text(book_level.size), n=book_level.orders)


# --- account ----------------------------------------------------------------------------------------------


def clearinghouse_state(view: AccountView | None, now_ns: int, *, unified: bool = False) -> ClearinghouseState:
    """An account the venue has never seen is an empty one; a unified one has its sums in the spot state."""
    positions = () if view is None else view.positions
    told = None if unified else view
    summary = _summary(told)
    return ClearinghouseState(
        marginSummary=summary,
        crossMarginSummary=summary,
        crossMaintenanceMarginUsed=text(ZERO if view is None else view.maintenance_usd, USD),
        withdrawable=text(ZERO if told is None else told.available_usd, USD),
        assetPositions=tuple(AssetPosition(type="oneWay", position=position(p)) for p in positions),
        time=ms(now_ns),
    )


def spot_state(view: AccountView | None, *, unified: bool) -> SpotState:
    """USDC of a unified account: `total` without unrealised gains, `hold` the margin of its positions."""
    if view is None or not unified:
        return SpotState(balances=())
    usdc = SpotBalance(
        coin="USDC",
        token=0,
        total=text(view.balance_usd, USD),
        hold=text(view.used_usd + view.order_margin_usd, USD),
        entryNtl="0.0",
    )
    free = text(view.equity_usd - view.maintenance_usd, USD)
    return SpotState(balances=(usdc,), tokenToAvailableAfterMaintenance=((0, free),))


def _summary(view: AccountView | None) -> MarginSummary:
    if view is None:
        return MarginSummary(accountValue="0.0", totalNtlPos="0.0", totalRawUsd="0.0", totalMarginUsed="0.0")
    signed = sum((p.size * p.mark_price for p in view.positions), ZERO)
    return MarginSummary(
        accountValue=text(view.equity_usd, USD),
        totalNtlPos=text(view.notional_usd, USD),
        totalRawUsd=text(view.equity_usd - signed, USD),
        totalMarginUsed=text(view.used_usd, USD),
    )


def position(view: PositionView) -> Position:
    liquidation = view.liquidation_price
    return Position(
        coin=view.asset,
        szi=text(view.size),
        leverage=Leverage(type="cross", value=view.leverage),
        entryPx=text(view.entry_price),
        positionValue=text(view.notional_usd, USD),
        unrealizedPnl=text(view.unrealised_usd, USD),
        returnOnEquity=text(view.unrealised_usd / view.margin_used_usd if view.margin_used_usd else ZERO, RATE),
        liquidationPx=None if liquidation is None else text(liquidation, USD),
        marginUsed=text(view.margin_used_usd, USD),
        maxLeverage=view.max_leverage,
        cumFunding=CumulativeFunding(
            allTime=text(-view.funding_all_time_usd, USD),
            sinceOpen=text(-view.funding_since_open_usd, USD),
            sinceChange=text(-view.funding_since_change_usd, USD),
        ),
    )


def funding(paid: FundingPaid) -> Funding:
    return Funding(
        time=ms(paid.hour_ns) + FUNDING_STAMP_MS,
        coin=paid.asset,
        usdc=text(paid.amount_usd, USD),
        szi=text(paid.size),
        fundingRate=text(paid.rate, RATE),
    )


# --- orders and fills -------------------------------------------------------------------------------------


def accepted_order(event: OrderAccepted) -> OrderUpdate:
    order = BasicOrder(
        coin=event.asset,
        side=side(is_buy=event.is_buy),
        limitPx=text(event.price or ZERO),
        sz=text(event.resting_size),
        oid=event.order_id,
        timestamp=ms(event.at_ns),
        origSz=text(event.size),
        cloid=event.client_order_id,
        reduceOnly=event.reduce_only or None,
    )
    return OrderUpdate(order=order, status=OrderStatus.OPEN, statusTimestamp=ms(event.at_ns))


def basic_order(view: OrderView, *, detailed: bool = False) -> BasicOrder:
    """`sz` stays at the remainder when an order ends. `detailed` adds what `frontendOpenOrders` does."""
    return BasicOrder(
        coin=view.asset,
        side=side(is_buy=view.is_buy),
        limitPx=text(view.price or ZERO),
        sz=text(view.remaining),
        oid=view.order_id,
        timestamp=ms(view.placed_at_ns),
        origSz=text(view.size),
        cloid=view.client_order_id,
        reduceOnly=view.reduce_only or None,
        tif=TIME_IN_FORCE_WORDS[view.time_in_force] if detailed else None,
        orderType="Limit" if detailed else None,
    )


def order_update(view: OrderView, *, detailed: bool = False, scheduled: bool = False) -> OrderUpdate:
    """`scheduled`: the dead-man's switch has cancelled it."""
    return OrderUpdate(
        order=basic_order(view, detailed=detailed),
        status=OrderStatus.SCHEDULED_CANCEL if scheduled else OrderStatus(_status(view)),
        statusTimestamp=ms(view.updated_at_ns),
    )


def part_filled_order(view: OrderView, event: OrderFilled) -> OrderUpdate:
    """A resting order that filled in part is told as open, with what remains (inferred from the field's meaning)."""
    order = msgspec.structs.replace(basic_order(view), sz=text(view.size - event.filled_total))
    return OrderUpdate(order=order, status=OrderStatus.OPEN, statusTimestamp=ms(event.at_ns))


def _status(view: OrderView) -> str:
    if view.status is Status.OPEN:
        return "open"
    if view.done_reason is not None:
        return DONE_STATUSES[view.done_reason]
    assert view.reject_reason is not None, "an order neither open nor done was rejected"
    return REJECT_STATUSES.get(view.reject_reason, "rejected")


def fill(event: OrderFilled) -> Fill:
    return Fill(
        coin=event.asset,
        px=text(event.price),
        sz=text(event.size),
        side=side(is_buy=event.is_buy),
        time=ms(event.at_ns),
        startPosition=text(event.position_before),
        dir=_direction(event),
        closedPnl=text(event.closed_pnl_usd, USD),
        hash=f"0x{event.trade_id:064x}",
        oid=event.order_id,
        crossed=event.is_taker,
        fee=text(event.fee_usd, USD),
        tid=event.trade_id,
        feeToken="USDC",
        cloid=event.client_order_id,
        liquidation=_liquidation(event),
    )


def _direction(event: OrderFilled) -> str:
    """A market liquidation reads as a plain close; only the backstop's has a direction of its own."""
    before, after = event.position_before, event.position_after
    if event.cause is FillCause.ADL:
        return "Auto-Deleveraging"
    if event.cause in (FillCause.BACKSTOP, FillCause.BANKRUPTCY):
        return "Liquidated Cross Long" if before > 0 else "Liquidated Cross Short"
    if before * after < 0:
        return "Long > Short" if before > 0 else "Short > Long"
    verb = "Open" if abs(after) > abs(before) else "Close"
    return f"{verb} {'Long' if (before or after) > 0 else 'Short'}"


def _liquidation(event: OrderFilled) -> Liquidation | None:
    if event.liquidation_method is None and event.cause is not FillCause.ADL:
        return None
    named = event.liquidated_account or ""
    method = LIQUIDATION_METHODS[event.liquidation_method] if event.liquidation_method else "backstop"
    return Liquidation(
        liquidatedUser=named if named.startswith("0x") and event.cause is not FillCause.ADL else LIQUIDATOR,
        markPx=text(event.mark_price),
        method="market" if method == "market" else "backstop",
    )
