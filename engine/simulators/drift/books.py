"""What the program stores: users with their positions and orders, and markets with their funding. All integers.

Money and sizes follow the program's own formulas (protocol-v2, controller/position.rs and funding.rs, 2024): the
simulated exchange decides what trades, these books say what an account then holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.simulators.drift.units import PAYMENT_UNIT, quote_units, towards_zero
from engine.simulators.drift.verification import Wallet
from engine.venues.drift.wire import OPEN_ORDERS_MOST, POSITIONS_MOST

DAY_S = 86_400
FIRST_CUMULATIVE = 12_345_678_901
"""Markets have paid funding before: a reader who forgets a position's own mark is found out."""


@dataclass(slots=True, kw_only=True)
class Position:
    """One user's position in one market. `quote` holds entry, fees, funding and what was realised since settling."""

    market_index: int
    base: int = 0
    quote: int = 0
    entry: int = 0
    break_even: int = 0
    settled_pnl: int = 0
    last_cumulative: int = 0
    open_bids: int = 0
    open_asks: int = 0
    open_orders: int = 0

    @property
    def free(self) -> bool:
        """Whether the program gives its slot to another market: money not yet settled keeps it."""
        return self.base == 0 and self.quote == 0 and self.open_orders == 0

    def trade(self, base: int, quote: int, fee: int) -> None:
        """Add a signed trade; `quote` is the money that came in (negative for a purchase)."""
        if self.base * base >= 0:
            self.entry, self.break_even = self.entry + quote, self.break_even + quote
        elif abs(base) <= abs(self.base):
            self.entry -= towards_zero(self.entry * abs(base), abs(self.base))
            self.break_even -= towards_zero(self.break_even * abs(base), abs(self.base))
        else:
            kept = quote - towards_zero(quote * abs(self.base), abs(base))
            self.entry, self.break_even = kept, kept
        self.base += base
        self.quote += quote
        self.charge(-fee)

    def charge(self, amount: int) -> None:
        """Money that is no trade: fees (negative) and funding."""
        self.quote += amount
        self.break_even = self.break_even + amount if self.base else 0

    def reserve(self, base: int, *, is_buy: bool, orders: int) -> None:
        """An order of this size came (or, negative, went)."""
        self.open_orders += orders
        if is_buy:
            self.open_bids += base
        else:
            self.open_asks -= base


@dataclass(slots=True, kw_only=True)
class OpenOrder:
    """One order in a user's slots. `exchange_id` is the order behind it."""

    order_id: int
    exchange_id: int
    user_order_id: int
    market_index: int
    is_buy: bool
    price: int
    base: int
    filled: int = 0
    quote_filled: int = 0
    reduce_only: bool = False
    post_only: bool = False
    ioc: bool = False
    max_ts: int = 0
    slot: int = 0
    was_long: bool = True


@dataclass(slots=True, kw_only=True)
class User:
    """The first sub-account of one authority. `deposit` is its quote token, 1e-6, moved only by settling."""

    wallet: Wallet
    deposit: int
    delegate: str = ""
    positions: dict[int, Position] = field(default_factory=dict)
    orders: list[OpenOrder | None] = field(default_factory=lambda: [None] * OPEN_ORDERS_MOST)
    next_order_id: int = 1
    next_liquidation_id: int = 1
    settled_pnl: int = 0
    funding: int = 0
    fees_paid: int = 0
    rebates: int = 0
    maker_volume: int = 0
    taker_volume: int = 0
    last_active_slot: int = 0

    def take_order_id(self) -> int:
        """The next order's number."""
        self.next_order_id += 1
        return self.next_order_id - 1

    def free_slot(self) -> int | None:
        """Where an order could go."""
        return next((index for index, order in enumerate(self.orders) if order is None), None)

    def open_orders(self) -> list[OpenOrder]:
        """In the order of their slots."""
        return [order for order in self.orders if order is not None]

    def position(self, market_index: int) -> Position | None:
        """The position of a market, opened if a slot is free; None when all eight are taken."""
        held = self.positions.get(market_index)
        if held is not None:
            return held
        for index in [index for index, position in self.positions.items() if position.free]:
            del self.positions[index]
        if len(self.positions) >= POSITIONS_MOST:
            return None
        return self.positions.setdefault(market_index, Position(market_index=market_index))

    def admit(self, order: OpenOrder) -> None:
        """Put an order into a slot and into its position's reserve."""
        slot, position = self.free_slot(), self.position(order.market_index)
        assert slot is not None
        assert position is not None
        self.orders[slot] = order
        position.reserve(order.base, is_buy=order.is_buy, orders=1)

    def dismiss(self, order: OpenOrder) -> None:
        """Free an order's slot and what it reserved."""
        self.orders[self.orders.index(order)] = None
        self.positions[order.market_index].reserve(order.filled - order.base, is_buy=order.is_buy, orders=-1)


