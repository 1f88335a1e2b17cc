"""What the adapter remembers between payloads: markets, which fills and payments were told, what is held.

Acknowledgements, streams and backfills overlap: each fill and each payment is told once. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, ZERO, Venue
from actors.messages import (
    FrameRefused,
    OrderAccepted,
    OrderDone,
    OrderRejected,
    OrderUnknown,
    PositionReported,
    VenueMessage,
)
from engine.venues.adapter import Recalled
from engine.venues.hyperliquid.codec import (
    NS_PER_MS,
    account,
    fill_id,
    fill_message,
    funding_message,
    levels,
    payment_id,
    positions,
    quote,
)
from engine.venues.hyperliquid.codec_orders import order_id_of, order_state
from engine.venues.hyperliquid.markets import Market, coin_of, units_of
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.wire import Bbo, ClearinghouseState, L2Book, SpotState
from engine.venues.hyperliquid.wire_orders import Fill, Funding, OrderUpdate
from engine.venues.levels import Books
from engine.venues.link import FrameError

MS_PER_S = 1000


class Recent:
    """A bounded mapping that forgets its oldest entries."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[str, str] = {}

    def put(self, key: str, value: str = "") -> bool:
        """Remember; True when the key is new."""
        if key in self._entries:
            return False
        self._entries[key] = value
        if len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]
        return True

    def get(self, key: str) -> str | None:
        """What was put first under this key."""
        return self._entries.get(key)


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """One order we sent that may still be open. `unknown`: the venue was asked and did not know it."""

    order_id: str
    asset: str
    sent_at_ns: int
    unknown: bool = False


