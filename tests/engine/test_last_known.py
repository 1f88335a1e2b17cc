from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from actors.pair_position.state import PairPosition
from engine.journal.record import HEAD_NAME, JOURNAL_NAME
from engine.last_known import last_known, words
from tests.engine.recorded import MAKER, PAIR, SmallRun, hedged_run
from tests.engine.test_recovery import cut_off, entering


def damaged(directory: Path, record: int) -> Path:
    """The run with one figure of a record altered; the header is line 1."""
    path = directory / JOURNAL_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    lines[record] = lines[record].replace(b'"at_ns":1', b'"at_ns":2', 1)
    path.write_bytes(b"".join(lines))
    return directory


def run_of(run: SmallRun, directory: Path) -> Path:
    return cut_off(directory / "run", run.decisions)


def test_the_books_are_those_before_the_record_that_is_not_good(tmp_path: Path) -> None:
    run = hedged_run()
    whole = last_known(run_of(run, tmp_path))
    assert whole is not None
    assert whole.seq == len(run.decisions)
    pair = run.core.states[PAIR]
    assert isinstance(pair, PairPosition)
    assert [holding.size for holding in whole.holdings] == [leg.position for leg in pair.legs]
    entered = next(d.envelope.seq for d in run.decisions if d.place == "TAKER_FILLED.maker_in_flight")
    known = last_known(damaged(tmp_path / "run", entered + 1))
    assert known is not None
    assert known.seq == entered
    first, second = known.holdings
    assert first.size != 0
    assert (second.size, second.venue, second.orders) == (Decimal(0), MAKER.value, 1)


def test_a_journal_shorter_than_its_head_and_one_with_a_bad_head_are_told_all_the_same(tmp_path: Path) -> None:
    directory = run_of(hedged_run(), tmp_path)
    path = directory / JOURNAL_NAME
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    short = last_known(directory)
    assert short is not None
    assert short.holdings
    (directory / HEAD_NAME).write_text("no head")
    assert last_known(directory) == short


def test_a_leg_with_an_order_out_says_that_it_may_be_more(tmp_path: Path) -> None:
    text = words(run_of(entering(), tmp_path), None)
    assert "and 1 orders that may be open" in text
    assert f"perp2perp flatten --config PROFILE --run {tmp_path / 'run'}" in text


def test_with_no_pair_open_and_with_nothing_readable_the_venues_are_named_as_those_who_know(tmp_path: Path) -> None:
    idle = SmallRun()
    idle.open_venues()
    nothing = words(damaged(run_of(idle, tmp_path), 0).parent / "nowhere", None)
    for text in (nothing, words(tmp_path / "run", None)):
        assert "perp2perp positions --config PROFILE" in text
    assert "nothing of it can be read" in nothing
