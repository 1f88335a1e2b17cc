"""How a venue is reached without the engine: its own sockets, its own signing process, its own key and clock.

Signing lets nothing be opened and sets no leverage; whoever only looks has no key at all, but on Lighter, where reading
an account needs a token. Counterpart of `engine.doors.network`, whose parts it uses; used by `venue`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import trio

from actors.commands import RaiseAlarm
from actors.domain import ZERO, Venue
from engine.clock import Clock
from engine.config import Config, NetworkSection
from engine.doors.accounts import Account, lock_directory
from engine.doors.network import SigningPlace, access_of, sign_in_a_process, transport_of
from engine.doors.sandbox import SandboxClock, SandboxMissing, read_clock
from engine.errors import UserError
from engine.keys import KeyRefused
from engine.signing.hour_file import spelt
from engine.venues.adapter import NowNs
from engine.venues.network import Access
from engine.venues.registry import Network
from engine.venues.signing import Signing, SigningRefused, SignRequest
from engine.venues.transport import Transport

Tell = Callable[[Venue, str], None]
"""Takes a line for the person who watches."""
SIGNS_TO_LOOK = (Venue.LIGHTER,)
"""Where an account is shown only to whoever has signed for it (Lighter docs "API keys", 2026-07: auth tokens)."""

SHARED_KEY = {
    Venue.HYPERLIQUID: "an engine that still sends may take the same nonce in the same millisecond, and one is refused",
    Venue.LIGHTER: "an engine that still sends takes the same nonces, and either's transactions are refused: stop it",
    Venue.PACIFICA: "requests carry no nonces, so an engine that still sends is no hindrance",
    Venue.DRIFT: "transactions carry no nonces, so an engine that still sends is no hindrance",
}
"""What it means to sign with the engine's own key."""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's end. `chosen` are the operator's settings of its adapter; `identified` as in `engine.doors.door`."""

    transport: Transport
    signing: Signing[Any, Any]
    account: str
    now_ns: NowNs
    chosen: dict[str, Any] = {}
    network: Network = "simulated"
    identified: bool = False


class Reach(Protocol):
    """Reaches venues."""

    def open(self, venue: Venue, tell: Tell) -> AbstractAsyncContextManager[Reached]:
        """A venue's end, open for as long as it is needed. Raises UserError."""


class NoKey:
    """Signs nothing: for whoever only looks."""

    def __init__(self, account: str) -> None:
        self.account = account

    async def sign(self, request: SignRequest, /) -> Any:  # noqa: ARG002 - whatever it is
        """Raises SigningRefused."""
        await trio.lowlevel.checkpoint()
        raise SigningRefused("whoever only looks signs nothing")


class NetworkReach:
    """Simulated venues behind sockets. Each is asked for its time and account by itself, so that none needs another."""

    def __init__(self, config: Config, *, speed: float, looks: bool) -> None:
        """`speed` is that of trio's clock, which is the venues' own; `looks`: nothing is to be sent."""
        self.engines: dict[str, None] = {}
        """Engines that were found to run on the accounts, in their own words."""
        self._config, self._speed, self._looks = config, speed, looks

    @asynccontextmanager
    async def open(self, venue: Venue, tell: Tell) -> AsyncIterator[Reached]:
        """Raises SandboxMissing, KeyRefused, SigningFailed."""
        section = self._config.venues[venue]
        network = section.network
        assert network is not None, "a configuration that was loaded has it"
        if venue is Venue.DRIFT:
            await trio.to_thread.run_sync(_load_drift)
        told = await self._told(venue, network)
        clock = Clock(told.now_ns)
        key = key_of(venue, network)
        if not self._looks:
            tell(venue, key.words)
            self._name_engine(venue, told.account, network, tell)
        place = SigningPlace(
            venue=venue,
            section=key.section,
            network="simulated",
            account=told.account,
            leverage=0,
            speed=self._speed,
            bounds=self._config.signing,
            adapter=section.adapter,
        )
        access = _access(place, tell)
        reached = transport_of(network, self._speed, access, self._config.network)
        async with reached as transport, self._signing(place, tell) as signing:
            yield Reached(
                transport=transport,
                signing=signing,
                account=signing.account,
                now_ns=clock.now_ns,
                chosen=without_dead_man({**section.adapter, **key.adapter}),
                identified=access is not None,
            )

    async def _told(self, venue: Venue, network: NetworkSection) -> SandboxClock:
        async with transport_of(network, self._speed, limits=self._config.network) as transport:
            told = await read_clock(transport, network.url, self._speed)
        if told.venue != venue.value:
            raise SandboxMissing(f"{network.url} is {told.venue}, not {venue.value}; correct the addresses")
        if told.speed != self._speed:
            raise SandboxMissing(f"{network.url} lives at speed {told.speed:g}, others at {self._speed:g}")
        return told

    @asynccontextmanager
    async def _signing(self, place: SigningPlace, tell: Tell) -> AsyncIterator[Signing[Any, Any]]:
        if self._looks and place.venue not in SIGNS_TO_LOOK:
            yield NoKey(spelt(place.account))
            return

        def alarm(raised: RaiseAlarm) -> None:
            tell(place.venue, raised.text)

        async with sign_in_a_process(place, alarm) as signing:
            yield signing

    def _name_engine(self, venue: Venue, account: str, network: NetworkSection, tell: Tell) -> None:
        """An engine that lives may go on trading: a person has to stop it. It is no reason to wait."""
        held = Account(venue=venue, network="simulated", account=account, place=urlsplit(network.url).netloc)
        holder = holder_of(lock_directory(self._config.run.state_directory) / held.lock_name)
        if holder:
            self.engines[holder] = None
            tell(venue, f"an engine runs on this account ({holder}): stop it (interrupt it twice); going on meanwhile")


