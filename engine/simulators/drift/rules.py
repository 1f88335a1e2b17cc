"""Drift's house rules for the simulated exchange, as data."""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import ExchangeRules, FeeSchedule, FundingRule, InstrumentSpec, PriceBase

MARGIN_SCALE = 10_000
"""Margin ratios are integers of 1e4 (driftpy 0.8.89, constants): 500 = 5 % = 20x."""
MAINTENANCE_OF_INITIAL = Decimal("0.6")
"""500 against 300, the ratios of SOL-PERP's rehearsals (proof of concept, 2026-11); the program's default market."""
DEAREST_LEVERAGE = 1000
DEEP = ("BTC-PERP", "ETH-PERP", "SOL-PERP")

DRIFT_FUNDING = FundingRule(
    interest_8h=Decimal(1),
    clamp_8h=1 / Decimal(5000),
    cap_per_hour=Decimal("0.1") / 24,
    price_base=PriceBase.ORACLE,
    hours=24,
)
"""rate = clamp(mark twap - oracle twap + oracle twap / 5000) / 24 each hour, at most 10 % of the oracle before the
division (protocol-v2, controller/funding.rs @c232e0f1; tiers A and B cap at 3 %, C at 5 %, others at 10 %). The
premium is the simulated book's instead of the difference of two averages; the constant pull is 1 / 5000."""

DRIFT_RULES = ExchangeRules(
    venue="drift",
    funding=DRIFT_FUNDING,
    default_leverage=DEAREST_LEVERAGE,
    max_price_above=Decimal("0.5"),
    max_price_below=Decimal("0.5"),
    max_open_orders=32,
    liquidation_fee=Decimal("0.01"),
)
"""There is no leverage setting: initial margin is the market's. A user has 32 slots for orders. How far from the oracle
a limit may be depends on the market's margin ratio at the venue; half the oracle price is taken here (not verified)."""

DRIFT_FEES = FeeSchedule(taker=Decimal("0.00035"), maker=Decimal("-0.000025"))
"""The first tier of the successor's table (docs.velocity.exchange, 2026-07: 3.5 bps, rebate 0.25 bps); Drift's own
third tier was 2.75 bps with the same rebate, its first is not verified. What counts is `State.perpFeeStructure`."""


def drift_instrument(symbol: str, *, tick: str, lot: str, max_leverage: int) -> InstrumentSpec:
    """One market by its name, such as "SOL-PERP"; orders of one lot at least, no least notional."""
    decimals = max(0, -int(Decimal(tick).normalize().as_tuple().exponent))
    return InstrumentSpec(
        asset=symbol,
        lot=Decimal(lot),
        tick=Decimal(tick),
        significant_figures=None,
        max_decimals=decimals,
        min_notional_usd=Decimal(0),
        max_leverage=max_leverage,
        maintenance_fraction=MAINTENANCE_OF_INITIAL / max_leverage,
        impact_notional_usd=Decimal(20_000 if symbol in DEEP else 6_000),
    )
