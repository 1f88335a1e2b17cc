"""Asking the venue what became of an order. Counterpart: `ledger`, which turns the answers into messages.

There is no lookup by client order id: `/orders` is scanned, then `/orders/history_by_id` when the
acknowledgement gave us the venue's id, else `/orders/history`; fills come from `/trades/history`.
"""

from __future__ import annotations

from actors.domain import Venue
from actors.messages import OrderUnknown, VenueMessage
from engine.venues.pacifica.codec import client_id
from engine.venues.pacifica.ledger import Ledger
from engine.venues.pacifica.markets import market_of_symbol
from engine.venues.pacifica.rest import Rest
from engine.venues.pacifica.wire import OrderEventRow, OrderHistoryRow, OrderRow, TradeRow

PastRow = OrderHistoryRow | OrderEventRow


async def look_up(rest: Rest, ledger: Ledger, order_id: str, asset: str, since_ns: int) -> tuple[VenueMessage, ...]:
    """Fills not told before, then what the venue says of the order. Raises as `Rest` does.

    OrderUnknown for an order in no list, an acknowledged one too: the venue's speed bump or a lagging history may
    hide it, so whoever asks believes that only after its time.
    """
    row = find_open(await rest.open_orders(), order_id)
    past = None if row is not None else await find_past(rest, ledger, order_id, since_ns)
    wanted = _trades_wanted(ledger, order_id, asset, row or past)
    trades = await rest.trades_since(since_ns) if wanted else []
    return _told(ledger, order_id, row, past, trades)


def _trades_wanted(ledger: Ledger, order_id: str, asset: str, found: OrderRow | PastRow | None) -> bool:
    """Histories are dear: trades are asked for when the venue says more filled than we were told, or, of an order it
    has in no list, when the position has moved by itself or the order is not of this process."""
    known = ledger.order(order_id)
    if known is None:
        return True
    if found is None:
        return asset in ledger.unexplained() or known.short
    return market_of_symbol(found.symbol).size(found.filled_amount) > known.told


def find_open(rows: list[OrderRow], order_id: str) -> OrderRow | None:
    """Our order among the open ones."""
    wanted = client_id(order_id)
    return next((row for row in rows if row.client_order_id == wanted), None)


async def find_past(rest: Rest, ledger: Ledger, order_id: str, since_ns: int) -> PastRow | None:
    """The last word of the history on one order, None when it has none. Raises as `Rest` does."""
    known = ledger.order(order_id)
    if known is not None and known.venue_order_id is not None:
        events = await rest.order_events(known.venue_order_id)
        if events:
            return max(events, key=lambda event: event.history_id)
    return await rest.order_in_history(order_id, since_ns)


def _told(
    ledger: Ledger,
    order_id: str,
    row: OrderRow | None,
    past: PastRow | None,
    trades: list[TradeRow],
) -> tuple[VenueMessage, ...]:
    wanted = client_id(order_id)
    fills = ledger.fills(trade for trade in trades if trade.client_order_id == wanted)
    if row is not None:
        return (*fills, *ledger.resting(row, order_id))
    if past is not None:
        return (*fills, *ledger.history(past, order_id))
    known = ledger.order(order_id)
    if known is not None and known.done is not None:
        return (*fills, known.done)
    return (*fills, OrderUnknown(venue=Venue.PACIFICA, order_id=order_id))
