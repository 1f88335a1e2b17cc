"""What `check-config --all` says is what runs."""

from __future__ import annotations

from pathlib import Path

from actors.domain import Venue
from engine.config import in_force, load

SANDBOX = Path(__file__).parents[3] / "config" / "sandbox.toml"


def test_every_adapter_says_all_its_settings_and_which_the_profile_chose() -> None:
    found = {each.path: each for each in in_force.values(load(SANDBOX), SANDBOX)}
    assert found["venues.hyperliquid.adapter.gap_pause_s"] == ("venues.hyperliquid.adapter.gap_pause_s", 10.0, True)
    assert found["venues.hyperliquid.adapter.markets_refresh_s"].is_default is False
    for venue in Venue:
        assert any(path.startswith(f"venues.{venue.value}.adapter.link.") for path in found)


def test_what_the_account_fixes_is_no_setting() -> None:
    assert not [each.path for each in in_force.values(load(SANDBOX), SANDBOX) if each.path.endswith("adapter.account")]


def test_a_field_left_out_is_said_to_be_a_default_and_has_the_value_that_runs(tmp_path: Path) -> None:
    profile = tmp_path / "shorter.toml"
    profile.write_text(SANDBOX.read_text().replace("alarms_kept = 200 ", "# "))
    found = {each.path: each for each in in_force.values(load(profile), profile)}
    assert found["engine.alarms_kept"] == ("engine.alarms_kept", 200, True)
    assert found["engine.recalled_most"].is_default is False
