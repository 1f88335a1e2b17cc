"""What the adapter knows of its orders and has already told: rows and frames in, new messages out. No I/O.

Streams, answers and lookups overlap; each fill and payment is told once, by the venue's own number. A row counts as
told when it is returned here, so callers report at once, without waiting in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO, DoneReason, RejectReason, TimeInForce, Venue
from actors.messages import (
    FrameRefused,
    FundingPaid,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    VenueMessage,
)
from engine.venues.adapter import Recalled
from engine.venues.lighter.codec import client_order_index, ns
from engine.venues.lighter.codec_orders import (
    OwnTrade,
    application_error,
    decode_order_info,
    fill_message,
    filled_size,
    own_sides,
)
from engine.venues.lighter.codec_rest import funding_message, payment_id
from engine.venues.lighter.markets import Markets
from engine.venues.lighter.refusals import OVER, REFUSED, reason_of_text
from engine.venues.lighter.wire import PERP_MARKET_INDEX_MOST, TX_CREATE_ORDER, FundingRow
from engine.venues.lighter.wire_orders import TX_FAILED, OrderRow, TradeRow, TxRow

End = OrderDone | OrderRejected


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One order. `claimed`: the venue's cumulative fill; `told`: the sum of the fills reported; `end`: how it ended.

    `sent_at_ns` is 0 for an order this process was asked about but did not send; it is when the order was prepared, and
    then when it left, which it does not after `leaves_by_ns`. `nonce` and `signed_hash` are those
    of its transaction, once it left; `tx_hash` is what to ask for it by: the venue's own word where there is one.
    `void_at_ns`: when the venue had nothing of it, and could not execute it any more either.
    """

    order_id: str
    index: int
    asset: str
    sent_at_ns: int = 0
    leaves_by_ns: int = 0
    ioc: bool = False
    reduce_only: bool = False
    nonce: int | None = None
    signed_hash: str = ""
    tx_hash: str = ""
    venue_order_id: int | None = None
    accepted: bool = False
    claimed: Decimal = ZERO
    told: Decimal = ZERO
    end: End | None = None
    given_up: bool = False
    void_at_ns: int = 0

    @property
    def undecided(self) -> bool:
        """It left, and may still be open as far as we know."""
        return self.end is None and (self.heard or not self.void_at_ns)

    @property
    def heard(self) -> bool:
        """The venue has said something of the order itself."""
        return self.accepted or self.told > 0 or self.end is not None

    @property
    def short(self) -> bool:
        """The venue claims fills that have not been told yet."""
        return self.claimed > self.told and not self.given_up


