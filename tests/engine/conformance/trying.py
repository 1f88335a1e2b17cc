"""A single dialogue of a test's own against a simulated venue in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actors.domain import Venue
from engine import config as configuration
from engine.conformance import Dialogue, Stand, Verdict
from engine.conformance.command import PROFILE
from engine.conformance.memory import conform_in_memory
from engine.venues.adapter import Adapter

CONFIG = configuration.load(PROFILE)
ASSET = "SOL"


def tried(
    run: Callable[[Stand], Awaitable[str]],
    venue: Venue = Venue.PACIFICA,
    disguise: Callable[[Adapter], Adapter] = lambda adapter: adapter,
) -> Verdict:
    """Its verdict; a failure of an assertion in it comes out as it is."""
    dialogue = Dialogue(name="tried", rule="a rule", run=run)
    (verdict,) = conform_in_memory(CONFIG, venue, ASSET, disguise=disguise, dialogues=(dialogue,))
    return verdict
