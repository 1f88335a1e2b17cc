"""Writes a table as Parquet: decimals as decimal128(38, 18), whole numbers as int64, text as strings.

Figures with more than 18 decimals (averages and ratios have them) are rounded half to even; CSV holds them in full.
Counterpart: `csv_files`. pyarrow is imported when it is used.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

from engine.exports.tables import Table, Type, Value
from engine.ledger.entry import WIDE

PRECISION, SCALE = 38, 18
QUANTUM = Decimal(1).scaleb(-SCALE)


def write(directory: Path, table: Table, rows: list[tuple[Value, ...]]) -> Path:
    """Write `<table>.parquet`; returns its path. Raises ValueError for a figure beyond 20 whole digits."""
    import pyarrow as pa
    from pyarrow import parquet

    types: dict[Type, Any] = {
        "text": pa.string(),
        "whole": pa.int64(),
        "decimal": pa.decimal128(PRECISION, SCALE),
        "truth": pa.bool_(),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in table.columns])
    arrays = [
        pa.array([_value(row[place]) for row in rows], type=types[kind])
        for place, (_, kind) in enumerate(table.columns)
    ]
    path = directory / f"{table.name}.parquet"
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), path)
    return path


def _value(value: Value) -> Value:
    if not isinstance(value, Decimal):
        return value
    with localcontext(WIDE):
        return value.quantize(QUANTUM, rounding=ROUND_HALF_EVEN)
