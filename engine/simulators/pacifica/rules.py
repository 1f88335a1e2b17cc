"""Pacifica's house rules for the simulated exchange, as data."""

from __future__ import annotations

from decimal import Decimal

from actors.domain import Venue
from engine.simulators.exchange import ExchangeRules, FeeSchedule, InstrumentSpec
from engine.venues.assets import UnknownListing, listing_of

PACIFICA_RULES = ExchangeRules(
    venue="pacifica",
    reduce_only_caps=False,
    leverage_can_be_lowered=False,
    default_leverage=1000,
    max_price_above=Decimal("0.3"),
    max_price_below=Decimal("0.9"),
    liquidation_fee=Decimal("0.0075"),
)
"""Leverage starts at the market's maximum and can only be raised while a position is open (docs "Margin",
2025-11). Price bands +30 % and -90 % as seen by the official tools' audits (2026-07). A reduce-only order
larger than the position is refused: inferred from the error name INVALID_REDUCE_ONLY_ORDER_AMOUNT (docs
"Error codes", 2026). Liquidation fee at least 0.75 % (docs "Liquidations", 2026)."""

PACIFICA_FEES = FeeSchedule(taker=Decimal("0.0004"), maker=Decimal("0.00015"))
"""Fee level 0 of the recorded account, 2026."""


def pacifica_instrument(asset: str, *, tick: str, lot: str, max_leverage: int) -> InstrumentSpec:
    """One market: a fixed tick and lot, 10 USD at least, maintenance half of the initial margin.

    Named as the venue names it: BONK is listed as kBONK, and tick and lot are of a thousand tokens.
    """
    decimals = max(0, -int(Decimal(tick).normalize().as_tuple().exponent))
    return InstrumentSpec(
        asset=symbol_of(asset),
        lot=Decimal(lot),
        tick=Decimal(tick),
        significant_figures=None,
        max_decimals=decimals,
        min_notional_usd=Decimal(10),
        max_leverage=max_leverage,
        maintenance_fraction=1 / (2 * Decimal(max_leverage)),
        impact_notional_usd=Decimal(20_000 if asset in ("BTC", "ETH") else 6_000),
    )


def symbol_of(asset: str) -> str:
    """The symbol that stands for an asset; a name the table does not know is taken for the venue's own."""
    try:
        return listing_of(Venue.PACIFICA, asset).symbol
    except UnknownListing:
        return asset
