"""A copied exchange answers like the original, and neither feels what is done to the other."""

from __future__ import annotations

from collections import deque
from dataclasses import fields, is_dataclass

import pytest

from engine.simulators.exchange import Exchange, OrderStatus, TimeInForce
from engine.simulators.exchange.state import Order
from tests.engine.simulators.exchange_builders import HOUR_NS, T0, D, conserved, kinds, open_venue, order, point


@pytest.fixture
def venue() -> Exchange:
    """Fills, a closed and an open order, a settlement."""
    made = open_venue()
    made.place(T0, "alice", order("buy", "0.5"))
    made.cancel(T0, "alice", 1)
    made.place(T0, "alice", order("buy", "0.2", "49000"))
    made.set_point(T0 + HOUR_NS, point(at_ns=T0 + HOUR_NS))
    made.settle_funding(T0 + HOUR_NS)
    return made


def told(venue: Exchange) -> tuple[object, ...]:
    return (
        venue.account_view("alice"),
        venue.open_orders("alice"),
        venue.orders_since("alice", 0),
        venue.fills_since("alice", 0),
        venue.funding_paid_since("alice", 0),
        venue.funding_view("BTC"),
        venue.book("BTC"),
        venue.ledger(),
    )


def test_a_copy_answers_like_the_original(venue: Exchange) -> None:
    assert told(venue.copy()) == told(venue)


def test_a_copy_goes_its_own_way_and_leaves_the_original_alone(venue: Exchange) -> None:
    before, twin = told(venue), venue.copy()
    twin.place(T0 + HOUR_NS, "alice", order("sell", "0.3"))
    twin.place(T0 + HOUR_NS, "bob", order("sell", "5", "49000", time_in_force=TimeInForce.IOC))
    twin.cap_next_ioc(D("0.1"))
    twin.set_point(T0 + HOUR_NS + 1, point("48000", at_ns=T0 + HOUR_NS + 1))
    assert twin.open_orders("alice") == ()
    assert told(venue) == before
    assert conserved(twin)


def test_the_same_calls_do_the_same_to_both(venue: Exchange) -> None:
    twin = venue.copy()
    both = [each.place(T0 + HOUR_NS, "bob", order("sell", "3", "48900")) for each in (venue, twin)]
    assert "OrderFilled" in kinds(both[0])
    assert both[0] == both[1]
    assert told(twin) == told(venue)


def test_nothing_that_can_change_is_shared(venue: Exchange) -> None:
    """A field added to the state later must be copied too, unless it is frozen or over."""
    ours, theirs = venue._state, venue.copy()._state
    assert _shared(ours, theirs, "state") == []


def _shared(ours: object, theirs: object, path: str) -> list[str]:
    """Paths of mutable objects that are the same in both."""
    if isinstance(ours, Order) and ours.status is not OrderStatus.OPEN:
        return []
    if is_dataclass(ours) and not isinstance(ours, type):
        parts = [(field.name, getattr(ours, field.name), getattr(theirs, field.name)) for field in fields(ours)]
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        parts = [(str(key), value, theirs[key]) for key, value in ours.items()]
    elif isinstance(ours, list | deque) and isinstance(theirs, list | deque):
        parts = [(str(at), *pair) for at, pair in enumerate(zip(ours, theirs, strict=True))]
    else:
        return []
    same = [path] if ours is theirs else []
    return same + [found for name, mine, other in parts for found in _shared(mine, other, f"{path}.{name}")]
