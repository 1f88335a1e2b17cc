"""Of a journal that shows a failure, the messages that matter are left; they make a journal of their own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.fuzzing.slicing import slice_of, write_log
from engine.fuzzing.trial import Failure, play_once
from engine.replay import replay
from tests.engine.fuzzing.planted import PLANTED
from tests.engine.fuzzing.worlds import world


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Failure, Path]:
    """A run whose naked leg has no timer, and what is wrong with it."""
    PLANTED["timer_not_armed"].plant(monkeypatch)
    quiet = world(looks=tuple(msgspec.structs.replace(look, sold_usd_per_s=Decimal(0)) for look in world().looks))
    played = play_once(quiet, tmp_path / "run")
    assert played.failure is not None
    assert played.failure.rule == "naked_unwatched"
    return played.failure, tmp_path / "run"


def test_few_messages_show_what_a_run_of_hundreds_shows(unwatched: tuple[Failure, Path], tmp_path: Path) -> None:
    failure, directory = unwatched
    found = slice_of(directory, failure)
    assert found is not None
    assert found.told.broken is not None
    assert found.told.broken.rule == failure.rule
    assert len(found.envelopes) < 15 < found.of
    write_log(found, tmp_path / "part")
    assert replay(tmp_path / "part").identical


def test_a_failure_that_the_journal_does_not_show_has_no_slice(unwatched: tuple[Failure, Path]) -> None:
    directory = unwatched[1]
    assert slice_of(directory, Failure(rule="naked_unwatched", text="", actor="pair_position/ETH-9")) is None


def test_what_no_part_of_a_journal_shows_has_no_slice(unwatched: tuple[Failure, Path]) -> None:
    assert slice_of(unwatched[1], Failure(rule="repeated", text="two plays differ")) is None
