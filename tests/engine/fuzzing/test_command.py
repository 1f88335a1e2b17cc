"""The command: what it takes, what it answers, and that its answer is the seeds' alone."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain import Venue
from engine.cli import main
from engine.errors import UserError
from engine.fuzzing.command import repeating, seeds_of, summary, told, venues_of
from engine.fuzzing.trial import Failure, Measured

BAD = Failure(rule="books_differ", text="pacifica ETH: booked 1, held 0")


@pytest.mark.parametrize(("text", "seeds"), [("1..300", range(1, 301)), ("7", range(7, 8)), ("5..5", range(5, 6))])
def test_seeds_are_a_stretch_or_one(text: str, seeds: range) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a..b", "3..1", "-1..2", "1..", "1-3", "0..100000"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="--seeds"):
        seeds_of(text)


def test_venues_are_two_or_more_of_those_there_are() -> None:
    assert venues_of(None) == tuple(Venue)
    assert sorted(venues_of("drift, lighter")) == [Venue.DRIFT, Venue.LIGHTER]
    for text in ("drift", "drift,drift", "drift,binance", ""):
        with pytest.raises(UserError, match="--venues"):
            venues_of(text)


@pytest.mark.parametrize("wrong", [("--minutes", "0"), ("--jobs", "-1"), ("--seeds", "x"), ("--venues", "drift")])
def test_bad_input_is_refused_with_exit_two(wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fuzz", *wrong])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"perp2perp: {wrong[0]}")


def test_the_command_that_repeats_a_seed_names_its_venues() -> None:
    assert repeating(1234, tuple(Venue)) == "perp2perp fuzz --seeds 1234..1234"
    assert repeating(5, (Venue.DRIFT, Venue.LIGHTER)).endswith("--seeds 5..5 --venues drift,lighter")


def test_seeds_are_summed_and_the_worst_is_named() -> None:
    answer = summary(
        [
            Measured(seed=1, digest="a", market_s=1800.0, orders=3, faults={"delay": 2}, alarms={"kill_switch": 1}),
            Measured(
                seed=2, digest="b", market_s=1800.0, longest_naked_s=7.5, naked_usd_s=Decimal("10.4"), failure=BAD
            ),
            Measured(seed=3, digest="c", faults={"delay": 1, "hold": 1}, crashes=2),
        ],
        complete=False,
    )
    assert (answer.seeds, answer.market_hours, answer.orders, answer.crashes) == (3, 1.0, 3, 2)
    assert (answer.faults, answer.lost_or_doubled) == ({"delay": 3, "hold": 1}, 1)
    assert (answer.longest_naked_s, answer.longest_naked_seed, answer.naked_usd_s) == (7.5, 2, Decimal(10))
    table = told(answer)
    assert "3 (ended by --minutes)" in table
    assert "books_differ           1: seeds 2" in table
    assert "7.5 s (seed 2)" in table


def _run(jobs: str, hash_seed: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "engine.cli", "fuzz", "--seeds", "21..23", "--jobs", jobs, "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3/3 seeds" in done.stderr
    answer: dict[str, Any] = msgspec.json.decode(done.stdout)
    return answer


def test_the_answer_depends_on_neither_jobs_nor_hash_seed() -> None:
    one, other = _run("1", "1"), _run("2", "2")
    assert one == other
    assert one["orders"] > 0
