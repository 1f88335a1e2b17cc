"""What the venue refuses at once, before the speed bump. Late refusals come on the stream instead."""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import Exchange, MarketMode, NewOrder, OrderStatus, RejectReason
from engine.simulators.exchange.views import MarketView
from engine.simulators.pacifica.replies import Refused, order_refused

ZERO = Decimal(0)


def early_refusal(exchange: Exchange, account: str, order: NewOrder) -> Refused | None:
    """The refusal of an order as the account and the market stand now, or None."""
    view = exchange.account_view(account)
    if view is None:
        return order_refused(RejectReason.UNKNOWN_ACCOUNT, account, ZERO, ZERO)
    if exchange.instrument(order.asset) is None:
        return order_refused(RejectReason.UNKNOWN_ASSET, account, ZERO, ZERO)
    market = exchange.market(order.asset)
    if market is None:
        return order_refused(RejectReason.NO_PRICE_YET, account, ZERO, ZERO)
    price = market.mark if order.price is None else order.price
    reason = _form(exchange, market, order) or _standing(exchange, account, market, order, price)
    if reason is None:
        return None
    return order_refused(reason, account, order.size * price, view.equity_usd)


def _form(exchange: Exchange, market: MarketView, order: NewOrder) -> RejectReason | None:
    """Rules about the order alone."""
    spec = exchange.instrument(order.asset)
    assert spec is not None
    if market.mode is MarketMode.HALTED:
        return RejectReason.MARKET_HALTED
    if not order.size.is_finite() or order.size <= 0:
        return RejectReason.ZERO_SIZE
    if order.price is not None and (not order.price.is_finite() or order.price <= 0):
        return RejectReason.BAD_PRICE
    if order.price is not None and not spec.price_fits(order.price):
        return RejectReason.TICK
    return None if spec.size_fits(order.size) else RejectReason.LOT


def _standing(
    exchange: Exchange, account: str, market: MarketView, order: NewOrder, price: Decimal
) -> RejectReason | None:
    """Rules about the order of this account now."""
    spec = exchange.instrument(order.asset)
    assert spec is not None
    client_id = order.client_order_id
    earlier = None if client_id is None else exchange.order_by_client_id(account, client_id)
    if earlier is not None and earlier.status is not OrderStatus.REJECTED:
        return RejectReason.DUPLICATE_CLIENT_ORDER_ID
    if order.reduce_only:
        too_large = order.size > _closable(exchange, account, order)
        return RejectReason.REDUCE_ONLY_WOULD_INCREASE if too_large else None
    if market.mode is MarketMode.REDUCE_ONLY:
        return RejectReason.MARKET_REDUCE_ONLY_MODE
    if order.size * price < spec.min_notional_usd:
        return RejectReason.MIN_NOTIONAL
    return None if _affordable(exchange, account, order, price) else RejectReason.MARGIN


def _closable(exchange: Exchange, account: str, order: NewOrder) -> Decimal:
    position = exchange.position(account, order.asset)
    held = ZERO if position is None else position.size
    return max(ZERO, -held if order.is_buy else held)


def _affordable(exchange: Exchange, account: str, order: NewOrder, price: Decimal) -> bool:
    """Initial margin of what the order would add to the position."""
    view, position = exchange.account_view(account), exchange.position(account, order.asset)
    assert view is not None
    held = ZERO if position is None else position.size
    after = held + (order.size if order.is_buy else -order.size)
    added = max(ZERO, abs(after) - abs(held))
    return added * price / exchange.leverage(account, order.asset) <= view.available_usd
