"""What must hold before an entry. Counterparts: `actors.gates`, `actors.endurance`."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import Venue
from actors.policy.part import PolicyPart


class GatesPolicy(PolicyPart, frozen=True, kw_only=True):
    """Gates before an entry that are about the venues and the prices (`actors.gates`). A time of 0 switches it off."""

    link_up_least_s: float = 0.0
    """A link that came up less long ago is not trusted with an entry."""
    refused_frames_most: int = 10
    """Of a venue's frames so many may have been refused within the window; at most 99, since 100 are remembered."""
    refused_frames_window_s: float = 600.0
    rate_budget_least_fraction: Decimal = Decimal(0)
    """What must be left of either venue's rate limit as our adapter counts it, at most 0.9. 0: not asked for."""
    settlement_pause_s: float = 0.0
    """Nothing is opened so shortly before a settlement at which it would pay."""
    sample_age_most_s: Decimal = Decimal(900)
    """The mark and the oracle were told so recently."""
    oracle_divergence_most_bps: Decimal = Decimal(150)
    """Largest distance of a venue's mark from its own oracle."""
    insurance_tiers: dict[Venue, int] = msgspec.field(
        default_factory=lambda: {
            Venue.HYPERLIQUID: 1,
            Venue.LIGHTER: 2,
            Venue.PACIFICA: 2,
            Venue.DRIFT: 3,
        }
    )
    """How losses of others are borne: 1 a backstop that has been seen to work, then ADL; 2 the same, not seen;
    3 socialised over all holders."""
    insurance_tier_most: int = 3
    settle_haircuts_bps: dict[str, Decimal] = msgspec.field(
        default_factory=lambda: {"USDC": Decimal(0), "USDT": Decimal(10)}
    )
    """What a settle token may be worth less than a dollar; a token that is not here is refused."""
    settle_haircut_most_bps: Decimal = Decimal(20)
    adl_level_most: int = 2
    """Level of the leg on entry, as if it were in profit."""
    buffer_least_fraction: Decimal = Decimal("0.15")
    """Distance to liquidation after the entry, all prices of a venue moving against us at once."""
    buffer_volatilities: Decimal = Decimal(2)
    """That distance is at least so many standard deviations of a move over 30 days."""
    volatility_most: Decimal = Decimal("0.12")
    """Standard deviation of a day's return."""
    volatility_half_life_h: Decimal = Decimal(360)
    volatility_hours_least: int = 24
    """Until so many hours were seen, the assumed figures count."""
    volatility_assumed: dict[str, Decimal] = msgspec.field(
        default_factory=lambda: {
            "BTC": Decimal("0.03"),
            "ETH": Decimal("0.04"),
            "SOL": Decimal("0.05"),
        }
    )
    """Standard deviation of a day's return, by asset; not verified."""
    volatility_assumed_other: Decimal = Decimal("0.07")


class EndurancePolicy(PolicyPart, frozen=True, kw_only=True):
    """What the accounts must survive with a new pair in them (`actors.endurance`)."""

    shocks: tuple[Decimal, ...] = (Decimal("0.1"), Decimal("0.2"), Decimal("0.3"))
    """All prices move so far from today's, step by step, up and then down."""
    equity_floor_fraction: Decimal = Decimal("0.5")
    """Equity that must be left, of today's."""
    maintenance_multiple: Decimal = Decimal(2)
    """Equity that must be left, in maintenance margins."""
    slippage_bps: Decimal = Decimal(100)
    """Of a leg that is closed at market after the other one was lost with its venue; the least after it was taken."""
    stressed_spread_multiple: Decimal = Decimal(10)
    """A leg whose other one was taken is closed in a book that is so many times as wide as today's; not verified."""
    stressed_depth_fraction: Decimal = Decimal("0.1")
    """Of today's sizes, what that book still has; not verified."""
    stressed_beyond_bps: Decimal = Decimal(500)
    """What a leg costs that asks for more than that book has, and the most any does; not verified."""
    funding_multiple: Decimal = Decimal(3)
    """The expected rate turns, so many times as large, for the whole horizon."""
    funding_caps_per_hour: dict[Venue, Decimal] = msgspec.field(
        default_factory=lambda: {
            Venue.HYPERLIQUID: Decimal("0.04"),
            Venue.PACIFICA: Decimal("0.04"),
            Venue.LIGHTER: Decimal("0.005"),
            Venue.DRIFT: Decimal("0.0042"),
        }
    )
    """Or the rate turns to the most its venue charges, until inverted funding makes the pair leave. Hyperliquid's and
    Pacifica's funding pages (2025-11; 2026) have 4 % an hour; Lighter's 4 % per 8 hours is inferred from `market_stats`
    (2025-11); Drift's is 10 % of the oracle over 24 (protocol-v2, controller/funding.rs; less for the safer tiers)."""
