"""Goes on with a run that was cut off: its journal is verified, folded, and everything it left open is named.

What a recovery hands to `engine.runtime`: the states as they were, messages between actors that were told and not yet
delivered, timers that run, and orders that may have been sent. Nothing is believed beyond that: the engine tells every
actor that it was away (`EngineResumed`), and they ask the venues. Counterpart: `engine.journal`, which it continues.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from actors.commands import SetTimer, StopEngine, SubmitOrder
from actors.domain import NS_PER_S, Venue
from actors.messages import EngineResumed, LinkLost, MarketReconciled
from actors.pair_position.state import PairPosition
from actors.pnl_settlement import PnlSettlement
from actors.policy import Policy
from actors.reconciler import Reconciler
from engine import last_known
from engine.comparison import Tally as Comparison
from engine.config import Config, digest
from engine.config.kept import differences
from engine.core import BOARD, Core, Decision
from engine.errors import UserError
from engine.journal import cut_torn_tail, mend
from engine.journal.errors import JournalError, JournalLocked
from engine.journal.marker import set_down
from engine.journal.reader import JournalReader
from engine.journal.record import JOURNAL_NAME, Header
from engine.journal.revision import code_revision
from engine.limits import EngineLimits
from engine.replay import build_core, redecide
from engine.router import Router
from engine.sequencer import Waiting, consequences, enqueue
from engine.venues.adapter import Recalled
from engine.view import Tally

RUN_TIME = "run_time"
"""The lifecycle's timer that ends the run."""


class RecoveryRefused(UserError):
    """The run cannot be gone on with; the text says why, what it held, and what to do instead."""


