from __future__ import annotations

from collections.abc import Iterator

import trio
import trio.testing

from actors.domain import Venue
from actors.messages import FrameRefused, LinkUp, VenueMessage
from engine.venues.link import FrameError
from engine.venues.relisting import keep_listed
from engine.venues.transport import TransportError

NEWS = LinkUp(venue=Venue.PACIFICA)


async def test_changes_are_told_each_turn_and_a_failure_costs_only_its_own(
    autojump_clock: trio.testing.MockClock,
) -> None:
    told: list[tuple[float, object]] = []
    turns: Iterator[tuple[VenueMessage, ...] | Exception] = iter(
        [(NEWS,), TransportError("cut", sent=True), FrameError("info", "no list"), (), (NEWS, NEWS)]
    )

    async def changes() -> tuple[VenueMessage, ...]:
        turn = next(turns)
        if isinstance(turn, Exception):
            raise turn
        return turn

    def report(message: VenueMessage) -> None:
        told.append((trio.current_time(), message))

    with trio.move_on_after(310):
        await keep_listed(Venue.PACIFICA, 60.0, changes, report)
    refused = FrameRefused(venue=Venue.PACIFICA, channel="info", detail="no list")
    assert told == [(60.0, NEWS), (180.0, refused), (300.0, NEWS), (300.0, NEWS)]
