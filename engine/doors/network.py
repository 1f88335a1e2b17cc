"""The ends of a run over the network: sockets outwards, and a signing process for each venue's key.

`signing_for` opens where signatures come from; by default a process of its own that reads the key file itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from actors.domain import Venue
from engine.clock import Clock
from engine.config import Config, ConfigError, NetworkSection
from engine.doors.accounts import Account, accounts_held
from engine.doors.door import Alarm, Door
from engine.doors.sandbox import SandboxClock, SandboxMissing, read_clock
from engine.errors import UserError
from engine.keys.access_file import read_access_of
from engine.signing import Caps, Program, SigningProcess, SigningSettings, market_cap
from engine.simulators.transport import SimulatedVenue
from engine.venues.network import Access, NetworkLimits, NetworkTransport, Routes
from engine.venues.network.routes import shown
from engine.venues.registry import Network, access_header
from engine.venues.signing import Signing


class SigningPlace(msgspec.Struct, frozen=True, kw_only=True):
    """For whom signatures are wanted, and what the operator chose for that venue's adapter.

    `speed` is that of trio's clock against real time.
    """

    venue: Venue
    section: NetworkSection
    network: Network
    account: str
    leverage: int
    speed: float = 1.0
    adapter: Mapping[str, Any] = msgspec.field(default_factory=dict)


OpenSigning = Callable[[SigningPlace, Alarm], AbstractAsyncContextManager[Signing[Any, Any]]]


def sign_in_a_process(place: SigningPlace, alarm: Alarm) -> SigningProcess:
    """A process of its own, which reads the key file itself and keeps its own caps. Raises ConfigError."""
    section, caps = place.section, caps_of(place)
    bounds = SigningSettings()
    # A process starts and signs in real time, however fast the venues live.
    settings = SigningSettings(
        timeout_s=section.sign_timeout_s * place.speed,
        start_timeout_s=bounds.start_timeout_s * place.speed,
        stop_timeout_s=bounds.stop_timeout_s * place.speed,
        restart_pause_s=bounds.restart_pause_s * place.speed,
    )
    password = Path(section.password_file) if section.password_file else None
    return SigningProcess(caps, Path(section.key_file), alarm, settings, password_path=password)


def caps_of(place: SigningPlace) -> Caps:
    """What the profile lets the key of a place sign. Raises ConfigError."""
    section = place.section
    try:
        return Caps(
            venue=place.venue,
            network=place.network,
            account=place.account,
            order_most_usd=section.sign_order_most_usd,
            hour_most_usd=section.sign_hour_most_usd,
            leverage_most=place.leverage,
            markets=tuple(
                market_cap(place.venue, asset, terms.size_most, terms.market, terms.size_decimals)
                for asset, terms in section.sign_markets.items()
            ),
            any_market=section.sign_any_market,
            program=_program(place),
        )
    except ValueError as error:
        raise ConfigError(f"venues.{place.venue.value}.network.sign_markets: {error}") from error


def _program(place: SigningPlace) -> Program | None:
    """What a Drift key signs for: the program its adapter trades on. The process checks its IDL."""
    if place.venue is not Venue.DRIFT:
        return None
    from engine.venues.drift.settings import DriftProgram

    chosen = msgspec.convert(place.adapter.get("program", {}), DriftProgram)
    file = str(Path(chosen.idl_file).absolute()) if chosen.idl_file else ""
    return Program(program_id=chosen.program_id, idl_file=file, idl_sha256=chosen.idl_sha256)


def routes_of(network: NetworkSection) -> Routes:
    """Where requests and streams of a venue go."""
    streams = {prefix: url for prefix, url in network.routes.items() if url.lower().startswith("ws")}
    requests = {prefix: url for prefix, url in network.routes.items() if prefix not in streams}
    return Routes(requests={"": network.url, **requests}, streams={"": network.stream_url, **streams})


def transport_of(network: NetworkSection, speed: float = 1.0, access: Access | None = None) -> NetworkTransport:
    """The transport to a venue, to be entered. Its sockets live in real time, `speed` is that of trio's clock."""
    limits = NetworkLimits(connect_s=network.connect_timeout_s)
    return NetworkTransport(routes_of(network), limits.at_speed(speed), access=access)


