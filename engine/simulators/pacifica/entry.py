"""Signed operations: orders in, cancels, leverage, and the speed bump that delays what takes liquidity.

Market, GTC and IOC orders wait a random 50 to 100 ms; post-only orders and cancels do not (docs "Order
types", 2025-11; an official tool says about 200 ms in July 2026). The acknowledgement comes at once, the
outcome later.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from heapq import heappop, heappush
from typing import Literal

import msgspec

from engine.simulators.exchange import (
    Events,
    Exchange,
    LeverageRejected,
    NewOrder,
    OrderAccepted,
    OrderRejected,
    OrderStatus,
    OrderView,
    TimeInForce,
)
from engine.simulators.exchange.events import CancelRejected, OrderDone
from engine.simulators.pacifica.numbers import Numbers
from engine.simulators.pacifica.prechecks import early_refusal
from engine.simulators.pacifica.replies import Refused
from engine.simulators.pacifica.words import NS_PER_MS


class FaceKnobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scenario may turn. Milliseconds and seconds as named; credits a minute (docs "Rate limits", 2026)."""

    bump_least_ms: int = 50
    bump_most_ms: int = 100
    account_info_every_s: int = 5
    idle_most_s: int = 60
    age_most_s: int = 86_400
    book_levels: int = 10
    credits_unidentified: int = 100
    credits_identified: int = 300
    delists_halted: bool = False
    """A halted market is left out of the list of markets, too; the real list shows no mere halt."""
    bad_lattice_status: int = 500
    """What an order off the lattice is answered with: 500 as documented in 2025, or 400 with a text."""


class CreateOrder(msgspec.Struct, frozen=True, kw_only=True):
    """POST /orders/create."""

    symbol: str
    price: str
    amount: str
    side: Literal["bid", "ask"]
    tif: Literal["GTC", "IOC", "ALO", "TOB"]
    reduce_only: bool
    client_order_id: str | None = None


class CreateMarketOrder(msgspec.Struct, frozen=True, kw_only=True):
    """POST /orders/create_market; the slippage is measured from the mark."""

    symbol: str
    amount: str
    side: Literal["bid", "ask"]
    slippage_percent: str
    reduce_only: bool
    client_order_id: str | None = None


class EditOrder(msgspec.Struct, frozen=True, kw_only=True):
    """POST /orders/edit: cancelled and placed again as post-only, under a new number."""

    symbol: str
    price: str
    amount: str
    order_id: int | None = None
    client_order_id: str | None = None


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True):
    """POST /orders/cancel."""

    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None


class CancelAll(msgspec.Struct, frozen=True, kw_only=True):
    """POST /orders/cancel_all; `symbol` is required unless all symbols are meant."""

    all_symbols: bool
    exclude_reduce_only: bool
    symbol: str | None = None


class UpdateLeverage(msgspec.Struct, frozen=True, kw_only=True):
    """POST /account/leverage."""

    symbol: str
    leverage: int


Operation = CreateOrder | CreateMarketOrder | EditOrder | CancelOrder | CancelAll | UpdateLeverage
OPERATIONS: dict[str, type[Operation]] = {
    "create_order": CreateOrder,
    "create_market_order": CreateMarketOrder,
    "edit_order": EditOrder,
    "cancel_order": CancelOrder,
    "cancel_all_orders": CancelAll,
    "update_leverage": UpdateLeverage,
}
TIME_IN_FORCE = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "ALO": TimeInForce.POST_ONLY,
    "TOB": TimeInForce.POST_ONLY,
}


