"""Of a journal that shows a failure, the messages that matter are left; they make a journal of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fuzzing.slicing import slice_of, write_log
from engine.fuzzing.trial import Failure, play_once
from engine.replay import replay
from tests.engine.fuzzing.planted import PLANTED
from tests.engine.fuzzing.worlds import CALM


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Failure, Path]:
    """A run in which a closing order may open, which a step's own invariants notice."""
    PLANTED["close_may_open"].plant(monkeypatch)
    played = play_once(CALM, tmp_path / "run")
    assert played.failure is not None
    assert played.failure.rule == "step_raised"
    return played.failure, tmp_path / "run"


def test_few_messages_show_what_a_run_of_hundreds_shows(failed: tuple[Failure, Path], tmp_path: Path) -> None:
    failure, directory = failed
    found = slice_of(directory, failure)
    assert found is not None
    assert found.told.broken is not None
    assert found.told.broken.rule == failure.rule
    assert len(found.envelopes) < 15 < found.of
    write_log(found, tmp_path / "part")
    assert replay(tmp_path / "part").identical


def test_a_failure_that_the_journal_does_not_show_has_no_slice(failed: tuple[Failure, Path]) -> None:
    directory = failed[1]
    assert slice_of(directory, Failure(rule="step_raised", text="", actor="pair_position/ETH-9")) is None


def test_what_no_part_of_a_journal_shows_has_no_slice(failed: tuple[Failure, Path]) -> None:
    assert slice_of(failed[1], Failure(rule="repeated", text="two plays differ")) is None
