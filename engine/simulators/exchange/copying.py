"""A second exchange of the same state, to try calls on: what can change is copied, what is over is shared."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from engine.simulators.exchange.state import Account, Level, Listing, Order, Side, State


def copied(state: State) -> State:
    """Equal, and independent from then on. Records are frozen and closed orders stay as they are: both are shared."""
    accounts = state.accounts.values()
    living = {order.order_id: replace(order) for account in accounts for order in account.open_orders.values()}
    return replace(
        state,
        listings={asset: _listing(listing, living) for asset, listing in state.listings.items()},
        accounts={name: _account(account, living) for name, account in state.accounts.items()},
        ioc_caps=list(state.ioc_caps),
    )


def _account(account: Account, living: Mapping[int, Order]) -> Account:
    return replace(
        account,
        fills=deque(account.fills, account.fills.maxlen),
        payments=deque(account.payments, account.payments.maxlen),
        positions={asset: replace(position) for asset, position in account.positions.items()},
        leverage=dict(account.leverage),
        open_orders={order_id: living[order_id] for order_id in account.open_orders},
        orders={order_id: living.get(order_id, order) for order_id, order in account.orders.items()},
        by_client_id=dict(account.by_client_id),
        funding_all_time=dict(account.funding_all_time),
    )


def _listing(listing: Listing, living: Mapping[int, Order]) -> Listing:
    return replace(
        listing,
        settled=deque(listing.settled, listing.settled.maxlen),
        shape=list(listing.shape),
        bids=_side(listing.bids, living),
        asks=_side(listing.asks, living),
        premium_by_hour=dict(listing.premium_by_hour),
    )


def _side(side: Side, living: Mapping[int, Order]) -> Side:
    external = [Level(level.price, level.size) for level in side.external]
    return Side(side.is_bid, external, [living[order.order_id] for order in side.resting])
