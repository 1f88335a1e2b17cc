"""Runs the whole engine through a scenario: real adapters, simulated venues, faults, levers, a real journal.

A scenario is played twice, must write the same bytes twice, must replay as it was decided, and must keep the
invariants of `engine.fuzzing.oracle`; `play` returns what tests look at.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from actors.domain import Venue
from actors.messages import AnyMessage
from actors.pair_position.state import PairPosition
from actors.policy import (
    CollateralPolicy,
    CostsPolicy,
    EndurancePolicy,
    EntryPolicy,
    GatesPolicy,
    LifecyclePolicy,
    Policy,
    ScannerPolicy,
    SizingPolicy,
    VerifyPolicy,
)
from engine.config import DEFAULT_CONFIG, Config, InstrumentSection, VenueSection, load
from engine.core import Core
from engine.fuzzing import run
from engine.fuzzing.lives import Cue, Death, Do, Lives, Play, When
from engine.fuzzing.oracle import check_run
from engine.journal.record import JOURNAL_NAME
from engine.runtime import Engine
from engine.simulators.face import Lever
from engine.simulators.faults import FaultPlan, FaultRule, Skew
from engine.simulators.transport import Pace
from engine.view import Alarm
from tests.scenarios.market import NS_PER_S, START_NS, Scene, ScriptedMarket

HYPERLIQUID, PACIFICA, LIGHTER, DRIFT = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT
ASSET = "ETH"
HOUR_AFTER_S = 4
BRISK: dict[Venue, dict[str, float]] = {DRIFT: {"poll_quiet_s": 5.0, "poll_lost_s": 20.0}}
"""Adapter settings for a run of minutes; the shipped profile reads Drift's accounts for one of weeks."""

POLICY = Policy(
    order_namespace="scenario",
    entry=EntryPolicy(backoff_s=600.0),
    verify=VerifyPolicy(reverify_s=60.0),
    scanner=ScannerPolicy(
        assets=(ASSET,),
        pairs_most=1,
        notional_usd=Decimal(9000),
        scan_s=10.0,
        history_h=Decimal(0),
        confidence=Decimal(0),
        persistence_least=Decimal(0),
        slippage_most_bps=Decimal(1000),
        divergence_most_bps=Decimal(100),
    ),
    gates=GatesPolicy(
        oracle_divergence_most_bps=Decimal(1000),
        adl_level_most=5,
        buffer_volatilities=Decimal(0),
        volatility_most=Decimal(10),
    ),
    endurance=EndurancePolicy(
        shocks=(), equity_floor_fraction=Decimal(0), maintenance_multiple=Decimal(0), funding_caps_per_hour={}
    ),
    sizing=SizingPolicy(caps_share_most=Decimal(1), margin_share_most=Decimal(1)),
    costs=CostsPolicy(switching_factor=Decimal(0)),
    collateral=CollateralPolicy(alarm_multiple=Decimal(0)),
    lifecycle=LifecyclePolicy(duration_s=90.0, drain_timeout_s=60.0, emergency_timeout_s=120.0),
)
"""A pair is entered at the first scan, held for a minute or so, and closed by the end of the run."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A world, what befalls it, and by when it must be well again.

    `calm_s` is when the last misfortune is over; `settled_s` after that the pair is hedged or flat, or an alarm
    of `left_open` codes stands.
    """

    scenes: tuple[Scene, ...] = (Scene(),)
    faults: tuple[FaultRule, ...] = ()
    cues: tuple[Cue, ...] = ()
    policy: Policy = POLICY
    venues: tuple[Venue, ...] = (HYPERLIQUID, PACIFICA)
    """The first is where longs crowd and books are deep: the taker leg goes there, short."""
    seed: int = 7
    deposit_usd: dict[str, Decimal] = {}
    lot: str = "0.0001"
    calm_s: float = 0.0
    settled_s: float = 60.0
    left_open: tuple[str, ...] = ()
    by_hand: bool = False
    """Somebody trades on the account, or fills are told late: the books' money is an estimate."""
    adapter: dict[str, dict[str, Any]] = {}
    """Settings of an adapter, by venue, that are not to be the usual."""
    before_hour_s: int = 0
    """How long before a whole hour it begins; funding is settled then."""

    @property
    def start_ns(self) -> int:
        """When it begins: where Drift is traded just before an hour, since Drift has no rate until one was settled."""
        before_s = self.before_hour_s or (HOUR_AFTER_S if DRIFT in self.venues else 0)
        return START_NS - before_s * NS_PER_S


# --- what cues do ------------------------------------------------------------------------------------------


def pull(venue: Venue, lever: Lever) -> Do:
    """Pull a lever on a venue's exchange."""
    return lambda stage: stage.simulated[venue].disturb(lever)


def say(message: AnyMessage, to: str) -> Do:
    """Speak as the operator."""
    return lambda stage: stage.mailbox.put_operator(message, to)


def pair_in(*places: str) -> When:
    """As soon as a pair is in one of these places (a name, or a group)."""
    return lambda core: any(place in places or place.partition(".")[0] in places for place in _places(core))


