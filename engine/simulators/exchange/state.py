"""The mutable heart of the exchange: plain records without behaviour beyond arithmetic on their own fields.

Only this package touches them; everybody else sees `events` and `views`.
"""

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from engine.simulators.exchange.events import FundingPaid, FundingSettled, OrderFilled
from engine.simulators.exchange.instrument import FeeSchedule, InstrumentSpec
from engine.simulators.exchange.rules import CrowdSpec, ExchangeRules
from engine.simulators.exchange.terms import DoneReason, MarketMode, OrderStatus, RejectReason, TimeInForce
from engine.simulators.market.point import DepthLevel, MarketPoint

ZERO = Decimal(0)
EXTERNAL = "house:external"
"""Counterpart of every trade with the synthetic book; pays and receives the balance of funding."""
BACKSTOP = "house:backstop"
"""Takes over positions and debts of accounts that the book could not liquidate."""
FEES = "house:fees"


class AccountKind(StrEnum):
    USER = "user"
    CROWD = "crowd"
    HOUSE = "house"


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order from its arrival on. `limit` is the worst price it may trade at (`price`, if it has one)."""

    order_id: int
    account: str
    asset: str
    is_buy: bool
    size: Decimal
    price: Decimal | None
    limit: Decimal
    time_in_force: TimeInForce
    reduce_only: bool
    client_order_id: str | None
    expires_at_ns: int | None
    placed_at_ns: int
    updated_at_ns: int
    filled: Decimal = ZERO
    filled_usd: Decimal = ZERO
    queue_ahead: Decimal = ZERO
    status: OrderStatus = OrderStatus.OPEN
    done_reason: DoneReason | None = None
    reject_reason: RejectReason | None = None

    @property
    def remaining(self) -> Decimal:
        return self.size - self.filled


@dataclass(slots=True, kw_only=True)
class Position:
    """Signed `size`; `cost` = what the open part was bought for, signed like the size (USD)."""

    size: Decimal = ZERO
    cost: Decimal = ZERO
    funding_since_open: Decimal = ZERO
    funding_since_change: Decimal = ZERO
    opened_at_ns: int = 0
    updated_at_ns: int = 0


@dataclass(slots=True, kw_only=True)
class Account:
    """Cross margin, one net position per asset; `positions` holds open ones only."""

    name: str
    kind: AccountKind
    fills: deque[OrderFilled]
    payments: deque[FundingPaid]
    cash: Decimal = ZERO
    generation: int = 0
    positions: dict[str, Position] = field(default_factory=dict)
    leverage: dict[str, int] = field(default_factory=dict)
    open_orders: dict[int, Order] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    by_client_id: dict[str, int] = field(default_factory=dict)
    funding_all_time: dict[str, Decimal] = field(default_factory=dict)

    def size(self, asset: str) -> Decimal:
        position = self.positions.get(asset)
        return ZERO if position is None else position.size


@dataclass(slots=True)
class Level:
    price: Decimal
    size: Decimal


@dataclass(slots=True)
class Side:
    """One side of a book: external levels best first, resting orders by price, then by age."""

    is_bid: bool
    external: list[Level] = field(default_factory=list)
    resting: list[Order] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Listing:
    """One market. `premium_by_hour` holds, per hour end, (sum of premium x ns, ns observed)."""

    spec: InstrumentSpec
    settled: deque[FundingSettled]
    mode: MarketMode = MarketMode.OPEN
    point: MarketPoint | None = None
    depth: tuple[DepthLevel, ...] = ()
    """The depth `shape` was made from: points share one for as long as it holds."""
    shape: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    """(fraction of mid beyond the touch, size in lots' multiples) per level."""
    bids: Side = field(default_factory=lambda: Side(True))
    asks: Side = field(default_factory=lambda: Side(False))
    mark: Decimal = ZERO
    oracle: Decimal = ZERO
    gap_ema: Decimal = ZERO
    """Exponential average of mid - oracle, USD."""
    premium: Decimal = ZERO
    impact_bid: Decimal = ZERO
    impact_ask: Decimal = ZERO
    observed_ns: int = 0
    premium_by_hour: dict[int, tuple[Decimal, int]] = field(default_factory=dict)
    forced_rate: Decimal | None = None
    silent: bool = False
    """Nothing is known of this market now: its book stands still and its hours settle no funding."""
    liquidating: bool = False
    """The last check liquidated somebody: check again at the next point, whatever the mark does."""

    def side(self, is_bid: bool) -> Side:
        return self.bids if is_bid else self.asks


@dataclass(slots=True, kw_only=True)
class IocCap:
    fraction: Decimal
    account: str | None
    asset: str | None


@dataclass(slots=True, kw_only=True)
class State:
    rules: ExchangeRules
    fees: FeeSchedule
    seed: int
    crowd: CrowdSpec
    listings: dict[str, Listing]
    accounts: dict[str, Account] = field(default_factory=dict)
    now_ns: int = 0
    settled_hour_ns: int | None = None
    order_ids: int = 0
    trade_ids: int = 0
    payment_ids: int = 0
    deposits_usd: Decimal = ZERO
    ioc_caps: list[IocCap] = field(default_factory=list)

    def next_order_id(self) -> int:
        self.order_ids += 1
        return self.order_ids

    def next_trade_id(self) -> int:
        self.trade_ids += 1
        return self.trade_ids

    def next_payment_id(self) -> int:
        self.payment_ids += 1
        return self.payment_ids


def open_account(state: State, name: str, kind: AccountKind) -> Account:
    """The account of that name, opened if need be."""
    account = state.accounts.get(name)
    if account is None:
        limit = state.rules.history_limit
        account = Account(name=name, kind=kind, fills=deque(maxlen=limit), payments=deque(maxlen=limit))
        state.accounts[name] = account
    return account
