"""Cross margin at mark: initial = notional / leverage, maintenance = notional x the instrument's fraction.

Sources: Hyperliquid docs "Margining" (2025-11); Pacifica docs "Margin" (2026): both use 50 % of the initial
margin at maximum leverage for maintenance. Simplification: one tier per instrument.
"""

from decimal import Decimal

from engine.simulators.exchange.ledger import ENTRY_STEP, USD_STEP
from engine.simulators.exchange.state import ZERO, Account, Order, State


def unrealised(state: State, account: Account) -> Decimal:
    return sum((p.size * state.listings[a].mark - p.cost for a, p in account.positions.items()), ZERO)


def health(state: State, account: Account) -> tuple[Decimal, Decimal]:
    """Equity and maintenance margin in one pass."""
    value, needed = account.cash, ZERO
    for asset, position in account.positions.items():
        listing = state.listings[asset]
        worth = position.size * listing.mark
        value += worth - position.cost
        needed += abs(worth) * listing.spec.maintenance_fraction
    return value, needed


def equity(state: State, account: Account) -> Decimal:
    return account.cash + unrealised(state, account)


def notional(state: State, account: Account) -> Decimal:
    return sum((abs(p.size) * state.listings[a].mark for a, p in account.positions.items()), ZERO)


def maintenance(state: State, account: Account) -> Decimal:
    return sum((maintenance_of(state, account, asset) for asset in account.positions), ZERO)


def maintenance_of(state: State, account: Account, asset: str) -> Decimal:
    listing = state.listings[asset]
    return abs(account.size(asset)) * listing.mark * listing.spec.maintenance_fraction


def leverage(state: State, account: Account, asset: str) -> int:
    fallback = min(state.rules.default_leverage, state.listings[asset].spec.max_leverage)
    return account.leverage.get(asset, fallback)


def position_margin(state: State, account: Account) -> Decimal:
    """Initial margin of the open positions."""
    return sum((_initial(state, account, asset, p.size) for asset, p in account.positions.items()), ZERO)


def positions_required(state: State, account: Account, asset: str, size: Decimal) -> Decimal:
    """Initial margin of the positions, were the one in `asset` of `size`."""
    others = (_initial(state, account, other, p.size) for other, p in account.positions.items() if other != asset)
    return sum(others, _initial(state, account, asset, size))


def required(
    state: State, account: Account, extra: Order | None = None, leverage_of: dict[str, int] | None = None
) -> Decimal:
    """Initial margin with every opening order (and `extra`) counted as filled, the worse side per asset.

    `leverage_of` asks what it would be at another leverage.
    """
    exposures = {asset: [p.size, p.size] for asset, p in account.positions.items()}
    for order in (*account.open_orders.values(), *(() if extra is None else (extra,))):
        if not order.reduce_only:
            exposure = exposures.setdefault(order.asset, [ZERO, ZERO])
            exposure[order.is_buy] += order.remaining if order.is_buy else -order.remaining
    worst = {asset: max(abs(low), abs(high)) for asset, (low, high) in exposures.items()}
    asked = leverage_of or {}
    return sum((_initial(state, account, a, size, asked.get(a)) for a, size in worst.items()), ZERO)


def _initial(state: State, account: Account, asset: str, size: Decimal, asked: int | None = None) -> Decimal:
    used = abs(size) * state.listings[asset].mark / (asked or leverage(state, account, asset))
    return used.quantize(USD_STEP)


def liquidation_price(state: State, account: Account, asset: str) -> Decimal | None:
    """The mark of `asset` at which equity meets maintenance, all else unchanged; None when no positive one.

    equity + s (p - mark) = maintenance of the others + |s| p f, solved for p.
    """
    listing, size = state.listings[asset], account.size(asset)
    others = maintenance(state, account) - maintenance_of(state, account, asset)
    slope = size - abs(size) * listing.spec.maintenance_fraction
    price = (size * listing.mark - equity(state, account) + others) / slope
    return price.quantize(ENTRY_STEP) if price > 0 else None
