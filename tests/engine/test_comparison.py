from __future__ import annotations

import msgspec

from engine.comparison import Tally
from engine.journal.record import step_record
from tests.engine.recorded import hedged_run

DECISION = next(decision for decision in hedged_run(0).decisions if decision.commands)
replace = msgspec.structs.replace


def test_the_same_decision_does_not_differ() -> None:
    tally = Tally()
    assert tally.compare(step_record(DECISION), DECISION)
    assert (tally.compared, tally.differing, tally.differences) == (1, 0, [])


def test_the_decision_is_named_before_its_trace_in_the_state() -> None:
    tally = Tally()
    other = replace(DECISION, digest="0", place="ELSEWHERE", row="X1", commands=())
    assert not tally.compare(step_record(DECISION), other)
    assert [difference.field for difference in tally.differences] == ["row", "place", "commands", "digest"]
    assert [difference.today for difference in tally.differences] == ["X1", "ELSEWHERE", "[]", "0"]


def test_a_state_of_another_digest_alone_is_counted_apart() -> None:
    tally = Tally()
    tally.compare(step_record(DECISION), replace(DECISION, digest="0"))
    tally.compare(step_record(DECISION), replace(DECISION, row="X1"))
    assert (tally.compared, tally.differing, tally.digest_only) == (2, 2, 1)
