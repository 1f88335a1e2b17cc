from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actors.domain import Venue
from engine.config import DEFAULT_CONFIG, Config, ConfigError, load
from engine.errors import UserError
from engine.flatten import scope
from engine.listing import ALL
from tests.engine.flatten.test_held import written
from tests.engine.recorded import MAKER, TAKER, SmallRun, hedged_run

SANDBOX = load(DEFAULT_CONFIG.parent / "sandbox.toml")
ASSETS = ("BTC", "ETH", "SOL", "HYPE", "DOGE")


def with_assets(*assets: str) -> Config:
    scanner = msgspec.structs.replace(SANDBOX.policy.scanner, assets=assets)
    return msgspec.structs.replace(SANDBOX, policy=msgspec.structs.replace(SANDBOX.policy, scanner=scanner))


def test_all_is_every_market_the_profile_lists_also_those_its_scanner_does_not_trade() -> None:
    assert scope.everything(SANDBOX).markets == dict.fromkeys(SANDBOX.policy.scanner.venues, ASSETS)
    assert scope.everything(SANDBOX).everything
    for narrow in (with_assets("BTC"), with_assets(*ALL)):
        assert scope.everything(narrow).markets[Venue.DRIFT] == ASSETS


def test_named_markets_are_those_alone() -> None:
    found = scope.named(SANDBOX, ("lighter:ETH", "lighter:SOL", "drift:BTC", "lighter:ETH"))
    assert found.markets == {Venue.LIGHTER: ("ETH", "SOL"), Venue.DRIFT: ("BTC",)}
    assert not found.everything


@pytest.mark.parametrize("pair", ["lighter:ETHH", "kraken:ETH", "ETH", "", "lighter:"])
def test_a_market_that_is_not_in_the_profile_is_refused_for_it_may_be_misspelt(pair: str) -> None:
    with pytest.raises(ConfigError, match=r"--pair .*hyperliquid:BTC"):
        scope.named(SANDBOX, (pair,))


def test_a_run_s_markets_are_those_it_last_held(tmp_path: Path) -> None:
    found = scope.of_run(SANDBOX, written(tmp_path / "run", hedged_run(0)))
    assert found.markets == {TAKER: ("BTC",), MAKER: ("BTC",)}
    assert not found.everything
    assert "last held" in found.notes[0]


def test_a_run_whose_journal_cannot_be_read_stands_for_every_market_and_says_so(tmp_path: Path) -> None:
    found = scope.of_run(SANDBOX, tmp_path / "gone")
    assert found.markets == scope.everything(SANDBOX).markets
    assert found.everything
    assert "cannot be read" in found.notes[0]


def test_a_run_that_held_nothing_is_not_called_flat(tmp_path: Path) -> None:
    run = SmallRun()
    run.open_venues()
    with pytest.raises(UserError, match="holds nothing; look with `perp2perp positions`"):
        scope.of_run(SANDBOX, written(tmp_path / "run", run))


def test_a_run_on_venues_the_profile_does_not_trade_is_refused(tmp_path: Path) -> None:
    scanner = msgspec.structs.replace(SANDBOX.policy.scanner, venues=(Venue.LIGHTER, Venue.DRIFT))
    other = msgspec.structs.replace(SANDBOX, policy=msgspec.structs.replace(SANDBOX.policy, scanner=scanner))
    with pytest.raises(ConfigError, match=f"{TAKER.value}:BTC"):
        scope.of_run(other, written(tmp_path / "run", hedged_run(0)))
