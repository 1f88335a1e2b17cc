"""The rolling window of a venue's rate limit."""

import pytest

from engine.venues.budget import Budget, named_wait_s

S = 1_000_000_000


def test_what_does_not_fit_waits_until_the_oldest_weight_leaves_the_window() -> None:
    budget = Budget(limit=3, window_s=60, reserve=0)
    assert [budget.spend(1, at * S, urgent=False) for at in (0, 10, 20)] == [True, True, True]
    assert not budget.spend(1, 30 * S, urgent=False)
    assert budget.wait_s(1, 30 * S, urgent=False) == 30
    assert budget.wait_s(2, 30 * S, urgent=False) == 40
    assert budget.spend(1, 60 * S, urgent=False)


def test_the_reserve_is_for_urgent_requests_alone() -> None:
    budget = Budget(limit=3, window_s=60, reserve=1)
    assert budget.spend(2, 0, urgent=False)
    assert not budget.spend(1, 0, urgent=False)
    assert budget.spend(1, 0, urgent=True)
    assert not budget.spend(1, 0, urgent=True)


def test_a_refusal_by_the_venue_holds_everything_back_for_as_long_as_it_says() -> None:
    budget = Budget(limit=3, window_s=60, reserve=1)
    budget.refused(0, retry_after_s=5)
    assert budget.wait_s(1, 2 * S, urgent=True) == 3
    assert budget.spend(1, 5 * S, urgent=True)


def test_what_the_venue_counts_beyond_our_books_is_taken_as_spent() -> None:
    budget = Budget(limit=10, window_s=60, reserve=0)
    assert budget.spend(1, 0, urgent=False)
    budget.told(S, remaining=2)
    assert not budget.spend(3, S, urgent=False)
    assert budget.spend(2, S, urgent=False)
    budget.told(2 * S, remaining=9)
    assert not budget.spend(1, 2 * S, urgent=False)


def test_what_is_left_falls_with_what_is_spent_and_comes_back_when_it_leaves_the_window() -> None:
    budget = Budget(limit=10, window_s=60, reserve=4)
    assert budget.left_fraction(0) == 1
    assert budget.spend(6, 0, urgent=False)
    assert budget.left_fraction(59 * S) == 0.4, "the reserve is in it"
    assert budget.left_fraction(60 * S) == 1


def test_nothing_is_left_while_the_venue_itself_refuses_nor_where_it_counts_more_than_the_limit() -> None:
    budget = Budget(limit=10, window_s=60, reserve=0)
    budget.refused(0, retry_after_s=5)
    assert (budget.left_fraction(4 * S), budget.left_fraction(5 * S)) == (0, 1)
    budget.told(5 * S, remaining=-3)
    assert budget.left_fraction(5 * S) == 0


def test_more_than_the_limit_never_fits() -> None:
    budget = Budget(limit=3, window_s=60, reserve=0)
    assert budget.wait_s(5, 0, urgent=True) == 60


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ((("retry-after", "3"),), 3.0),
        ((("content-type", "text/html"), ("retry-after", " 120 ")), 120.0),
        ((), 10.0),
        ((("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),), 10.0),
        ((("retry-after", "-1"),), 10.0),
    ],
)
def test_retry_after_is_taken_in_seconds_and_a_date_for_none(
    headers: tuple[tuple[str, str], ...], wait_s: float
) -> None:
    assert named_wait_s(headers, 10.0) == wait_s
