"""From a client's wish to an accepted or rejected order, and out again: place, cancel, expire."""

from decimal import Decimal

from engine.simulators.exchange import book, checks, matching
from engine.simulators.exchange.events import CancelRejected, Event, OrderAccepted, OrderRejected
from engine.simulators.exchange.order import NewOrder
from engine.simulators.exchange.state import Account, Listing, Order, State
from engine.simulators.exchange.terms import (
    CancelRejectReason,
    DoneReason,
    OrderStatus,
    RejectReason,
    TimeInForce,
)

NAN = Decimal("NaN")


def place(state: State, name: str, request: NewOrder) -> list[Event]:
    """Check, match and rest one order."""
    account, listing = state.accounts.get(name), state.listings.get(request.asset)
    order = _draft(state, name, request, listing)
    if account is None:
        return [_rejected(state, order, listing, (RejectReason.UNKNOWN_ACCOUNT, None))]
    if listing is None:
        return _refuse(state, account, None, order, (RejectReason.UNKNOWN_ASSET, None))
    refused = checks.refusal(state, listing, account, order)
    if refused is not None:
        return _refuse(state, account, listing, order, refused)
    if order.reduce_only:
        order.size = min(order.size, checks.reducible(listing, account, order))
    return _enter(state, account, listing, order)


def _draft(state: State, name: str, request: NewOrder, listing: Listing | None) -> Order:
    return Order(
        order_id=state.next_order_id(),
        account=name,
        asset=request.asset,
        is_buy=request.is_buy,
        size=request.size,
        price=request.price,
        limit=_worst_price(request, listing) if request.price is None else request.price,
        time_in_force=request.time_in_force,
        reduce_only=request.reduce_only,
        client_order_id=request.client_order_id,
        expires_at_ns=request.expires_at_ns,
        placed_at_ns=state.now_ns,
        updated_at_ns=state.now_ns,
    )


def _worst_price(request: NewOrder, listing: Listing | None) -> Decimal:
    """Mark plus or minus the slippage of a market order; NaN (refused as a bad price) when it names none."""
    if listing is None or request.max_slippage is None:
        return NAN
    return listing.mark * (1 + (request.max_slippage if request.is_buy else -request.max_slippage))


def _enter(state: State, account: Account, listing: Listing, order: Order) -> list[Event]:
    """Match what can be matched; then rest, end, or (an IOC that met nothing) refuse."""
    instant = order.time_in_force is TimeInForce.IOC
    budget = min(order.size, _take_ioc_cap(state, listing, order)) if instant else order.size
    taker = matching.taker_party(state, order)
    filled, events = matching.take(state, listing, taker, order.is_buy, order.limit, budget)
    if instant and filled == 0:
        return [*_refuse(state, account, listing, order, (RejectReason.IOC_NO_LIQUIDITY, None)), *events]
    remember(state, account, order)
    accepted = _accepted(state, order)
    if order.remaining == 0:
        return [accepted, *events, *matching.end(state, order, DoneReason.FILLED)]
    if instant:
        return [accepted, *events, *matching.end(state, order, DoneReason.IOC_REMAINDER)]
    return [accepted, *events, *matching.rest(state, listing, order)]


def _take_ioc_cap(state: State, listing: Listing, order: Order) -> Decimal:
    """Use up the first armed cap that fits the order."""
    for cap in state.ioc_caps:
        if cap.account in (None, order.account) and cap.asset in (None, order.asset):
            state.ioc_caps.remove(cap)
            return listing.spec.floor_size(order.size * cap.fraction)
    return order.size


def remember(state: State, account: Account, order: Order) -> None:
    """Keep the order for questions; the oldest closed one is forgotten beyond the limit."""
    account.orders[order.order_id] = order
    client_id = order.client_order_id
    if client_id is not None and (order.status is OrderStatus.OPEN or client_id not in account.by_client_id):
        account.by_client_id[client_id] = order.order_id
    if len(account.orders) > state.rules.history_limit:
        _forget_oldest_closed(account)


def _forget_oldest_closed(account: Account) -> None:
    oldest = next((o for o in account.orders.values() if o.status is not OrderStatus.OPEN), None)
    if oldest is not None:
        del account.orders[oldest.order_id]
        if account.by_client_id.get(oldest.client_order_id or "") == oldest.order_id:
            del account.by_client_id[oldest.client_order_id or ""]


def _refuse(
    state: State, account: Account, listing: Listing | None, order: Order, refused: checks.Refusal
) -> list[Event]:
    order.status, order.reject_reason = OrderStatus.REJECTED, refused[0]
    remember(state, account, order)
    return [_rejected(state, order, listing, refused)]


def _rejected(state: State, order: Order, listing: Listing | None, refused: checks.Refusal) -> OrderRejected:
    return OrderRejected(
        at_ns=state.now_ns,
        account=order.account,
        asset=order.asset,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        is_buy=order.is_buy,
        price=order.price,
        size=order.size,
        reason=refused[0],
        best_bid=None if listing is None else book.best_price(listing.bids),
        best_ask=None if listing is None else book.best_price(listing.asks),
        limit=refused[1],
    )


def _accepted(state: State, order: Order) -> OrderAccepted:
    rests = order.time_in_force is not TimeInForce.IOC
    return OrderAccepted(
        at_ns=state.now_ns,
        account=order.account,
        asset=order.asset,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        is_buy=order.is_buy,
        price=order.price,
        size=order.size,
        resting_size=order.remaining if rests else Decimal(0),
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
    )


def cancel(state: State, name: str, order_id: int | None, client_order_id: str | None) -> list[Event]:
    """End one open order, found by its id, or say why there is none."""
    account = state.accounts.get(name)
    order = None if account is None or order_id is None else account.orders.get(order_id)
    if order is not None and order.status is OrderStatus.OPEN:
        return matching.end(state, order, DoneReason.CANCELED)
    unknown = CancelRejectReason.UNKNOWN_ACCOUNT if account is None else CancelRejectReason.UNKNOWN_ORDER
    reason = unknown if order is None else CancelRejectReason.ALREADY_DONE
    rejected = CancelRejected(
        at_ns=state.now_ns, account=name, order_id=order_id, client_order_id=client_order_id, reason=reason
    )
    return [rejected]


def cancel_where(
    state: State, account: Account, reason: DoneReason, asset: str | None, keep_reduce_only: bool = False
) -> list[Event]:
    """End the account's open orders (of one asset, if named), oldest first."""
    orders = [o for o in account.open_orders.values() if asset in (None, o.asset)]
    doomed = [o for o in orders if not (keep_reduce_only and o.reduce_only)]
    return [event for order in doomed for event in matching.end(state, order, reason)]


def expire(state: State) -> list[Event]:
    """End the resting orders whose time has come."""
    late = [
        order
        for listing in state.listings.values()
        for order in (*listing.bids.resting, *listing.asks.resting)
        if order.expires_at_ns is not None and state.now_ns >= order.expires_at_ns
    ]
    return [event for order in late for event in matching.end(state, order, DoneReason.EXPIRED)]
