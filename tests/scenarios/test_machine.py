"""Misfortunes of the machine: C2 to C4 and C7, through the whole engine; C1 has modules of its own."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import msgspec
import pytest

from actors.messages import KillSwitchPulled, OrderRejected
from engine.config import JournalSection
from engine.doors import PaperDoors
from engine.fuzzing.oracle import check_invariants
from engine.journal import DISK, Disk, JournalError, JournalWriter
from engine.journal.record import JOURNAL_NAME
from engine.journal.spare import mend
from engine.recovery import Recovery
from engine.replay import replay
from engine.runtime import Engine, RunResult
from engine.simulators.faults import FaultPlan
from tests.engine.recorded import header, hedged_run
from tests.scenarios.crashes import survive
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, Run, Scenario, config_of, market_of
from tests.scenarios.test_kill import PATIENCE_S, Desk

ENTERING, NAKED, HEDGED, CLOSING = 16, 17, 40, 71
"""Commits of the plain scenario at which its pair is asked to enter, waits for the maker leg, is held, and closes."""


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
    config = msgspec.structs.replace(config_of(scenario), journal=journal)
    doors = PaperDoors(config, market_of(scenario), scenario.start_ns, FaultPlan())
    engine = Engine(config, doors, directory, disk=disk, spare_disk=spare_disk)
    engine.run()
    return Run(scenario, directory, engine), engine.finish()


@pytest.mark.parametrize("at_sync", [False, True], ids=["full", "a sync fails"])
@pytest.mark.parametrize("commits", [ENTERING, NAKED, HEDGED, CLOSING])
def test_c4_a_disk_that_fails_ends_all_openings_and_everything_is_closed(
    commits: int, at_sync: bool, tmp_path: Path
) -> None:
    run, result = on_a_bad_disk(Scenario(), tmp_path / "run", FullDisk(commits - 1, at_sync=at_sync).disk())
    assert result.journal_broken
    assert not result.ended_well
    assert [run.position(venue) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]
    assert "journal_broken" in run.alarm_codes()
    assert mend(tmp_path / "run", tmp_path / "spare") is not None
    assert replay(tmp_path / "run").identical
    check_invariants(run)
    kill = next(record for record in run.records if isinstance(record.message, KillSwitchPulled))
    assert kill.message.by == "journal"
    opened = [order for venue in (HYPERLIQUID, PACIFICA) for order in run.venue_orders(venue) if not order.reduce_only]
    assert all(order.placed_at_ns <= kill.at_ns for order in opened)


def test_c4_an_opening_order_whose_record_failed_never_leaves_and_its_pair_hears_so(tmp_path: Path) -> None:
    run, _ = on_a_bad_disk(Scenario(), tmp_path / "run", FullDisk(ENTERING - 1).disk())
    mend(tmp_path / "run", tmp_path / "spare")
    (order,) = run.orders("taker")
    refused = [r.message for r in run.pair_records if isinstance(r.message, OrderRejected)]
    assert [message.order_id for message in refused] == [order.order_id]
    assert "never sent" in refused[0].detail
    assert run.venue_orders(HYPERLIQUID) == ()


def test_c4_when_the_spare_fails_too_everything_is_closed_all_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, result = on_a_bad_disk(Scenario(), tmp_path / "run", FullDisk(HEDGED).disk(), FullDisk(1).disk())
    assert result.journal_broken
    assert [run.position(venue) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]
    assert '"kind":"step"' in capfd.readouterr().err


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
        recovery = Recovery(tmp_path / "run", tmp_path)
        assert recovery.last_seq == len(decisions) - 1
        assert recovery.torn_bytes == len(last) - missing
        assert path.read_bytes() == whole[: -len(last)]


def test_c3_a_flipped_bit_is_refused_by_line_and_the_run_is_not_gone_on_with(tmp_path: Path) -> None:
    survive(Scenario(), tmp_path / "run")
    path = tmp_path / "run" / JOURNAL_NAME
    good = path.read_bytes()
    for place in range(100, len(good) - 1, len(good) // 40):
        bad = bytearray(good)
        bad[place] ^= 4
        path.write_bytes(bytes(bad))
        with pytest.raises(JournalError, match=r"line \d+"):
            Recovery(tmp_path / "run", tmp_path)


def test_c7_a_second_engine_on_the_accounts_refuses_to_start_and_names_the_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.served():
        with desk.engine() as first:
            try:
                desk.wait_for(first, desk.journal(), 0, '"LinkUp"')
                for options in (("--new",), ()):
                    with desk.engine(*options) as second:
                        out, err = second.communicate(timeout=PATIENCE_S)
                    assert second.returncode == 2
                    assert out == ""
                    for word in ("account", "in use", f"process {first.pid}", str(desk.journal().parent), "stop"):
                        assert word in err
            finally:
                first.kill()
        seen = desk.journal().stat().st_size
        with desk.engine() as later:
            desk.wait_for(later, desk.journal(), seen, '"LinkUp"')
            later.send_signal(signal.SIGINT)
            _, err = later.communicate(timeout=PATIENCE_S)
    assert later.returncode == 0, err
