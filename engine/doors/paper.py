"""The ends of a paper run: simulated venues in this process, and throw-away keys made from the seed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path

import trio

from actors.domain import HOUR_NS, Venue
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

    def held(self, run: Path) -> AbstractContextManager[None]:  # noqa: ARG002 - nobody else can reach these venues
        """Nothing to hold."""
        return nullcontext()

    def closing_notes(self) -> Iterator[str]:
        """Where the venues' figures came from, what a recording did not cover, and which faults struck how often."""
        yield from self._market_notes()
        for rule in self._faults.rules:
            struck = sum(venue.struck(rule.name) for venue in self.simulated.values())
            yield f"fault rule {rule.name!r} struck {struck} times"

    def _market_notes(self) -> Iterator[str]:
        scanner = self._config.policy.scanner
        venues = tuple(venue.value for venue in scanner.venues)
        for origin in self._market.provenance():
            if origin.venue in venues:
                yield f"{origin.venue}: prices {origin.prices}; rates {origin.rates}; book {origin.book}"
        gaps = [gap for gap in self._market.gaps() if gap.asset in scanner.assets and gap.venue in venues]
        if gaps:
            hours = max((gap.to_ns - gap.from_ns) / HOUR_NS for gap in gaps)
            yield (
                f"the recording has {len(gaps)} gaps for these assets, the longest {hours:.1f} h: "
                "prices stand still there, nothing is opened on old quotes, no funding is paid"
            )

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
