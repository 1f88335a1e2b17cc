from __future__ import annotations

from pathlib import Path

import pytest

from engine.journal.errors import HeadMissing, JournalShortened, RecordAltered
from engine.journal.record import HEAD_NAME
from engine.journal.verification import cut_torn_tail, render_verification, verify
from engine.journal.writer import JournalWriter
from tests.engine.recorded import header, hedged_run, record

DECISIONS = hedged_run(8).decisions


def test_a_good_run_is_told_in_numbers(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS)
    found = verify(tmp_path)
    assert (found.records, found.bytes, found.torn_bytes) == (len(DECISIONS), path.stat().st_size, 0)
    assert (found.format, found.mode, found.ended, found.beyond_head) == (1, "test", "done", 0)
    text = render_verification(found)
    assert f"intact, {len(DECISIONS)} records" in text
    assert "ended: done" in text


def test_records_beyond_the_head_are_counted(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, header(), head_every_s=1e9)
    for decision in DECISIONS[:4]:
        writer.append(decision)
    writer.commit()
    writer.abandon()
    found = verify(tmp_path)
    assert (found.records, found.beyond_head, found.ended) == (4, 4, None)
    assert "cut off, without an end record" in render_verification(found)
    assert "4 records were written after the head" in render_verification(found)


def test_a_torn_tail_is_reported_and_cut_only_when_told_to(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS[:4], reason=None)
    good = path.read_bytes()
    for torn in (b"{", b'{"kind":"step","seq":5,"at_ns":17', bytes(64)):
        path.write_bytes(good + torn)
        found = verify(tmp_path)
        assert (found.records, found.torn_bytes) == (4, len(torn))
        assert f"torn: {len(torn)} bytes" in render_verification(found)
        assert path.read_bytes() == good + torn
        assert cut_torn_tail(tmp_path) == len(torn)
        assert path.read_bytes() == good
        assert verify(tmp_path).torn_bytes == 0


@pytest.mark.parametrize("cut", [1, 40])
def test_a_line_the_head_vouches_for_is_never_cut(tmp_path: Path, cut: int) -> None:
    path = record(tmp_path, DECISIONS[:4], reason=None)
    shortened = path.read_bytes()[:-cut]
    path.write_bytes(shortened)
    with pytest.raises(JournalShortened):
        cut_torn_tail(tmp_path)
    assert path.read_bytes() == shortened


def test_an_altered_end_of_the_last_line_is_no_torn_tail(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS[:4], reason=None)
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(RecordAltered, match="the line has no end, though the head says it was complete"):
        cut_torn_tail(tmp_path)


def test_a_run_without_its_head_is_not_verified(tmp_path: Path) -> None:
    record(tmp_path, DECISIONS)
    (tmp_path / HEAD_NAME).unlink()
    with pytest.raises(HeadMissing):
        verify(tmp_path)
