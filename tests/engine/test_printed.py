"""What a person or a program gets to read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

from engine.printed import PLAIN_WIDTH, plain_width, print_json, print_page, print_table


def wide_table() -> Table:
    table = Table(expand=True)
    table.add_column("one")
    table.add_row("x" * 10)
    return table


def test_what_json_does_not_know_is_told_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"price": Decimal("0.10"), "path": Path("a/b")})
    assert capsys.readouterr().out == '{"price":"0.10","path":"a/b"}\n'


@pytest.mark.parametrize(
    ("columns", "width"), [("", PLAIN_WIDTH), ("90", 90), ("0", PLAIN_WIDTH), ("wide", PLAIN_WIDTH)]
)
def test_a_pipe_is_as_wide_as_the_environment_says(columns: str, width: int) -> None:
    assert plain_width(columns) == width


def test_text_beside_a_table_is_not_wrapped_in_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    print_table(Group(wide_table(), Text("word " * 40)))
    *drawn, text = capsys.readouterr().out.splitlines()
    assert {len(line) for line in drawn} == {60}
    assert len(text) > 150


def test_a_page_goes_to_a_file_and_its_path_to_whoever_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.md"
    print_page({"a": 1}, lambda: "# Page\n", out=out, json=True)
    said = capsys.readouterr()
    assert (said.out, said.err, out.read_text()) == ('{"a":1}\n', f"{out}\n", "# Page\n")
    print_page({"a": 1}, lambda: "# Page\n", out=None, json=False)
    assert capsys.readouterr().out == "# Page\n"
