"""The ends of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import trio

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine import config as configuration
from engine.clock import Clock
from engine.config import Config
from engine.doors import NetworkDoors, PaperDoors
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace, sandbox_clocks, speed_of
from engine.doors.sandbox import SandboxClock, SandboxMissing
from engine.errors import UserError
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.venues.registry import make_signer
from engine.venues.signing import Signing
from engine.venues.transport import HttpRequest
from engine.world import FACES, build_market, build_venue, secret_for


@pytest.mark.parametrize("venue", list(FACES))
async def test_a_paper_door_is_a_simulated_venue_with_our_account_on_it(venue: Venue, autojump_clock: object) -> None:
    config = configuration.load(configuration.DEFAULT_CONFIG)
    market = build_market(config)
    doors = PaperDoors(config, market, market.start_ns, FaultPlan())
    clock = Clock(await doors.begin_ns())
    alarms: list[RaiseAlarm] = []
    assert clock.now_ns() == market.start_ns
    async with doors.open(venue, clock, alarms.append) as door:
        simulated = doors.simulated[venue]
        assert door.transport is simulated
        assert door.signing.account == door.account
        assert simulated.face.exchange.has_account(door.account)
    assert alarms == []
    notes = list(doors.closing_notes())
    assert sorted(note.partition(":")[0] for note in notes) == sorted(config.policy.scanner.venues)
    assert all("made up from seed" in note for note in notes), "no fault struck; where the figures came from is told"


# --- over sockets ------------------------------------------------------------------------------------------

CONFIG = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
TWO = configuration.with_options(CONFIG, venues="pacifica,lighter")


def told(venue: str, speed: float = 1.0) -> SandboxClock:
    return SandboxClock(venue=venue, network="simulated", account="me", now_ns=5, speed=speed)


def reachable(config: Config, urls: dict[str, str]) -> Config:
    """The profile with each venue at one of these addresses."""
    replace = msgspec.structs.replace
    venues = dict(config.venues)
    for name, url in urls.items():
        section = venues[Venue(name)]
        assert section.network is not None
        network = replace(section.network, url=url, stream_url=url.replace("http", "ws", 1))
        venues[Venue(name)] = replace(section, network=network)
    return replace(config, venues=venues)


def test_the_venues_live_at_one_speed_and_it_is_the_one_asked_for() -> None:
    clocks = {Venue.PACIFICA: told("pacifica", 20), Venue.LIGHTER: told("lighter", 20)}
    assert speed_of(clocks, None) == speed_of(clocks, 20) == 20
    with pytest.raises(UserError, match="live at 20; leave --speed out"):
        speed_of(clocks, 10)
    with pytest.raises(UserError, match="different speeds"):
        speed_of({**clocks, Venue.DRIFT: told("drift", 1)}, None)


async def test_where_nothing_answers_the_remedy_is_said() -> None:
    with pytest.raises(SandboxMissing, match=r"127\.0\.0\.1:9: no simulated venue answers.*perp2perp simulate"):
        await sandbox_clocks(reachable(TWO, {"pacifica": "http://127.0.0.1:9", "lighter": "http://127.0.0.1:9"}))


async def test_a_network_door_has_the_venues_account_and_a_venue_at_anothers_address_is_refused() -> None:
    market = build_market(TWO)
    clock = Clock(market.start_ns)
    stalls = []
    for venue in TWO.policy.scanner.venues:
        account = make_signer(venue, secret_for(venue, TWO.run.seed))[1]
        simulated = build_venue(venue, account, TWO, market, FaultPlan(), clock.now_ns)
        stalls.append(Stall(venue=simulated, account=account))
    async with trio.open_nursery() as nursery:
        pacifica, lighter = await nursery.start(serve, stalls)
        with pytest.raises(SandboxMissing, match="is lighter, not pacifica"):
            await sandbox_clocks(reachable(TWO, {"pacifica": lighter.url, "lighter": pacifica.url}))
        doors = NetworkDoors(reachable(TWO, {"pacifica": pacifica.url, "lighter": lighter.url}), sign_here)
        assert await doors.begin_ns() >= market.start_ns
        async with doors.open(Venue.LIGHTER, clock, lambda _: None) as door:
            assert door.account == stalls[1].account
            assert door.network == "simulated"
            answer = await door.transport.request(HttpRequest(method="GET", path="/api/v1/orderBooks"))
            assert answer.status == 200
        assert list(doors.closing_notes()) == [f"pacifica: {pacifica.url}", f"lighter: {lighter.url}"]
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def sign_here(place: SigningPlace, _: Alarm) -> AsyncIterator[Signing[Any, Any]]:
    yield make_signer(place.venue, secret_for(place.venue, TWO.run.seed))[0]
