"""What happens below maintenance margin, in three steps down.

equity < maintenance: orders cancelled, market liquidation against the book; < 2/3 of it: the backstop takes
positions and collateral at mark; < 0: auto-deleveraging. Sources: Hyperliquid docs "Liquidations" (2025-11),
Pacifica docs "Liquidations" (2026). Simplifications: whole positions at once, no partial 20 % step; a book
liquidation goes no further from mark than the maintenance fraction, what it cannot sell waits for the next
point.
"""

from decimal import Decimal

from engine.simulators.exchange import adl, margin, matching, placing
from engine.simulators.exchange.events import AccountLiquidated, Event
from engine.simulators.exchange.ledger import LiquidationNote, Party, move_cash, trade
from engine.simulators.exchange.state import BACKSTOP, ZERO, Account, AccountKind, Listing, State
from engine.simulators.exchange.terms import DoneReason, FillCause, LiquidationMethod, MarketMode


def check(state: State, asset: str) -> list[Event]:
    """Liquidate every account with a position in `asset` that is below its maintenance margin."""
    events: list[Event] = []
    for account in tuple(state.accounts.values()):
        if account.kind is not AccountKind.HOUSE and asset in account.positions:
            events += _check_account(state, account)
    state.listings[asset].liquidating = bool(events)
    return events


def check_all(state: State) -> list[Event]:
    return [event for asset in state.listings for event in check(state, asset)]


def _check_account(state: State, account: Account) -> list[Event]:
    equity, maintenance = margin.health(state, account)
    if equity >= maintenance or not _open_positions(state, account):
        return []
    if equity < 0:
        return _step(state, account, LiquidationMethod.ADL)
    deep = equity < maintenance * state.rules.backstop_fraction
    return _step(state, account, LiquidationMethod.BACKSTOP if deep else LiquidationMethod.MARKET)


def _open_positions(state: State, account: Account) -> list[Listing]:
    """Markets in which the account can be liquidated now, largest notional first."""
    listings = [state.listings[asset] for asset in account.positions]
    trading = [listing for listing in listings if listing.mode is not MarketMode.HALTED]
    return sorted(trading, key=lambda ln: (-abs(account.size(ln.spec.asset)) * ln.mark, ln.spec.asset))


def _step(state: State, account: Account, method: LiquidationMethod) -> list[Event]:
    """One step of the ladder for one account: orders cancelled first, then its positions."""
    equity, maintenance = margin.health(state, account)
    notional = margin.notional(state, account)
    events = placing.cancel_where(state, account, DoneReason.LIQUIDATED, None)
    for listing in _open_positions(state, account):
        if method is LiquidationMethod.MARKET:
            events += _sell_while_below(state, account, listing)
        elif method is LiquidationMethod.BACKSTOP:
            events += _hand_over(state, account, listing)
        else:
            events += adl.close_bankrupt(state, listing, account)
    taken = ZERO if method is LiquidationMethod.MARKET else _hand_over_cash(state, account)
    return [_liquidated(state, account, method, equity, maintenance, notional, taken), *events]


def _sell_while_below(state: State, account: Account, listing: Listing) -> list[Event]:
    """Market liquidation of one position, unless an earlier one was enough."""
    equity, maintenance = margin.health(state, account)
    if equity >= maintenance:
        return []
    size, fraction = account.size(listing.spec.asset), listing.spec.maintenance_fraction
    limit = listing.mark * (1 + fraction if size < 0 else 1 - fraction)
    return sell_into_book(state, account, listing, abs(size), limit)[1]


def sell_into_book(
    state: State, account: Account, listing: Listing, size: Decimal, limit: Decimal
) -> tuple[Decimal, list[Event]]:
    """Close up to `size` of the position as a taker at `limit` or better; returns how much was closed."""
    fee = state.rules.liquidation_fee or state.fees.taker
    taker = Party(account=account, cause=FillCause.LIQUIDATION, fee=fee)
    note = LiquidationNote(account=account.name, method=LiquidationMethod.MARKET)
    is_buy = account.size(listing.spec.asset) < 0
    return matching.take(state, listing, taker, is_buy, limit, size, note)


def _hand_over(state: State, account: Account, listing: Listing) -> list[Event]:
    return hand_over(state, account, listing, abs(account.size(listing.spec.asset)))


def hand_over(state: State, account: Account, listing: Listing, size: Decimal) -> list[Event]:
    """The backstop takes `size` of the position at mark, without fees."""
    loser = Party(account=account, cause=FillCause.BACKSTOP)
    backstop = Party(account=state.accounts[BACKSTOP], is_taker=False)
    note = LiquidationNote(account=account.name, method=LiquidationMethod.BACKSTOP)
    is_buy = account.size(listing.spec.asset) < 0
    buyer, seller = (loser, backstop) if is_buy else (backstop, loser)
    return list[Event](trade(state, listing, listing.mark, size, buyer, seller, note))


def _hand_over_cash(state: State, account: Account) -> Decimal:
    """Collateral (or debt) follows the positions; kept while a halted market still holds one."""
    taken = ZERO if account.positions else account.cash
    move_cash(account, state.accounts[BACKSTOP], taken)
    return taken


def _liquidated(
    state: State,
    account: Account,
    method: LiquidationMethod,
    equity: Decimal,
    maintenance: Decimal,
    notional: Decimal,
    taken: Decimal,
) -> AccountLiquidated:
    return AccountLiquidated(
        at_ns=state.now_ns,
        account=account.name,
        method=method,
        equity_usd=equity,
        maintenance_usd=maintenance,
        notional_usd=notional,
        collateral_taken_usd=taken,
    )
