"""The oracle is tried on bugs: each of these is planted into the shipped engine, and some seed must find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fuzzing.draw import draw
from engine.fuzzing.oracle import RULES
from engine.fuzzing.trial import play_once
from tests.engine.fuzzing.planted import PLANTED


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_within_its_seeds(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bug = PLANTED[name]
    bug.plant(monkeypatch)
    for seed in bug.seeds:
        failure = play_once(draw(seed), tmp_path / str(seed)).failure
        if failure is not None:
            assert not bug.rules or failure.rule in bug.rules, failure
            return
    pytest.fail(f"{bug.doc}: none of the seeds {bug.seeds} found it")


def test_every_rule_of_an_invariant_says_which() -> None:
    numbered = [title[0] for title in RULES.values() if title[1:3] == ": "]
    assert sorted(set(numbered)) == ["1", "2", "3", "4", "5", "6"]
