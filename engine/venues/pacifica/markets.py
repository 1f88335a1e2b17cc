"""Our names for Pacifica's markets. Pure data and arithmetic; used by the codec.

Plain coins carry the venue's symbol. A market quoted per thousand tokens is named by the token here, and
prices and sizes are converted, so that one base unit is the same thing on every venue.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import ONE

PER_THOUSAND = ("BONK",)
"""Assets the venue lists as k<asset>, one unit = 1000 tokens (symbols are case sensitive)."""

SYMBOLS: dict[str, tuple[str, Decimal]] = {asset: (f"k{asset}", Decimal(1000)) for asset in PER_THOUSAND}
ASSETS: dict[str, str] = {symbol: asset for asset, (symbol, _) in SYMBOLS.items()}


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One market under both names. `multiplier` is how many base units one venue unit holds."""

    asset: str
    symbol: str
    multiplier: Decimal = ONE

    def size(self, venue_size: str) -> Decimal:
        """Base units of a size as the venue writes it."""
        return Decimal(venue_size) if self.multiplier == ONE else Decimal(venue_size) * self.multiplier

    def price(self, venue_price: str) -> Decimal:
        """USD per base unit of a price as the venue writes it."""
        return Decimal(venue_price) if self.multiplier == ONE else Decimal(venue_price) / self.multiplier

    def venue_size(self, size: Decimal) -> Decimal:
        """Venue units of a size in base units."""
        return size / self.multiplier

    def venue_price(self, price: Decimal) -> Decimal:
        """USD per venue unit of a price per base unit."""
        return price * self.multiplier


def market_of_asset(asset: str) -> Market:
    """The market of a canonical asset name."""
    symbol, multiplier = SYMBOLS.get(asset, (asset, ONE))
    return Market(asset=asset, symbol=symbol, multiplier=multiplier)


def market_of_symbol(symbol: str) -> Market:
    """The market the venue calls `symbol`."""
    return market_of_asset(ASSETS.get(symbol, symbol))
