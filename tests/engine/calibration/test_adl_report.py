"""The page on ADL is what the recordings and the shipped estimator say today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import engine.calibration
from engine import cli
from engine.calibration.adl_findings import BEFORE_MS, EVENT_HOUR_MS, TUNED_ON, Findings, warned
from engine.calibration.adl_replay import POLICY
from engine.calibration.adl_report import calibrate, markdown
from engine.config import DEFAULT_CONFIG, load
from tests.shared import data_root

PAGE = Path(engine.calibration.__file__).parent / "ADL.md"
PROFILES = ("paper", "sandbox", "shadow", "live")


@pytest.fixture(scope="module")
def found() -> Findings:
    """Computed once: it takes seconds."""
    return calibrate(data_root())


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_uses_the_thresholds_that_were_calibrated(profile: str) -> None:
    shipped = load(DEFAULT_CONFIG.with_name(f"{profile}.toml")).policy.adl
    assert (shipped.level_scores, shipped.stress_window_s) == (POLICY.adl.level_scores, POLICY.adl.stress_window_s)
    assert (shipped.interest_drop_step, shipped.deleveraged_stress) == (
        POLICY.adl.interest_drop_step,
        POLICY.adl.deleveraged_stress,
    )


def test_the_page_names_the_shipped_thresholds() -> None:
    scores = ", ".join(str(score) for score in POLICY.adl.level_scores)
    assert f"policy.adl.level_scores on ({scores})" in PAGE.read_text()


def test_the_page_is_what_the_recordings_say_today(found: Findings) -> None:
    assert markdown(found) == PAGE.read_text()


def test_the_threshold_of_level_four_was_set_on_the_tuned_coins_and_held_for_the_others(found: Findings) -> None:
    four, five = POLICY.adl.level_scores[2:]
    assert warned(found.day, four, tuned=True) == TUNED_ON
    assert warned(found.day, four + 1, tuned=True) != TUNED_ON, "a larger round score would have done as well"
    assert warned(found.day, four, tuned=False) == ("ARB", "ETH", "OP")
    assert all(each.during.score >= five for each in found.day)
    assert all(BEFORE_MS <= each.before.at_ms < EVENT_HOUR_MS <= each.first_ms for each in found.day)


def test_the_command_prints_the_page_writes_it_or_tells_programs(
    found: Findings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = str(data_root()), tmp_path / "page.md"
    monkeypatch.setattr("engine.calibration.adl_report.calibrate", lambda _: found)
    for arguments in ([], ["--out", str(out)], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(["calibrate-adl", "--data", data, *arguments])
        assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith(out.read_text())
    told = json.loads(printed.splitlines()[-1])
    assert [day["coin"] for day in told["day"]] == ["ARB", "BTC", "ETH", "INJ", "OP", "SOL", "WIF"]


def test_a_directory_without_recordings_is_named_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["calibrate-adl", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert str(tmp_path) in capsys.readouterr().err
