"""The command is on the command line, and says in one sentence what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import cli
from engine.calibration import forecast_recorded


def test_a_directory_without_recordings_is_named_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["calibrate-forecast", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_the_help_names_every_recording_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["calibrate-forecast", "--help"])
    assert ended.value.code == 0
    told = "".join(capsys.readouterr().out.split())
    files = [getattr(forecast_recorded, name) for name in ("HYPERLIQUID", "DRIFT", "DYDX", "BINANCE", "BINANCE_BTC")]
    names = [name.partition("/")[2] for name in (*files, forecast_recorded.SNAPSHOTS)]
    assert [name for name in names if name not in told.replace("│", "")] == []
