"""What a profile whose fields are all good still lacks before it can run. Looked at by `perp2perp check-config`.

Counterpart: `engine.config`, which says what is wrong with a profile itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from actors.domain import Venue
from engine.config.options import not_there_yet
from engine.config.sections import Config, NetworkSection


def missing(config: Config) -> Iterator[str]:
    """A sentence for each thing that is missing; none when the profile can run as it stands."""
    lacking = not_there_yet(config)
    if lacking:
        yield f"run.mode {config.run.mode!r} needs {lacking}, which this version does not have"
    if config.run.mode == "paper":
        return
    for venue in config.policy.scanner.venues:
        network = config.venues[venue].network
        if network is not None:
            yield from _files_missing(venue, network, config.run.mode)


def _files_missing(venue: Venue, network: NetworkSection, mode: str) -> Iterator[str]:
    where = f"venues.{venue.value}.network"
    if mode != "sandbox" and not network.account:
        yield f"{where}.account is empty: name the account the key must sign for"
    files = (
        ("key_file", network.key_file, f"make an agent's key at the venue, and `perp2perp keys add {venue.value}`"),
        ("access_key_file", network.access_key_file, f"`perp2perp keys add-access {venue.value}`, or leave it empty"),
        ("password_file", network.password_file, "write the key file's password there, readable by you alone"),
        ("flatten_key_file", network.flatten_key_file, "make another key for `perp2perp flatten`, or leave it empty"),
        ("flatten_password_file", network.flatten_password_file, "write that key's password there"),
    )
    for field, name, remedy in files:
        if name and not Path(name).exists():
            made = "`perp2perp simulate` writes it" if mode == "sandbox" else remedy
            yield f"{where}.{field}: there is no {name}; {made}"
