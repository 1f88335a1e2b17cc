"""`perp2perp conformance`: which profile, which address, which key. Counterparts: `memory` and `network`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from actors.domain import Venue
from engine.config import ROOT, Config, ConfigError, NetworkSection
from engine.conformance.kit import Verdict
from engine.conformance.memory import conform_in_memory
from engine.conformance.network import Target, conform_over_network
from engine.doors.network import sign_in_a_process

PROFILE = ROOT / "config" / "sandbox.toml"
KEYS = Path("sandbox")
HOUR_CAPS = 40
"""The signing process lets as many orders of the cap open in an hour: the list needs some twenty."""


def in_memory(config: Config, venue: Venue, asset: str, tell: Callable[[Verdict], None]) -> tuple[Verdict, ...]:
    """The list against the simulator of a profile; raises ConfigError for an asset it does not list."""
    listed = config.venues[venue].instruments
    if asset not in listed:
        raise ConfigError(f"--asset {asset}: {venue.value} lists {', '.join(listed)}")
    return conform_in_memory(config, venue, asset, tell)


def over_network(target: Target, tell: Callable[[Verdict], None]) -> tuple[Verdict, ...]:
    """The list against an address, signed in a process of its own."""
    return conform_over_network(target, sign_in_a_process, tell)


def target_of(
    venue: Venue,
    url: str,
    stream_url: str | None,
    key: Path | None,
    account: str,
    asset: str,
    size_cap_usd: Decimal,
) -> Target:
    """What was asked for on the command line; raises ConfigError."""
    if size_cap_usd <= 0:
        raise ConfigError(f"--size-cap-usd {size_cap_usd}: give a positive amount")
    section = NetworkSection(
        url=url,
        stream_url=stream_url or url.replace("http", "ws", 1),
        account=account,
        key_file=str(key or KEYS / f"{venue.value}.json"),
        sign_order_most_usd=size_cap_usd,
        sign_hour_most_usd=size_cap_usd * HOUR_CAPS,
        sign_any_market=True,
    )
    return Target(venue=venue, network=section, asset=asset, size_cap_usd=size_cap_usd)