class Recovery:
    """A run that was cut off, folded up to its last record; what `engine.runtime` goes on with."""

    def __init__(
        self, directory: Path, spare_directory: Path, state_directory: Path, profile: Path | None = None
    ) -> None:
        """Put back what lies in a spare journal, cut a torn tail, verify and fold the journal.

        `state_directory` is where broken journals are marked; `profile` is for the commands that a refusal names.
        Raises RecoveryRefused, which says of a journal that is not good what its books held last, and JournalLocked.
        """
        with _saying_what_it_held(directory, profile):
            self._open(directory, spare_directory, state_directory)

    def _open(self, directory: Path, spare_directory: Path, state_directory: Path) -> None:
        self.directory = directory
        self.spare = mend(directory, spare_directory, state_directory)
        self.torn_bytes = cut_torn_tail(directory)
        reader = JournalReader(directory, head_needed=True)
        self.header: Header = reader.header
        self.core: Core = build_core(reader.header)
        self.router = Router(self.core.states, lambda: self.core.board, reader.header.policy.core)
        self.tally = Tally(core=self.core)
        self.first_ns = self.last_ns = 0
        self.last_seq = 0
        self.stop_reason = ""
        self.longer_s = 0.0
        """So much later than it was begun for the run ends."""
        self._waiting: deque[Waiting] = deque()
        self._timers: dict[tuple[str, str, int], SetTimer] = {}
        self._orders: dict[str, tuple[SubmitOrder, int]] = {}
        self._fold(reader)
        if reader.end is not None:
            raise RecoveryRefused(f"{directory} has ended ({reader.end.reason}): there is nothing to go on with")

    @property
    def policy(self) -> Policy:
        """The policy the run is decided by, from its header."""
        return self.header.policy

    def _fold(self, reader: JournalReader) -> None:
        comparison = Comparison()
        for record, decision in redecide(reader, self.core):
            if not comparison.compare(record, decision):
                raise RecoveryRefused(
                    f"{self.directory}: this code ({code_revision()}) decides record {record.seq} ({record.to}) "
                    f"otherwise than {self.header.code} did; go on with that code, or flatten with `perp2perp flatten`"
                )
            self._take(decision)

    def _take(self, decision: Decision) -> None:
        envelope = decision.envelope
        self.last_seq, self.last_ns = envelope.seq, envelope.at_ns
        self.first_ns = self.first_ns or envelope.at_ns
        heard = Waiting(envelope.to, envelope.cause, envelope.message)
        if envelope.cause and heard in self._waiting:
            self._waiting.remove(heard)
        self.router.heard(envelope.message)
        enqueue(self._waiting, consequences(decision, self.core, self.router))
        for command in decision.commands:
            if isinstance(command, SetTimer):
                self._timers[(envelope.to, command.timer, command.generation)] = command
            elif isinstance(command, SubmitOrder):
                self._orders[command.order_id] = (command, envelope.at_ns)
            elif isinstance(command, StopEngine):
                self.stop_reason = command.reason
        self.tally.watch(decision)

    # what is left

    def timers(self) -> tuple[tuple[str, SetTimer], ...]:
        """Timers that were running, by actor; those that came due meanwhile fire at once. The run's own is `longer_s`
        later."""
        return tuple(
            (state.actor, self._due(self._timers[(state.actor, armed.timer, armed.generation)]))
            for state in self.core.states.values()
            for armed in state.timers
        )

    def _due(self, timer: SetTimer) -> SetTimer:
        if timer.timer != RUN_TIME:
            return timer
        return msgspec.structs.replace(timer, due_ns=timer.due_ns + round(self.longer_s * NS_PER_S))

    def last(self, duration_s: float | None) -> str:
        """Let the run last so long in all, if that is longer than it was begun for; a note for people, if it counts.

        When a run ends is decided by no one but its timer, whose firing is a message: replay does not ask how long it
        took. Whoever goes on once more says it once more. Raises RecoveryRefused for a shorter time: somebody who
        mistakes the run would close it.
        """
        run_s = self.policy.lifecycle.duration_s
        if duration_s is None or duration_s == run_s:
            return ""
        if duration_s < run_s:
            raise RecoveryRefused(
                f"--duration: {self.directory} was begun for {run_s:.10g} s (policy.lifecycle.duration_s), and "
                f"{duration_s:.10g} s is shorter; leave --duration out, and interrupt the run once to end it sooner"
            )
        if not any(armed.timer == RUN_TIME for state in self.core.states.values() for armed in state.timers):
            return f"--duration {duration_s:.10g} s comes too late: the run is ending already"
        self.longer_s = duration_s - run_s
        return f"the run lasts {duration_s:.10g} s in all instead of {run_s:.10g} s"

    def orders(self, venue: Venue, most: int = EngineLimits().recalled_most) -> tuple[Recalled, ...]:
        """Orders on a venue, oldest first: all that may be open, and others among the latest `most`."""
        known = {order.id: (order, pair.leg(order.leg)) for pair in self._pairs() for order in pair.orders}
        recalled = []
        for order, decided_ns in self._orders.values():
            if order.venue is venue:
                ours = known.get(order.order_id)
                over, filled = (True, order.size) if ours is None else (ours[0].over, ours[0].filled)
                payments = () if ours is None else ours[1].payments
                recalled.append(
                    Recalled(order=order, decided_ns=decided_ns, over=over, filled=filled, payments=payments)
                )
        latest = max(0, len(recalled) - most)
        return tuple(each for number, each in enumerate(recalled) if number >= latest or not each.over)

    def news(self) -> tuple[tuple[Waiting, ...], ...]:
        """What actors hear before anything else: groups, in order, each of which runs to completion as one queue.

        First that no link is up, so that nothing is opened on what was known; then what they told each other in the
        last batch and nobody has heard, since its record was cut off; then that the engine was away. What was not heard
        is one group: the queue as it stood, so that everybody hears it in the order of a run that was not cut off.
        Missing from that queue are only those whom the letter itself still had to reach; the venues tell it again.
        """
        resumed = EngineResumed(silent_since_ns=self.last_ns)
        lost = [
            Waiting(to, 0, LinkLost(venue=venue, reason="the engine was not running", planned=True))
            for venue in self.policy.scanner.venues
            for to in (BOARD, f"venue_link/{venue.value}")
            if self.core.board.link_up(venue)
        ]
        others = (n for n, state in self.core.states.items() if isinstance(state, PnlSettlement | Reconciler))
        # a market that was found empty before is asked again: that word is old
        unheard = [each for each in self._waiting if not isinstance(each.message, MarketReconciled)]
        away = ("funding_scanner", *self.router.open_pairs(), *others, "engine_lifecycle")
        return (*((each,) for each in lost), tuple(unheard), *((Waiting(to, 0, resumed),) for to in away))

    def _pairs(self) -> tuple[PairPosition, ...]:
        return tuple(state for state in self.core.states.values() if isinstance(state, PairPosition))

    def words(self) -> tuple[str, ...]:
        """What is gone on with, for people: where it was cut off, and what its books held then."""
        cut = datetime.fromtimestamp(self.last_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
        torn = f", {self.torn_bytes} bytes of a torn last record cut off" if self.torn_bytes else ""
        torn += f", went on in {self.spare}" if self.spare else ""
        first = f"going on with {self.directory}: cut off after record {self.last_seq}, {cut} UTC{torn}"
        return (first, *(f"  {line}" for line in self.left_open()))

    def left_open(self) -> tuple[str, ...]:
        """What the books held: one line a pair that was not closed."""
        return tuple(
            f"{pair.actor} in {pair.place}: "
            + ", ".join(f"{leg.position} {pair.asset} on {leg.venue.value}" for leg in pair.legs)
            for pair in self._pairs()
            if not pair.place.startswith("CLOSED")
        )


@contextmanager
def _saying_what_it_held(directory: Path, profile: Path | None, also: str = "") -> Iterator[None]:
    """A journal that is refused says too what was known last. A lock is no fault of the journal's."""
    try:
        yield
    except JournalLocked:
        raise
    except JournalError as error:
        raise RecoveryRefused(f"{error}{also}\n{last_known.words(directory, profile)}") from error


def run_to_resume(asked: Path | None, runs: Path, config: Config, profile: Path | None = None) -> Path | None:
    """The run to go on with: the one asked for, else the latest under `runs` that was cut off; None without one.

    Raises RecoveryRefused when that one was begun with another configuration, or its journal cannot be read: what it
    holds must not be forgotten.
    """
    if asked is not None:
        return asked
    for directory in sorted((path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else (), reverse=True):
        with _saying_what_it_held(directory, profile, also="; to begin anew beside it, give --new"):
            header = _header_of_unfinished(directory, config.run.mode)
        if header is not None:
            _require_same(directory, header, config)
            return directory
    return None


def _header_of_unfinished(directory: Path, mode: str) -> Header | None:
    """The header of a run of that mode without an end record. Raises JournalError's kinds."""
    if not (directory / JOURNAL_NAME).is_file():
        return None
    reader = JournalReader(directory, head_needed=True)
    if reader.header.mode != mode or set_down(directory):
        return None
    reader.exhaust()
    return None if reader.end is not None else reader.header


def _require_same(directory: Path, header: Header, config: Config) -> None:
    """Order ids and the time it was begun for are a run's own; everything else must be as it was."""
    replace, then = msgspec.structs.replace, header.policy
    lifecycle = replace(config.policy.lifecycle, duration_s=then.lifecycle.duration_s)
    policy = replace(config.policy, order_namespace=then.order_namespace, lifecycle=lifecycle)
    config = replace(config, policy=policy)
    if digest(config) != header.config_digest:
        differing = named(differences(directory, header, config))
        raise RecoveryRefused(
            f"{directory} was cut off, and begun with another configuration:{differing}"
            f"\ngive it what it was begun with; or go on with its own policy (--resume {directory}); or close by hand "
            "what it holds and begin anew with --new"
        )


def named(lines: tuple[str, ...]) -> str:
    """Differences of two configurations, a line each."""
    unknown = "in a field that the journal does not tell"
    return "".join(f"\n  {line}" for line in lines or (unknown,))
