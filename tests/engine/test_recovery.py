from __future__ import annotations

import os
import shutil
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.board import reconciler_of
from actors.commands import SetTimer, SubmitOrder, Tell
from actors.domain import NS_PER_S, Venue
from actors.messages import EngineResumed, Envelope, FundingPaid, LinkLost, LinkUp, MarketDoubted, MarketReconciled
from actors.roles import ROLES
from engine import config as configuration
from engine.config import digest
from engine.config.kept import keep
from engine.core import BOARD, Decision
from engine.journal import JournalWriter, new_header
from engine.journal.errors import JournalLocked
from engine.journal.files import lock_directory
from engine.journal.marker import Marker, marker_path, set_mark
from engine.journal.reader import JournalReader
from engine.journal.record import JOURNAL_NAME
from engine.recovery import Recovery, RecoveryRefused, run_to_resume
from engine.sequencer import Waiting
from tests.engine.recorded import MAKER, PAIR, POLICY, TAKER, SmallRun, header, hedged_run, start_states


def entering() -> SmallRun:
    """Both venues told of; the taker order was just decided."""
    run = SmallRun()
    run.open_venues()
    run.ask_entry()
    return run


def cut_off(directory: Path, decisions: list[Decision]) -> Path:
    """A run directory whose journal ends after these decisions, without an end record."""
    writer = JournalWriter(directory, header(), fsync=False)
    for decision in decisions:
        writer.append(decision)
    writer.commit()
    writer.abandon()
    return directory


def unwrapped(recovery: Recovery) -> list[Waiting]:
    """What is told first, whatever runs to completion together."""
    return [each for group in recovery.news() for each in group]


def test_the_states_are_those_after_the_last_record(tmp_path: Path) -> None:
    run = entering()
    recovery = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path)
    assert recovery.core.states == run.core.states
    assert recovery.core.board == run.core.board
    assert recovery.last_seq == len(run.decisions)
    assert (recovery.first_ns, recovery.last_ns) == (run.decisions[0].envelope.at_ns, run.at_ns)


def test_an_order_that_was_decided_may_have_been_sent_and_is_recalled_as_not_over(tmp_path: Path) -> None:
    run = entering()
    recovery = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path)
    (recalled,) = recovery.orders(TAKER)
    (sent,) = [c for d in run.decisions for c in d.commands if isinstance(c, SubmitOrder)]
    assert (recalled.order, recalled.over, recalled.decided_ns) == (sent, False, run.at_ns)
    assert recovery.orders(MAKER) == ()


def test_an_order_that_was_over_is_recalled_with_what_it_filled(tmp_path: Path) -> None:
    run = entering()
    order_id = next(c.order_id for d in run.decisions for c in d.commands if isinstance(c, SubmitOrder))
    run.fill(order_id)
    (recalled,) = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path).orders(TAKER)
    assert recalled.over
    assert recalled.filled == recalled.order.size


def test_an_order_is_recalled_with_the_payments_that_its_pair_has_booked(tmp_path: Path) -> None:
    run = hedged_run()
    paid = FundingPaid(
        venue=TAKER,
        asset="BTC",
        payment_id="p",
        amount_usd=Decimal(1),
        rate_per_hour=Decimal(0),
        size=Decimal(1),
        venue_at_ns=run.at_ns,
    )
    run.tell(PAIR, paid)
    recovery = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path)
    assert [recalled.payments for recalled in recovery.orders(TAKER)] == [("p",)]
    assert [recalled.payments for recalled in recovery.orders(MAKER)] == [()]


def test_only_timers_that_run_are_set_again_with_the_time_they_had(tmp_path: Path) -> None:
    run = entering()
    recovery = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path)
    timers = dict(recovery.timers())
    assert timers[PAIR].timer == "order_timeout"
    asked = [c for d in run.decisions if d.envelope.to == PAIR for c in d.commands if isinstance(c, SetTimer)]
    assert timers[PAIR] == asked[-1]
    running = [armed for state in run.core.states.values() for armed in state.timers]
    assert len(recovery.timers()) == len(running)


