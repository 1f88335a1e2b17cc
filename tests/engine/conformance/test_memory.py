"""Every venue passes the list in memory; and an adapter or a venue that does wrong does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from actors.commands import SubmitOrder, VenueCommand
from actors.domain import TimeInForce, Venue
from engine import config as configuration
from engine.conformance import DIALOGUES, Verdict
from engine.conformance.command import PROFILE
from engine.conformance.memory import conform_in_memory
from engine.venues.adapter import Adapter, Delivery
from engine.world import FACES

CONFIG = configuration.load(PROFILE)
ASSET = "SOL"


def outcomes(verdicts: tuple[Verdict, ...]) -> dict[str, str]:
    return {verdict.name: verdict.outcome for verdict in verdicts}


@pytest.mark.parametrize("venue", list(FACES))
def test_every_simulated_venue_passes_every_dialogue_in_memory(venue: Venue) -> None:
    heard: list[Verdict] = []
    verdicts = conform_in_memory(CONFIG, venue, ASSET, heard.append)
    assert [verdict.name for verdict in verdicts] == [dialogue.name for dialogue in DIALOGUES]
    assert [(v.name, v.detail) for v in verdicts if v.outcome == "failed"] == []
    assert [v.name for v in verdicts if v.outcome == "not run"] == (["ADL fill"] if venue is Venue.DRIFT else [])
    assert tuple(heard) == verdicts


class Disguised:
    """An adapter that is asked for something else than what was wanted, or whose words are changed."""

    def __init__(self, inner: Adapter, change: Callable[[VenueCommand], VenueCommand]) -> None:
        self.inner, self.change, self.venue = inner, change, inner.venue

    def prepare(self, command: VenueCommand) -> Delivery:
        return self.inner.prepare(self.change(command))

    async def listen(self, **_: Any) -> None:
        raise AssertionError("the real adapter listens")


def forgets(field: str, value: object) -> Callable[[Adapter], Adapter]:
    """An adapter that leaves a field of the order at this value."""

    def change(command: VenueCommand) -> VenueCommand:
        return msgspec.structs.replace(command, **{field: value}) if isinstance(command, SubmitOrder) else command

    return lambda adapter: Disguised(adapter, change)


@pytest.mark.parametrize(
    ("disguise", "caught_by"),
    [
        (forgets("reduce_only", False), "reduce-only on flat"),
        (forgets("time_in_force", TimeInForce.GTC), "post-only that would cross"),
    ],
)
def test_an_adapter_that_forgets_what_was_asked_is_caught(
    disguise: Callable[[Adapter], Adapter], caught_by: str
) -> None:
    verdicts = conform_in_memory(CONFIG, Venue.PACIFICA, ASSET, disguise=disguise)
    assert outcomes(verdicts)[caught_by] == "failed"
