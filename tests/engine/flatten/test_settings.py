from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import DEFAULT_CONFIG, ConfigError, digest, load
from engine.flatten.settings import FlattenSettings

CONFIGS = DEFAULT_CONFIG.parent


@pytest.mark.parametrize("name", ["paper", "sandbox", "shadow", "live"])
def test_every_profile_names_every_bound(name: str) -> None:
    text = (CONFIGS / f"{name}.toml").read_text()
    section = text[text.index("[flatten]") : text.index("[policy]\n")]
    assert [field for field in FlattenSettings.__struct_fields__ if f"\n{field} = " not in section] == []
    assert load(CONFIGS / f"{name}.toml").flatten == FlattenSettings()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('slippages_bps = ["20", ', 'slippages_bps = ["0", ', "flatten.*slippages_bps"),
        ('slippages_bps = ["20", "50", "100", "200", "400", "800"]', "slippages_bps = []", "flatten.*slippages_bps"),
        ("answer_s = 25.0", "answer_s = 15.0", "flatten.*answer_s must be longer"),
        ("rounds_most = 3", "rounds_most = 0", "flatten.*at least 1"),
        ("look_s = 30.0", "look_s = -1.0", "flatten.look_s is -1"),
        ("question_s = 3.0", "questions_s = 3.0", "flatten.*questions_s"),
    ],
)
def test_a_bound_that_would_close_nothing_is_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    text = DEFAULT_CONFIG.read_text()
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=told):
        load(file)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("flatten_adapter = { api_key_index = 5 }", "flatten_adapter = {}", "has no api_key_index of its own"),
        ("flatten_adapter = { api_key_index = 5 }", "flatten_adapter = { teapot = 1 }", "teapot"),
    ],
)
def test_a_key_whose_number_the_adapter_does_not_know_is_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    text = (CONFIGS / "sandbox.toml").read_text()
    assert old in text
    file = tmp_path / "sandbox.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=rf"venues\.lighter\.network\.flatten_adapter.*{told}"):
        load(file)


def test_a_run_that_was_cut_off_is_the_same_whatever_flattens_it(tmp_path: Path) -> None:
    text = (CONFIGS / "sandbox.toml").read_text()
    file = tmp_path / "sandbox.toml"
    changed = text.replace("hyperliquid_flatten.json", "other.json").replace("patience_s = 120.0", "patience_s = 60.0")
    assert changed != text
    file.write_text(changed)
    assert digest(load(file)) == digest(load(CONFIGS / "sandbox.toml"))
