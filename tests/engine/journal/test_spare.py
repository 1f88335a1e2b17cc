from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.journal.errors import RecordAltered
from engine.journal.files import DISK, Disk
from engine.journal.reader import read
from engine.journal.record import JOURNAL_NAME
from engine.journal.spare import LastingJournal, SpareDiffers, mend, spare_path
from engine.journal.writer import JournalWriter
from tests.engine.recorded import header, hedged_run

DECISIONS = hedged_run(8).decisions
BATCHES = [DECISIONS[start : start + 4] for start in range(0, len(DECISIONS), 4)]


class FailingDisk:
    """Takes so many groups; then a write, or only the sync after it, fails for good."""

    def __init__(self, groups: int, *, at_sync: bool = False, torn: bool = False) -> None:
        self._left, self._at_sync, self._torn = groups, at_sync, torn

    def disk(self) -> Disk:
        return Disk(write=self._write, sync=self._sync)

    def _write(self, descriptor: int, data: bytes | memoryview) -> int:
        self._left -= 1
        if self._left >= 0 or self._at_sync:
            return DISK.write(descriptor, data)
        if self._torn:
            DISK.write(descriptor, memoryview(data)[:50])
        raise OSError(errno.ENOSPC, "No space left on device")

    def _sync(self, descriptor: int) -> None:
        if self._left < 0:
            raise OSError(errno.EIO, "Input/output error")
        DISK.sync(descriptor)


def lasting(directory: Path, disk: Disk, spare_disk: Disk = DISK) -> tuple[LastingJournal, list[str]]:
    told: list[str] = []
    writer = JournalWriter(directory / "run", header(), head_every_s=0.0, disk=disk)
    return LastingJournal(writer, directory / "spare", told.append, spare_disk), told


def write_all(journal: LastingJournal, *, end: bool = True) -> None:
    for batch in BATCHES:
        for decision in batch:
            journal.append(decision)
        journal.commit()
    if end:
        journal.close("done")
    journal.abandon()


def whole(directory: Path) -> bytes:
    """The journal as a good disk would have it."""
    journal, _ = lasting(directory, DISK)
    write_all(journal)
    return (directory / "run" / JOURNAL_NAME).read_bytes()


FAILURES: dict[str, Callable[[int], FailingDisk]] = {
    "full": FailingDisk,
    "full in the middle of a write": lambda groups: FailingDisk(groups, torn=True),
    "a sync that fails": lambda groups: FailingDisk(groups, at_sync=True),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("groups", range(4, 8))
def test_the_spare_put_behind_the_journal_is_the_journal_a_good_disk_would_have(
    failure: str, groups: int, tmp_path: Path
) -> None:
    """A group is a write; the head renews itself past the injected disk."""
    journal, told = lasting(tmp_path, FAILURES[failure](groups).disk())
    write_all(journal)
    assert journal.broken
    assert journal.spare is not None
    assert str(journal.spare) in told[1]
    assert mend(tmp_path / "run", tmp_path / "spare") == journal.spare
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == whole(tmp_path / "good")
    assert not journal.spare.exists()
    assert mend(tmp_path / "run", tmp_path / "spare") is None


def test_a_journal_that_stands_needs_no_spare(tmp_path: Path) -> None:
    journal, told = lasting(tmp_path, DISK)
    write_all(journal)
    assert (journal.broken, journal.spare, told) == ("", None, [])
    assert mend(tmp_path / "run", tmp_path / "spare") is None


def test_a_spare_that_was_cut_off_in_a_line_is_put_back_up_to_that_line(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal, end=False)
    assert journal.spare is not None
    lines = journal.spare.read_bytes()
    journal.spare.write_bytes(lines[:-30])
    mend(tmp_path / "run", tmp_path / "spare")
    reader = read(tmp_path / "run")
    reader.exhaust()
    assert reader.seq == len(DECISIONS) - 1


def test_putting_back_may_be_cut_off_and_done_again(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert journal.spare is not None
    lines, path = journal.spare.read_bytes(), tmp_path / "run" / JOURNAL_NAME
    mend(tmp_path / "run", tmp_path / "spare")
    path.write_bytes(path.read_bytes()[: -len(lines) // 2])
    journal.spare.write_bytes(lines)
    mend(tmp_path / "run", tmp_path / "spare")
    assert path.read_bytes() == whole(tmp_path / "good")


def test_a_spare_with_a_flipped_bit_is_refused_and_the_journal_stays(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert journal.spare is not None
    before, lines = (tmp_path / "run" / JOURNAL_NAME).read_bytes(), bytearray(journal.spare.read_bytes())
    lines[len(lines) // 2] ^= 1
    journal.spare.write_bytes(bytes(lines))
    with pytest.raises((SpareDiffers, RecordAltered)):
        mend(tmp_path / "run", tmp_path / "spare")
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == before


def test_what_is_no_spare_is_refused_with_a_remedy(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "run", header())
    writer.abandon()
    path = spare_path(tmp_path, writer.header_hash)
    path.write_text("notes\n")
    with pytest.raises(SpareDiffers, match=r"no spare journal.*remove it"):
        mend(tmp_path / "run", tmp_path)


@pytest.mark.parametrize("groups", [0, 1, 2])
def test_when_the_spare_fails_too_every_record_is_told_and_nothing_is_raised(
    groups: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    journal, told = lasting(tmp_path, FailingDisk(4).disk(), FailingDisk(groups).disk())
    write_all(journal)
    assert any("fails too" in words for words in told)
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1] == "the run ends: done"
    last = DECISIONS[-1].envelope.seq
    assert f'"seq":{last},' in lines[-2]


def test_a_spare_directory_that_cannot_be_made_is_told_and_records_follow_in_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spare").write_text("a file")
    journal, told = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert any("no spare journal can be begun" in words for words in told)
    assert '"kind":"step"' in capfd.readouterr().err
