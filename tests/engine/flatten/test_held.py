from __future__ import annotations

from pathlib import Path

import pytest

from engine.flatten.held import markets_of_run
from engine.journal import JournalError, JournalWriter
from engine.journal.record import JOURNAL_NAME
from tests.engine.recorded import MAKER, TAKER, SmallRun, header, hedged_run


def written(directory: Path, run: SmallRun) -> Path:
    writer = JournalWriter(directory, header(), fsync=False)
    for decision in run.decisions:
        writer.append(decision)
    writer.commit()
    writer.abandon()
    return directory


def entering() -> SmallRun:
    run = SmallRun()
    run.open_venues()
    run.ask_entry()
    return run


def test_a_run_that_ordered_nothing_held_nothing(tmp_path: Path) -> None:
    run = SmallRun()
    run.open_venues()
    assert markets_of_run(written(tmp_path / "run", run)) == ()


def test_an_order_that_was_not_seen_to_end_counts_as_held(tmp_path: Path) -> None:
    assert markets_of_run(written(tmp_path / "run", entering())) == ((TAKER, "BTC"),)


def test_both_legs_of_a_hedged_pair_are_held(tmp_path: Path) -> None:
    assert sorted(markets_of_run(written(tmp_path / "run", hedged_run(0)))) == sorted([(TAKER, "BTC"), (MAKER, "BTC")])


def test_a_journal_that_was_changed_is_refused(tmp_path: Path) -> None:
    directory = written(tmp_path / "run", entering())
    path = directory / JOURNAL_NAME
    path.write_bytes(path.read_bytes().replace(b'"BTC"', b'"ETH"', 1))
    with pytest.raises(JournalError):
        markets_of_run(directory)
