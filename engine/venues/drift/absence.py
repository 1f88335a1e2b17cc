"""Funding between the last reading of an earlier process and our first one: what the chain still knows of it. Pure.

An account knows the cumulative rate it is settled up to, a market the cumulative rate now and its last hour's: so the
last hour is known, and what came before it while nobody read is not. What an earlier process has told of an hour is
told under the same id. Not known either, and never told: a loss that holders had to bear meanwhile (`losses`), since
the market keeps only the sum of all of them. Counterpart: `accruals`.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.venues.drift.codec_accounts import cumulative_of
from engine.venues.drift.values import MarketValue

HOUR_S = 3600
LATE_MOST_S = 1200
"""A funding later than a third of its hour waits for the next hour (`losses.ONE_UPDATE_S`)."""


class Absence:
    """Markets as we first read them; an earlier process had told everything up to `heard_s` (UTC)."""

    def __init__(self, heard_s: int, markets: Mapping[int, MarketValue]) -> None:
        self._heard_s, self._markets = heard_s, markets

    def market(self, index: int) -> MarketValue | None:
        """A market as it was first read."""
        return self._markets.get(index)

    def told(self, index: int, base: int, settled_at: int) -> int:
        """The cumulative rate up to which a position's funding counts as told."""
        market = self._markets[index]
        reached = cumulative_of(market, base)
        if settled_at == reached or market.rate_ts <= self._heard_s:
            return reached
        return reached - (market.rate_long if base > 0 else market.rate_short)

    def missed(self, index: int) -> str:
        """What may be missing of a market's funding, in words; empty when nothing is."""
        market = self._markets[index]
        before_s = (market.rate_ts // HOUR_S - 1) * HOUR_S
        if market.rate_ts <= self._heard_s or self._heard_s >= before_s + LATE_MOST_S:
            return ""
        return f"{market.name}: what was paid between {self._heard_s} and the hour of {market.rate_ts} is not known"