def test_everybody_hears_first_that_no_link_is_up_and_then_that_the_engine_was_away(tmp_path: Path) -> None:
    run = entering()
    recovery = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path)
    news = unwrapped(recovery)
    heard = [(each.to, type(each.message)) for each in news]
    lost = [(to, LinkLost) for venue in (TAKER, MAKER) for to in (BOARD, f"venue_link/{venue.value}")]
    watchers = [reconciler_of(venue, asset) for venue in (TAKER, MAKER) for asset in POLICY.scanner.assets]
    away = [(to, EngineResumed) for to in ("funding_scanner", PAIR, *watchers, "engine_lifecycle")]
    assert [each for each in heard if each in lost] == lost
    assert heard[-len(away) :] == away
    assert news[-1].message == EngineResumed(silent_since_ns=run.at_ns)


def test_what_was_told_and_whose_record_was_cut_off_is_delivered_once(tmp_path: Path) -> None:
    """The pair tells scanner and lifecycle that it is hedged; the records of their hearing it were cut off."""
    run = hedged_run(0)
    teller = next(
        d for d in run.decisions if any(isinstance(c, Tell) and c.to == "funding_scanner" for c in d.commands)
    )
    seq = teller.envelope.seq
    letters = [Waiting(c.to, seq, c.message) for c in teller.commands if isinstance(c, Tell)]
    assert len(letters) == 2
    left = [
        [
            each
            for each in unwrapped(
                Recovery(cut_off(tmp_path / str(heard), run.decisions[: seq + heard]), tmp_path, tmp_path)
            )
            if each.cause == seq
        ]
        for heard in range(3)
    ]
    assert left == [letters, letters[1:], []]


