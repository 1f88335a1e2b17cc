"""A world: everything that a play depends on, as data that can be written down, drawn, and made smaller.

Counterparts: `draw`, which draws one from a seed; `lives`, which plays it; `shrink`, which leaves parts of it out.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec

from actors.domain import NS_PER_S, ZERO, Venue
from actors.policy import Policy
from engine.config import DEFAULT_CONFIG, Config, VenueSection, load
from engine.errors import UserError
from engine.fuzzing.acts import Act, Meddle, cues_of
from engine.fuzzing.disks import FullDisk
from engine.fuzzing.lives import Death, Play
from engine.fuzzing.market import Look, Shifted, Slide, Turn, TurnedMarket, Wide
from engine.fuzzing.run import Terms, account_of
from engine.simulators.faults import FaultPlan, FaultRule, Skew
from engine.simulators.transport import Pace

HOUR_NS = 1_767_225_600 * NS_PER_S
"""2026-01-01T00:00:00Z; each world begins some seconds before it, so that an hour's funding is settled at once."""
SETTLED_S = 75.0
"""So long after the last misfortune every pair is hedged or flat: some doubts alone take a minute (45 s is the longest
of 300 seeds)."""
REBORN_S = 20.0
"""So much longer for each time that the engine did die where Pacifica is traded: an account may ask it for so much in a
minute, each life spends the most of that on its first look, and does not know what the last one spent (105 s is the
longest of 300 seeds, after three deaths). No other venue needs it, and a death that was drawn and never came gives
none: a pair that comes to rest late for any other reason is found."""
END_S = 1800.0
"""An engine that has not stopped so long after its time is given up."""
BRISK: dict[Venue, dict[str, float]] = {Venue.DRIFT: {"poll_quiet_s": 5.0, "poll_lost_s": 20.0}}
"""Adapter settings for a run of minutes; the shipped profile reads Drift's accounts for one of weeks."""


