"""C1 and C2: the engine is killed at any moment of a pair's life, and goes on with the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fuzzing.lives import Death
from tests.scenarios.crashes import some_deaths_of, survive, try_all
from tests.scenarios.harness import DRIFT, HYPERLIQUID, LIGHTER, PACIFICA, Scenario
from tests.scenarios.test_exit import PLACES

LIVES: dict[str, Scenario] = {
    "hyperliquid/pacifica": Scenario(),
    "hyperliquid/lighter": Scenario(venues=(HYPERLIQUID, LIGHTER)),
    "lighter/pacifica": Scenario(venues=(LIGHTER, PACIFICA)),
    "drift/hyperliquid": Scenario(venues=(DRIFT, HYPERLIQUID)),
    "hyperliquid/drift": Scenario(venues=(HYPERLIQUID, DRIFT)),
    **{f"towards {place}": scenario for place, scenario in PLACES.items() if scenario != Scenario()},
}


@pytest.mark.parametrize("name", LIVES)
def test_c1_killed_at_any_moment_the_run_goes_on_and_ends_flat_or_hedged(name: str, tmp_path: Path) -> None:
    assert try_all(name, LIVES[name], tmp_path, some_deaths_of) == []


def test_c1_killed_again_while_it_recovers_the_run_still_ends_flat(tmp_path: Path) -> None:
    """The first death leaves a naked leg and an order in doubt; the next ones come before that is mended."""
    for second in range(2, 9):
        first = Death(commit=17, how="between write and send")
        again = Death(commit=second, how="between write and send")
        run = survive(Scenario(settled_s=120.0), tmp_path / str(second), first, again)
        assert all(pair.place == "CLOSED.flat" for pair in run.pairs)


@pytest.mark.parametrize("down_s", [0.0, 40.0, 600.0, 7200.0])
def test_c1_however_long_the_engine_was_away(down_s: float, tmp_path: Path) -> None:
    for commit in (16, 17, 21, 28, 71, 73):
        death = Death(commit=commit, how="between write and send", down_s=down_s)
        run = survive(Scenario(settled_s=120.0 + down_s), tmp_path / str(commit), death)
        assert all(pair.place == "CLOSED.flat" for pair in run.pairs)
