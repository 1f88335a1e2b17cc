"""Money that a venue told and no pair of this run has taken into its books: funding and losses of positions that are
nobody's, of pairs that failed, of a run before this one.

Risk hears of every payment first, the pair it belongs to right after it, by the same letter; so a payment is nobody's
once another letter comes. A pair that books it after all (the letter was cut off by a crash, and told again) takes it
back from here. Used by `fold`, which books the pairs' money.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from actors.messages import AnyMessage, FundingPaid, LossSocialised
from engine.ledger.entry import Entry, Kind
from engine.ledger.shadow import Recorded

Money = FundingPaid | LossSocialised
Key = tuple[str, str, str]

NOBODY = "no pair"
"""What stands for the purpose in such entries."""
REMEMBERED_MOST = 10_000
"""Payments that are remembered, so that one told twice counts once."""


class Unheld:
    """Takes records in their order, told whether a pair took the message in."""

    def __init__(self) -> None:
        self._waiting: tuple[Entry, ...] = ()
        self._message: AnyMessage | None = None
        self._booked: dict[Key, tuple[Entry, ...]] = {}

    def take(self, record: Recorded, *, taken: bool) -> Iterator[Entry]:
        """Entries that are due with this record; `taken`: a pair has the money of its message in its books."""
        message = record.envelope.message
        if self._waiting and not record.envelope.cause and message != self._message:
            yield from self.finished()
        if not isinstance(message, Money):
            return
        if taken:
            yield from self._taken(record, _key(message))
        elif _key(message) not in self._booked:
            self._message, self._waiting = message, tuple(_entries(record, message))

    def finished(self) -> tuple[Entry, ...]:
        """What waits for a pair that no longer can come; it is booked now."""
        due, message = self._waiting, self._message
        self._waiting, self._message = (), None
        if isinstance(message, Money):
            self._remember(_key(message), due)
        return due

    def _remember(self, key: Key, booked: tuple[Entry, ...]) -> None:
        """The oldest makes room."""
        if len(self._booked) >= REMEMBERED_MOST:
            self._booked.pop(next(iter(self._booked)))
        self._booked[key] = booked

    def _taken(self, record: Recorded, key: Key) -> Iterator[Entry]:
        """A pair has it: nothing waits, and what was booked as nobody's is taken back; nor is it nobody's when the
        venue tells it once more and the pair hears nothing any more."""
        if isinstance(self._message, Money) and _key(self._message) == key:
            self._waiting, self._message = (), None
        booked = self._booked.pop(key, ())
        self._remember(key, ())
        for entry in booked:
            yield replace(entry, seq=record.envelope.seq, amount_usd=-entry.amount_usd)


def _key(message: Money) -> Key:
    told = message.payment_id if isinstance(message, FundingPaid) else message.loss_id
    return (message.venue.value, message.asset, told)


def _entries(record: Recorded, message: Money) -> Iterator[Entry]:
    """A payment; or a loss, which the venue has charged as funding and which is moved from there."""
    if isinstance(message, FundingPaid):
        rate = message.rate_per_hour
        yield replace(_entry(record, message, Kind.FUNDING, message.amount_usd), rate_per_hour=rate, size=message.size)
        return
    yield _entry(record, message, Kind.FUNDING, message.amount_usd)
    yield _entry(record, message, Kind.HAIRCUT, -message.amount_usd)


def _entry(record: Recorded, message: Money, kind: Kind, amount: Decimal) -> Entry:
    return Entry(
        at_ns=message.venue_at_ns,
        seq=record.envelope.seq,
        pair="",
        venue=message.venue,
        asset=message.asset,
        kind=kind,
        amount_usd=amount,
        purpose=NOBODY,
        reference=_key(message)[2],
    )
