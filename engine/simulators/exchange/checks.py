"""What an order must satisfy before it may enter: one rule a check; `refusal` names the first that fails."""

from collections.abc import Callable
from decimal import Decimal

from engine.simulators.exchange import book, margin
from engine.simulators.exchange.state import Account, Listing, Order, State
from engine.simulators.exchange.terms import MarketMode, OrderStatus, RejectReason, TimeInForce

Refusal = tuple[RejectReason, Decimal | None]
"""The reason, and the bound that was broken where there is one."""
DIGITS_MAX = 15
"""Digits before the point that a price or size may have: keeps every product inside 28 digits."""
Check = Callable[[State, Listing, Account, Order], Refusal | None]


def refusal(state: State, listing: Listing, account: Account, order: Order) -> Refusal | None:
    """The first refusal in the order of `RejectReason`, or None."""
    for check in CHECKS:
        if (refused := check(state, listing, account, order)) is not None:
            return refused
    return None


def reducible(listing: Listing, account: Account, order: Order) -> Decimal:
    """How much of the position an order on this side could close."""
    held = account.size(listing.spec.asset)
    return max(Decimal(0), -held if order.is_buy else held)


def _halted(_state: State, listing: Listing, _account: Account, _order: Order) -> Refusal | None:
    return (RejectReason.MARKET_HALTED, None) if listing.mode is MarketMode.HALTED else None


def _no_price_yet(_state: State, listing: Listing, _account: Account, _order: Order) -> Refusal | None:
    return (RejectReason.NO_PRICE_YET, None) if listing.point is None else None


def _expired(state: State, _listing: Listing, _account: Account, order: Order) -> Refusal | None:
    late = order.expires_at_ns is not None and state.now_ns >= order.expires_at_ns
    return (RejectReason.EXPIRED, None) if late else None


def _size(_state: State, listing: Listing, _account: Account, order: Order) -> Refusal | None:
    if not order.size.is_finite() or order.size <= 0:
        return RejectReason.ZERO_SIZE, None
    fits = order.size.adjusted() < DIGITS_MAX and listing.spec.size_fits(order.size)
    return None if fits else (RejectReason.LOT, listing.spec.lot)


def _price(_state: State, listing: Listing, _account: Account, order: Order) -> Refusal | None:
    if not order.limit.is_finite() or order.limit <= 0 or order.limit.adjusted() >= DIGITS_MAX:
        return RejectReason.BAD_PRICE, None
    if order.price is None:
        return None if order.time_in_force is TimeInForce.IOC else (RejectReason.BAD_PRICE, None)
    fits = listing.spec.price_fits(order.price)
    return None if fits else (RejectReason.TICK, listing.spec.price_step(order.price))


def _price_too_far(state: State, listing: Listing, _account: Account, order: Order) -> Refusal | None:
    highest = listing.oracle * (1 + state.rules.max_price_above)
    lowest = listing.oracle * (1 - state.rules.max_price_below)
    if order.limit > highest:
        return RejectReason.PRICE_TOO_FAR, highest
    return (RejectReason.PRICE_TOO_FAR, lowest) if order.limit < lowest else None


def _duplicate(_state: State, _listing: Listing, account: Account, order: Order) -> Refusal | None:
    earlier = account.orders.get(account.by_client_id.get(order.client_order_id or "", -1))
    used = earlier is not None and earlier.status is not OrderStatus.REJECTED
    return (RejectReason.DUPLICATE_CLIENT_ORDER_ID, None) if used else None


def _market_mode(_state: State, listing: Listing, _account: Account, order: Order) -> Refusal | None:
    closed = listing.mode is MarketMode.REDUCE_ONLY and not order.reduce_only
    return (RejectReason.MARKET_REDUCE_ONLY_MODE, None) if closed else None


def _reduce_only(state: State, listing: Listing, account: Account, order: Order) -> Refusal | None:
    if not order.reduce_only:
        return None
    closable = reducible(listing, account, order)
    too_large = order.size > closable and not state.rules.reduce_only_caps
    return (RejectReason.REDUCE_ONLY_WOULD_INCREASE, closable) if closable == 0 or too_large else None


def _min_notional(_state: State, listing: Listing, _account: Account, order: Order) -> Refusal | None:
    value = order.size * (listing.mark if order.price is None else order.price)
    small = value < listing.spec.min_notional_usd and not order.reduce_only
    return (RejectReason.MIN_NOTIONAL, listing.spec.min_notional_usd) if small else None


def _too_many(state: State, _listing: Listing, account: Account, order: Order) -> Refusal | None:
    full = len(account.open_orders) >= state.rules.max_open_orders and order.time_in_force is not TimeInForce.IOC
    return (RejectReason.TOO_MANY_OPEN_ORDERS, Decimal(state.rules.max_open_orders)) if full else None


def _post_only(_state: State, listing: Listing, _account: Account, order: Order) -> Refusal | None:
    if order.time_in_force is not TimeInForce.POST_ONLY:
        return None
    other = listing.side(not order.is_buy)
    best = book.best_price(other)
    crosses = best is not None and book.reaches(other, best, order.limit)
    return (RejectReason.POST_ONLY_WOULD_CROSS, best) if crosses else None


def _margin(state: State, _listing: Listing, account: Account, order: Order) -> Refusal | None:
    if order.reduce_only:
        return None
    before, after = margin.required(state, account), margin.required(state, account, order)
    equity = margin.equity(state, account)
    return (RejectReason.MARGIN, max(Decimal(0), equity - before)) if after > max(before, equity) else None


CHECKS: tuple[Check, ...] = (
    _halted,
    _no_price_yet,
    _expired,
    _size,
    _price,
    _price_too_far,
    _duplicate,
    _market_mode,
    _reduce_only,
    _min_notional,
    _too_many,
    _post_only,
    _margin,
)
