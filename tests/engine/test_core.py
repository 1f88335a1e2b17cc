from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from actors import risk
from actors.actor import Step
from actors.commands import CancelAll, RaiseAlarm, SpawnPair, SubmitOrder
from actors.domain import Side, Venue
from actors.funding_scanner import FundingScanner
from actors.messages import (
    EmergencyAsked,
    EntryAsked,
    Envelope,
    FrameRefused,
    HoldOpeningsAsked,
    LimitAsked,
    LinkLost,
    LinkUp,
    RearmAsked,
    ResumeOpeningsAsked,
    TimerFired,
)
from actors.policy import CorePolicy
from actors.risk.state import Disarmed
from actors.roles import ROLES
from engine.core import BOARD, Core, digest_of
from tests.engine.recorded import MAKER, PAIR, POLICY, START_NS, TAKER, SmallRun, hedged_run, start_states
from tests.factories import sample

LINK = f"venue_link/{TAKER.value}"
SIBLING = f"venue_link/{MAKER.value}"


def failing_on(monkeypatch: pytest.MonkeyPatch, role: str, *kinds: type) -> None:
    """Let every step of a role raise on these messages."""
    real = ROLES[role].step

    def step(state: Any, envelope: Envelope, *rest: Any) -> Step[Any]:
        if isinstance(envelope.message, kinds):
            raise ZeroDivisionError(f"a defect in {envelope.to}")
        return real(state, envelope, *rest)

    monkeypatch.setattr(ROLES[role], "step", step)


def refused(venue: Venue = TAKER) -> FrameRefused:
    return FrameRefused(venue=venue, channel="bbo", detail="?")


def wish(size: str) -> EntryAsked:
    return EntryAsked(taker_side=Side.SELL, size=Decimal(size), expected_net_usd=Decimal(25), reason="test")


def test_a_decision_names_the_row_the_move_and_the_digest_of_the_state() -> None:
    run = SmallRun()
    decision = run.tell(LINK, LinkUp(venue=TAKER))[0]
    assert (decision.row, decision.source, decision.place) == ("N1", "DOWN", "UP")
    assert decision.digest == digest_of(run.core.states[LINK])


def test_a_message_for_nobody_changes_nothing_and_is_told() -> None:
    run = SmallRun()
    before = dict(run.core.states)
    decision = run.tell("pair_position/XYZ-9", wish("1"))[0]
    assert (decision.row, decision.commands, decision.digest) == ("no_such_actor", (), "")
    assert run.core.states == before


def test_a_board_fact_is_folded_and_no_actor_is_stepped() -> None:
    run = SmallRun()
    before = dict(run.core.states)
    decision = run.tell(BOARD, LinkUp(venue=TAKER))[0]
    assert decision.row == "noted"
    assert run.core.board.link_up(TAKER)
    assert run.core.states == before


def test_the_same_messages_lead_to_the_same_decisions() -> None:
    assert hedged_run().decisions == hedged_run().decisions