class Ledger:
    """Bounded memory; the oldest entries are forgotten first. `account_index` is ours.

    No trade or payment from before `floor_ns` is told, unless its order is known.
    """

    def __init__(self, account_index: int, floor_ns: int, *, orders_most: int, ids_most: int) -> None:
        self.markets = Markets()
        self._account_index, self._floor_ns = account_index, floor_ns
        self._orders: dict[int, Known] = {}
        self._told: dict[str, None] = {}
        self._orders_most, self._ids_most = orders_most, ids_most

    # our own orders

    def begin(self, order: SubmitOrder, at_ns: int) -> bool:
        """Remember an order that is about to leave; False when another order has its number."""
        index = client_order_index(order.order_id)
        if index in self._orders:
            return False
        self._keep(
            Known(
                order_id=order.order_id,
                index=index,
                asset=order.asset,
                sent_at_ns=at_ns,
                leaves_by_ns=order.expires_at_ns,
                ioc=order.time_in_force is TimeInForce.IOC,
                reduce_only=order.reduce_only,
            )
        )
        return True

    def recall(self, recalled: Recalled) -> None:
        """Remember an order of an earlier process: as one that is asked about, or as one that was over."""
        order = recalled.order
        known = self.expect(order.order_id, order.asset)
        changes: dict[str, object] = {"ioc": order.time_in_force is TimeInForce.IOC, "reduce_only": order.reduce_only}
        if recalled.over:
            end = OrderDone(
                venue=Venue.LIGHTER, order_id=order.order_id, filled=recalled.filled, reason=DoneReason.CANCELED
            )
            changes |= {"end": end, "claimed": recalled.filled, "told": recalled.filled}
        self._change(known.index, **changes)

    def heard_until(self, since_ns: int) -> None:
        """An earlier process has told what came before."""
        self._floor_ns = min(self._floor_ns, since_ns)

    def expect(self, order_id: str, asset: str) -> Known:
        """What is known of an order that is asked about; an order of an earlier process is remembered from now on."""
        index = client_order_index(order_id)
        known = self._orders.get(index)
        if known is None or known.order_id != order_id:
            known = Known(order_id=order_id, index=index, asset=asset)
            self._orders.setdefault(index, known)
        return known

    def find(self, order_id: str) -> Known | None:
        """None for an order this process neither sent nor was asked about."""
        known = self._orders.get(client_order_index(order_id))
        return known if known is not None and known.order_id == order_id else None

    def leaving(self, order_id: str, nonce: int, tx_hash: str, at_ns: int) -> None:
        """The order's transaction is on its way."""
        index = client_order_index(order_id)
        self._change(index, nonce=nonce, signed_hash=tx_hash, tx_hash=tx_hash, sent_at_ns=at_ns)

    def queued(self, order_id: str, tx_hash: str) -> None:
        """The venue took the order's transaction, and calls it so."""
        self._change(client_order_index(order_id), tx_hash=tx_hash)

    def refused(self, message: OrderRejected) -> OrderRejected:
        """The order was refused, or never sent; returns the message."""
        known = self.find(message.order_id)
        if known is not None and known.end is None:
            self._change(known.index, end=message)
        return message

    def undecided(self, asset: str | None = None) -> tuple[Known, ...]:
        """Orders that may be open, oldest first."""
        return tuple(k for k in self._orders.values() if k.undecided and asset in (None, k.asset))

    def short(self) -> tuple[Known, ...]:
        """Orders with claimed fills that never came."""
        return tuple(k for k in self._orders.values() if k.short)

    def outlived(self, known: Known) -> bool:
        """Whether another order of ours has used the nonce this one was sent with, and so made it void."""
        return any(
            other.nonce == known.nonce and other.venue_order_id is not None
            for other in self._orders.values()
            if other.index != known.index and other.nonce is not None
        )

    def void(self, order_id: str, at_ns: int) -> None:
        """Nothing of the order can be executed any more, and nothing was."""
        self._change(client_order_index(order_id), void_at_ns=at_ns)

    def give_up(self, order_id: str) -> None:
        """Look no longer for the missing fills of an order."""
        self._change(client_order_index(order_id), given_up=True)

    # what the venue says

    def trades(self, rows: Iterable[TradeRow]) -> tuple[VenueMessage, ...]:
        """Our fills not told before, oldest first; one in a market that is not listed is refused, and only that."""
        messages: list[VenueMessage] = []
        for row in sorted(rows, key=lambda row: row.trade_id):
            for trade in own_sides(row, self._account_index):
                messages += self._trade(trade)
        return tuple(messages)

    def orders(self, rows: Iterable[OrderRow]) -> tuple[VenueMessage, ...]:
        """What frames say of our orders: accepted when new to us, ended when over. Fills come as trades."""
        return tuple(message for row in rows for message in self.order(row, asked=False))

    def order(self, row: OrderRow, *, asked: bool) -> tuple[VenueMessage, ...]:
        """What one row says; an answer to a question is told even when it is no news. Nothing for foreign orders."""
        known = self._orders.get(row.client_order_index)
        if known is None or row.owner_account_index != self._account_index:
            return ()
        filled = filled_size(row, self.markets.of(row.market_index))
        known = self._change(known.index, venue_order_id=row.order_index, claimed=max(known.claimed, filled))
        if row.status in OVER:
            return self._over(known, _end(known, row, filled), asked=asked)
        if known.end is not None:
            return (known.end,) if asked else ()
        news = not known.accepted
        self._change(known.index, accepted=True)
        return (_accepted(known, row),) if news or asked else ()

    def txs(self, rows: Iterable[TxRow]) -> tuple[VenueMessage, ...]:
        """Verdicts on our orders' transactions: only a failed one says something its order does not say better."""
        messages: list[VenueMessage] = []
        for row in rows:
            known = self._ordered_by(row)
            if known is None or known.nonce != row.nonce:
                continue  # of an earlier run, whose order had the same number
            self._change(known.index, tx_hash=row.hash)
            if row.status == TX_FAILED and not known.heard:
                messages.append(self.failed(known, row))
        return tuple(messages)

    def failed(self, known: Known, row: TxRow) -> OrderRejected:
        """The sequencer did not execute the order's transaction."""
        error = application_error(row)
        detail = f"transaction failed: {error or 'no reason given'}"
        reason = reason_of_text(error) if error else RejectReason.OTHER
        return self.refused(rejected(known.order_id, reason, detail))

    def payments(self, rows: Iterable[FundingRow]) -> tuple[FundingPaid | FrameRefused, ...]:
        """Funding payments not told before, oldest first; one in a market that is not listed is refused alone."""
        fresh = [row for row in rows if row.timestamp * 10**9 >= self._floor_ns]
        ordered = sorted(fresh, key=lambda row: (row.timestamp, row.market_id))
        return tuple(message for row in ordered for message in self._payment(row))

    def _payment(self, row: FundingRow) -> tuple[FundingPaid | FrameRefused, ...]:
        if self.markets.find(row.market_id) is None:
            return (_unlisted("payment", payment_id(row), row.market_id),)
        message = funding_message(row, self.markets)
        return (message,) if self._first(f"funding {payment_id(row)}") else ()

    def signed_hash_of(self, row: TxRow) -> str:
        """The hash under which we signed a transaction the venue tells of."""
        known = self._ordered_by(row)
        return row.hash if known is None else known.signed_hash

    def _ordered_by(self, row: TxRow) -> Known | None:
        """The order of ours that a transaction creates."""
        if row.type != TX_CREATE_ORDER or row.account_index != self._account_index:
            return None
        return self._orders.get(decode_order_info(row.info).client_order_index)

    def _trade(self, trade: OwnTrade) -> tuple[VenueMessage, ...]:
        known = self._orders.get(trade.client_order_index) if trade.client_order_index else None
        if known is None and ns(trade.row.timestamp) < self._floor_ns:
            return ()
        if trade.row.market_id > PERP_MARKET_INDEX_MOST:
            return ()  # a spot market
        market = self.markets.find(trade.row.market_id)
        if market is None:
            return (_unlisted("trade", trade.fill_id, trade.row.market_id),)
        message = fill_message(trade, market, known.order_id if known else None)
        if not self._first(f"trade {trade.fill_id}"):
            return ()
        if known is not None and isinstance(message, OrderFilled):
            self._change(known.index, told=known.told + message.size)
        return (message,)

    def _over(self, known: Known, end: End, *, asked: bool) -> tuple[End, ...]:
        told = known.end
        if told is not None and _filled(end) <= _filled(told):
            return (told,) if asked else ()
        self._change(known.index, end=end)
        return (end,)

    def _keep(self, known: Known) -> None:
        self._orders[known.index] = known
        while len(self._orders) > self._orders_most:
            del self._orders[next(iter(self._orders))]

    def _change(self, index: int, **changes: object) -> Known:
        self._orders[index] = msgspec.structs.replace(self._orders[index], **changes)
        return self._orders[index]

    def _first(self, key: str) -> bool:
        if key in self._told:
            return False
        self._told[key] = None
        while len(self._told) > self._ids_most:
            del self._told[next(iter(self._told))]
        return True


