"""Misfortunes of the machine: C2 to C4, C6 and C7, through the whole engine; C1 has modules of its own."""

from __future__ import annotations

import errno
import tempfile
from contextlib import AbstractAsyncContextManager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from actors.actor import Step
from actors.commands import QueryPosition, SubmitOrder
from actors.domain import NS_PER_S, Venue
from actors.messages import (
    ActorFaulted,
    CloseAsked,
    Envelope,
    KillSwitchPulled,
    LinkLost,
    Message,
    OrderRejected,
)
from actors.roles import ROLES
from engine.config import JournalSection
from engine.doors import PaperDoors
from engine.fuzzing import truth
from engine.fuzzing.lives import Cue
from engine.fuzzing.oracle import check_invariants, check_replay
from engine.fuzzing.steps import watched
from engine.journal import DISK, Disk, JournalWriter
from engine.journal.record import JOURNAL_NAME
from engine.journal.spare import mend
from engine.recovery import Recovery, RecoveryRefused
from engine.replay import replay
from engine.runtime import Engine, RunResult, Stage
from engine.simulators.faults import FaultPlan, Reject
from tests.engine.recorded import header, hedged_run
from tests.scenarios.crashes import moments, survive
from tests.scenarios.faulty import ORDERS_OF, rule, stream_lost
from tests.scenarios.harness import (
    ASSET,
    HYPERLIQUID,
    PACIFICA,
    POLICY,
    Run,
    Scenario,
    config_of,
    market_of,
    perform,
    play,
    say,
)
from tests.scenarios.test_kill import PATIENCE_S, Desk

ENTERING, NAKED, HEDGED, CLOSING = "IDLE.taker_in_flight", "TAKER_FILLED.maker_in_flight", "HEDGED.earning", "CLOSING"
"""Places to which the pair of the plain scenario comes, in this order."""


@cache
def commit_into(place: str) -> int:
    """The commit of the plain scenario that makes the pair's arrival there durable; the header's is the first."""
    with tempfile.TemporaryDirectory() as scratch:
        found = moments(Scenario(), Path(scratch) / "whole")
    return next(commit for commit, words in found.items() if words.startswith(place))


class FullDisk:
    """Takes so many commits and nothing more, or no sync any more."""

    def __init__(self, commits: int, *, at_sync: bool = False) -> None:
        self._left, self._at_sync = commits, at_sync

    def disk(self) -> Disk:
        """What an engine writes to."""
        return Disk(write=self._write, sync=self._sync)

    def _write(self, descriptor: int, data: bytes | memoryview) -> int:
        self._left -= 1
        if self._left < 0 and not self._at_sync:
            raise OSError(errno.ENOSPC, "No space left on device")
        return DISK.write(descriptor, data)

    def _sync(self, _: int) -> None:
        if self._left < 0:
            raise OSError(errno.EIO, "Input/output error")


def on_a_bad_disk(scenario: Scenario, directory: Path, disk: Disk, spare_disk: Disk = DISK) -> tuple[Run, RunResult]:
    """The scenario, played once; journals are synced, as a live run's are."""
    directory.mkdir()
    journal = JournalSection(fsync=True, spare_directory=str(directory.parent / "spare"))
    plain = config_of(scenario)
    run = replace(plain.run, state_directory=str(directory.parent / "state"))
    config = replace(plain, journal=journal, run=run)
    doors = PaperDoors(config, market_of(scenario), scenario.start_ns, FaultPlan())
    engine = Engine(config, doors, directory, disk=disk, spare_disk=spare_disk)
    engine.run()
    return Run(scenario, directory, engine), engine.finish()


