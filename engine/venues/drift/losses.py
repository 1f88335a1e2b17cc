"""Losses that all holders of a market had to bear, told apart from its funding. Readings in, messages out. Pure.

A bankruptcy that no insurance covers is resolved by moving a market's cumulative funding rates against both sides
(program source, controller/liquidation.rs resolve_perp_bankruptcy, read 2026-11-22): it reaches a position as funding,
and `accruals` tells it so. The LiquidationRecord that names the rate stands in the bankrupt's transaction, which does
not touch our account; what shows it is the market's `total_social_loss`. Counterparts: `accruals`, `telling`.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.domain import ZERO, Venue
from actors.messages import LossSocialised
from engine.venues.adapter import NowNs
from engine.venues.assets import Listed
from engine.venues.drift.codec_accounts import base_of, funding_payment
from engine.venues.drift.values import MarketValue, Reading

ONE_UPDATE_S = 5400
"""Two fundings are an hour apart; one that is more than a third of it late waits for the next hour."""


class Losses:
    """Each market and what we held in it when it was last read. Nothing from before the first reading is told.

    `borne` are the markets (by index) that have let their holders bear a loss since then, whoever they were.
    """

    def __init__(self, now_ns: NowNs) -> None:
        self.borne: dict[int, None] = {}
        self._now_ns = now_ns
        self._known: dict[int, tuple[MarketValue, int]] = {}

    def read(self, reading: Reading, listing_of: Callable[[int], Listed]) -> tuple[LossSocialised, ...]:
        """What the holders had to bear since the last reading, of the markets in which we held a position then."""
        held = {position.market_index: position.base for position in reading.user.positions}
        told: list[LossSocialised] = []
        for index, market in reading.markets.items():
            base = held.get(index, 0)
            known = self._known.get(index)
            self._known[index] = (market, base)
            if known is None or market.social_loss <= known[0].social_loss:
                continue
            self.borne[index] = None
            if known[1]:
                size = min(known[1], base or known[1], key=abs)
                told.append(self._told(known[0], market, size, listing_of(index)))
        return tuple(told)

    def _told(self, before: MarketValue, now: MarketValue, base: int, listing: Listed) -> LossSocialised:
        amount = -funding_payment(abs(base), 0, loss_rate(before, now, is_long=base > 0))
        return LossSocialised(
            venue=Venue.DRIFT,
            asset=listing.asset,
            loss_id=f"{now.index}-{now.social_loss}",
            amount_usd=max(ZERO, amount),
            size=listing.size(base_of(base)),
            venue_at_ns=self._now_ns(),
        )


def loss_rate(before: MarketValue, now: MarketValue, *, is_long: bool) -> int:
    """What was lost per base (1e-9 quote) between two readings: exact over at most one funding.

    Over several the half of what both sides' rates drew apart, which is exact where both sides had the same funding.
    """
    longs, shorts = now.cumulative_long - before.cumulative_long, now.cumulative_short - before.cumulative_short
    if now.rate_ts - before.rate_ts > ONE_UPDATE_S:
        return (longs - shorts) // 2
    paid = now.rate_ts > before.rate_ts
    return longs - paid * now.rate_long if is_long else paid * now.rate_short - shorts
