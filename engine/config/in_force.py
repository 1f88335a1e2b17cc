"""Every value a profile puts in force, defaults and the adapters' own among them, each with where it comes from.

What `perp2perp check-config FILE --all` prints: a profile names the fields of an adapter's settings that are not to be
the default, and this names the rest. Counterpart: `engine.config`, which reads the profile.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.config.sections import Config
from engine.venues.registry import SAMPLE_ACCOUNTS, AccountTerms, settings_of

FROM_THE_ACCOUNT = ("account", "assets", "leverage", "is_mainnet", "identified", "chain_id")
"""What an adapter is told of the account it serves and of the network; nobody chooses it as a setting."""


class Value(NamedTuple):
    """One field by its dotted path; `is_default`: the profile does not name it."""

    path: str
    value: Any
    is_default: bool


def values(config: Config, file: Path) -> Iterator[Value]:
    """In the order of the sections' fields; adapters of the venues the profile has a section for.

    Values are as JSON has them (decimals as text, None where nothing is set).
    """
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    for path, value in _leaves("", _told(config)):
        yield Value(path, value, not _named(given, path.split(".")))


def _told(config: Config) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(config)
    for venue, section in config.venues.items():
        terms = AccountTerms(
            account=SAMPLE_ACCOUNTS.get(venue, "account"), assets=(), leverage=min(section.leverage, 3)
        )
        settings = msgspec.to_builtins(settings_of(venue, terms, section.adapter))
        chosen = {name: each for name, each in settings.items() if name not in FROM_THE_ACCOUNT}
        told["venues"][venue.value]["adapter"] = chosen
    return told


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), each)
    else:
        yield path, value


def _named(given: Any, path: list[str]) -> bool:
    return not path or (isinstance(given, dict) and path[0] in given and _named(given[path[0]], path[1:]))
