from __future__ import annotations

from engine.restarts import Pause, RestartLimits, Restarts

LIMITS = RestartLimits(
    failures_most=4, failures_within_s=100.0, pause_first_s=5.0, pause_most_s=15.0, pause_spent_s=70.0
)


def pauses(restarts: Restarts, *at_s: float) -> list[tuple[float, bool]]:
    """The pause after each failure, and whether the budget was spent then."""
    return [(pause.seconds, pause.spent) for pause in map(restarts.failed, at_s)]


def test_the_pause_grows_up_to_its_bound_and_then_the_budget_is_spent() -> None:
    soon = [(5.0, False), (10.0, False), (15.0, False), (15.0, False)]
    assert pauses(Restarts(LIMITS), 0.0, 10.0, 30.0, 60.0, 99.0) == [*soon, (70.0, True)]


def test_failures_of_long_ago_do_not_count() -> None:
    restarts = Restarts(LIMITS)
    for at_s in (0.0, 1.0, 2.0, 3.0):
        restarts.failed(at_s)
    assert restarts.failed(103.0) == Pause(seconds=5.0)


def test_a_spent_budget_stays_spent_while_the_seldom_tries_fail() -> None:
    """They are further apart than the window allows failures: each alone would look like a first one."""
    spent = [(70.0, True)]
    assert pauses(Restarts(LIMITS), 0.0, 1.0, 2.0, 3.0, 4.0, 74.0, 144.0, 214.0, 284.0)[4:] == spent * 5


def test_a_venue_that_lived_for_the_whole_window_has_its_budget_again() -> None:
    restarts = Restarts(LIMITS)
    pauses(restarts, 0.0, 1.0, 2.0, 3.0, 4.0)
    assert pauses(restarts, 4.0 + 70.0 + 99.0) == [(70.0, True)]
    assert pauses(restarts, 173.0 + 70.0 + 100.0) == [(5.0, False)]


def test_with_no_budget_the_first_failure_is_answered_by_seldom_tries() -> None:
    assert Restarts(RestartLimits(failures_most=0)).failed(0.0) == Pause(seconds=300.0, spent=True)


def test_a_venue_that_is_away_is_asked_again_soon_however_long_it_takes_and_spends_no_budget() -> None:
    """A leg may be open there: an hour's outage must not become an hour and five minutes."""
    restarts = Restarts(LIMITS)
    assert [restarts.away() for _ in range(40)] == [Pause(seconds=s) for s in (5.0, 10.0, *(15.0,) * 38)]
    assert restarts.failed(0.0) == Pause(seconds=5.0)
