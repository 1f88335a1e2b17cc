"""Worlds drawn from seeds: the shipped engine holds in each of the first few dozen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from actors.domain import Venue
from engine.fuzzing.acts import Deleverage
from engine.fuzzing.draw import draw
from engine.fuzzing.lives import Death
from engine.fuzzing.trial import play_once, try_world
from tests.engine.fuzzing.worlds import world

SEEDS = range(1, 31)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_of_this_seed_is_survived(seed: int, tmp_path: Path) -> None:
    """`perp2perp fuzz --seeds N..N` repeats it, and makes a failure smaller."""
    measured = try_world(draw(seed), tmp_path)
    assert measured.failure is None


# --- stories that seeds have told --------------------------------------------------------------------------


def test_a_forced_fill_told_again_after_a_crash_is_not_taken_for_one_of_the_next_pair_s(tmp_path: Path) -> None:
    """The first pair is deleveraged and closes, the second holds the market, and the venue tells its history again."""
    taken = Deleverage(at_s=15.0, venue=Venue.HYPERLIQUID, asset="ETH", share=Decimal("0.2"))
    death = Death(commit=1, how="between write and send", from_s=50.0, holds="SubmitOrder")
    played = play_once(world(acts=(taken,), deaths=(death,), calm_s=70.0, duration_s=170.0), tmp_path / "run")
    assert played.lives.deaths == 1
    assert played.run is not None
    assert len(played.run.pairs) > 1
    assert played.failure is None
