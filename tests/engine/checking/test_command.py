from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.checking import command
from engine.checking.bounds import Bounds
from engine.checking.planted import PLANTED
from engine.cli import main
from engine.errors import UserError

TINY = ("check", "--lots", "1", "--faults", "0", "--asks", "0", "--jobs", "1")


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command in this process: exit code, output, errors."""

    def tell(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, captured.out, captured.err

    return tell


def test_what_is_proven_is_said_with_its_bounds(told: Any) -> None:
    code, out, err = told(*TINY)
    assert code == 0
    assert out.startswith("63 worlds, ")
    assert "Proven within these bounds" in out
    assert "worlds/s" in err


def test_a_venue_may_be_let_go_for_good(told: Any) -> None:
    code, out, _ = told(*TINY, "--gone", "1")
    assert code == 0
    assert out.startswith("419 worlds, ")
    assert "a venue gone for good" in out


def test_programs_get_one_line(told: Any) -> None:
    code, out, _ = told(*TINY, "--json")
    answer = msgspec.json.decode(out)
    assert (code, answer["worlds"], answer["complaints"], answer["complete"]) == (0, 63, [], True)


def test_a_search_that_was_ended_proves_nothing(told: Any) -> None:
    code, out, _ = told("check", "--jobs", "1", "--worlds", "100")
    assert code == 1
    assert "nothing is proven" in out


@pytest.mark.parametrize(
    "wrong",
    [
        ("--lots", "0"),
        ("--faults", "9"),
        ("--first", "both_legs"),
        ("--worlds", "0"),
        ("--jobs", "-1"),
        ("--gone", "2"),
    ],
)
def test_bounds_that_cannot_be_explored_are_refused(told: Any, wrong: tuple[str, str]) -> None:
    code, _, err = told("check", *wrong)
    assert code == 2
    assert err.startswith(f"perp2perp: {wrong[0]} {wrong[1]}: ")


def test_the_help_teaches(told: Any) -> None:
    code, out, _ = told("check", "--help")
    assert code == 0
    for word in ("exhaustive", "fault", "counterexample", "--planted", "--diagram"):
        assert word in out


def test_counterexamples_are_told_and_drawn() -> None:
    name = "emergency_waits_for_second_leg"
    checked = command.check(PLANTED[name].bounds(), 1, bug=name, stop_at_first=True, quiet=True)
    said = command.told(checked, drawn=True)
    assert "Invariant 5 (" in said
    assert "sequenceDiagram" in said


def test_the_table_of_planted_bugs_names_what_found_each() -> None:
    caught = (command.catch("timer_not_armed", PLANTED["timer_not_armed"]),)
    assert "the step raised" in command.planted_table(caught)
    assert "NOT FOUND" in command.planted_table((msgspec.structs.replace(caught[0], complaint=""),))


def test_bounds_are_made_of_options() -> None:
    made = command.bounds_of(lots=1, faults=2, asks=0, attempts=3, first="both", stale_ends=False, worlds=9)
    assert made == Bounds(lots=1, faults=2, asks=0, attempts=3, first="both", stale=False, worlds_most=9)
    with pytest.raises(UserError):
        command.bounds_of(lots=9, faults=0, asks=0, attempts=2, first="maker", stale_ends=True, worlds=1)
    assert command.jobs_of(3) == 3
    assert command.jobs_of(0) >= 1
