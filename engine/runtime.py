"""Puts the parts together and runs them: the only module that knows all of them.

One nursery at the top (sequencer, timers, owner tasks), one a venue (its simulated world, its adapter, its
requests). A venue whose task fails is reported lost and begun again; the engine goes on.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.commands import RaiseAlarm
from actors.domain import Venue
from actors.messages import DrainAsked, EngineStarted, KillSwitchPulled, LinkLost
from actors.pnl_settlement import PnlSettlement, left_unsettled
from actors.roles import initial_states, role_name
from engine import config as configuration, remedies, view
from engine.alarms import Told
from engine.clock import Clock
from engine.config import Config
from engine.control.listener import Listener
from engine.core import Core, Decision
from engine.determinism import run_real, run_virtual
from engine.doors import Door, Doors, VenueAway
from engine.errors import UserError
from engine.executor import Executor, VenueDesk
from engine.journal import DISK, Disk, JournalWriter, LastingJournal, new_header
from engine.mailbox import Mailbox
from engine.recovery import Recovery
from engine.report import report_data
from engine.report_words import report_markdown
from engine.restarts import Pause, Restarts
from engine.router import Router
from engine.sequencer import Sequencer
from engine.simulators.transport import SimulatedVenue
from engine.supervisor import Supervisor
from engine.timers import Timers
from engine.venues.adapter import Adapter
from engine.venues.budget_news import keep_told
from engine.venues.registry import AccountTerms, Ends, load, make_adapter
from engine.view import EngineView, Tally

Progress = Callable[[EngineView], None]
SHOW_EVERY_S = 1.0
"""Real time between two looks at a run in real time."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What a companion may touch while the engine runs: its time, its mailbox, the simulated venues."""

    clock: Clock
    mailbox: Mailbox
    simulated: Mapping[Venue, SimulatedVenue]


Companion = Callable[[Stage], Awaitable[None]]
"""A task beside the engine, begun when every venue is up and cancelled when the run ends."""


