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
from engine.doors.door import Alarm, Door, VenueAway
from engine.doors.sandbox import SandboxClock, SandboxMissing, read_clock
from engine.errors import UserError
from engine.keys.access_file import read_access_of
from engine.signing import Caps, Program, SigningProcess, SigningSettings, market_cap
from engine.simulators.transport import SimulatedVenue
from engine.venues.network import Access, NetworkLimits, Routes
from engine.venues.network.routes import shown
from engine.venues.network.transport import NetworkTransport
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
    bounds: SigningSettings = SigningSettings()
    """`timeout_s` is the section's."""
    adapter: Mapping[str, Any] = msgspec.field(default_factory=dict)


OpenSigning = Callable[[SigningPlace, Alarm], AbstractAsyncContextManager[Signing[Any, Any]]]


def sign_in_a_process(place: SigningPlace, alarm: Alarm) -> SigningProcess:
    """A process of its own, which reads the key file itself and keeps its own caps. Raises ConfigError."""
    section, caps = place.section, caps_of(place)
    bounds = place.bounds
    # A process starts and signs in real time, however fast the venues live.
    settings = msgspec.structs.replace(
        bounds,
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


def transport_of(
    network: NetworkSection,
    speed: float = 1.0,
    access: Access | None = None,
    limits: NetworkLimits | None = None,
) -> NetworkTransport:
    """The transport to a venue, to be entered. Its sockets live in real time, `speed` is that of trio's clock.

    `limits` are the profile's; how long connecting may take is the section's.
    """
    bounds = msgspec.structs.replace(limits or NetworkLimits(), connect_s=network.connect_timeout_s)
    return NetworkTransport(routes_of(network), bounds.at_speed(speed), access=access)


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
    return {venue: await _clock_of(config, venue, speed) for venue in config.policy.scanner.venues}


async def clocks_that_answer(
    config: Config, speed: float = 1.0
) -> tuple[dict[Venue, SandboxClock], dict[Venue, SandboxMissing]]:
    """The clocks of the venues that answer, and what is wrong with each of the others."""
    clocks: dict[Venue, SandboxClock] = {}
    missing: dict[Venue, SandboxMissing] = {}
    for venue in config.policy.scanner.venues:
        try:
            clocks[venue] = await _clock_of(config, venue, speed)
        except SandboxMissing as error:
            missing[venue] = error
    return clocks, missing


def none_answers(missing: Mapping[Venue, SandboxMissing]) -> SandboxMissing:
    """What a person is told when a run cannot be gone on with, because none of its venues is there."""
    each = "; ".join(f"{venue.value}: {error}" for venue, error in missing.items())
    return SandboxMissing(
        f"none of the venues answers, so nothing can be gone on with: {each}. One of them is enough to go on; "
        "`perp2perp flatten` waits for none and closes at each as soon as it answers"
    )


async def _clock_of(config: Config, venue: Venue, speed: float) -> SandboxClock:
    network = _network(config, venue)
    async with transport_of(network, speed, limits=config.network) as transport:
        clock = await read_clock(transport, network.url, speed)
    if clock.venue != venue.value:
        raise SandboxMissing(f"{network.url} is {clock.venue}, not {venue.value}; correct the addresses")
    return clock


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

    def __init__(
        self,
        config: Config,
        signing_for: OpenSigning = sign_in_a_process,
        *,
        speed: float = 1.0,
        resuming: bool = False,
    ) -> None:
        """`speed` is that of the clock the run will have, which is the venues' own.

        `resuming`: one venue that answers is enough; the doors of the others open when they are back. A run that begins
        needs all.
        """
        self._resuming = resuming
        self.simulated: dict[Venue, SimulatedVenue] = {}
        self._config, self._signing_for, self._speed = config, signing_for, speed
        self._clocks: dict[Venue, SandboxClock] = {}
        self._run = Path()

    async def begin_ns(self) -> int:
        """The simulated venues' time now, told by those that answer. Raises SandboxMissing."""
        self._clocks, missing = await clocks_that_answer(self._config, self._speed)
        if not self._clocks:
            raise none_answers(missing)
        for error in () if self._resuming else missing.values():
            raise error
        return max(clock.now_ns for clock in self._clocks.values())

    def held(self, run: Path) -> AbstractContextManager[None]:
        """Keep other engines off the accounts, which the venues have told; off the others' when their doors open."""
        self._run = run
        return self._held(self._clocks)

    def _held(self, clocks: Mapping[Venue, SandboxClock]) -> AbstractContextManager[None]:
        accounts = accounts_of(self._config, clocks)
        return accounts_held(self._config.run.state_directory, accounts, f"run {self._run.absolute()}")

    @asynccontextmanager
    async def _found(self, venue: Venue) -> AsyncIterator[SandboxClock]:
        """The venue as the run began, or as it is now that it is back, its account held; raises VenueAway."""
        if venue in self._clocks:
            yield self._clocks[venue]
            return
        try:
            clock = await _clock_of(self._config, venue, self._speed)
        except SandboxMissing as missing:
            raise VenueAway(str(missing)) from missing
        if clock.speed != self._speed:
            raise VenueAway(f"{venue.value} came back at speed {clock.speed:g}, the run lives at {self._speed:g}")
        with self._held({venue: clock}):
            yield clock

    def closing_notes(self) -> Iterator[str]:
        """Where the venues were."""
        for venue in self._config.policy.scanner.venues:
            yield f"{venue.value}: {shown(_network(self._config, venue).url)}"

    @asynccontextmanager
    async def open(self, venue: Venue, clock: Clock, alarm: Alarm) -> AsyncIterator[Door]:  # noqa: ARG002 - sockets have their own time
        """A transport and a signing for as long as the run lasts. Raises VenueAway, KeyRefused, SigningFailed."""
        async with self._found(venue) as told:
            place = self._place(venue, told)
            access = access_of(place)
            reached = transport_of(place.section, self._speed, access, self._config.network)
            async with reached as transport, self._signing_for(place, alarm) as signing:
                known = access is not None
                yield Door(transport=transport, signing=signing, account=signing.account, identified=known)

    def _place(self, venue: Venue, told: SandboxClock) -> SigningPlace:
        return SigningPlace(
            venue=venue,
            section=_network(self._config, venue),
            network="simulated",
            account=told.account,
            leverage=self._config.venues[venue].leverage,
            speed=self._speed,
            bounds=self._config.signing,
            adapter=self._config.venues[venue].adapter,
        )
