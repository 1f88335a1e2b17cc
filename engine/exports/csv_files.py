"""Writes a table as CSV: UTF-8, commas, one header line, decimals in full and exact.

Counterpart: `parquet_files`, which writes the same rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from engine.exports.tables import Table, Value
from engine.ledger.figures import exact


def write(directory: Path, table: Table, rows: Iterable[tuple[Value, ...]]) -> Path:
    """Write `<table>.csv`; returns its path."""
    path = directory / f"{table.name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.names)
        writer.writerows([cell(value) for value in row] for row in rows)
    return path


def cell(value: Value) -> str:
    """A value as text: nothing for None, no exponent, true and false in lower case."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return exact(value)
        case _:
            return str(value)
