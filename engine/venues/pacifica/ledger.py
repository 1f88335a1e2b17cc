"""What the adapter knows of its orders and has already told: rows and frames in, new messages out. No I/O.

Acknowledgements, streams and REST backfills overlap; each fill and payment is told once, by the venue's
history id. A row counts as told when it is returned here, so callers report at once, without waiting in
between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO, TimeInForce, Venue
from actors.messages import (
    FundingPaid,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    PositionReported,
    VenueMessage,
)
from engine.venues.pacifica.codec import done_reason, is_over, order_id_of
from engine.venues.pacifica.codec_rest import flat_message, funding_message
from engine.venues.pacifica.codec_stream import AnyTrade, fill_message
from engine.venues.pacifica.markets import market_of_symbol
from engine.venues.pacifica.wire import (
    FundingRow,
    OrderEvent,
    OrderEventRow,
    OrderHistoryRow,
    OrderRow,
    OrderStatus,
)
from engine.venues.pacifica.wire_stream import OrderUpdate


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One order this process sent. `claimed`: the venue's cumulative fill; `told`: the sum of our fills."""

    order_id: str
    asset: str
    ioc: bool
    sent_at_ns: int
    venue_order_id: int | None = None
    acknowledged_at_ns: int | None = None
    accepted: bool = False
    claimed: Decimal = ZERO
    told: Decimal = ZERO
    done: OrderDone | None = None
    refused: bool = False
    given_up: bool = False

    @property
    def undecided(self) -> bool:
        """It may still be open, as far as we know."""
        return self.done is None and not self.refused

    @property
    def short(self) -> bool:
        """The venue claims fills that have not been told yet."""
        return self.claimed > self.told and not self.given_up


