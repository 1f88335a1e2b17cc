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
    """Limits screened on every order before it leaves (`actors.risk.limits` has the table), orders in flight counted
    as filled."""

    order_notional_most_usd: Decimal = Decimal(50_000)
    order_base_most: dict[str, Decimal] = {}
    """Largest order by asset, in base units: whatever the mark says. Assets not named are bounded in USD alone."""
    pair_long_most_usd: Decimal = Decimal(60_000)
    pair_short_most_usd: Decimal = Decimal(60_000)
    pair_gross_most_usd: Decimal = Decimal(100_000)
    venue_long_most_usd: Decimal = Decimal(150_000)
    venue_short_most_usd: Decimal = Decimal(150_000)
    venue_gross_most_usd: Decimal = Decimal(200_000)
    asset_gross_most_usd: Decimal = Decimal(100_000)
    total_long_most_usd: Decimal = Decimal(240_000)
    total_short_most_usd: Decimal = Decimal(240_000)
    total_gross_most_usd: Decimal = Decimal(400_000)
    total_net_most_usd: Decimal = Decimal(60_000)
    leverage_most: Decimal = Decimal(3)
    price_collar_bps: Decimal = Decimal(300)
    """Largest distance of a limit price from the mark."""
    orders_per_minute_most: int = 120
    """Orders of all kinds, to all venues; what opens is denied beyond it."""
    messages_per_second_most: int = 20
    """Orders and cancels, to all venues; what opens is denied beyond it, as with the next three."""
    messages_per_minute_most: int = 240
    venue_messages_per_second_most: int = 10
    """Orders and cancels, to one venue."""
    venue_messages_per_minute_most: int = 120
    hedges_per_minute_most: int = 60
    """Orders that hedge a leg that stands naked: the one bound on frequency they have."""
    repeated_executions_most: int = 12
    """So many executed openings of one side in one market within the window; then none until a person re-arms it."""
    repeated_executions_window_s: float = 3600.0
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
    venue_silent_s: Decimal = Decimal(0)
    """A venue that is down and told nothing of a leg's market, nor of the account, for so long is left once it is
    heard again."""
    market_closed_s: float = 60.0
    """A market that may only be reduced, or is halted, for so long is left."""
    divergence_most_bps: Decimal = Decimal(0)
    """The two venues' marks further apart than this."""
    divergence_told_within_s: Decimal = Decimal(60)
    """Prices told further apart in time than this are not compared, nor is a profit reckoned by them."""
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
    """Of the leg that is closed at market after the other one was deleveraged, or lost with its venue."""
    funding_multiple: Decimal = Decimal(3)
    """The expected rate turns, so many times as large, for the whole horizon."""


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
    reliability: ReliabilityPolicy = ReliabilityPolicy()
    adl: AdlPolicy = AdlPolicy()
    core: CorePolicy = CorePolicy()
    risk: RiskPolicy = RiskPolicy()
    auto_close: AutoClosePolicy = AutoClosePolicy()
    scanner: ScannerPolicy = ScannerPolicy()
    forecast: ForecastPolicy = ForecastPolicy()
    costs: CostsPolicy = CostsPolicy()
    gates: GatesPolicy = GatesPolicy()
    endurance: EndurancePolicy = EndurancePolicy()
    sizing: SizingPolicy = SizingPolicy()
    collateral: CollateralPolicy = CollateralPolicy()
    lifecycle: LifecyclePolicy = LifecyclePolicy()
    link: LinkPolicy = LinkPolicy()
    settlement: SettlementPolicy = SettlementPolicy()
    reconcile: ReconcilePolicy = ReconcilePolicy()
