from __future__ import annotations

import json
from pathlib import Path

import pytest

import engine.venues
from engine import cli
from engine.calibration.report import calibrate, markdown
from engine.venues.funding import calibrated
from engine.venues.rate_fields import FIELDS
from tests.shared import data_root

PAGE = Path(engine.venues.__file__).parent / "FUNDING.md"


def verdicts(page: str) -> dict[str, bool]:
    """The table of fields: its first column and its last."""
    table = page.split("| field | check |", maxsplit=1)[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {row[0]: row[-1] == "yes" for row in rows if row[0] in FIELDS}


def test_the_page_and_the_table_of_fields_call_the_same_fields_calibrated() -> None:
    assert verdicts(PAGE.read_text()) == {key: calibrated(key) for key in FIELDS}


def test_the_page_is_what_the_recordings_say_today() -> None:
    assert markdown(calibrate(data_root())) == PAGE.read_text()


def test_the_command_prints_the_page_writes_it_or_tells_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = str(data_root()), tmp_path / "page.md"
    for arguments in ([], ["--out", str(out)], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(["calibrate", "--data", data, *arguments])
        assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith(out.read_text())
    told = json.loads(printed.splitlines()[-1])
    assert [finding["key"] for finding in told] == list(FIELDS)


def test_a_directory_without_recordings_is_named_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["calibrate", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert str(tmp_path) in capsys.readouterr().err