@pytest.mark.parametrize("at_sync", [False, True], ids=["full", "a sync fails"])
@pytest.mark.parametrize("place", [ENTERING, NAKED, HEDGED, CLOSING])
def test_c4_a_disk_that_fails_ends_all_openings_and_everything_is_closed(
    place: str, at_sync: bool, tmp_path: Path
) -> None:
    disk = FullDisk(commit_into(place) - 1, at_sync=at_sync).disk()
    run, result = on_a_bad_disk(Scenario(), tmp_path / "run", disk)
    assert result.journal_broken
    assert not result.ended_well
    assert [run.position(venue) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]
    assert "journal_broken" in run.alarm_codes()
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") is not None
    assert replay(tmp_path / "run").identical
    check_invariants(run)
    kills = [(record.at_ns, record.message) for record in run.records if isinstance(record.message, KillSwitchPulled)]
    killed_ns, kill = kills[0]
    assert kill.by == "journal"
    opened = [order for venue in (HYPERLIQUID, PACIFICA) for order in run.venue_orders(venue) if not order.reduce_only]
    assert all(order.placed_at_ns <= killed_ns for order in opened)


def test_c4_an_opening_order_whose_record_failed_never_leaves_and_its_pair_hears_so(tmp_path: Path) -> None:
    run, _ = on_a_bad_disk(Scenario(), tmp_path / "run", FullDisk(commit_into(ENTERING) - 1).disk())
    mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    (order,) = run.orders("taker")
    refused = [r.message for r in run.pair_records if isinstance(r.message, OrderRejected)]
    assert [message.order_id for message in refused] == [order.order_id]
    assert "never sent" in refused[0].detail
    assert run.venue_orders(HYPERLIQUID) == ()


def test_c4_when_the_spare_fails_too_everything_is_closed_all_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, result = on_a_bad_disk(Scenario(), tmp_path / "run", FullDisk(commit_into(HEDGED)).disk(), FullDisk(1).disk())
    assert result.journal_broken
    assert [run.position(venue) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]
    assert '"kind":"step"' in capfd.readouterr().err


@pytest.mark.parametrize("spare_disk", [DISK, FullDisk(1).disk()], ids=["the spare is gone", "the spare failed too"])
def test_c4_a_run_whose_last_records_are_gone_is_not_gone_on_with(spare_disk: Disk, tmp_path: Path) -> None:
    """The kill is among them, and ids of orders that were sent: openings would go on, and use them again."""
    on_a_bad_disk(Scenario(), tmp_path / "run", FullDisk(commit_into(HEDGED)).disk(), spare_disk)
    for spare in (tmp_path / "spare").glob("*.jsonl"):
        spare.unlink()
    with pytest.raises(RecoveryRefused, match=r"records after \d+ are lost") as refused:
        Recovery(tmp_path / "run", tmp_path / "spare", tmp_path / "state", Path("mine.toml"))
    for command in ("positions", "flatten"):
        assert f"`perp2perp {command} --config mine.toml" in str(refused.value)


def test_c2_a_torn_last_record_is_cut_wherever_it_is_torn(tmp_path: Path) -> None:
    """Every length of the last record: it counts when it is whole; a torn one was never performed, and is gone."""
    decisions = hedged_run(4).decisions
    writer = JournalWriter(tmp_path / "run", header(), fsync=False, head_every_s=1e9)
    for decision in decisions:
        writer.append(decision)
    writer.commit()
    writer.abandon()
    path = tmp_path / "run" / JOURNAL_NAME
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for missing in range(1, len(last) + 1):
        path.write_bytes(whole[:-missing])
        recovery = Recovery(tmp_path / "run", tmp_path, tmp_path)
        assert recovery.last_seq == len(decisions) - 1
        assert recovery.torn_bytes == len(last) - missing
        assert path.read_bytes() == whole[: -len(last)]