def test_that_a_watcher_was_quarantined_is_told_to_the_board_once_also_when_that_record_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue was empty when last asked; on that word nothing is opened after the restart."""

    def fails(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(ROLES["reconciler"], "step", fails)
    run = entering()
    run.tell(BOARD, MarketReconciled(venue=TAKER, asset="BTC"))
    faults = [run.tell(reconciler_of(TAKER, "BTC"), LinkUp(venue=TAKER))[0] for _ in range(POLICY.core.faults_most)]
    seq, doubted = faults[-1].envelope.seq, MarketDoubted(venue=TAKER, asset="BTC")
    heard = Envelope(seq=seq + 1, at_ns=run.at_ns, to=BOARD, cause=seq, message=doubted)
    left = [
        [
            each
            for each in unwrapped(Recovery(cut_off(tmp_path / name, decisions), tmp_path, tmp_path))
            if each.cause == seq
        ]
        for name, decisions in (("cut", [*run.decisions]), ("whole", [*run.decisions, run.core.step(heard)]))
    ]
    assert left == [[Waiting(BOARD, seq, doubted)], []]
    assert Recovery(tmp_path / "whole", tmp_path, tmp_path).core.board.verdict(TAKER, "BTC") is None


def test_a_torn_last_record_is_cut_and_said(tmp_path: Path) -> None:
    run = entering()
    directory = cut_off(tmp_path / "run", run.decisions)
    with (directory / JOURNAL_NAME).open("ab") as file:
        file.write(b'{"kind":"step","seq":')
    recovery = Recovery(directory, tmp_path, tmp_path)
    assert recovery.torn_bytes == 21
    assert "21 bytes of a torn last record" in recovery.words()[0]
    assert Recovery(directory, tmp_path, tmp_path).torn_bytes == 0


def test_a_journal_that_this_code_decides_otherwise_is_refused_with_the_record_and_a_remedy(tmp_path: Path) -> None:
    run = entering()
    other = msgspec.structs.replace(run.decisions[-1], row="E2")
    with pytest.raises(RecoveryRefused, match=rf"record {len(run.decisions)} .*flatten"):
        Recovery(cut_off(tmp_path / "run", [*run.decisions[:-1], other]), tmp_path, tmp_path)


def test_a_run_that_ended_is_not_gone_on_with(tmp_path: Path) -> None:
    directory = cut_off(tmp_path / "run", entering().decisions)
    writer = JournalWriter.resume(directory, fsync=False)
    writer.close("over")
    with pytest.raises(RecoveryRefused, match="has ended"):
        Recovery(directory, tmp_path, tmp_path)


def test_people_are_told_where_it_was_cut_off_and_what_it_held(tmp_path: Path) -> None:
    run = entering()
    order_id = next(c.order_id for d in run.decisions for c in d.commands if isinstance(c, SubmitOrder))
    run.fill(order_id)
    first, pair = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path).words()
    assert f"cut off after record {len(run.decisions)}, 2023-11-14 22:13:2" in first
    assert pair == f"  {PAIR} in TAKER_FILLED.maker_in_flight: -0.500 BTC on hyperliquid, 0 BTC on pacifica"


# --- which run ---------------------------------------------------------------------------------------------


def profile(**policy: object) -> configuration.Config:
    loaded = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
    return msgspec.structs.replace(loaded, policy=msgspec.structs.replace(POLICY, **policy))


def begun(runs: Path, name: str, config: configuration.Config, *, ended: bool = False) -> Path:
    directory = runs / name
    told = new_header(config.policy, start_states(), seed=7, mode="sandbox", config_digest=digest(config))
    writer = JournalWriter(directory, told, fsync=False)
    writer.close("over") if ended else writer.abandon()
    return directory


def test_the_latest_run_that_was_cut_off_is_gone_on_with_by_itself(tmp_path: Path) -> None:
    own = profile(order_namespace="sandbox|17")
    begun(tmp_path, "1", own, ended=True)
    last = begun(tmp_path, "2", own)
    begun(tmp_path, "3", own, ended=True)
    assert run_to_resume(None, tmp_path, profile()) == last
    shutil.rmtree(last)
    assert run_to_resume(None, tmp_path, profile()) is None
    assert run_to_resume(None, tmp_path / "nowhere", profile()) is None


def test_a_run_that_was_asked_for_is_taken_whatever_else_lies_there(tmp_path: Path) -> None:
    begun(tmp_path, "2", profile())
    assert run_to_resume(tmp_path / "1", tmp_path, profile()) == tmp_path / "1"


def test_a_cut_off_run_of_another_configuration_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    begun(tmp_path, "1", profile())
    other = profile()
    venues = {name: section for name, section in other.venues.items() if name is not Venue.DRIFT}
    with pytest.raises(RecoveryRefused, match=r"(?s)another configuration.*--resume.*--new"):
        run_to_resume(None, tmp_path, msgspec.structs.replace(other, venues=venues))


def test_a_cut_off_run_whose_journal_cannot_be_read_is_not_passed_over_either(tmp_path: Path) -> None:
    directory = begun(tmp_path, "1", profile())
    path = directory / JOURNAL_NAME
    path.write_bytes(path.read_bytes().replace(b'"seed":7', b'"seed":8'))
    with pytest.raises(RecoveryRefused, match="--new") as refused:
        run_to_resume(None, tmp_path, profile())
    assert "nothing of it can be read" in str(refused.value)
    assert "perp2perp positions" in str(refused.value)


def test_a_run_that_another_engine_is_writing_is_not_told_of_as_if_it_were_broken(tmp_path: Path) -> None:
    directory = begun(tmp_path, "1", profile())
    lock = lock_directory(directory)
    try:
        with pytest.raises(JournalLocked):
            Recovery(directory, tmp_path, tmp_path)
    finally:
        os.close(lock)


def broken_without_spare(tmp_path: Path) -> tuple[Path, Path]:
    """A run whose journal broke after its last record, and whose spare a restart has taken; with its mark."""
    run = entering()
    directory = cut_off(tmp_path / "runs" / "run", run.decisions)
    header_hash = JournalReader(directory).hash.decode()
    path = marker_path(tmp_path, header_hash)
    spare = str(tmp_path / "gone.jsonl")
    set_mark(Marker(run=str(directory), after=len(run.decisions), why="full", spare=spare, marker=str(path)))
    return directory, path


def test_a_run_whose_journal_broke_and_whose_spare_is_gone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    directory, path = broken_without_spare(tmp_path)
    with pytest.raises(RecoveryRefused) as refused:
        Recovery(directory, tmp_path, tmp_path, Path("mine.toml"))
    for words in (
        str(path),
        f"records after {len(entering().decisions)} are lost",
        "`perp2perp positions --config mine.toml` shows it",
        "`perp2perp flatten --config mine.toml",
        "--new",
    ):
        assert words in str(refused.value)


def test_taking_the_mark_away_allows_nothing_but_a_new_run(tmp_path: Path) -> None:
    directory, path = broken_without_spare(tmp_path)
    for _ in range(2):
        with pytest.raises(RecoveryRefused, match="are lost"):
            Recovery(directory, tmp_path, tmp_path)
        path.unlink(missing_ok=True)
    config = configuration.load(configuration.DEFAULT_CONFIG)
    mode = JournalReader(directory).header.mode
    config = msgspec.structs.replace(config, run=msgspec.structs.replace(config.run, mode=mode))
    assert run_to_resume(None, tmp_path / "runs", config) is None
    with pytest.raises(RecoveryRefused, match="are lost"):
        Recovery(directory, tmp_path, tmp_path)


# --- how long a run lasts that is gone on with -------------------------------------------------------------


def running(directory: Path) -> Recovery:
    """A run that was cut off while its lifecycle's time for the run was passing."""
    run = entering()
    run.tell("engine_lifecycle", LinkUp(venue=TAKER))
    return Recovery(cut_off(directory, run.decisions), directory.parent, directory.parent)


