"""Frozen answers to questions about the exchange. Prices in USD, sizes in base units, positions signed."""

from decimal import Decimal

import msgspec

from engine.simulators.exchange.terms import DoneReason, MarketMode, OrderStatus, RejectReason, TimeInForce


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order, open or not. `size` is the size taken on (capped when reduce-only)."""

    order_id: int
    client_order_id: str | None
    account: str
    asset: str
    is_buy: bool
    price: Decimal | None
    size: Decimal
    filled: Decimal
    average_price: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    status: OrderStatus
    done_reason: DoneReason | None
    reject_reason: RejectReason | None
    placed_at_ns: int
    updated_at_ns: int

    @property
    def remaining(self) -> Decimal:
        return self.size - self.filled


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """One open position. Funding figures in USD, positive = received."""

    asset: str
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal
    notional_usd: Decimal
    unrealised_usd: Decimal
    leverage: int
    max_leverage: int
    margin_used_usd: Decimal
    maintenance_usd: Decimal
    liquidation_price: Decimal | None
    funding_since_open_usd: Decimal
    funding_since_change_usd: Decimal
    funding_all_time_usd: Decimal
    opened_at_ns: int
    updated_at_ns: int


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """One cross-margin account.

    equity = balance + unrealised at mark; used = initial margin of positions; available = equity - used -
    margin reserved for open orders, never below 0.
    """

    account: str
    balance_usd: Decimal
    unrealised_usd: Decimal
    equity_usd: Decimal
    notional_usd: Decimal
    used_usd: Decimal
    order_margin_usd: Decimal
    maintenance_usd: Decimal
    available_usd: Decimal
    positions: tuple[PositionView, ...]


class BookLevel(msgspec.Struct, frozen=True, kw_only=True):
    price: Decimal
    size: Decimal
    orders: int


class BookView(msgspec.Struct, frozen=True, kw_only=True):
    """Best levels first, external liquidity and resting orders together. Empty before the first point."""

    asset: str
    at_ns: int
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]


class MarketView(msgspec.Struct, frozen=True, kw_only=True):
    """One market's context. Impact prices are those of selling/buying `impact_notional_usd` on the book."""

    asset: str
    at_ns: int
    mode: MarketMode
    mid: Decimal
    mark: Decimal
    oracle: Decimal
    premium: Decimal
    impact_bid: Decimal
    impact_ask: Decimal
    open_interest: Decimal


class FundingView(msgspec.Struct, frozen=True, kw_only=True):
    """Rates as signed fractions per hour, positive = longs pay shorts.

    `forming_rate` is the running estimate for the settlement at `next_settlement_ns`; `last_paid_rate` is
    what was paid at `last_paid_ns` (None before the first settlement).
    """

    asset: str
    forming_rate: Decimal
    forming_premium: Decimal
    next_settlement_ns: int
    last_paid_rate: Decimal | None
    last_paid_ns: int | None


class LedgerView(msgspec.Struct, frozen=True, kw_only=True):
    """The exchange's books as a whole, for conservation checks.

    `value_usd` = cash - cost of open positions over every account (users, crowd, external, backstop, fees)
    and must equal `deposits_usd` exactly; `net_size` is the signed sum of positions per asset and must be 0.
    """

    value_usd: Decimal
    deposits_usd: Decimal
    net_size: dict[str, Decimal]
