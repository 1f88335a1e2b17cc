"""Puts the parts together and runs them: the only module that knows all of them.

One nursery at the top (sequencer, timers, owner tasks), one a venue (its simulated world, its adapter, its
requests). A venue whose task fails is reported lost and begun again; the engine goes on.
"""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.commands import RaiseAlarm
from actors.domain import Venue
from actors.messages import DrainAsked, EngineStarted, KillSwitchPulled, LinkLost
from actors.roles import initial_states
from engine import config as configuration, listing, view
from engine.clock import Clock
from engine.config import Config
from engine.core import Core, Decision
from engine.determinism import run_virtual
from engine.errors import UserError
from engine.executor import Executor, VenueDesk
from engine.journal import JournalWriter, new_header
from engine.mailbox import Mailbox
from engine.report import report_data, report_markdown
from engine.router import Router
from engine.sequencer import Sequencer
from engine.simulators.faults import FaultPlan
from engine.simulators.market import Market
from engine.simulators.transport import SimulatedVenue
from engine.supervisor import Supervisor
from engine.timers import Timers
from engine.venues.registry import AccountTerms, Ends, make_adapter, make_signer
from engine.view import EngineView, Tally
from engine.world import build_faults, build_market, build_venue, refuse_unsimulated, secret_for

Progress = Callable[[EngineView], None]
RESTART_PAUSE_S = 5.0


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What a companion may touch while the engine runs: its time, its mailbox, the simulated venues."""

    clock: Clock
    mailbox: Mailbox
    simulated: Mapping[Venue, SimulatedVenue]


Companion = Callable[[Stage], Awaitable[None]]
"""A task beside the engine, begun when every venue is up and cancelled when the run ends."""


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked for, after the command line had its say. `speed` None is as fast as possible."""

    config: Config
    runs: Path
    speed: float | None = None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """Where a finished run lies, and its report."""

    directory: Path
    report: dict[str, Any]
    final: EngineView

    @property
    def ended_well(self) -> bool:
        """Every pair is closed, no exposure is left, and the venues could be reached."""
        closed = all(pair.state.startswith("CLOSED") for pair in self.final.pairs)
        return closed and not self.final.exposure_usd and not self._alarmed("links_missing", "left_open")

    def _alarmed(self, *codes: str) -> bool:
        return any(alarm.code in codes for alarm in self.final.alarms)


def run(request: RunRequest, progress: Progress | None = None) -> RunResult:
    """Run the engine on simulated venues to its end and write its report.

    Raises ConfigError, MarketFileError, JournalError.
    """
    engine = prepare(request, progress)
    engine.run()
    return engine.finish()


def prepare(request: RunRequest, progress: Progress | None = None) -> Engine:
    """An engine ready to run, its directory made and its journal begun; when it fails, nothing is left behind."""
    refuse_unsimulated(request.config)
    market = build_market(request.config)
    faults = build_faults(request.config)
    config, notes = fit_to_market(request.config, market)
    start_ns = first_common_ns(market, config)
    directory = new_directory(request.runs)
    try:
        engine = Engine(config, market, start_ns, faults, directory, request.speed, progress)
    except BaseException:
        shutil.rmtree(directory)
        raise
    engine.notes.extend(notes)
    return engine


def new_directory(runs: Path) -> Path:
    """A directory for a new run, named by the time it was started; the name is in no record."""
    stem = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(1000):
        directory = runs / (stem if not number else f"{stem}-{number}")
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        return directory
    raise FileExistsError(f"{runs}: too many runs started in one second; wait a moment")


def fit_to_market(config: Config, market: Market) -> tuple[Config, list[str]]:
    """Trade what the market has, for as long as it lasts; notes say what was left out."""
    config, notes = listing.with_made_up_instruments(config, market)
    scanner, lifecycle = config.policy.scanner, config.policy.lifecycle
    assets = tuple(asset for asset in scanner.assets if asset in market.assets)
    missing = [asset for asset in scanner.assets if asset not in assets]
    if missing:
        notes.append(f"the market has no {', '.join(missing)}: left out")
    if not assets:
        raise configuration.ConfigError(
            f"policy.scanner.assets: the market has none of {', '.join(scanner.assets)}; it has "
            f"{', '.join(market.assets[:10])}"
        )
    duration_s = lifecycle.duration_s
    if market.end_ns is not None:
        room_s = (market.end_ns - first_common_ns(market, config)) / 1e9 - lifecycle.drain_timeout_s
        if room_s < duration_s:
            duration_s = max(0.0, room_s)
            notes.append(f"the recording lasts {room_s / 3600:.1f} h: the run ends with it")
    notes.extend(_gap_notes(market, assets, tuple(venue.value for venue in scanner.venues)))
    policy = msgspec.structs.replace(
        config.policy,
        scanner=msgspec.structs.replace(scanner, assets=assets),
        lifecycle=msgspec.structs.replace(lifecycle, duration_s=duration_s),
    )
    return msgspec.structs.replace(config, policy=policy), notes


