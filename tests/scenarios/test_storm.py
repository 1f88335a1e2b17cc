"""Everything at once, drawn from a seed: the invariants must hold whatever comes, and all is well when it ends."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import Venue
from engine.fuzzing.faults import storm
from tests.scenarios.harness import POLICY, Scenario, play
from tests.scenarios.market import Scene
from tests.scenarios.test_entry import TRICKLE

BEGINS_S, CALM_S = 5.0, 150.0


HL, PAC, LIGHTER, DRIFT = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT
STORMS = (
    *((seed, (HL, PAC)) for seed in range(1, 13)),
    *((seed, (HL, LIGHTER)) for seed in (*range(1, 7), 25)),
    *((seed, (LIGHTER, PAC)) for seed in (*range(1, 7), 20)),
    *((seed, (HL, DRIFT)) for seed in range(1, 7)),
    *((seed, (DRIFT, LIGHTER)) for seed in range(1, 7)),
    *((seed, (PAC, DRIFT)) for seed in range(1, 7)),
)


@pytest.mark.parametrize(
    ("seed", "venues"), STORMS, ids=lambda part: "-".join(part) if isinstance(part, tuple) else part
)
def test_storm_of_all_faults_ends_flat_with_true_books(seed: int, venues: tuple[Venue, ...], tmp_path: Path) -> None:
    policy = replace(
        POLICY,
        entry=replace(POLICY.entry, backoff_s=20.0),
        auto_close=replace(POLICY.auto_close, hold_most_h=Decimal("0.007"), hold_longest_h=Decimal("0.007")),
        lifecycle=replace(POLICY.lifecycle, duration_s=240.0),
    )
    weight = (0.03, 0.1, 0.2)[seed % 3]
    scenes = (Scene(pacifica=TRICKLE),) if seed % 2 else (Scene(),)
    scenario = Scenario(
        seed=seed,
        venues=venues,
        scenes=scenes,
        faults=storm(weight, BEGINS_S, CALM_S),
        policy=policy,
        calm_s=CALM_S,
        settled_s=100.0,  # on Lighter one doubt waits for another: 94 s have been seen
    )
    run = play(scenario, tmp_path)
    assert run.orders("taker")
    assert all(pair.place == "CLOSED.flat" or pair.place.startswith("IDLE") for pair in run.pairs)
