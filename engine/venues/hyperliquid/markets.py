"""Which coin and asset id stand for an asset of ours, and in which units. Pure; read by codec and adapter."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import ONE, Instrument, Venue
from engine.venues.assets import SETTLE_TOKENS, Listed, as_told, as_wanted
from engine.venues.funding import calibrated
from engine.venues.hyperliquid.wire import AssetInfo, Meta
from engine.venues.lost_answers import LOST_ANSWERS

PRICE_DECIMALS = 6
"""Prices have at most 6 - szDecimals decimals (HL docs, "Tick and lot size", 2025-11)."""
SIGNIFICANT_FIGURES = 5
MIN_NOTIONAL_USD = Decimal(10)
RANKED_RATE = "hyperliquid/ctx.funding"
"""The funding field the scanner ranks by (`engine.venues.rate_fields`)."""


def units_of(coin: str) -> Listed:
    """The units of any coin; one whose multiplier is not known is told in its own, and never traded."""
    return as_told(Venue.HYPERLIQUID, coin)


def coin_of(asset: str) -> str:
    """The coin that stands for a canonical asset."""
    return as_wanted(Venue.HYPERLIQUID, asset).symbol


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One listed perpetual: its id, lattice and units. `asset_id` is its index in the universe."""

    units: Listed
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
        return self.units.symbol

    def instrument(self, *, taker_fee: Decimal, maker_fee: Decimal) -> Instrument:
        """Our description; the maintenance margin is half the initial one at the highest leverage.

        Source: HL docs, "Margin tiers", 2025-11. Larger positions fall into tiers with more margin.
        """
        extra_decimals = self.units.multiplier.adjusted()
        return Instrument(
            venue=Venue.HYPERLIQUID,
            asset=self.units.asset,
            symbol=self.units.symbol,
            lot=Decimal(1).scaleb(-self.size_decimals) * self.units.multiplier,
            price_decimals=PRICE_DECIMALS - self.size_decimals + extra_decimals,
            min_notional_usd=MIN_NOTIONAL_USD,
            max_leverage=self.max_leverage,
            taker_fee=taker_fee,
            maker_fee=maker_fee,
            maintenance_fraction=ONE / (2 * self.max_leverage),
            significant_figures=SIGNIFICANT_FIGURES,
            multiplier=self.units.multiplier,
            settle_token=SETTLE_TOKENS[Venue.HYPERLIQUID],
            funding_calibrated=calibrated(RANKED_RATE),
            lapse_grace_ns=LOST_ANSWERS[Venue.HYPERLIQUID].lapse_grace_ns,
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
