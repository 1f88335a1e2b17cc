from __future__ import annotations

from pathlib import Path

import pytest

from engine import config as configuration
from engine.config import DEFAULT_CONFIG
from engine.config.readiness import missing

CONFIGS = DEFAULT_CONFIG.parent


def lacking(name: str) -> list[str]:
    return list(missing(configuration.load(CONFIGS / f"{name}.toml")))


def test_a_profile_of_venues_in_memory_lacks_nothing() -> None:
    assert lacking("paper") == []


@pytest.mark.parametrize("name", ["live", "shadow"])
def test_a_profile_for_real_venues_says_what_this_version_and_its_files_lack(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first, *others = lacking(name)
    assert f"run.mode {name!r} needs" in first
    for word in ("pacifica.network.account is empty", "there is no keys/hyperliquid.json", "perp2perp keys add "):
        assert any(word in each for each in others), word


def test_a_sandbox_lacks_the_files_that_the_simulated_venues_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = lacking("sandbox")
    assert told
    assert all("`perp2perp simulate` writes it" in each for each in told)
    profile = configuration.load(CONFIGS / "sandbox.toml")
    for venue in profile.policy.scanner.venues:
        network = profile.venues[venue].network
        assert network is not None
        for name in (network.key_file, network.access_key_file, network.flatten_key_file):
            if name:
                Path(name).parent.mkdir(exist_ok=True)
                Path(name).touch()
    assert lacking("sandbox") == []
