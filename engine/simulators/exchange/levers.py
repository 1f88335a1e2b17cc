"""Misfortunes on demand, for scenarios: ADL, liquidation, manual trades, market modes."""

from decimal import Decimal

from engine.simulators.exchange import adl, liquidation, margin, matching, placing
from engine.simulators.exchange.events import AccountLiquidated, Event, MarketModeChanged
from engine.simulators.exchange.ledger import Party, trade
from engine.simulators.exchange.state import EXTERNAL, ZERO, Account, Listing, State
from engine.simulators.exchange.terms import DoneReason, FillCause, LiquidationMethod, MarketMode

ANY_PRICE_BUY = Decimal("1e15")
ANY_PRICE_SELL = Decimal(0)


def _part(account: Account, asset: str, size: Decimal | None) -> Decimal:
    held = abs(account.size(asset))
    return held if size is None else min(held, size)


def deleverage(state: State, listing: Listing, account: Account, size: Decimal | None) -> list[Event]:
    part = _part(account, listing.spec.asset, size)
    return adl.deleverage(state, listing, account, part) if part > 0 else []


def liquidate(state: State, listing: Listing, account: Account, size: Decimal | None) -> list[Event]:
    """Orders cancelled, then the book at any price, then the backstop at mark."""
    asset, part = listing.spec.asset, _part(account, listing.spec.asset, size)
    if part == 0:
        return []
    notice = AccountLiquidated(
        at_ns=state.now_ns,
        account=account.name,
        method=LiquidationMethod.MARKET,
        equity_usd=margin.equity(state, account),
        maintenance_usd=margin.maintenance(state, account),
        notional_usd=margin.notional(state, account),
        collateral_taken_usd=ZERO,
    )
    canceled = placing.cancel_where(state, account, DoneReason.LIQUIDATED, None)
    limit = ANY_PRICE_BUY if account.size(asset) < 0 else ANY_PRICE_SELL
    sold, fills = liquidation.sell_into_book(state, account, listing, part, limit)
    rest = liquidation.hand_over(state, account, listing, part - sold) if sold < part else []
    return [notice, *canceled, *fills, *rest]


def set_position(state: State, listing: Listing, account: Account, size: Decimal) -> list[Event]:
    """Trade the difference at mark with the external account."""
    delta = size - account.size(listing.spec.asset)
    if delta == 0:
        return []
    own, outside = Party(account=account, cause=FillCause.MANUAL), Party(account=state.accounts[EXTERNAL])
    buyer, seller = (own, outside) if delta > 0 else (outside, own)
    events = list[Event](trade(state, listing, listing.mark, abs(delta), buyer, seller))
    return events + matching.prune_reduce_only(state, listing, account)


def set_mode(state: State, listing: Listing, mode: MarketMode) -> list[Event]:
    """Change the market's mode; entering reduce-only cancels the orders that could open."""
    if listing.mode is mode:
        return []
    listing.mode = mode
    changed = MarketModeChanged(at_ns=state.now_ns, asset=listing.spec.asset, mode=mode)
    opening = [o for o in (*listing.bids.resting, *listing.asks.resting) if not o.reduce_only]
    doomed = opening if mode is MarketMode.REDUCE_ONLY else []
    return [changed, *(e for o in doomed for e in matching.end(state, o, DoneReason.MARKET_MODE_CANCELED))]