def due_ns(recovery: Recovery) -> dict[str, int]:
    return {f"{actor} {timer.timer}": timer.due_ns for actor, timer in recovery.timers()}


def test_a_longer_duration_moves_the_end_of_the_run_and_no_other_timer(tmp_path: Path) -> None:
    recovery = running(tmp_path / "run")
    before = due_ns(recovery)
    run_s = POLICY.lifecycle.duration_s
    assert recovery.last(run_s + 90.0) == f"the run lasts {run_s + 90.0:.10g} s in all instead of {run_s:.10g} s"
    later = {name: at_ns for name, at_ns in due_ns(recovery).items() if at_ns != before[name]}
    assert later == {"engine_lifecycle run_time": before["engine_lifecycle run_time"] + 90 * NS_PER_S}
    assert recovery.longer_s == 90.0
    assert recovery.policy.lifecycle.duration_s == run_s, "the journal's policy is what decides"


@pytest.mark.parametrize("asked", [None, POLICY.lifecycle.duration_s])
def test_without_another_duration_the_end_stays(asked: float | None, tmp_path: Path) -> None:
    recovery = running(tmp_path / "run")
    before = due_ns(recovery)
    assert recovery.last(asked) == ""
    assert due_ns(recovery) == before


def test_a_shorter_duration_is_refused_with_both_values_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RecoveryRefused, match=r"begun for 1814400 s .*duration_s.* 60 s is shorter; .*interrupt"):
        running(tmp_path / "run").last(60.0)


def test_a_longer_duration_of_a_run_that_is_ending_changes_nothing_and_says_so(tmp_path: Path) -> None:
    run = entering()
    recovery = Recovery(cut_off(tmp_path / "run", run.decisions), tmp_path, tmp_path)
    assert "too late" in recovery.last(1e9)
    assert recovery.longer_s == 0.0


def test_a_profile_with_another_duration_goes_on_with_the_run_which_keeps_its_own(tmp_path: Path) -> None:
    last = begun(tmp_path, "1", profile())
    other = msgspec.structs.replace(POLICY.lifecycle, duration_s=600.0)
    assert run_to_resume(None, tmp_path, profile(lifecycle=other)) == last


def test_a_configuration_that_differs_is_refused_with_each_field_and_both_values(tmp_path: Path) -> None:
    keep(begun(tmp_path, "1", profile()), profile())
    scanner = msgspec.structs.replace(POLICY.scanner, pairs_most=17)
    with pytest.raises(RecoveryRefused, match="another configuration") as refused:
        run_to_resume(None, tmp_path, profile(scanner=scanner))
    assert f"policy.scanner.pairs_most: the run has {POLICY.scanner.pairs_most}, this has 17" in str(refused.value)
    assert "duration_s" not in str(refused.value)
