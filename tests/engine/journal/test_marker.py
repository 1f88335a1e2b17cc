from __future__ import annotations

from pathlib import Path

import pytest

from engine.journal.errors import JournalError
from engine.journal.marker import (
    LOST_NAME,
    Marker,
    RecordsLost,
    lift_mark,
    marker_path,
    open_own,
    refuse_known_lost,
    refuse_lost,
    set_down,
    set_mark,
    stands,
)


def marked(directory: Path) -> tuple[Path, Path]:
    """A run directory and the mark of its journal."""
    run, path = directory / "run", marker_path(directory / "state", "abc")
    run.mkdir()
    set_mark(Marker(run=str(run), after=12, why="OSError: full", spare=str(directory / "spare"), marker=str(path)))
    return run, path


def test_a_mark_stands_until_it_is_lifted_and_may_be_set_again(tmp_path: Path) -> None:
    _, path = marked(tmp_path)
    (tmp_path / "run").rmdir()
    marked(tmp_path)
    assert stands(path)
    lift_mark(path)
    assert not stands(path)
    lift_mark(path)


def test_a_refusal_names_mark_and_record_and_outlives_the_mark(tmp_path: Path) -> None:
    run, path = marked(tmp_path)
    refuse_known_lost(run)
    with pytest.raises(RecordsLost, match=rf"{path} .*records after 12 are lost.*nothing but a new run \(`--new`\)"):
        refuse_lost(run, path, tmp_path / "spare")
    assert not set_down(run)
    path.unlink()
    assert set_down(run)
    with pytest.raises(RecordsLost, match="records after 12 are lost"):
        refuse_known_lost(run)


def test_a_mark_that_cannot_be_read_refuses_all_the_same(tmp_path: Path) -> None:
    run, path = marked(tmp_path)
    path.write_bytes(b"\xff")
    with pytest.raises(RecordsLost, match="its last one are lost"):
        refuse_lost(run, path, tmp_path / "spare")
    assert not (run / LOST_NAME).exists()


def test_a_mark_that_cannot_be_looked_for_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(JournalError, match="cannot be looked for"):
        stands(tmp_path / "loop" / "mark")


def test_a_file_of_ones_own_is_begun_anew_and_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other")
    with pytest.raises(PermissionError, match="no plain file"):
        open_own(tmp_path / "link")
    assert not (tmp_path / "other").exists()
