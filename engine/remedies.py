"""What a person is told to do when the engine cannot: the very command, with the markets it is about.

Used by `engine.runtime` for alarms and by `engine.recovery` for refusals. Counterpart: `engine.flatten`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from actors.actor import ActorState
from actors.domain import Venue
from actors.engine_lifecycle import EngineLifecycle
from actors.pair_position.state import PairPosition
from engine.sizes import plain

THIS_PROFILE = "PROFILE"
"""Stands where the profile's file is not known."""


def flatten_pairs(profile: Path | None, markets: Iterable[tuple[Venue, str]]) -> str:
    """The command that closes these markets at the venues, whatever the engine does."""
    named = " ".join(f"--pair {venue.value}:{asset}" for venue, asset in markets)
    return f"perp2perp flatten --config {_file(profile)} {named}"


def flatten_run(profile: Path | None, run: Path) -> str:
    """The command that closes what a run holds at the venues."""
    return f"perp2perp flatten --config {_file(profile)} --run {shlex.quote(str(run))}"


def positions(profile: Path | None) -> str:
    """The command that shows what the venues hold."""
    return f"perp2perp positions --config {_file(profile)}"


def for_quarantined(state: ActorState | None, profile: Path | None) -> str:
    """What an actor that decides nothing more left, and what to do about it."""
    if isinstance(state, EngineLifecycle):
        return "the run ends: every pair is asked to close; the kill switch (interrupt twice) works all the same"
    if not isinstance(state, PairPosition):
        return "nobody does its work any more: stop the engine, which closes all pairs (interrupt it once)"
    held = ", ".join(f"{plain(leg.position)} {state.asset} on {leg.venue.value}" for leg in state.legs)
    command = flatten_pairs(profile, [(leg.venue, state.asset) for leg in state.legs])
    return f"by its books it holds {held}; close that at the venues: {command}"


def _file(profile: Path | None) -> str:
    return THIS_PROFILE if profile is None else shlex.quote(str(profile))
