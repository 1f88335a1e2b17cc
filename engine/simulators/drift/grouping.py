"""Which of the exchange's events belong together: what one transaction of a keeper would have caused. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.simulators.exchange import AccountLiquidated, Event, FundingPaid, FundingSettled, OrderDone, OrderFilled


def grouped(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events that one transaction of a keeper would make: a trade, a liquidation, a market's funding."""
    group: list[Event] = []
    for event in events:
        if group and not _belongs(group[0], event):
            yield group
            group = []
        group.append(event)
    if group:
        yield group


def _belongs(first: Event, event: Event) -> bool:
    match first, event:
        case AccountLiquidated(), OrderDone():
            return first.account == event.account
        case AccountLiquidated(), OrderFilled():
            return first.account == event.liquidated_account
        case OrderFilled(), OrderFilled():
            return first.trade_id == event.trade_id
        case OrderFilled(), OrderDone():
            return True
        case FundingSettled(), FundingPaid():
            return first.asset == event.asset
    return False


def sides_of(fill: OrderFilled, following: Sequence[Event]) -> tuple[OrderFilled, ...]:
    """A fill, with the other side of its trade if that is told next."""
    return (fill, *(each for each in following if isinstance(each, OrderFilled) and each.trade_id == fill.trade_id))
