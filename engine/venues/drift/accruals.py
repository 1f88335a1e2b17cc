"""Funding as it accrues, hour by hour, told once. Readings and settlement records in, payments out. Pure.

The program moves a market's cumulative rate once an hour and settles a position only when an instruction touches it,
perhaps days later; what is owed is ours all the same. A position is known by its market, its side and the cumulative
rate it is settled up to: within that epoch each rise of the market's rate is told when it is seen, and the record
of the settlement tells only what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from actors.domain import ZERO, Venue
from actors.messages import FundingPaid
from engine.venues.assets import Listed, as_told
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
_PAYMENT_ID = re.compile(r"(\d+)-(long|short)-(-?\d+)-(-?\d+)-\d+")


class Accruals:
    """What has been told of each position's funding.

    Nothing from before the first reading is told, unless an earlier process of the run left off: then all is told that
    it had not.
    """

    def __init__(self) -> None:
        self._told: dict[Epoch, int] = {}
        self._rates: dict[int, Decimal] = {}
        self._began = False

    def recall(self, payment_ids: Iterable[str]) -> None:
        """An earlier process told these, oldest first; of an epoch without any it had told nothing."""
        self._began = True
        for payment_id in payment_ids:
            found = _PAYMENT_ID.fullmatch(payment_id)
            if found is not None:
                self._told[(int(found[1]), found[2] == "long", int(found[3]))] = int(found[4])

    def read(self, reading: Reading) -> tuple[FundingPaid, ...]:
        """What has accrued since the last reading."""
        held = [position for position in reading.user.positions if position.base]
        payments = [payment for position in held for payment in self._grown(reading, position)]
        for epoch in tuple(self._told)[: max(0, len(self._told) - EPOCHS_MOST)]:
            del self._told[epoch]
        self._began = True
        return tuple(payments)

    def settled(self, record: FundingSettled, listing: Listed) -> tuple[FundingPaid, ...]:
        """What a settlement pays beyond what has been told."""
        epoch = _epoch(record.market_index, record.base, record.cumulative_from)
        reached = record.cumulative_long if record.base > 0 else record.cumulative_short
        told = self._told.pop(epoch, None)
        if told is None:
            amount = Decimal(record.payment).scaleb(-6)
            return self._payment(record.market_index, listing, record.base, amount, record.ts, epoch, reached)
        amount = funding_payment(record.base, told, reached)
        return self._payment(record.market_index, listing, record.base, amount, record.ts, epoch, reached)

    def _grown(self, reading: Reading, position: PositionValue) -> tuple[FundingPaid, ...]:
        market = reading.markets[position.market_index]
        epoch = _epoch(position.market_index, position.base, position.cumulative)
        reached = cumulative_of(market, position.base)
        told = self._told.get(epoch, position.cumulative if self._began else reached)
        self._told[epoch] = reached
        rate = rate_per_hour(
            SIDE_FIELDS[position.base > 0], market.rate_long if position.base > 0 else market.rate_short, market
        )
        self._rates[position.market_index] = rate or ZERO
        amount = funding_payment(position.base, told, reached)
        listing = as_told(Venue.DRIFT, market.name)
        return self._payment(position.market_index, listing, position.base, amount, market.rate_ts, epoch, reached)

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
