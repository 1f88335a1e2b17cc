"""The same scenarios over real sockets: servers and engine in one process, in real time made faster.

Nothing repeats bit for bit here, so a scenario is played once; the invariants, the venues' truth and the replay of
the journal are checked as in memory.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio
import trio.testing

from actors.domain import Venue
from engine.clock import Clock
from engine.config import Config, NetworkSection
from engine.doors import NetworkDoors
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace
from engine.replay import render_replay, replay
from engine.runtime import Engine
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.simulators.transport import SimulatedVenue
from engine.venues.registry import make_signer
from engine.venues.signing import Signing
from engine.world import build_venue, secret_for
from tests.scenarios.harness import Run, Scenario, account_of, config_of, market_of
from tests.scenarios.invariants import check_invariants

SPEED = 20.0
"""Market seconds in a real one: what the venues wait five seconds for takes a quarter of one."""


class LoopbackDoors(NetworkDoors):
    """Doors to servers in this process, so that a test may look at the truth behind them."""

    def __init__(self, config: Config, simulated: dict[Venue, SimulatedVenue]) -> None:
        @asynccontextmanager
        async def sign_here(place: SigningPlace, _: Alarm) -> AsyncIterator[Signing[Any, Any]]:
            yield make_signer(place.venue, secret_for(place.venue, config.run.seed))[0]

        super().__init__(config, sign_here)
        self.simulated = simulated


def play_over_sockets(scenario: Scenario, directory: Path) -> Run:
    """Play a scenario once over sockets and check all that must hold of any."""
    directory.mkdir(parents=True)
    run = trio.run(_perform, scenario, directory, clock=trio.testing.MockClock(SPEED, math.inf))
    report = replay(run.directory)
    assert report.identical, render_replay(report)
    check_invariants(run)
    return run


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
        addresses = await nursery.start(partial(serve, stalls, speed=SPEED))
        where = {Venue(address.venue): _section(address.url, address.stream_url) for address in addresses}
        sandbox = _sandbox(config, where)
        engine = Engine(sandbox, LoopbackDoors(sandbox, simulated), directory)
        await engine.main()
        nursery.cancel_scope.cancel()
    engine.finish()
    return Run(scenario, directory, engine)


def _section(url: str, stream_url: str) -> NetworkSection:
    caps = {"sign_order_most_usd": Decimal(1), "sign_hour_most_usd": Decimal(1)}
    return NetworkSection(url=url, stream_url=stream_url, key_file="none", **caps)


def _sandbox(config: Config, where: dict[Venue, NetworkSection]) -> Config:
    replace = msgspec.structs.replace
    venues = {venue: replace(config.venues[venue], network=network) for venue, network in where.items()}
    return replace(config, run=replace(config.run, mode="sandbox"), venues=venues)
