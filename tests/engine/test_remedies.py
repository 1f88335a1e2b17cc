from __future__ import annotations

from pathlib import Path

from actors.domain import Venue
from actors.pair_position.state import PairPosition
from engine import remedies
from tests.engine.recorded import PAIR, hedged_run


def test_a_command_can_be_pasted_as_it_stands() -> None:
    markets = [(Venue.LIGHTER, "ETH"), (Venue.DRIFT, "ETH")]
    told = remedies.flatten_pairs(Path("my config/live.toml"), markets)
    assert told == "perp2perp flatten --config 'my config/live.toml' --pair lighter:ETH --pair drift:ETH"
    assert remedies.flatten_run(Path("a"), Path("/runs/1 b")) == "perp2perp flatten --config a --run '/runs/1 b'"
    assert remedies.positions(None) == "perp2perp positions --config PROFILE"


def test_a_quarantined_pair_is_told_with_both_legs_and_the_command_for_them() -> None:
    state = hedged_run().core.states[PAIR]
    assert isinstance(state, PairPosition)
    told = remedies.for_quarantined(state, None)
    assert all(f" on {leg.venue.value}" in told and f"--pair {leg.venue.value}:" in told for leg in state.legs)


def test_for_an_actor_that_holds_nothing_the_engine_is_to_be_stopped() -> None:
    assert "stop the engine" in remedies.for_quarantined(hedged_run().core.states["funding_scanner"], None)
    assert "stop the engine" in remedies.for_quarantined(None, None)
