"""What a market says about one venue and one asset at one instant.

A `Market` makes points; an `exchange` turns each point into an order book, a mark price and a funding
premium.
"""

from decimal import Decimal
from typing import Protocol

import msgspec


class DepthLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One level of the synthetic external book, the same on both sides.

    `bps` is the distance *beyond the touch*: the level's price is mid x (1 -/+ (spread_bps / 2 + bps) / 10
    000). `size` is in base units.
    """

    bps: Decimal
    size: Decimal


class MarketPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one venue's market for one asset at `at_ns`. Prices in USD, sizes in base units.

    Two rates are set only by a recorded market, as signed fractions per hour, positive = longs pay shorts:
    `forming_rate` is the estimate for the settlement that ends the hour in progress, `settled_rate` is what
    was paid at the last whole hour at or before `at_ns`. A seeded market leaves both `None`: the exchange
    computes the rate from the premium it observes on its own book.
    """

    at_ns: int
    venue: str
    asset: str
    mid: Decimal
    oracle: Decimal
    spread_bps: Decimal
    depth: tuple[DepthLevel, ...]
    premium: Decimal
    """(mid - oracle) / oracle."""
    open_interest: Decimal
    """Base units, one side."""
    taker_buy_per_s: Decimal
    """Base units per second bought by takers elsewhere in this market: fills resting asks."""
    taker_sell_per_s: Decimal
    """Base units per second sold by takers elsewhere in this market: fills resting bids."""
    forming_rate: Decimal | None = None
    settled_rate: Decimal | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch `[from_ns, to_ns)` the recording does not cover. `what` is "price" or "funding"."""

    venue: str
    asset: str
    from_ns: int
    to_ns: int
    what: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where one venue's figures come from: a line a person can read, and whether its rates were recorded."""

    venue: str
    prices: str
    rates: str
    book: str
    rates_recorded: bool


class Market(Protocol):
    """The price and funding world in which all simulated venues live."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Canonical asset names, in a fixed order."""

    @property
    def start_ns(self) -> int:
        """First instant that can be sampled."""

    @property
    def end_ns(self) -> int | None:
        """First instant past the end; `None` = endless."""

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        """The point at `at_ns`; it depends on nothing sampled before. `None` = a gap in the recording.

        Raises ValueError for an unknown venue or asset, or an instant before `start_ns`.
        """

    def gaps(self) -> tuple[Gap, ...]:
        """Every stretch in which `sample` answers None or a settled rate is missing."""

    def provenance(self) -> tuple[Provenance, ...]:
        """Per venue, what was recorded and what was made up."""
