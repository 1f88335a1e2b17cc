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
from actors.domain import Venue
from actors.messages import EngineResumed, LinkLost, MarketReconciled
from actors.pair_position.state import PairPosition
from actors.pnl_settlement import PnlSettlement
from actors.policy import Policy
from actors.reconciler import Reconciler
from engine import last_known
from engine.comparison import Tally as Comparison
from engine.config import Config, digest
from engine.core import BOARD, Core, Decision
from engine.errors import UserError
from engine.journal import cut_torn_tail, mend
from engine.journal.errors import JournalError, JournalLocked
from engine.journal.marker import set_down
from engine.journal.reader import JournalReader
from engine.journal.record import JOURNAL_NAME, Header
from engine.journal.revision import code_revision
from engine.replay import build_core, redecide
from engine.router import Router
from engine.sequencer import Waiting, consequences
from engine.venues.adapter import Recalled
from engine.view import Tally

RECALLED_MOST = 2000
"""Orders an adapter is told of, besides those that were not over: late words about older ones find their pair alone."""


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
        self.router = Router(self.core.states, lambda: self.core.board)
        self.tally = Tally()
        self.first_ns = self.last_ns = 0
        self.last_seq = 0
        self.stop_reason = ""
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
        self._waiting.extend(consequences(decision, self.core, self.router))
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
        """Timers that were running, by actor; those that came due meanwhile fire at once."""
        return tuple(
            (state.actor, self._timers[(state.actor, armed.timer, armed.generation)])
            for state in self.core.states.values()
            for armed in state.timers
        )

    def orders(self, venue: Venue) -> tuple[Recalled, ...]:
        """Orders on a venue, oldest first: all that may be open, and the latest others."""
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
        latest = max(0, len(recalled) - RECALLED_MOST)
        return tuple(each for number, each in enumerate(recalled) if number >= latest or not each.over)

    def news(self) -> tuple[Waiting, ...]:
        """What actors hear before anything else, in order.

        First that no link is up, so that nothing is opened on what was known; then what they told each other in the
        last batch and nobody has heard, since its record was cut off; then that the engine was away.
        """
        resumed = EngineResumed(silent_since_ns=self.last_ns)
        lost = [
            Waiting(to, 0, LinkLost(venue=venue, reason="the engine was not running"))
            for venue in self.policy.scanner.venues
            for to in (BOARD, f"venue_link/{venue.value}")
            if self.core.board.link_up(venue)
        ]
        others = (n for n, state in self.core.states.items() if isinstance(state, PnlSettlement | Reconciler))
        # a market that was found empty before is asked again: that word is old
        unheard = [each for each in self._waiting if not isinstance(each.message, MarketReconciled)]
        away = ("funding_scanner", *self.router.open_pairs(), *others, "engine_lifecycle")
        return (*lost, *unheard, *(Waiting(to, 0, resumed) for to in away))

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
    """Order ids are a run's own; everything else must be as it was."""
    policy = msgspec.structs.replace(config.policy, order_namespace=header.policy.order_namespace)
    if digest(msgspec.structs.replace(config, policy=policy)) != header.config_digest:
        raise RecoveryRefused(
            f"{directory} was cut off, and begun with another configuration; go on with it (--resume {directory}), or "
            "close by hand what it holds and begin anew with --new"
        )
