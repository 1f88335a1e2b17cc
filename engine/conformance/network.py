"""The kit over sockets: against a simulated venue with its levers, or a test network without; never a main network."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec
import trio

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine.clock import Clock
from engine.config import NetworkSection
from engine.conformance.kit import Verdict, conform
from engine.conformance.meddler import Meddler
from engine.conformance.stand import Stand, StandTerms
from engine.conformance.venues import HAS_ADL, ORDER_MARKS
from engine.determinism import run_real
from engine.doors.network import OpenSigning, SigningPlace, transport_of
from engine.doors.sandbox import SandboxClock, read_clock
from engine.errors import UserError
from engine.venues.network.routes import is_loopback
from engine.venues.registry import AccountTerms, Ends, Network, make_adapter
from engine.venues.transport import HttpRequest, Transport

LINK_UP_S = 60.0
FIRST_QUOTE_S = 10.0
LEVER_PATH = "/sandbox/lever"
TEST_HOSTS: Mapping[Venue, tuple[str, ...]] = {
    Venue.HYPERLIQUID: ("api.hyperliquid-testnet.xyz",),
    Venue.PACIFICA: ("test-api.pacifica.fi", "test-ws.pacifica.fi"),
    Venue.LIGHTER: ("testnet.zklighter.elliot.ai",),
    Venue.DRIFT: (),
}
"""The venues' own test networks (dossiers of 2026-11-22). Drift's program is paused: it has none."""


class NetworkRefused(UserError):
    """An address the kit must not trade at; the text says where it may."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried: a venue at an address, one asset, no order above `size_cap_usd`."""

    venue: Venue
    network: NetworkSection
    asset: str
    size_cap_usd: Decimal
    leverage: int = 1


def network_at(target: Target) -> Network:
    """Which network an address is; raises NetworkRefused for a main network, and for whatever nobody knows."""
    test_hosts = TEST_HOSTS[target.venue]
    hosts = [urlsplit(url).hostname or "" for url in (target.network.url, target.network.stream_url)]
    if all(is_loopback(host) for host in hosts):
        return "simulated"
    if all(host in test_hosts for host in hosts):
        return "testnet"
    allowed = ", ".join(test_hosts) or "none: it has no test network"
    raise NetworkRefused(
        f"{' and '.join(dict.fromkeys(hosts))}: the list trades, so it runs against a simulated venue on this machine "
        f"or a test network of {target.venue.value} ({allowed})"
    )


class SocketLevers:
    """Levers of a simulated venue in another process."""

    def __init__(self, transport: Transport, asset: str) -> None:
        self._transport, self._asset = transport, asset

    async def pull(self, lever: str, **fields: str) -> None:
        """Pull it; raises UserError when the venue refuses."""
        body = msgspec.json.encode({"lever": lever, "asset": self._asset, **fields})
        answer = await self._transport.request(HttpRequest(method="POST", path=LEVER_PATH, body=body))
        if answer.status != 200:
            raise UserError(f"lever {lever}: {answer.body[:200].decode(errors='replace')}")


def conform_over_network(
    target: Target, signing_for: OpenSigning, tell: Callable[[Verdict], None] = lambda _: None
) -> tuple[Verdict, ...]:
    """Every dialogue that can be run there; raises NetworkRefused, SandboxMissing, UserError."""
    network = network_at(target)
    clock = trio.run(clock_of, target) if network == "simulated" else None

    async def main() -> tuple[Verdict, ...]:
        return await conform_on(target, network, signing_for, tell)

    return run_real(main, clock.speed if clock is not None else 1.0)


async def clock_of(target: Target) -> SandboxClock:
    async with transport_of(target.network) as transport:
        return await read_clock(transport, target.network.url)


async def place_of(target: Target, network: Network, transport: Transport) -> SigningPlace:
    """Whose signatures are wanted: the account a simulated venue tells, or the one the target names."""
    account, speed = target.network.account, 1.0
    if network == "simulated":
        clock = await read_clock(transport, target.network.url)
        account, speed = clock.account, clock.speed
    return SigningPlace(
        venue=target.venue,
        section=target.network,
        network=network,
        account=account,
        leverage=target.leverage,
        speed=speed,
    )


async def conform_on(
    target: Target, network: Network, signing_for: OpenSigning, tell: Callable[[Verdict], None]
) -> tuple[Verdict, ...]:
    alarms: list[RaiseAlarm] = []
    async with (
        transport_of(target.network) as transport,
        signing_for(await place_of(target, network, transport), alarms.append) as signing,
        trio.open_nursery() as nursery,
    ):
        simulated = network == "simulated"
        now_ns = (await read_clock(transport, target.network.url)).now_ns if simulated else time.time_ns()
        clock = Clock(now_ns)
        wire = Meddler(transport, ORDER_MARKS[target.venue])
        stand_terms = StandTerms(
            venue=target.venue,
            asset=target.asset,
            size_cap_usd=target.size_cap_usd,
            run=f"{target.network.url}|{now_ns}",
            has_adl=HAS_ADL[target.venue],
        )
        stand = Stand(stand_terms, wire, clock.now_ns, SocketLevers(transport, target.asset) if simulated else None)
        terms = AccountTerms(account=signing.account, assets=(target.asset,), leverage=target.leverage, network=network)
        ends = Ends(transport=wire, report=stand.report, now_ns=clock.now_ns, rng=random.Random(now_ns))
        adapter = make_adapter(target.venue, signing, terms, ends)
        stand.put_under_test(adapter)
        nursery.start_soon(adapter.listen)
        await stand.begin(LINK_UP_S, FIRST_QUOTE_S)
        verdicts = await conform(stand, tell=tell)
        nursery.cancel_scope.cancel()
    return verdicts
