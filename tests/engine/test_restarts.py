from __future__ import annotations

from engine.restarts import RestartLimits, Restarts

LIMITS = RestartLimits(failures_most=4, failures_within_s=100.0, pause_first_s=5.0, pause_most_s=15.0)


def test_the_pause_grows_up_to_its_bound_and_then_the_budget_is_spent() -> None:
    restarts = Restarts(LIMITS)
    assert [restarts.failed(at_s) for at_s in (0.0, 10.0, 30.0, 60.0, 99.0)] == [5.0, 10.0, 15.0, 15.0, None]


def test_failures_of_long_ago_do_not_count() -> None:
    restarts = Restarts(LIMITS)
    for at_s in (0.0, 1.0, 2.0, 3.0):
        restarts.failed(at_s)
    assert restarts.failed(103.0) == 5.0


def test_with_no_budget_the_first_failure_is_the_last() -> None:
    assert Restarts(RestartLimits(failures_most=0)).failed(0.0) is None
