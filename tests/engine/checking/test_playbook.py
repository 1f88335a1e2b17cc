from __future__ import annotations

from engine.checking.bounds import policy_of
from engine.checking.command import check
from engine.checking.planted import PLANTED
from engine.checking.playbook import TITLES, faults_of, stages, tell


def test_a_counterexample_is_told_step_by_step_with_faults_rows_and_the_truth() -> None:
    bug = PLANTED["maker_for_asked_size"]
    checked = check(bug.bounds(), 1, bug="maker_for_asked_size", stop_at_first=True, quiet=True)
    said = tell(checked.found, checked.complaints[0], checked.shop)
    assert said.startswith(f"Invariant 4 ({TITLES['4']}) does not hold: ")
    assert "  1. engine: asks (2)\n       engine, EntryAsked: row E1 -> IDLE.taker_in_flight" in said
    assert "taker venue: fills only (1) -- order 0  [fault]" in said
    assert "<< maker order on the maker venue: buy 2" in said
    assert "In the end: TAKER_FILLED.maker_in_flight; books -1, 0; at the venues -1, 0." in said


def test_the_steps_are_those_of_the_search() -> None:
    bug = PLANTED["timer_not_armed"]
    checked = check(bug.bounds(), 1, bug="timer_not_armed", stop_at_first=True, quiet=True)
    played = stages(checked.found, checked.complaints[0], checked.shop)
    assert played[-1].move.complaints == (checked.complaints[0].text,)
    assert faults_of(played) == 0
    assert checked.shop.policy == policy_of(bug.bounds())
