"""A back-test as it was asked for: which histories and hours, who plays whom, which sets of parameters, which split.

Everything that can be refused before an engine is begun is refused here, in one sentence. Counterpart: `options`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.domain import Venue
from engine import config as configuration
from engine.backtest.grid import DEFAULT, ParameterSet, read_grid
from engine.backtest.split import Window, windows_of
from engine.config import Config
from engine.errors import UserError
from engine.simulators.market import Player, Span

PROFILE = configuration.ROOT / "config" / "backtest.toml"
OUT = Path("backtests")
DAY_NS = 86_400 * 1_000_000_000
HELD_OUT: tuple[tuple[str, str, str], ...] = (("ETH", "2024-01-01", "2025-01-01"), ("", "2026-01-01", "2027-01-01"))
"""Asset (any when empty) and days, the last excluded, on which no parameter is chosen."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that can be met. `windows` are those of a walk-forward, none without one.

    With `names_alone` its command names data and files without their directories: what is published is of no machine.
    """

    data: tuple[Path, ...]
    span: Span
    players: tuple[Player, ...]
    assets: tuple[str, ...]
    config: Config
    profile: Path
    sets: tuple[ParameterSet, ...]
    windows: tuple[Window, ...]
    jobs: int
    out: Path
    journals: bool
    held_out_used: tuple[str, ...] = ()
    grid: Path | None = None
    walk_forward: str = ""
    names_alone: bool = False

    @property
    def notional_usd(self) -> Decimal:
        """Target notional of a leg, by the profile."""
        return self.config.policy.scanner.notional_usd


def asked_of(
    *,
    data: tuple[Path, ...],
    first: str,
    last: str,
    venues: str | None = None,
    stand_ins: str | None = None,
    assets: str | None = None,
    profile: Path | None = None,
    grid: Path | None = None,
    jobs: int = 0,
    walk_forward: str | None = None,
    held_out: bool = False,
    out: Path | None = None,
    journals: bool = False,
    names_alone: bool = False,
) -> Asked:
    """The request; raises UserError."""
    span = Span(day_ns(first), day_ns(last))
    if span.from_ns >= span.to_ns:
        raise UserError(f"--from {first} --to {last}: give the earlier day first; --to is the day after the last one")
    if jobs < 0:
        raise UserError(f"--jobs {jobs}: give a number from 0 on")
    profile = profile or PROFILE
    config = configuration.load(profile)
    if config.run.mode != "paper":
        raise UserError(f"{profile}: run.mode is {config.run.mode}; a back-test runs a paper profile")
    players = players_of(venues, stand_ins, config)
    named = _names(assets) if assets is not None else config.policy.scanner.assets
    sets = read_grid(grid, config) if grid is not None else (DEFAULT,)
    windows = windows_of(walk_forward, span) if walk_forward is not None else ()
    if walk_forward is not None and len(sets) < 2:
        raise UserError("--walk-forward chooses among parameter sets: name a --grid with two or more")
    return Asked(
        data=data,
        span=span,
        players=players,
        assets=named,
        config=config,
        profile=profile,
        sets=sets,
        windows=windows,
        jobs=jobs or os.cpu_count() or 1,
        out=out or OUT,
        journals=journals,
        grid=grid,
        walk_forward=walk_forward or "",
        names_alone=names_alone,
        held_out_used=_held_out(chosen_on(span, sets, windows), named, allowed=held_out),
    )


def day_ns(text: str) -> int:
    """The beginning of a UTC day; raises UserError."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UserError(f"{text!r} is not a day: write it like 2023-06-10") from None
    return int(day.timestamp()) * 1_000_000_000


def players_of(venues: str | None, stand_ins: str | None, config: Config) -> tuple[Player, ...]:
    """Each source and the simulated venue that plays it; raises UserError."""
    playing = dict(_stand_in(part) for part in _names(stand_ins or ""))
    simulated = [venue.value for venue in config.venues]
    named = tuple(dict.fromkeys(("hyperliquid", *(playing or ("drift",))))) if venues is None else _names(venues)
    players = tuple(Player(source, playing.get(source, source)) for source in named)
    for player in players:
        if player.venue not in simulated:
            remedy = f"say who plays it, as in --as {player.source}=pacifica; simulated are {', '.join(simulated)}"
            raise UserError(f"--venues {player.source}: {player.venue} is not simulated; {remedy}")
    if len(dict.fromkeys(player.venue for player in players)) < max(2, len(players)):
        raise UserError("--venues: name two or more, each played by a venue of its own")
    if any(source not in named for source in playing):
        raise UserError(f"--as {stand_ins}: not all of it is in --venues {venues}")
    return players


def _stand_in(text: str) -> tuple[str, str]:
    source, equals, venue = text.partition("=")
    if not (source and equals and venue in [known.value for known in Venue]):
        raise UserError(f"--as {text!r}: write who plays whom, as in binance=pacifica")
    return source, venue


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def chosen_on(span: Span, sets: tuple[ParameterSet, ...], windows: tuple[Window, ...]) -> tuple[Span, ...]:
    """The hours on which parameters are compared: the whole span by a grid, the train days by a walk-forward."""
    if len(sets) < 2:
        return ()
    return tuple(window.train for window in windows) or (span,)


def _held_out(spans: tuple[Span, ...], assets: tuple[str, ...], *, allowed: bool) -> tuple[str, ...]:
    """What of the held-out data would be chosen on; raises UserError unless that was asked for."""
    found = held_out_in(spans, assets)
    if found and not allowed:
        raise UserError(
            f"parameters would be chosen on data that is held out ({'; '.join(found)}): choose other days or assets, "
            "or say --held-out, and the report tells that it was used"
        )
    return found


def held_out_in(spans: tuple[Span, ...], assets: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the held-out data lie within these hours and assets."""
    return tuple(
        f"{asset or 'everything'} {begin}..{end}"
        for asset, begin, end in HELD_OUT
        if (not asset or asset in assets)
        if any(span.from_ns < day_ns(end) and day_ns(begin) < span.to_ns for span in spans)
    )
