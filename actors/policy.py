"""Every number a decision depends on, with its unit in its name. The run's policy stands in the journal's header.

Configuration files fill these structs; a field that is not here does not exist.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import Venue


class PolicyPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of policy sections."""


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
    reverify_s: float = 600.0
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


class AdlPolicy(PolicyPart, frozen=True, kw_only=True):
    """What happens at which auto-deleveraging level (1..5)."""

    watch_s: float = 30.0
    reduce_level: int = 4
    exit_level: int = 5
    reduce_fraction: Decimal = Decimal("0.5")
    level_scores: tuple[Decimal, ...] = (Decimal(1), Decimal(2), Decimal(4), Decimal(8))
    """Scores (place in the queue times stress) at which the estimated level becomes 2, 3, 4 and 5."""
    stress_window_s: float = 3600.0
    """Stress is what happened within this time; at most an hour is remembered."""
    interest_drop_step: Decimal = Decimal("0.1")
    """A fall of open interest by this fraction counts as much as a move by one maintenance fraction."""
    deleveraged_stress: Decimal = Decimal(5)
    """Stress of every market of a venue that has deleveraged a leg of ours within the window."""


class RiskPolicy(PolicyPart, frozen=True, kw_only=True):
    """Limits screened on every order before it leaves, orders in flight counted as filled."""

    order_notional_most_usd: Decimal = Decimal(50_000)
    venue_gross_most_usd: Decimal = Decimal(200_000)
    asset_gross_most_usd: Decimal = Decimal(100_000)
    total_gross_most_usd: Decimal = Decimal(400_000)
    total_net_most_usd: Decimal = Decimal(60_000)
    leverage_most: Decimal = Decimal(3)
    price_collar_bps: Decimal = Decimal(300)
    """Largest distance of a limit price from the mark."""
    orders_per_minute_most: int = 120
    account_age_most_s: float = 120.0
    """An equity told longer ago says nothing of the day's loss any more."""


class AutoClosePolicy(PolicyPart, frozen=True, kw_only=True):
    """When a pair is closed without anybody asking (`actors.risk.auto_close`). A limit of 0 switches its check off,
    but for `market_closed_s`, which is a pause."""

    watch_s: float = 5.0
    """Between two looks while anything is held; marks, fills and positions are looked at as they come."""
    ask_again_s: float = 60.0
    """A pair that could not close when it was asked is asked again after so long."""
    time_to_liquidation_least_s: Decimal = Decimal(300)
    """Less than this until a leg is liquidated, at the recent speed of its mark: an emergency."""
    speed_window_s: float = 300.0
    """The recent speed is the fastest adverse one within this time; at most an hour is remembered."""
    liquidation_distance_least_fraction: Decimal = Decimal("0.05")
    """A leg's mark nearer than this fraction to its liquidation price: closed in order."""
    market_closed_s: float = 60.0
    """A market that may only be reduced, or is halted, for so long is left."""
    divergence_most_bps: Decimal = Decimal(0)
    """The two venues' marks further apart than this."""
    hold_most_h: Decimal = Decimal(336)
    """A pair held for so long, counted from its first fill."""
    profit_target_bps: Decimal = Decimal(0)
    """What a pair would bring if it were closed now, of one leg's notional."""
    daily_loss_most_usd: Decimal = Decimal(0)
    """Equity lost on all accounts since midnight UTC: nothing is opened any more, and the run ends in order."""


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
    smoothing_h: Decimal = Decimal(12)
    """Half-life of the smoothed funding difference."""
    history_h: Decimal = Decimal(6)
    """Hours of funding that must have been seen before an entry."""
    net_least_bps: Decimal = Decimal(4)
    """Expected net over the horizon, of one leg's notional, after all fees and slippage."""
    slippage_bps: Decimal = Decimal(2)
    """Expected slippage of one market order."""
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
    depth_share_most: Decimal = Decimal(1)
    """Largest share of the best level's size an entry may take."""
    inverted_h: Decimal = Decimal(8)
    """Hours of inverted smoothed funding before a pair is closed, if staying costs more than leaving."""
    open_interest_share_most: Decimal = Decimal("0.01")


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


class Policy(PolicyPart, frozen=True, kw_only=True):
    """The whole policy of a run. `order_namespace` keeps client order ids of different runs apart."""

    order_namespace: str = "paper"
    entry: EntryPolicy = EntryPolicy()
    order: OrderPolicy = OrderPolicy()
    verify: VerifyPolicy = VerifyPolicy()
    exit: ExitPolicy = ExitPolicy()
    adl: AdlPolicy = AdlPolicy()
    core: CorePolicy = CorePolicy()
    risk: RiskPolicy = RiskPolicy()
    auto_close: AutoClosePolicy = AutoClosePolicy()
    scanner: ScannerPolicy = ScannerPolicy()
    forecast: ForecastPolicy = ForecastPolicy()
    lifecycle: LifecyclePolicy = LifecyclePolicy()
    link: LinkPolicy = LinkPolicy()
    settlement: SettlementPolicy = SettlementPolicy()
    reconcile: ReconcilePolicy = ReconcilePolicy()