class Once:
    """Calls what it was given the first time only."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def __call__(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """Where a finished run lies, and its report. `journal_broken` says why its record is not whole, if it is not."""

    directory: Path
    report: dict[str, Any]
    final: EngineView
    journal_broken: str = ""

    @property
    def ended_well(self) -> bool:
        """Every pair is closed, no exposure is left, and the venues could be reached."""
        closed = all(pair.state.startswith("CLOSED") for pair in self.final.pairs)
        return (
            closed
            and not self.journal_broken
            and not self.final.exposure_usd
            and not self._alarmed("links_missing", "left_open")
        )

    def _alarmed(self, *codes: str) -> bool:
        return any(alarm.code in codes for alarm in self.final.alarms)


class Engine:
    """One run: built, run inside trio, finished."""

    def __init__(
        self,
        config: Config,
        doors: Doors,
        directory: Path,
        speed: float | None = None,
        progress: Progress | None = None,
        companions: tuple[Companion, ...] = (),
        told: Told | None = None,
        recovery: Recovery | None = None,
        disk: Disk = DISK,
        spare_disk: Disk = DISK,
    ) -> None:
        """`speed` is that of the venues' time: None (as fast as possible) needs venues that are simulated here.

        `told` hears of each alarm as it comes, and again when its cause is over. With `recovery` the run that lies in
        `directory` is gone on with.
        """
        self.config = config
        self.directory = directory
        self.notes: list[str] = []
        self.profile: Path | None = None
        """The file of the configuration, for commands that a person is told."""
        self.core = recovery.core if recovery else Core(config.policy, initial_states(config.policy))
        self.tally = recovery.tally if recovery else Tally(core=self.core)
        self.tally.keep(config.engine.alarms_kept)
        if told is not None:
            self.tally.tell(told)
        self._recovery = recovery
        self.reason = ""
        self.started_ns = 0
        """The venues' time at which the run began."""
        self._doors = doors
        self._speed = speed
        self._progress = progress or (lambda _: None)
        self._companions = companions
        self._hand: Listener | None = None
        spare, state = config.spare, config.state  # asked before anything is begun: a user may have no place for them
        writer = self._resume(disk) if recovery else self._begin(disk)
        self._journal = LastingJournal(writer, spare, state, self._tell_of_journal, spare_disk)

    def _begin(self, disk: Disk) -> JournalWriter:
        config = self.config
        header = new_header(
            config.policy,
            tuple(self.core.states.values()),
            seed=config.run.seed,
            mode=config.run.mode,
            config_digest=configuration.digest(config),
        )
        every_s = config.journal.head_every_s
        return JournalWriter(self.directory, header, fsync=config.journal.fsync, head_every_s=every_s, disk=disk)

    def _resume(self, disk: Disk) -> JournalWriter:
        journal = self.config.journal
        return JournalWriter.resume(self.directory, fsync=journal.fsync, head_every_s=journal.head_every_s, disk=disk)

    def _tell_of_journal(self, words: str) -> None:
        """A journal that fails is told where no disk is needed."""
        self.tally.alarm(RaiseAlarm(severity="critical", code="journal_broken", text=words), about="journal")

    def _remedy(self, actor: str) -> str:
        return remedies.for_quarantined(self.core.states.get(actor), self.profile)

    @property
    def simulated(self) -> Mapping[Venue, SimulatedVenue]:
        """The venues that are simulated in this process."""
        return self._doors.simulated

    def run(self) -> None:
        """Run to the end. Raises JournalBroken and other expected errors, out of the group the nurseries make of it."""
        try:
            if self.config.run.mode == "paper":
                run_virtual(self.main, self.config.run.seed, self._speed)
            else:
                run_real(self.main, self._speed or 1.0)
        except BaseExceptionGroup as group:
            expected, others = group.split(UserError)
            if expected is None or others is not None:
                raise
            raise first_of(expected) from None

    async def main(self) -> None:
        """The run, inside trio. What was committed stays when it fails; the journal is given back."""
        try:
            for venue in self.config.policy.scanner.venues:
                load(venue)
            clock = Clock(await self._doors.begin_ns())
            with self._doors.held(self.directory):
                await self._main(clock)
        except BaseException:
            self._journal.abandon()
            raise

    async def _main(self, clock: Clock) -> None:
        recovery = self._recovery
        self.started_ns = recovery.first_ns if recovery else clock.now_ns()
        mailbox = Mailbox()
        sequencer = Sequencer(
            self.core,
            mailbox,
            recovery.router if recovery else Router(self.core.states, lambda: self.core.board, self.core.policy.core),
            self._journal,
            clock.now_ns,
            self.config.sequencer,
            self._look_at(mailbox),
            last=(recovery.last_seq, recovery.last_ns) if recovery else (0, 0),
        )
        timers = Timers(clock, mailbox)
        desks: dict[Venue, VenueDesk] = {}
        async with trio.open_nursery() as top:
            await top.start(_listen_to_signals, mailbox)
            if self.config.run.mode != "paper" or self._speed is not None:
                limits, speed = self.config.engine, self._speed or 1.0
                self._hand = Listener(self.directory, self.core, mailbox, self.tally.alarm, limits=limits, speed=speed)
                await top.start(self._hand.listen)
            supervisor = Supervisor(top, self.tally.alarm, self._remedy, self.core.policy.core)
            executor = Executor(desks, timers, supervisor, self.tally.alarm, mailbox.put)
            for actor in self.core.states:
                supervisor.adopt(actor)
                if recovery is None and _starts(actor):
                    mailbox.put(EngineStarted(mode=self.config.run.mode), to=actor)
            for venue in self.config.policy.scanner.venues:
                await top.start(self._venue, venue, clock, mailbox, desks)
            if recovery is not None:
                for actor, timer in recovery.timers():
                    timers.set(actor, timer)
                sequencer.go_on(recovery.news(), executor, supervisor)
            top.start_soon(timers.run)
            if self._speed is not None:
                top.start_soon(self._keep_showing, self._speed)
            for companion in self._companions:
                top.start_soon(companion, Stage(clock=clock, mailbox=mailbox, simulated=self.simulated))
            self.reason = await sequencer.run(executor, supervisor)
            if self._hand is not None:
                await self._hand.finish()
            top.cancel_scope.cancel()

    def _watch(self, decision: Decision) -> None:
        self.tally.watch(decision)
        if self._hand is not None:
            self._hand.note(decision)
        if self.tally.seq % 2000 == 0:
            self._progress(self.view())

    async def _keep_showing(self, speed: float) -> None:
        """In real time little may be decided for minutes: somebody who watches sees the clock go on all the same."""
        while True:
            await trio.sleep(SHOW_EVERY_S * speed)
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
        longer_s = self._recovery.longer_s if self._recovery else 0.0
        seen = view.build(self.core, self.tally)
        return msgspec.structs.replace(seen, duration_s=seen.duration_s + longer_s)

    async def _venue(
        self,
        venue: Venue,
        clock: Clock,
        mailbox: Mailbox,
        desks: dict[Venue, VenueDesk],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """One venue, begun again when it fails; nobody waits for one that is away.

        What is wrong with its keys ends a run that begins; when a venue is back, it is one more failure of that venue.
        """
        restarts, up = Restarts(self.config.venue_restarts), Once(task_status.started)
        away, pause = False, Pause(seconds=self.config.venue_restarts.pause_first_s)
        while True:
            try:
                async with self._doors.open(venue, clock, self.tally.alarm) as door:
                    adapter = self._adapter(venue, door, clock, mailbox)
                    if self._recovery is not None:
                        adapter.recall(
                            self._recovery.orders(venue, self.config.engine.recalled_most), self._recovery.last_ns
                        )
                    await self._keep(venue, adapter, door, mailbox, desks, restarts, up)
            except* UserError as failed:
                why = first_of(failed)
                if not away and not isinstance(why, VenueAway):
                    raise
                away = True
                pause = restarts.away() if isinstance(why, VenueAway) else restarts.failed(trio.current_time())
                self._venue_away(venue, str(why), mailbox, pause)
            up()
            await trio.sleep(pause.seconds)

    async def _keep(
        self,
        venue: Venue,
        adapter: Adapter,
        door: Door,
        mailbox: Mailbox,
        desks: dict[Venue, VenueDesk],
        restarts: Restarts,
        up: Once,
    ) -> None:
        """The venue's tasks in a nursery of their own, one nursery after the other, behind a door that stays open."""
        while True:
            pause = Pause(seconds=self.config.venue_restarts.pause_first_s)
            try:
                async with trio.open_nursery() as nursery:
                    desks[venue] = VenueDesk(adapter, nursery)
                    if door.world is not None:
                        await nursery.start(door.world)
                    up()
                    look_s = self.config.engine.budget_look_s
                    nursery.start_soon(keep_told, venue, adapter.left_fraction, mailbox.put, look_s)
                    await adapter.listen()
            except* Exception as failed:  # noqa: BLE001 - a failing venue must not take the engine down
                pause = restarts.failed(trio.current_time())
                first = first_of(failed)
                self._venue_failed(venue, f"{type(first).__name__}: {first}", mailbox, pause)
            up()
            await trio.sleep(pause.seconds)

    def _adapter(self, venue: Venue, door: Door, clock: Clock, mailbox: Mailbox) -> Adapter:
        section = self.config.venues[venue]
        assets = self.config.policy.scanner.assets
        terms = AccountTerms(
            account=door.account,
            assets=assets,
            leverage=section.leverage,
            network=door.network,
            identified=door.identified,
        )
        rng = random.Random(f"{self.config.run.seed}|backoff|{venue.value}")
        ends = Ends(transport=door.transport, report=mailbox.put, now_ns=clock.now_ns, rng=rng)
        return make_adapter(venue, door.signing, terms, ends, section.adapter)

    def _venue_failed(self, venue: Venue, words: str, mailbox: Mailbox, pause: Pause) -> None:
        mailbox.put(LinkLost(venue=venue, reason=f"the venue's task failed ({words})"))
        text = self._down_words(venue, words) if pause.spent else f"{venue.value}: {words}; restarting"
        self._tell_of_venue(venue, "venue_down" if pause.spent else "venue_failed", text)

    def _venue_away(self, venue: Venue, words: str, mailbox: Mailbox, pause: Pause) -> None:
        """It has not answered since the run was gone on with: an outage from the beginning."""
        mailbox.put(LinkLost(venue=venue, reason=f"not back yet ({words})"))
        text = f"{venue.value} has not answered since the run was gone on with ({words}); it is tried again by itself"
        self._tell_of_venue(
            venue,
            "venue_down" if pause.spent else "venue_away",
            self._down_words(venue, words) if pause.spent else text,
        )

    def _tell_of_venue(self, venue: Venue, code: str, text: str) -> None:
        self.tally.alarm(RaiseAlarm(severity="critical", code=code, text=text), about=f"venue_link/{venue.value}")

    def _down_words(self, venue: Venue, why: str) -> str:
        limits = self.config.venue_restarts
        words = (
            f"{venue.value}: failed more than {limits.failures_most} times within {limits.failures_within_s:g} s, the "
            f"last time with {why}; it is tried again every {limits.pause_spent_s:g} s, nothing is sent there meanwhile"
        )
        if self.config.run.mode == "paper":
            return words
        by_hand = remedies.flatten_run(self.profile, self.directory)
        return f"{words}; to close at the venues what the run holds: {by_hand}"

    def _closing_notes(self, final: EngineView) -> Iterator[str]:
        """What a reader of the report should know: which faults struck, what is unsettled, why nothing was opened."""
        yield from self._doors.closing_notes()
        for state in self.core.states.values():
            if isinstance(state, PnlSettlement):
                yield from left_unsettled(state)
        if not any(pair.orders for pair in final.pairs):
            yield "nothing was opened; `perp2perp scan` with the same market says which gate refused what"

    def finish(self) -> RunResult:
        """Close the journal and write the report. A run that left something open can be gone on with: it has no end."""
        final = self.view()
        if self.config.run.mode != "paper" and any(not pair.state.startswith("CLOSED") for pair in final.pairs):
            self._journal.abandon()
        else:
            self._journal.close(self.reason)
        data = report_data(
            final,
            seed=self.config.run.seed,
            mode=self.config.run.mode,
            started_ns=self.started_ns,
            reason=self.reason,
            notes=(*self.notes, *self._closing_notes(final)),
            deposits_usd={venue.value: section.deposit_usd for venue, section in self.config.venues.items()},
            tally=self.tally,
        )
        broken = self._journal.broken
        try:
            _write_report(self.directory, data)
        except OSError as error:
            if not broken:
                raise
            self._tell_of_journal(f"{self.directory}: no report could be written ({error})")
        return RunResult(directory=self.directory, report=data, final=final, journal_broken=broken)


def _write_report(directory: Path, data: dict[str, Any]) -> None:
    (directory / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")
    (directory / "report.md").write_text(report_markdown(data))


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in a group, however deep."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def _starts(actor: str) -> bool:
    """Actors whose first timer waits for the start; risk and settlements wait for a venue, the scanner for all."""
    return role_name(actor) in ("engine_lifecycle", "venue_link")


async def _listen_to_signals(
    mailbox: Mailbox, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """The first interrupt drains, the second pulls the kill switch; heard before any venue is."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
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
