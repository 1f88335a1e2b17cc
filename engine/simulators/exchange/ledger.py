"""Money and positions: every change goes through `trade` or `move_cash`, so that sums are conserved.

Exactness: an account's cash minus the cost of its positions changes by exactly size x price in a trade, and
the other side by the opposite. Divided figures are rounded once (1e-12 USD), and both halves use the rounded
one.
"""

from dataclasses import dataclass
from decimal import Decimal

from engine.simulators.exchange.events import OrderFilled
from engine.simulators.exchange.state import FEES, ZERO, Account, AccountKind, Listing, Order, Position, State
from engine.simulators.exchange.terms import FillCause, LiquidationMethod

USD_STEP = Decimal("1e-6")
COST_STEP = Decimal("1e-12")
ENTRY_STEP = Decimal("1e-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of a trade. `fee` is a fraction of notional; `order` is None for the venue's own trades."""

    account: Account
    cause: FillCause = FillCause.ORDER
    order: Order | None = None
    fee: Decimal = ZERO
    is_taker: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationNote:
    """Whose liquidation made a trade."""

    account: str
    method: LiquidationMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one trade did to one position."""

    before: Decimal
    after: Decimal
    entry_before: Decimal | None
    closed_pnl: Decimal


def trade(
    state: State,
    listing: Listing,
    price: Decimal,
    size: Decimal,
    buyer: Party,
    seller: Party,
    note: LiquidationNote | None = None,
) -> list[OrderFilled]:
    """Book one trade on both accounts; a fill event for each that is not the house."""
    trade_id = state.next_trade_id()
    fills = []
    for party, is_buy in ((buyer, True), (seller, False)):
        change = _change_position(state, party.account, listing.spec.asset, size if is_buy else -size, price)
        fee = (size * price * party.fee).quantize(USD_STEP)
        move_cash(party.account, state.accounts[FEES], fee)
        if party.account.kind is not AccountKind.HOUSE:
            fills.append(_report(state, listing, party, is_buy, price, size, fee, trade_id, change, note))
    return fills


def move_cash(payer: Account, payee: Account, amount_usd: Decimal) -> None:
    payer.cash -= amount_usd
    payee.cash += amount_usd


def entry_price(position: Position) -> Decimal:
    return (position.cost / position.size).quantize(ENTRY_STEP)


def _change_position(state: State, account: Account, asset: str, delta: Decimal, price: Decimal) -> Change:
    position = account.positions.get(asset) or Position(opened_at_ns=state.now_ns)
    before = position.size
    entry = None if before == 0 else entry_price(position)
    pnl = _apply(position, delta, price)
    account.cash += pnl
    if before * position.size <= 0:
        position.opened_at_ns, position.funding_since_open = state.now_ns, ZERO
    position.updated_at_ns, position.funding_since_change = state.now_ns, ZERO
    if position.size == 0:
        account.positions.pop(asset, None)
    else:
        account.positions[asset] = position
    return Change(before=before, after=position.size, entry_before=entry, closed_pnl=pnl)


def _apply(position: Position, delta: Decimal, price: Decimal) -> Decimal:
    """Add `delta` at `price` by average cost; returns the profit realised on what it closed."""
    before = position.size
    closing = -delta if abs(delta) <= abs(before) else before
    if before * delta >= 0:
        closing = ZERO
    closed_cost = position.cost if closing == before else _share(position.cost, closing, before)
    position.size = before + delta
    position.cost += (delta + closing) * price - closed_cost
    return closing * price - closed_cost


def _share(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return (cost * part / whole).quantize(COST_STEP)


def _report(
    state: State,
    listing: Listing,
    party: Party,
    is_buy: bool,
    price: Decimal,
    size: Decimal,
    fee: Decimal,
    trade_id: int,
    change: Change,
    note: LiquidationNote | None,
) -> OrderFilled:
    order = party.order
    if order is not None:
        order.filled += size
        order.filled_usd += size * price
        order.updated_at_ns = state.now_ns
    fill = OrderFilled(
        at_ns=state.now_ns,
        account=party.account.name,
        asset=listing.spec.asset,
        order_id=state.next_order_id() if order is None else order.order_id,
        client_order_id=None if order is None else order.client_order_id,
        trade_id=trade_id,
        is_buy=is_buy,
        price=price,
        size=size,
        fee_usd=fee,
        is_taker=party.is_taker,
        position_before=change.before,
        position_after=change.after,
        entry_price_before=change.entry_before,
        closed_pnl_usd=change.closed_pnl,
        filled_total=size if order is None else order.filled,
        cause=party.cause,
        liquidated_account=None if note is None else note.account,
        liquidation_method=None if note is None else note.method,
        mark_price=listing.mark,
    )
    party.account.fills.append(fill)
    return fill
