"""Runs the whole engine through a scenario: real adapters, simulated venues, faults, levers, a real journal.

A scenario is played twice, must write the same bytes twice, must replay as it was decided, and must keep the
invariants of `tests.scenarios.invariants`; `play` returns what tests look at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import msgspec
import trio

from actors.actor import ActorState
from actors.commands import AnyCommand, RaiseAlarm, SubmitOrder
from actors.domain import Venue
from actors.messages import AnyMessage
from actors.pair_position.state import PairPosition
from actors.policy import EntryPolicy, LifecyclePolicy, Policy, ScannerPolicy, VerifyPolicy
from engine.config import DEFAULT_CONFIG, Config, InstrumentSection, VenueSection, load
from engine.core import Core
from engine.doors import PaperDoors
from engine.journal.reader import read
from engine.journal.record import JOURNAL_NAME, StepRecord
from engine.replay import build_core, redecide, render_replay, replay
from engine.runtime import Engine, Stage
from engine.simulators.exchange import Exchange, OrderFilled, OrderView
from engine.simulators.face import Lever
from engine.simulators.faults import FaultPlan, FaultRule
from engine.simulators.levers import instrument_of
from engine.simulators.transport import Pace
from engine.venues.registry import make_signer
from engine.view import Alarm
from engine.world import secret_for
from tests.scenarios.market import NS_PER_S, START_NS, Scene, ScriptedMarket

HYPERLIQUID, PACIFICA, LIGHTER, DRIFT = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT
ASSET = "ETH"
POLL_S = 0.01
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
        smoothing_h=Decimal(1),
        depth_share_most=Decimal(1000),
        divergence_most_bps=Decimal(100),
    ),
    lifecycle=LifecyclePolicy(duration_s=90.0, drain_timeout_s=60.0, emergency_timeout_s=120.0),
)
"""A pair is entered at the first scan, held for a minute or so, and closed by the end of the run."""

When = Callable[[Core], bool]
Do = Callable[[Stage], None]


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """Do something at a time, or as soon after it as `when` holds."""

    do: Do
    at_s: float = 0.0
    when: When = lambda _: True


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

    @property
    def start_ns(self) -> int:
        """When it begins: where Drift is traded just before an hour, since Drift has no rate until one was settled."""
        return START_NS - HOUR_AFTER_S * NS_PER_S if DRIFT in self.venues else START_NS


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
    return make_signer(venue, secret_for(venue, seed))[1]


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
            adapter=BRISK.get(venue, {}),
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


class Run:
    """A finished run: what was decided, what is believed, what is true."""

    def __init__(self, scenario: Scenario, directory: Path, engine: Engine) -> None:
        self.scenario = scenario
        self.directory = directory
        self.engine = engine

    # what was decided

    @cached_property
    def steps(self) -> tuple[tuple[StepRecord, dict[str, ActorState]], ...]:
        """Each record with all actors' states after it, decided anew."""
        reader = read(self.directory)
        core = build_core(reader.header)
        return tuple((record, dict(core.states)) for record, _ in redecide(reader, core))

    @property
    def records(self) -> tuple[StepRecord, ...]:
        """Every decision."""
        return tuple(record for record, _ in self.steps)

    @cached_property
    def pair_records(self) -> tuple[StepRecord, ...]:
        """Decisions of pairs."""
        return tuple(record for record in self.records if record.to.startswith("pair_position/"))

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
        for record, states in self.steps:
            pair = states.get(record.to)
            if isinstance(pair, PairPosition) and record.place == place != record.source:
                found.append((pair.taker.position, pair.maker.position))
        return found

    @property
    def commands(self) -> tuple[AnyCommand, ...]:
        """Every command that left."""
        return tuple(command for record in self.records for command in record.commands)

    def orders(self, *purposes: str) -> tuple[SubmitOrder, ...]:
        """Orders that left, of these purposes (all, if none is named)."""
        sent = (command for command in self.commands if isinstance(command, SubmitOrder))
        return tuple(order for order in sent if not purposes or order.purpose in purposes)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Alarms raised by actors and by the engine's parts."""
        return tuple(self.engine.tally.alarms)

    def alarm_codes(self) -> tuple[str, ...]:
        """Their codes, in order."""
        return tuple(alarm.code for alarm in self.alarms)

    def raised(self, code: str) -> tuple[RaiseAlarm, ...]:
        """The alarms of one code, as commanded."""
        return tuple(c for c in self.commands if isinstance(c, RaiseAlarm) and c.code == code)

    # what is believed

    @property
    def pairs(self) -> tuple[PairPosition, ...]:
        """The last state of every pair."""
        return tuple(state for state in self.engine.core.states.values() if isinstance(state, PairPosition))

    @property
    def pair(self) -> PairPosition:
        """The last state of the only pair."""
        (pair,) = self.pairs
        return pair

    # what is true

    def account(self, venue: Venue) -> str:
        """Our account at a venue."""
        name = account_of(venue, self.scenario.seed)
        assert self.exchange(venue).has_account(name)
        return name

    def exchange(self, venue: Venue) -> Exchange:
        """The exchange behind a venue."""
        return self.engine.simulated[venue].face.exchange

    def position(self, venue: Venue, asset: str = ASSET) -> Decimal:
        """What the venue holds for us."""
        exchange = self.exchange(venue)
        held = exchange.position(self.account(venue), instrument_of(exchange, asset))
        return Decimal(0) if held is None else held.size

    def venue_orders(self, venue: Venue) -> tuple[OrderView, ...]:
        """Every order the venue ever knew."""
        return self.exchange(venue).orders_since(self.account(venue), 0)

    def fills(self, venue: Venue) -> tuple[OrderFilled, ...]:
        """Every fill of ours at the venue."""
        return self.exchange(venue).fills_since(self.account(venue), 0)


def play(scenario: Scenario, directory: Path) -> Run:
    """Play a scenario twice and check all that must hold of any; returns the first run."""
    from tests.scenarios.invariants import check_invariants

    first = perform(scenario, directory / "first")
    second = perform(scenario, directory / "second")
    same = (first.directory / JOURNAL_NAME).read_bytes() == (second.directory / JOURNAL_NAME).read_bytes()
    assert same, f"seed {scenario.seed}: two runs differ"
    report = replay(first.directory)
    assert report.identical, render_replay(report)
    check_invariants(first)
    return first


def perform(scenario: Scenario, directory: Path) -> Run:
    """Play a scenario once."""
    directory.mkdir(parents=True)
    market = market_of(scenario)
    plan = FaultPlan(rules=scenario.faults)
    cores: list[Core] = []
    companions = tuple(_companion(cue, scenario.start_ns, cores) for cue in scenario.cues)
    config = config_of(scenario)
    engine = Engine(config, PaperDoors(config, market, scenario.start_ns, plan), directory, companions=companions)
    cores.append(engine.core)
    engine.run()
    engine.finish()
    return Run(scenario, directory, engine)


def _companion(cue: Cue, start_ns: int, cores: list[Core]) -> Callable[[Stage], Awaitable[None]]:
    async def wait_and_do(stage: Stage) -> None:
        await stage.clock.sleep_until(start_ns + round(cue.at_s * NS_PER_S))
        while not cue.when(cores[0]):  # noqa: ASYNC110 - a core has nobody to tell that it moved
            await trio.sleep(POLL_S)
        cue.do(stage)

    return wait_and_do
