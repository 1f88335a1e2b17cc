from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from engine.cli import main
from engine.ledger.command import shown
from engine.ledger.totals import CUTS, By
from engine.printed import PLAIN_WIDTH
from tests.engine.ledger.test_reading import played


@pytest.mark.parametrize("by", CUTS)
def test_the_command_shows_each_cut(by: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    played(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["ledger", str(tmp_path), "--by", by])
    assert left.value.code == 0
    out = capsys.readouterr().out
    named = {"pair": "BTC-1", "venue": "hyperliquid", "asset": "BTC", "day": "2023-11-14"}
    assert f"\n  {named[by]} " in out
    assert "2.50" in out
    figures = [line for line in out.splitlines() if re.search(r"\d\.\d\d +$|\d\.\d\d$", line)]
    assert figures
    assert max(map(len, figures)) <= PLAIN_WIDTH


def test_json_holds_every_cut_and_the_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    played(tmp_path, None)
    with pytest.raises(SystemExit):
        main(["ledger", str(tmp_path), "--json"])
    data = msgspec.json.decode(capsys.readouterr().out)
    assert {*data} == {"all", *get_args(By), "forecasts", "notes"}
    assert "no end" in data["notes"][0]


def test_what_is_known_of_the_journal_s_end_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played(tmp_path, None)
    with pytest.raises(SystemExit):
        main(["ledger", str(tmp_path)])
    assert "note: the run has no end" in capsys.readouterr().err


def test_a_directory_without_a_journal_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["ledger", str(tmp_path / "none")])
    assert left.value.code == 2
    assert "none" in capsys.readouterr().err


def test_no_bar_is_drawn_where_standard_error_is_no_terminal() -> None:
    with shown("reading") as show:
        assert show is None


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_damaged_journal_is_told_in_part_and_the_exit_says_so(
    json: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever books by the exit code must not book a part for the whole."""
    played(tmp_path)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[-3] = lines[-3].replace(b'"hash":"', b'"hash":"0', 1)
    journal.write_bytes(b"".join(lines))
    with pytest.raises(SystemExit) as left:
        main(["ledger", str(tmp_path), *json])
    assert left.value.code == 1
    told = capsys.readouterr()
    assert "last good record" in told.out + told.err
