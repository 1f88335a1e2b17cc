"""Hyperliquid's house rules for the simulated exchange, as data."""

from __future__ import annotations

from decimal import Decimal

from actors.domain import Venue
from engine.simulators.exchange import ExchangeRules, FeeSchedule, InstrumentSpec
from engine.venues.assets import UnknownListing, listing_of

HYPERLIQUID_RULES = ExchangeRules(venue="hyperliquid", default_leverage=20)
"""The defaults of `ExchangeRules` are this venue's: reduce-only orders are capped, leverage may be lowered
(recorded testnet exchange, 2026-09-07), prices within 80 % of the reference (HL docs, "Error responses", 2025-11)."""

HYPERLIQUID_FEES = FeeSchedule(taker=Decimal("0.00045"), maker=Decimal("0.00015"))
"""Perpetual tier 0 (HL docs, "Fees", 2025-11)."""

PRICE_DECIMALS = 6
SIGNIFICANT_FIGURES = 5
MAJORS = ("BTC", "ETH")
"""Impact notional is 20 000 USD for these, 6 000 for others (HL docs, "Funding", 2025-11)."""


def hyperliquid_instrument(asset: str, *, size_decimals: int, max_leverage: int) -> InstrumentSpec:
    """One market: 5 significant figures, 6 - szDecimals decimals, 10 USD at least, maintenance half of initial.

    Named as the venue names it: PEPE is listed as kPEPE, a thousand tokens, and the exchange counts in those.
    """
    return InstrumentSpec(
        asset=coin_of(asset),
        lot=Decimal(1).scaleb(-size_decimals),
        tick=None,
        significant_figures=SIGNIFICANT_FIGURES,
        max_decimals=PRICE_DECIMALS - size_decimals,
        min_notional_usd=Decimal(10),
        max_leverage=max_leverage,
        maintenance_fraction=1 / (2 * Decimal(max_leverage)),
        impact_notional_usd=Decimal(20_000 if asset in MAJORS else 6_000),
    )


def coin_of(asset: str) -> str:
    """The coin that stands for an asset; a name the table does not know is taken for the venue's own."""
    try:
        return listing_of(Venue.HYPERLIQUID, asset).symbol
    except UnknownListing:
        return asset
