from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from engine.journal.errors import (
    FormatDiffers,
    HeadDiffers,
    HeadMissing,
    JournalError,
    JournalMissing,
    JournalShortened,
    RecordAltered,
    RecordUnreadable,
)
from engine.journal.reader import JournalReader, read
from engine.journal.record import HEAD_NAME, JOURNAL_NAME, SEAL_LENGTH, chained, sealed, step_record
from tests.engine.recorded import hedged_run, record

DECISIONS = hedged_run(8).decisions


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole journal, header to end."""
    return record(tmp_path_factory.mktemp("good"), DECISIONS).read_bytes()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run directory with the same journal and its head."""
    record(tmp_path, DECISIONS)
    return tmp_path


def lone(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(data)
    return path


def resealed(lines: list[bytes]) -> bytes:
    """The lines with a chain that fits, as one who wants to deceive would write them."""
    before, written = b"", b""
    for line in lines:
        body = line[:-SEAL_LENGTH] + b"}"
        before = chained(before, body)
        written += sealed(body, before)
    return written


def test_a_journal_gives_back_its_header_its_steps_and_its_end(run: Path) -> None:
    reader = read(run)
    assert (reader.header.seed, reader.header.mode) == (7, "test")
    assert list(reader) == [step_record(decision) for decision in DECISIONS]
    assert reader.end is not None
    assert (reader.end.records, reader.end.reason) == (len(DECISIONS), "done")
    assert reader.torn_bytes == 0
    assert reader.bytes == (run / JOURNAL_NAME).stat().st_size


def test_a_lone_log_needs_no_head(tmp_path: Path, good: bytes) -> None:
    reader = read(lone(tmp_path, good))
    reader.exhaust()
    assert (reader.head, reader.seq) == (None, len(DECISIONS))


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing, match=r"journal\.jsonl does not exist; name a run directory"):
        read(tmp_path)


# --- altered bytes -----------------------------------------------------------------------------------------


def test_no_altered_byte_goes_unnoticed(run: Path, good: bytes) -> None:
    """Every byte of the header's start, of the first steps and of the end; a sample of the others; three flips each."""
    path = run / JOURNAL_NAME
    edge = good.index(b"\n") + 1
    sampled = {*range(60), *range(edge - 60, edge + 1500), *range(len(good) - 400, len(good)), *range(0, len(good), 37)}
    for position in sorted(sampled):
        for flip in (0x01, 0x20, 0x80):
            altered = bytearray(good)
            altered[position] ^= flip
            path.write_bytes(altered)
            with pytest.raises(JournalError):
                read(run).exhaust()


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_an_altered_byte_is_named_by_its_line(
    good: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    position = data.draw(st.integers(min_value=good.index(b"\n") + 1, max_value=len(good) - 2))
    value = data.draw(st.integers(min_value=0, max_value=255).filter(lambda value: value != good[position]))
    altered = bytearray(good)
    altered[position] = value
    path = lone(tmp_path_factory.getbasetemp(), bytes(altered))
    with pytest.raises(RecordAltered) as caught:
        read(path).exhaust()
    assert caught.value.line == good[:position].count(b"\n") + 1
    assert caught.value.seq == caught.value.line - 1
    assert f"line {caught.value.line} (seq {caught.value.seq})" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'"row":"noted"', b'"row":"nOted"', "its contents were altered"),
        (b',"hash":"', b',"hush":"', "it does not end in its hash"),
    ],
)
def test_what_differs_is_told(run: Path, good: bytes, old: bytes, new: bytes, what: str) -> None:
    second = good.index(b"\n") + 1
    (run / JOURNAL_NAME).write_bytes(good[:second] + good[second:].replace(old, new, 1))
    with pytest.raises(RecordAltered, match=what):
        read(run).exhaust()


