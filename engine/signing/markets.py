"""From what a profile says of a market to its cap: whose number it has at the venue, and what 1 means there. Pure.

Hyperliquid, Lighter and Drift sign for a number, Pacifica for a symbol. Which number is which market only the venue
says, and it may change (Lighter gives ids anew after a delisting, orderBooks of 2026-03-27): the profile says it, not
the engine, so that whoever asks for a signature cannot call one market another.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain import Venue
from engine.signing.law import MarketCap
from engine.venues.assets import Listed, UnknownListing, listing_of

DRIFT_BASE_DECIMALS = 9
"""BASE_PRECISION of Drift (IDL 2.142): sizes are signed in 1e-9 of the market's base unit."""
NUMBERED = (Venue.HYPERLIQUID, Venue.LIGHTER, Venue.DRIFT)


def market_cap(
    venue: Venue, asset: str, size_most: Decimal, market: int | None = None, size_decimals: int | None = None
) -> MarketCap:
    """The cap of one asset, `size_most` in single tokens. Raises ValueError for what a venue needs or does not know."""
    if (market is None) is (venue in NUMBERED):
        word = "number: give" if market is None else "symbol: leave out"
        raise ValueError(f"{venue.value} signs for a {word} market")
    if (size_decimals is None) is (venue is Venue.LIGHTER):
        raise ValueError(f"{'give' if size_decimals is None else 'leave out'} size_decimals, as {venue.value} signs")
    try:
        listed = listing_of(venue, asset)
    except UnknownListing as error:
        raise ValueError(str(error)) from error
    name = listed.symbol if market is None else str(market)
    return MarketCap(market=name, asset=asset, unit=_unit(venue, listed, size_decimals), size_most=size_most)


def _unit(venue: Venue, listed: Listed, size_decimals: int | None) -> Decimal:
    decimals = DRIFT_BASE_DECIMALS if venue is Venue.DRIFT else size_decimals or 0
    return listed.multiplier.scaleb(-decimals)
