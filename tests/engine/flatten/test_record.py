from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import pytest

from engine.flatten.record import NAME, PAGE, Line, Record
from engine.journal.files import DISK, Disk


def lines_in(directory: Path) -> list[str]:
    return [msgspec.json.decode(line, type=Line).words for line in (directory / NAME).read_bytes().splitlines()]


def test_a_line_is_on_the_disk_when_it_was_noted_and_the_page_lies_beside(tmp_path: Path) -> None:
    synced: list[int] = []
    disk = Disk(write=os.write, sync=synced.append)
    record = Record(tmp_path / "mine", (), pytest.fail, disk=disk)
    before = len(synced)
    record.note(Line(what="begun", words="one"))
    assert lines_in(tmp_path / "mine") == ["one"]
    assert len(synced) == before + 1
    record.page("# flat\n")
    record.close()
    assert (tmp_path / "mine" / PAGE).read_text() == "# flat\n"


def test_without_fsync_nothing_is_synced(tmp_path: Path) -> None:
    def never(_: int) -> None:
        raise AssertionError("synced")

    record = Record(tmp_path, (), pytest.fail, fsync=False, disk=Disk(write=os.write, sync=never))
    record.note(Line(what="begun"))
    record.close()


def test_a_directory_is_made_below_the_first_place_that_takes_one_and_no_record_is_written_over(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    told: list[str] = []
    places = (tmp_path / "file", tmp_path / "spare")
    first, second = (Record(None, places, told.append) for _ in range(2))
    assert first.directory is not None
    assert second.directory is not None
    assert first.directory.parent == second.directory.parent == tmp_path / "spare"
    assert first.directory != second.directory
    assert len(told) == 2
    for record in (first, second):
        record.close()


class _Full:
    """A disk that is full from its second write on."""

    def __init__(self) -> None:
        self.writes = 0

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        self.writes += 1
        if self.writes == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return DISK.write(descriptor, data)


def test_a_disk_that_fails_is_told_and_the_whole_record_goes_on_in_the_spare_place(tmp_path: Path) -> None:
    told: list[str] = []
    disk = Disk(write=_Full().write, sync=DISK.sync)
    record = Record(tmp_path / "mine", (tmp_path / "spare",), told.append, disk=disk)
    for words in ("one", "two", "three"):
        record.note(Line(what="begun", words=words))
    record.close()
    assert len(told) == 1
    assert "takes no record any more" in told[0]
    assert record.directory is not None
    assert record.directory.parent == tmp_path / "spare"
    assert lines_in(record.directory) == ["one", "two", "three"]


def test_without_any_disk_it_goes_on_and_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told: list[str] = []
    record = Record(tmp_path / "file" / "below", (tmp_path / "file",), told.append)
    for _ in range(3):
        record.note(Line(what="begun"))
    record.page("# flat")
    record.close()
    assert record.directory is None
    assert [words for words in told if "going on without a record" in words] == told[-1:]
    assert len(told) == 3
