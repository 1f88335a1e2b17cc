"""A run that was played: what was decided, what is believed, what is true.

What was decided is read from the journal and decided anew from it; what is true is asked of the exchanges.
Counterparts: `lives`, which plays it; `oracle`, which judges it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from actors.actor import ActorState
from actors.board import Board
from actors.commands import AnyCommand, RaiseAlarm, SubmitOrder
from actors.domain import Venue
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from engine.alarms import Alarm
from engine.core import Core
from engine.journal.reader import read
from engine.journal.record import StepRecord
from engine.replay import build_core, redecide
from engine.runtime import Engine
from engine.simulators.exchange import Exchange, OrderFilled, OrderView
from engine.simulators.levers import instrument_of
from engine.venues.registry import make_signer
from engine.world import secret_for

States = dict[str, ActorState]


class Moment(NamedTuple):
    """One decision, and all that the core knew right after it."""

    record: StepRecord
    states: States
    board: Board


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """By when all must be well again, and what is known to be no fault.

    `calm_s` is when the last misfortune is over; `settled_s` after that each pair is hedged or flat. `left_open`:
    alarms of all these codes stand for what is not. With `named` that is asked of each pair for itself: an alarm that
    stands about it names what is left. `by_hand`: somebody trades on the account, or fills are told late, so that the
    books' money is an estimate. `behind_s`: so far a venue's clock may be behind ours. `estimate_share`:
    so far the price may have been from the one at which a fill was estimated that was never told. `all_told`: nothing
    kept a venue from telling each fill. `ends_flat`: a run that ends in calm ends flat, not only hedged. `deposits_usd`
    and `policy` are the run's.
    """

    start_ns: int
    policy: Policy
    deposits_usd: dict[Venue, Decimal]
    calm_s: float = 0.0
    settled_s: float = 60.0
    left_open: tuple[str, ...] = ()
    named: bool = False
    by_hand: bool = False
    behind_s: float = 0.0
    estimate_share: Decimal = Decimal("0.003")
    all_told: bool = False
    ends_flat: bool = False


def account_of(venue: Venue, seed: int) -> str:
    """Our account on a simulated venue, as its exchange knows it."""
    return make_signer(venue, secret_for(venue, seed))[1]


def moments_of(directory: Path) -> Iterator[Moment]:
    """Each record of a journal, decided anew, with what the core knew after it."""
    reader = read(directory)
    core = build_core(reader.header)
    for record, _ in redecide(reader, core):
        yield moment_after(record, core)


def moment_after(record: StepRecord, core: Core) -> Moment:
    """The core as it is, beside the decision that led there."""
    return Moment(record, dict(core.states), core.board)


def pairs_in(states: States) -> Iterator[tuple[str, PairPosition]]:
    """Every pair by name, in the order they were spawned."""
    for name, state in states.items():
        if isinstance(state, PairPosition):
            yield name, state


class Run:
    """A finished run."""

    def __init__(
        self,
        terms: Terms,
        directory: Path,
        engine: Engine,
        alarms: tuple[Alarm, ...] | None = None,
        *,
        spared_from: int = 0,
        journal_broken: str = "",
        copies: dict[Venue, int] | None = None,
    ) -> None:
        """`alarms`: of all engines that lived in it, where there was more than one. `spared_from`: the first record
        that the last engine wrote to a spare; `journal_broken`: what it then said of its journal.
        `copies`: how many requests the wire delivered once more to each venue; None where nobody counted.
        """
        self.spared_from, self.journal_broken = spared_from, journal_broken
        self.copies = copies
        self.terms = terms
        self.directory = directory
        self.engine = engine
        self.alarms = tuple(engine.tally.alarms) if alarms is None else alarms
        """Raised by actors and by the engines' parts."""

    # what was decided

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """Each record with all that was known after it, decided anew."""
        return tuple(moments_of(self.directory))

    @cached_property
    def records(self) -> tuple[StepRecord, ...]:
        """Every decision."""
        return tuple(moment.record for moment in self.moments)

    @cached_property
    def pair_records(self) -> tuple[StepRecord, ...]:
        """Decisions of pairs."""
        return tuple(record for record in self.records if record.to.startswith("pair_position/"))

    @cached_property
    def commands(self) -> tuple[AnyCommand, ...]:
        """Every command that left."""
        return tuple(command for record in self.records for command in record.commands)

    def orders(self, *purposes: str) -> tuple[SubmitOrder, ...]:
        """Orders that left, of these purposes (all, if none is named)."""
        sent = (command for command in self.commands if isinstance(command, SubmitOrder))
        return tuple(order for order in sent if not purposes or order.purpose in purposes)

    @staticmethod
    def orders_of(record: StepRecord) -> tuple[SubmitOrder, ...]:
        """Orders of one decision."""
        return tuple(command for command in record.commands if isinstance(command, SubmitOrder))

    def intents_ns(self) -> dict[str, int]:
        """When each order was recorded, by its id."""
        return {
            command.order_id: record.at_ns
            for record in self.records
            for command in record.commands
            if isinstance(command, SubmitOrder)
        }

    def alarm_codes(self) -> tuple[str, ...]:
        """The codes of the alarms, in order."""
        return tuple(alarm.code for alarm in self.alarms)

    def raised(self, code: str) -> tuple[RaiseAlarm, ...]:
        """The alarms of one code, as commanded."""
        return tuple(c for c in self.commands if isinstance(c, RaiseAlarm) and c.code == code)

    # what is believed

    @property
    def pairs(self) -> tuple[PairPosition, ...]:
        """The last state of every pair."""
        return tuple(pair for _, pair in pairs_in(self.engine.core.states))

    # what is true

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Those that were traded."""
        return self.terms.policy.scanner.venues

    @property
    def assets(self) -> tuple[str, ...]:
        """Those that were traded."""
        return self.terms.policy.scanner.assets

    def account(self, venue: Venue) -> str:
        """Our account at a venue."""
        name = account_of(venue, self.engine.config.run.seed)
        assert self.exchange(venue).has_account(name)
        return name

    def exchange(self, venue: Venue) -> Exchange:
        """The exchange behind a venue."""
        return self.engine.simulated[venue].face.exchange

    def position(self, venue: Venue, asset: str) -> Decimal:
        """What the venue holds for us, signed, in base units."""
        exchange = self.exchange(venue)
        held = exchange.position(self.account(venue), instrument_of(exchange, asset))
        return Decimal(0) if held is None else held.size

    def venue_orders(self, venue: Venue) -> tuple[OrderView, ...]:
        """Every order the venue ever knew."""
        return self.exchange(venue).orders_since(self.account(venue), 0)

    def fills(self, venue: Venue) -> tuple[OrderFilled, ...]:
        """Every fill of ours at the venue."""
        return self.exchange(venue).fills_since(self.account(venue), 0)
