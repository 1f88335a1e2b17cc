"""Events of the exchange to frames for those who listen, in the venue's order: orders, trades, then accounts.

Order updates and trades go out as they happen; `account_positions`, `account_orders` and `account_info` are
whole and go out once a call, however much happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.simulators.exchange import (
    DoneReason,
    Event,
    Exchange,
    FillCause,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderView,
    TimeInForce,
)
from engine.simulators.pacifica import frames
from engine.simulators.pacifica.entry import FaceKnobs
from engine.simulators.pacifica.numbers import Numbers
from engine.simulators.pacifica.streams import NS_PER_S, Streams, Topic
from engine.simulators.pacifica.words import EVENT_OF_DONE, MECHANISM, rejected
from engine.venues.pacifica.wire import OrderEvent, OrderStatus
from engine.venues.pacifica.wire_stream import OrderUpdate

ZERO = Decimal(0)
PRICES: Topic = ("prices", "")


class Broadcast:
    """Only `accounts` of the face are told of: the exchange's crowd has no connections."""

    def __init__(
        self,
        exchange: Exchange,
        numbers: Numbers,
        streams: Streams,
        knobs: FaceKnobs,
        accounts: tuple[str, ...],
    ) -> None:
        self._exchange, self._numbers, self._streams = exchange, numbers, streams
        self._accounts = dict.fromkeys(accounts)
        self._margin_every_ns = knobs.account_info_every_s * NS_PER_S
        self._book_levels = knobs.book_levels
        self._margin_due_ns = 0
        self._changed: dict[str, None] = {}
        self._open: dict[int, None] = {}
        self._prices: tuple[object, ...] = ()
        self._quotes: dict[str, tuple[object, ...]] = {}
        self._books: dict[str, tuple[object, ...]] = {}
        self._changes = numbers.last

    @property
    def resting(self) -> bool:
        """Whether an order of one of the accounts rests in a book."""
        return bool(self._open)

    def events(self, events: Iterable[Event], now_ns: int) -> None:
        """Tell order updates and trades; remember whose account changed."""
        for event in events:
            account = getattr(event, "account", None)
            if account in self._accounts:
                self._changed[account] = None
                self._tell(event, now_ns)

    def accounts(self, now_ns: int) -> None:
        """Positions, orders and margin of every account that changed."""
        changed, self._changed = self._changed, {}
        for account in changed:
            for channel in ("account_positions", "account_orders", "account_info"):
                topic = (channel, account)
                if self._streams.wanted(topic):
                    self._streams.publish(topic, self.snapshot(topic, now_ns), now_ns)

    def margins(self, now_ns: int) -> None:
        """Margin figures move with the mark: accounts with positions are told every few seconds."""
        if now_ns < self._margin_due_ns:
            return
        self._margin_due_ns = now_ns + self._margin_every_ns
        for account in self._accounts:
            topic = ("account_info", account)
            if self._streams.wanted(topic) and self._exchange.holds(account):
                self._streams.publish(topic, self.snapshot(topic, now_ns), now_ns)

    def markets(self, now_ns: int) -> None:
        """One `prices` frame for all markets, one `book` and one `bbo` a market, each only when something changed."""
        if self._streams.wanted(PRICES):
            rows = frames.price_rows(self._exchange, now_ns)
            shown = tuple((r.mark, r.mid, r.oracle, r.funding, r.next_funding, r.open_interest) for r in rows)
            if shown != self._prices:
                self._prices = shown
                self._streams.publish(PRICES, rows, now_ns)
        for spec in self._exchange.instruments:
            self._book(spec.asset, now_ns)
            self._quote(spec.asset, now_ns)

    def snapshot(self, topic: Topic, now_ns: int) -> object:
        """What a new listener gets at once; None for channels without a snapshot."""
        channel, key = topic
        match channel:
            case "prices":
                return frames.price_rows(self._exchange, now_ns)
            case "bbo":
                return frames.bbo(self._exchange, key, now_ns, self._changes)
            case "book":
                return {
                    **frames.book(self._exchange, key, self._book_levels, now_ns),
                    "li": self._changes,
                }
            case "account_info":
                return frames.account_info(self._exchange, key, now_ns)
            case "account_positions":
                return frames.positions(self._exchange, key, now_ns)
            case "account_orders":
                orders = self._exchange.open_orders(key)
                numbers = {order.order_id: self._numbers.of(key, order.order_id) for order in orders}
                return frames.open_orders(self._exchange, key, numbers)
            case _:
                return None

    def _book(self, asset: str, now_ns: int) -> None:
        topic = ("book", asset)
        if not self._streams.wanted(topic):
            return
        view = self._exchange.book(asset, self._book_levels)
        if (view.bids, view.asks) != self._books.get(asset):
            self._books[asset] = (view.bids, view.asks)
            self._changes += 1
            self._streams.publish(topic, self.snapshot(topic, now_ns), now_ns)

    def _quote(self, asset: str, now_ns: int) -> None:
        topic = ("bbo", asset)
        if not self._streams.wanted(topic):
            return
        quote = frames.bbo(self._exchange, asset, now_ns, self._changes)
        shown = (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
        if shown != self._quotes.get(asset):
            self._quotes[asset] = shown
            self._changes += 1
            quote = msgspec.structs.replace(quote, last_order_id=self._changes)
            self._streams.publish(topic, quote, now_ns)

    def _tell(self, event: Event, now_ns: int) -> None:
        match event:
            case OrderAccepted():
                self._accepted(event, now_ns)
            case OrderFilled():
                self._filled(event, now_ns)
            case OrderDone():
                self._done(event, now_ns)
            case OrderRejected() if self._numbers.known(event.order_id):
                told, status = rejected(event.reason)
                self._update(event.account, event.order_id, told, status, now_ns)
            case _:
                return

    def _accepted(self, event: OrderAccepted, now_ns: int) -> None:
        if event.time_in_force is TimeInForce.IOC or not event.resting_size:
            return
        self._open[event.order_id] = None
        self._update(event.account, event.order_id, "make", "open", now_ns)

    def _filled(self, event: OrderFilled, now_ns: int) -> None:
        number = self._numbers.of(event.account, event.order_id)
        order = self._order(event)
        if order is not None:
            whole = event.filled_total >= order.size
            told: OrderEvent = "fulfill_market" if order.price is None else "fulfill_limit"
            status: OrderStatus = "filled" if whole else "partially_filled"
            update = frames.order_update(order, number, told, status, event.filled_total, event.at_ns)
            self._publish(update, now_ns)
        data = [frames.trade(event, number)]
        self._streams.publish(("account_trades", event.account), data, now_ns)
        self._streams.publish(("trades", event.asset), [frames.public_trade(event, number)], now_ns)
        if event.cause in MECHANISM:
            forced = [frames.liquidation(event, number)]
            self._streams.publish(("account_liquidations", event.account), forced, now_ns)

    def _done(self, event: OrderDone, now_ns: int) -> None:
        """A complete fill has been told by the fill itself."""
        self._open.pop(event.order_id, None)
        if event.reason is not DoneReason.FILLED:
            told = EVENT_OF_DONE[event.reason]
            self._update(event.account, event.order_id, told, "cancelled", now_ns)

    def _order(self, event: OrderFilled) -> OrderView | None:
        if event.cause is not FillCause.ORDER:
            return None
        return self._exchange.order(event.account, event.order_id)

    def _update(self, account: str, order_id: int, told: OrderEvent, status: OrderStatus, now_ns: int) -> None:
        order = self._exchange.order(account, order_id)
        if order is None:
            return
        filled = ZERO if told == "make" else order.filled
        number = self._numbers.of(account, order_id)
        at_ns = order.updated_at_ns
        self._publish(frames.order_update(order, number, told, status, filled, at_ns), now_ns)

    def _publish(self, update: OrderUpdate, now_ns: int) -> None:
        self._streams.publish(("account_order_updates", update.account), [update], now_ns)
