"""Hyperliquid's house rules for the simulated exchange, as data."""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import ExchangeRules, FeeSchedule, InstrumentSpec

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
    """One market: 5 significant figures, 6 - szDecimals decimals, 10 USD at least, maintenance half of initial."""
    return InstrumentSpec(
        asset=asset,
        lot=Decimal(1).scaleb(-size_decimals),
        tick=None,
        significant_figures=SIGNIFICANT_FIGURES,
        max_decimals=PRICE_DECIMALS - size_decimals,
        min_notional_usd=Decimal(10),
        max_leverage=max_leverage,
        maintenance_fraction=1 / (2 * Decimal(max_leverage)),
        impact_notional_usd=Decimal(20_000 if asset in MAJORS else 6_000),
    )
