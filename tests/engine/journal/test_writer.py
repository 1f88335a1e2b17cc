from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from engine.journal.errors import (
    HeadMissing,
    JournalBroken,
    JournalEnded,
    JournalError,
    JournalExists,
    JournalLocked,
    RecordAltered,
    TornTail,
)
from engine.journal.files import Disk
from engine.journal.reader import read
from engine.journal.record import HEAD_NAME, JOURNAL_NAME, Head, step_record
from engine.journal.verification import cut_torn_tail, verify
from engine.journal.writer import JournalWriter
from tests.engine.recorded import header, hedged_run, record

DECISIONS = hedged_run(8).decisions


class BadDisk:
    """The system's write and sync, told what to do wrong and noting the order of things."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.write_error: int = 0
        self.sync_error: int = 0
        self.chunk = 1 << 30

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        self.calls.append("write")
        if self.write_error:
            raise OSError(self.write_error, os.strerror(self.write_error))
        return os.write(descriptor, memoryview(data)[: self.chunk])

    def sync(self, descriptor: int) -> None:
        self.calls.append("sync")
        if self.sync_error:
            raise OSError(self.sync_error, os.strerror(self.sync_error))
        os.fsync(descriptor)


def writer_on(directory: Path, disk: BadDisk, head_every_s: float = 1e9) -> JournalWriter:
    return JournalWriter(directory, header(), head_every_s=head_every_s, disk=Disk(write=disk.write, sync=disk.sync))


def head_of(directory: Path) -> Head:
    return msgspec.json.decode((directory / HEAD_NAME).read_bytes(), type=Head)


def test_what_is_appended_is_on_the_disk_only_after_its_commit(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = writer_on(tmp_path, disk)
    size = writer.path.stat().st_size
    disk.calls.clear()
    for decision in DECISIONS[:5]:
        writer.append(decision)
    assert disk.calls == []
    assert writer.path.stat().st_size == size
    assert (writer.seq, writer.durable_seq) == (5, 0)
    assert writer.commit() == 5
    assert disk.calls == ["write", "sync"], "one write and one sync for the whole group"
    assert writer.durable_seq == 5
    assert [r.seq for r in read(tmp_path)] == [1, 2, 3, 4, 5]
    writer.abandon()


def test_a_commit_of_nothing_asks_nothing_of_the_disk(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = writer_on(tmp_path, disk)
    disk.calls.clear()
    assert writer.commit() == 0
    assert disk.calls == []
    writer.abandon()


def test_the_same_decisions_give_the_same_bytes_however_they_are_grouped(tmp_path: Path) -> None:
    first = record(tmp_path / "a", DECISIONS, batch=1)
    second = record(tmp_path / "b", hedged_run(8).decisions, batch=1000)
    assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "a" / HEAD_NAME).read_bytes() == (tmp_path / "b" / HEAD_NAME).read_bytes()


def test_a_system_that_takes_a_few_bytes_at_a_time_gets_them_all(tmp_path: Path) -> None:
    disk = BadDisk()
    disk.chunk = 100
    writer = writer_on(tmp_path, disk)
    for decision in DECISIONS:
        writer.append(decision)
    writer.close("done")
    assert list(read(tmp_path)) == [step_record(decision) for decision in DECISIONS]


def test_a_system_that_takes_nothing_breaks_the_journal(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = writer_on(tmp_path, disk)
    writer.append(DECISIONS[0])
    disk.chunk = 0
    with pytest.raises(JournalBroken, match="took 0 of"):
        writer.commit()


def full_disk(disk: BadDisk) -> None:
    disk.write_error = errno.ENOSPC


def failing_sync(disk: BadDisk) -> None:
    disk.sync_error = errno.EIO


@pytest.mark.parametrize("misfortune", [full_disk, failing_sync])
@pytest.mark.parametrize("ending", ["commit", "close"])
def test_a_failed_write_or_sync_breaks_the_journal_for_good(
    tmp_path: Path, misfortune: Callable[[BadDisk], None], ending: str
) -> None:
    disk = BadDisk()
    writer = writer_on(tmp_path, disk)
    writer.append(DECISIONS[0])
    writer.commit()
    writer.append(DECISIONS[1])
    misfortune(disk)
    with pytest.raises(JournalBroken, match=r"after record 1 .*takes nothing more; reduce"):
        writer.commit() if ending == "commit" else writer.close("done")
    assert writer.durable_seq == 1
    disk.write_error = disk.sync_error = 0
    disk.calls.clear()
    with pytest.raises(JournalBroken):
        writer.commit()
    with pytest.raises(JournalBroken):
        writer.append(DECISIONS[1])
    with pytest.raises(JournalBroken):
        writer.close("done")
    writer.abandon()
    assert disk.calls == [], "a failed sync is never tried again"


def test_a_head_that_cannot_be_written_breaks_the_journal(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = writer_on(tmp_path, disk, head_every_s=0.0)
    (tmp_path / f"{HEAD_NAME}.new").mkdir()
    writer.append(DECISIONS[0])
    with pytest.raises(JournalBroken, match="IsADirectoryError"):
        writer.commit()


def test_a_broken_journal_gives_its_lock_back_and_can_be_resumed(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = writer_on(tmp_path, disk)
    writer.append(DECISIONS[0])
    disk.write_error = errno.ENOSPC
    with pytest.raises(JournalBroken):
        writer.commit()
    resumed = JournalWriter.resume(tmp_path)
    assert resumed.durable_seq == 0
    resumed.append(DECISIONS[0])
    resumed.close("done")
    assert verify(tmp_path).records == 1


def test_a_journal_that_cannot_even_take_its_header_is_broken(tmp_path: Path) -> None:
    disk = BadDisk()
    disk.sync_error = errno.EIO
    with pytest.raises(JournalBroken, match="after record 0"):
        writer_on(tmp_path, disk)


def test_a_second_engine_is_refused(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, header())
    with pytest.raises(JournalLocked, match="held by another engine"):
        JournalWriter(tmp_path, header())
    with pytest.raises(JournalLocked, match="held by another engine"):
        JournalWriter.resume(tmp_path)
    with pytest.raises(JournalLocked):
        cut_torn_tail(tmp_path)
    writer.abandon()
    JournalWriter.resume(tmp_path).abandon()


def test_a_run_directory_holds_one_journal(tmp_path: Path) -> None:
    record(tmp_path, DECISIONS)
    before = (tmp_path / JOURNAL_NAME).read_bytes()
    with pytest.raises(JournalExists, match="empty directory"):
        JournalWriter(tmp_path, header())
    assert (tmp_path / JOURNAL_NAME).read_bytes() == before


def test_a_record_out_of_order_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, header())
    writer.append(DECISIONS[0])
    for wrong in (DECISIONS[0], DECISIONS[2]):
        with pytest.raises(JournalError, match="where 2 is next"):
            writer.append(wrong)
    writer.append(DECISIONS[1])
    writer.close("done")
    assert verify(tmp_path).records == 2


def test_records_nobody_commits_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.journal.writer.BATCH_RECORDS_MOST", 2)
    writer = JournalWriter(tmp_path, header())
    writer.append(DECISIONS[0])
    writer.append(DECISIONS[1])
    with pytest.raises(JournalError, match="2 records wait for a commit"):
        writer.append(DECISIONS[2])
    assert writer.commit() == 2
    writer.append(DECISIONS[2])
    writer.abandon()


def test_a_closed_journal_takes_nothing_more(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, header())
    writer.close("done")
    with pytest.raises(JournalEnded):
        writer.append(DECISIONS[0])
    with pytest.raises(JournalEnded):
        writer.commit()
    with pytest.raises(JournalEnded):
        writer.close("again")
    with pytest.raises(JournalEnded, match="done"):
        JournalWriter.resume(tmp_path)


def test_the_head_is_renewed_at_most_as_often_as_it_may(tmp_path: Path) -> None:
    now_s = 100.0
    writer = JournalWriter(tmp_path, header(), head_every_s=0.5, monotonic=lambda: now_s)
    for decision, step_s, seq in zip(DECISIONS, (0.1, 0.3, 0.2, 0.4), (0, 0, 3, 3), strict=False):
        now_s += step_s
        writer.append(decision)
        writer.commit()
        assert head_of(tmp_path).seq == seq
    writer.close("done")
    assert head_of(tmp_path) == Head(
        format=1, seq=4, hash=writer.hash.decode(), records=4, bytes=writer.path.stat().st_size
    )


def test_the_head_can_follow_every_commit(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, header(), head_every_s=0.0)
    for decision in DECISIONS[:3]:
        writer.append(decision)
        writer.commit()
        head = head_of(tmp_path)
        assert (head.seq, head.bytes) == (decision.envelope.seq, writer.path.stat().st_size)
    writer.abandon()


def test_a_run_without_fsync_never_syncs(tmp_path: Path) -> None:
    disk = BadDisk()
    writer = JournalWriter(tmp_path, header(), fsync=False, disk=Disk(sync=disk.sync))
    writer.append(DECISIONS[0])
    writer.close("done")
    assert disk.calls == []
    assert verify(tmp_path).records == 1


@pytest.mark.parametrize("cut", [0, 1, 9, len(DECISIONS)])
def test_a_resumed_run_gives_the_journal_it_would_have_given(tmp_path: Path, cut: int) -> None:
    whole = record(tmp_path / "whole", DECISIONS)
    record(tmp_path / "cut", DECISIONS[:cut], reason=None)
    writer = JournalWriter.resume(tmp_path / "cut")
    assert (writer.seq, writer.header.seed) == (cut, 7)
    for decision in DECISIONS[cut:]:
        writer.append(decision)
    writer.close("done")
    assert writer.path.read_bytes() == whole.read_bytes()


def test_a_torn_tail_is_cut_before_a_run_is_resumed(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS[:3], reason=None)
    good = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"kind":"step","seq":4')
    with pytest.raises(TornTail, match="incomplete line of 22 bytes"):
        JournalWriter.resume(tmp_path)
    assert cut_torn_tail(tmp_path) == 22
    assert path.read_bytes() == good
    assert cut_torn_tail(tmp_path) == 0
    writer = JournalWriter.resume(tmp_path)
    assert writer.seq == 3
    writer.abandon()


def test_an_altered_journal_is_not_resumed_and_its_lock_is_given_back(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS[:3], reason=None)
    path.write_bytes(path.read_bytes().replace(b'"row":"noted"', b'"row":"nOted"', 1))
    for _ in range(2):
        with pytest.raises(RecordAltered):
            JournalWriter.resume(tmp_path)


def test_a_journal_without_its_head_is_not_resumed(tmp_path: Path) -> None:
    record(tmp_path, DECISIONS[:3], reason=None)
    (tmp_path / HEAD_NAME).unlink()
    with pytest.raises(HeadMissing):
        JournalWriter.resume(tmp_path)


def test_a_run_killed_at_any_offset_is_resumed_from_its_last_whole_record(tmp_path: Path) -> None:
    """Only the header is known to be durable: whatever else a kill left of the file is cut to whole records."""
    decisions = DECISIONS[:14]
    whole = record(tmp_path / "whole", decisions).read_bytes()
    directory = tmp_path / "killed"
    writer = JournalWriter(directory, header(), head_every_s=1e9)
    durable = writer.path.stat().st_size
    writer.abandon()
    first_head = (directory / HEAD_NAME).read_bytes()
    last_step = whole.rindex(b"\n", 0, -1) + 1
    for offset in range(durable, last_step + 1, 13):
        writer.path.write_bytes(whole[:offset])
        (directory / HEAD_NAME).write_bytes(first_head)
        kept = whole.rindex(b"\n", 0, offset) + 1
        assert cut_torn_tail(directory) == offset - kept
        resumed = JournalWriter.resume(directory, fsync=False)
        assert resumed.seq == whole[:kept].count(b"\n") - 1
        for decision in decisions[resumed.seq :]:
            resumed.append(decision)
        resumed.close("done")
        assert writer.path.read_bytes() == whole
