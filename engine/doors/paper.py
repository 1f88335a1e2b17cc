"""The ends of a paper run: simulated venues in this process, and throw-away keys made from the seed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import trio

from actors.domain import Venue
from engine.clock import Clock
from engine.config import Config
from engine.doors.door import Alarm, Door
from engine.simulators.faults import FaultPlan
from engine.simulators.market import Market
from engine.simulators.transport import SimulatedVenue
from engine.venues.registry import make_signer
from engine.world import build_venue, secret_for


class PaperDoors:
    """Simulated venues in this process, and throw-away keys made from the seed."""

    def __init__(self, config: Config, market: Market, started_ns: int, faults: FaultPlan) -> None:
        """`started_ns` is the market time at which the run begins."""
        self.simulated: dict[Venue, SimulatedVenue] = {}
        self._config, self._market, self._faults = config, market, faults
        self._started_ns = started_ns
        self._clock: Clock | None = None

    async def begin_ns(self) -> int:
        """The market's time, which waits for us; it has gone on when an earlier engine was here."""
        await trio.lowlevel.checkpoint_if_cancelled()
        return self._started_ns if self._clock is None else self._clock.now_ns()

    def closing_notes(self) -> Iterator[str]:
        """Which faults struck how often."""
        for rule in self._faults.rules:
            struck = sum(venue.struck(rule.name) for venue in self.simulated.values())
            yield f"fault rule {rule.name!r} struck {struck} times"

    @asynccontextmanager
    async def open(self, venue: Venue, clock: Clock, alarm: Alarm) -> AsyncIterator[Door]:  # noqa: ARG002 - never fails
        """The venue's simulator with our account on it, as it is when an earlier engine was here."""
        self._clock = self._clock or clock
        signing, account = make_signer(venue, secret_for(venue, self._config.run.seed))
        if venue not in self.simulated:
            now_ns = self._clock.now_ns
            self.simulated[venue] = build_venue(venue, account, self._config, self._market, self._faults, now_ns)
        simulated = self.simulated[venue]
        await trio.lowlevel.checkpoint_if_cancelled()
        yield Door(transport=simulated, signing=signing, account=account, world=simulated.run)
