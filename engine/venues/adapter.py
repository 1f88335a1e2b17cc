"""What every venue offers to the engine, and nothing more.

An adapter owns its venue's I/O: it turns commands into signed requests and frames into messages. It decides
nothing. Messages go out through `report`; order and position facts are never dropped there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import trio

from actors.commands import VenueCommand
from actors.domain import Venue
from actors.messages import VenueMessage

Report = Callable[[VenueMessage], None]
"""Hands a message to the engine's mailbox; never blocks, never raises for a full market lane."""

NowNs = Callable[[], int]
"""The engine's clock: nanoseconds UTC, virtual in simulation."""

Delivery = Callable[[], Awaitable[None]]
"""A prepared request: awaiting it sends, reads the answer and reports. Operating errors become messages."""


class Adapter(Protocol):
    """One venue's adapter."""

    venue: Venue

    def prepare(self, command: VenueCommand) -> Delivery:
        """Encode and sign `command` now, in order; the returned delivery does the I/O, in a task of its own.

        The delivery reports at least one message for every command: the outcome of an order is
        OrderAccepted / OrderFilled / OrderDone / OrderRejected, or OrderUnresolved when it is not known.
        """

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the streams up for ever: connect, read snapshots, report `LinkUp`, then frames; on a lost link
        report `LinkLost`, back off (bounded, jittered from a seed) and begin again. `task_status.started()` is
        called after the first `LinkUp`."""
