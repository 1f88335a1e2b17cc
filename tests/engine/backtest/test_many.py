"""Runs in processes of their own: a failure is told by name, nothing else is lost, and their number changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from engine.backtest.command import job_of
from engine.backtest.grid import ParameterSet
from engine.backtest.many import Standing, run_all
from engine.backtest.one_run import Job, Outcome, run_job
from engine.backtest.shown import Lines, line
from engine.simulators.market import Span
from engine.simulators.market.table import HOUR_NS
from tests.engine.backtest.histories import BEGIN_NS, asked, write

HOURS = 10


def jobs(folder: Path) -> tuple[Job, ...]:
    """Two runs that end, and between them one whose directory is there already."""
    request = asked(write(folder / "data", hours=24), out=folder / "out", last="2025-10-02")
    span = Span(BEGIN_NS, BEGIN_NS + HOURS * HOUR_NS)
    sets = [ParameterSet(name=name, changes={"scanner.net_least_bps": "9999"}) for name in ("first", "bad", "last")]
    made = tuple(job_of(request, each.name, each, span) for each in sets)
    made[1].directory.mkdir(parents=True, exist_ok=True)
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Outcome, ...], list[Standing]]:
    seen: list[Standing] = []
    outcomes = run_all(jobs(tmp_path_factory.mktemp("two")), 2, lambda told: seen.extend(told.values()))
    return outcomes, seen


def test_a_run_that_fails_is_told_by_name_and_loses_no_other(made: tuple[tuple[Outcome, ...], list[Standing]]) -> None:
    first, bad, last = made[0]
    assert [each.name for each in made[0]] == ["first", "bad", "last"]
    assert bad.failed.startswith("FileExistsError")
    assert [len(each.samples) for each in (first, last)] == [HOURS, HOURS]
    assert first.ended_well
    assert last.ended_well


def test_a_process_of_its_own_changes_no_outcome(
    made: tuple[tuple[Outcome, ...], list[Standing]], tmp_path: Path
) -> None:
    """So neither does the number of processes, nor who was first."""
    assert run_job(jobs(tmp_path)[0], lambda _: None) == made[0][0]


def test_every_run_is_seen_to_end_once(made: tuple[tuple[Outcome, ...], list[Standing]]) -> None:
    ended = sorted((standing.name, standing.ended[:15]) for standing in made[1] if standing.ended)
    assert ended == [("bad", "FileExistsError"), ("first", "done"), ("last", "done")]


class Deadly:
    """Ends the process that unpickles it, as the system does when memory is short."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


def test_a_process_that_dies_without_a_word_is_a_failure_of_its_run_alone(tmp_path: Path) -> None:
    dead = msgspec.structs.replace(jobs(tmp_path)[0], data=(Deadly(),))
    (outcome,) = run_all((dead,), 1, lambda _: None)
    assert outcome.failed == "its process ended with code 9 and no word"


def standing(hours: int, spent_s: float, ended: str = "") -> Standing:
    return Standing(name="x", hours=hours, hours_of=100, spent_s=spent_s, ended=ended)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (standing(0, 3.0), "x: 0/100 h, beginning"),
        (standing(50, 10.0), "x: 50/100 h, 5 h/s, 10 s left"),
        (standing(100, 20.0, "done"), "x: 100/100 h, done after 20 s"),
        (standing(10, 20.0, "KeyError: 1"), "x: 10/100 h, KeyError: 1 after 20 s"),
    ],
)
def test_progress_tells_hours_pace_and_what_is_left(told: Standing, words: str) -> None:
    assert line(told) == words


def test_without_a_terminal_a_run_that_ends_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines({0: standing(5, 1.0)})
    lines({0: standing(100, 9.0, "done")})
    assert capsys.readouterr().err == "x: 100/100 h, done after 9 s\n"
