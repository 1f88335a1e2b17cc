"""Reading a recording: CSV or CSV.gz with a header, checked cell by cell; a fault names place and remedy."""

import csv
import gzip
import math
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO, cast

from engine.errors import UserError

HOUR_NS = 3600 * 1_000_000_000
RATE_STEP = Decimal("1e-10")
RATE_MOST = Decimal("0.04")
"""Largest funding rate per hour either venue can pay: their caps are 4 %."""


class MarketFileError(UserError):
    """A recording that cannot be used: file, line (1 = header, 0 = none), column, problem and remedy."""

    def __init__(self, path: Path, line: int, column: str, problem: str, remedy: str) -> None:
        where = f"{path}" + (f", line {line}" if line else "") + (f", column {column!r}" if column else "")
        super().__init__(f"{where}: {problem}. {remedy}")
        self.path, self.line, self.column = path, line, column
        self.problem, self.remedy = problem, remedy


class Row:
    """One line of a table, read by column name."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]) -> None:
        self.path, self.line, self._cells = path, line, cells

    def fault(self, column: str, problem: str, remedy: str) -> MarketFileError:
        return MarketFileError(self.path, self.line, column, problem, remedy)

    def text(self, column: str) -> str:
        text = self._cells[column]
        if not text:
            raise self.fault(column, "empty cell", "Fill it in or remove the line.")
        return text

    def number(self, column: str) -> float:
        """Any finite number."""
        try:
            value = float(self.text(column))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.fault(column, f"{self._cells[column]!r} is not a number", "Write a plain decimal number.")
        return value

    def price(self, column: str) -> float:
        value = self.number(column)
        if value <= 0:
            raise self.fault(column, f"{value} is not a price", "A price is above 0: remove or correct the line.")
        return value

    def rate(self, column: str) -> Decimal:
        """A signed fraction per hour, rounded to 1e-10."""
        try:
            value = Decimal(self.text(column)).quantize(RATE_STEP)
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_nan():
            raise self.fault(column, f"{self._cells[column]!r} is not a rate", "Write a plain decimal number.")
        if abs(value) > RATE_MOST:
            remedy = "Rates are fractions per hour (0.0000125), not percent."
            raise self.fault(column, f"{value} is beyond the venues' cap of {RATE_MOST}", remedy)
        return value

    def hour_ns(self, column: str) -> int:
        """A whole UTC hour."""
        try:
            at = datetime.fromisoformat(self.text(column))
        except ValueError:
            raise self.fault(column, "not a time", "Write it like 2026-01-02T20:00:00Z.") from None
        if at.tzinfo is None or at.minute or at.second or at.microsecond:
            raise self.fault(column, f"{at} is not a whole hour UTC", "Write it like 2026-01-02T20:00:00Z.")
        return int(at.astimezone(UTC).timestamp()) * 1_000_000_000


def header(path: Path) -> tuple[str, ...]:
    """The column names of a table."""
    return next(_lines(path))[1]


def rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Every data line; raises when a needed column is missing, a line is short, or there is no data."""
    lines = _lines(path)
    _, names = next(lines)
    for column in columns:
        if column not in names:
            raise MarketFileError(path, 1, column, "column missing", f"The header is: {', '.join(names)}.")
    number = 1
    for number, cells in lines:
        if len(cells) != len(names):
            problem = f"{len(cells)} cells, the header has {len(names)}"
            raise MarketFileError(path, number, "", problem, "Complete the line or remove it.")
        yield Row(path, number, dict(zip(names, cells, strict=True)))
    if number == 1:
        raise MarketFileError(path, 1, "", "no data after the header", "Name a recording with rows in it.")


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Numbered lines as cells, the header first."""
    try:
        with _open(path) as file:
            reader = csv.reader(file)
            for cells in reader:
                yield reader.line_num, tuple(cells)
            if reader.line_num == 0:
                raise MarketFileError(path, 0, "", "the file is empty", "Name a recording with a header and rows.")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        remedy = "Name a readable CSV file, plain or gzipped (.gz)."
        raise MarketFileError(path, 0, "", f"cannot be read ({error})", remedy) from error


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", newline=""))
    return path.open(encoding="utf-8", newline="")
