"""The program's rules for placing and cancelling orders (protocol-v2, controller/orders.rs and validation/order.rs).

What the exchange decides (margin, crossing, matching) it decides; the rest is decided here, before it. Not played:
auctions (a limit order that crosses trades at once, as if a keeper had filled it in its slot), orders that are not
limit orders, oracle offsets, and the largest possible size. A post-only order that crosses is always refused; the
program lets one pass whose price is better than the oracle's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.simulators.drift import records
from engine.simulators.drift.accounting import Accounting, Asked
from engine.simulators.drift.books import Books, MarketBook, OpenOrder, User
from engine.simulators.drift.errors import REFUSED, ProgramError
from engine.simulators.drift.records import Explanation, Moment, Record
from engine.simulators.drift.units import base_units, on_tick, to_base, to_price
from engine.simulators.exchange import (
    Events,
    Exchange,
    InstrumentSpec,
    MarketMode,
    NewOrder,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    RejectReason,
    TimeInForce,
)
from engine.venues.drift.wire import BIT_IOC

NS_PER_S = 1_000_000_000
WHOLE_POSITION = 2**64 - 1
PARTIAL, FULL = 1, 2
"""What `success_condition` of place_and_take asks for; its higher bytes are an auction's, and not read."""


class Placing:
    """Each call changes exchange and books and returns the records, or raises ProgramError; see `program` for undo."""

    def __init__(self, exchange: Exchange, books: Books, accounting: Accounting) -> None:
        self._exchange, self._books, self._accounting = exchange, books, accounting

    # placing

    def place(self, user: User, params: Mapping[str, Any], moment: Moment) -> list[Record]:
        """place_perp_order."""
        if params["bitFlags"] & BIT_IOC:
            raise ProgramError(
                "InvalidOrderIOC", "immediate_or_cancel order must be in place_and_make or place_and_take"
            )
        return self._place(user, params, moment)[0]

    def place_and_take(
        self, user: User, params: Mapping[str, Any], success_condition: int | None, moment: Moment
    ) -> list[Record]:
        """place_and_take_perp_order."""
        if params["postOnly"] != "None":
            raise ProgramError("InvalidOrderPostOnly", "post_only cant be used in place_and_take")
        told, filled, whole = self._place(user, params, moment)
        asked = (success_condition or 0) & 0xFF
        if (asked == PARTIAL and not filled) or (asked == FULL and not whole):
            raise ProgramError(
                "PlaceAndTakeOrderSuccessConditionFailed", "no partial fill" if asked == PARTIAL else "no full fill"
            )
        return told

    def _place(self, user: User, params: Mapping[str, Any], moment: Moment) -> tuple[list[Record], int, bool]:
        """Records, filled size (1e-9), and whether that was all of it."""
        market = self._market(user, params)
        spec = self._exchange.instrument(market.symbol)
        assert spec is not None
        base = self._size(params, spec)
        if params["maxTs"] is not None and params["maxTs"] != 0 and params["maxTs"] < moment.at_s:
            line = f"max_ts ({params['maxTs']}) < now ({moment.at_s}), skipping order"
            return [records.said(line)], 0, False
        order = self._order(market, spec, params, base)
        asked = Asked(user_order_id=params["userOrderId"], base=base, max_ts=params["maxTs"] or 0)
        events = self._exchange.place(moment.at_ns, user.wallet.authority, order)
        if isinstance(events[0], OrderRejected):
            return self._refused(user, params, events, asked, order, moment), 0, False
        told = self._accounting.absorb(events, moment, asked)
        filled = _filled(events)
        return told, filled, filled >= base

    def _market(self, user: User, params: Mapping[str, Any]) -> MarketBook:
        """Everything about slots, numbers and the market, in the program's order."""
        if user.free_slot() is None:
            raise ProgramError("MaxNumberOfOrders")
        number = params["userOrderId"]
        if number and any(order.user_order_id == number for order in user.open_orders()):
            raise ProgramError("UserOrderIdAlreadyInUse", f"user_order_id is already in use {number}")
        if params["marketIndex"] not in self._books.markets:
            raise ProgramError("PerpMarketNotFound")
        if user.position(params["marketIndex"]) is None:
            raise ProgramError("MaxNumberOfPositions")
        if params["marketType"] != "Perp":
            raise ProgramError("InvalidOrderMarketType", "must be perp order")
        market: MarketBook = self._books.markets[params["marketIndex"]]
        return market

    def _size(self, params: Mapping[str, Any], spec: InstrumentSpec) -> int:
        """The size on the market's steps, rounded down."""
        asked: int = params["baseAssetAmount"]
        step = base_units(spec.lot)
        if asked < step:
            line = f"params.base_asset_amount={asked} cannot be below market.amm.order_step_size={step}"
            raise ProgramError("OrderAmountTooSmall", line)
        if asked == WHOLE_POSITION:
            raise ProgramError("InvalidOrder", "the largest possible size is not simulated")
        return asked - asked % step

    def _order(self, market: MarketBook, spec: InstrumentSpec, params: Mapping[str, Any], base: int) -> NewOrder:
        _validate(params)
        is_buy = params["direction"] == "Long"
        price = on_tick(to_price(params["price"]), spec.tick or Decimal(1), is_buy=is_buy)
        if params["postOnly"] == "Slide":
            price = self._slid(market, spec, price, is_buy=is_buy)
        if price <= 0:
            raise ProgramError("InvalidOrderLimitPrice", "Limit order price == 0")
        expires_s = params["maxTs"] + 1 if params["maxTs"] else None
        return NewOrder(
            asset=market.symbol,
            is_buy=is_buy,
            size=to_base(base),
            price=price,
            time_in_force=_time_in_force(params),
            reduce_only=params["reduceOnly"] or self._reduce_only(market),
            expires_at_ns=None if expires_s is None else expires_s * NS_PER_S,
        )

    def _reduce_only(self, market: MarketBook) -> bool:
        """In a market that may only be left, every order is made reduce-only."""
        view = self._exchange.market(market.symbol)
        return view is not None and view.mode is MarketMode.REDUCE_ONLY

    def _slid(self, market: MarketBook, spec: InstrumentSpec, price: Decimal, *, is_buy: bool) -> Decimal:
        """A sliding post-only order stops one tick before the other side."""
        book = self._exchange.book(market.symbol, levels=1)
        others, tick = (book.asks if is_buy else book.bids), spec.tick or Decimal(0)
        if not others:
            return price
        return min(price, others[0].price - tick) if is_buy else max(price, others[0].price + tick)

    def _refused(
        self,
        user: User,
        params: Mapping[str, Any],
        events: Events,
        asked: Asked,
        order: NewOrder,
        moment: Moment,
    ) -> list[Record]:
        """Some refusals of the exchange are orders that the program takes and lets go again. Raises ProgramError."""
        first = events[0]
        assert isinstance(first, OrderRejected)
        match first.reason:
            case RejectReason.POST_ONLY_WOULD_CROSS if params["postOnly"] == "TryPostOnly":
                return [records.said("Post-only order can immediately fill")]
            case RejectReason.IOC_NO_LIQUIDITY:
                return self._let_go(user, first, order, asked, "None", events, moment)
            case RejectReason.REDUCE_ONLY_WOULD_INCREASE if params["reduceOnly"]:
                cause: Explanation = "ReduceOnlyOrderIncreasedPosition"
                return self._let_go(user, first, order, asked, cause, events, moment)
        raise ProgramError(REFUSED[first.reason])

    def _let_go(
        self,
        user: User,
        first: OrderRejected,
        order: NewOrder,
        asked: Asked,
        explanation: Explanation,
        events: Events,
        moment: Moment,
    ) -> list[Record]:
        """Placed and cancelled in one transaction, after whatever else happened on the way."""
        accepted = OrderAccepted(
            at_ns=first.at_ns,
            account=first.account,
            asset=first.asset,
            order_id=first.order_id,
            client_order_id=None,
            is_buy=first.is_buy,
            price=first.price,
            size=first.size,
            resting_size=Decimal(0),
            time_in_force=order.time_in_force,
            reduce_only=order.reduce_only,
        )
        draft = self._accounting.draft(user, accepted, moment, asked)
        told = self._accounting.placed(user, draft, moment)
        told += self._accounting.absorb(events[1:], moment)
        return [*told, self._accounting.gone(user, draft, explanation, moment)]

    # cancelling

    def cancel(self, user: User, order_id: int | None, moment: Moment) -> list[Record]:
        """cancel_order; without a number, the last one placed."""
        wanted = user.next_order_id - 1 if order_id is None else order_id
        found = [order for order in user.open_orders() if order.order_id == wanted]
        return self._cancel(user, found[:1], moment) or [records.said(f"could not find order id {wanted}")]

    def cancel_by_user_id(self, user: User, user_order_id: int, moment: Moment) -> list[Record]:
        """cancel_order_by_user_id."""
        found = [order for order in user.open_orders() if order.user_order_id == user_order_id]
        line = f"could not find user order id {user_order_id}"
        return self._cancel(user, found[:1], moment) or [records.said(line)]

    def cancel_many(self, user: User, args: Mapping[str, Any], moment: Moment) -> list[Record]:
        """cancel_orders; a market counts only with its type, and a missing direction is any."""
        by_market = args["marketType"] is not None and args["marketIndex"] is not None
        found = [
            order
            for order in user.open_orders()
            if (not by_market or (args["marketType"], args["marketIndex"]) == ("Perp", order.market_index))
            and args["direction"] in (None, records.direction(is_buy=order.is_buy))
        ]
        return self._cancel(user, found, moment)

    def cancel_by_ids(self, user: User, order_ids: list[int], moment: Moment) -> list[Record]:
        """cancel_orders_by_ids."""
        return [record for order_id in order_ids for record in self.cancel(user, order_id, moment)]

    def _cancel(self, user: User, orders: list[OpenOrder], moment: Moment) -> list[Record]:
        told: list[Record] = []
        for order in orders:
            events = self._exchange.cancel(moment.at_ns, user.wallet.authority, order.exchange_id)
            told += self._accounting.absorb(events, moment)
        user.last_active_slot = moment.slot
        return told


