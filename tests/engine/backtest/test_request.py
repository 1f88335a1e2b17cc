"""A back-test is refused in one sentence before an engine is begun; held-out data are chosen on by nobody unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.domain import Venue
from engine import config as configuration
from engine.backtest.request import PROFILE, Asked, asked_of, held_out_in, players_of
from engine.errors import UserError
from engine.simulators.market import Player
from engine.simulators.market.played import BEGINS_NS
from tests.engine.backtest.profile import derived

CONFIG = configuration.load(PROFILE)
GRID = "[grid]\n'scanner.pairs_most' = [1, 2]\n"


def asked(folder: Path, first: str, last: str, assets: str = "BTC,ETH", **more: object) -> Asked:
    grid = folder / "grid.toml"
    grid.write_text(GRID)
    return asked_of(data=(folder,), first=first, last=last, assets=assets, grid=grid, **more)  # type: ignore[arg-type]


def test_the_profile_is_paper_s_but_for_what_is_looked_at_hourly() -> None:
    """When this fails paper.toml has changed: `python -m tests.engine.backtest.profile` writes backtest.toml anew."""
    assert PROFILE.read_text(encoding="utf-8") == derived()


def test_the_profile_is_as_complete_as_paper_s() -> None:
    paper = configuration.DEFAULT_CONFIG
    assert list(configuration.defaults_used(PROFILE)) == list(configuration.defaults_used(paper))
    assert CONFIG.policy.scanner.scan_s == 3600.0


def test_a_quote_of_this_hour_is_young_enough_in_its_middle_and_one_of_the_last_hour_is_not() -> None:
    """So nothing is opened in a gap: all venues tell just before the middle of the hour, when the engine scans."""
    (pace,) = {
        (each.quiet_step_s, each.steps_on_the_clock, each.steps_after_s)
        for each in (CONFIG.venues[venue].pace for venue in Venue)
    }
    assert pace == (3600.0, True, 1797.0)
    assert BEGINS_NS / 1e9 - 1797.0 < CONFIG.policy.scanner.quote_age_most_s < BEGINS_NS / 1e9 - 1797.0 + 3600


def test_a_source_plays_itself_or_has_a_stand_in() -> None:
    assert players_of("hyperliquid,binance", "binance=pacifica", CONFIG) == (
        Player("hyperliquid", "hyperliquid"),
        Player("binance", "pacifica"),
    )
    assert [p.source for p in players_of(None, None, CONFIG)] == ["hyperliquid", "drift"]
    assert [p.source for p in players_of(None, "okx=lighter", CONFIG)] == ["hyperliquid", "okx"]


@pytest.mark.parametrize(
    ("venues", "stand_ins", "told"),
    [
        ("hyperliquid,binance", None, "binance is not simulated; say who plays it"),
        ("hyperliquid", None, "name two or more"),
        ("hyperliquid,binance", "binance=hyperliquid", "a venue of its own"),
        ("hyperliquid,drift", "okx=lighter", "not all of it is in --venues"),
        ("hyperliquid,okx", "okx=nowhere", "write who plays whom"),
        ("hyperliquid,okx", "okx", "write who plays whom"),
    ],
)
def test_players_that_cannot_play_are_refused(venues: str, stand_ins: str | None, told: str) -> None:
    with pytest.raises(UserError) as refused:
        players_of(venues, stand_ins, CONFIG)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("first", "last", "assets", "refused"),
    [
        ("2023-06-01", "2024-01-01", "BTC,ETH", False),
        ("2023-06-01", "2024-01-02", "BTC,ETH", True),
        ("2023-06-01", "2024-03-01", "BTC,SOL", False),
        ("2025-01-01", "2026-01-01", "BTC,ETH", False),
        ("2025-01-01", "2026-01-02", "BTC", True),
        ("2026-03-01", "2026-04-01", "SOL", True),
    ],
)
def test_no_grid_is_compared_on_what_is_held_out(
    tmp_path: Path, first: str, last: str, assets: str, refused: bool
) -> None:
    if not refused:
        assert asked(tmp_path, first, last, assets).held_out_used == ()
        return
    with pytest.raises(UserError, match="held out"):
        asked(tmp_path, first, last, assets)
    assert asked(tmp_path, first, last, assets, held_out=True).held_out_used


def test_a_walk_forward_may_report_on_what_is_held_out_but_not_choose_on_it(tmp_path: Path) -> None:
    found = asked(tmp_path, "2023-10-01", "2024-01-20", walk_forward="92:20")
    assert len(found.windows) == 1
    with pytest.raises(UserError, match="ETH 2024"):
        asked(tmp_path, "2023-10-01", "2024-02-20", walk_forward="92:20")


def test_one_set_chooses_nothing_and_may_be_run_anywhere() -> None:
    found = asked_of(data=(), first="2026-01-01", last="2026-02-01", assets="ETH")
    assert found.held_out_used == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"first": "June"}, "'June' is not a day"),
        ({"first": "2024-01-01"}, "give the earlier day first"),
        ({"jobs": -1}, "--jobs -1"),
        ({"walk_forward": "1:1"}, "chooses among parameter sets"),
        ({"profile": configuration.ROOT / "config" / "sandbox.toml"}, "runs a paper profile"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: dict[str, object], told: str) -> None:
    plain: dict[str, object] = {"data": (), "first": "2023-01-01", "last": "2023-02-01"}
    with pytest.raises(UserError) as refused:
        asked_of(**{**plain, **changes})  # type: ignore[arg-type]
    assert told in str(refused.value)


def test_held_out_hours_are_those_of_their_asset_alone() -> None:
    winter = asked_of(data=(), first="2023-12-01", last="2024-02-01").span
    assert held_out_in((winter,), ("BTC", "ETH")) == ("ETH 2024-01-01..2025-01-01",)
    assert held_out_in((winter,), ("BTC", "SOL")) == ()
