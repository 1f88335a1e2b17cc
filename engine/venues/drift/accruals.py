"""Funding as it accrues, hour by hour, told once. Readings and settlement records in, payments out. Pure.

The program moves a market's cumulative rate once an hour and settles a position only when an instruction touches it,
perhaps days later; what is owed is ours all the same. A position is known by its market, its side and the cumulative
rate it is settled up to: within that epoch each rise of the market's rate is told when it is seen, and the record
of the settlement tells only what is left.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain import ZERO, Venue
from actors.messages import FrameRefused, FundingPaid
from engine.venues.assets import Listed, as_told
from engine.venues.drift.absence import Absence
from engine.venues.drift.codec_accounts import (
    SIDE_FIELDS,
    base_of,
    cumulative_of,
    funding_payment,
    rate_per_hour,
)
from engine.venues.drift.values import FundingSettled, PositionValue, Reading

NS_PER_S = 1_000_000_000
EPOCHS_MOST = 256
"""An epoch outlives its position in memory: the record that settles it may come after the reading without it."""

Epoch = tuple[int, bool, int]


class Accruals:
    """What has been told of each position's funding.

    Nothing from before the first reading is told, unless an earlier process left off (`absence`).
    """

    def __init__(self) -> None:
        self.began = False
        self._told: dict[Epoch, int] = {}
        self._rates: dict[int, Decimal] = {}
        self._heard_s: int | None = None
        self._absence: Absence | None = None

    def recall(self, heard_s: int) -> None:
        """An earlier process of the run told what accrued until then (s UTC)."""
        self._heard_s = heard_s

    def read(self, reading: Reading) -> tuple[FundingPaid | FrameRefused, ...]:
        """What has accrued since the last reading."""
        held = [position for position in reading.user.positions if position.base]
        said: list[FundingPaid | FrameRefused] = []
        if not self.began and self._heard_s is not None:
            self._absence = Absence(self._heard_s, reading.markets)
            said += [each for position in held for each in self._missed(position.market_index)]
        said += [payment for position in held for payment in self._grown(reading, position)]
        for epoch in tuple(self._told)[: max(0, len(self._told) - EPOCHS_MOST)]:
            del self._told[epoch]
        self.began = True
        return tuple(said)

    def settled(self, record: FundingSettled, listing: Listed) -> tuple[FundingPaid | FrameRefused, ...]:
        """What a settlement pays beyond what has been told."""
        epoch = _epoch(record.market_index, record.base, record.cumulative_from)
        reached = record.cumulative_long if record.base > 0 else record.cumulative_short
        told = self._told.pop(epoch, None)
        if told is None:
            away = self._settled_away(record, listing, reached)
            if away is not None:
                return away
            amount = Decimal(record.payment).scaleb(-6)
            return self._payment(record.market_index, listing, record.base, amount, record.ts, epoch, reached)
        amount = funding_payment(record.base, told, reached)
        return self._payment(record.market_index, listing, record.base, amount, record.ts, epoch, reached)

    def _grown(self, reading: Reading, position: PositionValue) -> tuple[FundingPaid, ...]:
        market = reading.markets[position.market_index]
        epoch = _epoch(position.market_index, position.base, position.cumulative)
        reached = cumulative_of(market, position.base)
        told = self._told.get(epoch)
        if told is None:
            told = position.cumulative if self.began else self._told_before(position, reached)
        self._told[epoch] = reached
        rate = rate_per_hour(
            SIDE_FIELDS[position.base > 0], market.rate_long if position.base > 0 else market.rate_short, market
        )
        self._rates[position.market_index] = rate or ZERO
        amount = funding_payment(position.base, told, reached)
        listing = as_told(Venue.DRIFT, market.name)
        return self._payment(position.market_index, listing, position.base, amount, market.rate_ts, epoch, reached)

    # while nobody read

    def _told_before(self, position: PositionValue, reached: int) -> int:
        if self._absence is None:
            return reached
        return self._absence.told(position.market_index, position.base, position.cumulative)

    def _settled_away(
        self, record: FundingSettled, listing: Listed, reached: int
    ) -> tuple[FundingPaid | FrameRefused, ...] | None:
        """A settlement of what an earlier process had told in part; None for one after our first reading.

        A market funds at most once between the reading and what it is settled at, so an hour that the record reaches
        and the reading does not came later.
        """
        index, base = record.market_index, record.base
        market = None if self._absence is None else self._absence.market(index)
        if self._absence is None or market is None:
            return None
        if record.ts < market.rate_ts:
            return self._missed(index)
        if reached != cumulative_of(market, base):
            return None
        amount = funding_payment(base, self._absence.told(index, base, record.cumulative_from), reached)
        epoch = _epoch(index, base, record.cumulative_from)
        return (*self._missed(index), *self._payment(index, listing, base, amount, market.rate_ts, epoch, reached))

    def _missed(self, index: int) -> tuple[FrameRefused, ...]:
        detail = "" if self._absence is None else self._absence.missed(index)
        return (FrameRefused(venue=Venue.DRIFT, channel="funding", detail=detail),) if detail else ()

    # words

    def _payment(
        self, index: int, listing: Listed, base: int, amount: Decimal, ts: int, epoch: Epoch, reached: int
    ) -> tuple[FundingPaid, ...]:
        if not amount:
            return ()
        side = "long" if epoch[1] else "short"
        return (
            FundingPaid(
                venue=Venue.DRIFT,
                asset=listing.asset,
                payment_id=f"{index}-{side}-{epoch[2]}-{reached}-{ts}",
                amount_usd=amount,
                rate_per_hour=self._rates.get(index, ZERO),
                size=listing.size(base_of(base)),
                venue_at_ns=ts * NS_PER_S,
            ),
        )


def _epoch(index: int, base: int, cumulative: int) -> Epoch:
    return index, base > 0, cumulative
