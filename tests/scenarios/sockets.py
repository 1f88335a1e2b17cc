"""The same scenarios over real sockets: servers and engines in one process, and time that waits for them.

Nothing repeats bit for bit here, so a scenario is played once; the invariants, the venues' truth and the replay of
the journal are checked as in memory. Scenarios mostly wait, so several are played at once, each with servers, an
engine and a journal of its own. Both ends of every socket are in this process: when it has been idle for `IDLE_S`
nothing is on its way any more, and time leaps to what is due next; while it works time stands still, so that a busy
machine delays no answer past its time.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import trio
import trio.testing

from actors.domain import Venue
from engine.clock import Clock
from engine.config import Config, NetworkSection
from engine.doors import NetworkDoors
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace
from engine.fuzzing.oracle import check_invariants
from engine.replay import render_replay, replay
from engine.runtime import Engine
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.simulators.transport import SimulatedVenue
from engine.venues.registry import make_signer
from engine.venues.signing import Signing
from engine.world import build_venue, secret_for
from tests.scenarios.harness import Run, Scenario, account_of, config_of, market_of

IDLE_S = 0.002
"""Real seconds within which the kernel hands over what was sent on the loopback, with room."""
Name = TypeVar("Name")


class LoopbackDoors(NetworkDoors):
    """Doors to servers in this process, so that a test may look at the truth behind them."""

    def __init__(self, config: Config, simulated: dict[Venue, SimulatedVenue], *, resuming: bool = False) -> None:
        @asynccontextmanager
        async def sign_here(place: SigningPlace, _: Alarm) -> AsyncIterator[Signing[Any, Any]]:
            yield make_signer(place.venue, secret_for(place.venue, config.run.seed))[0]

        super().__init__(config, sign_here, resuming=resuming)
        self.simulated = simulated


def play_together(scenarios: Mapping[Name, Scenario], directory: Path) -> dict[Name, Run]:
    """Play each scenario once, all at the same time; what must hold of any is still to be checked."""
    directories = [directory / str(number) for number in range(len(scenarios))]
    for made in directories:
        made.mkdir(parents=True)
    runs: dict[Name, Run] = {}

    async def perform_one(name: Name, scenario: Scenario, where: Path) -> None:
        runs[name] = await _perform(scenario, where)

    async def perform_all() -> None:
        async with trio.open_nursery() as nursery:
            for (name, scenario), where in zip(scenarios.items(), directories, strict=True):
                nursery.start_soon(perform_one, name, scenario, where)

    with signals_kept():
        trio.run(perform_all, clock=trio.testing.MockClock(autojump_threshold=IDLE_S))
    return runs


def check(run: Run) -> None:
    """The journal replays as it was decided, and the invariants hold."""
    report = replay(run.directory)
    assert report.identical, render_replay(report)
    check_invariants(run)


@contextmanager
def signals_kept() -> Iterator[None]:
    """Engines that end in another order than they began in put each other's signal handlers back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


async def _perform(scenario: Scenario, directory: Path) -> Run:
    config = config_of(scenario)
    market = market_of(scenario)
    clock = Clock(scenario.start_ns)
    plan = FaultPlan(rules=scenario.faults)
    simulated = {
        venue: build_venue(venue, account_of(venue, scenario.seed), config, market, plan, clock.now_ns)
        for venue in config.policy.scanner.venues
    }
    stalls = [Stall(venue=venue, account=account_of(name, scenario.seed)) for name, venue in simulated.items()]
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(serve, stalls)
        where = {Venue(address.venue): section(address.url, address.stream_url) for address in addresses}
        reached = sandbox(config, where, directory)
        engine = Engine(reached, LoopbackDoors(reached, simulated), directory)
        await engine.main()
        nursery.cancel_scope.cancel()
    engine.finish()
    return Run(scenario, directory, engine)


def section(url: str, stream_url: str) -> NetworkSection:
    one = Decimal(1)  # nobody reads the caps: the keys are in this process
    return NetworkSection(
        url=url, stream_url=stream_url, key_file="none", sign_order_most_usd=one, sign_hour_most_usd=one
    )


def sandbox(config: Config, where: dict[Venue, NetworkSection], state: Path) -> Config:
    replace = msgspec.structs.replace
    venues = {venue: replace(config.venues[venue], network=network) for venue, network in where.items()}
    run = replace(config.run, mode="sandbox", state_directory=str(state))
    return replace(config, run=run, venues=venues)
