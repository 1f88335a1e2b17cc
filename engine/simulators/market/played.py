"""A history played as a market: at each instant only what was known then, on hours that every venue recorded.

A price is that of the hour's beginning and stands still until the next; the rate that is shown is the last one that
was known; what is paid at an hour is what was paid there, however late it was told. Nothing that is chosen here looks
past the first week.
Counterpart: `engine.simulators.market.history`, which reads the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec

from engine.simulators.market.history import History, Lane, Rate, Span
from engine.simulators.market.point import Provenance
from engine.simulators.market.recorded import BOOK_MADE_UP, RecordedMarket
from engine.simulators.market.recording import Bar, Recording, Series
from engine.simulators.market.table import HOUR_NS, RATE_STEP

CHOSEN_WITHIN_H = 7 * 24
"""What has no rate and no price within so many hours of the beginning is left out; nothing later is looked at."""
BEGINS_NS = HOUR_NS // 2
"""The market begins so long after a whole hour. An engine that begins with it and scans hourly scans in the middle of
hours: when venues step half-hourly, an hour's price has been told by then, a rate told later is not used before the
next hour, and in a gap every quote is older than an hour."""
ZERO = Decimal(0)


class Player(NamedTuple):
    """A source of the history, and the simulated venue that plays it."""

    source: str
    venue: str

    @property
    def stands_in(self) -> bool:
        """Whether the venue is another one than was recorded."""
        return self.source != self.venue

    @property
    def words(self) -> str:
        """As people read it."""
        return f"{self.source} (played by {self.venue})" if self.stands_in else self.source


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the span one asset has on all venues together."""

    asset: str
    hours: int
    missing: int
    longest_missing_h: int
    prices_from: dict[str, str]
    """By venue, the source its prices were taken from."""


class Played(NamedTuple):
    """A market, what it covers, and what a reader must be told."""

    market: RecordedMarket
    coverage: tuple[Coverage, ...]
    notes: tuple[str, ...]


def play(history: History, players: tuple[Player, ...], assets: tuple[str, ...], span: Span, seed: int = 0) -> Played:
    """The market of these players and assets, with those left out named; ValueError when none is left."""
    series: Recording = {}
    coverage: list[Coverage] = []
    notes: list[str] = []
    for asset in assets:
        lacking = _lacking(history, players, asset, span)
        if lacking:
            notes.append(f"{asset} left out: {lacking}")
            continue
        prices = {player.venue: _price_source(history, player.source, asset, span) for player in players}
        hours = _common_hours(history, players, asset, prices, span)
        for player in players:
            lane, opens = history.lanes[player.source, asset], _opens(history, prices[player.venue], asset)
            series[player.venue, asset] = _series(lane, opens, hours)
            notes += _unpaid(player, asset, lane, hours, span)
        coverage.append(_coverage(asset, hours, span, prices))
    if not series:
        raise ValueError(f"no asset is recorded on all of {', '.join(p.words for p in players)}: {'; '.join(notes)}")
    told = tuple(_provenance(player, coverage, history) for player in players)
    market = RecordedMarket(series, told, seed, span=(span.from_ns + BEGINS_NS, span.to_ns))
    return Played(market, tuple(coverage), (*notes, *_notes(players, history, coverage)))


def _unpaid(player: Player, asset: str, lane: Lane, hours: list[int], span: Span) -> list[str]:
    """Payments for a whole interval that fall on hours which count for none: the other venue's hours are paid."""
    counted = frozenset(hours)
    payments = [
        at_ns for at_ns, rate in lane.rates.items() if rate.interval_h > 1 and span.from_ns <= at_ns < span.to_ns
    ]
    lost = sum(at_ns not in counted for at_ns in payments)
    return (
        [f"{asset}: {lost} of {len(payments)} payments of {player.source} fall on hours that count for none"]
        if lost
        else []
    )


def _early(span: Span) -> range:
    return range(span.from_ns, min(span.to_ns, span.from_ns + CHOSEN_WITHIN_H * HOUR_NS), HOUR_NS)


def _lacking(history: History, players: tuple[Player, ...], asset: str, span: Span) -> str:
    """What keeps an asset out, judged by the first week alone; empty when nothing does."""
    for player in players:
        lane = history.lanes.get((player.source, asset))
        if lane is None or not any(hour_ns in lane.rates for hour_ns in _early(span)):
            return f"{player.source} has no rate of it in the first {CHOSEN_WITHIN_H // 24} days"
        if not _price_source(history, player.source, asset, span):
            return "no source has a price of it in the first days"
    return ""


def _price_source(history: History, own: str, asset: str, span: Span) -> str:
    """The venue's own hourly prices, else the first other source's, else candles of 8 hours; by the first week."""
    others = [source for source, symbol in sorted(history.lanes) if symbol == asset and source != own]
    for kind in ("opens", "coarse"):
        for source in (own, *others):
            lane = history.lanes.get((source, asset), Lane())
            if any(hour_ns in getattr(lane, kind) for hour_ns in _early(span)):
                return source if kind == "opens" else f"{source} 8h"
    return ""