def access_of(place: SigningPlace) -> Access | None:
    """What the venue is shown to know the account by, where the profile names a file; raises KeyRefused.

    It is read here, in the engine's own process, which sends it; it signs nothing. Further hosts (`routes`) are not
    shown it.
    """
    section = place.section
    if not section.access_key_file:
        return None
    found = read_access_of(Path(section.access_key_file), place.venue, place.network, place.account)
    bases = (section.url, section.stream_url)
    return Access(header=access_header(place.venue), key=found.key, bases=bases)


async def sandbox_clocks(config: Config, speed: float = 1.0) -> dict[Venue, SandboxClock]:
    """The clock of every venue that is to be traded; raises SandboxMissing. `speed` is that of trio's clock here."""
    clocks: dict[Venue, SandboxClock] = {}
    for venue in config.policy.scanner.venues:
        network = _network(config, venue)
        async with transport_of(network, speed) as transport:
            clocks[venue] = await read_clock(transport, network.url, speed)
        if clocks[venue].venue != venue.value:
            raise SandboxMissing(f"{network.url} is {clocks[venue].venue}, not {venue.value}; correct the addresses")
    return clocks


def accounts_of(config: Config, clocks: Mapping[Venue, SandboxClock]) -> tuple[Account, ...]:
    """The accounts of simulated venues, each at its own address."""
    return tuple(
        Account(
            venue=venue,
            network="simulated",
            account=clock.account,
            place=urlsplit(_network(config, venue).url).netloc,
        )
        for venue, clock in clocks.items()
    )


def speed_of(clocks: dict[Venue, SandboxClock], asked: float | None) -> float:
    """How much faster than real time the venues live; raises UserError when they differ, or from what was asked."""
    speeds = list(dict.fromkeys(clock.speed for clock in clocks.values()))
    if len(speeds) > 1:
        raise UserError(f"the simulated venues live at different speeds {speeds}; start them together")
    if asked is not None and asked != speeds[0]:
        raise UserError(f"--speed {asked:g}: the simulated venues live at {speeds[0]:g}; leave --speed out")
    return speeds[0]


def _network(config: Config, venue: Venue) -> NetworkSection:
    network = config.venues[venue].network
    assert network is not None, "a configuration that was loaded has it"
    return network


class NetworkDoors:
    """Simulated venues behind sockets. Time and accounts are the venues'; nothing is simulated in this process."""

    def __init__(self, config: Config, signing_for: OpenSigning = sign_in_a_process, *, speed: float = 1.0) -> None:
        """`speed` is that of the clock the run will have, which is the venues' own."""
        self.simulated: dict[Venue, SimulatedVenue] = {}
        self._config, self._signing_for, self._speed = config, signing_for, speed
        self._clocks: dict[Venue, SandboxClock] = {}

    async def begin_ns(self) -> int:
        """The simulated venues' time now. Raises SandboxMissing."""
        self._clocks = await sandbox_clocks(self._config, self._speed)
        return max(clock.now_ns for clock in self._clocks.values())

    def held(self, run: Path) -> AbstractContextManager[None]:
        """Keep other engines off the accounts, which the venues have told."""
        return accounts_held(
            self._config.run.state_directory, accounts_of(self._config, self._clocks), f"run {run.absolute()}"
        )

    def closing_notes(self) -> Iterator[str]:
        """Where the venues were."""
        for venue in self._config.policy.scanner.venues:
            yield f"{venue.value}: {shown(_network(self._config, venue).url)}"

    @asynccontextmanager
    async def open(self, venue: Venue, clock: Clock, alarm: Alarm) -> AsyncIterator[Door]:  # noqa: ARG002 - sockets have their own time
        """A transport and a signing for as long as the run lasts. Raises KeyRefused, SigningFailed."""
        network, told = _network(self._config, venue), self._clocks[venue]
        place = SigningPlace(
            venue=venue,
            section=network,
            network="simulated",
            account=told.account,
            leverage=self._config.venues[venue].leverage,
            speed=self._speed,
            adapter=self._config.venues[venue].adapter,
        )
        access = access_of(place)
        async with transport_of(network, self._speed, access) as transport, self._signing_for(place, alarm) as signing:
            known = access is not None
            yield Door(transport=transport, signing=signing, account=signing.account, identified=known)
