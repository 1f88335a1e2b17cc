"""What stands between a run and the network: bounds in real time, every address checked, no address shown whole."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.domain import Venue
from engine import config as configuration
from engine.config import Config, ConfigError, NetworkSection, SignMarketSection
from engine.doors import NetworkDoors
from engine.doors.network import SigningPlace, caps_of, routes_of, transport_of
from engine.signing import Program
from engine.venues.drift.settings import IDL_SHA256
from engine.venues.drift.wire import PROGRAM_ID
from engine.venues.network import RouteRefused
from tests.engine.venues.raw import head_of, raw_server, silence, welcome

FAST = 600.0
"""Five seconds of the venues' time are eight milliseconds."""
LATE_S = 60.0
"""A tenth of a second, for whoever counts in real time."""


def section(address: str, **changes: Any) -> NetworkSection:
    caps = {"sign_order_most_usd": Decimal(1), "sign_hour_most_usd": Decimal(1)}
    told = {"url": f"http://{address}", "stream_url": f"ws://{address}", "key_file": "none", **caps}
    return NetworkSection(**{**told, **changes})


def quickly(main: Callable[[], Awaitable[None]]) -> None:
    """Run at a clock that goes much faster than the sockets do."""
    trio.run(main, clock=trio.testing.MockClock(rate=FAST, autojump_threshold=math.inf))


def profile(address: str, **changes: Any) -> Config:
    """One venue, at this address."""
    config = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
    found = msgspec.structs.replace(config.venues[Venue.PACIFICA], network=section(address, **changes))
    scanner = msgspec.structs.replace(config.policy.scanner, venues=(Venue.PACIFICA,))
    policy = msgspec.structs.replace(config.policy, scanner=scanner)
    return msgspec.structs.replace(config, policy=policy, venues={Venue.PACIFICA: found})


def test_a_socket_has_its_real_time_however_fast_the_venues_live() -> None:
    async def late(stream: trio.abc.Stream) -> None:
        await trio.sleep(LATE_S)
        await welcome(stream)
        await silence(stream)

    async def main() -> None:
        async with (
            raw_server(late) as address,
            transport_of(section(address), FAST) as transport,
            transport.stream("/"),
        ):
            pass

    quickly(main)


def test_the_venues_clock_is_waited_for_in_real_time() -> None:
    told = b'{"venue":"pacifica","network":"simulated","account":"a","now_ns":7,"speed":600}'

    async def late(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        await trio.sleep(LATE_S)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(told) + told)

    async def main() -> None:
        async with raw_server(late) as address:
            assert await NetworkDoors(profile(address), speed=FAST).begin_ns() == 7

    quickly(main)


def test_a_report_names_the_venue_s_host_and_never_a_key_in_its_address() -> None:
    config = profile("127.0.0.1:1", url="http://127.0.0.1:1/rpc/hush?api-key=hush")
    assert list(NetworkDoors(config).closing_notes()) == ["pacifica: http://127.0.0.1:1"]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://api.example", "WS://api.example", "api.example"])
def test_a_further_route_is_checked_and_never_dropped_in_silence(url: str) -> None:
    with pytest.raises(RouteRefused):
        routes_of(section("127.0.0.1:1", routes={"/dlob": url}))


def test_further_routes_are_for_requests_or_streams_by_their_scheme() -> None:
    routes = routes_of(section("127.0.0.1:1", routes={"/a": "HTTPS://a.example", "/b": "WSS://b.example"}))
    assert (list(routes.requests), list(routes.streams)) == (["", "/a"], ["", "/b"])


def place(venue: Venue, **changes: Any) -> SigningPlace:
    config = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
    network = config.venues[venue].network
    assert network is not None
    return SigningPlace(venue=venue, section=network, network="simulated", account="a", leverage=2, **changes)


@pytest.mark.parametrize("venue", list(Venue))
def test_the_caps_of_a_profile_are_those_the_process_gets(venue: Venue) -> None:
    caps = caps_of(place(venue))
    assert [caps.order_most_usd, caps.hour_most_usd] == [27_500, 400_000]
    assert caps.leverage_most == 2
    assert {cap.asset: cap.size_most for cap in caps.markets} == {
        "BTC": Decimal("0.5"),
        "ETH": 15,
        "SOL": 300,
        "HYPE": 1_500,
        "DOGE": 300_000,
    }
    assert not caps.any_market
    assert (caps.program is None) == (venue is not Venue.DRIFT)


def test_the_program_of_drifts_adapter_is_the_one_its_process_is_started_with() -> None:
    default = caps_of(place(Venue.DRIFT)).program
    assert default == Program(program_id=PROGRAM_ID, idl_file="", idl_sha256=IDL_SHA256)
    chosen = {"program_id": "x" * 32, "idl_file": "idl.json", "idl_sha256": "0" * 64}
    program = caps_of(place(Venue.DRIFT, adapter={"program": chosen})).program
    assert program == Program(program_id="x" * 32, idl_file=str(Path("idl.json").absolute()), idl_sha256="0" * 64)


def test_a_cap_that_cannot_be_is_refused_with_its_place() -> None:
    found = place(Venue.LIGHTER)
    markets = {"BTC": SignMarketSection(size_most=Decimal(1))}
    section = msgspec.structs.replace(found.section, sign_markets=markets)
    with pytest.raises(ConfigError, match=r"venues\.lighter\.network\.sign_markets: lighter signs for a number"):
        caps_of(msgspec.structs.replace(found, section=section))
