"""Every venue passes the list over sockets too; and the list refuses to trade where real money is."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.domain import HOUR_NS, NS_PER_S, Venue
from engine import config as configuration
from engine.clock import Clock
from engine.config import NetworkSection
from engine.conformance import DIALOGUES, Verdict, network
from engine.conformance.network import NetworkRefused, Target, conform_on, network_at
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.venues.registry import make_signer
from engine.venues.signing import Signing
from engine.world import FACES, build_market, build_venue, secret_for

SPEED = 20.0
BEFORE_THE_HOUR_S = 120
CONFIG = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
ASSET = "SOL"


def section(url: str, stream_url: str) -> NetworkSection:
    caps = {"sign_order_most_usd": Decimal(1), "sign_hour_most_usd": Decimal(1)}
    return NetworkSection(url=url, stream_url=stream_url, key_file="none", **caps)


@asynccontextmanager
async def sign_here(place: SigningPlace, _: Alarm) -> AsyncIterator[Signing[Any, Any]]:
    yield make_signer(place.venue, secret_for(place.venue, CONFIG.run.seed))[0]


async def served_and_tried(venue: Venue) -> tuple[Verdict, ...]:
    """A simulated venue on a port of this process, and the list against it over sockets."""
    market = build_market(CONFIG)
    clock = Clock(market.start_ns // HOUR_NS * HOUR_NS + HOUR_NS * 2 - BEFORE_THE_HOUR_S * NS_PER_S)
    account = make_signer(venue, secret_for(venue, CONFIG.run.seed))[1]
    pace = msgspec.structs.replace(CONFIG.venues[venue].pace, quiet_step_s=1.0, busy_step_s=0.5)
    venues = {**CONFIG.venues, venue: msgspec.structs.replace(CONFIG.venues[venue], pace=pace)}
    config = msgspec.structs.replace(CONFIG, venues=venues)
    simulated = build_venue(venue, account, config, market, FaultPlan(), clock.now_ns)
    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(partial(serve, [Stall(venue=simulated, account=account)], speed=SPEED))
        where = section(address.url, address.stream_url)
        target = Target(venue=venue, network=where, asset=ASSET, size_cap_usd=Decimal(5_000))
        verdicts = await conform_on(target, "simulated", sign_here, lambda _: None)
        nursery.cancel_scope.cancel()
    return verdicts


@pytest.mark.parametrize("venue", list(FACES))
def test_every_simulated_venue_passes_every_dialogue_over_sockets(venue: Venue) -> None:
    clock = trio.testing.MockClock(rate=SPEED, autojump_threshold=math.inf)
    verdicts = trio.run(served_and_tried, venue, clock=clock)
    assert [(v.name, v.detail) for v in verdicts if v.outcome == "failed"] == []
    assert [v.name for v in verdicts if v.outcome == "not run"] == (["ADL fill"] if venue is Venue.DRIFT else [])
    assert len(verdicts) == len(DIALOGUES)


@pytest.mark.parametrize(
    ("venue", "url", "allowed"),
    [
        (Venue.HYPERLIQUID, "https://api.hyperliquid.xyz", "api.hyperliquid-testnet.xyz"),
        (Venue.LIGHTER, "https://mainnet.zklighter.elliot.ai", "testnet.zklighter.elliot.ai"),
        (Venue.DRIFT, "https://api.mainnet-beta.solana.com", "it has no test network"),
        (Venue.PACIFICA, "https://api.pacifica.fi/test-api.pacifica.fi", "test-api.pacifica.fi"),
    ],
)
def test_a_main_network_is_refused_with_where_it_may_run(venue: Venue, url: str, allowed: str) -> None:
    where = section(url, url.replace("http", "ws"))
    target = Target(venue=venue, network=where, asset="BTC", size_cap_usd=Decimal(1))
    with pytest.raises(NetworkRefused, match=allowed):
        network_at(target)


@pytest.mark.parametrize("venue", [Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER])
def test_a_test_network_is_known_by_all_of_its_hosts(venue: Venue) -> None:
    host = network.TEST_HOSTS[venue]
    target = Target(
        venue=venue, network=section(f"https://{host[0]}", f"wss://{host[-1]}"), asset="BTC", size_cap_usd=Decimal(1)
    )
    assert network_at(target) == "testnet"
    mixed = msgspec.structs.replace(target, network=section(f"https://{host[0]}", "wss://api.hyperliquid.xyz"))
    with pytest.raises(NetworkRefused):
        network_at(mixed)


async def test_a_venue_that_does_not_answer_is_named_with_how_to_start_one() -> None:
    where = section("http://127.0.0.1:9", "ws://127.0.0.1:9")
    target = Target(venue=Venue.PACIFICA, network=where, asset="BTC", size_cap_usd=Decimal(1))
    assert network_at(target) == "simulated"
    with pytest.raises(configuration.UserError, match="perp2perp simulate"):
        await network.clock_of(target)
