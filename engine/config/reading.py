"""A profile read from its file, what stands in for fields it leaves out, and the digest of what it says of a run.

Counterparts: `sections`, the form; `problems`, what is refused.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from actors.policy import Policy
from engine.config.problems import problems_of
from engine.config.sections import Config, ConfigError, VenueSection
from engine.flatten.settings import FlattenSettings
from engine.limits import EngineLimits, Limits
from engine.restarts import RestartLimits
from engine.signing.settings import SigningSettings
from engine.simulators.server.limits import ServerLimits
from engine.venues.network.limits import NetworkLimits

A_VENUES_OWN = ("network.connect_s", "signing.timeout_s")
"""Limits that every venue's section says for itself."""


def load(path: Path) -> Config:
    """Read and check a profile; raises ConfigError."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name an existing TOML file") from error
    try:
        config = msgspec.toml.decode(text, type=Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error))}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error}); correct the line it names") from error
    problems = list(problems_of(config))
    if problems:
        raise ConfigError(f"{path}: " + "; ".join(problems))
    return config


def _explain(text: str) -> str:
    """msgspec's message with the field's path in front and a remedy behind."""
    what, _, where = text.partition(" - at `$")
    field = where.rstrip("`").lstrip(".") or "the top level"
    remedy = "remove or rename it" if "unknown field" in what else "give it a value of that kind"
    return f"{field}: {what}; {remedy} (see config/paper.toml for all fields)"


def defaults_used(path: Path) -> Iterator[tuple[str, object]]:
    """Every limit a profile does not set, with the default that stands in for it."""
    given = tomllib.loads(path.read_text())
    parts = (Policy(), EngineLimits(), Limits(), RestartLimits(), NetworkLimits(), SigningSettings(), ServerLimits())
    names = ("policy", "engine", "sequencer", "venue_restarts", "network", "signing", "server")
    for name, part in (*zip(names, parts, strict=True), ("flatten", FlattenSettings())):
        yield from (each for each in _unset(given.get(name, {}), part, name) if each[0] not in A_VENUES_OWN)


def _unset(given: dict[str, Any], part: msgspec.Struct, path: str) -> Iterator[tuple[str, object]]:
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if isinstance(value, msgspec.Struct):
            yield from _unset(given.get(name, {}), value, f"{path}.{name}")
        elif name not in given:
            yield f"{path}.{name}", value


def digest(config: Config) -> str:
    """Digest of what the configuration says of a run, wherever the file lies, wherever its runs go, and whatever
    flattens them or serves simulated venues."""
    replace = msgspec.structs.replace
    venues = {venue: _without_flattener(section) for venue, section in config.venues.items()}
    run = replace(config.run, runs_directory="", state_directory="")
    neutral = replace(config, run=run, venues=venues, flatten=FlattenSettings(), server=ServerLimits())
    return hashlib.sha256(msgspec.json.encode(neutral, order="deterministic")).hexdigest()[:32]


def _without_flattener(section: VenueSection) -> VenueSection:
    if section.network is None:
        return section
    network = msgspec.structs.replace(
        section.network, flatten_key_file="", flatten_password_file="", flatten_adapter={}
    )
    return msgspec.structs.replace(section, network=network)
