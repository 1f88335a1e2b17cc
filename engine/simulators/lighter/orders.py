"""Every order this venue has taken: its index, its client's index, and its row as the venue tells it.

An order has its index when it is accepted, before the exchange has seen it; `view` is what the exchange last said of
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.simulators.exchange import OrderStatus as Standing, OrderView
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.words import (
    TIF_TEXT,
    TYPE_TEXT,
    ZERO,
    Row,
    height,
    ms,
    order_status,
    price_text,
    size_text,
    us,
    usd,
)
from engine.venues.lighter import wire
from engine.venues.lighter.wire_orders import CreateOrderInfo

FIRST_INDEX = 2**48
LAST_BID_INDEX = 2**49
"""Recorded: asks count up from 2^48, bids down from 2^49."""
KEPT = 20_000
"""Orders remembered; the oldest closed ones are forgotten."""


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """One order. `book_nonce` is the book's when it was executed; `view` is None until then."""

    order_index: int
    account_index: int
    listing: Listing
    asked: CreateOrderInfo
    tx_hash: str
    accepted_ns: int
    book_nonce: int = 0
    view: OrderView | None = None
    vanished: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it rests."""
        return self.view is not None and self.view.status is Standing.OPEN

    @property
    def told(self) -> bool:
        """Whether the venue's lists show it."""
        return self.view is not None and not self.vanished


class Orders:
    """By the venue's index, by the client's index, and by the exchange's id."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._by_client: dict[tuple[int, int], Record] = {}
        self._by_exchange: dict[int, Record] = {}
        self._open: dict[int, Record] = {}
        self._forced: dict[int, int] = {}
        self._count = 0

    @property
    def resting(self) -> bool:
        """Whether any order rests."""
        return bool(self._open)

    def accept(self, listing: Listing, asked: CreateOrderInfo, tx_hash: str, now_ns: int) -> Record:
        """A new order, not yet executed."""
        record = Record(
            order_index=self._next_index(bool(asked.is_ask)),
            account_index=asked.account_index,
            listing=listing,
            asked=asked,
            tx_hash=tx_hash,
            accepted_ns=now_ns,
        )
        self._records[record.order_index] = record
        if asked.client_order_index:
            self._by_client[asked.account_index, asked.client_order_index] = record
        self._forget()
        return record

    def bind(self, record: Record, view: OrderView) -> None:
        """The exchange has seen this order."""
        self._by_exchange[view.order_id] = record
        self.see(view)

    def see(self, view: OrderView) -> Record | None:
        """What the exchange says of an order now; None for one that nobody sent here."""
        record = self._by_exchange.get(view.order_id)
        if record is not None:
            record.view = view
            if record.is_open:
                self._open[record.order_index] = record
            else:
                self._open.pop(record.order_index, None)
        return record

    def find(self, account_index: int, index: int) -> Record | None:
        """By either index: the client's are below 2^48."""
        if index <= wire.CLIENT_ORDER_INDEX_MOST:
            return self._by_client.get((account_index, index))
        return self._records.get(index)

    def by_exchange(self, order_id: int) -> Record | None:
        """The order behind an id of the exchange."""
        return self._by_exchange.get(order_id)

    def index_of(self, order_id: int, is_ask: bool) -> int:
        """The venue's index of an exchange id; orders of the venue's own (a liquidation's) get one when first told."""
        record = self._by_exchange.get(order_id)
        if record is not None:
            return record.order_index
        if order_id not in self._forced:
            self._forced[order_id] = self._next_index(is_ask)
            while len(self._forced) > KEPT:
                del self._forced[next(iter(self._forced))]
        return self._forced[order_id]

    def open_of(self, account_index: int, market_id: int | None = None) -> list[Record]:
        """The account's resting orders, oldest first."""
        return [record for record in self._open.values() if _fits(record, account_index, market_id)]

    def closed_of(self, account_index: int, market_id: int | None = None) -> list[Record]:
        """The account's closed orders, the last changed first."""
        closed = [record for record in self._records.values() if record.told and not record.is_open]
        mine = [record for record in closed if _fits(record, account_index, market_id)]
        return sorted(mine, key=lambda record: record.view.updated_at_ns if record.view else 0, reverse=True)

    def _next_index(self, is_ask: bool) -> int:
        self._count += 1
        return FIRST_INDEX + self._count if is_ask else LAST_BID_INDEX - self._count

    def _forget(self) -> None:
        if len(self._records) <= KEPT:
            return
        oldest = next((record for record in self._records.values() if record.view and not record.is_open), None)
        if oldest is not None and oldest.view is not None:
            del self._records[oldest.order_index]
            self._by_client.pop((oldest.account_index, oldest.asked.client_order_index), None)
            self._by_exchange.pop(oldest.view.order_id, None)


