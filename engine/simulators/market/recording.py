"""The recordings this project knows, read into hourly series.

1. Hours of several venues: mean mark and index price, mean funding rate, open interest
   (columns hour_utc, venue, symbol_norm, rate_per_hour, mark_avg, index_avg, open_interest_usd).
2. Hyperliquid's settled funding (hour_utc, symbol, interval_h, rate_per_hour, premium) with its hourly
candles
   (open_utc, symbol, open, close) in `candles_1h.csv[.gz]` beside it.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from engine.simulators.market.table import HOUR_NS, MarketFileError, Row, rows

HOURS_COLUMNS = (
    "hour_utc",
    "venue",
    "symbol_norm",
    "rate_per_hour",
    "mark_avg",
    "index_avg",
    "open_interest_usd",
)
SETTLED_COLUMNS = ("hour_utc", "symbol", "interval_h", "rate_per_hour", "premium")
CANDLE_COLUMNS = ("open_utc", "symbol", "open", "close")
RATE_IS_FORMING = {
    "hyperliquid": True,
    "lighter": False,
    "pacifica": False,
    "aster": True,
    "extended": True,
    "edgex": True,
    "paradex": True,
}
"""What a venue's rate in a recording of hours means: still forming for the settlement that ends the hour, or
last settled, at its start. Measured: Hyperliquid's hour mean is the next settled rate (correlation 0.992);
Lighter's and Pacifica's are constant within the hour. The others' are not used without checking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One hour: the price at its start, centre and end (straight between them), premium and open interest."""

    start: float
    centre: float
    end: float
    premium: float
    open_interest_usd: float | None

    def at(self, inside_ns: int) -> float:
        """The price that long after the start of the hour."""
        share = 2 * inside_ns / HOUR_NS
        if share < 1:
            return self.start + (self.centre - self.start) * share
        return self.centre + (self.end - self.centre) * (share - 1)


@dataclass(slots=True)
class Series:
    """One venue and asset by hour start; `settled[h]` was paid at h, `forming[h]` was shown during h.

    `late[h]` is the instant from which `forming[h]` was shown, and the rate that was shown until then.
    """

    bars: dict[int, Bar] = field(default_factory=dict)
    settled: dict[int, Decimal] = field(default_factory=dict)
    forming: dict[int, Decimal] = field(default_factory=dict)
    late: dict[int, tuple[int, Decimal]] = field(default_factory=dict)


Recording = dict[tuple[str, str], Series]
"""By (venue, asset)."""


def read_hours(path: Path, venues: tuple[str, ...]) -> Recording:
    """Format 1, for the wanted venues; only assets that every one of them lists."""
    found: Recording = {}
    for row in rows(path, HOURS_COLUMNS):
        venue = row.text("venue")
        if venue not in RATE_IS_FORMING:
            raise row.fault("venue", f"unknown venue {venue!r}", f"Known: {', '.join(RATE_IS_FORMING)}.")
        if venue in venues:
            _add_hour(found.setdefault((venue, row.text("symbol_norm")), Series()), venue, row)
    for venue in venues:
        if not any(name == venue for name, _ in found):
            raise MarketFileError(path, 0, "venue", f"no rows for {venue!r}", "Ask for venues it recorded.")
    for series in found.values():
        series.bars = _joined(series.bars)
    return {key: found[key] for key in sorted(found) if all((venue, key[1]) in found for venue in venues)}


def _add_hour(series: Series, venue: str, row: Row) -> None:
    hour_ns, mark, index = row.hour_ns("hour_utc"), row.price("mark_avg"), row.price("index_avg")
    if hour_ns in series.bars:
        raise row.fault("hour_utc", "this hour came before", "Keep one line per venue, symbol and hour.")
    rate, interest = row.rate("rate_per_hour"), row.number("open_interest_usd")
    series.bars[hour_ns] = Bar(start=mark, centre=mark, end=mark, premium=mark / index - 1, open_interest_usd=interest)
    series.forming[hour_ns] = rate
    series.settled[hour_ns + HOUR_NS if RATE_IS_FORMING[venue] else hour_ns] = rate


def _joined(means: dict[int, Bar]) -> dict[int, Bar]:
    """Hour means become a continuous line: means at the centres, their average at the border of two hours."""
    joined = {}
    for hour_ns, bar in sorted(means.items()):
        before, after = means.get(hour_ns - HOUR_NS, bar), means.get(hour_ns + HOUR_NS, bar)
        start, end = (before.centre + bar.centre) / 2, (bar.centre + after.centre) / 2
        joined[hour_ns] = replace(bar, start=start, end=end)
    return joined


def read_settled(path: Path, venue: str) -> Recording:
    """Format 2: every symbol with both candles and settled rates; rates of 8-hour intervals are left out."""
    found = _read_candles(_candles_beside(path), venue)
    premia: dict[tuple[str, int], float] = {}
    for row in rows(path, SETTLED_COLUMNS):
        symbol, hour_ns, interval_h = row.text("symbol"), row.hour_ns("hour_utc"), row.number("interval_h")
        rate, premium = row.rate("rate_per_hour"), row.number("premium")
        series = found.get((venue, symbol))
        if series is not None and interval_h == 1 and (hour_ns - HOUR_NS in series.bars or hour_ns in series.bars):
            series.settled[hour_ns] = series.forming[hour_ns] = rate
            premia[symbol, hour_ns - HOUR_NS] = premium
    for (_, symbol), series in found.items():
        series.bars = {h: replace(b, premium=premia.get((symbol, h), 0.0)) for h, b in sorted(series.bars.items())}
    kept = {key: series for key, series in sorted(found.items()) if series.settled}
    if not kept:
        raise MarketFileError(path, 0, "symbol", "no symbol has candles too", "Put candles of the same symbols beside.")
    return kept


def _read_candles(path: Path, venue: str) -> Recording:
    found: Recording = {}
    for row in rows(path, CANDLE_COLUMNS):
        first, last = row.price("open"), row.price("close")
        series = found.setdefault((venue, row.text("symbol")), Series())
        series.bars[row.hour_ns("open_utc")] = Bar(
            start=first, centre=(first + last) / 2, end=last, premium=0.0, open_interest_usd=None
        )
    return found


def _candles_beside(path: Path) -> Path:
    for name in ("candles_1h.csv.gz", "candles_1h.csv"):
        if (path.parent / name).is_file():
            return path.parent / name
    remedy = "Put candles_1h.csv.gz (open_utc, symbol, open, close) into the same folder."
    raise MarketFileError(path, 0, "", "settled funding without prices", remedy)
