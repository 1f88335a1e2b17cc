from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pyarrow import parquet

from engine.cli import main
from engine.exports.tables import TABLES
from tests.engine.ledger.test_reading import played


def export(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as left:
        main(["export", *arguments])
    return left.value.code


@pytest.fixture
def run(tmp_path: Path) -> Path:
    played(tmp_path / "run")
    return tmp_path / "run"


def test_both_forms_are_written_and_rows_counted(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "out"
    assert export(str(run), "--to", str(to)) == 0
    out = capsys.readouterr().out
    for table in TABLES:
        counted = parquet.read_table(to / f"{table.name}.parquet").num_rows
        assert len((to / f"{table.name}.csv").read_text().splitlines()) == counted + 1
        assert f"{to}/{table.name}.csv: {counted} rows\n" in out
    assert f"{to}/cointracking_hyperliquid.csv: 2 rows\n" in out


@pytest.mark.parametrize(("form", "left_out"), [("csv", ".parquet"), ("parquet", ".csv")])
def test_only_the_form_asked_for_is_written(form: str, left_out: str, run: Path, tmp_path: Path) -> None:
    assert export(str(run), "--to", str(tmp_path / "out"), "--format", form) == 0
    suffixes = [path.suffix for path in (tmp_path / "out").iterdir()]
    assert len(suffixes) >= len(TABLES)
    assert left_out not in suffixes


def test_a_directory_with_files_is_not_written_to_unless_forced(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "out"
    to.mkdir()
    (to / "fills.csv").write_text("mine")
    assert export(str(run), "--to", str(to)) == 2
    assert "--force" in capsys.readouterr().err
    assert (to / "fills.csv").read_text() == "mine"
    assert export(str(run), "--to", str(to), "--force") == 0
    assert (to / "fills.csv").read_text() != "mine"


def test_without_a_directory_the_command_says_what_to_give(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["export", str(run)])
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert f"`perp2perp export {run} --to exports`" in told


def test_a_file_in_the_directory_s_place_is_bad_input(run: Path) -> None:
    assert export(str(run), "--to", str(run / "journal.jsonl"), "--force") == 2


def test_a_run_that_was_cut_off_is_exported_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played(tmp_path / "run", None)
    assert export(str(tmp_path / "run"), "--to", str(tmp_path / "out"), "--json") == 0
    data = msgspec.json.decode(capsys.readouterr().out)
    assert "no end" in data["notes"][0]
    assert data["files"][str(tmp_path / "out" / "fills.csv")] == 2


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_of_a_damaged_journal_a_part_is_exported_and_the_exit_says_so(
    json: tuple[str, ...], run: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    lines[-3] = lines[-3].replace(b'"hash":"', b'"hash":"0', 1)
    (damaged / "journal.jsonl").write_bytes(b"".join(lines))
    with pytest.raises(SystemExit) as left:
        main(["export", str(damaged), "--to", str(tmp_path / "out"), *json])
    assert left.value.code == 1
    assert (tmp_path / "out" / "fills.csv").is_file()
