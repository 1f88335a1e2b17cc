from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.venues.drift.recalling import Unseen
from engine.venues.drift.values import OrderPlaced, PlaceOrder

ASKED = PlaceOrder(
    market_index=0,
    user_order_id=0,
    is_buy=True,
    size=2,
    price=100,
    reduce_only=False,
    ioc=True,
    post_only=False,
    max_ts=50,
)
PLACED = OrderPlaced(
    user="us",
    number=7,
    user_order_id=3,
    market_index=0,
    is_buy=True,
    size=2,
    price=100,
    reduce_only=False,
    max_ts=50,
)


def looking_for(*asked: PlaceOrder) -> Unseen:
    unseen = Unseen()
    for number, each in enumerate(asked):
        unseen.add(f"order {number}", each)
    return unseen


def test_an_order_is_recognised_once_by_what_it_asked_for() -> None:
    unseen = looking_for(ASKED)
    assert unseen.holds("order 0")
    assert unseen.claim(PLACED) == "order 0"
    assert not unseen.holds("order 0")
    assert unseen.claim(PLACED) is None


@pytest.mark.parametrize(
    "change",
    [{"market_index": 1}, {"is_buy": False}, {"size": 3}, {"price": 99}, {"max_ts": 51}, {"user_order_id": 0}],
    ids=str,
)
def test_an_order_that_differs_is_somebody_else_s(change: dict[str, int]) -> None:
    assert looking_for(ASKED).claim(replace(PLACED, **change)) is None


def test_an_order_may_have_been_made_reduce_only_and_never_the_other_way_round() -> None:
    reducing = replace(ASKED, reduce_only=True)
    assert looking_for(ASKED).claim(replace(PLACED, reduce_only=True)) == "order 0"
    assert looking_for(reducing).claim(PLACED) is None


def test_the_oldest_of_those_that_are_alike_comes_first() -> None:
    unseen = looking_for(replace(ASKED, price=1), ASKED, ASKED)
    assert [unseen.claim(PLACED), unseen.claim(PLACED), unseen.claim(PLACED)] == ["order 1", "order 2", None]


def test_an_order_that_is_forgotten_is_not_looked_for() -> None:
    unseen = looking_for(ASKED)
    unseen.drop("order 0")
    assert unseen.claim(PLACED) is None