def _validate(params: Mapping[str, Any]) -> None:
    """What a limit order must not say."""
    if params["orderType"] != "Limit":
        if params["bitFlags"] & BIT_IOC:
            raise ProgramError("InvalidOrderIOC", "Market order can not be immediate or cancel")
        raise ProgramError("InvalidOrder", "only limit orders are simulated")
    if params["oraclePriceOffset"]:
        raise ProgramError("InvalidOrderOracleOffset", "oracle offsets are not simulated")
    if params["price"] == 0:
        raise ProgramError("InvalidOrderLimitPrice", "Limit order price == 0")
    if params["triggerPrice"]:
        raise ProgramError("InvalidOrderTrigger", "Limit order should not have trigger price")
    if params["postOnly"] != "None" and params["auctionDuration"]:
        raise ProgramError("InvalidOrder", "post only limit order cant have auction")


def _time_in_force(params: Mapping[str, Any]) -> TimeInForce:
    if params["postOnly"] != "None":
        return TimeInForce.POST_ONLY
    return TimeInForce.IOC if params["bitFlags"] & BIT_IOC else TimeInForce.GTC


def _filled(events: Events) -> int:
    first = events[0]
    assert isinstance(first, OrderAccepted)
    fills = (event for event in events if isinstance(event, OrderFilled) and event.order_id == first.order_id)
    return sum(base_units(fill.size) for fill in fills)
