"""Options of the command line put into a profile, and the profiles that cannot run yet.

Counterpart: `engine.cli`, which names the options.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from actors.domain import Venue
from engine.config.sections import Config, ConfigError, MarketSection

DURATION_MOST_S = 3650 * 86400.0
SPEED_MOST = 200
"""Faster than this a request's timeout passes while it is being worked on; `max` has no such limit."""
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def refuse_unready(config: Config) -> None:
    """Raise ConfigError for the profiles that need what is not there yet."""
    missing = not_there_yet(config)
    if missing:
        raise ConfigError(
            f"run.mode is {config.run.mode!r}, which needs {missing}: not in this version. "
            "Use config/paper.toml (simulated venues) or config/sandbox.toml (the same over sockets)."
        )


def not_there_yet(config: Config) -> str:
    """What this version lacks for the profile's mode; empty when it can run."""
    return {
        "shadow": "live market data over the network with simulated fills",
        "live": "the venues' test networks passed first",
    }.get(config.run.mode, "")


def parse_duration(text: str, option: str = "--duration") -> float:
    """Seconds in 90s, 30m, 12h, 7d or 3w; raises ConfigError, which names the option."""
    number, unit = text[:-1], text[-1:]
    how = "give a positive number and a unit, such as 90s, 30m, 12h, 7d or 3w"
    try:
        seconds = float(number) * UNITS_S[unit]
    except (ValueError, KeyError):
        raise ConfigError(f"{option} {text!r} is not a time; {how}") from None
    if not 0 < seconds <= DURATION_MOST_S:
        why = "longer than ten years" if seconds > 0 else "no time that could pass"
        raise ConfigError(f"{option} {text!r} is {why}; {how}")
    return seconds


def parse_speed(text: str) -> float | None:
    """None for max, else the multiple of real time; raises ConfigError."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        raise ConfigError(f"--speed {text!r}: give max, or a multiple of real time such as 1 or 60") from None
    if not 0 < speed <= SPEED_MOST:
        raise ConfigError(f"--speed {text!r}: give max, or a positive multiple of real time up to {SPEED_MOST}")
    return speed


def with_options(
    config: Config,
    *,
    seed: int | None = None,
    duration: str | None = None,
    after: str | None = None,
    market: Path | None = None,
    faults: Path | None = None,
    assets: str | None = None,
    venues: str | None = None,
) -> Config:
    """The profile with the command line's options in place; raises ConfigError."""
    replace = msgspec.structs.replace
    if seed is not None:
        config = replace(config, run=replace(config.run, seed=seed))
    if duration is not None or after is not None:
        seconds = parse_duration(after, "--after") if after is not None else parse_duration(duration or "")
        lifecycle = replace(config.policy.lifecycle, duration_s=seconds)
        config = replace(config, policy=replace(config.policy, lifecycle=lifecycle))
    if market is not None:
        config = replace(config, market=MarketSection(kind="recorded", file=str(market)))
    if faults is not None:
        config = replace(config, faults=str(faults))
    if assets is not None:
        named = tuple(name.strip() for name in assets.split(",") if name.strip())
        if not named:
            raise ConfigError("--assets is empty; name assets as in BTC,ETH, or all")
        scanner = replace(config.policy.scanner, assets=named)
        config = replace(config, policy=replace(config.policy, scanner=scanner))
    if venues is not None:
        scanner = replace(config.policy.scanner, venues=_venues_named(venues, config))
        config = replace(config, policy=replace(config.policy, scanner=scanner))
    return config


def _venues_named(text: str, config: Config) -> tuple[Venue, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    there_are = [venue.value for venue in config.venues]
    if len(names) < 2 or any(name not in there_are for name in names):
        raise ConfigError(f"--venues {text!r}: name two or more of {', '.join(there_are)}, with commas")
    return tuple(Venue(name) for name in names)
