"""One engine run on one stretch of history, in this process: the market, the engine, its hourly samples, its outcome.

Counterpart: `engine.backtest.many`, which has many of them done in processes of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.domain import HOUR_NS, NS_PER_S, ZERO, Venue
from actors.pair_position.state import PairPosition
from actors.risk.books import RiskState
from engine.backtest.grid import ParameterSet
from engine.config import Config
from engine.doors import PaperDoors
from engine.errors import UserError
from engine.preparation import first_common_ns, fit_to_market
from engine.runtime import Engine, Stage
from engine.simulators.market import Coverage, History, Played, Player, Span, play, read_history
from engine.view import PairView, exposure_usd
from engine.world import build_faults

SAMPLED_AT_NS = HOUR_NS * 11 // 12
"""Within the hour: what was paid at its beginning has been told by then, and what its middle began is over."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be made: which set on which hours, and where its journal goes."""

    name: str
    chosen: ParameterSet
    config: Config
    data: tuple[Path, ...]
    players: tuple[Player, ...]
    assets: tuple[str, ...]
    span: Span
    directory: Path
    keep_journal: bool


class Sample(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Near the end of an hour. USD; `net` is the change of equity since the run began, as the venues told it."""

    at_ns: int
    net: Decimal
    funding: Decimal
    fees: Decimal
    exposure: Decimal
    pairs: int


class PairOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One pair position from entry to close. USD, costs positive; times in ns; each venue with its share."""

    pair: str
    asset: str
    short: str
    long: str
    entered_ns: int
    held_h: float
    funding: Decimal
    fees: Decimal
    price: Decimal
    net: Decimal
    expected_net: Decimal
    traded: Decimal
    naked_s: Decimal
    naked_usd_s: Decimal
    orders: int
    funding_by_venue: dict[str, Decimal]
    fees_by_venue: dict[str, Decimal]
    traded_by_venue: dict[str, Decimal]
    entry_reason: str
    close_reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run; `failed` says why there is nothing but a name."""

    name: str
    changes: dict[str, object]
    from_ns: int
    to_ns: int
    failed: str = ""
    ended_well: bool = False
    net: Decimal = ZERO
    unexplained: Decimal = ZERO
    messages: int = 0
    orders: int = 0
    alarms: dict[str, int] = {}
    samples: list[Sample] = []
    pairs: list[PairOutcome] = []
    coverage: tuple[Coverage, ...] = ()
    notes: list[str] = []


def failure(job: Job, why: str) -> Outcome:
    """The outcome of a run that did not end."""
    return Outcome(
        name=job.name, changes=dict(job.chosen.changes), from_ns=job.span.from_ns, to_ns=job.span.to_ns, failed=why
    )


def market_of(history: History, job: Job) -> Played:
    """The market of a job; raises UserError when nothing is left to trade."""
    try:
        return play(history, job.players, job.assets, job.span, job.config.run.seed)
    except ValueError as error:
        raise UserError(f"{error}; name other --venues, --assets or days") from None


def run_job(job: Job, tell: Callable[[int], None]) -> Outcome:
    """Make the run; `tell` hears how many hours of market are done. Raises UserError and what an engine raises."""
    played = market_of(read_history(job.data, job.span), job)
    watch = Watch(tell)
    engine, notes = engine_of(job, played, watch)
    engine.run()
    outcome = _outcome(job, played, engine, watch.samples, [*notes, *played.notes])
    if not job.keep_journal:
        shutil.rmtree(job.directory)
    return outcome


def engine_of(job: Job, played: Played, watch: Watch) -> tuple[Engine, list[str]]:
    """The engine of a job, its directory made; notes name what was left out."""
    scanner, lifecycle = job.config.policy.scanner, job.config.policy.lifecycle
    replace = msgspec.structs.replace
    policy = replace(
        job.config.policy,
        scanner=replace(
            scanner,
            venues=tuple(Venue(player.venue) for player in job.players),
            assets=tuple(each.asset for each in played.coverage),
        ),
        lifecycle=replace(lifecycle, duration_s=(job.span.to_ns - job.span.from_ns) / NS_PER_S),
    )
    config, notes = fit_to_market(replace(job.config, policy=policy), played.market)
    first_ns = first_common_ns(played.market, config)
    begin_ns = mid_hour_ns(first_ns, played.market.start_ns)
    config = _shorter(config, (begin_ns - first_ns) / NS_PER_S)
    job.directory.mkdir(parents=True)
    doors = PaperDoors(config, played.market, begin_ns, build_faults(config))
    watch.engine = Engine(config, doors, job.directory, companions=(watch.look,))
    return watch.engine, [note for note in notes if "ends with it" not in note]


def mid_hour_ns(first_ns: int, start_ns: int) -> int:
    """The first moment from `first_ns` on that lies a number of whole hours after the market's start.

    A market starts in the middle of an hour (`engine.simulators.market.played`), and so must an engine whose first
    hours are not recorded: one that scanned at whole hours would see every price an hour old, and open nothing.
    """
    return first_ns + (start_ns - first_ns) % HOUR_NS


def _shorter(config: Config, seconds: float) -> Config:
    """A run that begins so much later ends with the recording all the same."""
    lifecycle = config.policy.lifecycle
    duration_s = max(0.0, lifecycle.duration_s - seconds)
    lifecycle = msgspec.structs.replace(lifecycle, duration_s=duration_s)
    return msgspec.structs.replace(config, policy=msgspec.structs.replace(config.policy, lifecycle=lifecycle))


class Watch:
    """Looks at an engine near the end of every hour, beside it."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.engine: Engine | None = None
        self.samples: list[Sample] = []
        self._tell = tell
        self._settled: dict[str, tuple[Decimal, Decimal]] = {}

    async def look(self, stage: Stage) -> None:
        """The engine's companion: until the run ends."""
        assert self.engine is not None, "the watch has an engine before that runs"
        now_ns = stage.clock.now_ns()
        at_ns = now_ns - now_ns % HOUR_NS + SAMPLED_AT_NS
        while True:
            await stage.clock.sleep_until(at_ns)
            self.samples.append(sample_of(self.engine, at_ns, self._settled))
            self._tell(len(self.samples))
            at_ns += HOUR_NS


def sample_of(engine: Engine, at_ns: int, settled: dict[str, tuple[Decimal, Decimal]]) -> Sample:
    """The engine as it is. `settled` keeps funding and fees of pairs that were closed at the sample before."""
    core, start = engine.core, engine.tally.equity_start_usd
    funding, fees, open_pairs = ZERO, ZERO, 0
    for state in core.states.values():
        if not isinstance(state, PairPosition):
            continue
        kept = settled.get(state.actor)
        if kept is None:
            kept = (state.funding_usd, state.fees_usd)
            closed = state.place.startswith("CLOSED") and at_ns - state.arrived_ns > HOUR_NS
            settled |= {state.actor: kept} if closed else {}
            open_pairs += not state.place.startswith(("CLOSED", "IDLE"))
        funding, fees = funding + kept[0], fees + kept[1]
    accounts = core.board.accounts
    net = sum((account.equity_usd - start.get(venue, account.equity_usd) for venue, account in accounts.items()), ZERO)
    risk = core.states["risk"]
    assert isinstance(risk, RiskState)
    exposed = exposure_usd(core, risk)
    return Sample(at_ns=at_ns, net=net, funding=funding, fees=fees, exposure=exposed, pairs=open_pairs)


def _outcome(job: Job, played: Played, engine: Engine, samples: list[Sample], notes: list[str]) -> Outcome:
    result = engine.finish()
    final, report = result.final, result.report
    alarms: dict[str, int] = {}
    for alarm in final.alarms:
        alarms[alarm.code] = alarms.get(alarm.code, 0) + alarm.times
    return Outcome(
        name=job.name,
        changes=dict(job.chosen.changes),
        from_ns=job.span.from_ns,
        to_ns=job.span.to_ns,
        ended_well=result.ended_well,
        net=Decimal(str(report["equity_change_usd"])),
        unexplained=Decimal(str(report["unexplained_usd"])),
        messages=final.messages,
        orders=sum(final.orders.values()),
        alarms=alarms,
        samples=samples,
        pairs=[_pair(pair, _ended_ns(engine, pair)) for pair in final.pairs if pair.entered_ns],
        coverage=played.coverage,
        notes=notes,
    )


def _ended_ns(engine: Engine, pair: PairView) -> int:
    """When a pair was closed; the end of the run for one that was not."""
    state = engine.core.states[pair.pair]
    return state.arrived_ns if state.place.startswith("CLOSED") else engine.tally.at_ns


def _pair(pair: PairView, ended_ns: int) -> PairOutcome:
    short, long = sorted(pair.legs, key=lambda leg: leg.entered.sign)
    return PairOutcome(
        pair=pair.pair.partition("/")[2],
        asset=pair.asset,
        short=short.venue,
        long=long.venue,
        entered_ns=pair.entered_ns,
        held_h=round((ended_ns - pair.entered_ns) / HOUR_NS, 2),
        funding=pair.funding_usd,
        fees=pair.fees_usd,
        price=pair.price_pnl_usd + pair.slippage_usd,
        net=pair.net_usd,
        expected_net=pair.expected_net_usd,
        traded=sum((leg.traded_usd for leg in pair.legs), ZERO),
        naked_s=pair.naked_seconds,
        naked_usd_s=pair.naked_notional_seconds,
        orders=pair.orders,
        funding_by_venue={leg.venue: leg.funding_received_usd - leg.funding_paid_usd for leg in pair.legs},
        fees_by_venue={leg.venue: leg.fees_usd for leg in pair.legs},
        traded_by_venue={leg.venue: leg.traded_usd for leg in pair.legs},
        entry_reason=pair.entry_reason,
        close_reason=pair.close_reason,
    )