class Memory:
    """The adapter's only state. Times in venue milliseconds.

    Nothing older than `floor_ms` is told, unless an order is asked for: a stream begins with old history.
    """

    def __init__(self, settings: HyperliquidSettings, started_ns: int) -> None:
        self.markets: dict[str, Market] = {}
        self.floor_ms = started_ns // NS_PER_MS - settings.first_backfill_s * MS_PER_S
        self._user = settings.account.lower()
        self._overlap_ms = settings.backfill_overlap_s * MS_PER_S
        self._told_fills = Recent(settings.ids_remembered_most)
        self._told_payments = Recent(settings.ids_remembered_most)
        self._order_ids = Recent(settings.ids_remembered_most)
        self._told_open = Recent(settings.ids_remembered_most)
        self._pending: dict[str, Pending] = {}
        self._pending_most = settings.ids_remembered_most
        self._book_age_most_ns = int(settings.book_age_most_s * NS_PER_S)
        self._book_ms: dict[str, int] = {}
        self._books = Books(self._book_age_most_ns)
        self.held: tuple[str, ...] = ()
        """Assets of which we held something when the account was last told."""
        self.shrunk = False
        """Whether something was held smaller then than the time before."""
        self._sizes: dict[str, Decimal] = {}
        self._state: ClearinghouseState | None = None
        self.unified = False
        """Whether the account's collateral is told in the spot state."""
        self.spot: SpotState | None = None
        self._last_fill_ms = self.floor_ms
        self._last_payment_ms = self.floor_ms
        self._gap_ms: int | None = None

    # books

    def quote(self, bbo: Bbo, now_ns: int) -> tuple[VenueMessage, ...]:
        """The quote, unless it is older than what was told before, or older than a quote may be.

        Nothing numbers the venue's books: their time orders them (WS profile, 2026-09-24).
        """
        if bbo.time < self._book_ms.get(bbo.coin, 0) or bbo.time * NS_PER_MS < now_ns - self._book_age_most_ns:
            return ()
        self._book_ms[bbo.coin] = bbo.time
        told = quote(bbo)
        return () if told is None else (self._books.behind(told),)

    def book(self, told: L2Book) -> None:
        """Keep the levels behind the touch for the quotes to come: they come every 5.4 s, `bbo` every block."""
        self._books.take(units_of(told.coin).asset, levels(told))

    # orders and fills

    def sent(self, order: SubmitOrder, at_ns: int) -> None:
        """An order is about to leave."""
        pending = Pending(order_id=order.order_id, asset=order.asset, sent_at_ns=at_ns)
        self._pending[order.order_id] = pending
        if len(self._pending) > self._pending_most:
            del self._pending[next(iter(self._pending))]

    def recall(self, orders: Iterable[Recalled], since_ns: int) -> None:
        """Orders of an earlier process that may be open; what happened since then was not told."""
        for recalled in orders:
            if not recalled.over:
                self.sent(recalled.order, recalled.decided_ns)
        self.floor_ms = min(self.floor_ms, since_ns // NS_PER_MS - self._overlap_ms)
        self._last_fill_ms = self._last_payment_ms = self.floor_ms

    def pending(self, order_id: str) -> Pending | None:
        """An order that may be open; None when it is over, or was not sent by this process."""
        return self._pending.get(order_id)

    def all_pending(self) -> tuple[Pending, ...]:
        """Oldest first."""
        return tuple(order for order in self._pending.values() if not order.unknown)

    def note(self, messages: tuple[VenueMessage, ...]) -> tuple[VenueMessage, ...]:
        """The same messages; orders that are over are not pending any more."""
        for message in messages:
            match message:
                case OrderDone() | OrderRejected():
                    self._pending.pop(message.order_id, None)
                case OrderUnknown() if message.order_id in self._pending:
                    pending = self._pending[message.order_id]
                    self._pending[message.order_id] = msgspec.structs.replace(pending, unknown=True)
                case _:
                    pass
        return messages

    def know(self, oid: int | str, order_id: str) -> None:
        """Remember whose order this is: forced or odd fills may come without a client id."""
        self._order_ids.put(str(oid), order_id)

    def order_states(self, updates: Iterable[OrderUpdate]) -> tuple[VenueMessage, ...]:
        """What these updates say about our orders; those without a client id are not. Raises FrameError.

        An order is told open once: the venue says it again for every part that fills, and fills have their own feed.
        """
        messages: list[VenueMessage] = []
        for update in updates:
            order_id = order_id_of(update.order.cloid)
            if order_id is None:
                continue
            self.know(update.order.oid, order_id)
            state = order_state(update, order_id)
            if not isinstance(state, OrderAccepted) or self._told_open.put(order_id):
                messages.append(state)
        return self.note(tuple(messages))

    def fills(self, fills: Iterable[Fill]) -> tuple[VenueMessage, ...]:
        """Fills not told before, oldest first; a fill that cannot be read is refused alone.

        For fills from the stream, or from a history: between what was told so and the newest nothing is missing.
        """
        recent = tuple(fill for fill in fills if fill.time >= self.floor_ms)
        self._last_fill_ms = max((self._last_fill_ms, *(fill.time for fill in recent)))
        return self._tell_fills(recent)

    def fills_of(self, oid: int, fills: Iterable[Fill]) -> tuple[VenueMessage, ...]:
        """Fills of one order not told before, however old.

        The next backfill begins no later for them: what else happened before them, in a gap, is not known yet.
        """
        return self._tell_fills(fill for fill in fills if fill.oid == oid)

    def fills_from_ms(self) -> int:
        """Where a backfill of fills begins."""
        return self._from_ms(self._last_fill_ms)

    def _tell_fills(self, fills: Iterable[Fill]) -> tuple[VenueMessage, ...]:
        told = (self._tell_fill(fill) for fill in sorted(fills, key=_when))
        return tuple(message for message in told if message is not None)

    def _tell_fill(self, fill: Fill) -> VenueMessage | None:
        if not self._told_fills.put(fill_id(fill)):
            return None
        order_id = order_id_of(fill.cloid) or self._order_ids.get(str(fill.oid))
        try:
            return fill_message(fill, self._user, order_id)
        except FrameError as refused:
            return FrameRefused(venue=Venue.HYPERLIQUID, channel=refused.channel, detail=refused.detail)

    # funding

    def payments(self, rows: Iterable[Funding]) -> tuple[VenueMessage, ...]:
        """Funding payments not told before, oldest first."""
        recent = sorted((row for row in rows if row.time >= self.floor_ms), key=_when)
        messages = [funding_message(row) for row in recent]
        self._last_payment_ms = max((self._last_payment_ms, *(row.time for row in recent)))
        return tuple(message for message in messages if self._told_payments.put(message.payment_id))

    def payments_from_ms(self) -> int:
        """Where a backfill of payments begins."""
        return self._from_ms(self._last_payment_ms)

    def paid(self, hour_ms: int, asset: str) -> bool:
        """Whether the payment of a whole hour was told."""
        return self._told_payments.get(payment_id(hour_ms, coin_of(asset))) is not None

    # gaps

    def doubt(self) -> None:
        """A frame was missed: backfills begin before it, whatever is told since, until the account can be trusted."""
        if self._gap_ms is None:
            self._gap_ms = min(self.fills_from_ms(), self.payments_from_ms())

    def trust(self) -> None:
        """Fills and payments were read from before each gap."""
        self._gap_ms = None

    @property
    def trusted(self) -> bool:
        """Whether nothing can have been missed, as far as is known."""
        return self._gap_ms is None

    def _from_ms(self, last_ms: int) -> int:
        from_ms = max(self.floor_ms, last_ms - self._overlap_ms)
        return from_ms if self._gap_ms is None else min(from_ms, self._gap_ms)

    # account

    def account_state(self, state: ClearinghouseState, also: tuple[str, ...] = ()) -> tuple[VenueMessage, ...]:
        """Positions held now, zeros for what was held and for `also`, and the account."""
        reports = positions(state, also=(*self.held, *also))
        before, self._sizes = self._sizes, {report.asset: report.size for report in reports if report.size}
        self.shrunk = any(abs(self._sizes.get(asset, ZERO)) < abs(size) for asset, size in before.items())
        self.held = tuple(self._sizes)
        self._state = state
        return (*reports, account(state, self.spot if self.unified else None))

    def spot_state(self, spot: SpotState) -> tuple[VenueMessage, ...]:
        """The account once more, when its collateral is in the spot state."""
        self.spot = spot
        return (account(self._state, spot),) if self.unified and self._state is not None else ()

    def position(self, state: ClearinghouseState, asset: str, *, queried: bool) -> PositionReported:
        """One asset's position: zero when the venue's reply lacks it."""
        reports = positions(state, also=(asset,), queried=queried)
        return next(report for report in reports if report.asset == asset)


def _when(row: Fill | Funding) -> int:
    return row.time
