"""Reads recorded market data into pairs of a live and a settled rate. Counterpart: the data's own MANIFEST.md.

Rates are per hour as fractions, positive = longs pay. An hour is named by its number since 1970; a settled rate's hour
is the instant it was paid.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from engine.calibration.measures import Pair, Pairs
from engine.venues.funding import per_hour

SETTLED = "hyperliquid/funding_settled_1h.csv.gz"
SNAPSHOTS = "multi_venue/hl_lighter_aster_funding_snapshots_2025-12-22_2026-01-05.csv.gz"
HOUR_MEANS = "multi_venue/seven_venues_funding_price_oi_1h_2026-01-02_04_06.csv.gz"
LIGHTER_FRAMES = "lighter/ws_market_stats_raw.jsonl.gz"
DRIFT_HOURS = "drift/funding_ohlc_1h_2022-12_2024-03.csv.gz"
BINANCE = "reference_cex/binance_5sym_8h_2022-12_2024-03.csv.gz"
HOUR_S = 3600
HOUR_MS = HOUR_S * 1000
GRAIN = Decimal("1e-12")
"""The recorders wrote floats; beyond this a difference is theirs."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded rate: whose, of which hour, in which minute of it, and its bounds within the hour."""

    venue: str
    symbol: str
    hour: int
    rate: Decimal
    minute: int = 0
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(0)


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """One settled rate of Hyperliquid with the premium it came from, where it was told."""

    symbol: str
    hour: int
    rate: Decimal
    premium: Decimal | None
    interval_h: int


class Recordings:
    """The recorded files under `root`, each read once. Raises FileNotFoundError for one that is absent."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def settled(self) -> tuple[Settled, ...]:
        """Hyperliquid's `fundingHistory`, raw rates over their own interval."""
        return tuple(
            Settled(
                symbol=row["symbol"],
                hour=hour_of(row["hour_utc"]),
                rate=Decimal(row["rate"]),
                premium=Decimal(row["premium"]) if row["premium"] else None,
                interval_h=int(Decimal(row["interval_h"])),
            )
            for row in self._rows(SETTLED)
        )

    @cached_property
    def settled_per_hour(self) -> dict[tuple[str, int], Decimal]:
        """Hyperliquid's settled rate by symbol and hour, hourly ones only."""
        return {(row.symbol, row.hour): row.rate for row in self.settled if row.interval_h == 1}

    @cached_property
    def snapshots(self) -> tuple[Sample, ...]:
        """One poll of every venue an hour."""
        return tuple(
            Sample(
                venue=row["venue"],
                symbol=row["symbol"],
                hour=hour_of(row["hour_utc"]),
                rate=_rate(row["rate_per_hour"]),
                minute=_moment(row["sampled_utc"]).minute,
            )
            for row in self._rows(SNAPSHOTS)
        )

    @cached_property
    def hour_means(self) -> tuple[Sample, ...]:
        """Means of the values polled in an hour, with the least and the most of them."""
        return tuple(
            Sample(
                venue=row["venue"],
                symbol=row["symbol"],
                hour=hour_of(row["hour_utc"]),
                rate=_rate(row["rate_per_hour"]),
                least=_rate(row["rate_raw_min"]),
                most=_rate(row["rate_raw_max"]),
            )
            for row in self._rows(HOUR_MEANS)
        )

    @cached_property
    def lighter_stats(self) -> tuple[dict[str, Any], ...]:
        """Every `market_stats` the websocket told, in the order it was written down."""
        with gzip.open(self._root / LIGHTER_FRAMES, "rt") as lines:
            frames = [json.loads(line, parse_float=Decimal) for line in lines]
        return tuple(stats for frame in frames for stats in (frame.get("market_stats") or {}).values())

    def drift_days_against_binance(self) -> Pairs:
        """Sums of whole days, Drift's 24 hourly rates and Binance's three, of the symbols both have."""
        drift = _days(self._rows(DRIFT_HOURS), "hour_utc", "rate_1h", 24)
        binance = _days(self._rows(BINANCE), "time_utc", "rate", 3)
        common = [key for key in drift if key in binance]
        return paired([((drift[key], binance[key]), key[1] * 24) for key in common])

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with gzip.open(self._root / name, "rt", newline="") as lines:
            yield from csv.DictReader(lines)


