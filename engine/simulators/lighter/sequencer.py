"""Accepted transactions on their way: each waits its tier's delay, then the exchange executes or refuses it.

Acceptance is no execution: the answer comes at once with a hash, the verdict later. Transactions of one API key keep
their order, so that a cancel behind a taker waits as long as the taker (apidocs "API keys", 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from engine.simulators.exchange import (
    Events,
    Exchange,
    LeverageSet,
    NewOrder,
    OrderAccepted,
    OrderRejected,
    RejectReason,
    TimeInForce,
)
from engine.simulators.lighter import transactions
from engine.simulators.lighter.admission import Admission, held_by
from engine.simulators.lighter.credentials import Credentials
from engine.simulators.lighter.feeds import Feeds
from engine.simulators.lighter.hashes import hash_of
from engine.simulators.lighter.holdings import Holdings
from engine.simulators.lighter.knobs import FaceKnobs, Quota
from engine.simulators.lighter.orders import Orders, Record, asked_price, asked_size
from engine.simulators.lighter.refusals import Refused
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.transactions import Asked
from engine.simulators.lighter.verdicts import FIRST_SEQUENCE, Transaction
from engine.simulators.lighter.words import NS_PER_MS, ms
from engine.venues.lighter import wire
from engine.venues.lighter.wire import ErrorCode
from engine.venues.lighter.wire_orders import (
    CancelAllInfo,
    CancelOrderInfo,
    CreateOrderInfo,
    UpdateLeverageInfo,
)

TIME_IN_FORCE = {
    wire.TIF_IOC: TimeInForce.IOC,
    wire.TIF_GTT: TimeInForce.GTC,
    wire.TIF_POST_ONLY: TimeInForce.POST_ONLY,
}
MOST_IN_BATCH = 50
KEPT = 20_000
"""Transactions remembered; the oldest are forgotten."""


Happened = Callable[[int, Events, Transaction | None], None]
"""Told what a transaction (None: a scheduled cancel-all) caused, and when."""


class Sequencer:
    """Takes transactions in, and executes them when their time has come."""

    def __init__(
        self,
        exchange: Exchange,
        listings: dict[int, Listing],
        credentials: Credentials,
        orders: Orders,
        holdings: Holdings,
        feeds: Feeds,
        knobs: FaceKnobs,
        chain_id: int,
        happened: Happened,
    ) -> None:
        self._exchange, self._listings, self._credentials = exchange, listings, credentials
        self._orders, self._holdings, self._feeds, self._knobs = orders, holdings, feeds, knobs
        self._chain_id, self._happened = chain_id, happened
        self._admission = Admission(exchange, listings, orders)
        self._quotas = {index: Quota(knobs.transactions_per_minute) for index in credentials.accounts}
        self._waiting: list[tuple[int, int, Transaction]] = []
        self._last_due: dict[tuple[int, int], int] = {}
        self._by_hash: dict[str, Transaction] = {}
        self._by_sequence: dict[int, Transaction] = {}
        self._cancel_at: dict[int, int] = {}
        self._count = FIRST_SEQUENCE

    @property
    def waiting(self) -> bool:
        """Whether a transaction is on its way."""
        return bool(self._waiting)

    def cancel_all_time(self, account_index: int) -> int:
        """When the account's scheduled cancel-all is due, ms; 0 = none."""
        return ms(self._cancel_at.get(account_index, 0))

    def find(self, by: str, value: str) -> Transaction | None:
        """By `hash` or `sequence_index`."""
        if by == "hash":
            return self._by_hash.get(value)
        return self._by_sequence.get(int(value)) if value.isdecimal() else None

    # in

    def accept(self, now_ns: int, sent: list[tuple[int, str]]) -> list[Transaction]:
        """Judge and queue transactions of one account and key, (type, info) each: all of them or none.

        Raises `Refused`; the nonce is then as it was.
        """
        if len(sent) > MOST_IN_BATCH:
            raise Refused(21514)
        asked = [transactions.parse(tx_type, text) for tx_type, text in sent]
        if len({(each.account_index, each.api_key_index) for each in asked}) != 1:
            raise Refused(21121)
        self._credentials.account(asked[0].account_index)
        self._quotas[asked[0].account_index].spend(now_ns, len(asked))
        self._judge(now_ns, asked)
        pairs = zip(sent, asked, strict=True)
        return [self._queue(now_ns, tx_type, text, each) for (tx_type, text), each in pairs]

    def _judge(self, now_ns: int, asked: list[Asked]) -> None:
        """Keys and nonces, then each transaction by itself, then against account and market."""
        self._credentials.judge(asked)
        clients = [each.client_order_index for each in asked if isinstance(each, CreateOrderInfo)]
        named = [client for client in clients if client]
        if len(dict.fromkeys(named)) < len(named):
            raise Refused(ErrorCode.CLIENT_ORDER_INDEX_EXISTS)
        for each in asked:
            transactions.judge(each, now_ns)
            self._admission.judge(each)

    def _queue(self, now_ns: int, tx_type: int, text: str, asked: Asked) -> Transaction:
        self._credentials.use(asked)
        self._count += 1
        lane = (asked.account_index, asked.api_key_index)
        due_ns = max(now_ns + self._delay_ms(asked) * NS_PER_MS, self._last_due.get(lane, 0))
        self._last_due[lane] = due_ns
        transaction = Transaction(
            hash=hash_of(self._chain_id, tx_type, asked),
            tx_type=tx_type,
            info=text,
            asked=asked,
            sequence_index=self._count,
            queued_ns=now_ns,
            due_ns=due_ns,
        )
        if isinstance(asked, CreateOrderInfo):
            listing = self._listings[asked.market_index]
            transaction.record = self._orders.accept(listing, asked, transaction.hash, now_ns)
        self._remember(transaction)
        heappush(self._waiting, (due_ns, transaction.sequence_index, transaction))
        return transaction

    def _delay_ms(self, asked: Asked) -> int:
        """What may take from the book waits as a taker (a GTT order too: inferred)."""
        takes = isinstance(asked, CreateOrderInfo) and asked.time_in_force != wire.TIF_POST_ONLY
        return self._knobs.taker_delay_ms if takes else self._knobs.maker_delay_ms

    def _remember(self, transaction: Transaction) -> None:
        self._by_hash[transaction.hash] = self._by_sequence[transaction.sequence_index] = transaction
        while len(self._by_sequence) > KEPT:
            oldest = self._by_sequence.pop(next(iter(self._by_sequence)))
            self._by_hash.pop(oldest.hash, None)

    # out

    def release(self, now_ns: int) -> None:
        """Execute what is due, at the time it was due; scheduled cancel-alls among it."""
        while True:
            due_ns = self._waiting[0][0] if self._waiting else now_ns + 1
            late = min(self._cancel_at.items(), key=lambda item: item[1], default=(0, now_ns + 1))
            if min(due_ns, late[1]) > now_ns:
                return
            if late[1] <= due_ns:
                del self._cancel_at[late[0]]
                self._happened(late[1], self._exchange.cancel_all(late[1], str(late[0])), None)
            else:
                self._execute(due_ns, heappop(self._waiting)[2])

    def _execute(self, now_ns: int, transaction: Transaction) -> None:
        events = self._perform(now_ns, transaction)
        transaction.judge(now_ns, events)
        self._happened(now_ns, events, transaction)

    def _perform(self, now_ns: int, transaction: Transaction) -> Events:
        match transaction.asked:
            case CreateOrderInfo():
                return self._place(now_ns, transaction)
            case CancelOrderInfo() as asked:
                return self._cancel(now_ns, asked)
            case CancelAllInfo() as asked:
                return self._cancel_all(now_ns, asked)
            case UpdateLeverageInfo() as asked:
                return self._set_leverage(asked)

    def _place(self, now_ns: int, transaction: Transaction) -> Events:
        record = transaction.record
        assert record is not None
        name = str(record.account_index)
        events = self._exchange.place(now_ns, name, self._new_order(record))
        for event in events:
            if isinstance(event, OrderAccepted | OrderRejected) and event.account == name:
                view = self._exchange.order(name, event.order_id)
                assert view is not None
                record.book_nonce = self._feeds.nonce(record.listing.asset)
                self._orders.bind(record, view)
                record.vanished = self._vanishes(event)
                break
        return events

    def _vanishes(self, event: OrderAccepted | OrderRejected) -> bool:
        if not self._knobs.reduce_only_vanishes or not isinstance(event, OrderRejected):
            return False
        return event.reason is RejectReason.REDUCE_ONLY_WOULD_INCREASE

    def _new_order(self, record: Record) -> NewOrder:
        """A base amount of 0 (reduce-only) is the whole position; a position of 0 is refused as reduce-only."""
        asked, listing = record.asked, record.listing
        size = asked_size(listing, asked)
        if size == 0:
            held = held_by(self._exchange, record.account_index, listing.asset)
            spec = self._exchange.instrument(listing.asset)
            assert spec is not None
            size = abs(held) or spec.lot
        return NewOrder(
            asset=listing.asset,
            is_buy=not asked.is_ask,
            size=size,
            price=asked_price(listing, asked),
            time_in_force=TIME_IN_FORCE[asked.time_in_force],
            reduce_only=bool(asked.reduce_only),
            client_order_id=str(asked.client_order_index) if asked.client_order_index else None,
            expires_at_ns=asked.order_expiry * NS_PER_MS if asked.order_expiry else None,
        )

    def _cancel(self, now_ns: int, asked: CancelOrderInfo) -> Events:
        record = self._orders.find(asked.account_index, asked.index)
        order_id = record.view.order_id if record is not None and record.view is not None else -1
        return self._exchange.cancel(now_ns, str(asked.account_index), order_id)

    def _cancel_all(self, now_ns: int, asked: CancelAllInfo) -> Events:
        account = asked.account_index
        if asked.time_in_force == wire.CANCEL_ALL_SCHEDULED:
            self._cancel_at[account] = asked.time * NS_PER_MS
            return ()
        if asked.time_in_force == wire.CANCEL_ALL_ABORT:
            self._cancel_at.pop(account, None)
            return ()
        market = transactions.cancel_all_market(asked)
        asset = None if market is None else self._listings[market].asset
        return self._exchange.cancel_all(now_ns, str(account), asset)

    def _set_leverage(self, asked: UpdateLeverageInfo) -> Events:
        """The exchange counts whole leverages: a fraction between two counts as the lower one."""
        listing = self._listings[asked.market_index]
        leverage = wire.MARGIN_FRACTION_SCALE // asked.initial_margin_fraction
        events = self._exchange.set_leverage(str(asked.account_index), listing.asset, leverage)
        if any(isinstance(event, LeverageSet) for event in events):
            self._holdings.margin_set(asked.account_index, listing.asset, asked.initial_margin_fraction)
        return events
