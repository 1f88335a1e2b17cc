"""Simulated venues on loopback ports, for an engine, an SDK client or a person to trade on: `perp2perp simulate`.

The same world as a paper run (`world`), behind sockets (`simulators.server`), with a throw-away account and key file
for each venue. It runs by the wall clock, or a multiple of it, and tells its time at /sandbox/clock.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import trio
import trio.testing
from rich.console import Group
from rich.table import Table

from actors.domain import HOUR_NS, Venue
from engine.clock import NS_PER_US, Clock
from engine.config import Config, ConfigError, parse_speed
from engine.preparation import first_common_ns, fit_to_market
from engine.runtime import first_of
from engine.sandbox.keys import keep_access, keep_key, second_key, simulated_key
from engine.sandbox.lock import keys_held
from engine.sandbox.places import Place, places_of
from engine.simulators.faults import FaultPlan
from engine.simulators.market import Market, ShiftedMarket
from engine.simulators.server import Address, Stall, serve
from engine.simulators.server.control import NETWORK
from engine.venues.registry import make_signer
from engine.world import FACES, build_faults, build_market, build_venue, second_secret_for, secret_for

QUIET_STEP_S = 1.0
BUSY_STEP_S = 0.5
"""How often a venue's world moves, in real time: somebody is looking."""
NS_PER_S = 1_000_000_000


class SandboxRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. `duration_s` in market time, None until interrupted; `speed` times real time.

    `keys` is a directory for all key files and `first_port` the first venue's port (0: free ones); None for what the
    profile says.
    """

    config: Config
    venues: tuple[Venue, ...]
    keys: Path | None = None
    first_port: int | None = None
    duration_s: float | None = None
    speed: float = 1.0


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One venue as it can be reached: base URLs for requests and streams, our account, the files with its keys.

    `access_key_file` is empty where the venue knows no access keys, `flatten_key_file` where an account has one key;
    both also where the profile names no such file.
    """

    venue: str
    network: str
    url: str
    stream_url: str
    account: str
    key_file: str
    access_key_file: str = ""
    flatten_key_file: str = ""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What one venue had to do, and how often each fault rule struck it."""

    venue: str
    requests: int
    frames: int
    struck: dict[str, int]


def chosen_venues(config: Config, named: str | None) -> tuple[Venue, ...]:
    """The venues of `--venues a,b`, or those the profile trades; raises ConfigError."""
    if named is None:
        names = tuple(venue.value for venue in config.policy.scanner.venues)
    else:
        names = tuple(dict.fromkeys(name.strip() for name in named.split(",") if name.strip()))
    there_are = [venue.value for venue in config.venues if venue in FACES]
    unknown = [name for name in names if name not in there_are]
    if unknown or not names:
        raise ConfigError(f"--venues {named or ', '.join(names)}: name some of {', '.join(there_are)}")
    return tuple(Venue(name) for name in names)


def pace_of(text: str) -> float:
    """How many times real time; raises ConfigError, also for `max`: sockets do not wait for a virtual clock."""
    speed = parse_speed(text)
    if speed is None:
        raise ConfigError("--speed max: sockets run in real time; give a multiple of it, such as 1 or 60")
    return speed


def run(request: SandboxRequest, ready: Callable[[tuple[Site, ...]], None]) -> tuple[Tally, ...]:
    """Serve until the time is up or an interrupt; `ready` is told where, once everything listens.

    Raises ConfigError, MarketFileError, PortTaken, KeysInUse.
    """
    sandbox = _Sandbox(request, ready)
    clock = None if request.speed == 1 else trio.testing.MockClock(rate=request.speed, autojump_threshold=math.inf)
    try:
        with keys_held({place.venue: place.key_file for place in sandbox.places}):
            trio.run(sandbox.main, clock=clock)
    except BaseExceptionGroup as group:
        expected, others = group.split(ValueError)
        if expected is None or others is not None:
            raise
        raise first_of(expected) from None
    return sandbox.tallies()


class _Sandbox:
    """One run of it."""

    def __init__(self, request: SandboxRequest, ready: Callable[[tuple[Site, ...]], None]) -> None:
        self._request, self._ready = request, ready
        self.places = places_of(request.config, request.venues, request.first_port, request.keys)
        self._faults = build_faults(request.config)
        self._started_ns = time.time_ns() // NS_PER_US * NS_PER_US
        config = _narrowed(request)
        self._market = brought_to_today(build_market(config), config, self._started_ns)
        self._config, _ = fit_to_market(config, self._market)
        self._stalls: dict[Venue, Stall] = {}

    async def main(self) -> None:
        """Inside trio: build, serve, wait."""
        started_ns = self._started_ns
        clock = Clock(started_ns)
        for place in self.places:
            self._stalls[place.venue] = _stall(place, self._config, self._market, self._faults, clock)
        async with trio.open_nursery() as nursery:
            addresses = await nursery.start(self._serve)
            self._ready(self._sites(addresses))
            with trio.move_on_after(self._duration_s(started_ns)):
                with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                    await anext(aiter(signals))
            nursery.cancel_scope.cancel()

    async def _serve(self, *, task_status: trio.TaskStatus[tuple[Address, ...]]) -> None:
        stalls = tuple(self._stalls.values())
        limits = self._config.server
        await serve(stalls, speed=self._request.speed, limits=limits, task_status=task_status)

    def _duration_s(self, started_ns: int) -> float:
        """As long as was asked for, and no longer than a recording lasts."""
        asked_s = math.inf if self._request.duration_s is None else self._request.duration_s
        end_ns = self._market.end_ns
        return asked_s if end_ns is None else min(asked_s, (end_ns - started_ns) / NS_PER_S)

    def _sites(self, addresses: tuple[Address, ...]) -> tuple[Site, ...]:
        return tuple(self._site(*each) for each in zip(self.places, addresses, strict=True))

    def _site(self, place: Place, address: Address) -> Site:
        venue, seed = place.venue, self._config.run.seed
        key = simulated_key(venue, secret_for(venue, seed))
        second = second_key(venue, secret_for(venue, seed), second_secret_for(venue, seed))
        access_file, flatten_file = place.access_key_file, place.flatten_key_file
        access = None if access_file is None else keep_access(access_file, venue, key.account, seed)
        flatten = None if second is None or flatten_file is None else keep_key(flatten_file, second)
        return Site(
            venue=address.venue,
            network=NETWORK,
            url=address.url,
            stream_url=address.stream_url,
            account=key.account,
            key_file=str(keep_key(place.key_file, key)),
            access_key_file="" if access is None else str(access),
            flatten_key_file="" if flatten is None else str(flatten),
        )

    def tallies(self) -> tuple[Tally, ...]:
        """What every venue had to do."""
        return tuple(
            Tally(
                venue=name.value,
                requests=stall.venue.requests,
                frames=stall.venue.frames,
                struck={rule.name: stall.venue.struck(rule.name) for rule in self._faults.rules},
            )
            for name, stall in self._stalls.items()
        )


def _narrowed(request: SandboxRequest) -> Config:
    """The profile for these venues alone, their worlds moving in steps one can watch."""
    replace, config = msgspec.structs.replace, request.config
    venues = dict(config.venues)
    for venue in request.venues:
        pace = replace(
            venues[venue].pace, quiet_step_s=QUIET_STEP_S * request.speed, busy_step_s=BUSY_STEP_S * request.speed
        )
        venues[venue] = replace(venues[venue], pace=pace)
    scanner = replace(config.policy.scanner, venues=request.venues)
    return replace(config, venues=venues, policy=replace(config.policy, scanner=scanner))


def brought_to_today(market: Market, config: Config, now_ns: int) -> Market:
    """The market, begun within the hour before `now_ns`: its clock is the clients', its world always the same."""
    later_h = (now_ns - first_common_ns(market, config)) // HOUR_NS
    return ShiftedMarket(market, later_h)


def _stall(place: Place, config: Config, market: Market, faults: FaultPlan, clock: Clock) -> Stall:
    _, account = make_signer(place.venue, secret_for(place.venue, config.run.seed))
    venue = build_venue(place.venue, account, config, market, faults, clock.now_ns)
    return Stall(venue=venue, account=account, port=place.port)


# --- for people --------------------------------------------------------------------------------------------


def sites_table(sites: Sequence[Site]) -> Group:
    """Where everything is, and who may trade there."""
    places, accounts = _table("venue", "URL", "WebSocket URL"), _table("venue", "account", "key files")
    for site in sites:
        places.add_row(site.venue, site.url, site.stream_url)
        files = (site.key_file, site.access_key_file, site.flatten_key_file)
        accounts.add_row(site.venue, site.account, " ".join(filter(None, files)))
    return Group(places, "", accounts)


def tallies_table(tallies: Sequence[Tally]) -> Table:
    """What was served, and which faults struck."""
    table = _table("venue", "requests", "frames", "faults struck")
    for tally in tallies:
        struck = ", ".join(f"{rule} {count}x" for rule, count in tally.struck.items() if count)
        table.add_row(tally.venue, str(tally.requests), str(tally.frames), struck or "none")
    return table


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table