def _opens(history: History, source: str, asset: str) -> Mapping[int, float]:
    """Prices by hour; one of eight hours stands for each of them."""
    name, _, coarse = source.partition(" ")
    lane = history.lanes[name, asset]
    if not coarse:
        return lane.opens
    return {at_ns + h * HOUR_NS: price for at_ns, price in lane.coarse.items() for h in range(8)}


def _common_hours(
    history: History, players: tuple[Player, ...], asset: str, prices: Mapping[str, str], span: Span
) -> list[int]:
    """Hours for which every venue has a rate and a price: one that a venue lacks counts for none of them."""
    lanes = [history.lanes[player.source, asset] for player in players]
    opens = [_opens(history, source, asset) for source in dict.fromkeys(prices.values())]
    return [
        hour_ns
        for hour_ns in range(span.from_ns, span.to_ns, HOUR_NS)
        if all(hour_ns in each for each in opens) and all(_told(lane, hour_ns) for lane in lanes)
    ]


def _told(lane: Lane, hour_ns: int) -> bool:
    """Whether an hour is recorded: it was paid at, or the last payment was of an interval that goes on past it."""
    if hour_ns in lane.rates:
        return True
    for back_h in range(1, 8):
        rate = lane.rates.get(hour_ns - back_h * HOUR_NS)
        if rate is not None:
            return rate.interval_h > back_h
    return False


def _series(lane: Lane, opens: Mapping[int, float], hours: list[int]) -> Series:
    """Flat hours; between the payments of a longer interval nothing is paid, and an hour's share of the last shown."""
    series = Series()
    shown: Rate | None = None
    for hour_ns in hours:
        price, rate = opens[hour_ns], lane.rates.get(hour_ns)
        series.bars[hour_ns] = Bar(start=price, centre=price, end=price, premium=0.0, open_interest_usd=None)
        series.settled[hour_ns] = ZERO if rate is None else rate.paid
        before, shown = shown, rate or shown or _last(lane, hour_ns)
        if rate is not None and before is not None and rate.known_ns > hour_ns:
            series.late[hour_ns] = (rate.known_ns, _per_hour(before))
        if shown is not None:
            series.forming[hour_ns] = _per_hour(shown)
    return series


def _last(lane: Lane, hour_ns: int) -> Rate | None:
    """The last rate before an hour, of a day at the most."""
    found = [lane.rates[at_ns] for back_h in range(1, 25) if (at_ns := hour_ns - back_h * HOUR_NS) in lane.rates]
    return found[0] if found else None


def _per_hour(rate: Rate) -> Decimal:
    return (rate.paid / rate.interval_h).quantize(RATE_STEP)


def _coverage(asset: str, hours: list[int], span: Span, prices: dict[str, str]) -> Coverage:
    edges = [span.from_ns - HOUR_NS, *hours, span.to_ns]
    holes = [(after - before) // HOUR_NS - 1 for before, after in pairwise(edges)]
    whole = (span.to_ns - span.from_ns) // HOUR_NS
    return Coverage(
        asset=asset, hours=len(hours), missing=whole - len(hours), longest_missing_h=max(holes), prices_from=prices
    )


def _provenance(player: Player, coverage: list[Coverage], history: History) -> Provenance:
    sources = ", ".join(dict.fromkeys(each.prices_from[player.venue] for each in coverage))
    return Provenance(
        venue=player.venue,
        prices=f"hour opens of {sources}, standing still in between",
        rates=f"settled, of {player.source}; shown is the last one known ({', '.join(history.used)})",
        book=BOOK_MADE_UP,
        rates_recorded=True,
    )


def _notes(players: tuple[Player, ...], history: History, coverage: list[Coverage]) -> list[str]:
    notes = []
    for player in players:
        if player.stands_in:
            notes.append(
                f"{player.source} is played by {player.venue}: its fees, margins and wire are {player.venue}'s"
            )
        lanes = [history.lanes[player.source, each.asset] for each in coverage]
        if any(rate.interval_h > 1 for lane in lanes for rate in lane.rates.values()):
            notes.append(
                f"{player.source} pays every 8 hours, whole and at its hour; an eighth an hour is what is shown"
            )
    alike: dict[str, list[str]] = {}
    for each in coverage:
        sources = tuple(dict.fromkeys(each.prices_from.values()))
        if len(sources) == 1:
            alike.setdefault(sources[0], []).append(each.asset)
    for source, assets in alike.items():
        notes.append(f"{', '.join(assets)}: all prices are of {source}: the basis is zero, its PnL is not tested")
    if history.conflicts:
        notes.append(f"{history.conflicts} rates differ between files; the first file's were taken")
    return notes
