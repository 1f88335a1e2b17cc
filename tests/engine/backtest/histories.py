"""Small made-up histories in the forms that are known: two days of BTC on two sources, with any future you like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.backtest.request import Asked, asked_of
from engine.simulators.market.table import HOUR_NS

FIRST, LAST = "2025-10-01", "2025-10-03"
BEGIN_NS = int(datetime(2025, 10, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
HOURS = 48
HIGH, LOW = 0.00012, -0.00004


def stamp(hour: int) -> str:
    """An hour of the history as the files write it."""
    return datetime.fromtimestamp((BEGIN_NS + hour * HOUR_NS) / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def price(hour: int) -> float:
    """A price that moves a little every hour."""
    return 100_000.0 + 37.0 * (hour * 7919 % 13)


def write(folder: Path, hours: int = HOURS, tilt: float = 1.0, from_hour: int = 0) -> Path:
    """Settled funding and candles of Hyperliquid, and Binance's rates: high on the one, low on the other.

    Rows of the hours `from_hour` and later have prices and rates `tilt` times as high.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def tilted(hour: int, value: float) -> float:
        return value * tilt if hour >= from_hour else value

    _table(
        folder / "settled.csv",
        "hour_utc,ts_ms,symbol,rate,interval_h,rate_per_hour,premium,source",
        hours,
        lambda h: f"{stamp(h)},{(BEGIN_NS + h * HOUR_NS) // 1_000_000 + 40},BTC,0,1,{tilted(h, HIGH):.10f},0,a",
    )
    _table(
        folder / "candles_1h.csv",
        "open_utc,symbol,open,high,low,close,volume_base,trades,source",
        hours,
        lambda h: f"{stamp(h)},BTC,{tilted(h, price(h))},1,1,1,1,1,a",
    )
    _table(
        folder / "reference.csv",
        "time_utc,venue,symbol,rate,interval_h",
        hours,
        lambda h: f"{stamp(h)},binance,BTC,{tilted(h, LOW * 8):.10f},8" if h % 8 == 0 else "",
    )
    return folder


def _table(path: Path, head: str, hours: int, row: Callable[[int], str]) -> None:
    lines = [line for hour in range(hours) if (line := row(hour))]
    path.write_text("\n".join((head, *lines)) + "\n")


def asked(folder: Path, **changes: object) -> Asked:
    """A request on such a history."""
    told: dict[str, object] = {
        "data": (folder,),
        "first": FIRST,
        "last": LAST,
        "venues": "hyperliquid,binance",
        "stand_ins": "binance=pacifica",
        "assets": "BTC",
        "jobs": 1,
    }
    return asked_of(**{**told, **changes})  # type: ignore[arg-type]
