"""The sentences of the page name the settings that ship, and claim no more than the tables under them."""

from __future__ import annotations

import re

from actors.policy import ForecastPolicy
from engine.calibration import forecast_words
from engine.calibration.forecast_models import NAMES, ONE_SPEED, SETTINGS, SMOOTHED_H
from tests.engine.calibration.test_forecast_report import PAGE


def test_every_setting_that_the_formula_names_exists() -> None:
    named = re.findall(r"\b\w+_(?:h|fraction|most)\b", forecast_words.HEAD)
    assert named
    assert [name for name in named if name not in ForecastPolicy.__struct_fields__] == []


def test_every_model_is_explained() -> None:
    assert [name for name in NAMES if f"| {name} |" not in forecast_words.HEAD] == []
    assert f"half-life of {SMOOTHED_H} h, stays so" in forecast_words.HEAD
    one = SETTINGS[ONE_SPEED]
    assert (
        f"half-life of {one.fast_h} h, falls back to rest with one of {one.slow_reversion_h} h" in forecast_words.HEAD
    )


def test_the_counts_that_the_text_claims_are_those_of_the_table() -> None:
    """The table is rounded: what looks equal there may count either way."""
    table = PAGE.read_text().partition("## Every pair")[2].splitlines()
    cells = [line.split("|")[5:10] for line in table if line.startswith("| ") and " h |" in line]
    errors = [[float(cell.split()[0]) for cell in row] for row in cells]
    found = re.search(r"in (\d+) of (\d+) rows .* rest\) in (\d+)\.", " ".join(forecast_words.READING.split()))
    assert found is not None
    nearer, rows, than_one = (int(number) for number in found.groups())
    assert rows == len(errors)
    assert sum(two < today for _, today, _, two, _ in errors) <= nearer
    assert sum(two <= today for _, today, _, two, _ in errors) >= nearer
    assert sum(two < one for _, _, one, two, _ in errors) <= than_one
    assert sum(two <= one for _, _, one, two, _ in errors) >= than_one
