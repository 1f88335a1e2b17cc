"""The run itself: bounds of the core, its end, links, settlement, markets nobody holds."""

from __future__ import annotations

from decimal import Decimal

from actors.policy.part import PolicyPart


class CorePolicy(PolicyPart, frozen=True, kw_only=True):
    """Bounds of the deciding core. They stand in a journal's header, so a replay is bounded as the run was."""

    faults_most: int = 2
    """Faults of one actor before it is quarantined: the first is answered by its emergency path."""
    cascade_most: int = 10_000
    """Messages one letter may give rise to; more means that actors talk in a circle."""
    owners_most: int = 100_000
    """Orders whose sender is remembered; words about older ones find whoever answers for the position."""
    forced_most: int = 10_000
    """Forced fills remembered, so that none is booked twice."""


class LifecyclePolicy(PolicyPart, frozen=True, kw_only=True):
    """The run itself."""

    duration_s: float = 21 * 86400.0
    links_timeout_s: float = 60.0
    drain_timeout_s: float = 120.0
    drain_rounds_most: int = 30
    """So often the time for draining begins anew while a venue is down."""
    emergency_timeout_s: float = 300.0
    settle_s: float = 30.0
    """From the last pair's close to the end of the run: a venue tells funding some seconds after the hour."""


class LinkPolicy(PolicyPart, frozen=True, kw_only=True):
    """When a link counts as sick, and how often an outage is named."""

    refused_frames_most: int = 50
    outage_s: float = 60.0


class SettlementPolicy(PolicyPart, frozen=True, kw_only=True):
    """When profit and loss is settled at a venue that waits to be asked, and how often a refusal is tried again."""

    flat_least_usd: Decimal = Decimal("0.01")
    """What a closed position left, profit or loss, is settled from this amount on."""
    held_least_usd: Decimal = Decimal(25)
    """A held position's profit is settled from this amount on; its losses wait for the close."""
    held_every_s: float = 86400.0
    """Between two settlements of a held position, and before the first."""
    calm_s: float = 5.0
    """From the report until the venue is asked: a pair that closes verifies its positions first."""
    answer_s: float = 180.0
    """Without an answer for so long the outcome counts as unknown; longer than an adapter follows a request."""
    reread_s: float = 10.0
    """Between two readings of the account after an unknown outcome."""
    reread_tries_most: int = 12
    tries_most: int = 5
    """Attempts in a row before people are told."""
    backoff_s: float = 60.0
    """After the first attempt that did not settle all; doubled after each further one."""
    retry_s: float = 3600.0
    """Between two attempts after people were told."""


class ReconcilePolicy(PolicyPart, frozen=True, kw_only=True):
    """How markets are watched that no pair holds."""

    every_s: float = 600.0
    """Between two questions about a market in which nothing was found."""
    question_pause_s: float = 1.0
    """A venue is asked no more often than that on the whole: with many markets, about each of them less often."""
    look_s: float = 5.0
    """Between two questions while an answer is missing, or says that something is held."""
    looks_most: int = 4
    """Questions in a row before people are told that there is no answer."""
    answers_least: int = 2
    """Answers alike, one after the other, before a position is believed, or its end."""
    unsettled_every_s: float = 60.0
    """Between two questions about a market in dispute, or one that is not answered for."""
    repair_s: float = 15.0
    """For so long the pair that closed there last looks for a fill of its own that nobody told."""
    orders_most: int = 8
    """Of its orders on that venue it asks for the latest."""
