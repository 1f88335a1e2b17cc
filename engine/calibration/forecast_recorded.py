"""Recorded funding of pairs of venues, as it was known hour by hour and as it was paid: what forecasts are judged on.

Counterpart: the data's MANIFEST.md. Rates are signed fractions of notional per hour, positive when longs pay; hours are
counted from 1970 UTC. `forecast_replay` feeds this to the engine's forecast.
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

from actors.domain import Venue
from actors.forecast import RESTING_PER_HOUR

HYPERLIQUID = "hyperliquid/funding_settled_1h.csv.gz"
DRIFT = "drift/funding_ohlc_1h_2022-12_2024-03.csv.gz"
DYDX = "reference_cex/dydxv3_1h_binance_bybit_8h_2022-12_2023-12.csv.gz"
BINANCE = "reference_cex/binance_5sym_8h_2022-12_2024-03.csv.gz"
BINANCE_BTC = "reference_cex/binance_bybit_okx_btc_8h_2023-01_2026-06.csv.gz"
SNAPSHOTS = "multi_venue/hl_lighter_aster_funding_snapshots_2025-12-22_2026-01-05.csv.gz"
NAMED = {"dydx_v3": "dydx"}
"""What the file with several venues calls the one that is taken from it; the other files have no such column."""
BINANCE_INTERVAL_H = 8
HOUR_S = 3600
POOLED_HOURS_LEAST = 200
"""A coin of the snapshots with fewer hours on either venue is left out."""

EIGHTH = RESTING_PER_HOUR[Venue.HYPERLIQUID]
RESTING = {
    "hyperliquid": EIGHTH,
    "lighter": RESTING_PER_HOUR[Venue.LIGHTER],
    "drift": RESTING_PER_HOUR[Venue.DRIFT],
    "dydx_v3": EIGHTH,
    "binance": EIGHTH,
}
"""Those of the engine's own venues are the engine's; dYdX v3 and Binance: 0.01 % in 8 h, not verified."""

PAIRS = (
    *(("hyperliquid", "drift", asset) for asset in ("BTC", "ETH")),
    *(("hyperliquid", "dydx_v3", asset) for asset in ("BTC", "ETH")),
    *(("hyperliquid", "binance", asset) for asset in ("BTC", "ETH")),
    *(("drift", "binance", asset) for asset in ("BTC", "ETH", "SOL", "BNB", "XRP")),
    *(("drift", "dydx_v3", asset) for asset in ("BTC", "ETH")),
)
"""Two venues and an asset, both recorded over months. Hyperliquid's SOL, BNB and XRP are not, of those years."""


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """One market: `known` at an hour is the rate last paid by then, `paid` the rate of the hour that ends there."""

    venue: str
    known: dict[int, Decimal]
    paid: dict[int, Decimal]


class RecordedPair(msgspec.Struct, frozen=True, kw_only=True):
    """Two markets of one asset. `label`: the row of the tables that it belongs to."""

    label: str
    asset: str
    first: Tape
    second: Tape

    @property
    def hours(self) -> range:
        """From when both have begun until one has ended."""
        begun = max(min(self.first.known), min(self.second.known))
        ended = min(max(self.first.paid), max(self.second.paid))
        return range(begun, ended + 1)


class Funding:
    """The files under `root`, each read once. Raises FileNotFoundError for one that is absent."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def pairs(self) -> Iterator[RecordedPair]:
        """Those over months first, then the coins of the snapshots, which share one label."""
        for first, second, asset in PAIRS:
            tapes = self._tapes[first, asset], self._tapes[second, asset]
            yield RecordedPair(label=f"{first}-{second} {asset}", asset=asset, first=tapes[0], second=tapes[1])
        for asset, (one, other) in self._snapshots.items():
            yield RecordedPair(label="hyperliquid-lighter, all coins", asset=asset, first=one, second=other)

    @cached_property
    def _tapes(self) -> dict[tuple[str, str], Tape]:
        found: dict[tuple[str, str], dict[int, Decimal]] = {}
        for venue, name, hour, rate in (
            ("hyperliquid", HYPERLIQUID, "hour_utc", "rate_per_hour"),
            ("drift", DRIFT, "hour_utc", "rate_1h"),
            ("dydx_v3", DYDX, "time_utc", "rate"),
        ):
            for row in self._rows(name):
                if Decimal(row.get("interval_h", 1)) == 1 and row.get("venue") == NAMED.get(venue):
                    found.setdefault((venue, row["symbol"]), {})[_hour(row[hour])] = Decimal(row[rate])
        hourly = {key: Tape(venue=key[0], known=rates, paid=rates) for key, rates in found.items()}
        return {**hourly, **self._binance}

    @cached_property
    def _binance(self) -> dict[tuple[str, str], Tape]:
        found: dict[str, dict[int, Decimal]] = {}
        for name in (BINANCE, BINANCE_BTC):
            for row in self._rows(name):
                if row.get("venue", "binance") == "binance":
                    rate = Decimal(row["rate"]) / BINANCE_INTERVAL_H
                    found.setdefault(row["symbol"], {})[_hour(row["time_utc"])] = rate
        return {("binance", symbol): _spread("binance", paid) for symbol, paid in found.items()}

    @cached_property
    def _snapshots(self) -> dict[str, tuple[Tape, Tape]]:
        """By coin. Hyperliquid's rate is the one forming then; it stands for the hour that ends there."""
        found: dict[tuple[str, str], dict[int, Decimal]] = {}
        for row in self._rows(SNAPSHOTS):
            found.setdefault((row["venue"], row["symbol"]), {})[_hour(row["hour_utc"])] = Decimal(row["rate_per_hour"])
        tapes = {key: Tape(venue=key[0], known=rates, paid=rates) for key, rates in found.items()}
        both = {
            symbol: (one, tapes["lighter", symbol])
            for (venue, symbol), one in tapes.items()
            if venue == "hyperliquid" and ("lighter", symbol) in tapes
        }
        return {
            symbol: pair
            for symbol, pair in sorted(both.items())
            if min(len(tape.known) for tape in pair) >= POOLED_HOURS_LEAST
        }

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with gzip.open(self._root / name, "rt", newline="") as lines:
            yield from csv.DictReader(lines)


def _spread(venue: str, payments: dict[int, Decimal]) -> Tape:
    """A payment every eight hours: known until the next one, paid for the eight hours that end with it."""
    known = {hour + later: rate for hour, rate in payments.items() for later in range(BINANCE_INTERVAL_H)}
    paid = {hour - sooner: rate for hour, rate in payments.items() for sooner in range(BINANCE_INTERVAL_H)}
    return Tape(venue=venue, known=known, paid=paid)


def _hour(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // HOUR_S
