"""X7, when the rest does not work: a kill reaches every pair though other actors fail, as journaled messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.actor import Step
from actors.domain import NS_PER_S
from actors.messages import (
    ActorFaulted,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    Envelope,
    FrameRefused,
    KillSwitchPulled,
    PairSpawned,
)
from actors.roles import ROLES
from engine.fuzzing.lives import Cue
from engine.fuzzing.oracle import check_replay
from engine.journal import verify
from engine.runtime import Stage
from engine.stand_in import LIFECYCLE
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, POLICY, Run, Scenario, perform, say
from tests.scenarios.market import START_NS
from tests.scenarios.test_machine import FullDisk, commit_into, on_a_bad_disk

KILL = KillSwitchPulled(by="operator", reason="SIGINT received again")
DEFECT_S, KILL_S = 30.0, 50.0
"""The pair is hedged by then, and long before its own end."""
VENUES = (HYPERLIQUID, PACIFICA)


def killed_at(at_s: float) -> Cue:
    return Cue(at_s=at_s, do=say(KILL, LIFECYCLE))


def failing(monkeypatch: pytest.MonkeyPatch, role: str, fails: Callable[[Envelope], bool]) -> None:
    """Let the steps of a role raise on these envelopes; the same ones when the run is replayed."""
    real = ROLES[role].step

    def step(state: Any, envelope: Envelope, *rest: Any) -> Step[Any]:
        if fails(envelope):
            raise ZeroDivisionError("a defect")
        return real(state, envelope, *rest)

    monkeypatch.setattr(ROLES[role], "step", step)


def later(envelope: Envelope) -> bool:
    """From `DEFECT_S` on nothing works."""
    return envelope.at_ns >= START_NS + DEFECT_S * NS_PER_S


def on(*kinds: type) -> Callable[[Envelope], bool]:
    return lambda envelope: isinstance(envelope.message, kinds)


def check_flat(run: Run) -> None:
    """Everything is closed, the journal stands and replays."""
    assert [run.position(venue) for venue in VENUES] == [0, 0]
    assert [pair.place for pair in run.pairs if pair.orders_sent and pair.place != "CLOSED.flat"] == []
    assert verify(run.directory).ended is not None
    check_replay(run)


def check_killed(run: Run) -> None:
    """Every open pair heard of the kill at its moment, and none opened anything afterwards."""
    check_flat(run)
    heard = [r for r in run.pair_records if isinstance(r.message, EmergencyAsked)]
    assert heard
    assert heard[0].at_ns - START_NS == pytest.approx(KILL_S * NS_PER_S, abs=NS_PER_S)
    assert heard[0].cause, "journaled with the record it came of"
    opened = [order for venue in VENUES for order in run.venue_orders(venue) if not order.reduce_only]
    assert opened
    assert all(order.placed_at_ns < heard[0].at_ns for order in opened)


@pytest.mark.parametrize("role", ["engine_lifecycle", "risk", "funding_scanner", "reconciler"])
def test_a_kill_reaches_the_pairs_although_every_step_of_another_role_fails(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, role, later)
    run = perform(Scenario(cues=(killed_at(KILL_S),)), tmp_path / "run")
    check_killed(run)
    assert [r for r in run.records if r.row == "fault"], "it did fail"


@pytest.mark.parametrize("role", ["engine_lifecycle", "risk", "funding_scanner"])
def test_a_kill_reaches_the_pairs_although_a_step_fails_at_the_kill_itself(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, role, on(KillSwitchPulled, ActorFaulted))
    check_killed(perform(Scenario(cues=(killed_at(KILL_S),)), tmp_path / "run"))


def test_a_kill_reaches_the_pairs_although_everybody_else_fails_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("engine_lifecycle", "risk", "funding_scanner", "venue_link", "reconciler"):
        failing(monkeypatch, role, on(KillSwitchPulled, ActorFaulted))
        failing(monkeypatch, role, lambda e: e.at_ns >= START_NS + KILL_S * NS_PER_S)
    check_killed(perform(Scenario(cues=(killed_at(KILL_S),)), tmp_path / "run"))


def test_a_pair_that_fails_at_the_kill_goes_home_by_its_emergency_path_and_its_sibling_by_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked twice at once, by lifecycle and risk: both faults at the same question would quarantine it."""
    failing(monkeypatch, "pair_position", lambda e: e.to.endswith("-1") and isinstance(e.message, EmergencyAsked))
    scanner = replace(POLICY.scanner, assets=("ETH", "BTC"), pairs_most=2)
    run = perform(Scenario(policy=replace(POLICY, scanner=scanner), cues=(killed_at(KILL_S),)), tmp_path / "run")
    faults = [record.to for record in run.records if isinstance(record.message, ActorFaulted)]
    assert len(faults) == 1
    assert faults[0].endswith("-1")
    assert [run.position(venue, asset) for venue in VENUES for asset in ("ETH", "BTC")] == [0] * 4
    assert len(run.orders("emergency")) == 4
    check_replay(run)


def test_a_lifecycle_that_fails_for_good_closes_every_pair_and_ends_the_run_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "engine_lifecycle", later)
    run = perform(Scenario(), tmp_path / "run")
    check_flat(run)
    assert "actor_quarantined" in run.alarm_codes()
    assert run.engine.reason == "the lifecycle failed; every pair is closed"
    assert not run.orders("emergency"), "in order, not in an emergency"


def test_a_drain_reaches_the_pairs_although_the_lifecycle_is_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "engine_lifecycle", later)
    drain = Cue(at_s=KILL_S, do=say(DrainAsked(reason="SIGINT received"), LIFECYCLE))
    run = perform(Scenario(cues=(drain,)), tmp_path / "run")
    check_flat(run)
    asked = [r for r in run.pair_records if isinstance(r.message, CloseAsked)]
    assert asked


def test_a_lifecycle_that_never_heard_of_a_pair_does_not_end_the_run_with_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its step fails when the pair is spawned; by its books nothing is open, and its fault ends the run."""
    failing(monkeypatch, "engine_lifecycle", on(PairSpawned))
    run = perform(Scenario(), tmp_path / "run")
    check_flat(run)
    stopped = [r for r in run.records if r.to == LIFECYCLE and r.place == "STOPPED" != r.source]
    assert stopped
    assert run.orders(), "the pair traded, and was closed"


def test_a_broken_journal_pulls_the_kill_switch_although_the_lifecycle_is_quarantined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "engine_lifecycle", on(KillSwitchPulled, ActorFaulted))
    full = FullDisk(commit_into("HEDGED.earning") + 2).disk()
    run, result = on_a_bad_disk(Scenario(), tmp_path / "run", full)
    assert result.journal_broken
    assert [run.position(venue) for venue in VENUES] == [0, 0]
    assert run.engine.core.quarantined(LIFECYCLE)


def test_a_kill_overtakes_everything_that_waits_in_the_mailbox(tmp_path: Path) -> None:
    """So many that they are thirty batches: the kill is in the first of them."""
    waiting = FrameRefused(venue=PACIFICA, channel="flood", detail="?")

    def flood(stage: Stage) -> None:
        for _ in range(8000):
            stage.mailbox.put(waiting, "venue_link/pacifica")
        stage.mailbox.put_operator(KILL, LIFECYCLE)

    run = perform(Scenario(cues=(Cue(at_s=KILL_S, do=flood),)), tmp_path / "run")
    check_killed(run)
    first_flood = next(r.seq for r in run.records if r.message == waiting)
    told = [r.seq for r in run.pair_records if isinstance(r.message, EmergencyAsked)]
    assert max(told) < first_flood
