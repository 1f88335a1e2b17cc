"""The page on forecasts is what the recordings and the shipped forecast say today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import engine.calibration
from actors.policy import ForecastPolicy
from engine.calibration import forecast_report, forecast_words
from engine.calibration.forecast_models import SMOOTHED, TWO_SPEEDS
from engine.calibration.forecast_recorded import Funding
from engine.calibration.forecast_scores import Findings, findings
from engine.config import DEFAULT_CONFIG, load
from tests.shared import data_root

PAGE = Path(engine.calibration.__file__).parent / "FORECAST.md"
PROFILES = ("paper", "sandbox", "shadow", "live")
LABEL = "hyperliquid-drift ETH"
"""One pair with all three windows stands for the page: all of it takes a minute."""


@pytest.fixture(scope="module")
def found() -> Findings:
    pairs = [pair for pair in Funding(data_root()).pairs() if pair.label == LABEL]
    return findings(pairs, progress=lambda _: None)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_uses_the_settings_that_were_calibrated(profile: str) -> None:
    assert load(DEFAULT_CONFIG.with_name(f"{profile}.toml")).policy.forecast == ForecastPolicy()


def test_the_page_has_the_words_of_today() -> None:
    page = PAGE.read_text()
    for words in (forecast_words.HEAD, forecast_words.MONEY, forecast_words.READING, forecast_words.DETAIL):
        assert words in page


def test_the_page_is_what_the_recordings_say_today(found: Findings) -> None:
    rows = [line for line in forecast_report.markdown(found).splitlines() if line.startswith(f"| {LABEL}")]
    assert len(rows) == 6
    page = PAGE.read_text().splitlines()
    assert [line for line in rows if line not in page] == []


def test_the_default_is_nearer_the_truth_than_smoothing_in_what_was_held_out(found: Findings) -> None:
    errors = {
        (each.model, each.horizon_h): each.rmse_bps
        for each in found.scores
        if each.window == "held out" and each.model in (SMOOTHED, TWO_SPEEDS)
    }
    assert all(errors[TWO_SPEEDS, horizon] < errors[SMOOTHED, horizon] for horizon in (24, 72, 168))


def test_the_command_prints_the_page_writes_it_or_tells_programs(
    found: Findings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.calibration.forecast_report.findings", lambda _, progress: found)
    out = tmp_path / "page.md"
    for page, data in ((None, False), (out, False), (None, True)):
        assert forecast_report.run(data_root(), page, data) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(out.read_text())
    told = json.loads(printed.splitlines()[-1])
    assert [each["label"] for each in told["scores"]] == [LABEL] * len(found.scores)
