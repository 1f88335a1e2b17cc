"""One venue's end of a run, and what opens it. Made by `paper` or by `network`; used by `engine.runtime`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine.clock import Clock
from engine.errors import UserError
from engine.simulators.transport import SimulatedVenue
from engine.venues.registry import Network
from engine.venues.signing import Signing
from engine.venues.transport import Transport


class VenueAway(UserError):
    """A venue cannot be reached yet, and the run goes on without it meanwhile; its door is tried again."""


Alarm = Callable[[RaiseAlarm], None]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's end. `world` moves a simulated venue and is run in the venue's nursery, if there is one.

    `identified`: the transport shows the account's access key.
    """

    transport: Transport
    signing: Signing[Any, Any]
    account: str
    network: Network = "simulated"
    identified: bool = False
    world: Callable[..., Awaitable[None]] | None = None


class Doors(Protocol):
    """Opens the doors of a run."""

    simulated: dict[Venue, SimulatedVenue]
    """The venues that are simulated in this process, for companions and reports."""

    async def begin_ns(self) -> int:
        """The venues' time at this moment, from which the run's clock goes on. Raises UserError, as if none answers."""

    def held(self, run: Path) -> AbstractContextManager[None]:
        """The accounts belong to this run meanwhile; entered after `begin_ns`. Raises AccountInUse."""

    def closing_notes(self) -> Iterator[str]:
        """What a reader of the report should know of the ends."""

    def open(self, venue: Venue, clock: Clock, alarm: Alarm) -> AbstractAsyncContextManager[Door]:
        """A venue's door, open until the run ends; `alarm` hears of what happens to it meanwhile. Raises VenueAway."""
