"""Gathers from a journal what concerns one order or one actor: what led to it, each record, each order's life.

Decides nothing: everything told stands in the records. Counterpart: `engine.audit`, which writes it for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO
from actors.messages import (
    CancelRejected,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderMessage,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
)
from actors.roles import ROLES, role_name
from engine.journal.reader import read
from engine.journal.record import StepRecord
from engine.journal.revision import chart_digests

CAUSES_MOST = 8
"""Records told before an order's intent: what led to it."""


class OrderLife(msgspec.Struct, kw_only=True):
    """One order from its intent to what is known of it last. `submitted` is None when it was denied.

    `filled` is the larger of the fills seen and the size the venue named, base units.
    """

    order_id: str
    actor: str
    intent_seq: int
    submitted: SubmitOrder | None = None
    outcome: str = "no answer"
    outcome_seq: int = 0
    filled: Decimal = ZERO
    seen: Decimal = ZERO
    paid_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    fills: tuple[str, ...] = ()

    @property
    def average_price(self) -> Decimal | None:
        """Of the fills seen."""
        return self.paid_usd / self.seen if self.seen else None


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal says of one subject: an order or an actor.

    `causes` led to the first intent, oldest first; `entries` are the records about the subject; `quiet` more were
    left out because they changed nothing. `changed_charts` have other rows today than in the run.
    """

    path: str
    subject: str
    changed_charts: tuple[str, ...]
    causes: tuple[StepRecord, ...]
    entries: tuple[StepRecord, ...]
    quiet: int
    orders: tuple[OrderLife, ...]


def trace(path: Path, subject: str) -> Trace:
    """All that the journal says of an order (by client order id) or of an actor (by name). Empty when nothing."""
    reader = read(path)
    of_actor = role_name(subject) in ROLES
    told = _Told(subject, of_actor=of_actor)
    for record in reader:
        told.take(record)
    then, today = reader.header.charts, chart_digests()
    return Trace(
        path=str(reader.path),
        subject=subject,
        changed_charts=tuple(name for name in today if then.get(name) != today[name]),
        causes=told.causes(),
        entries=tuple(told.entries),
        quiet=told.quiet,
        orders=tuple(told.orders.values()),
    )


class _Told:
    """Gathers what concerns the subject while the records go by."""

    def __init__(self, subject: str, *, of_actor: bool) -> None:
        self.entries: list[StepRecord] = []
        self.quiet = 0
        self.orders: dict[str, OrderLife] = {}
        self._subject = subject
        self._of_actor = of_actor
        self._senders: dict[int, StepRecord] = {}

    def take(self, record: StepRecord) -> None:
        """One record of the run."""
        if record.commands or record.denied:
            self._senders[record.seq] = record
            for life in _intents(record):
                if self._concerns(life):
                    self.orders[life.order_id] = life
        order_id = getattr(record.message, "order_id", None)
        if order_id in self.orders and isinstance(record.message, OrderMessage):
            absorb(self.orders[order_id], record.seq, record.message)
        if self._is_about(record, order_id):
            self._keep(record)

    def causes(self) -> tuple[StepRecord, ...]:
        """The chain of records that led to the first entry, oldest first."""
        chain: list[StepRecord] = []
        record = self.entries[0] if self.entries else None
        while record is not None and record.cause and len(chain) < CAUSES_MOST:
            record = self._senders.get(record.cause)
            if record is not None:
                chain.insert(0, record)
        return tuple(chain)

    def _concerns(self, life: OrderLife) -> bool:
        return life.actor == self._subject if self._of_actor else life.order_id == self._subject

    def _is_about(self, record: StepRecord, order_id: str | None) -> bool:
        if self._of_actor:
            return record.to == self._subject
        life = self.orders.get(self._subject)
        if life is None or record.to != life.actor:
            return False
        return order_id == self._subject or any(
            getattr(command, "order_id", None) == self._subject for command in (*record.commands, *record.denied)
        )

    def _keep(self, record: StepRecord) -> None:
        moved = record.place != record.source
        if self._of_actor and not (moved or record.commands or record.denied or record.fault):
            self.quiet += 1
        else:
            self.entries.append(record)


def _intents(record: StepRecord) -> Iterator[OrderLife]:
    for command in record.commands:
        if isinstance(command, SubmitOrder):
            yield OrderLife(order_id=command.order_id, actor=record.to, intent_seq=record.seq, submitted=command)
    for denied in record.denied:
        life = OrderLife(order_id=denied.order_id, actor=record.to, intent_seq=record.seq)
        absorb(life, record.seq, denied)
        yield life


def absorb(life: OrderLife, seq: int, message: OrderMessage) -> None:
    """Take one fact about the order into its life; a fact told twice, or to two actors, counts once."""
    outcome = _outcome(life, message)
    if outcome is not None and outcome != life.outcome:
        life.outcome, life.outcome_seq = outcome, seq


def _outcome(life: OrderLife, message: OrderMessage) -> str | None:
    match message:
        case OrderAccepted():
            return "open" if life.outcome in ("no answer", "open") or _in_doubt(life) else None
        case OrderFilled():
            return _filled(life, message)
        case OrderDone():
            life.filled = max(life.filled, message.filled)
            return f"done: {message.reason.value}"
        case OrderRejected():
            return f"rejected: {message.reason.value} ({message.detail})"
        case OrderDenied():
            return f"denied: {message.rule} measured {message.measured}, limit {message.limit}"
        case OrderUnresolved():
            return f"unresolved: {message.detail}" if life.outcome in ("no answer", "open") else None
        case OrderUnknown():
            return "unresolved: the venue does not know it" if life.outcome in ("no answer", "open") else None
        case CancelRejected():
            return None


def _filled(life: OrderLife, fill: OrderFilled) -> str | None:
    if fill.fill_id in life.fills:
        return None
    life.fills = (*life.fills, fill.fill_id)
    life.seen += fill.size
    life.paid_usd += fill.size * fill.price
    life.fees_usd += fill.fee_usd
    life.filled = max(life.filled, life.seen)
    if life.submitted is not None and life.filled >= life.submitted.size:
        return life.outcome if life.outcome.startswith("done") else "filled"
    return "open" if life.outcome == "no answer" or _in_doubt(life) else None


def _in_doubt(life: OrderLife) -> bool:
    return life.outcome.startswith("unresolved")
