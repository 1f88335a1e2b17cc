"""Frozen views of the exchange's state."""

from engine.simulators.exchange import book, funding, margin
from engine.simulators.exchange.ledger import ENTRY_STEP, entry_price
from engine.simulators.exchange.state import ZERO, Account, Listing, Order, State
from engine.simulators.exchange.views import (
    AccountView,
    BookView,
    FundingView,
    LedgerView,
    MarketView,
    OrderView,
    PositionView,
)
from engine.simulators.exchange.world import average_premium


def order_view(order: Order) -> OrderView:
    average = (order.filled_usd / order.filled).quantize(ENTRY_STEP) if order.filled else None
    return OrderView(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        account=order.account,
        asset=order.asset,
        is_buy=order.is_buy,
        price=order.price,
        size=order.size,
        filled=order.filled,
        average_price=average,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        status=order.status,
        done_reason=order.done_reason,
        reject_reason=order.reject_reason,
        placed_at_ns=order.placed_at_ns,
        updated_at_ns=order.updated_at_ns,
    )


def account_view(state: State, account: Account) -> AccountView:
    equity, used = margin.equity(state, account), margin.position_margin(state, account)
    reserved = margin.required(state, account) - used
    return AccountView(
        account=account.name,
        balance_usd=account.cash,
        unrealised_usd=margin.unrealised(state, account),
        equity_usd=equity,
        notional_usd=margin.notional(state, account),
        used_usd=used,
        order_margin_usd=reserved,
        maintenance_usd=margin.maintenance(state, account),
        available_usd=max(ZERO, equity - used - reserved),
        positions=tuple(position_view(state, account, asset) for asset in account.positions),
    )


def position_view(state: State, account: Account, asset: str) -> PositionView:
    listing, position = state.listings[asset], account.positions[asset]
    leverage, notional = margin.leverage(state, account, asset), abs(position.size) * listing.mark
    return PositionView(
        asset=asset,
        size=position.size,
        entry_price=entry_price(position),
        mark_price=listing.mark,
        notional_usd=notional,
        unrealised_usd=position.size * listing.mark - position.cost,
        leverage=leverage,
        max_leverage=listing.spec.max_leverage,
        margin_used_usd=notional / leverage,
        maintenance_usd=margin.maintenance_of(state, account, asset),
        liquidation_price=margin.liquidation_price(state, account, asset),
        funding_since_open_usd=position.funding_since_open,
        funding_since_change_usd=position.funding_since_change,
        funding_all_time_usd=account.funding_all_time.get(asset, ZERO),
        opened_at_ns=position.opened_at_ns,
        updated_at_ns=position.updated_at_ns,
    )


def book_view(listing: Listing, count: int) -> BookView:
    at_ns = 0 if listing.point is None else listing.point.at_ns
    bids, asks = book.levels(listing.bids, count), book.levels(listing.asks, count)
    return BookView(asset=listing.spec.asset, at_ns=at_ns, bids=bids, asks=asks)


def market_view(listing: Listing) -> MarketView | None:
    if listing.point is None:
        return None
    return MarketView(
        asset=listing.spec.asset,
        at_ns=listing.point.at_ns,
        mode=listing.mode,
        mid=book.middle(listing),
        mark=listing.mark,
        oracle=listing.oracle,
        premium=listing.premium,
        impact_bid=listing.impact_bid,
        impact_ask=listing.impact_ask,
        open_interest=listing.point.open_interest,
    )


def funding_view(state: State, listing: Listing) -> FundingView | None:
    if listing.point is None:
        return None
    last = listing.settled[-1] if listing.settled else None
    next_ns = funding.next_hour(state)
    return FundingView(
        asset=listing.spec.asset,
        forming_rate=funding.forming_rate(state, listing),
        forming_premium=average_premium(listing, next_ns),
        next_settlement_ns=next_ns,
        last_paid_rate=None if last is None else last.rate,
        last_paid_ns=None if last is None else last.hour_ns,
    )


def ledger_view(state: State) -> LedgerView:
    value, net = ZERO, dict.fromkeys(state.listings, ZERO)
    for account in state.accounts.values():
        value += account.cash
        for asset, position in account.positions.items():
            value -= position.cost
            net[asset] += position.size
    return LedgerView(value_usd=value, deposits_usd=state.deposits_usd, net_size=net)
