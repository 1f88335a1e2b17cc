"""Parameter sets are read, combined, and refused in one sentence that names set and field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine import config as configuration
from engine.backtest.grid import DEFAULT, ParameterSet, read_grid, with_changes
from engine.backtest.request import PROFILE
from engine.errors import UserError

CONFIG = configuration.load(PROFILE)


def saved(folder: Path, text: str) -> Path:
    path = folder / "grid.toml"
    path.write_text(text)
    return path


def test_a_grid_is_every_combination_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = '[grid]\n"scanner.horizon_h" = ["48", "72"]\n"scanner.pairs_most" = [1, 2]\n'
    sets = read_grid(saved(tmp_path, text), CONFIG)
    assert [each.name for each in sets] == [
        "horizon_h=48 pairs_most=1",
        "horizon_h=48 pairs_most=2",
        "horizon_h=72 pairs_most=1",
        "horizon_h=72 pairs_most=2",
    ]


def test_sets_have_names_and_a_value_a_field(tmp_path: Path) -> None:
    text = '[[sets]]\nname = "patient"\n"scanner.horizon_h" = "168"\n[[sets]]\nname = "as it is"\n'
    patient, plain = read_grid(saved(tmp_path, text), CONFIG)
    assert with_changes(CONFIG, patient).policy.scanner.horizon_h == Decimal(168)
    assert with_changes(CONFIG, plain) == with_changes(CONFIG, DEFAULT) == CONFIG


def test_only_the_field_that_is_named_changes() -> None:
    changed = with_changes(CONFIG, ParameterSet(name="x", changes={"entry.backoff_s": 1.5}))
    assert changed.policy.entry.backoff_s == 1.5
    assert with_changes(changed, ParameterSet(name="y", changes={"entry.backoff_s": 900.0})) == CONFIG


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has nothing"),
        ("[other]\n", "has other; a grid file has"),
        ("[grid\n", "is not valid TOML"),
        ("[[sets]]\n", "needs a name"),
        ("[grid]\n'scanner.horizon_h' = '48'\n", "takes lists"),
        ("[grid]\n'scanner.horizons' = ['48']\n", "no field 'scanner.horizons'"),
        ("[grid]\n'horizon_h' = ['48']\n", "no field 'horizon_h'"),
        ("[grid]\n'scanner.horizon_h' = ['often']\n", "set 'horizon_h=often': policy:"),
        ("[grid]\n'scanner.scan_s' = [0.0]\n", "policy.scanner.scan_s is 0"),
        ("[[sets]]\nname='a'\n[[sets]]\nname='a'\n", "two sets are called a"),
        (f"[grid]\n'scanner.pairs_most' = {list(range(501))}\n", "makes 501 sets"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        read_grid(saved(tmp_path, text), CONFIG)
    assert told in str(refused.value)
