"""Each rule for a journal that broke can fail: a good run with one thing altered breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.fuzzing.disks import FullDisk
from engine.fuzzing.journals import RULES, check_broken_journal
from engine.fuzzing.oracle import check_run
from engine.fuzzing.run import Run
from engine.fuzzing.steps import Violated
from engine.fuzzing.trial import play_once
from engine.sequencer import Sequencer
from tests.engine.fuzzing.worlds import played, world

FULL = FullDisk(from_s=30.0)


def cut_short(run: Run) -> None:
    run.records = run.records[:-1]


def broken_before_it_opened(run: Run) -> None:
    run.spared_from = next(record.seq for record in run.records if run.orders_of(record))


def silent(run: Run) -> None:
    run.journal_broken = ""


ALTERED: dict[str, Callable[[Run], None]] = {
    "record_lost": cut_short,
    "opened_unrecorded": broken_before_it_opened,
    "not_stopped": silent,
}


@pytest.mark.parametrize("rule", RULES)
def test_what_must_not_be_after_a_journal_broke_is_noticed(rule: str, tmp_path: Path) -> None:
    run, _ = played(tmp_path / "run", disk=FULL)
    check_run(run)
    ALTERED[rule](run)
    with pytest.raises(Violated) as broken:
        check_broken_journal(run)
    assert broken.value.rule == rule


def test_a_run_that_does_not_stop_for_its_journal_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sequencer takes a broken journal for a good one: it goes on opening."""
    init = Sequencer.__init__

    def deaf(self: Sequencer, *args: object, **others: object) -> None:
        init(self, *args, **others)  # type: ignore[arg-type]
        self._kill_told = True

    monkeypatch.setattr(Sequencer, "__init__", deaf)
    failure = play_once(world(disk=FULL), tmp_path / "run").failure
    assert failure is not None
    assert failure.rule == "not_stopped"
