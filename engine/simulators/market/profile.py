"""How each synthetic asset and venue behaves: orders of magnitude as seen on the venues in 2025-26.

Premium regimes are what make funding: with the venues' formula a premium between -4 and +6 bps pays the
baseline 0.00125 % per hour; outside it, every bps adds 0.0000125 per hour.
"""

import msgspec


class AssetProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One asset of the seeded market. Fractions per hour for volatility, bps for premia and spreads."""

    asset: str
    price: float
    volatility: float
    """Standard deviation of the log price over one hour."""
    jump_probability: float
    """Per hour; a jump moves the price by 2 to 5 times the hourly volatility and at least 1.5 %."""
    spread_bps: float
    touch_usd: float
    """Size of the best level on a venue of full liquidity."""
    volume_usd_per_day: float
    open_interest_usd: float
    calm_share: float
    """Share of premium regimes in which funding stays at the baseline."""
    hot_bps: tuple[float, float]
    """Range of the premium when longs crowd."""
    cold_bps: tuple[float, float]
    """Range of the premium when shorts crowd."""
    dwell_hours: float
    """Mean length of a premium regime; never below 12."""


class VenueProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Liquidity of one venue as a fraction of the most liquid one."""

    venue: str
    liquidity: float
    spread: float
    """Multiple of the asset's spread."""


ASSETS: tuple[AssetProfile, ...] = (
    AssetProfile(
        asset="BTC",
        price=95_000.0,
        volatility=0.0045,
        jump_probability=0.0008,
        spread_bps=0.6,
        touch_usd=180_000.0,
        volume_usd_per_day=3.0e9,
        open_interest_usd=2.0e9,
        calm_share=0.92,
        hot_bps=(7.0, 8.5),
        cold_bps=(-6.5, -5.0),
        dwell_hours=72.0,
    ),
    AssetProfile(
        asset="ETH",
        price=3_300.0,
        volatility=0.006,
        jump_probability=0.001,
        spread_bps=0.8,
        touch_usd=120_000.0,
        volume_usd_per_day=1.8e9,
        open_interest_usd=1.3e9,
        calm_share=0.8,
        hot_bps=(7.0, 10.0),
        cold_bps=(-8.0, -5.0),
        dwell_hours=72.0,
    ),
    AssetProfile(
        asset="SOL",
        price=170.0,
        volatility=0.008,
        jump_probability=0.0015,
        spread_bps=1.2,
        touch_usd=60_000.0,
        volume_usd_per_day=6.0e8,
        open_interest_usd=4.0e8,
        calm_share=0.5,
        hot_bps=(8.0, 14.0),
        cold_bps=(-10.0, -6.0),
        dwell_hours=84.0,
    ),
    AssetProfile(
        asset="HYPE",
        price=32.0,
        volatility=0.011,
        jump_probability=0.002,
        spread_bps=2.0,
        touch_usd=30_000.0,
        volume_usd_per_day=3.0e8,
        open_interest_usd=3.0e8,
        calm_share=0.3,
        hot_bps=(9.0, 19.0),
        cold_bps=(-13.0, -7.0),
        dwell_hours=96.0,
    ),
    AssetProfile(
        asset="DOGE",
        price=0.18,
        volatility=0.010,
        jump_probability=0.002,
        spread_bps=2.5,
        touch_usd=25_000.0,
        volume_usd_per_day=1.5e8,
        open_interest_usd=1.2e8,
        calm_share=0.45,
        hot_bps=(8.0, 15.0),
        cold_bps=(-11.0, -6.0),
        dwell_hours=72.0,
    ),
)

VENUES: tuple[VenueProfile, ...] = (
    VenueProfile(venue="hyperliquid", liquidity=1.0, spread=1.0),
    VenueProfile(venue="drift", liquidity=0.2, spread=2.0),
    VenueProfile(venue="pacifica", liquidity=0.3, spread=1.5),
    VenueProfile(venue="lighter", liquidity=0.6, spread=1.2),
)
