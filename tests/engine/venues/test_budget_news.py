"""What is left of a rate limit is told in tenths, and seldom."""

from __future__ import annotations

from decimal import Decimal

import trio
import trio.testing
from hypothesis import given, strategies as st

from actors.domain import Venue
from actors.messages import BudgetTold, VenueMessage
from engine.venues.budget_news import Steps, keep_told

LOOK_S = 10.0
LEFT = st.floats(min_value=0, max_value=1)


@given(looks=st.lists(LEFT, min_size=1))
def test_what_stands_told_is_never_more_than_was_left_and_less_than_two_tenths_below_it(looks: list[float]) -> None:
    steps, told = Steps(), Decimal(0)
    for left in looks:
        news = steps.look(left)
        told = told if news is None else news
        assert 0 <= told <= 1
        assert told % Decimal("0.1") == 0
        assert float(told) - 1e-6 <= left < float(told) + 0.2 + 1e-6


@given(first=LEFT, others=st.lists(st.integers(min_value=0, max_value=1)))
def test_going_to_and_fro_by_a_tenth_is_told_once(first: float, others: list[int]) -> None:
    steps = Steps()
    told = steps.look(first)
    assert told is not None, "the first look is told"
    assert [steps.look(min(1.0, float(told) + step / 10 + 0.05)) for step in others] == [None] * len(others)


async def test_a_fall_is_told_at_the_next_look_and_so_is_what_has_come_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    lefts = iter([1.0, 0.95, 0.29, 0.25, 0.31, 0.4, 1.0, 1.0])
    told: list[tuple[float, VenueMessage]] = []

    def report(message: VenueMessage) -> None:
        told.append((trio.current_time() / LOOK_S, message))

    with trio.move_on_after(7.5 * LOOK_S):
        await keep_told(Venue.LIGHTER, lambda: next(lefts), report, LOOK_S)
    assert told == [
        (at, BudgetTold(venue=Venue.LIGHTER, left_fraction=Decimal(left)))
        for at, left in ((0, "1"), (1, "0.9"), (2, "0.2"), (5, "0.4"), (6, "1"))
    ]
