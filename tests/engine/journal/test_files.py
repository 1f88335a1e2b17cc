from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.journal.errors import FormatDiffers, HeadDiffers, JournalLocked, JournalMissing
from engine.journal.files import (
    check_format,
    head_path,
    journal_path,
    lock_directory,
    no_sync,
    read_head,
    sync_data,
    sync_directory,
    write_head,
)
from engine.journal.record import Head

HEAD = Head(format=1, seq=3, hash="ab" * 16, records=3, bytes=900)


def test_the_lock_is_held_until_its_descriptor_is_closed(tmp_path: Path) -> None:
    held = lock_directory(tmp_path)
    with pytest.raises(JournalLocked, match="stop that one, or run in another directory"):
        lock_directory(tmp_path)
    os.close(held)
    os.close(lock_directory(tmp_path))


def test_a_head_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    assert read_head(path) is None
    for sync in (sync_data, no_sync):
        write_head(path, HEAD, sync)
        assert read_head(path) == HEAD
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


def test_a_head_is_durable_before_it_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    write_head(path, HEAD, no_sync)

    def failing(_: int) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        write_head(path, Head(format=1, seq=4, hash="", records=4, bytes=1000), failing)
    assert read_head(path) == HEAD


@pytest.mark.parametrize("data", [b"", b"{", b'{"format":1}', b'{"format":"x"}', b"[]"])
def test_a_damaged_head_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "head.json"
    path.write_bytes(data)
    with pytest.raises(HeadDiffers, match="is damaged"):
        read_head(path)


def test_only_another_format_is_refused_before_anything_else_is_read() -> None:
    check_format(b'{"format":1,"unknown":2}', "this")
    check_format(b"no json", "this")
    with pytest.raises(FormatDiffers, match="this is of journal format 3"):
        check_format(b'{"format":3}', "this")


def test_a_journal_is_found_by_its_directory_or_its_name(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing):
        journal_path(tmp_path)
    path = tmp_path / "journal.jsonl"
    path.touch()
    assert journal_path(tmp_path) == journal_path(path) == path
    assert head_path(path) == tmp_path / "head.json"
    assert head_path(tmp_path / "other.jsonl") is None


def test_a_directory_can_be_synced(tmp_path: Path) -> None:
    sync_directory(tmp_path, sync_data)
