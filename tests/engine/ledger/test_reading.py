from __future__ import annotations

from pathlib import Path

import pytest

from engine.journal.errors import JournalError
from engine.journal.record import HEAD_NAME
from engine.ledger.reading import Reading, read_ledger
from engine.ledger.totals import Totals
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import PAIR, record


def played(directory: Path, reason: str | None = "done") -> Booked:
    run = hedged()
    run.paid("2.5")
    record(directory, run.decisions, reason=reason)
    return run


def test_a_journal_reads_to_what_the_live_decisions_were(tmp_path: Path) -> None:
    run = played(tmp_path)
    reading, totals = read_ledger(tmp_path)
    assert totals.whole() == Totals(run.entries).whole()
    assert reading.ledger.accounts[PAIR].sums == run.account.sums
    assert reading.notes == []


def test_a_run_without_an_end_says_so(tmp_path: Path) -> None:
    run = played(tmp_path, None)
    reading, totals = read_ledger(tmp_path)
    assert totals.whole() == Totals(run.entries).whole()
    assert reading.notes == [f"the run has no end: it was cut off after record {len(run.decisions)}, or still goes on"]


def test_a_torn_line_is_left_out_and_said(tmp_path: Path) -> None:
    played(tmp_path, None)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"kind":"step","se')
    notes = read_ledger(tmp_path)[0].notes
    assert notes[0] == "the last line is torn (18 bytes) and was left out"


def test_an_altered_record_ends_what_is_read_and_is_named(tmp_path: Path) -> None:
    played(tmp_path)
    path = tmp_path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[20] = lines[20].replace(b'"seq":20', b'"seq":21')
    path.write_bytes(b"".join(lines))
    reading, _ = read_ledger(tmp_path)
    assert reading.last_seq == 19
    assert reading.notes[0].startswith("read up to its last good record (19): ")


def test_a_head_that_cannot_be_read_costs_the_proof_of_length_alone(tmp_path: Path) -> None:
    run = played(tmp_path)
    (tmp_path / HEAD_NAME).write_text("{")
    reading, totals = read_ledger(tmp_path)
    assert totals.whole() == Totals(run.entries).whole()
    assert reading.notes[0].startswith("its length is not proven: ")


def test_a_journal_without_a_good_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("{}\n")
    with pytest.raises(JournalError):
        Reading(tmp_path)


def test_progress_is_told_while_a_long_journal_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played(tmp_path)
    monkeypatch.setattr("engine.ledger.reading.SHOW_EVERY", 10)
    seen: list[float] = []
    read_ledger(tmp_path, seen.append)
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] <= 1