def first_common_ns(market: Market, config: Config) -> int:
    """The first moment at which every market that is traded has a price; raises ConfigError when there is none."""
    scanner = config.policy.scanner
    markets = [(venue.value, asset) for venue in scanner.venues for asset in scanner.assets if asset in market.assets]
    end_ns = market.end_ns or market.start_ns + listing.SEARCH_STEP_NS
    for at_ns in range(market.start_ns, end_ns, listing.SEARCH_STEP_NS):
        if all(market.sample(venue, asset, at_ns) is not None for venue, asset in markets):
            return at_ns
    raise configuration.ConfigError(
        f"market.file: no moment has prices for all of {', '.join(scanner.assets)} on all of "
        f"{', '.join(venue.value for venue in scanner.venues)}; name fewer assets in policy.scanner.assets"
    )


def _gap_notes(market: Market, assets: tuple[str, ...], venues: tuple[str, ...]) -> list[str]:
    """Where the venues' figures come from, and what the recording does not cover."""
    gaps = [gap for gap in market.gaps() if gap.asset in assets and gap.venue in venues]
    told = [origin for origin in market.provenance() if origin.venue in venues]
    notes = [f"{p.venue}: prices {p.prices}; rates {p.rates}; book {p.book}" for p in told]
    if gaps:
        hours = max((gap.to_ns - gap.from_ns) / 3.6e12 for gap in gaps)
        notes.append(
            f"the recording has {len(gaps)} gaps for these assets, the longest {hours:.1f} h: "
            "prices stand still there, nothing is opened on old quotes, no funding is paid"
        )
    return notes


