"""The ends of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine import config as configuration
from engine.clock import Clock
from engine.config import Config
from engine.doors import NetworkDoors, PaperDoors, VenueAway
from engine.doors.accounts import AccountInUse, accounts_held
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace, accounts_of, clocks_that_answer, sandbox_clocks, speed_of
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
        network = replace(section.network, url=url, stream_url=url.replace("http", "ws", 1), access_key_file="")
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


NOBODY = "http://127.0.0.1:9"


def stall(venue: Venue, clock: Clock) -> Stall:
    account = make_signer(venue, secret_for(venue, TWO.run.seed))[1]
    return Stall(venue=build_venue(venue, account, TWO, build_market(TWO), FaultPlan(), clock.now_ns), account=account)


async def test_whoever_answers_is_told_apart_from_whoever_does_not() -> None:
    async with trio.open_nursery() as nursery:
        (lighter,) = await nursery.start(serve, [stall(Venue.LIGHTER, Clock(build_market(TWO).start_ns))])
        clocks, missing = await clocks_that_answer(reachable(TWO, {"pacifica": NOBODY, "lighter": lighter.url}))
        nursery.cancel_scope.cancel()
    assert list(clocks) == [Venue.LIGHTER]
    assert [(venue, NOBODY in str(error)) for venue, error in missing.items()] == [(Venue.PACIFICA, True)]


async def test_a_run_that_begins_needs_every_venue_and_one_that_is_gone_on_with_needs_one(tmp_path: Path) -> None:
    """The door of a venue that is away is tried again; its account is held as soon as it is back."""
    clock = Clock(build_market(TWO).start_ns)
    async with trio.open_nursery() as nursery:
        (lighter,) = await nursery.start(serve, [stall(Venue.LIGHTER, clock)])
        config = reachable(TWO, {"pacifica": NOBODY, "lighter": lighter.url})
        config = msgspec.structs.replace(config, run=msgspec.structs.replace(config.run, state_directory=str(tmp_path)))
        with pytest.raises(SandboxMissing, match=r"127\.0\.0\.1:9: no simulated venue"):
            await NetworkDoors(config, sign_here).begin_ns()
        doors = NetworkDoors(config, sign_here, resuming=True)
        assert await doors.begin_ns() >= clock.now_ns() - 10**9
        with doors.held(tmp_path / "run"):
            with pytest.raises(VenueAway, match=r"127\.0\.0\.1:9: no simulated venue"):
                async with doors.open(Venue.PACIFICA, clock, lambda _: None):
                    pass
            (pacifica,) = await nursery.start(serve, [stall(Venue.PACIFICA, clock)])
            back = reachable(config, {"pacifica": pacifica.url})
            doors._config = back  # it comes back at its own address, which a test cannot choose
            clocks = await sandbox_clocks(back)
            async with doors.open(Venue.PACIFICA, clock, lambda _: None) as door:
                assert door.account == clocks[Venue.PACIFICA].account
                with pytest.raises(AccountInUse), accounts_held(str(tmp_path), accounts_of(back, clocks), "another"):
                    pass
        nursery.cancel_scope.cancel()


async def test_a_venue_that_comes_back_at_another_speed_is_still_away() -> None:
    clock = Clock(build_market(TWO).start_ns)
    async with trio.open_nursery() as nursery:
        (pacifica,) = await nursery.start(serve, [stall(Venue.PACIFICA, clock)])
        doors = NetworkDoors(reachable(TWO, {"pacifica": pacifica.url}), sign_here, speed=20.0, resuming=True)
        with pytest.raises(VenueAway, match="came back at speed 1, the run lives at 20"):
            async with doors.open(Venue.PACIFICA, clock, lambda _: None):
                pass
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def sign_here(place: SigningPlace, _: Alarm) -> AsyncIterator[Signing[Any, Any]]:
    yield make_signer(place.venue, secret_for(place.venue, TWO.run.seed))[0]