@dataclass(slots=True, kw_only=True)
class MarketBook:
    """What the program counts per market. Rates are quote per base, 1e-9; cumulative rates only grow by them."""

    index: int
    symbol: str
    cumulative_long: int = 0
    cumulative_short: int = 0
    last_rate: int = 0
    average_24h: int = 0
    last_funding_at_s: int = 0
    last_funding_oracle: int = 0
    social_loss: int = 0
    next_fill_id: int = 1
    next_funding_id: int = 1
    last_trade_at_s: int = 0

    def take_fill_id(self) -> int:
        """The next fill's number."""
        self.next_fill_id += 1
        return self.next_fill_id - 1

    def cumulative(self, *, is_long: bool) -> int:
        """What a position of this side is settled against."""
        return self.cumulative_long if is_long else self.cumulative_short

    def pay(self, rate: int, oracle: int, at_s: int) -> None:
        """One hour's rate, positive = longs pay; the 24 h average is weighted by the time since the last."""
        since_s = min(DAY_S, max(1, at_s - self.last_funding_at_s)) if self.last_funding_at_s else DAY_S
        self.average_24h = towards_zero(since_s * rate + (DAY_S - since_s) * self.average_24h, DAY_S)
        self.cumulative_long += rate
        self.cumulative_short += rate
        self.last_rate, self.last_funding_oracle, self.last_funding_at_s = rate, oracle, at_s
        self.next_funding_id += 1

    def owed(self, position: Position) -> int:
        """Funding a position has not been paid yet: positive = to receive."""
        behind = self.cumulative(is_long=position.base > 0) - position.last_cumulative
        return towards_zero(-behind * position.base, PAYMENT_UNIT)


class Books:
    """All users and markets of the program."""

    def __init__(self, indexes: Mapping[str, int], users: tuple[tuple[Wallet, Decimal], ...]) -> None:
        """`indexes` are the program's numbers of the markets, by name; `users` come with their deposit in USD."""
        self.index_of = dict(indexes)
        self.markets = {index: _opened(index, symbol) for symbol, index in indexes.items()}
        self.users = {
            wallet.authority: User(wallet=wallet, deposit=quote_units(deposit_usd)) for wallet, deposit_usd in users
        }
        self.by_key = {user.wallet.user: user for user in self.users.values()}
        self.by_exchange_id: dict[int, OpenOrder] = {}

    def admit(self, user: User, order: OpenOrder) -> None:
        """A new order."""
        user.admit(order)
        self.by_exchange_id[order.exchange_id] = order

    def dismiss(self, user: User, order: OpenOrder) -> None:
        """An order that ended."""
        user.dismiss(order)
        del self.by_exchange_id[order.exchange_id]


def _opened(index: int, symbol: str) -> MarketBook:
    start = FIRST_CUMULATIVE * (index + 1)
    return MarketBook(index=index, symbol=symbol, cumulative_long=start, cumulative_short=start)
