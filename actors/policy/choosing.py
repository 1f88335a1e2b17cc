"""Which pairs are worth it, and how large. Counterparts: `actors.funding_scanner`, `forecast`, `pricing`, `sizing`."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import Venue
from actors.policy.part import PolicyPart


class ScannerPolicy(PolicyPart, frozen=True, kw_only=True):
    """Which pairs are worth entering and holding."""

    assets: tuple[str, ...] = ("BTC", "ETH", "SOL", "HYPE", "DOGE")
    venues: tuple[Venue, ...] = (Venue.HYPERLIQUID, Venue.PACIFICA)
    scan_s: float = 300.0
    pairs_most: int = 3
    notional_usd: Decimal = Decimal(10_000)
    """Target notional of each leg."""
    horizon_h: Decimal = Decimal(72)
    """Hours over which expected funding must beat the whole round trip."""
    confidence: Decimal = Decimal("0.5")
    """Standard errors that are taken off the forecast before it is judged."""
    persistence_least: Decimal = Decimal("0.5")
    """Share of the recent hours in which the difference had the forecast's sign."""
    history_h: Decimal = Decimal(6)
    """Hours of funding that must have been seen before an entry."""
    net_least_bps: Decimal = Decimal(4)
    """Expected net over the horizon less `confidence` errors, of one leg's notional, after all costs."""
    slippage_most_bps: Decimal = Decimal(10)
    """What a market order of the whole size may cost beyond the mid, half the spread included, either way."""
    spread_most_bps: Decimal = Decimal(15)
    divergence_most_bps: Decimal = Decimal(60)
    """Largest distance between the two venues' marks."""
    identity_price_most_bps: Decimal = Decimal(500)
    """Beyond this distance of the oracle prices two markets of one name are not the same instrument."""
    settle_tokens: tuple[str, ...] = ("USDC",)
    """What a leg may be settled in."""
    settle_tokens_may_differ: bool = False
    """Whether the legs may be settled in different tokens of `settle_tokens`."""
    calibrated_only: bool = False
    """Whether a venue's rate must have been checked against settled payments; a live profile says true."""
    quote_age_most_s: Decimal = Decimal(900)
    """Nothing is opened on an older quote, nor is anything priced by one where the mark is newer."""
    clock_skew_most_s: Decimal = Decimal(5)
    """Nothing is opened on a venue whose clock is further from ours, or whose freshest word is older."""
    inverted_h: Decimal = Decimal(8)
    """Hours of an inverted forecast before a pair is closed, if staying costs more than leaving."""
    open_interest_share_most: Decimal = Decimal("0.01")


class PricesPolicy(PolicyPart, frozen=True, kw_only=True):
    """When prices of two venues may be compared (`actors.one_time`): for a basis, a divergence, a profit."""

    told_within_s: Decimal = Decimal(60)
    """They were told so close to one another; what moved in between would look like a difference."""


class CostsPolicy(PolicyPart, frozen=True, kw_only=True):
    """What a pair costs besides fees and slippage, and when another is worth the change (`actors.pricing`)."""

    gas_usd: dict[Venue, Decimal] = msgspec.field(default_factory=lambda: {Venue.DRIFT: Decimal("0.05")})
    """Of one transaction, where a venue's orders are some; not verified."""
    maker_share: Decimal = Decimal(1)
    """Of the second leg, what is expected to rest and fill; the rest is taken at market. The shipped profiles say 0.3:
    a third or less filled in simulated weeks."""
    basis_gain_share: Decimal = Decimal(0)
    """Of today's difference of the marks, what its convergence is expected to bring a pair that is short the dearer."""
    basis_cost_share: Decimal = Decimal(1)
    """The same, what it is expected to cost one that is short the cheaper."""
    switching_factor: Decimal = Decimal(2)
    """A held pair is left for a better one that brings so many times the cost of the change more. 0: never."""


class ForecastPolicy(PolicyPart, frozen=True, kw_only=True):
    """How funding over the horizon is forecast (`actors.forecast`); set on recorded settlements up to September 2023
    and judged on later ones (`engine/calibration/FORECAST.md`). Half-lives, by elapsed time."""

    fast_h: Decimal = Decimal(4)
    """Half-life of the level that follows a venue's rate quickly."""
    slow_h: Decimal = Decimal(48)
    """Half-life of the level that follows it slowly."""
    fast_reversion_h: Decimal = Decimal(24)
    """Half-life of the fast level's way back to the slow one."""
    slow_reversion_h: Decimal = Decimal(96)
    """Half-life of the slow level's way back to the venue's resting rate."""
    clip_most: Decimal = Decimal(5)
    """A rate further from the slow level than so many mean distances counts as so far."""
    scale_h: Decimal = Decimal(168)
    """Half-life of the mean distance of a rate from its slow level."""
    scale_least_bps: Decimal = Decimal("0.05")
    """That mean distance is at least so much an hour: a market that rests is not known exactly."""
    recent_h: Decimal = Decimal(72)
    """Hours remembered one by one, for the spread of the difference and for how persistent it was."""
    error_fraction: Decimal = Decimal("0.5")
    """One standard error, of the spread of the difference and the distances of both venues, added as variances."""


class SizingPolicy(PolicyPart, frozen=True, kw_only=True):
    """How much of a limit a new pair may fill (`actors.sizing`); what is left is for prices that move meanwhile."""

    caps_share_most: Decimal = Decimal("0.95")
    """Of the limits of `policy.risk`."""
    margin_share_most: Decimal = Decimal("0.8")
    """Of an account's available margin, and of its equity at the largest leverage."""


class CollateralPolicy(PolicyPart, frozen=True, kw_only=True):
    """When money should be moved between venues (`actors.collateral`); the engine moves none."""

    lead_h: dict[Venue, Decimal] = msgspec.field(
        default_factory=lambda: {
            Venue.HYPERLIQUID: Decimal(2),
            Venue.PACIFICA: Decimal(2),
            Venue.LIGHTER: Decimal(12),
            Venue.DRIFT: Decimal(1),
        }
    )
    """How long a transfer takes to arrive, hours; not verified. A venue that is not here: a day."""
    deviations: Decimal = Decimal(3)
    """The prices are expected to move at most so many standard deviations in that time."""
    alarm_multiple: Decimal = Decimal(4)
    """Equity expected then, in maintenance margins, below which a transfer is asked for. 0: never."""
    reduce_multiple: Decimal = Decimal(2)
    """The same, below which pairs are reduced. 0: never."""
