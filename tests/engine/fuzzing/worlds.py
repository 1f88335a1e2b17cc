"""Small worlds for tests, and runs of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from actors.domain import Venue
from engine.fuzzing.lives import Lives
from engine.fuzzing.market import Look
from engine.fuzzing.run import Run
from engine.fuzzing.trial import run_of
from engine.fuzzing.world import World, play_of

CALM = World(
    seed=7,
    venues=(Venue.HYPERLIQUID, Venue.PACIFICA),
    prices={"ETH": Decimal(3000)},
    looks=(
        Look(venue="hyperliquid", asset="ETH", premium_bps=Decimal(20), open_interest_usd=Decimal(900_000_000)),
        Look(venue="pacifica", asset="ETH", premium_bps=Decimal(-10), sold_usd_per_s=Decimal(200_000)),
    ),
    lead_s=20.0,
    calm_s=0.0,
    duration_s=60.0,
    deposit_usd=Decimal(50_000),
    notional_usd=Decimal(9000),
    hold_s=20.0,
    wobble_bps=0.0,
)
"""One pair is entered, held for a while, closed, and perhaps another."""


def world(**changes: Any) -> World:
    """The calm world with changes."""
    return msgspec.structs.replace(CALM, **changes)


def played(directory: Path, **changes: Any) -> tuple[Run, Lives]:
    """A run of it."""
    chosen = world(**changes)
    lives = Lives(play_of(chosen), directory)
    lives.perform()
    return run_of(chosen, lives), lives
