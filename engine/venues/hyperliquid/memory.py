"""What the adapter remembers between payloads: markets, which fills and payments were told, what is held.

Acknowledgements, streams and backfills overlap: each fill and each payment is told once. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.domain import Venue
from actors.messages import FrameRefused, PositionReported, VenueMessage
from engine.venues.hyperliquid.codec import (
    NS_PER_MS,
    account,
    fill_id,
    fill_message,
    funding_message,
    positions,
)
from engine.venues.hyperliquid.codec_orders import order_id_of, order_state
from engine.venues.hyperliquid.markets import Market
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.wire import ClearinghouseState
from engine.venues.hyperliquid.wire_orders import Fill, Funding, OrderUpdate
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
        self._held: tuple[str, ...] = ()
        self._last_fill_ms = self.floor_ms
        self._last_payment_ms = self.floor_ms

    # orders and fills

    def know(self, oid: int | str, order_id: str) -> None:
        """Remember whose order this is: forced or odd fills may come without a client id."""
        self._order_ids.put(str(oid), order_id)

    def order_states(self, updates: Iterable[OrderUpdate]) -> tuple[VenueMessage, ...]:
        """What these updates say about our orders; those without a client id are not. Raises FrameError."""
        messages: list[VenueMessage] = []
        for update in updates:
            order_id = order_id_of(update.order.cloid)
            if order_id is not None:
                self.know(update.order.oid, order_id)
                messages.append(order_state(update, order_id))
        return tuple(messages)

    def fills(self, fills: Iterable[Fill]) -> tuple[VenueMessage, ...]:
        """Fills not told before, oldest first; a fill that cannot be read is refused alone."""
        recent = (fill for fill in fills if fill.time >= self.floor_ms)
        return self._tell_fills(recent)

    def fills_of(self, oid: int, fills: Iterable[Fill]) -> tuple[VenueMessage, ...]:
        """Fills of one order not told before, however old."""
        return self._tell_fills(fill for fill in fills if fill.oid == oid)

    def fills_from_ms(self) -> int:
        """Where a backfill of fills begins."""
        return max(self.floor_ms, self._last_fill_ms - self._overlap_ms)

    def _tell_fills(self, fills: Iterable[Fill]) -> tuple[VenueMessage, ...]:
        told = (self._tell_fill(fill) for fill in sorted(fills, key=_when))
        return tuple(message for message in told if message is not None)

    def _tell_fill(self, fill: Fill) -> VenueMessage | None:
        if not self._told_fills.put(fill_id(fill)):
            return None
        self._last_fill_ms = max(self._last_fill_ms, fill.time)
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
        return max(self.floor_ms, self._last_payment_ms - self._overlap_ms)

    # account

    def account_state(self, state: ClearinghouseState, also: tuple[str, ...] = ()) -> tuple[VenueMessage, ...]:
        """Positions held now, zeros for what was held and for `also`, and the account."""
        reports = positions(state, also=(*self._held, *also))
        self._held = tuple(report.asset for report in reports if report.size)
        return (*reports, account(state))

    def position(self, state: ClearinghouseState, asset: str, *, queried: bool) -> PositionReported:
        """One asset's position: zero when the venue's reply lacks it."""
        reports = positions(state, also=(asset,), queried=queried)
        return next(report for report in reports if report.asset == asset)


def _when(row: Fill | Funding) -> int:
    return row.time
