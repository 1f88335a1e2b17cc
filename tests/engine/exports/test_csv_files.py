from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from engine.exports.csv_files import cell, write
from engine.exports.tables import Table, Value

TABLE = Table("some", (("name", "text"), ("money", "decimal")))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        ("a,b", "a,b"),
        (Decimal("1E-18"), "0.000000000000000001"),
    ],
)
def test_cells_are_exact_and_plain(value: Value, text: str) -> None:
    assert cell(value) == text


def test_a_file_reads_back_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE, [('say "a", then b', Decimal("-0.10")), ("", None)])
    with path.open(newline="") as file:
        assert [*csv.reader(file)] == [["name", "money"], ['say "a", then b', "-0.1"], ["", ""]]
