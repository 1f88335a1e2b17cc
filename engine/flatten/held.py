"""Which markets a run last held, from the bare facts in its journal: what it ordered, what was filled, what was told.

It decides nothing anew and knows no pair: an order that was sent and not seen to end counts, and so does a position
whose last word, or whose sum of fills, is not zero. Best effort: a doubt counts as held.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from actors.commands import SubmitOrder
from actors.domain import ZERO, Venue
from actors.messages import AccountFill, AnyMessage, OrderDone, OrderFilled, OrderRejected, PositionReported
from engine.journal.reader import read

Market = tuple[Venue, str]


class _Books:
    """Facts by market; each fill counted once, whoever was told of it."""

    def __init__(self) -> None:
        self.fills: dict[tuple[Venue, str], tuple[Market, Decimal]] = {}
        self.open: dict[str, Market] = {}
        self.last: dict[Market, Decimal] = {}

    def ordered(self, order: SubmitOrder) -> None:
        self.open[order.order_id] = (order.venue, order.asset)

    def heard(self, message: AnyMessage) -> None:
        match message:
            case OrderFilled() | AccountFill():
                self._filled(message)
            case PositionReported():
                self.last[(message.venue, message.asset)] = message.size
            case OrderDone() | OrderRejected():
                self.open.pop(message.order_id, None)
            case _:  # nothing of ours
                pass

    def _filled(self, fill: OrderFilled | AccountFill) -> None:
        key, market = (fill.venue, fill.fill_id), (fill.venue, fill.asset)
        if key not in self.fills:
            self.fills[key] = (market, fill.side.sign * fill.size)
            self.last.pop(market, None)

    def markets(self) -> tuple[Market, ...]:
        """Those that may not be flat. The venue's last word counts more than the sum of what we heard of."""
        sums: dict[Market, Decimal] = {}
        for market, size in self.fills.values():
            sums[market] = sums.get(market, ZERO) + size
        held = [market for market, size in {**sums, **self.last}.items() if size]
        return tuple(dict.fromkeys((*held, *self.open.values())))


def markets_of_run(run: Path) -> tuple[Market, ...]:
    """In no order of importance. Raises JournalError's kinds, OSError."""
    books = _Books()
    for record in read(run):
        books.heard(record.message)
        for command in record.commands:
            if isinstance(command, SubmitOrder):
                books.ordered(command)
    return books.markets()