class World(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One world. Its misfortunes (`parts`) are over `calm_s` after the start; the run ends after `duration_s`.

    `tight`: limits that two pairs come up against. `wary`: an ADL level that small profits reach.
    """

    seed: int
    venues: tuple[Venue, ...]
    prices: dict[str, Decimal]
    looks: tuple[Look, ...]
    lead_s: float
    calm_s: float
    duration_s: float
    deposit_usd: Decimal
    notional_usd: Decimal
    hold_s: float
    wobble_bps: float
    pairs_most: int = 1
    tight: bool = False
    wary: bool = False
    turns: tuple[Turn, ...] = ()
    rules: tuple[FaultRule, ...] = ()
    acts: tuple[Act, ...] = ()
    deaths: tuple[Death, ...] = ()
    disk: FullDisk | None = None

    @property
    def assets(self) -> tuple[str, ...]:
        """What is traded."""
        return tuple(self.prices)

    @property
    def start_ns(self) -> int:
        """When it begins."""
        return HOUR_NS - round(self.lead_s * NS_PER_S)


class WorldUnreadable(UserError):
    """A file that holds no world of this code."""


@cache
def _profile() -> Config:
    return load(DEFAULT_CONFIG)


def config_of(world: World) -> Config:
    """The shipped paper profile, at the pace of minutes instead of weeks."""
    base, replace = _profile(), msgspec.structs.replace
    pace = Pace(quiet_step_s=5.0, busy_step_s=0.5)
    venues = {
        venue: VenueSection(
            deposit_usd=world.deposit_usd,
            pace=pace,
            adapter=BRISK.get(venue, {}),
            instruments={asset: base.venues[venue].instruments[asset] for asset in world.assets},
        )
        for venue in world.venues
    }
    run = replace(base.run, seed=world.seed)
    return replace(base, run=run, venues=venues, policy=_policy(world, base.policy))


def _policy(world: World, base: Policy) -> Policy:
    replace = msgspec.structs.replace
    # What opens is tried from the first minute on, and in markets that leap.
    bold = replace(base.risk, path_samples_least=1, path_collar_bps=Decimal(1000))
    risk = replace(bold, repeated_executions_most=1000)  # a market that is shut for good would end the story
    if world.tight:
        one = world.notional_usd
        risk = replace(bold, total_gross_most_usd=3 * one, asset_gross_most_usd=2 * one + one / 2)
    hold_h = Decimal(f"{world.hold_s / 3600:.6f}")
    scores = tuple(Decimal(score) for score in ("0.01", "0.02", "0.05", "0.3")) if world.wary else base.adl.level_scores
    scanner = replace(
        base.scanner,
        assets=world.assets,
        venues=world.venues,
        pairs_most=world.pairs_most,
        notional_usd=world.notional_usd,
        scan_s=10.0,
        history_h=Decimal(0),
        confidence=Decimal(0),
        persistence_least=Decimal(0),
        slippage_most_bps=Decimal(1000),
        divergence_most_bps=Decimal(100),
        quote_age_most_s=Decimal(60),
    )
    return replace(
        base,
        scanner=scanner,
        order_namespace=f"fuzz {world.seed}",
        entry=replace(base.entry, backoff_s=20.0),
        verify=replace(base.verify, reverify_s=60.0),
        adl=replace(base.adl, level_scores=scores),
        risk=risk,
        auto_close=replace(base.auto_close, watch_s=5.0, hold_most_h=hold_h / 2, hold_longest_h=hold_h),
        reconcile=replace(base.reconcile, every_s=60.0),
        gates=replace(base.gates, link_up_least_s=0.0, adl_level_most=5, buffer_volatilities=Decimal(0)),
        endurance=replace(base.endurance, shocks=(), funding_caps_per_hour=dict.fromkeys(Venue, ZERO)),
        # Where limits are tight the scanner asks for more than they bear: the screen has to say no.
        sizing=replace(base.sizing, caps_share_most=Decimal(10) if world.tight else base.sizing.caps_share_most),
        lifecycle=replace(base.lifecycle, duration_s=world.duration_s, drain_timeout_s=60.0, emergency_timeout_s=120.0),
    )


def market_of(world: World) -> TurnedMarket:
    """Its prices."""
    return TurnedMarket(
        seed=world.seed,
        prices=world.prices,
        looks=world.looks,
        turns=world.turns,
        wobble_bps=world.wobble_bps,
        start_ns=world.start_ns,
    )


def play_of(world: World) -> Play:
    """How it is played."""
    accounts = {venue: account_of(venue, world.seed) for venue in world.venues}
    return Play(
        config=config_of(world),
        market=market_of(world),
        start_ns=world.start_ns,
        faults=FaultPlan(rules=world.rules),
        cues=tuple(cue for act in world.acts for cue in cues_of(act, accounts.__getitem__)),
        deaths=world.deaths,
        disk=world.disk,
        end_s=world.duration_s + END_S,
    )


def terms_of(world: World, reborn_s: float, deaths: int = 0) -> Terms:
    """By when it must be well again; `reborn_s` is when the last engine began, after so many `deaths`."""
    config = config_of(world)
    by_hand = any(isinstance(act, Meddle) for act in world.acts)
    return Terms(
        start_ns=world.start_ns,
        policy=config.policy,
        deposits_usd={venue: section.deposit_usd for venue, section in config.venues.items()},
        calm_s=max(world.calm_s, reborn_s),
        settled_s=SETTLED_S + (REBORN_S * deaths if Venue.PACIFICA in world.venues else 0.0),
        named=True,
        by_hand=by_hand,
        behind_s=max(
            (max(0.0, -rule.fault.offset_s) for rule in world.rules if isinstance(rule.fault, Skew)), default=0.0
        ),
        estimate_share=_estimate_share(world),
        all_told=not world.rules and not by_hand,
        ends_flat=True,
    )


def _estimate_share(world: World) -> Decimal:
    """The price may have gone all the way between a fill and its estimate.

    It bounds what a fill that was never told may differ by, and nothing else: positions must agree to the last lot
    whatever is estimated, each told fill must agree to the cent, and in a world without faults nothing may be
    an estimate (`all_told`). The worst of 300 seeds used 0.8 % of what was estimated.
    """
    slid = sum((abs(turn.factor - 1) for turn in world.turns if isinstance(turn, Slide)), Decimal(0))
    shifted = max((abs(turn.premium_bps) for turn in world.turns if isinstance(turn, Shifted)), default=Decimal(0))
    spread = max((turn.spread_bps for turn in world.turns if isinstance(turn, Wide)), default=Decimal(0))
    return Decimal("0.01") + slid + (shifted + spread) / 10_000


# --- files -------------------------------------------------------------------------------------------------


def written(world: World) -> bytes:
    """A world as JSON a person can read and change."""
    return msgspec.json.format(msgspec.json.encode(world), indent=2) + b"\n"


def read_world(path: Path) -> World:
    """A world that was written down. Raises WorldUnreadable, OSError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=World)
    except msgspec.MsgspecError as error:
        raise WorldUnreadable(f"{path}: holds no world of this code ({error})") from error