class Engine:
    """One run: built, run inside trio, finished."""

    def __init__(
        self,
        config: Config,
        market: Market,
        started_ns: int,
        faults: FaultPlan,
        directory: Path,
        speed: float | None = None,
        progress: Progress | None = None,
        companions: tuple[Companion, ...] = (),
    ) -> None:
        self.config = config
        self.directory = directory
        self.notes: list[str] = []
        self.simulated: dict[Venue, SimulatedVenue] = {}
        self.core = Core(config.policy, initial_states(config.policy))
        self.tally = Tally()
        self.reason = ""
        self.started_ns = started_ns
        """The market time at which the run begins."""
        self._speed = speed
        self._market = market
        self._faults = faults
        self._progress = progress or (lambda _: None)
        self._companions = companions
        self._journal = JournalWriter(
            directory,
            new_header(
                config.policy,
                tuple(self.core.states.values()),
                seed=config.run.seed,
                mode=config.run.mode,
                config_digest=configuration.digest(config),
            ),
            fsync=config.journal.fsync,
            head_every_s=config.journal.head_every_s,
        )

    def run(self) -> None:
        """Run to the end, under the virtual clock. Raises JournalBroken, out of the group the nurseries make of it."""
        try:
            run_virtual(self.main, self.config.run.seed, self._speed)
        except BaseExceptionGroup as group:
            expected, others = group.split(UserError)
            if expected is None or others is not None:
                raise
            raise first_of(expected) from None

    async def main(self) -> None:
        """The run, inside trio."""
        clock = Clock(self.started_ns)
        mailbox = Mailbox()
        router = Router(self.core.states)
        sequencer = Sequencer(
            self.core, mailbox, router, self._journal, clock.now_ns, self.config.sequencer, self._look_at(mailbox)
        )
        timers = Timers(clock, mailbox)
        desks: dict[Venue, VenueDesk] = {}
        async with trio.open_nursery() as top:
            supervisor = Supervisor(top, self.tally.alarm)
            executor = Executor(desks, timers, supervisor, self.tally.alarm, mailbox.put)
            for actor in self.core.states:
                supervisor.adopt(actor)
                mailbox.put(EngineStarted(mode=self.config.run.mode), to=actor) if _starts(actor) else None
            for venue in self.config.policy.scanner.venues:
                await top.start(self._venue, venue, clock, mailbox, desks)
            top.start_soon(timers.run)
            top.start_soon(_listen_to_signals, mailbox)
            for companion in self._companions:
                top.start_soon(companion, Stage(clock=clock, mailbox=mailbox, simulated=self.simulated))
            self.reason = await sequencer.run(executor, supervisor)
            top.cancel_scope.cancel()

    def _watch(self, decision: Decision) -> None:
        self.tally.watch(decision)
        if self.tally.seq % 2000 == 0:
            self._progress(self.view())

    def _look_at(self, mailbox: Mailbox) -> Callable[[Decision], None]:
        """The sequencer's watcher: counts decisions, and says when order facts pile up."""

        def watch(decision: Decision) -> None:
            self._watch(decision)
            if mailbox.overfull:
                text = "order facts wait in thousands: the engine cannot keep up; open less, or look at the machine"
                self.tally.alarm(RaiseAlarm(severity="critical", code="mailbox_overfull", text=text))

        return watch

    def view(self) -> EngineView:
        """The engine as it is now."""
        return view.build(self.core, self.tally)

    async def _venue(
        self,
        venue: Venue,
        clock: Clock,
        mailbox: Mailbox,
        desks: dict[Venue, VenueDesk],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """One venue in a nursery of its own; begun again when it fails."""
        section = self.config.venues[venue]
        signer, account = make_signer(venue, secret_for(venue, self.config.run.seed))
        simulated = build_venue(venue, account, self.config, self._market, self._faults, clock.now_ns)
        self.simulated[venue] = simulated
        terms = AccountTerms(account=account, assets=self.config.policy.scanner.assets, leverage=section.leverage)
        rng = random.Random(f"{self.config.run.seed}|backoff|{venue.value}")
        ends = Ends(transport=simulated, report=mailbox.put, now_ns=clock.now_ns, rng=rng)
        adapter = make_adapter(venue, signer, terms, ends)
        started = False
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    desks[venue] = VenueDesk(adapter, nursery)
                    await nursery.start(simulated.run)
                    if not started:
                        started = True
                        task_status.started()
                    await adapter.listen()
            except* Exception as failed:  # noqa: BLE001 - a failing venue must not take the engine down
                self._venue_failed(venue, failed, mailbox)
            await trio.sleep(RESTART_PAUSE_S)

    def _venue_failed(self, venue: Venue, failed: ExceptionGroup[Exception], mailbox: Mailbox) -> None:
        first = first_of(failed)
        words = f"{type(first).__name__}: {first}"
        mailbox.put(LinkLost(venue=venue, reason=f"the venue's task failed ({words})"))
        self.tally.alarm(
            RaiseAlarm(severity="critical", code="venue_failed", text=f"{venue.value}: {words}; restarting")
        )

    def _closing_notes(self, final: EngineView) -> Iterator[str]:
        """What a reader of the report should know: which faults struck, and why nothing was opened."""
        for rule in self._faults.rules:
            struck = sum(venue.struck(rule.name) for venue in self.simulated.values())
            yield f"fault rule {rule.name!r} struck {struck} times"
        if not any(pair.orders for pair in final.pairs):
            yield "nothing was opened; `perp2perp scan` with the same market says which gate refused what"

    def finish(self) -> RunResult:
        """Close the journal and write the report."""
        self._journal.close(self.reason)
        final = self.view()
        data = report_data(
            final,
            seed=self.config.run.seed,
            mode=self.config.run.mode,
            started_ns=self.started_ns,
            reason=self.reason,
            notes=(*self.notes, *self._closing_notes(final)),
            deposits_usd={venue.value: section.deposit_usd for venue, section in self.config.venues.items()},
        )
        (self.directory / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")
        (self.directory / "report.md").write_text(report_markdown(data))
        return RunResult(directory=self.directory, report=data, final=final)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in a group, however deep."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def _starts(actor: str) -> bool:
    """Actors whose first timer waits for the start: all but risk, and the scanner, which waits for the links."""
    return actor not in ("risk", "funding_scanner")


async def _listen_to_signals(mailbox: Mailbox) -> None:
    """The first interrupt drains, the second pulls the kill switch."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        count = 0
        async for number in signals:
            count += 1
            name = signal.Signals(number).name
            if count == 1:
                mailbox.put_operator(DrainAsked(reason=f"{name} received"), to="engine_lifecycle")
            else:
                mailbox.put_operator(
                    KillSwitchPulled(by="operator", reason=f"{name} received again"), to="engine_lifecycle"
                )
