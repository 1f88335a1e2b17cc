"""Gathers the rows of all tables in one pass over a journal; one that was cut off up to its last good record.

Counterparts: `engine.ledger.reading`, which reads; `tables`, which says what a row holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path

import msgspec

from actors.board import Market
from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, Venue
from actors.messages import OrderAccepted, OrderMessage
from actors.pair_position.state import LEGS, PairPosition
from engine.exports.tables import FEES, FILLS, FUNDING, LEDGER, ORDERS, POSITIONS, TABLES, Value
from engine.journal.record import StepRecord
from engine.ledger.entry import DAY_NS, WIDE, Booking, Entry, Fill, Kind
from engine.ledger.fills import PRICE_DECIMALS
from engine.ledger.reading import Reading, Shown
from engine.trace import OrderLife, absorb

Row = tuple[Value, ...]
Rows = dict[str, list[Row]]


class Gathered(msgspec.Struct, frozen=True):
    """An export's rows by table, its fills and entries once more for other forms, and what a reader must know."""

    rows: Rows
    fills: tuple[Fill, ...]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    is_damaged: bool
    last_seq: int


class _Gathering:
    """Rows as they come."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.rows: Rows = {table.name: [] for table in TABLES}
        self.fills: list[Fill] = []
        self.entries: list[Entry] = []
        self._orders: dict[str, tuple[StepRecord, OrderLife]] = {}
        self._venue_order_ids: dict[str, str] = {}
        self._marks: list[Row] = []
        self._day = 0

    def gather(self) -> None:
        """All records."""
        for record in self._reading.records():
            self._midnights(record.at_ns)
            self._take(record, self._reading.ledger.take(record))
        self.fills.extend(self._reading.ledger.unclaimed())
        self.entries.extend(self._reading.ledger.finished())
        self.rows[POSITIONS.name] = [*self._marks, *self._positions(self._reading.last_ns, "end")]
        self.rows[ORDERS.name] = [self._order(record, life) for record, life in self._orders.values()]
        for fill in self.fills:
            self.rows[FILLS.name].append(fill_row(fill, self._venue_order_ids.get(fill.order_id, "")))
        for entry in self.entries:
            self._enter(entry)

    def _midnights(self, at_ns: int) -> None:
        """Positions at each midnight since the last record, before the one after it is taken."""
        day = at_ns // DAY_NS
        for midnight in range((self._day or day) + 1, day + 1):
            self._marks.extend(self._positions(midnight * DAY_NS, "midnight"))
        self._day = day

    def _take(self, record: StepRecord, booking: Booking) -> None:
        self.fills.extend(booking.fills)
        self.entries.extend(booking.entries)
        for command in record.commands:
            if isinstance(command, SubmitOrder):
                life = OrderLife(order_id=command.order_id, actor=record.to, intent_seq=record.seq, submitted=command)
                self._orders[command.order_id] = (record, life)
        message = record.message
        if isinstance(message, OrderMessage) and message.order_id in self._orders:
            absorb(self._orders[message.order_id][1], record.seq, message)
        if isinstance(message, OrderAccepted):
            self._venue_order_ids[message.order_id] = message.venue_order_id

    # --- rows -------------------------------------------------------------------------------------------------

    def _symbol(self, venue: Venue, asset: str) -> str:
        instrument = self._reading.ledger.shadow.board.market(venue, asset).instrument
        return "" if instrument is None else instrument.symbol

    def _currency(self, venue: Venue, asset: str) -> str:
        instrument = self._reading.ledger.shadow.board.market(venue, asset).instrument
        return "USDC" if instrument is None else instrument.settle_token

    def _positions(self, at_ns: int, at: str) -> Iterator[Row]:
        for name, pair in self._reading.ledger.shadow.pairs.items():
            for leg_name in LEGS:
                if pair.leg(leg_name).position:
                    yield self._position(name, pair, leg_name == "taker", at_ns, at)

    def _position(self, name: str, pair: PairPosition, is_taker: bool, at_ns: int, at: str) -> Row:
        leg = pair.taker if is_taker else pair.maker
        market = self._reading.ledger.shadow.board.market(leg.venue, pair.asset)
        mark, told_ns = _mark(market)
        account = self._reading.ledger.accounts.get(name)
        cost = None if account is None else account.paid["taker" if is_taker else "maker"]
        worth = None if mark is None else leg.position * mark
        return (
            *(iso(at_ns), at_ns, at, leg.venue.value, self._symbol(leg.venue, pair.asset), pair.asset),
            *(_short(name), pair.place, leg.position, None if cost is None else rounded(cost.average), mark),
            None if mark is None else Decimal(at_ns - told_ns) / NS_PER_S,
            None if worth is None else abs(worth),
            None if worth is None or cost is None else worth - cost.usd,
        )

    def _order(self, record: StepRecord, life: OrderLife) -> Row:
        sent = life.submitted
        assert sent is not None, "an order that left was submitted"
        return (
            *(iso(record.at_ns), record.at_ns, record.seq, sent.venue.value, self._symbol(sent.venue, sent.asset)),
            *(sent.asset, _short(record.to), sent.side.value, sent.size, sent.limit_price),
            *(sent.time_in_force.value, sent.reduce_only, sent.purpose, record.row, sent.decision_mid),
            *(sent.order_id, self._venue_order_ids.get(sent.order_id, ""), life.outcome, life.filled),
            rounded(life.paid_usd / life.seen) if life.seen else None,
            life.fees_usd,
        )

    def _enter(self, entry: Entry) -> None:
        """An entry in the ledger's table, and in that of its kind."""
        symbol, currency = self._symbol(entry.venue, entry.asset), self._currency(entry.venue, entry.asset)
        when = (iso(entry.at_ns), entry.at_ns, entry.seq)
        where = (entry.venue.value, symbol, entry.asset, _short(entry.pair))
        self.rows[LEDGER.name].append(
            (
                *when,
                *where,
                *(entry.kind.value, entry.amount_usd, entry.estimated_usd, entry.moved_usd, entry.size, entry.price),
                *(entry.rate_per_hour, entry.liquidity, entry.tier, entry.purpose, entry.order_id, entry.reference),
            )
        )
        if entry.kind in (Kind.FUNDING, Kind.HAIRCUT):
            told = (entry.amount_usd, currency, entry.rate_per_hour, entry.size, entry.kind.value, entry.reference)
            self.rows[FUNDING.name].append((*when, *where, *told))
        elif entry.kind is Kind.FEE:
            notional = None if entry.size is None or entry.price is None else entry.size * entry.price
            paid = (-entry.amount_usd, currency, entry.liquidity, entry.tier, notional)
            self.rows[FEES.name].append((*when, *where, *paid, entry.purpose, entry.order_id, entry.reference))