class Ledger:
    """Bounded memory; the oldest entries are forgotten first."""

    def __init__(self, assets: tuple[str, ...], *, orders_most: int, ids_most: int) -> None:
        self._orders: dict[str, Known] = {}
        self._told: dict[str, None] = {}
        self._held: dict[str, None] = dict.fromkeys(assets)
        self._reported: dict[str, Decimal] = {}
        self._explained: dict[str, Decimal] = {}
        self._unsure: dict[str, None] = dict.fromkeys(assets)
        self._orders_most, self._ids_most = orders_most, ids_most

    # our own orders

    def sent(self, order: SubmitOrder, at_ns: int) -> None:
        """Remember an order that is about to leave."""
        if order.order_id in self._orders:
            return
        ioc = order.time_in_force is TimeInForce.IOC
        self._keep(Known(order_id=order.order_id, asset=order.asset, ioc=ioc, sent_at_ns=at_ns))

    def answered(self, outcome: OrderAccepted | OrderRejected | OrderUnresolved, at_ns: int) -> None:
        """Remember the answer to a submitted order."""
        known = self._orders.get(outcome.order_id)
        if known is None:
            return
        if isinstance(outcome, OrderRejected) and not known.accepted:
            self._change(known, refused=True)
        elif isinstance(outcome, OrderAccepted):
            venue_order_id = int(outcome.venue_order_id)
            self._change(known, venue_order_id=venue_order_id, acknowledged_at_ns=at_ns, accepted=True)

    def order(self, order_id: str) -> Known | None:
        """What is known of one order; None when it was not sent by this process, or is forgotten."""
        return self._orders.get(order_id)

    def undecided(self, since_ns: int, asset: str | None = None) -> tuple[Known, ...]:
        """Orders (of one asset, if named) that may be open, oldest first: those the venue has accepted, and those
        of unknown outcome that were sent since then."""
        return tuple(
            known
            for known in self._orders.values()
            if known.undecided and asset in (None, known.asset) and (known.accepted or known.sent_at_ns >= since_ns)
        )

    def short(self) -> tuple[Known, ...]:
        """Orders with claimed fills that never came."""
        return tuple(k for k in self._orders.values() if k.short)

    def give_up(self, order_id: str) -> None:
        """Look no longer for the missing fills of an order."""
        known = self._orders.get(order_id)
        if known is not None:
            self._change(known, given_up=True)

    # what the venue says

    def fills(self, trades: Iterable[AnyTrade]) -> tuple[VenueMessage, ...]:
        """The fills not told before, oldest first."""
        fresh = [t for t in trades if self._first(f"h{t.history_id}")]
        messages = tuple(fill_message(t) for t in sorted(fresh, key=lambda t: t.history_id))
        for message in messages:
            self._held.setdefault(message.asset)
            if message.asset in self._explained:
                self._explained[message.asset] += message.side.sign * message.size
            if isinstance(message, OrderFilled) and message.order_id in self._orders:
                known = self._orders[message.order_id]
                self._change(known, told=known.told + message.size)
        return messages

    def payments(self, rows: Iterable[FundingRow]) -> tuple[FundingPaid, ...]:
        """The funding payments not told before, oldest first."""
        fresh = [row for row in rows if self._first(f"f{row.history_id}")]
        return tuple(funding_message(row) for row in sorted(fresh, key=lambda r: r.history_id))

    def updates(self, updates: Iterable[OrderUpdate]) -> tuple[VenueMessage, ...]:
        """Order updates of the stream: accepted when new to us, done when over. Fills come as trades."""
        messages: list[VenueMessage] = []
        for update in updates:
            order_id = order_id_of(update.client_order_id)
            if order_id is not None:
                size = market_of_symbol(update.symbol).size(update.filled)
                messages += self._status(order_id, update.order_id, update.status, update.event, size, told_twice=False)
        return tuple(messages)

    def resting(self, row: OrderRow, order_id: str) -> tuple[VenueMessage, ...]:
        """An order of ours found open by REST."""
        size = market_of_symbol(row.symbol).size(row.filled_amount)
        return self._status(order_id, row.order_id, "open", None, size, told_twice=True)

    def history(self, row: OrderHistoryRow | OrderEventRow, order_id: str) -> tuple[VenueMessage, ...]:
        """An order of ours found in the history by REST.

        An IOC in no list of open orders is over, also when its last row says `partially_filled`.
        """
        size = market_of_symbol(row.symbol).size(row.filled_amount)
        status, event = row.order_status, _event(row)
        known = self._orders.get(order_id)
        if known is not None and known.ioc and status == "partially_filled":
            status = "cancelled"
        return self._status(order_id, row.order_id, status, event, size, told_twice=True)

    def positions(self, rows: Iterable[PositionReported], at_ns: int) -> tuple[PositionReported, ...]:
        """A full list of positions: those listed, and zero for every market we trade, hold or held."""
        listed = {row.asset: row for row in rows}
        for asset in listed:
            self._held.setdefault(asset)
        told = tuple(
            listed[asset] if asset in listed else flat_message(asset, at_ns, queried=False) for asset in self._held
        )
        for report in told:
            self._reported[report.asset] = report.size
            self._explained.setdefault(report.asset, report.size)
        return told

    def believed(self, *assets: str) -> None:
        """Answers about these positions are believed: what moved without a fill is settled by them."""
        for asset in assets:
            self._unsure.pop(asset, None)

    def should_hold(self, asset: str) -> bool:
        """Whether there is a position by our fills, or nobody can say: no answer yet, or it moved without a fill."""
        return asset in self._unsure or bool(self._explained.get(asset, ZERO))

    def unexplained(self) -> dict[str, Decimal]:
        """Positions that have moved by so much more than the fills told since: a forced close whose fill is missing,
        or frames that are under way."""
        moved = {asset: size - self._explained[asset] for asset, size in self._reported.items()}
        return {asset: size for asset, size in moved.items() if size}

    def explain(self, asset: str) -> None:
        """Take the position as it is reported: nobody can say how it came about."""
        self._unsure[asset] = None
        self._explained[asset] = self._reported[asset]

    def _status(
        self,
        order_id: str,
        venue_order_id: int,
        status: OrderStatus,
        event: OrderEvent | None,
        filled: Decimal,
        *,
        told_twice: bool,
    ) -> tuple[VenueMessage, ...]:
        """`told_twice`: an answer to a question is told even when it is no news."""
        known = self._orders.get(order_id)
        ioc = known is not None and known.ioc
        if is_over(status):
            done = OrderDone(
                venue=Venue.PACIFICA,
                order_id=order_id,
                filled=filled,
                reason=done_reason(status, event, ioc=ioc),
            )
            return self._over(known, done, venue_order_id, told_twice=told_twice)
        news = known is None or not known.accepted
        if known is not None:
            claimed = max(known.claimed, filled)
            self._change(known, venue_order_id=venue_order_id, accepted=True, claimed=claimed)
        if not (news or told_twice):
            return ()
        return (OrderAccepted(venue=Venue.PACIFICA, order_id=order_id, venue_order_id=str(venue_order_id)),)

    def _over(
        self, known: Known | None, done: OrderDone, venue_order_id: int, *, told_twice: bool
    ) -> tuple[OrderDone, ...]:
        if known is None:
            return (done,)
        if known.done is not None and known.done.filled >= done.filled:
            return (known.done,) if told_twice else ()
        claimed = max(known.claimed, done.filled)
        self._change(known, done=done, venue_order_id=venue_order_id, claimed=claimed)
        return (done,)

    def _keep(self, known: Known) -> None:
        self._orders[known.order_id] = known
        while len(self._orders) > self._orders_most:
            del self._orders[next(iter(self._orders))]

    def _change(self, known: Known, **changes: object) -> None:
        current = self._orders[known.order_id]
        self._orders[known.order_id] = msgspec.structs.replace(current, **changes)

    def _first(self, key: str) -> bool:
        if key in self._told:
            return False
        self._told[key] = None
        while len(self._told) > self._ids_most:
            del self._told[next(iter(self._told))]
        return True


_EVENT_OF_REASON: Mapping[str, OrderEvent] = {
    "post_only_rejected": "post_only_rejected",
    "self_trade_prevented": "self_trade_prevented",
    "force_cancel": "force_cancel",
    "expired": "expired",
    "cancel": "cancel",
}


def _event(row: OrderHistoryRow | OrderEventRow) -> OrderEvent | None:
    """The event behind a history row; `/orders/history` gives at most a free text `reason`."""
    if isinstance(row, OrderEventRow):
        return row.event_type
    return _EVENT_OF_REASON.get(row.reason or "")
