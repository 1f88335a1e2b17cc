from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.mutation.__main__ import JUDGES, ROOT, left, options_of, tasks
from tests.mutation.trial import Task, Verdict, try_all

LIFECYCLE = Task("engine_lifecycle", JUDGES["engine_lifecycle"], ROOT, quick=True)


def tried(task: Task) -> list[Verdict]:
    """In a process of its own, as `make mutants` does it: pytest within pytest would leave its settings behind."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(try_all, task).result()


def test_the_tests_catch_a_row_that_is_dropped_and_name_who_caught_it() -> None:
    verdicts = tried(LIFECYCLE._replace(only="L9: "))
    caught = {verdict.name: verdict.caught_by for verdict in verdicts}
    assert caught
    assert "[L9]" in caught["engine_lifecycle L9: dropped"]


def test_a_mutant_that_no_test_looks_at_survives(tmp_path: Path) -> None:
    blind = tmp_path / "test_blind.py"
    blind.write_text("def test_nothing() -> None:\n    pass\n", encoding="utf-8")
    (verdict,) = tried(LIFECYCLE._replace(tests=(str(blind),), only="L9: dropped"))
    assert verdict.survived


def test_tests_that_fail_by_themselves_judge_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test_wrong() -> None:\n    raise ValueError\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="fails without any mutant"):
        tried(LIFECYCLE._replace(tests=(str(broken),)))


def test_the_parts_of_a_chart_are_all_its_mutants_once() -> None:
    parts = [task for task in tasks(options_of(["charts", "--quick"])) if task.name == "engine_lifecycle"]
    names = [mutant.name for task in parts for mutant in task.mutants()]
    assert sorted(names) == sorted(mutant.name for mutant in LIFECYCLE.mutants())


def test_only_what_is_named_is_tried_by_any_of_several_parts() -> None:
    names = [mutant.name for mutant in LIFECYCLE._replace(only="L9: ,L10: dropped").mutants()]
    assert "engine_lifecycle L10: dropped" in names
    assert all(": dropped" in name for name in names if " L10: " in name)
    assert {name.split(":")[0] for name in names} == {"engine_lifecycle L9", "engine_lifecycle L10"}


def test_what_is_left_is_told_at_once_without_what_is_accepted() -> None:
    verdicts = [Verdict("one", ""), Verdict("two", ""), Verdict("three", "test_a"), Verdict("four", "", same=True)]
    assert [verdict.name for verdict in left(verdicts, {"two": "nobody looks"})] == ["one"]
