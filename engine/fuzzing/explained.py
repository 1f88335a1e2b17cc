"""Which recorded intent stands behind an order at a venue: by the client id it carries, or by what it wants.

Counterpart: `oracle`, which asks it of every order a simulated venue ever knew.
"""

from __future__ import annotations

from collections.abc import Mapping

from actors.commands import SubmitOrder
from actors.domain import Side, Venue
from engine.simulators.exchange import OrderView
from engine.venues.assets import listing_of

LIGHTER_BITS = 48


def order_id_of(venue: Venue, client_order_id: str | None, intents: Mapping[str, SubmitOrder]) -> str:
    """Our order id behind a venue's client id; empty when it is none of ours."""
    if client_order_id is None:
        return ""
    if venue is Venue.LIGHTER:
        return next((name for name in intents if lighter_index(name) == int(client_order_id)), "")
    return client_order_id.removeprefix("0x").replace("-", "")


def lighter_index(order_id: str) -> int:
    """Lighter's client order index has 48 bits: the lowest of our 128."""
    return int(order_id, 16) % (1 << LIGHTER_BITS)


def explained(
    venue: Venue, orders: tuple[OrderView, ...], intents: Mapping[str, SubmitOrder], at_ns: Mapping[str, int]
) -> list[tuple[str, OrderView]]:
    """Each order of ours at a venue with its intent's id, empty where there is none.

    Drift numbers orders with a byte that is used again, so there an intent is found by side, size and time; each
    explains one order.
    """
    if venue is not Venue.DRIFT:
        known = (order for order in orders if order.client_order_id is not None)
        return [(order_id_of(venue, order.client_order_id, intents), order) for order in known]
    left = {name: intent for name, intent in intents.items() if intent.venue is venue}
    found: list[tuple[str, OrderView]] = []
    for order in orders:
        name = next((name for name, intent in left.items() if _alike(order, intent, at_ns[name])), "")
        left.pop(name, None)
        found.append((name, order))
    return found


def _alike(order: OrderView, intent: SubmitOrder, at_ns: int) -> bool:
    if order.asset != listing_of(intent.venue, intent.asset).symbol:
        return False
    same_side = order.is_buy is (intent.side is Side.BUY)
    capped = order.size <= intent.size if intent.reduce_only else order.size == intent.size
    return same_side and capped and order.reduce_only is intent.reduce_only and at_ns <= order.placed_at_ns
