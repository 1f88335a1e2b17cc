"""What judgements rest on, for tests: two venues that told all, and rates that were seen for a while and stay.

The settings expect the last rate for the whole horizon, so that a candidate's arithmetic can be done by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from actors.board import Board, market_key
from actors.domain import HOUR_NS, Venue
from actors.forecast import Series, fresh, observe
from actors.gates import Known
from actors.policy import ForecastPolicy, Policy, ScannerPolicy
from actors.stakes import Stake
from actors.volatility import Swing
from tests.factories import ASSET, MAKER, TAKER, two_venues
from tests.playbook import START_NS

NEVER = Decimal(10**6)
LAST_RATE = ForecastPolicy(
    fast_h=Decimal(0),
    slow_h=Decimal(0),
    fast_reversion_h=NEVER,
    slow_reversion_h=NEVER,
    clip_most=NEVER,
)
RATE = Decimal("0.0001")
SURE = ScannerPolicy(confidence=Decimal(0))
"""The mean is believed."""


def sure(**parts: object) -> Policy:
    """A policy that believes the last rate, with other parts."""
    return Policy(**{"scanner": SURE, "forecast": LAST_RATE, **parts})  # type: ignore[arg-type]


def seen(venue: Venue, rate: Decimal, hours: int = 100, at_ns: int = START_NS) -> Series:
    """A rate seen every hour for so long, the last time now."""
    series = fresh(venue)
    for hour in range(hours, -1, -1):
        series = observe(series, rate, at_ns - hour * HOUR_NS, LAST_RATE)
    return series


def known(
    board: Board | None = None,
    policy: Policy | None = None,
    *,
    rate: Decimal = RATE,
    hours: int = 100,
    at_ns: int = START_NS,
    swings: Mapping[str, Swing] | None = None,
    stakes: tuple[Stake, ...] = (),
) -> Known:
    """The taker venue pays the rate, the maker venue nothing."""
    series = {
        market_key(TAKER, ASSET): seen(TAKER, rate, hours, at_ns),
        market_key(MAKER, ASSET): seen(MAKER, Decimal(0), hours, at_ns),
    }
    return Known(
        board=board or two_venues(),
        policy=policy or sure(),
        at_ns=at_ns,
        series=series,
        swings=swings or {},
        stakes=stakes,
    )


def stake(size: str = "10", short: Venue = TAKER, long: Venue = MAKER, **changes: object) -> Stake:
    """A held pair of the asset, unless told otherwise."""
    told: dict[str, object] = {"pair": "held", "asset": ASSET, **changes}
    return Stake(short_venue=short, long_venue=long, size=Decimal(size), **told)  # type: ignore[arg-type]