def fill_row(fill: Fill, venue_order_id: str) -> Row:
    """The row of a fill."""
    return (
        *(iso(fill.at_ns), fill.at_ns, fill.told_ns, fill.seq, fill.venue.value, fill.symbol, fill.asset, fill.kind),
        *(fill.side.value, fill.size, fill.price, fill.size * fill.price, fill.fee_usd, fill.fee_currency),
        *(fill.liquidity, fill.order_id, venue_order_id, fill.fill_id, _short(fill.pair), fill.purpose, fill.row),
        *(fill.moved, fill.position, fill.realised_usd, fill.estimated),
    )


def gather(run: Path, shown: Shown | None = None) -> Gathered:
    """Everything an export writes of a run. Raises JournalError's kinds when not even its header is good."""
    reading = Reading(run, shown)
    gathering = _Gathering(reading)
    with localcontext(WIDE):
        gathering.gather()
    return Gathered(
        gathering.rows,
        tuple(gathering.fills),
        tuple(gathering.entries),
        tuple(reading.notes),
        reading.is_damaged,
        reading.last_seq,
    )


def _mark(market: Market) -> tuple[Decimal | None, int]:
    """What a position is valued by, and when it was told: the mark, else the middle of the book."""
    if market.mark is None and market.quote is not None:
        return market.quote.mid, market.quoted_ns
    return market.mark, market.sampled_ns


def rounded(price: Decimal | None) -> Decimal | None:
    """An average price, to as many decimals as any venue has and some more."""
    return None if price is None else round(price, PRICE_DECIMALS)


def iso(at_ns: int) -> str:
    """UTC, ISO 8601 with microseconds."""
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ns // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _short(pair: str) -> str:
    return pair.removeprefix("pair_position/")
