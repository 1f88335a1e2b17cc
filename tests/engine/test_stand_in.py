"""What is said in place of a lifecycle that cannot hear; through the whole engine in `scenarios/test_kill_switch`."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.commands import AnyCommand, RaiseAlarm, StopEngine
from actors.domain import NS_PER_S, Venue
from actors.messages import (
    AnyMessage,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    EngineResumed,
    Envelope,
    KillSwitchPulled,
    LinkLost,
    LinkUp,
)
from engine.core import Core, Decision
from engine.stand_in import LIFECYCLE, Ending, forgotten, quarantined, words
from tests.engine.recorded import PAIR, POLICY, START_NS, hedged_run

FAULTS_MOST = POLICY.core.faults_most
KILL = KillSwitchPulled(by="operator", reason="enough")
DRAIN = DrainAsked(reason="stop")


def core(*, faults: int = 0, knows: bool = True, place: str = "RUNNING") -> Core:
    """A core with a hedged pair, whose lifecycle is in such a state."""
    found = hedged_run(0).core
    found.states[LIFECYCLE] = replace(found.states[LIFECYCLE], place=place, pairs=(PAIR,) if knows else ())
    found.faults[LIFECYCLE] = faults
    return found


def decided(
    message: AnyMessage,
    row: str = "L12",
    *,
    to: str = LIFECYCLE,
    fault: str = "",
    source: str = "RUNNING",
    commands: tuple[AnyCommand, ...] = (),
) -> Decision:
    envelope = Envelope(seq=9, at_ns=START_NS, to=to, cause=0, message=message)
    return Decision(envelope=envelope, row=row, source=source, place=source, commands=commands, digest="", fault=fault)


def told(decision: Decision, of: Core) -> list[tuple[str, type]]:
    return [(to, type(message)) for to, message in words(decision, of)]


KILLED = [("risk", KillSwitchPulled), ("funding_scanner", KillSwitchPulled), ("pairs", EmergencyAsked)]
DRAINED = [("funding_scanner", DrainAsked), ("risk", DrainAsked), ("pairs", CloseAsked)]


@pytest.mark.parametrize(
    ("decision", "faults"),
    [
        (decided(KILL, "fault", fault="ValueError: a defect"), 1),
        (decided(KILL, "quarantined"), FAULTS_MOST),
        (decided(KILL, "ignored", source="STOPPED"), 0),
    ],
    ids=["its step failed at it", "quarantined", "stopped too soon"],
)
def test_a_kill_that_the_lifecycle_did_not_take_in_is_told_to_risk_scanner_and_every_pair(
    decision: Decision, faults: int
) -> None:
    assert told(decision, core(faults=faults)) == KILLED


def test_a_lifecycle_that_is_well_speaks_for_itself_and_other_actors_too() -> None:
    for message in (KILL, DRAIN, LinkUp(venue=Venue.DRIFT)):
        assert words(decided(message), core()) == ()
        assert words(decided(message, "quarantined", to="risk"), core()) == ()


def test_a_drain_that_it_did_not_take_in_is_told_too() -> None:
    assert told(decided(DRAIN, "quarantined"), core(faults=FAULTS_MOST)) == DRAINED


def test_the_fault_that_quarantines_it_ends_the_run_in_order_and_an_earlier_one_is_its_own_to_answer() -> None:
    failed = decided(LinkLost(venue=Venue.DRIFT, reason="?"), "fault", fault="ValueError: a defect")
    assert told(failed, core(faults=FAULTS_MOST)) == DRAINED
    assert told(failed, core(faults=FAULTS_MOST - 1)) == []


@pytest.mark.parametrize("message", [LinkUp(venue=Venue.DRIFT), EngineResumed(silent_since_ns=1)])
def test_once_quarantined_pairs_are_asked_again_whenever_a_venue_or_the_engine_is_back(message: AnyMessage) -> None:
    """A pair waits for both its links before it closes by a wish; whoever asks, asks again."""
    assert told(decided(message, "quarantined"), core(faults=FAULTS_MOST)) == [("pairs", CloseAsked)]


def test_a_stop_that_knows_nothing_of_an_open_pair_asks_it_to_close() -> None:
    stop = decided(DRAIN, "L9", commands=(StopEngine(reason="over"),))
    assert told(stop, core(knows=False)) == DRAINED
    assert told(stop, core(knows=True)) == [], "left open on purpose, and named by its alarm"
    alarm = decided(DRAIN, "L9", commands=(RaiseAlarm(severity="info", code="x", text="y"),))
    assert told(alarm, core(knows=False)) == []


def test_what_it_has_not_heard_of_is_what_is_open_and_not_in_its_books() -> None:
    assert forgotten(core(knows=False)) == (PAIR,)
    assert forgotten(core(knows=True)) == ()
    closed = core(knows=False)
    closed.states[PAIR] = replace(closed.states[PAIR], place="CLOSED.flat")
    assert forgotten(closed) == ()


def test_its_budget_is_that_of_any_actor() -> None:
    assert [quarantined(core(faults=n)) for n in range(FAULTS_MOST + 1)] == [False] * FAULTS_MOST + [True]


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def test_while_the_lifecycle_is_well_it_alone_ends_the_run() -> None:
    of = core()
    of.states[PAIR] = replace(of.states[PAIR], place="CLOSED.flat")
    assert Ending(of).reason(at(0)) == Ending(of).reason(at(10**6)) == ""


def test_without_it_the_run_ends_when_every_pair_has_been_closed_for_as_long_as_is_settled() -> None:
    of = core(faults=FAULTS_MOST)
    ending, settle_s = Ending(of), of.policy.lifecycle.settle_s
    assert ending.reason(at(0)) == ""
    of.states[PAIR] = replace(of.states[PAIR], place="CLOSED.flat")
    assert ending.reason(at(5)) == ending.reason(at(5 + settle_s - 1)) == ""
    assert ending.reason(at(5 + settle_s)) == "the lifecycle failed; every pair is closed"


def test_a_pair_that_reopens_meanwhile_is_waited_for_anew() -> None:
    of = core(faults=FAULTS_MOST)
    ending, open_pair, settle_s = Ending(of), of.states[PAIR], of.policy.lifecycle.settle_s
    of.states[PAIR] = replace(open_pair, place="CLOSED.flat")
    ending.reason(at(0))
    of.states[PAIR] = open_pair
    ending.reason(at(1))
    of.states[PAIR] = replace(open_pair, place="CLOSED.flat")
    assert ending.reason(at(settle_s + 1)) == ""
    assert ending.reason(at(2 * settle_s + 1)) != ""


def test_what_does_not_close_is_left_after_the_lifecycles_own_patience_and_named() -> None:
    of = core(faults=FAULTS_MOST)
    ending, limits = Ending(of), of.policy.lifecycle
    patience_s = limits.drain_timeout_s * limits.drain_rounds_most
    assert ending.reason(at(0)) == ending.reason(at(patience_s - 1)) == ""
    assert ending.reason(at(patience_s)) == f"the lifecycle failed; left open: {PAIR}"


def test_after_a_kill_the_patience_is_that_of_an_emergency() -> None:
    of = core(faults=FAULTS_MOST)
    ending, limits = Ending(of), of.policy.lifecycle
    ending.reason(at(0))
    ending.note(decided(KILL, "quarantined"))
    assert ending.reason(at(limits.emergency_timeout_s - 1)) == ""
    assert "left open" in ending.reason(at(limits.emergency_timeout_s))


def test_a_lifecycle_that_stopped_with_a_pair_it_never_heard_of_counts_as_gone() -> None:
    of = core(knows=False, place="STOPPED")
    ending = Ending(of)
    assert ending.reason(at(0)) == ""
    of.states[PAIR] = replace(of.states[PAIR], place="CLOSED.flat")
    ending.reason(at(1))
    assert ending.reason(at(1 + of.policy.lifecycle.settle_s)) != ""
