"""Long histories of several venues, read file by file: what was paid at which hour, and since when it was known.

Counterpart: `engine.simulators.market.played`, which makes a market of them that never looks ahead. A file's form is
known by its columns (`FORMS`); what each form means, and what is wrong with it, stands beside its reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from engine.simulators.market.table import HOUR_NS, MarketFileError, Row, header, rows

NS_PER_MS = 1_000_000


class Rate(NamedTuple):
    """What was paid at a whole hour, as a fraction of notional for the `interval_h` hours that end there."""

    paid: Decimal
    interval_h: int
    known_ns: int
    """When the venue told it, or the recorder heard of it."""


@dataclass(slots=True)
class Lane:
    """One source and symbol: rates by the hour they were paid at, prices by the instant they were quoted at."""

    rates: dict[int, Rate] = field(default_factory=dict)
    opens: dict[int, float] = field(default_factory=dict)
    coarse: dict[int, float] = field(default_factory=dict)
    """Prices of candles longer than an hour."""


@dataclass(slots=True)
class History:
    """Everything that was read: lanes by (source, symbol), the files used, and those left aside with the reason."""

    lanes: dict[tuple[str, str], Lane] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    conflicts: int = 0

    def lane(self, source: str, symbol: str) -> Lane:
        """That lane, made when it is new."""
        return self.lanes.setdefault((source, symbol), Lane())

    def pay(self, source: str, symbol: str, hour_ns: int, rate: Rate) -> None:
        """Keep a rate; of two files that differ about one hour the first is kept, and the conflict counted."""
        kept = self.lane(source, symbol).rates.setdefault(hour_ns, rate)
        self.conflicts += kept.paid != rate.paid

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source with rates."""
        return tuple(dict.fromkeys(source for (source, _), lane in sorted(self.lanes.items()) if lane.rates))


class Span(NamedTuple):
    """The hours wanted, `[from_ns, to_ns)`; a day before them is read too, for what was known at their start."""

    from_ns: int
    to_ns: int

    def holds(self, hour_ns: int) -> bool:
        """Whether a row of that hour is wanted."""
        return self.from_ns - 24 * HOUR_NS <= hour_ns < self.to_ns


Reader = Callable[[History, Path, Span], None]


def _settled(history: History, path: Path, span: Span) -> None:
    """Hyperliquid's settled funding: paid at `hour_utc` for the hours that end there; `ts_ms` is the payment's time."""
    for row in rows(path, ("hour_utc", "ts_ms", "symbol", "interval_h", "rate_per_hour")):
        hour_ns = row.hour_ns("hour_utc")
        if span.holds(hour_ns):
            interval_h = int(row.number("interval_h"))
            rate = Rate(row.rate("rate_per_hour") * interval_h, interval_h, int(row.number("ts_ms")) * NS_PER_MS)
            history.pay("hyperliquid", row.text("symbol"), hour_ns, rate)


def _candles(history: History, path: Path, span: Span) -> None:
    """Hyperliquid's hourly candles: of each only the open, the one price known at its start."""
    for row in rows(path, ("open_utc", "symbol", "open", "trades")):
        hour_ns = row.hour_ns("open_utc")
        if span.holds(hour_ns):
            history.lane("hyperliquid", row.text("symbol")).opens[hour_ns] = row.price("open")


def _drift(history: History, path: Path, span: Span) -> None:
    """Drift's hourly rates with the candle that starts at the settlement: its high, low and close came later.

    The first row of each market is back-filled and left out. Drift pays longs and shorts apart where its cap binds;
    the recording has one rate.
    """
    begun: dict[str, None] = {}
    for row in rows(path, ("settled_utc", "hour_utc", "symbol", "rate_1h", "open")):
        symbol, hour_ns = row.text("symbol"), row.hour_ns("hour_utc")
        if symbol in begun and span.holds(hour_ns):
            history.pay("drift", symbol, hour_ns, Rate(row.rate("rate_1h"), 1, _moment_ns(row, "settled_utc")))
            history.lane("drift", symbol).opens[hour_ns] = row.price("open")
        begun[symbol] = None


def _snapshots(history: History, path: Path, span: Span) -> None:
    """Rates polled about once an hour. Of Lighter they are the last settled; the other venues' were still forming."""
    for row in rows(path, ("sampled_utc", "hour_utc", "venue", "symbol", "interval_h", "rate_per_hour")):
        if row.text("venue") != "lighter":
            continue
        hour_ns = row.hour_ns("hour_utc")
        if span.holds(hour_ns):
            known_ns = _moment_ns(row, "sampled_utc")
            history.pay("lighter", row.text("symbol"), hour_ns, Rate(row.rate("rate_per_hour"), 1, known_ns))


def _reference(history: History, path: Path, span: Span) -> None:
    """Reference exchanges: paid at `time_utc` for the interval that ends there; a candle, if any, starts there."""
    names = header(path)
    for row in rows(path, ("time_utc", "symbol", "rate", "interval_h")):
        hour_ns = row.hour_ns("time_utc")
        if not span.holds(hour_ns):
            continue
        source, symbol = row.text("venue") if "venue" in names else "binance", row.text("symbol")
        history.pay(source, symbol, hour_ns, Rate(row.rate("rate"), int(row.number("interval_h")), hour_ns))
        if "open" in names:
            history.lane(source, symbol).coarse[hour_ns] = row.price("open")


FORMS: Mapping[tuple[str, ...], Reader] = {
    ("sampled_utc", "hour_utc", "venue", "symbol", "interval_h", "rate_per_hour"): _snapshots,
    ("hour_utc", "ts_ms", "symbol", "interval_h", "rate_per_hour"): _settled,
    ("open_utc", "symbol", "open", "trades"): _candles,
    ("settled_utc", "hour_utc", "symbol", "rate_1h", "open"): _drift,
    ("time_utc", "symbol", "rate", "interval_h"): _reference,
}
"""The columns a form is known by, and its reader."""


def read_history(paths: Iterable[Path], span: Span) -> History:
    """Read files, and of directories every CSV (also gzipped) below them, in the order of their names.

    A file of unknown form in a directory is left aside and named; one that was named itself is refused. Raises
    MarketFileError.
    """
    history = History()
    for path in paths:
        for file in _files(path):
            reader = _reader_of(file, named=file == path)
            if reader is None:
                history.left.append(file.name)
            else:
                reader(history, file, span)
                history.used.append(file.name)
    if not history.used:
        raise MarketFileError(path, 0, "", "no history in it", "Name files or directories of recorded funding.")
    return history


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*.csv*") if file.is_file()) if path.is_dir() else [path]


def _reader_of(file: Path, *, named: bool) -> Reader | None:
    names = header(file)
    for columns, reader in FORMS.items():
        if all(column in names for column in columns):
            return reader
    if not named:
        return None
    known = "; ".join(", ".join(columns) for columns in FORMS)
    raise MarketFileError(file, 1, "", f"unknown form: {', '.join(names)}", f"Known are: {known}.")


def _moment_ns(row: Row, column: str) -> int:
    """Any UTC instant, to the second."""
    try:
        at = datetime.fromisoformat(row.text(column))
    except ValueError:
        raise row.fault(column, "not a time", "Write it like 2026-01-02T20:00:31Z.") from None
    if at.tzinfo is None:
        raise row.fault(column, "no time zone", "Write it like 2026-01-02T20:00:31Z.")
    return int(at.astimezone(UTC).timestamp()) * 1_000_000_000