def test_an_altered_hash_is_told_from_altered_contents(run: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    digit = lines[3][-4:-3]
    lines[3] = lines[3][:-4] + (b"0" if digit != b"0" else b"1") + b'"}\n'
    (run / JOURNAL_NAME).write_bytes(b"".join(lines))
    with pytest.raises(RecordAltered, match=r"line 4 \(seq 3\).*its hash was altered, its contents were not"):
        read(run).exhaust()


def test_records_taken_out_exchanged_or_doubled_are_noticed(run: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    for wrong in (
        [*lines[:3], *lines[4:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
        [*lines[:4], lines[3], *lines[4:]],
        [*lines, lines[-1]],
    ):
        (run / JOURNAL_NAME).write_bytes(b"".join(wrong))
        with pytest.raises(RecordAltered):
            read(run).exhaust()


def test_a_gap_in_the_order_is_noticed_even_in_a_chain_that_fits(tmp_path: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    with pytest.raises(RecordAltered, match="says seq 4, 3 is next"):
        read(lone(tmp_path, resealed([*lines[:3], *lines[4:]]))).exhaust()


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ((1, 0), "the first line is no header"),
        ((0, 1, 0), "a second header"),
        ((0, 1, -1), "it counts"),
    ],
)
def test_lines_in_the_wrong_place_are_refused_even_in_a_chain_that_fits(
    tmp_path: Path, good: bytes, order: tuple[int, ...], what: str
) -> None:
    lines = good.splitlines(keepends=True)
    with pytest.raises(RecordAltered, match=what):
        read(lone(tmp_path, resealed([lines[number] for number in order]))).exhaust()


def test_a_record_after_the_end_is_refused_even_in_a_chain_that_fits(tmp_path: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    with pytest.raises(RecordAltered, match="a record after the end record"):
        read(lone(tmp_path, resealed([*lines, lines[-1]]))).exhaust()


def test_a_rewritten_chain_is_noticed_by_the_head(run: Path, good: bytes) -> None:
    deceiving = resealed(good.replace(b'"row":"noted"', b'"row":"nOted"', 1).splitlines(keepends=True))
    (run / JOURNAL_NAME).write_bytes(deceiving)
    with pytest.raises(HeadDiffers, match="there stands record"):
        read(run).exhaust()


# --- truncation --------------------------------------------------------------------------------------------


def test_a_journal_cut_anywhere_below_its_head_is_shortened(run: Path, good: bytes) -> None:
    boundaries = [end + 1 for end in range(len(good)) if good[end : end + 1] == b"\n"]
    inside = [boundary - back for boundary in boundaries for back in (1, 2, SEAL_LENGTH, 60)]
    for length in sorted({0, 1, 500, *boundaries[:-1], *inside}):
        (run / JOURNAL_NAME).write_bytes(good[:length])
        with pytest.raises(JournalShortened, match=r"remembers \d+ bytes up to record 33: records are lost"):
            read(run).exhaust()


def test_a_journal_cut_beyond_its_head_is_good_up_to_its_last_whole_line(tmp_path: Path, good: bytes) -> None:
    """A lone log has no head: whatever is cut off its end is torn."""
    lines = good.splitlines(keepends=True)
    for whole in range(1, len(lines)):
        before = b"".join(lines[:whole])
        for part in (0, 1, len(lines[whole]) // 2, len(lines[whole]) - 1):
            reader = read(lone(tmp_path, before + lines[whole][:part]))
            reader.exhaust()
            assert (reader.seq, reader.torn_bytes, reader.bytes) == (whole - 1, part, len(before))


def test_zeros_that_a_crash_left_behind_are_a_torn_tail(tmp_path: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    reader = read(lone(tmp_path, b"".join(lines[:4]) + bytes(512)))
    reader.exhaust()
    assert (reader.seq, reader.torn_bytes) == (3, 512)


@pytest.mark.parametrize("length", [0, 1, 300])
def test_a_run_cut_before_its_header_decided_nothing(tmp_path: Path, good: bytes, length: int) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(good[:length])
    with pytest.raises(JournalMissing, match="nothing was decided; remove it"):
        read(tmp_path)


# --- head and versions --------------------------------------------------------------------------------------


def test_no_altered_byte_of_the_head_goes_unnoticed(run: Path) -> None:
    path = run / HEAD_NAME
    head = path.read_bytes()
    for position in range(len(head) - 1):
        for flip in (0x01, 0x04, 0x80):
            altered = bytearray(head)
            altered[position] ^= flip
            path.write_bytes(altered)
            with pytest.raises((HeadDiffers, JournalShortened, FormatDiffers)):
                read(run).exhaust()


def test_the_head_of_another_run_is_noticed(tmp_path: Path) -> None:
    record(tmp_path / "a", DECISIONS)
    record(tmp_path / "b", DECISIONS[:5])
    (tmp_path / "b" / HEAD_NAME).replace(tmp_path / "a" / HEAD_NAME)
    with pytest.raises(HeadDiffers, match="not of one run"):
        read(tmp_path / "a").exhaust()


def test_a_missing_head_is_missed_only_where_it_is_needed(run: Path) -> None:
    (run / HEAD_NAME).unlink()
    read(run).exhaust()
    with pytest.raises(HeadMissing, match="its length is not proven; restore"):
        JournalReader(run, head_needed=True)


def test_a_run_cut_off_before_its_first_head_may_lack_it(tmp_path: Path, good: bytes) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(good[: good.index(b"\n") + 1])
    reader = JournalReader(tmp_path, head_needed=True)
    reader.exhaust()
    assert reader.seq == 0


@pytest.mark.parametrize("name", [JOURNAL_NAME, HEAD_NAME])
def test_another_format_version_is_named_with_its_remedy(run: Path, name: str) -> None:
    path = run / name
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2', 1))
    with pytest.raises(FormatDiffers, match="journal format 2, this code reads format 1; read it with the release"):
        read(run)


def test_a_record_of_another_schema_is_told_from_an_altered_one(tmp_path: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"row":', b'"rule":', 1)
    with pytest.raises(RecordUnreadable, match=r"line 3 \(seq 2\) is intact.*`rule`.*a schema has changed"):
        read(lone(tmp_path, resealed(lines))).exhaust()