def test_c3_a_flipped_bit_is_refused_by_line_and_what_was_held_before_it_is_told(tmp_path: Path) -> None:
    survive(Scenario(), tmp_path / "run")
    path = tmp_path / "run" / JOURNAL_NAME
    good = path.read_bytes()
    told = 0
    for place in range(100, len(good) - 1, len(good) // 40):
        bad = bytearray(good)
        bad[place] ^= 4
        path.write_bytes(bytes(bad))
        with pytest.raises(RecoveryRefused, match=r"line \d+") as refused:
            Recovery(tmp_path / "run", tmp_path, tmp_path, Path("my profile.toml"))
        text = str(refused.value)
        assert "`perp2perp positions --config 'my profile.toml'` shows" in text
        assert f"`perp2perp flatten --config 'my profile.toml' --run {tmp_path / 'run'}` closes" in text
        if "HEDGED.earning" in text:
            assert [line.split() for line in text.splitlines()[-3:-1]] == [
                ["ETH-1", "HEDGED.earning", "hyperliquid", "-2.994", "ETH"],
                ["ETH-1", "HEDGED.earning", "pacifica", "2.994", "ETH"],
            ]
            told += 1
    assert told


def test_c7_a_second_engine_on_the_accounts_refuses_to_start_and_names_the_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.served():
        with desk.engine() as first:
            try:
                desk.wait_for(first, desk.journal(), 0, '"LinkUp"')
                with desk.engine("--new") as second:
                    out, err = second.communicate(timeout=PATIENCE_S)
                run = desk.journal().parent  # the only one: nothing was begun
            finally:
                first.kill()
        assert (second.returncode, out) == (2, "")
        for word in ("the account", "in use", f"process {first.pid}", str(run), "stop that one first"):
            assert word in err
        with desk.engine() as later:  # a process that was killed holds nothing
            try:
                desk.wait_for(later, desk.journal(), desk.journal().stat().st_size, '"EngineResumed"')
            finally:
                later.kill()


# --- a venue whose task fails, an actor whose step fails ---------------------------------------------------


def broken_from(venue: Venue, for_s: float) -> tuple[Cue, Cue]:
    """Every new stream of a venue fails as only a defect makes it fail, from 30 s on, for so long."""
    whole: list[Any] = []

    def broken(path: str) -> AbstractAsyncContextManager[Any]:
        raise ZeroDivisionError(f"a defect behind {path}")

    def breaks(stage: Stage) -> None:
        whole.append(stage.simulated[venue].stream)
        stage.simulated[venue].stream = broken  # type: ignore[method-assign, assignment]

    def mends(stage: Stage) -> None:
        stage.simulated[venue].stream = whole.pop()  # type: ignore[method-assign]

    return Cue(at_s=30.0, do=breaks), Cue(at_s=30.0 + for_s, do=mends)


def hold_but_for_our_fault(run: Run) -> None:
    """All that must hold of any run, but that no part of the engine fails."""
    check_replay(run)
    watch = watched(run.moments, run.terms.policy)
    truth.check_orders_are_ours(run, watch.ended)
    truth.check_reductions_reduce(run)
    truth.check_settled_in_time(run)
    truth.check_books_are_the_venues_truth(run)


def test_a_venue_whose_task_raises_again_and_again_is_begun_again_and_takes_nobody_down(tmp_path: Path) -> None:
    cut = stream_lost("pacifica", 40.0, 0.0)
    run = perform(Scenario(cues=broken_from(PACIFICA, 40.0), faults=cut, calm_s=100.0), tmp_path / "run")
    hold_but_for_our_fault(run)
    failed = [r for r in run.records if isinstance(r.message, LinkLost) and "ZeroDivisionError" in r.message.reason]
    tries_ns = [record.at_ns for record in failed if record.to == "venue_link/pacifica"]
    assert len(tries_ns) >= 3
    pauses = [later - sooner for sooner, later in pairwise(tries_ns)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 2 * pauses[0]
    assert all(alarm.resolved_ns for alarm in run.alarms if alarm.code == "venue_failed"), "it came up again"
    assert not [r for r in run.records if isinstance(r.message, LinkLost) and r.message.venue is HYPERLIQUID]
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]
    assert run.pair.place == "CLOSED.flat"


def test_a_venue_that_fails_beyond_its_budget_is_tried_seldom_and_the_engine_ends_its_run_and_says_what_is_left(
    tmp_path: Path,
) -> None:
    cut = stream_lost("pacifica", 40.0, 0.0)
    policy = replace(POLICY, lifecycle=replace(POLICY.lifecycle, duration_s=400.0, drain_rounds_most=3))
    breaks, _ = broken_from(PACIFICA, 0.0)
    run = perform(Scenario(cues=(breaks,), faults=cut, policy=policy, left_open=("left_open",)), tmp_path / "run")
    hold_but_for_our_fault(run)
    limits = run.engine.config.venue_restarts
    failed = [r for r in run.records if isinstance(r.message, LinkLost) and "ZeroDivisionError" in r.message.reason]
    tries_ns = [record.at_ns for record in failed if record.to == "venue_link/pacifica"]
    seldom = [later - sooner for sooner, later in pairwise(tries_ns[limits.failures_most :])]
    assert seldom
    assert all(pause >= limits.pause_spent_s * NS_PER_S for pause in seldom)
    (down,) = [alarm for alarm in run.alarms if alarm.code == "venue_down"]
    assert down.text.startswith("pacifica: failed more than")
    assert "tried again every 300 s" in down.text
    assert not down.resolved_ns
    assert run.position(HYPERLIQUID) == -run.position(PACIFICA) != 0, "hedged: no leg is closed alone"
    result = msgspec.json.decode((run.directory / "report.json").read_bytes())
    assert [(left["venue"], left["side"]) for left in result["left_open"]] == [
        ("hyperliquid", "short"),
        ("pacifica", "long"),
    ]
    later = [r for r in run.records if r.at_ns > down.at_ns and r.to == "venue_link/hyperliquid"]
    assert not [record for record in later if isinstance(record.message, LinkLost)]


def test_a_venue_that_comes_back_after_its_budget_was_spent_is_found_by_the_seldom_tries(tmp_path: Path) -> None:
    cut = stream_lost("pacifica", 40.0, 0.0)
    policy = replace(POLICY, lifecycle=replace(POLICY.lifecycle, duration_s=700.0))
    run = perform(
        Scenario(cues=broken_from(PACIFICA, 250.0), faults=cut, policy=policy, calm_s=600.0), tmp_path / "run"
    )
    hold_but_for_our_fault(run)
    (down,) = [alarm for alarm in run.alarms if alarm.code == "venue_down"]
    assert down.resolved_ns > down.at_ns
    assert [order.purpose for order in run.orders()][:2] == ["taker", "maker"]
    assert run.pair.place == "CLOSED.flat"


def failing(monkeypatch: pytest.MonkeyPatch, *kinds: type[Message]) -> None:
    """The pair's step fails at its first message of each kind, and at the same ones when the run is replayed."""
    real = ROLES["pair_position"].step
    failed: dict[type[Message], int] = {}

    def step(state: Any, envelope: Envelope, *rest: Any) -> Step[Any]:
        kind = type(envelope.message)
        if kind in kinds and failed.setdefault(kind, envelope.seq) == envelope.seq:
            raise ZeroDivisionError("a defect of the pair")
        return real(state, envelope, *rest)

    monkeypatch.setattr(ROLES["pair_position"], "step", step)


def test_a_pair_whose_step_fails_keeps_its_books_and_goes_home_by_its_emergency_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never blank: what is closed, and asked for at the venues afterwards, is what its last good state held."""
    failing(monkeypatch, CloseAsked)
    wish = Cue(at_s=50.0, do=say(CloseAsked(reason="a test"), f"pair_position/{ASSET}-1"))
    run = perform(Scenario(cues=(wish,)), tmp_path / "run")
    (fault,) = [at for at, record in enumerate(run.pair_records) if record.row == "fault"]
    before, after = run.pair_records[fault - 1], run.pair_records[fault + 1]
    assert before.place == "HEDGED.earning"
    assert isinstance(after.message, ActorFaulted)
    assert (after.source, after.place) == ("HEDGED.earning", "EMERGENCY.closing")
    assert {order.size for order in run.orders("emergency")} == {order.size for order in run.orders("taker")}
    assert run.pairs[0].place == "CLOSED.flat"
    assert any(isinstance(c, QueryPosition) for r in run.pair_records[fault:] for c in r.commands)
    assert "actor_fault" in run.alarm_codes()
    assert replay(run.directory).identical


def test_a_pair_that_fails_twice_is_quarantined_and_its_legs_are_named_with_the_command_that_closes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, CloseAsked, ActorFaulted)
    wish = Cue(at_s=50.0, do=say(CloseAsked(reason="a test"), f"pair_position/{ASSET}-1"))
    run = perform(Scenario(cues=(wish,)), tmp_path / "run")
    (alarm,) = [alarm for alarm in run.alarms if alarm.code == "actor_quarantined"]
    assert "by its books it holds -2.994 ETH on hyperliquid, 2.994 ETH on pacifica" in alarm.text
    assert "perp2perp flatten --config PROFILE --pair hyperliquid:ETH --pair pacifica:ETH" in alarm.text
    result = msgspec.json.decode((run.directory / "report.json").read_bytes())
    assert [(left["venue"], left["size"]) for left in result["left_open"]] == [
        ("hyperliquid", "2.994"),
        ("pacifica", "2.994"),
    ]


# --- C6 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", list(ORDERS_OF), ids=lambda venue: venue.value)
@pytest.mark.parametrize("as_taker", [True, False], ids=["taker", "maker"])
def test_c6_a_nonce_the_venue_refuses_costs_an_order_and_nothing_is_sent_twice(
    as_taker: bool, venue: Venue, tmp_path: Path
) -> None:
    other = HYPERLIQUID if venue is not HYPERLIQUID else PACIFICA
    venues = (venue, other) if as_taker else (other, venue)
    refused = rule(Reject(reason="nonce"), ORDERS_OF[venue], nth=(1,))
    run = play(Scenario(venues=venues, faults=(refused,), calm_s=60.0), tmp_path)
    hurt = run.orders("taker" if as_taker else "maker")[0]
    told = [
        r.message for r in run.records if isinstance(r.message, OrderRejected) and r.message.order_id == hurt.order_id
    ]
    assert told
    assert [run.position(each) for each in venues] == [0, 0]
    assert all(pair.place in ("CLOSED.flat", "IDLE.backoff") for pair in run.pairs)


def test_c6_orders_of_one_moment_have_nonces_of_their_own(tmp_path: Path) -> None:
    """Two pairs on the same two venues are killed at the same instant: four closing orders and four cancels."""
    scanner = msgspec.structs.replace(POLICY.scanner, assets=("ETH", "BTC"), pairs_most=2)
    kill = Cue(at_s=40.0, do=say(KillSwitchPulled(by="operator", reason="enough"), "engine_lifecycle"))
    scenario = Scenario(policy=msgspec.structs.replace(POLICY, scanner=scanner), cues=(kill,), calm_s=40.0)
    run = play(scenario, tmp_path)
    assert len(run.orders("emergency")) == 4
    assert (
        len(
            dict.fromkeys(
                r.at_ns
                for r in run.records
                for c in r.commands
                if isinstance(c, SubmitOrder) and c.purpose == "emergency"
            )
        )
        == 1
    )
    refusals = [r.message for r in run.records if isinstance(r.message, OrderRejected)]
    assert refusals == []
    assert [run.position(venue, asset) for venue in (HYPERLIQUID, PACIFICA) for asset in ("ETH", "BTC")] == [0] * 4