class FlattenKey(msgspec.Struct, frozen=True, kw_only=True):
    """Which key signs, in a section without any cap to open; what it changes in the adapter; and words about it."""

    section: NetworkSection
    adapter: dict[str, Any]
    words: str


def key_of(venue: Venue, network: NetworkSection) -> FlattenKey:
    """The flattener's own key, or the engine's where there is none."""
    own = bool(network.flatten_key_file) and Path(network.flatten_key_file).exists()
    files = (network.flatten_key_file, network.flatten_password_file)
    key_file, password_file = files if own else (network.key_file, network.password_file)
    section = msgspec.structs.replace(
        network,
        key_file=key_file,
        password_file=password_file,
        sign_order_most_usd=ZERO,
        sign_hour_most_usd=ZERO,
        sign_markets={},
        sign_any_market=False,
    )
    adapter = network.flatten_adapter if own else {}
    return FlattenKey(section=section, adapter=adapter, words=_words(venue, network, own))


def _words(venue: Venue, network: NetworkSection, own: bool) -> str:
    if own:
        return f"signs with {network.flatten_key_file}, reduce-only orders and cancels alone"
    missing = f"there is no {network.flatten_key_file}, so it" if network.flatten_key_file else "it"
    return f"{missing} signs with the engine's key {network.key_file}, reducing alone; {SHARED_KEY[venue]}"


def without_dead_man(chosen: dict[str, Any]) -> dict[str, Any]:
    """The adapter's settings, without a switch that would outlive this process."""
    return {**chosen, "dead_man_s": 0} if "dead_man_s" in chosen else chosen


def _access(place: SigningPlace, tell: Tell) -> Access | None:
    """What the venue knows the account by; without it there are fewer requests, and no reason to stop."""
    try:
        return access_of(place)
    except KeyRefused as refused:
        tell(place.venue, f"goes on without the access key: {refused}")
        return None


def _load_drift() -> None:
    """Its SDK takes seconds to load; in a thread, so that the other venues need not wait for it."""
    from engine.venues.drift.sdk_coder import load_sdk

    load_sdk()


def holder_of(path: Path) -> str:
    """Who holds the lock that a file carries, in its own words; empty when nobody does, or nobody can tell."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 4096, 0).decode(errors="replace").strip() or "of unknown number"
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return ""


async def speed_of(config: Config, venues: tuple[Venue, ...]) -> float:
    """How much faster than real time the venues live, from whichever answers first; 1 when none does."""
    found: list[float] = []
    async with trio.open_nursery() as nursery:

        async def ask(network: NetworkSection) -> None:
            try:
                async with transport_of(network, limits=config.network) as transport:
                    found.append((await read_clock(transport, network.url)).speed)
            except UserError:
                return
            nursery.cancel_scope.cancel()

        for venue in venues:
            network = config.venues[venue].network
            if network is not None:
                nursery.start_soon(ask, network)
    return found[0] if found else 1.0
