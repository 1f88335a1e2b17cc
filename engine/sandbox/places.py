"""Where simulated venues are served and their key files lie: as the profile says, unless the command line does.

So `simulate` and `run` agree when both are given one profile. Counterpart: `engine.doors.network`, which reads the same
fields from the engine's side.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from actors.domain import Venue
from engine.config import Config, ConfigError, NetworkSection
from engine.simulators.server.listener import HOST
from engine.venues.registry import access_header

KEYS = Path("sandbox")
"""Where key files are kept when neither the profile nor the command line says it."""
FIRST_PORT = 8701
"""The first venue's port then; the next ones follow."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's port (0: a free one) and files; None for a file that is not wanted, or that the venue has not."""

    venue: Venue
    port: int
    key_file: Path
    access_key_file: Path | None = None
    flatten_key_file: Path | None = None


def places_of(config: Config, venues: Sequence[Venue], first_port: int | None, keys: Path | None) -> tuple[Place, ...]:
    """A place for each venue. `first_port` (0: free ones) and the directory `keys` take the place of the profile's.

    Raises ConfigError for a sandbox's address that cannot be served here.
    """
    return tuple(_place(config, venue, number, first_port, keys) for number, venue in enumerate(venues))


def _place(config: Config, venue: Venue, number: int, first_port: int | None, keys: Path | None) -> Place:
    network = config.venues[venue].network if config.run.mode == "sandbox" else None
    if first_port is not None:
        port = first_port + number if first_port else 0
    else:
        port = FIRST_PORT + number if network is None else _port_of(venue, network)
    if keys is not None or network is None:
        return _in(keys or KEYS, venue, port)
    return Place(
        venue=venue,
        port=port,
        key_file=Path(network.key_file),
        access_key_file=_file(network.access_key_file),
        flatten_key_file=_file(network.flatten_key_file),
    )


def _in(directory: Path, venue: Venue, port: int) -> Place:
    access = directory / f"{venue.value}_access.json" if access_header(venue) else None
    return Place(
        venue=venue,
        port=port,
        key_file=directory / f"{venue.value}.json",
        access_key_file=access,
        flatten_key_file=directory / f"{venue.value}_flatten.json",
    )


def _file(named: str) -> Path | None:
    return Path(named) if named else None


def _port_of(venue: Venue, network: NetworkSection) -> int:
    """One port serves requests and streams."""
    where = f"venues.{venue.value}.network"
    ports = [
        _port(f"{where}.{field}", url) for field, url in (("url", network.url), ("stream_url", network.stream_url))
    ]
    if ports[0] != ports[1]:
        raise ConfigError(
            f"{where}: url has port {ports[0]}, stream_url {ports[1]}; a simulated venue has one: say one"
        )
    return ports[0]


def _port(field: str, url: str) -> int:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if not port or parts.hostname != HOST:
        raise ConfigError(f"{field} is {url}; to be served here it has to be on {HOST}, with a port of its own")
    return port
