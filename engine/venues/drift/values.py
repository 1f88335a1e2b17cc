"""Drift's accounts and events as plain values, in the program's own integers. No logic, no SDK.

Made by `accounts` (which knows the SDK), read by the pure codecs. Units: price and quote 1e-6, base 1e-9, funding
rates 1e-9 quote per base, spot balances 1e-9 scaled by 1e-10 interest, margin ratios 1e-4, times in seconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all values."""


class StateValue(Value, frozen=True, kw_only=True):
    """The program's State: what is paused, and the fees of the first tier as fractions (numerator, denominator)."""

    exchange_status: int
    taker_fee: tuple[int, int]
    maker_rebate: tuple[int, int]


class SpotValue(Value, frozen=True, kw_only=True):
    """The quote SpotMarket: whose token it is, and how scaled balances become tokens."""

    mint: str
    deposit_interest: int
    borrow_interest: int


class MarketValue(Value, frozen=True, kw_only=True):
    """One PerpMarket. `status` is the program's own word; `funding_twap` the oracle average of the last funding."""

    index: int
    name: str
    status: str
    paused_operations: int
    oracle: str
    oracle_price: int
    step: int
    tick: int
    order_least: int
    ratio_initial: int
    ratio_maintenance: int
    fee_adjustment: int
    base_reserve: int
    quote_reserve: int
    peg: int
    base_long: int
    base_short: int
    rate: int
    rate_long: int
    rate_short: int
    rate_ts: int
    cumulative_long: int
    cumulative_short: int
    funding_twap: int
    social_loss: int


class OracleValue(Value, frozen=True, kw_only=True):
    """One oracle account: price in 1e-6 and the slot it was written in."""

    price: int
    slot: int


class PositionValue(Value, frozen=True, kw_only=True):
    """One perpetual position; `base` signed, `quote` what it cost (negative for a long) with everything settled,
    `entry_quote` the entry alone, `cumulative` the market's cumulative funding it is settled up to."""

    market_index: int
    base: int
    quote: int
    entry_quote: int
    cumulative: int


class OpenOrder(Value, frozen=True, kw_only=True):
    """One open order of the User account. `number` is the program's, `user_order_id` ours (0 = none)."""

    number: int
    user_order_id: int
    market_index: int
    is_buy: bool
    size: int
    filled: int


class UserValue(Value, frozen=True, kw_only=True):
    """Our User account. `quote_scaled` is the scaled balance of the quote token, negative when borrowed."""

    address: str
    authority: str
    sub_account: int
    status: int
    quote_scaled: int
    positions: tuple[PositionValue, ...]
    orders: tuple[OpenOrder, ...]


class Reading(Value, frozen=True, kw_only=True):
    """All accounts, true at one slot. `fingerprint` changes whenever a byte of the User account does."""

    slot: int
    fingerprint: str
    state: StateValue
    spot: SpotValue
    user: UserValue
    markets: Mapping[int, MarketValue]
    oracles: Mapping[str, OracleValue]


# --- events -----------------------------------------------------------------------------------------------


class OrderPlaced(Value, frozen=True, kw_only=True):
    """An OrderRecord: the program took an order of this User account, as it was asked for (see `PlaceOrder`)."""

    user: str
    number: int
    user_order_id: int
    market_index: int
    is_buy: bool
    size: int
    price: int
    reduce_only: bool
    max_ts: int


class OrderSide(Value, frozen=True, kw_only=True):
    """One side of an OrderActionRecord: whose order, how much of it is filled in all, and its fee (1e-6 quote)."""

    user: str
    number: int
    is_buy: bool
    size: int
    filled: int
    fee: int


class OrderActed(Value, frozen=True, kw_only=True):
    """An OrderActionRecord; `base`, `quote` and `fill_id` only for a Fill."""

    ts: int
    action: Literal["Place", "Cancel", "Fill", "Trigger", "Expire"]
    explanation: str
    market_index: int
    taker: OrderSide | None
    maker: OrderSide | None
    fill_id: int
    base: int
    quote: int


class FundingSettled(Value, frozen=True, kw_only=True):
    """A FundingPaymentRecord: `payment` (1e-6 quote, positive = received) for `base`, from one cumulative rate on."""

    ts: int
    user: str
    market_index: int
    payment: int
    base: int
    cumulative_from: int
    cumulative_long: int
    cumulative_short: int


class PnlMoved(Value, frozen=True, kw_only=True):
    """A SettlePnlRecord: `pnl` (1e-6 quote) was moved from a position to the deposit, negative = out of it."""

    ts: int
    user: str
    market_index: int
    pnl: int


class Unread(Value, frozen=True, kw_only=True):
    """The logs do not tell everything: they were truncated, or an event could not be read."""

    why: str


AnyEvent = OrderPlaced | OrderActed | FundingSettled | PnlMoved | Unread


# --- instructions -----------------------------------------------------------------------------------------


class PlaceOrder(Value, frozen=True, kw_only=True):
    """A limit order for place_perp_order, or with `ioc` for place_and_take_perp_order. `max_ts`: seconds UTC after
    which the program places and fills it no more."""

    market_index: int
    user_order_id: int
    is_buy: bool
    size: int
    price: int
    reduce_only: bool
    ioc: bool
    post_only: bool
    max_ts: int


class CancelSlot(Value, frozen=True, kw_only=True):
    """cancel_order_by_user_id."""

    user_order_id: int


class CancelMarket(Value, frozen=True, kw_only=True):
    """cancel_orders of one perpetual market."""

    market_index: int


class SettlePnl(Value, frozen=True, kw_only=True):
    """settle_pnl of our own User account in one market."""

    market_index: int


AnyInstruction = PlaceOrder | CancelSlot | CancelMarket | SettlePnl
