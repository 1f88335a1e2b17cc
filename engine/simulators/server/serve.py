"""Several simulated venues at once, one port each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import trio

from engine.errors import UserError
from engine.simulators.server.control import Control
from engine.simulators.server.limits import ServerLimits
from engine.simulators.server.listener import HOST, LoopbackServer
from engine.simulators.transport import SimulatedVenue

PORT_MOST = 65_535


class PortTaken(UserError):
    """A port that somebody else listens on, or that does not exist; the text names it."""


class Stall(msgspec.Struct, frozen=True, kw_only=True):
    """One venue to be served, and the account its control door speaks of; `port` 0 for any."""

    venue: SimulatedVenue
    account: str
    port: int = 0


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a venue is served: base URLs, to which its own paths are added."""

    venue: str
    url: str
    stream_url: str


async def serve(
    stalls: Sequence[Stall],
    *,
    speed: float = 1.0,
    limits: ServerLimits | None = None,
    task_status: trio.TaskStatus[tuple[Address, ...]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve for ever, each on its port; starts with the addresses, in that order. Raises PortTaken.

    `speed` is how much faster than real time trio's clock runs here: the limits are meant in real time.
    """
    bounds = (limits or ServerLimits()).at_speed(speed)
    addresses: list[Address] = []
    async with trio.open_nursery() as nursery:
        for stall in stalls:
            port, door = stall.port, Control(stall.venue, stall.account, speed)
            server = LoopbackServer(stall.venue, door, port=port, limits=bounds)
            await nursery.start(stall.venue.run)
            try:
                address = await nursery.start(server.run)
            except (OSError, OverflowError) as error:
                raise PortTaken(
                    f"port {port} on {HOST} cannot be listened on ({error}); name another with --port"
                ) from error
            addresses.append(
                Address(venue=stall.venue.face.venue, url=f"http://{address}", stream_url=f"ws://{address}")
            )
        task_status.started(tuple(addresses))
