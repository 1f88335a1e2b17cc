from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from engine.core import Decision
from engine.journal.errors import JournalLocked
from engine.journal.files import lock_directory
from engine.journal.reader import read
from engine.journal.verification import verify
from engine.replay import replay
from engine.rerecord import render_rerecord, rerecord
from tests.engine.recorded import hedged_run, record

DECISIONS = hedged_run(8).decisions


def decided_otherwise() -> list[Decision]:
    """The same envelopes, one decision of which today's code does not take."""
    return [msgspec.structs.replace(d, row="E99") if d.row == "E1" else d for d in DECISIONS]


def test_nothing_is_written_unless_told(tmp_path: Path) -> None:
    path = record(tmp_path, decided_otherwise())
    before = path.read_bytes()
    report = rerecord(tmp_path, apply=False)
    assert [(d.field, d.logged, d.today) for d in report.differences] == [("row", "E99", "E1")]
    assert path.read_bytes() == before
    assert render_rerecord(report, applied=False).endswith(
        "33 messages, 1 decisions differ, nothing written; say --apply to write them\n"
    )


@pytest.mark.parametrize("reason", ["done", None])
def test_envelopes_are_kept_decisions_and_hashes_renewed(tmp_path: Path, reason: str | None) -> None:
    wanted = record(tmp_path / "wanted", DECISIONS, reason=reason)
    path = record(tmp_path / "log", decided_otherwise(), reason=reason)
    report = rerecord(tmp_path / "log", apply=True)
    assert not report.identical
    assert path.read_bytes() == wanted.read_bytes()
    assert replay(tmp_path / "log").identical
    assert verify(tmp_path / "log").ended == reason
    assert sorted(p.name for p in path.parent.iterdir()) == ["head.json", "journal.jsonl"]
    assert render_rerecord(report, applied=True).endswith("written anew\n")


def test_a_lone_log_is_written_anew_in_its_place(tmp_path: Path) -> None:
    wanted = record(tmp_path / "wanted", DECISIONS)
    lone = tmp_path / "entry.jsonl"
    shutil.copy(record(tmp_path / "log", decided_otherwise()), lone)
    rerecord(lone, apply=True)
    assert lone.read_bytes() == wanted.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["entry.jsonl", "log", "wanted"]


def test_the_header_is_renewed_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, DECISIONS)
    monkeypatch.setattr("engine.rerecord.code_revision", lambda: "9.9.9+0")
    rerecord(tmp_path, apply=True)
    header = read(tmp_path).header
    assert (header.code, header.seed, header.mode) == ("9.9.9+0", 7, "test")


def test_a_run_in_progress_is_not_written_anew(tmp_path: Path) -> None:
    path = record(tmp_path, decided_otherwise())
    before = path.read_bytes()
    held = lock_directory(tmp_path)
    with pytest.raises(JournalLocked):
        rerecord(tmp_path, apply=True)
    os.close(held)
    assert path.read_bytes() == before