def _places(core: Core) -> list[str]:
    return [state.place for state in core.states.values() if isinstance(state, PairPosition)]


def account_of(venue: Venue, seed: int = 7) -> str:
    """Our account on a simulated venue, as its exchange knows it."""
    return run.account_of(venue, seed)


# --- playing -----------------------------------------------------------------------------------------------


def config_of(scenario: Scenario) -> Config:
    """The shipped profile with the scenario's policy, one asset, and a brisk pace."""
    base = load(DEFAULT_CONFIG)
    pace = Pace(quiet_step_s=5.0, busy_step_s=0.5)
    assets = scenario.policy.scanner.assets
    listed = {venue: {asset: _instrument(venue, scenario.lot) for asset in assets} for venue in scenario.venues}
    venues = {
        venue: VenueSection(
            deposit_usd=scenario.deposit_usd.get(venue.value, Decimal(50_000)),
            pace=pace,
            instruments=instruments,
            adapter={**BRISK.get(venue, {}), **scenario.adapter.get(venue.value, {})},
        )
        for venue, instruments in listed.items()
    }
    run = msgspec.structs.replace(base.run, seed=scenario.seed)
    scanner = msgspec.structs.replace(scenario.policy.scanner, venues=scenario.venues)
    policy = msgspec.structs.replace(scenario.policy, scanner=scanner)
    return msgspec.structs.replace(base, run=run, venues=venues, policy=policy)


def _instrument(venue: Venue, lot: str) -> InstrumentSection:
    if venue is HYPERLIQUID:
        return InstrumentSection(max_leverage=25, size_decimals=4)
    tick = Decimal("0.01") if venue in (Venue.LIGHTER, Venue.DRIFT) else Decimal("0.1")
    return InstrumentSection(max_leverage=50 if venue is PACIFICA else 20, tick=tick, lot=Decimal(lot))


def market_of(scenario: Scenario) -> ScriptedMarket:
    """The scenario's world."""
    return ScriptedMarket(scenario.scenes, scenario.policy.scanner.assets, scenario.venues[0].value, scenario.start_ns)


class Run(run.Run):
    """A finished scenario: what was decided, what is believed, what is true."""

    def __init__(
        self, scenario: Scenario, directory: Path, engine: Engine, alarms: tuple[Alarm, ...] | None = None
    ) -> None:
        super().__init__(terms_of(scenario), directory, engine, alarms)
        self.scenario = scenario

    @property
    def rows(self) -> tuple[str, ...]:
        """The pair's rows, in order; what was ignored is left out."""
        return tuple(record.row for record in self.pair_records if record.row[:1].isupper())

    @property
    def places(self) -> tuple[str, ...]:
        """Where the pair went, in order."""
        return tuple(record.place for record in self.pair_records if record.place != record.source)

    def sizes_at(self, place: str) -> list[tuple[Decimal, Decimal]]:
        """Books of both legs (taker, maker) on each arrival in a place."""
        found = []
        for record, states, _ in self.moments:
            pair = states.get(record.to)
            if isinstance(pair, PairPosition) and record.place == place != record.source:
                found.append((pair.taker.position, pair.maker.position))
        return found

    @property
    def pair(self) -> PairPosition:
        """The last state of the only pair."""
        (pair,) = self.pairs
        return pair

    def position(self, venue: Venue, asset: str = ASSET) -> Decimal:
        """What the venue holds for us."""
        return super().position(venue, asset)


def behind_s(scenario: Scenario) -> float:
    """How far a venue's clock may be behind ours, by the plan of faults."""
    skews = (rule.fault.offset_s for rule in scenario.faults if isinstance(rule.fault, Skew))
    return max((0.0, *(-offset_s for offset_s in skews)))


def terms_of(scenario: Scenario) -> run.Terms:
    """By when a scenario must be well again, and what it expects."""
    config = config_of(scenario)
    return run.Terms(
        start_ns=scenario.start_ns,
        policy=config.policy,
        deposits_usd={venue: section.deposit_usd for venue, section in config.venues.items()},
        calm_s=scenario.calm_s,
        settled_s=scenario.settled_s,
        left_open=scenario.left_open,
        by_hand=scenario.by_hand,
        behind_s=behind_s(scenario),
    )


def staged(scenario: Scenario, *deaths: Death) -> Play:
    """The scenario as it is played, through these deaths."""
    return Play(
        config=config_of(scenario),
        market=market_of(scenario),
        start_ns=scenario.start_ns,
        faults=FaultPlan(rules=scenario.faults),
        cues=scenario.cues,
        deaths=deaths,
    )


def play(scenario: Scenario, directory: Path) -> Run:
    """Play a scenario twice and check all that must hold of any; returns the first run."""
    first = perform(scenario, directory / "first")
    second = perform(scenario, directory / "second")
    same = (first.directory / JOURNAL_NAME).read_bytes() == (second.directory / JOURNAL_NAME).read_bytes()
    assert same, f"seed {scenario.seed}: two runs differ"
    check_run(first)
    return first


def perform(scenario: Scenario, directory: Path) -> Run:
    """Play a scenario once."""
    return Run(scenario, directory, Lives(staged(scenario), directory).perform())
