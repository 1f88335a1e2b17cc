"""The recorded deleveraging of 2025-10-10 on Hyperliquid, and the hours around it. Counterpart: the data's MANIFEST.md.

Times are ms since 1970 UTC, prices USD. `adl_replay` feeds this to the estimator.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import msgspec

TIMELINE = "adl_2025-10-10/adl_timeline_6s_by_coin.csv.gz"
TOTALS = "adl_2025-10-10/per_coin_totals.csv.gz"
WAVES = "adl_2025-10-10/wave_coin_gap.csv.gz"
COUNTS = "adl_2025-10-10/liquidation_adl_counts_per_bucket.csv.gz"
CANDLES = "hyperliquid/candles_1h.csv.gz"
CALM_FILLS = "hyperliquid/node_fills_sample_2025-10-27.csv.gz"
HOUR_MEANS = "multi_venue/seven_venues_funding_price_oi_1h_2026-01-02_04_06.csv.gz"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SECOND_MS = 1000
DUST_USD = Decimal(10)
"""Less than this in one bucket has no price worth the name: notional over a rounded size."""


class Candle(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of a coin on Hyperliquid; `at_ms` is its beginning."""

    at_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """When a coin's deleveraging began and ended, by the buckets of its fills, and how much it closed in all."""

    coin: str
    first_ms: int
    last_ms: int
    usd: Decimal


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Fills of one bucket of the whole venue; the bucket ends where the next begins."""

    at_ms: int
    liquidations: int
    adls: int


class Recordings:
    """The files under `root`, each read once. Raises FileNotFoundError for one that is absent."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def spells(self) -> dict[str, Spell]:
        """Every coin that was deleveraged, in the order in which it began."""
        found: dict[str, Spell] = {}
        for row in self._rows(TIMELINE):
            coin, at_ms, usd = row["coin"], int(row["bucket_start_ms"]), Decimal(row["adl_notional_usd"])
            known = found.get(coin) or Spell(coin=coin, first_ms=at_ms, last_ms=at_ms, usd=Decimal(0))
            found[coin] = msgspec.structs.replace(known, last_ms=at_ms, usd=known.usd + usd)
        return dict(sorted(found.items(), key=lambda item: (item[1].first_ms, item[0])))

    @cached_property
    def spared(self) -> tuple[str, ...]:
        """Coins with liquidations and without any deleveraging."""
        return tuple(row["ticker"] for row in self._rows(TOTALS) if row["ticker"] not in self.spells)

    @cached_property
    def candles(self) -> dict[str, tuple[Candle, ...]]:
        """Hours by coin, oldest first."""
        found: dict[str, list[Candle]] = {}
        for row in self._rows(CANDLES):
            found.setdefault(row["symbol"], []).append(_candle(row))
        return {coin: tuple(sorted(rows, key=lambda row: row.at_ms)) for coin, rows in sorted(found.items())}

    @cached_property
    def first_prices(self) -> dict[str, tuple[int, Decimal]]:
        """When a coin's deleveraging first had a price that can be told: notional of a bucket over size of a wave.

        Waves that span several buckets would give a mean over their time and are left out.
        """
        usd = {
            (row["coin"], int(row["bucket_start_ms"]) // SECOND_MS): Decimal(row["adl_notional_usd"])
            for row in self._rows(TIMELINE)
        }
        found: dict[str, tuple[int, Decimal]] = {}
        for row in self._rows(WAVES):
            start, end = int(row["t_start_ms"]) // SECOND_MS, int(row["t_end_ms"]) // SECOND_MS
            notional = usd.get((row["coin"], start), Decimal(0))
            if start == end and notional >= DUST_USD and row["coin"] not in found:
                found[row["coin"]] = (int(row["t_start_ms"]), notional / Decimal(row["qty_contracts"]))
        return found

    @cached_property
    def counts(self) -> tuple[Counts, ...]:
        """Liquidations and deleveragings of the whole venue, bucket by bucket."""
        return tuple(
            Counts(at_ms=_ms(row["utc"]), liquidations=int(row["liquidations"]), adls=int(row["adls"]))
            for row in self._rows(COUNTS)
        )

    @cached_property
    def calm(self) -> tuple[int, int, int]:
        """A calm minute of the whole venue: fills, fills marked as a liquidation's, and seconds."""
        times, marked = [], 0
        for row in self._rows(CALM_FILLS):
            times.append(int(row["time_ms"]))
            marked += bool(row["liquidation"])
        return len(times), marked, (max(times) - min(times)) // SECOND_MS

    @cached_property
    def interest(self) -> dict[str, tuple[tuple[int, Decimal], ...]]:
        """Open interest of Hyperliquid's coins in base units by hour: (ms, mean over mean mark)."""
        found: dict[str, list[tuple[int, Decimal]]] = {}
        for row in self._rows(HOUR_MEANS):
            if row["venue"] == "hyperliquid" and Decimal(row["mark_avg"] or 0) > 0:
                base = Decimal(row["open_interest_usd"]) / Decimal(row["mark_avg"])
                found.setdefault(row["symbol"], []).append((_ms(row["hour_utc"]), base))
        return {coin: tuple(sorted(rows)) for coin, rows in sorted(found.items())}

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with gzip.open(self._root / name, "rt", newline="") as lines:
            yield from csv.DictReader(lines)


def _candle(row: dict[str, str]) -> Candle:
    prices = {name: Decimal(row[name]) for name in ("open", "high", "low", "close")}
    return Candle(at_ms=_ms(row["open_utc"]), **prices)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * SECOND_MS)
