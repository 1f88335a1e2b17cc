"""What the simulated exchange reports: facts in the past, in the order they happened.

Every call of `Exchange` returns a tuple of these; faces turn them into their venue's frames. Events of all
accounts come in one tuple: a face filters by `account`.
"""

from decimal import Decimal

import msgspec

from engine.simulators.exchange.terms import (
    CancelRejectReason,
    DoneReason,
    FillCause,
    LeverageRejectReason,
    LiquidationMethod,
    MarketMode,
    RateSource,
    RejectReason,
    TimeInForce,
)


class OrderAccepted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The first event of an order that passed every check; its immediate fills follow.

    `resting_size` is what rests after immediate matching: 0 when filled at once or IOC.
    `size` is what the exchange took on: a reduce-only order larger than the position is capped to it.
    """

    at_ns: int
    account: str
    asset: str
    order_id: int
    client_order_id: str | None
    is_buy: bool
    price: Decimal | None
    size: Decimal
    resting_size: Decimal
    time_in_force: TimeInForce
    reduce_only: bool


class OrderRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An order that never entered the book. It has an order id, and is remembered with status `rejected`.

    `best_bid` and `best_ask` are those of the book when it was refused; `limit` is the bound that was broken,
    where there is one (the minimum notional, the tick, the lot, the margin available).
    """

    at_ns: int
    account: str
    asset: str
    order_id: int
    client_order_id: str | None
    is_buy: bool
    price: Decimal | None
    size: Decimal
    reason: RejectReason
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    limit: Decimal | None = None


class OrderFilled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One fill of one account. Both sides of a trade share `trade_id`; the external side has no event.

    `closed_pnl_usd` is gross of `fee_usd`; a negative fee is a rebate; positions are signed base units;
    `entry_price_before` is that of the position before the fill (None when it was flat). For a cause other
    than ORDER, `order_id` is a fresh id of the venue's own, unknown to `Exchange.order`. `liquidated_account`
    names the account whose liquidation made the fill (also on its counterparties' fills), and `mark_price` is
    the mark at that time.
    """

    at_ns: int
    account: str
    asset: str
    order_id: int
    client_order_id: str | None
    trade_id: int
    is_buy: bool
    price: Decimal
    size: Decimal
    fee_usd: Decimal
    is_taker: bool
    position_before: Decimal
    position_after: Decimal
    entry_price_before: Decimal | None
    closed_pnl_usd: Decimal
    filled_total: Decimal
    """Cumulative filled size of the order, this fill included."""
    cause: FillCause
    liquidated_account: str | None = None
    liquidation_method: LiquidationMethod | None = None
    mark_price: Decimal


class OrderDone(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The last event of an accepted order."""

    at_ns: int
    account: str
    asset: str
    order_id: int
    client_order_id: str | None
    is_buy: bool
    price: Decimal | None
    size: Decimal
    filled: Decimal
    reduce_only: bool
    reason: DoneReason


class CancelRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A cancel that found nothing to cancel."""

    at_ns: int
    account: str
    order_id: int | None
    client_order_id: str | None
    reason: CancelRejectReason


class LeverageSet(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    account: str
    asset: str
    leverage: int


class LeverageRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    account: str
    asset: str
    leverage: int
    reason: LeverageRejectReason
    max_leverage: int | None = None


class FundingSettled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One asset's funding rate was fixed for the hour that ends at `hour_ns`.

    `rate` is a signed fraction per hour, positive = longs pay shorts.
    """

    hour_ns: int
    asset: str
    rate: Decimal
    premium: Decimal
    oracle_price: Decimal
    mark_price: Decimal
    impact_bid: Decimal
    impact_ask: Decimal
    source: RateSource


class FundingPaid(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One account's payment for one position. `amount_usd` > 0 = received; = -size x price x rate, rounded
    to 1e-6 USD. `hour_ns` is the settlement, `at_ns` when it was booked."""

    at_ns: int
    hour_ns: int
    account: str
    asset: str
    size: Decimal
    price: Decimal
    rate: Decimal
    amount_usd: Decimal
    payment_id: int


class AccountLiquidated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account fell below its maintenance margin. Its cancelled orders and fills follow.

    `collateral_taken_usd` is what the backstop took besides the positions; negative = a debt it absorbed.
    """

    at_ns: int
    account: str
    method: LiquidationMethod
    equity_usd: Decimal
    maintenance_usd: Decimal
    notional_usd: Decimal
    collateral_taken_usd: Decimal


class MarketModeChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    at_ns: int
    asset: str
    mode: MarketMode


Event = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderDone
    | CancelRejected
    | LeverageSet
    | LeverageRejected
    | FundingSettled
    | FundingPaid
    | AccountLiquidated
    | MarketModeChanged
)
Events = tuple[Event, ...]
