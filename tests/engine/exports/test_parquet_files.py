from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from engine.exports.parquet_files import write
from engine.exports.tables import TABLES, Table

TABLE = Table("some", (("name", "text"), ("seq", "whole"), ("money", "decimal"), ("sure", "truth")))


def test_decimals_keep_every_digit_up_to_the_eighteenth(tmp_path: Path) -> None:
    rows = [("a", 1, Decimal("12345678901234567890.123456789012345678"), True), ("b", 2**62, None, False)]
    read = parquet.read_table(write(tmp_path, TABLE, [*rows]))
    assert read.schema.field("money").type == pa.decimal128(38, 18)
    assert [tuple(row.values()) for row in read.to_pylist()] == rows


def test_what_is_finer_is_rounded_half_to_even(tmp_path: Path) -> None:
    read = parquet.read_table(write(tmp_path, TABLE, [("a", 1, Decimal("0.1234567890123456785"), True)]))
    assert read.to_pylist()[0]["money"] == Decimal("0.123456789012345678")


def test_a_figure_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ecimal"):
        write(tmp_path, TABLE, [("a", 1, Decimal(10) ** 21, True)])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_without_rows_keeps_its_columns(table: Table, tmp_path: Path) -> None:
    read = parquet.read_table(write(tmp_path, table, []))
    assert (tuple(read.column_names), read.num_rows) == (table.names, 0)