def test_every_digest_is_that_of_the_state_as_the_step_left_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a message left the state alone, whose digest is not made again."""
    run = SmallRun()
    made: list[object] = []

    def counted(state: object) -> str:
        made.append(state)
        return digest_of(state)

    monkeypatch.setattr("engine.core.digest_of", counted)
    hold = HoldOpeningsAsked(command_id="1", by="Ann", reason="news")
    for message in (sample(TAKER), sample(TAKER), hold, sample(TAKER)):
        decision = run.tell("risk", message)[0]
        assert decision.digest == digest_of(run.core.states["risk"])
    assert [decision.place for decision in run.decisions if decision.envelope.to == "risk"][-1] == "PAUSED"
    assert len(made) < len(run.decisions)


def test_an_order_beyond_a_limit_is_denied_and_does_not_leave() -> None:
    run = SmallRun()
    run.open_venues()
    decision = run.tell(PAIR, wish("3"))[0]
    assert not [command for command in decision.commands if isinstance(command, SubmitOrder)]
    assert [denied.rule for denied in decision.denied] == ["order_notional_most_usd"]
    state = run.core.states["risk"]
    assert isinstance(state, risk.RiskState)
    assert (state.denied, state.passed, state.in_flight) == (1, 0, {})


def test_a_screened_order_is_counted_by_risk_in_the_same_step() -> None:
    run = SmallRun()
    run.open_venues()
    decision = run.tell(PAIR, wish("0.5"))[0]
    sent = [command.order_id for command in decision.commands if isinstance(command, SubmitOrder)]
    state = run.core.states["risk"]
    assert isinstance(state, risk.RiskState)
    assert list(state.in_flight) == sent
    assert len(sent) == 1
    assert decision.digest == digest_of((run.core.states[PAIR], state))


def test_what_risk_has_measured_stands_on_the_board_for_the_next_message() -> None:
    run = hedged_run()
    state = run.core.states["risk"]
    assert isinstance(state, risk.RiskState)
    assert sorted(state.reliability) == [TAKER.value, MAKER.value]
    assert run.core.board.reliability is state.reliability


def test_what_the_scanner_has_observed_stands_on_the_board_for_the_next_message() -> None:
    """Risk reviews long holds by it."""
    run = SmallRun()
    run.open_venues()
    assert run.core.board.series == {}
    run.tell(BOARD, sample(TAKER, "60000", rate="0.00001"))
    scanner = run.core.states["funding_scanner"]
    assert isinstance(scanner, FundingScanner)
    (armed,) = scanner.timers
    run.tell("funding_scanner", TimerFired(timer=armed.timer, generation=armed.generation))
    scanner = run.core.states["funding_scanner"]
    assert isinstance(scanner, FundingScanner)
    assert list(run.core.board.series) == [f"{TAKER}:BTC"]
    assert run.core.board.series is scanner.series


def test_what_risk_lets_be_opened_stands_on_the_board_for_the_next_message() -> None:
    run = SmallRun()
    assert (run.core.board.risk_place, run.core.board.disarmed) == ("", ())
    hold = HoldOpeningsAsked(command_id="1", by="Ann", reason="news")
    run.tell("risk", hold)
    assert run.core.board.risk_place == "PAUSED"
    run.tell("risk", ResumeOpeningsAsked(command_id="2", by="Ann", reason="over"))
    assert run.core.board.risk_place == "WATCHING.holding"
    state = run.core.states["risk"]
    assert isinstance(state, risk.RiskState)
    key = f"{TAKER}:BTC"
    disarmed = {key: Disarmed(at_ns=START_NS, side=Side.SELL, executions=12, told=True)}
    run.core.states["risk"] = replace(state, disarmed=disarmed)
    run.tell("risk", hold)
    assert run.core.board.disarmed == (key,)
    run.tell("risk", RearmAsked(command_id="3", by="Ann", reason="seen", market=key))
    assert not run.core.board.disarmed


def test_a_limit_that_a_person_lowered_stands_on_the_board_until_it_is_put_back() -> None:
    run = SmallRun()
    name, profile = "total_gross_most_usd", POLICY.risk.total_gross_most_usd
    run.tell("risk", LimitAsked(command_id="1", by="Ann", reason="news", limit=name, value=Decimal(7)))
    assert run.core.board.lowered == {name: Decimal(7)}
    run.tell("risk", LimitAsked(command_id="2", by="Ann", reason="over", limit=name, value=profile))
    assert run.core.board.lowered == {}


def test_a_spawned_pair_is_known_to_the_next_message() -> None:
    core = Core(POLICY, start_states())
    spawn = SpawnPair(
        actor="pair_position/ETH-2", asset="ETH", taker_venue=TAKER, maker_venue=MAKER, first_to_close=MAKER
    )

    def step(state: Any, *_: Any) -> Step[Any]:
        return Step(state, "Z1", (spawn,))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ROLES["funding_scanner"], "step", step)
        core.step(Envelope(seq=1, at_ns=START_NS, to="funding_scanner", cause=0, message=LinkUp(venue=TAKER)))
    assert core.states["pair_position/ETH-2"].place == "IDLE.ready"


def test_a_step_that_raises_leaves_the_last_good_state(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SmallRun()
    run.tell(LINK, LinkUp(venue=TAKER))
    good = run.core.states[LINK]
    failing_on(monkeypatch, "venue_link", FrameRefused)
    decision = run.tell(LINK, refused())[0]
    assert (decision.row, decision.place, decision.commands) == ("fault", "UP", ())
    assert decision.fault == f"ZeroDivisionError: a defect in {LINK}"
    assert run.core.states[LINK] is good
    assert run.tell(LINK, LinkLost(venue=TAKER, reason="cut"))[0].row == "N2"


def test_an_actor_beyond_its_faults_is_quarantined_and_its_siblings_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SmallRun()
    failing_on(monkeypatch, "venue_link", FrameRefused)
    rows = [run.tell(LINK, refused())[0].row for _ in range(CorePolicy().faults_most + 1)]
    assert rows == ["fault", "fault", "quarantined"]
    good = run.core.states[LINK]
    assert run.tell(LINK, LinkUp(venue=TAKER))[0].row == "quarantined"
    assert run.core.states[LINK] is good
    assert run.tell(SIBLING, LinkUp(venue=MAKER))[0].row == "N1"
    assert run.core.faults == {LINK: CorePolicy().faults_most}


def failing_screen(*_: Any) -> Any:
    raise ArithmeticError("a defect in the screen")


def test_a_screen_that_raises_denies_what_opens_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SmallRun()
    run.open_venues()
    before = run.core.states["risk"]
    monkeypatch.setattr(risk, "screen", failing_screen)
    decision = run.tell(PAIR, wish("0.5"))[0]
    assert not [command for command in decision.commands if isinstance(command, SubmitOrder)]
    assert [(denied.rule, denied.measured) for denied in decision.denied] == [
        ("screen_failed", "ArithmeticError: a defect in the screen")
    ]
    assert [command.code for command in decision.commands if isinstance(command, RaiseAlarm)] == ["screen_failed"]
    assert (decision.fault, run.core.states["risk"]) == ("", before)


def test_a_screen_that_raises_keeps_nobody_from_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = hedged_run()
    monkeypatch.setattr(risk, "screen", failing_screen)
    monkeypatch.setattr(risk, "canceled", failing_screen)
    decision = run.tell(PAIR, EmergencyAsked(reason="test"))[0]
    cancels = [command for command in decision.commands if isinstance(command, CancelAll)]
    assert cancels
    sent = [command for command in decision.commands if isinstance(command, SubmitOrder)]
    assert len(sent) == 2
    assert all(command.reduce_only for command in sent)
    alarms = [command.code for command in decision.commands if isinstance(command, RaiseAlarm)]
    assert alarms.count("screen_failed") == len(sent) + len(cancels)
    assert (decision.fault, decision.denied) == ("", ())


def test_how_often_an_actor_may_fail_is_the_recorded_policy_s(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SmallRun()
    run.core.policy = replace(run.core.policy, core=CorePolicy(faults_most=3))
    failing_on(monkeypatch, "venue_link", FrameRefused)
    assert [run.tell(LINK, refused())[0].row for _ in range(4)] == ["fault", "fault", "fault", "quarantined"]