def against_settled(recorded: Recordings, samples: tuple[Sample, ...], lag_h: int) -> Pairs:
    """Hyperliquid's samples, each with what was settled `lag_h` hours after the start of its hour."""
    settled = recorded.settled_per_hour
    return paired(
        [
            ((sample.rate, settled[sample.symbol, sample.hour + lag_h]), sample.hour)
            for sample in samples
            if sample.venue == "hyperliquid" and (sample.symbol, sample.hour + lag_h) in settled
        ]
    )


def lighter_forming(stats: tuple[dict[str, Any], ...], lag_h: int) -> Pairs:
    """The last estimate before a settlement, with that settlement (lag 1) or the one before it (lag 0)."""
    before: dict[int, dict[str, Any]] = {}
    pairs: list[tuple[Pair, int]] = []
    for told in stats:
        last = before.get(told["market_id"])
        before[told["market_id"]] = told
        if last is None or round((told["funding_timestamp"] - last["funding_timestamp"]) / HOUR_MS) != 1:
            continue
        live = per_hour("lighter/market_stats.current_funding_rate", Decimal(last["current_funding_rate"]))
        paid = told if lag_h else last
        settled = per_hour("lighter/market_stats.funding_rate", Decimal(paid["funding_rate"]))
        pairs.append(((live, settled), told["funding_timestamp"] // HOUR_MS))
    return paired(pairs)


def lighter_paid(stats: tuple[dict[str, Any], ...]) -> tuple[Sample, ...]:
    """What the websocket told as last paid: one sample a market and settlement, with its least and its most.

    A market that has never paid is told with a settlement at 0.
    """
    told: dict[tuple[int, int], list[Decimal]] = {}
    for each in stats:
        if not each["funding_timestamp"]:
            continue
        rate = per_hour("lighter/market_stats.funding_rate", Decimal(each["funding_rate"]))
        told.setdefault((each["market_id"], each["funding_timestamp"] // HOUR_MS), []).append(rate)
    return tuple(
        Sample(venue="lighter", symbol=str(market), hour=hour, rate=rates[-1], least=min(rates), most=max(rates))
        for (market, hour), rates in told.items()
    )


def same_hour(first: tuple[Sample, ...], second: tuple[Sample, ...], venue: str) -> Pairs:
    """What two recorders wrote down of one venue, hour and symbol."""
    known = {(sample.symbol, sample.hour): sample.rate for sample in second if sample.venue == venue}
    return paired(
        [
            ((sample.rate, known[sample.symbol, sample.hour]), sample.hour)
            for sample in first
            if sample.venue == venue and (sample.symbol, sample.hour) in known
        ]
    )


def paired(found: list[tuple[Pair, int]]) -> Pairs:
    """Pairs with the hours they are from."""
    hours = [hour for _, hour in found]
    first, last = (day_of(min(hours)), day_of(max(hours))) if hours else ("", "")
    return Pairs(found=tuple(pair for pair, _ in found), first=first, last=last)


def hour_of(text: str) -> int:
    """The number of an hour."""
    return int(_moment(text).timestamp()) // HOUR_S


def day_of(hour: int) -> str:
    """The day an hour lies in, UTC."""
    return datetime.fromtimestamp(hour * HOUR_S, UTC).strftime("%Y-%m-%d")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _rate(text: str) -> Decimal:
    return Decimal(text).quantize(GRAIN)


def _days(rows: Iterator[dict[str, str]], time: str, rate: str, count: int) -> dict[tuple[str, int], Decimal]:
    """Sums by symbol and day, of days that are complete."""
    days: dict[tuple[str, int], list[Decimal]] = {}
    for row in rows:
        days.setdefault((row["symbol"], hour_of(row[time]) // 24), []).append(Decimal(row[rate]))
    return {key: sum(rates, Decimal(0)) for key, rates in days.items() if len(rates) == count}
