"""Our names for Pacifica's markets, out of the one registry of all venues. Pure; used by the codec."""

from __future__ import annotations

from actors.domain import Venue
from engine.venues.assets import Listed, as_told, as_wanted

Market = Listed
FORMING_RATE = "pacifica/prices.next_funding"
"""The funding field the scanner ranks by (`engine.venues.rate_fields`)."""
LAST_PAID_RATE = "pacifica/prices.funding"


def market_of_asset(asset: str) -> Market:
    """The market of a canonical asset name."""
    return as_wanted(Venue.PACIFICA, asset)


def market_of_symbol(symbol: str) -> Market:
    """The market the venue calls `symbol` (case sensitive); an unknown one keeps its own name and units."""
    return as_told(Venue.PACIFICA, symbol)
