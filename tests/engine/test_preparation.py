"""From a profile to an engine ready to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.domain import client_order_id
from engine import config as configuration, preparation
from engine.config import ConfigError
from engine.errors import UserError
from engine.preparation import RunRequest
from tests.engine.test_runtime import config
from tests.shared import data_root


def test_a_bad_fault_plan_is_found_before_a_directory_is_made(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text("[[rules]]\n")
    request = RunRequest(config=configuration.with_options(config(), faults=plan), runs=tmp_path / "runs")
    with pytest.raises(UserError, match=r"faults\.toml"):
        preparation.prepare(request)
    assert not (tmp_path / "runs").exists()


def test_runs_started_in_one_second_have_directories_of_their_own(tmp_path: Path) -> None:
    made = [preparation.new_directory(tmp_path / "runs") for _ in range(5)]
    assert len(set(made)) == 5
    assert all(directory.is_dir() for directory in made)


def test_a_recording_that_ends_before_the_run_ends_it_and_says_so(tmp_path: Path) -> None:
    (recording,) = data_root().glob("multi_venue/seven_venues_*.csv.gz")
    long = configuration.with_options(config("500w"), market=recording)
    engine = preparation.prepare(RunRequest(config=long, runs=tmp_path))
    assert engine.config.policy.lifecycle.duration_s < 500 * 7 * 86400
    assert any("the run ends with it" in note for note in engine.notes)


def test_an_asset_the_market_lacks_is_left_out_and_named(tmp_path: Path) -> None:
    (recording,) = data_root().glob("hyperliquid/funding_settled_1h.csv.gz")
    wished = configuration.with_options(config(), market=recording, assets="BTC,XYZ")
    engine = preparation.prepare(RunRequest(config=wished, runs=tmp_path))
    assert engine.config.policy.scanner.assets == ("BTC",)
    assert any("XYZ" in note for note in engine.notes)
    with pytest.raises(ConfigError, match="the market has none of XYZ"):
        preparation.prepare(
            RunRequest(config=configuration.with_options(config(), assets="XYZ"), runs=tmp_path / "other")
        )
    assert not (tmp_path / "other").exists()


def test_two_runs_on_the_same_venues_have_client_order_ids_of_their_own() -> None:
    first, second = (preparation.with_own_order_ids(config(), now_ns).policy.order_namespace for now_ns in (1, 2))
    assert client_order_id(first, "pair", 1) != client_order_id(second, "pair", 1)


def test_a_sandbox_run_refuses_faults_that_only_its_venues_can_have(tmp_path: Path) -> None:
    profile = configuration.load(configuration.ROOT / "config" / "sandbox.toml")
    asked = configuration.with_options(profile, faults=tmp_path / "faults.toml")
    with pytest.raises(ConfigError, match="perp2perp simulate"):
        preparation.prepare(RunRequest(config=asked, runs=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
