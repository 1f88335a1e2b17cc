"""Reads the venue's list of markets again while the link stays up: one may be closed or delisted meanwhile.

Kept by the adapters of venues whose streams do not tell it. Only what has changed is told; a halt that a venue's list
does not show (Hyperliquid's and Pacifica's show delistings alone) is still known by a refused order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from actors.domain import Venue
from actors.messages import FrameRefused, VenueMessage
from engine.venues.adapter import Report
from engine.venues.link import FrameError
from engine.venues.transport import TransportError

Changes = Callable[[], Awaitable[tuple[VenueMessage, ...]]]
"""Asks for the list, and tells what has changed. Raises TransportError or FrameError."""


async def keep_listed(venue: Venue, every_s: float, changes: Changes, report: Report) -> None:
    """Ask every `every_s`, for ever. A question that fails is asked again at the next turn."""
    while True:
        await trio.sleep(every_s)
        try:
            messages = await changes()
        except TransportError:
            continue
        except FrameError as refused:
            report(FrameRefused(venue=venue, channel=refused.channel, detail=refused.detail))
            continue
        for message in messages:
            report(message)
