"""How a pair is entered, watched, verified and closed. Counterparts: `actors.pair_position`, `actors.reliability`."""

from __future__ import annotations

from decimal import Decimal

from actors.domain import Venue
from actors.policy.part import PolicyPart


class EntryPolicy(PolicyPart, frozen=True, kw_only=True):
    """How a pair is entered."""

    maker_timeout_s: float = 6.0
    """From the first post-only quote until the rest is taken at market."""
    requotes_most: int = 3
    """Post-only quotes refused as crossing that may be replaced."""
    sweeps_most: int = 3
    """Market orders for the remainder before the larger leg is trimmed instead."""
    backoff_s: float = 900.0
    """Pause after a failed entry."""
    taker_slippage_bps: Decimal = Decimal(8)
    """Price cap of the first IOC beyond the best price."""
    sweep_slippage_bps: Decimal = Decimal(12)
    """Price cap of the first sweep; each further one widens by as much."""


class OrderPolicy(PolicyPart, frozen=True, kw_only=True):
    """How orders are watched."""

    order_timeout_s: float = 5.0
    """An order in flight without an outcome for so long is asked for."""
    order_lifetime_s: float = 20.0
    """After this the venue must refuse an order that has not reached it."""
    doubt_retry_s: float = 4.0
    """Between two questions about an order in doubt."""
    doubt_tries_most: int = 10
    """Questions about an order in doubt before the emergency path acts."""
    unreachable_tries_most: int = 2
    """Such questions, of a maker order whose venue cannot be reached, before the naked taker leg is closed."""
    orders_remembered: int = 64
    """Settled orders kept to recognise late fills."""


class VerifyPolicy(PolicyPart, frozen=True, kw_only=True):
    """How positions are verified at the venues."""

    verify_retry_s: float = 2.0
    verify_tries_most: int = 4
    """Differing answers before the books follow the venue (reducing only)."""
    reverify_s: float = 60.0
    """Between two routine verifications of a held pair."""
    dust_usd: Decimal = Decimal(10)
    """Naked notional below this (or one shared lot) counts as hedged."""


class ExitPolicy(PolicyPart, frozen=True, kw_only=True):
    """How a pair is closed."""

    close_tries_most: int = 3
    close_slippage_bps: Decimal = Decimal(20)
    """Price cap of a closing IOC beyond the best price; each retry widens by as much."""
    emergency_slippage_bps: Decimal = Decimal(200)
    emergency_tries_most: int = 3
    """Attempts of the emergency path before the alarm names what is left."""
    retry_pause_s: float = 3.0
    """Pause after a refused trim, and before the first look at legs left open by a failed emergency; doubled with each
    further one."""
    recheck_s: float = 30.0
    """Such a pause grows no longer than this."""
    unreliable_first: tuple[Venue, ...] = (Venue.DRIFT, Venue.PACIFICA, Venue.LIGHTER, Venue.HYPERLIQUID)
    """Which venue closes first: the one that stands earlier here."""


class ReliabilityPolicy(PolicyPart, frozen=True, kw_only=True):
    """When what was measured of two venues overrules their order in `exit.unreliable_first` (`actors.reliability`)."""

    prior_weight: Decimal = Decimal(25)
    """Observations (orders, hours of a link or a book) that count as seen and good before the first."""
    half_life_h: Decimal = Decimal(72)
    """What was seen fades by half in this time. 0: never."""
    place_step: Decimal = Decimal("0.05")
    """Score a venue begins with, for each venue behind it in the configured order."""
    lead_least: Decimal = Decimal("0.1")
    """The configured order is left when the other venue's score is worse by so much."""
    ack_usual_s: Decimal = Decimal(1)
    """First words on an order within this time are as good as any."""
    ack_bad_s: Decimal = Decimal(5)
    """From this time on a first word is as bad as any."""
    final_usual_s: Decimal = Decimal(3)
    """The same, from an immediate order that fills to its end."""
    final_bad_s: Decimal = Decimal(20)
    depth_usual_share: Decimal = Decimal("0.3")
    """Of its usual depth, what a book keeps at the worst of an hour without being called thin."""
    ack_factor: Decimal = Decimal("0.4")
    """What a score gains when all answers are bad; the next five likewise."""
    reject_factor: Decimal = Decimal(1)
    doubt_factor: Decimal = Decimal(1)
    final_factor: Decimal = Decimal("0.2")
    link_factor: Decimal = Decimal("0.3")
    depth_factor: Decimal = Decimal("0.3")