def rejected(order_id: str, reason: RejectReason, detail: str) -> OrderRejected:
    """Refused, proven."""
    return OrderRejected(venue=Venue.LIGHTER, order_id=order_id, reason=reason, detail=detail)


def _unlisted(what: str, number: str, market_id: int) -> FrameRefused:
    """It is not marked as told: once its market is known it is."""
    detail = f"{what} {number} in market {market_id}, which is not listed"
    return FrameRefused(venue=Venue.LIGHTER, channel=what, detail=detail)


def _accepted(known: Known, row: OrderRow) -> OrderAccepted:
    return OrderAccepted(venue=Venue.LIGHTER, order_id=known.order_id, venue_order_id=str(row.order_index))


def _end(known: Known, row: OrderRow, filled: Decimal) -> End:
    """A late refusal when the order was never seen open and filled nothing; else the order's end."""
    if not known.heard and filled == ZERO and row.status in REFUSED:
        return rejected(known.order_id, REFUSED[row.status], row.status)
    reason = OVER[row.status]
    if known.ioc and reason is DoneReason.CANCELED:
        reason = DoneReason.IOC_REMAINDER
    return OrderDone(venue=Venue.LIGHTER, order_id=known.order_id, filled=filled, reason=reason)


def _filled(end: End) -> Decimal:
    return end.filled if isinstance(end, OrderDone) else ZERO
