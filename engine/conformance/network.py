"""The kit over sockets: against a simulated venue with its levers, or a test network without; never a main network."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec
import trio

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine.clock import Clock
from engine.config import NetworkSection
from engine.conformance.dialogues import DIALOGUES, Dialogue
from engine.conformance.kit import Verdict, conform
from engine.conformance.meddler import Meddler
from engine.conformance.stand import Stand, StandTerms
from engine.conformance.venues import HAS_ADL, ORDER_MARKS
from engine.determinism import run_real
from engine.doors.network import OpenSigning, SigningPlace, routes_of, transport_of
from engine.doors.sandbox import SandboxClock, read_clock
from engine.errors import UserError
from engine.runtime import first_of
from engine.venues.loopback import is_loopback
from engine.venues.registry import AccountTerms, Ends, Network, make_adapter
from engine.venues.transport import HttpRequest, Transport

LINK_UP_S = 60.0
FIRST_QUOTE_S = 10.0
NO_MONEY_USD = Decimal(10**12)
"""Any order, where the money is nobody's."""
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


class CutOff(UserError):
    """The list was interrupted; the text says what may be left at the venue."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried: a venue at an address, one asset, no order above `size_cap_usd`."""

    venue: Venue
    network: NetworkSection
    asset: str
    size_cap_usd: Decimal
    leverage: int = 1


def network_at(target: Target) -> Network:
    """Which network all addresses are; raises NetworkRefused for a main network, and for whatever nobody knows.

    Raises RouteRefused for an address that is not plainly written.
    """
    test_hosts, routes = TEST_HOSTS[target.venue], routes_of(target.network)
    hosts = [urlsplit(url).hostname or "" for url in (*routes.requests.values(), *routes.streams.values())]
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
    """Every dialogue that can be run there; raises NetworkRefused, SandboxMissing, CutOff, UserError."""
    network = network_at(target)
    speed = trio.run(clock_of, target).speed if network == "simulated" else 1.0

    async def main() -> tuple[Verdict, ...]:
        return await conform_on(target, network, signing_for, tell, speed=speed)

    try:
        return run_real(main, speed)
    except BaseExceptionGroup as group:
        expected, others = group.split(UserError)
        if expected is None or others is not None:
            raise
        raise first_of(expected) from None


async def clock_of(target: Target) -> SandboxClock:
    """What a simulated venue says of itself, asked in real time."""
    async with transport_of(target.network) as transport:
        return await read_clock(transport, target.network.url)


async def place_of(target: Target, network: Network, transport: Transport, speed: float) -> SigningPlace:
    """Whose signatures are wanted: the account a simulated venue tells, or the one the target names.

    There the signing process lets the order beyond the margin through, which the venue is to refuse.
    """
    account, section = target.network.account, target.network
    if network == "simulated":
        account = (await read_clock(transport, target.network.url, speed)).account
        section = msgspec.structs.replace(section, sign_order_most_usd=NO_MONEY_USD, sign_hour_most_usd=NO_MONEY_USD)
    return SigningPlace(
        venue=target.venue,
        section=section,
        network=network,
        account=account,
        leverage=target.leverage,
        speed=speed,
    )


async def conform_on(
    target: Target,
    network: Network,
    signing_for: OpenSigning,
    tell: Callable[[Verdict], None],
    *,
    speed: float = 1.0,
    dialogues: Sequence[Dialogue] = DIALOGUES,
) -> tuple[Verdict, ...]:
    """The list inside trio, whose clock goes `speed` times as fast as the sockets. Raises CutOff on an interrupt."""
    alarms: list[RaiseAlarm] = []
    async with (
        transport_of(target.network, speed) as transport,
        signing_for(await place_of(target, network, transport, speed), alarms.append) as signing,
        trio.open_nursery() as nursery,
    ):
        simulated = network == "simulated"
        now_ns = (await read_clock(transport, target.network.url, speed)).now_ns if simulated else time.time_ns()
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
        await stand.require_flat()
        verdicts = await _until_interrupted(stand, dialogues, tell)
        nursery.cancel_scope.cancel()
    return verdicts


async def _until_interrupted(
    stand: Stand, dialogues: Sequence[Dialogue], tell: Callable[[Verdict], None]
) -> tuple[Verdict, ...]:
    """An interrupt ends the dialogue alone: the link and the signatures are still there to clean up with."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_at_a_signal, nursery.cancel_scope)
        verdicts = await conform(stand, dialogues, tell)
        nursery.cancel_scope.cancel()
        return verdicts
    raise CutOff(f"interrupted; {stand.left or 'nothing is left behind'}")


async def _cancel_at_a_signal(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
