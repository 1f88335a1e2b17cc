"""Which coin and asset id stand for an asset of ours, and in which units. Pure; read by codec and adapter."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from actors.domain import ONE, Instrument, Venue
from engine.venues.hyperliquid.wire import AssetInfo, Meta

PRICE_DECIMALS = 6
"""Prices have at most 6 - szDecimals decimals (HL docs, "Tick and lot size", 2025-11)."""
SIGNIFICANT_FIGURES = 5
MIN_NOTIONAL_USD = Decimal(10)
THOUSAND = Decimal(1000)

COINS_BY_THOUSAND: Mapping[str, str] = {
    "BONK": "kBONK",
    "FLOKI": "kFLOKI",
    "LUNC": "kLUNC",
    "NEIRO": "kNEIRO",
    "PEPE": "kPEPE",
    "SHIB": "kSHIB",
}
"""Canonical asset to the coin that counts a thousand of it (REST profile, 2026-09-24); others: same name."""

_ASSET_OF_COIN: Mapping[str, str] = {coin: asset for asset, coin in COINS_BY_THOUSAND.items()}


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """How a coin's figures become ours: one unit at the venue is `multiplier` base units."""

    asset: str
    coin: str
    multiplier: Decimal = ONE

    def price(self, text: str) -> Decimal:
        """The venue's price per unit as our price per base unit."""
        return Decimal(text) if self.multiplier is ONE else Decimal(text) / self.multiplier

    def size(self, text: str) -> Decimal:
        """The venue's size in units as our size in base units."""
        return Decimal(text) if self.multiplier is ONE else Decimal(text) * self.multiplier


@lru_cache(maxsize=1024)
def units_of(coin: str) -> Units:
    """The units of any coin, listed or not."""
    asset = _ASSET_OF_COIN.get(coin)
    if asset is None:
        return Units(asset=coin, coin=coin)
    return Units(asset=asset, coin=coin, multiplier=THOUSAND)


def coin_of(asset: str) -> str:
    """The coin that stands for a canonical asset."""
    return COINS_BY_THOUSAND.get(asset, asset)


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One listed perpetual: its id, lattice and units. `asset_id` is its index in the universe."""

    units: Units
    asset_id: int
    size_decimals: int
    max_leverage: int
    only_isolated: bool = False
    delisted: bool = False

    @property
    def asset(self) -> str:
        """Our name of it."""
        return self.units.asset

    @property
    def coin(self) -> str:
        """The venue's name of it."""
        return self.units.coin

    def instrument(self, *, taker_fee: Decimal, maker_fee: Decimal) -> Instrument:
        """Our description; the maintenance margin is half the initial one at the highest leverage.

        Source: HL docs, "Margin tiers", 2025-11. Larger positions fall into tiers with more margin.
        """
        extra_decimals = self.units.multiplier.adjusted()
        return Instrument(
            venue=Venue.HYPERLIQUID,
            asset=self.units.asset,
            symbol=self.units.coin,
            lot=Decimal(1).scaleb(-self.size_decimals) * self.units.multiplier,
            price_decimals=PRICE_DECIMALS - self.size_decimals + extra_decimals,
            min_notional_usd=MIN_NOTIONAL_USD,
            max_leverage=self.max_leverage,
            taker_fee=taker_fee,
            maker_fee=maker_fee,
            maintenance_fraction=ONE / (2 * self.max_leverage),
            significant_figures=SIGNIFICANT_FIGURES,
            multiplier=self.units.multiplier,
        )


def markets_of(meta: Meta) -> dict[str, Market]:
    """Every perpetual of the universe by canonical asset; its place in the universe is its id."""
    listed = (_market(asset_id, info) for asset_id, info in enumerate(meta.universe))
    return {market.asset: market for market in listed}


def _market(asset_id: int, info: AssetInfo) -> Market:
    return Market(
        units=units_of(info.name),
        asset_id=asset_id,
        size_decimals=info.szDecimals,
        max_leverage=info.maxLeverage,
        only_isolated=bool(info.onlyIsolated),
        delisted=bool(info.isDelisted),
    )
