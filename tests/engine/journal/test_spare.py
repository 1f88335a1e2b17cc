from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.journal.errors import RecordAltered
from engine.journal.files import DISK, Disk
from engine.journal.marker import RecordsLost
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
    return LastingJournal(writer, directory / "spare", directory / "state", told.append, spare_disk), told


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
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") == journal.spare
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == whole(tmp_path / "good")
    assert not journal.spare.exists()
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") is None


def test_a_journal_that_stands_needs_no_spare(tmp_path: Path) -> None:
    journal, told = lasting(tmp_path, DISK)
    write_all(journal)
    assert (journal.broken, journal.spare, told) == ("", None, [])
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") is None


def test_a_spare_that_was_cut_off_in_a_line_is_put_back_up_to_that_line(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal, end=False)
    assert journal.spare is not None
    lines = journal.spare.read_bytes()
    journal.spare.write_bytes(lines[:-30])
    mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    reader = read(tmp_path / "run")
    reader.exhaust()
    assert reader.seq == len(DECISIONS) - 1


def test_putting_back_may_be_cut_off_and_done_again(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert journal.spare is not None
    lines, path = journal.spare.read_bytes(), tmp_path / "run" / JOURNAL_NAME
    mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    path.write_bytes(path.read_bytes()[: -len(lines) // 2])
    journal.spare.write_bytes(lines)
    mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert path.read_bytes() == whole(tmp_path / "good")


def test_a_spare_with_a_flipped_bit_is_refused_and_the_journal_stays(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert journal.spare is not None
    before, lines = (tmp_path / "run" / JOURNAL_NAME).read_bytes(), bytearray(journal.spare.read_bytes())
    lines[len(lines) // 2] ^= 1
    journal.spare.write_bytes(bytes(lines))
    with pytest.raises((SpareDiffers, RecordAltered)):
        mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == before


def test_what_is_no_spare_is_refused_with_a_remedy(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "run", header())
    writer.abandon()
    path = spare_path(tmp_path, writer.header_hash)
    path.write_text("notes\n")
    with pytest.raises(SpareDiffers, match=r"no spare journal.*remove it"):
        mend(tmp_path / "run", tmp_path, tmp_path / "state")


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


# --- what outlives a restart -------------------------------------------------------------------------------


def mark_of(directory: Path) -> Path:
    (path,) = (directory / "state").glob("broken-*.json")
    return path


def test_the_mark_stands_before_the_spare_is_begun_and_goes_when_it_was_put_back(tmp_path: Path) -> None:
    seen: list[int] = []

    def write(descriptor: int, data: bytes | memoryview) -> int:
        seen.append(len(list((tmp_path / "state").glob("broken-*.json"))))
        return DISK.write(descriptor, data)

    journal, _ = lasting(tmp_path, FailingDisk(4).disk(), Disk(write=write, sync=DISK.sync))
    write_all(journal)
    assert seen
    assert all(seen)
    mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert list((tmp_path / "state").iterdir()) == []


def test_the_mark_stands_when_no_spare_can_be_begun(tmp_path: Path) -> None:
    (tmp_path / "spare").write_text("a file")
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    with pytest.raises(RecordsLost, match="records after"):
        mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert mark_of(tmp_path).is_file()


def test_a_mark_that_cannot_be_kept_is_told_and_the_record_goes_on(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    journal, told = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert any("no mark of the broken journal can be kept" in words for words in told)
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") == journal.spare


def test_a_spare_that_is_gone_is_a_refusal_until_it_comes_back(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    write_all(journal)
    assert journal.spare is not None
    hidden = journal.spare.rename(tmp_path / "hidden")
    with pytest.raises(RecordsLost, match=str(mark_of(tmp_path))):
        mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    hidden.rename(journal.spare)
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") == journal.spare
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == whole(tmp_path / "good")
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") is None


@pytest.mark.parametrize("groups", [0, 1, 2])
def test_a_spare_that_failed_too_is_set_aside_and_never_put_back_as_whole(groups: int, tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk(), FailingDisk(groups).disk())
    write_all(journal)
    assert journal.spare is not None
    assert not journal.spare.exists()
    before = (tmp_path / "run" / JOURNAL_NAME).read_bytes()
    with pytest.raises(RecordsLost, match=r"\.incomplete"):
        mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == before


def test_a_head_that_fails_after_its_records_are_durable_repeats_none_of_them_in_the_spare(tmp_path: Path) -> None:
    syncs = 0

    def sync(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        if syncs == 7:  # the header's, its head's and their directory's; then each group's and its head's
            raise OSError(errno.EIO, "Input/output error")
        DISK.sync(descriptor)

    journal, _ = lasting(tmp_path, Disk(write=DISK.write, sync=sync))
    write_all(journal)
    assert journal.broken
    mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert (tmp_path / "run" / JOURNAL_NAME).read_bytes() == whole(tmp_path / "good")


def test_a_link_in_the_place_of_the_spare_is_not_followed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    journal, told = lasting(tmp_path, FailingDisk(4).disk())
    (tmp_path / "spare").mkdir()
    (tmp_path / "precious").write_text("mine")
    (header_hash,) = [journal._writer.header_hash]
    path = spare_path(tmp_path / "spare", header_hash)
    path.symlink_to(tmp_path / "precious")
    write_all(journal)
    assert any("no plain file of this user" in words for words in told)
    assert (tmp_path / "precious").read_text() == "mine"
    with pytest.raises(SpareDiffers, match="cannot be read"):
        mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state")
    assert '"kind":"step"' in capfd.readouterr().err


def test_an_own_spare_of_before_is_replaced_by_one_that_nobody_else_reads(tmp_path: Path) -> None:
    journal, _ = lasting(tmp_path, FailingDisk(4).disk())
    (tmp_path / "spare").mkdir()
    path = spare_path(tmp_path / "spare", journal._writer.header_hash)
    path.write_text("of before")
    path.chmod(0o644)
    held = path.open("rb")
    write_all(journal)
    assert held.read() == b"of before"
    held.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert mark_of(tmp_path).stat().st_mode & 0o777 == 0o600
    assert mend(tmp_path / "run", tmp_path / "spare", tmp_path / "state") == path
