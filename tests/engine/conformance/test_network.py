"""Every venue passes the list over sockets too; and the list refuses to trade where real money is."""

from __future__ import annotations

import math
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from functools import partial
from threading import Thread
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.domain import HOUR_NS, NS_PER_S, Side, TimeInForce, Venue
from engine import config as configuration
from engine.clock import Clock
from engine.config import NetworkSection
from engine.conformance import DIALOGUES, Dialogue, Stand, Verdict, network
from engine.conformance.command import target_of
from engine.conformance.network import (
    CutOff,
    NetworkRefused,
    Target,
    conform_on,
    conform_over_network,
    network_at,
    place_of,
)
from engine.conformance.stand import VenueSilent
from engine.doors.door import Alarm
from engine.doors.network import SigningPlace, transport_of
from engine.doors.sandbox import SandboxClock
from engine.errors import UserError
from engine.runtime import first_of
from engine.simulators.faults import FaultPlan
from engine.simulators.server import Stall, serve
from engine.simulators.transport import SimulatedVenue
from engine.venues.network import RouteRefused
from engine.venues.registry import make_signer
from engine.venues.signing import Signing
from engine.world import FACES, build_market, build_venue, secret_for
from tests.engine.venues.raw import head_of, raw_server

SPEED = 20.0
BEFORE_THE_HOUR_S = 160
"""What comes before the funding dialogue takes up to 92 s; who misses the hour waits for the next."""
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


MAIN, TEST = "api.hyperliquid.xyz", "api.hyperliquid-testnet.xyz"


@pytest.mark.parametrize(
    "url",
    [
        f"https://{TEST}@{MAIN}",
        f"https://{TEST}:443@{MAIN}",
        f"https://{MAIN}\\@{TEST}",
        f"https://{MAIN}#@{TEST}",
        f"https://{MAIN}?@{TEST}",
        f"https://{MAIN}/@{TEST}",
        f"https://{MAIN}/../{TEST}",
        f"https://{MAIN}:443",
        f"https://{MAIN.upper()}",
        f"HTTPS://{MAIN}.",
        f"https://{TEST}.",
        f"https://{TEST}.evil.example",
        f"https://evil.example/{TEST}",
        f"https://{MAIN}%2f.{TEST}",
        f"https://{MAIN}\t",
        f" https://{MAIN}",
        f"https:\\\\{MAIN}",
        f"https:///{MAIN}",
        f"https://127.0.0.1@{MAIN}",
        "https://\uff41pi.hyperliquid-testnet.xyz",
        "https://xn--pi-hyperliquid-testnet-xyz",
        f"http://{TEST}",
        "http://127.0.0.1.evil.example",
        "http://0x7f000001.evil.example",
        "http://localhost",
        "",
    ],
)
def test_a_main_network_is_refused_however_it_is_written(url: str) -> None:
    good = f"https://{TEST}"
    for where in (
        section(url, url.replace("http", "ws", 1)),
        section(good, url.replace("http", "ws", 1)),
        section(url, good.replace("http", "ws")),
        msgspec.structs.replace(section(good, good.replace("http", "ws")), routes={"/exchange": url}),
    ):
        target = Target(venue=Venue.HYPERLIQUID, network=where, asset="BTC", size_cap_usd=Decimal(1))
        with pytest.raises((NetworkRefused, RouteRefused)):
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
    with pytest.raises(UserError, match="perp2perp simulate"):
        await network.clock_of(target)


@pytest.mark.parametrize(("network", "most"), [("simulated", 10**12), ("testnet", 100)])
def test_only_where_money_is_nobody_s_may_the_signing_process_sign_above_the_cap(network: str, most: int) -> None:
    async def answer(stream: trio.abc.Stream) -> None:
        await head_of(stream)
        body = msgspec.json.encode(SandboxClock(venue="x", network="simulated", account="me", now_ns=1, speed=1.0))
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    async def main() -> SigningPlace:
        async with raw_server(answer) as address:
            target = target_of(
                Venue.PACIFICA, f"http://{address}", f"ws://{address}", None, "ours", ASSET, Decimal(100)
            )
            async with transport_of(target.network) as transport:
                return await place_of(target, network, transport, 1.0)  # type: ignore[arg-type]

    place = trio.run(main)
    assert place.section.sign_order_most_usd == most
    assert place.account == ("me" if network == "simulated" else "ours")


# --- cut off in the middle ---------------------------------------------------------------------------------


async def cut_off(break_off: Callable[[], None]) -> tuple[BaseException, SimulatedVenue, str]:
    """A list that is cut off while it holds a position and a resting order; what came of it, and the venue."""
    venue = Venue.PACIFICA
    config = CONFIG
    clock = Clock(build_market(config).start_ns)
    account = make_signer(venue, secret_for(venue, config.run.seed))[1]
    simulated = build_venue(venue, account, config, build_market(config), FaultPlan(), clock.now_ns)

    async def run(stand: Stand) -> str:
        await stand.trade(stand.order(Side.BUY, stand.unit(2)))
        await stand.perform(stand.order(Side.BUY, stand.unit(), TimeInForce.POST_ONLY))
        assert await stand.position()
        assert simulated.face.exchange.open_orders(account)
        break_off()
        await trio.sleep_forever()
        return ""

    dialogues = (Dialogue(name="cut off", rule="a rule", run=run),)
    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(partial(serve, [Stall(venue=simulated, account=account)], speed=SPEED))
        where = section(address.url, address.stream_url)
        target = Target(venue=venue, network=where, asset=ASSET, size_cap_usd=Decimal(100))
        tell = partial(conform_on, target, "simulated", sign_here, lambda _: None, speed=SPEED, dialogues=dialogues)
        with pytest.raises(BaseExceptionGroup) as cut:
            await tell()
        nursery.cancel_scope.cancel()
    return first_of(cut.value), simulated, account


def _mistaken() -> None:
    raise ZeroDivisionError("a mistake of ours")


@pytest.mark.parametrize(
    ("break_off", "kind"),
    [
        (partial(signal.raise_signal, signal.SIGINT), CutOff),
        (partial(signal.raise_signal, signal.SIGTERM), CutOff),
        (_mistaken, ZeroDivisionError),
    ],
    ids=["interrupt", "terminated", "crash"],
)
def test_a_list_that_is_cut_off_cleans_up_and_says_so(break_off: Callable[[], None], kind: type[Exception]) -> None:
    clock = trio.testing.MockClock(rate=SPEED, autojump_threshold=math.inf)
    cut, simulated, account = trio.run(cut_off, break_off, clock=clock)
    assert isinstance(cut, kind)
    assert "nothing is left behind" in " ".join([str(cut), *getattr(cut, "__notes__", ())])
    view = simulated.face.exchange.account_view(account)
    assert view is not None
    assert [position.size for position in view.positions if position.size] == []
    assert simulated.face.exchange.open_orders(account) == ()


def test_a_venue_that_is_silent_is_said_in_one_sentence() -> None:
    told = {"venue": "pacifica", "network": "simulated", "account": "a", "now_ns": HOUR_NS, "speed": 2000.0}
    body = msgspec.json.encode(told)
    head = f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    caller.recv(65_536)
                    caller.sendall(head + body)
                    caller.close()

        Thread(target=answer, daemon=True).start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        where = section(f"http://{address}", f"ws://{address}")
        target = Target(venue=Venue.PACIFICA, network=where, asset=ASSET, size_cap_usd=Decimal(1))
        with pytest.raises(VenueSilent, match="did not come"):
            conform_over_network(target, sign_here)
        listener.shutdown(socket.SHUT_RDWR)
