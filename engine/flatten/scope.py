"""Which markets are to be flat: all that the profile names, those named on the command line, or those a run last held.

Counterpart: `held`, which reads a run's journal; `venue`, which adds what only the venue knows of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from actors.domain import Venue
from engine.config import Config, ConfigError
from engine.errors import UserError
from engine.flatten.held import Market, markets_of_run
from engine.listing import ALL


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Assets by venue; with `everything` also whatever else the venue shows. `notes` are for people."""

    markets: Mapping[Venue, tuple[str, ...]]
    everything: bool = False
    notes: tuple[str, ...] = ()


def configured(config: Config) -> dict[Venue, tuple[str, ...]]:
    """Every market of the profile: what its scanner trades, and whatever else its venues list."""
    wanted = () if config.policy.scanner.assets == ALL else config.policy.scanner.assets
    return {
        venue: tuple(dict.fromkeys((*wanted, *config.venues[venue].instruments)))
        for venue in config.policy.scanner.venues
    }


def everything(config: Config, notes: tuple[str, ...] = ()) -> Scope:
    """All markets of the profile, and what else the venues show."""
    return Scope(markets=configured(config), everything=True, notes=notes)


def named(config: Config, pairs: Sequence[str]) -> Scope:
    """The markets of `--pair venue:ASSET`. Raises ConfigError for one the profile does not have: it may be misspelt."""
    there_are = {f"{venue.value}:{asset}": (venue, asset) for venue, of in configured(config).items() for asset in of}
    for pair in pairs:
        if pair not in there_are:
            raise ConfigError(f"--pair {pair}: the profile has no such market; it has {', '.join(there_are)}")
    return Scope(markets=_by_venue(there_are[pair] for pair in pairs))


def of_run(config: Config, run: Path) -> Scope:
    """The markets a run last held or had orders in; all, when its journal cannot be read."""
    try:
        found = markets_of_run(run)
    except (UserError, OSError) as error:
        note = f"the journal cannot be read ({error}): all markets of the profile are taken"
        return everything(config, (note,))
    strange = [f"{venue.value}:{asset}" for venue, asset in found if venue not in config.policy.scanner.venues]
    if strange:
        raise ConfigError(f"--run {run}: it held {', '.join(strange)}, which this profile does not trade; give its own")
    if not found:
        raise UserError(f"--run {run}: by its journal it holds nothing; look with `perp2perp positions`, or give --all")
    words = ", ".join(f"{venue.value}:{asset}" for venue, asset in found)
    return Scope(markets=_by_venue(found), notes=(f"{run} last held, or had orders in: {words}",))


def _by_venue(markets: Iterable[Market]) -> dict[Venue, tuple[str, ...]]:
    found: dict[Venue, dict[str, None]] = {}
    for venue, asset in markets:
        found.setdefault(venue, {})[asset] = None
    return {venue: tuple(assets) for venue, assets in found.items()}
