"""Orders of an earlier process that the history has not shown yet: recognised by what they asked for. Pure.

Neither the number nor the signature of such an order is known: both were made after its record in the journal. What it
asked for is, and its `max_ts`, the engine's expiry in whole seconds, makes it all but unique. Of two that are alike the
older one came first, since transactions leave in their order; their fills would add up to the same in either case.
Counterpart: `ledger`.
"""

from __future__ import annotations

from engine.venues.drift.values import OrderPlaced, PlaceOrder


class Unseen:
    """What they asked for, by order id, oldest first."""

    def __init__(self) -> None:
        self._asked: dict[str, PlaceOrder] = {}

    def add(self, order_id: str, asked: PlaceOrder) -> None:
        """An order that may have been sent; its number is not known."""
        self._asked[order_id] = asked

    def holds(self, order_id: str) -> bool:
        """Whether it has not been seen yet."""
        return order_id in self._asked

    def claim(self, placed: OrderPlaced) -> str | None:
        """The oldest order that this one may be, not to be given again; None for an order of somebody else."""
        order_id = next((each for each, asked in self._asked.items() if _may_be(placed, asked)), None)
        if order_id is not None:
            del self._asked[order_id]
        return order_id

    def drop(self, order_id: str) -> None:
        """It is not looked for any more."""
        self._asked.pop(order_id, None)


def _may_be(placed: OrderPlaced, asked: PlaceOrder) -> bool:
    """Ours always have a number. The program makes an order reduce-only where nothing else is allowed."""
    same = (
        placed.market_index == asked.market_index
        and placed.is_buy is asked.is_buy
        and placed.size == asked.size
        and placed.price == asked.price
        and placed.max_ts == asked.max_ts
    )
    return same and placed.user_order_id > 0 and (placed.reduce_only or not asked.reduce_only)