def _fits(record: Record, account_index: int, market_id: int | None) -> bool:
    return record.account_index == account_index and market_id in (None, record.listing.market_id)


def order_row(record: Record) -> Row:
    """The order as REST answers and frames tell it."""
    view, asked, listing = record.view, record.asked, record.listing
    assert view is not None
    size = asked_size(listing, asked) or view.size
    return {
        **_names(record),
        "initial_base_amount": size_text(listing, size),
        "price": price_text(listing, asked_price(listing, asked)),
        "nonce": record.book_nonce,
        "remaining_base_amount": size_text(listing, size - view.filled),
        "is_ask": bool(asked.is_ask),
        "base_size": asked.base_amount,
        "base_price": asked.price,
        "filled_base_amount": size_text(listing, view.filled),
        "filled_quote_amount": usd(view.filled * (view.average_price or ZERO)),
        "side": "sell" if asked.is_ask else "buy",
        "type": TYPE_TEXT[asked.type],
        "time_in_force": TIF_TEXT[asked.time_in_force],
        "reduce_only": bool(asked.reduce_only),
        "order_expiry": asked.order_expiry,
        "status": order_status(view, asked.type == wire.ORDER_TYPE_MARKET),
        **_unconditional(listing),
        "block_height": height(view.placed_at_ns),
        "timestamp": ms(view.placed_at_ns),
        "created_at": ms(view.placed_at_ns),
        "updated_at": ms(view.updated_at_ns),
        "transaction_time": us(view.updated_at_ns),
    }


def asked_price(listing: Listing, asked: CreateOrderInfo) -> Decimal:
    """The price asked for, USD per token."""
    return Decimal(asked.price).scaleb(-listing.price_decimals) / listing.multiplier


def asked_size(listing: Listing, asked: CreateOrderInfo) -> Decimal:
    """The size asked for, tokens; 0 = the whole position."""
    return Decimal(asked.base_amount).scaleb(-listing.size_decimals) * listing.multiplier


def _names(record: Record) -> Row:
    client = record.asked.client_order_index
    return {
        "order_index": record.order_index,
        "client_order_index": client,
        "order_id": str(record.order_index),
        "client_order_id": str(client),
        "market_index": record.listing.market_id,
        "owner_account_index": record.account_index,
    }


def _unconditional(listing: Listing) -> Row:
    """Fields of triggers, groups and integrators, none of which are simulated."""
    return {
        "trigger_price": f"{ZERO:.{listing.price_decimals}f}",
        "trigger_status": "na",
        "trigger_time": 0,
        "parent_order_index": 0,
        "parent_order_id": "0",
        "to_trigger_order_id_0": "0",
        "to_trigger_order_id_1": "0",
        "to_cancel_order_id_0": "0",
        "integrator_fee_collector_index": "0",
        "integrator_taker_fee": "0",
        "integrator_maker_fee": "0",
        "order_flags": 0,
        "order_version": 0,
        "market_symbol": listing.symbol,
        "market_kind": "perps",
    }
