"""Worlds drawn from seeds: the shipped engine holds in each of the first few dozen."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fuzzing.draw import draw
from engine.fuzzing.trial import try_world

SEEDS = range(1, 31)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_of_this_seed_is_survived(seed: int, tmp_path: Path) -> None:
    """`perp2perp fuzz --seeds N..N` repeats it, and makes a failure smaller."""
    measured = try_world(draw(seed), tmp_path)
    assert measured.failure is None