class Entry:
    """`happened` is told every event the exchange returns, in order."""

    def __init__(
        self,
        exchange: Exchange,
        numbers: Numbers,
        knobs: FaceKnobs,
        rng: random.Random,
        happened: Callable[[Events], None],
    ) -> None:
        self._exchange, self._numbers, self._knobs = exchange, numbers, knobs
        self._rng, self._happened = rng, happened
        self._waiting: list[tuple[int, int, str, NewOrder]] = []

    @property
    def waiting(self) -> bool:
        """Whether an order is inside the speed bump."""
        return bool(self._waiting)

    def release(self, now_ns: int) -> None:
        """Let the orders through whose delay has passed, at the time it passed."""
        while self._waiting and self._waiting[0][0] <= now_ns:
            due_ns, number, account, order = heappop(self._waiting)
            self._place(due_ns, account, order, number)

    def perform(self, now_ns: int, account: str, operation: str, payload: dict[str, object]) -> object:
        """Carry out a verified operation; returns the reply's `data`. Raises `Refused`."""
        if operation not in OPERATIONS:
            raise Refused(404, "Not found")
        try:
            asked = msgspec.convert(payload, OPERATIONS[operation])
        except msgspec.ValidationError as error:
            raise Refused(400, f"Failed to deserialize the JSON body: {error}") from error
        match asked:
            case CreateOrder() | CreateMarketOrder():
                return self._create(now_ns, account, self._new_order(asked))
            case EditOrder():
                return self._edit(now_ns, account, asked)
            case CancelOrder():
                self._cancel(now_ns, account, asked)
            case CancelAll():
                return self._cancel_all(now_ns, account, asked)
            case UpdateLeverage():
                self._leverage(account, asked)
        return None

    def _create(self, now_ns: int, account: str, order: NewOrder) -> dict[str, int]:
        self._check(account, order)
        number = self._numbers.new()
        if order.time_in_force is TimeInForce.POST_ONLY:
            self._place(now_ns, account, order, number)
        else:
            delay_ms = self._rng.randint(self._knobs.bump_least_ms, self._knobs.bump_most_ms)
            heappush(self._waiting, (now_ns + delay_ms * NS_PER_MS, number, account, order))
        return {"order_id": number}

    def _check(self, account: str, order: NewOrder) -> None:
        refused = early_refusal(self._exchange, account, order)
        if refused is not None and refused.status == 500 and self._knobs.bad_lattice_status != 500:
            raise Refused(self._knobs.bad_lattice_status, "price or amount is not a multiple of tick or lot size")
        if refused is not None:
            raise refused
        client_id = order.client_order_id
        if client_id is not None and any(
            (waiting[2], waiting[3].client_order_id) == (account, client_id) for waiting in self._waiting
        ):
            raise Refused(422, "Duplicate client order ID", 36)

    def _place(self, now_ns: int, account: str, order: NewOrder, number: int) -> None:
        events = self._exchange.place(now_ns, account, order)
        for event in events:
            if isinstance(event, OrderAccepted | OrderRejected):
                self._numbers.bind(number, account, event.order_id)
                break
        self._happened(events)

    def _cancel(self, now_ns: int, account: str, asked: CancelOrder) -> None:
        """An order still inside the bump cannot be cancelled: it is not in the book yet."""
        if asked.client_order_id is not None:
            events = self._exchange.cancel_by_client_id(now_ns, account, asked.client_order_id)
        else:
            found = self._numbers.order(asked.order_id or 0)
            if found is None or found.account != account:
                raise Refused(422, "Failed to cancel order", 5)
            events = self._exchange.cancel(now_ns, account, found.exchange_id)
        if any(isinstance(event, CancelRejected) for event in events):
            raise Refused(422, "Failed to cancel order", 5)
        self._happened(events)

    def _edit(self, now_ns: int, account: str, asked: EditOrder) -> dict[str, int]:
        """The new order has no client id: whether the venue keeps the old one's is not documented."""
        edited = self._found(account, asked)
        order = NewOrder(
            asset=edited.asset,
            is_buy=edited.is_buy,
            size=_decimal(asked.amount),
            price=_decimal(asked.price),
            time_in_force=TimeInForce.POST_ONLY,
            reduce_only=edited.reduce_only,
        )
        self._check(account, order)
        number = self._numbers.new()
        self._happened(self._exchange.cancel(now_ns, account, edited.order_id))
        self._place(now_ns, account, order, number)
        return {"order_id": number}

    def _found(self, account: str, asked: EditOrder) -> OrderView:
        view = None
        if asked.client_order_id is not None:
            view = self._exchange.order_by_client_id(account, asked.client_order_id)
        elif (known := self._numbers.order(asked.order_id or 0)) is not None and known.account == account:
            view = self._exchange.order(account, known.exchange_id)
        if view is None or view.status is not OrderStatus.OPEN:
            raise Refused(422, "Order not found", 6)
        return view

    def _cancel_all(self, now_ns: int, account: str, asked: CancelAll) -> dict[str, int]:
        if not asked.all_symbols and asked.symbol is None:
            raise Refused(400, "Invalid parameters")
        asset = None if asked.all_symbols else asked.symbol
        events = self._exchange.cancel_all(now_ns, account, asset, keep_reduce_only=asked.exclude_reduce_only)
        self._happened(events)
        return {"cancelled_count": sum(isinstance(event, OrderDone) for event in events)}

    def _leverage(self, account: str, asked: UpdateLeverage) -> None:
        events = self._exchange.set_leverage(account, asked.symbol, asked.leverage)
        if any(isinstance(event, LeverageRejected) for event in events):
            raise Refused(400, "Invalid leverage")
        self._happened(events)

    def _new_order(self, asked: CreateOrder | CreateMarketOrder) -> NewOrder:
        """`expiry_window` bounds the arrival of the request only: what rests, rests."""
        market = isinstance(asked, CreateMarketOrder)
        try:
            return NewOrder(
                asset=asked.symbol,
                is_buy=asked.side == "bid",
                size=Decimal(asked.amount),
                price=None if isinstance(asked, CreateMarketOrder) else Decimal(asked.price),
                max_slippage=(Decimal(asked.slippage_percent) / 100 if isinstance(asked, CreateMarketOrder) else None),
                time_in_force=(TimeInForce.IOC if isinstance(asked, CreateMarketOrder) else TIME_IN_FORCE[asked.tif]),
                reduce_only=asked.reduce_only,
                client_order_id=asked.client_order_id,
            )
        except InvalidOperation as error:
            raise Refused(400, "Invalid market order" if market else "Invalid limit order") from error


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Refused(400, "Invalid limit order") from error
