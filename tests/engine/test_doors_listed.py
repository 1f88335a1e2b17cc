"""Real sockets on a loopback port: what the simulated venues list against what a profile says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio

from actors.domain import Venue
from engine import config as configuration
from engine.clock import Clock
from engine.config import DEFAULT_CONFIG, Config, ConfigError
from engine.doors.listed import Terms, differences, listed_at, refuse_other_terms
from engine.preparation import first_common_ns
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.world import build_market, build_venue

HL, PACIFICA, LIGHTER = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER
VENUES = (HL, PACIFICA, LIGHTER)
SANDBOX = configuration.load(DEFAULT_CONFIG.parent / "sandbox.toml")


@asynccontextmanager
async def served(config: Config = SANDBOX) -> AsyncIterator[Config]:
    """The profile at the ports its venues, as `config` has them, are served at."""
    market = build_market(config)
    clock = Clock(first_common_ns(market, config))
    accounts = {HL: "0x" + "ab" * 20, PACIFICA: "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin", LIGHTER: "4711"}
    stalls = [
        Stall(venue=build_venue(venue, accounts[venue], config, market, FaultPlan(), clock.now_ns), account="")
        for venue in VENUES
    ]
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(serve, stalls)
        venues = dict(SANDBOX.venues)
        for venue, address in zip(VENUES, addresses, strict=True):
            network = venues[venue].network
            assert network is not None
            network = msgspec.structs.replace(network, url=address.url, stream_url=address.stream_url)
            venues[venue] = msgspec.structs.replace(venues[venue], network=network)
        scanner = msgspec.structs.replace(SANDBOX.policy.scanner, venues=VENUES)
        policy = msgspec.structs.replace(SANDBOX.policy, scanner=scanner)
        yield msgspec.structs.replace(SANDBOX, venues=venues, policy=policy)
        nursery.cancel_scope.cancel()


async def test_the_shipped_profile_says_what_its_venues_list() -> None:
    async with served() as config:
        await refuse_other_terms(config, 1.0)
        found = await listed_at(config, LIGHTER)
        assert found is not None
        assert found["HYPE"] == Terms(market=24, size_decimals=2, lot=Decimal("0.01"), tick=Decimal("0.0001"))
        assert await listed_at(config, Venue.DRIFT) is None


async def test_a_profile_that_says_other_terms_is_refused_with_each_field_and_both_values() -> None:
    async with served() as config:
        theirs = msgspec.structs.replace(config, venues={**config.venues, **changed(config)})
        with pytest.raises(ConfigError) as refused:
            await refuse_other_terms(theirs, 1.0)
    for told in (
        "venues.hyperliquid.network.sign_markets.HYPE.market is 159, the venue lists 3",
        "venues.pacifica.instruments.SOL.tick is 0.02, the venue lists 0.01",
        "venues.lighter.network.sign_markets.BTC.size_decimals is 4, the venue lists 5",
    ):
        assert told in str(refused.value)
    assert str(refused.value).count("the venue lists") == 3


def changed(config: Config) -> dict[Venue, Any]:
    """Three fields that are not the venues'."""
    replace = msgspec.structs.replace
    networks = {venue: config.venues[venue].network for venue in VENUES}
    hyperliquid, lighter = networks[HL], networks[LIGHTER]
    assert hyperliquid is not None
    assert lighter is not None
    hype, btc = hyperliquid.sign_markets["HYPE"], lighter.sign_markets["BTC"]
    first = {**hyperliquid.sign_markets, "HYPE": replace(hype, market=159)}
    third = {**lighter.sign_markets, "BTC": replace(btc, size_decimals=4)}
    instruments = config.venues[PACIFICA].instruments
    second = {**instruments, "SOL": replace(instruments["SOL"], tick=Decimal("0.02"))}
    return {
        HL: replace(config.venues[HL], network=replace(hyperliquid, sign_markets=first)),
        PACIFICA: replace(config.venues[PACIFICA], instruments=second),
        LIGHTER: replace(config.venues[LIGHTER], network=replace(lighter, sign_markets=third)),
    }


def test_a_market_that_the_venue_does_not_list_is_named() -> None:
    listed = dict.fromkeys((*SANDBOX.policy.scanner.assets[1:],), Terms())
    assert list(differences(SANDBOX, HL, listed)) == [
        "hyperliquid does not list BTC, which policy.scanner.assets names"
    ]
    assert list(differences(SANDBOX, HL, None)) == []


async def test_a_venue_that_does_not_answer_is_left_to_its_adapter() -> None:
    async with served() as config:
        pass
    assert await listed_at(config, PACIFICA) is None
