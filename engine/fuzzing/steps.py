"""What must hold after every step: invariants 1 to 5 as far as the journal alone shows them.

Fed one moment after the other, so that a part of a journal can be judged like a whole one. The states are decided anew
from the recorded messages; the engine's opinion of itself (risk's count, the alarms) is not asked. Counterparts:
`truth`, which asks the exchanges; `slicing`, which feeds parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from actors.board import Board
from actors.commands import SubmitOrder
from actors.domain import ZERO, Side, Venue
from actors.messages import (
    KillSwitchPulled,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from engine.core import BOARD
from engine.fuzzing.run import Moment, States, pairs_in
from engine.journal.record import StepRecord
from statecharts.order import BY_TIME, OVER

OPENING = ("taker", "maker", "sweep")

RULES: dict[str, str] = {
    "step_raised": "no step raises",
    "naked_unwatched": "1: a naked leg has an order in flight or an armed timer",
    "naked_unmeasured": "1: naked time is measured",
    "id_used_twice": "2: a client order id is used once",
    "outcome_changed": "2: an intent ends in one outcome",
    "resent_in_doubt": "2: nothing more is sent on a leg while the outcome of an order there is unknown",
    "purpose_reduces": "3: an order opens or only reduces, as its purpose says",
    "closes_too_much": "3: a closing order is no larger than the position",
    "exposure_exceeded": "4: exposure stays within its limits, orders in flight counted as filled",
    "opened_after_kill": "5: nothing is opened after the kill switch",
    "emergency_adds": "5: an emergency never opens",
}


class Violated(AssertionError):
    """Something that had to hold does not. `rule` names it, `seq` the record that shows it, 0 when none does.

    `actor` and `order_id` are whom and what it is about, where that can be said.
    """

    def __init__(self, rule: str, text: str, *, seq: int = 0, actor: str = "", order_id: str = "") -> None:
        super().__init__(f"{rule}: {text}" if not seq else f"{rule}: seq {seq}: {text}")
        self.rule, self.text, self.seq, self.actor, self.order_id = rule, text, seq, actor, order_id


class Watch:
    """Looks at one moment after the other; remembers what was naked, sent, ended."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._naked_since_ns: dict[str, tuple[int, int]] = {}
        self._naked_ns: dict[str, int] = {}
        self._sent: dict[str, StepRecord] = {}
        self.ended: dict[str, str] = {}
        """The outcome of each order that has one, by its id."""
        self._killed = False
        self._doubts: dict[str, tuple[str, Venue]] = {}
        """Orders whose outcome is unknown: whose they are, and where."""
        self.longest_naked_ns = 0
        """The longest stretch of time for which any pair was naked."""

    def look(self, moment: Moment) -> None:
        """Raises Violated for the first rule that this moment breaks."""
        record = moment.record
        if record.fault:
            raise Violated("step_raised", f"{record.to}: {record.fault}", seq=record.seq, actor=record.to)
        if record.to == BOARD:
            return
        self._naked(moment)
        self._doubt(moment)
        self._outcomes(moment)
        self._resolve(moment)
        for command in record.commands:
            if isinstance(command, SubmitOrder):
                self._order(moment, command)
        self._killed = self._killed or isinstance(record.message, KillSwitchPulled)

    def _naked(self, moment: Moment) -> None:
        record = moment.record
        for name, state in pairs_in(moment.states):
            if state.naked and not state.open_orders and not state.timers:
                raise _by("naked_unwatched", record, f"{name} is naked by {state.net} in {state.place}")
        pair = moment.states.get(record.to)
        if isinstance(pair, PairPosition) and record.row not in ("stale_timer", "quarantined"):
            self._measure(record, pair)

    def _measure(self, record: StepRecord, pair: PairPosition) -> None:
        """Time counts while the pair was naked after the message before."""
        name = record.to
        began_ns, seen_ns = self._naked_since_ns.pop(name, (0, 0))
        if began_ns:
            self._naked_ns[name] = self._naked_ns.get(name, 0) + record.at_ns - seen_ns
            self.longest_naked_ns = max(self.longest_naked_ns, record.at_ns - began_ns)
        if pair.naked:
            self._naked_since_ns[name] = (began_ns or record.at_ns, record.at_ns)
        if pair.naked_ns != self._naked_ns.get(name, 0):
            told = f"{name} counted {pair.naked_ns} ns naked, it was {self._naked_ns.get(name, 0)}"
            raise _by("naked_unmeasured", record, told)

    def _outcomes(self, moment: Moment) -> None:
        pair = moment.states.get(moment.record.to)
        for order in pair.orders if isinstance(pair, PairPosition) else ():
            before = self.ended.get(order.id)
            if before is not None and before not in BY_TIME and order.place != before:
                raise _by("outcome_changed", moment.record, f"{order.id} ended {before}, now {order.place}")
            if order.place in OVER:
                self.ended[order.id] = order.place

    def _doubt(self, moment: Moment) -> None:
        record, message = moment.record, moment.record.message
        of_pair = record.to.startswith("pair_position/")
        if of_pair and isinstance(message, OrderUnresolved) and message.order_id not in self.ended:
            self._doubts[message.order_id] = (record.to, message.venue)

    def _resolve(self, moment: Moment) -> None:
        """An unknown outcome is known again by the venue's word, or by time."""
        message = moment.record.message
        if isinstance(message, OrderAccepted | OrderFilled | OrderDone | OrderRejected):
            self._doubts.pop(message.order_id, None)
        for order_id in [order_id for order_id in self._doubts if self.ended.get(order_id) in BY_TIME]:
            del self._doubts[order_id]

    def _order(self, moment: Moment, order: SubmitOrder) -> None:
        record = moment.record
        if (record.to, order.venue) in self._doubts.values() and order.purpose != "emergency":
            doubted = ", ".join(name for name, leg in self._doubts.items() if leg == (record.to, order.venue))
            raise _by("resent_in_doubt", record, f"{order.purpose} on {order.venue}, where {doubted} is in doubt")
        if order.order_id in self._sent:
            raise _by("id_used_twice", record, f"{order.order_id} was sent at seq {self._sent[order.order_id].seq}")
        self._sent[order.order_id] = record
        if order.reduce_only is (order.purpose in OPENING):
            raise _by("purpose_reduces", record, f"a {order.purpose} order with reduce_only {order.reduce_only}")
        if order.reduce_only:
            _check_closing(moment, order)
            return
        if self._killed:
            raise _by("opened_after_kill", record, f"{order.purpose} {order.size} {order.asset} on {order.venue}")
        if "EMERGENCY" in (record.source.partition(".")[0], record.place.partition(".")[0]):
            raise _by("emergency_adds", record, f"an opening order in {record.place}")
        _check_exposure(moment, order, self._policy)


def watched(moments: Iterable[Moment], policy: Policy) -> Watch:
    """All moments looked at. Raises Violated."""
    watch = Watch(policy)
    for moment in moments:
        watch.look(moment)
    return watch


def _by(rule: str, record: StepRecord, text: str) -> Violated:
    return Violated(rule, text, seq=record.seq, actor=record.to)


def _check_closing(moment: Moment, order: SubmitOrder) -> None:
    state = moment.states[moment.record.to]
    assert isinstance(state, PairPosition)
    held = next(leg.position for leg in state.legs if leg.venue is order.venue)
    if order.size > abs(held) or (order.side is Side.SELL) is not (held > 0):
        raise _by("closes_too_much", moment.record, f"{order.side.value} {order.size} reduce-only, of {held}")


# --- exposure ----------------------------------------------------------------------------------------------


def _check_exposure(moment: Moment, order: SubmitOrder, policy: Policy) -> None:
    """An own count: by the pairs' books, in the worst case of each leg, at the prices known then."""
    limits = policy.risk
    legs = list(_worst_cases(moment.states, moment.board, order))
    venue_gross = sum((abs(usd) for venue, _, usd in legs if venue is order.venue), ZERO)
    account = moment.board.accounts.get(order.venue.value)
    equity = account.equity_usd if account is not None else ZERO
    for name, measured, limit in (
        ("order", order.size * _price(moment.board, order.venue, order.asset, order), limits.order_notional_most_usd),
        ("venue", venue_gross, limits.venue_gross_most_usd),
        ("asset", sum((abs(usd) for _, asset, usd in legs if asset == order.asset), ZERO), limits.asset_gross_most_usd),
        ("total", sum((abs(usd) for _, _, usd in legs), ZERO), limits.total_gross_most_usd),
        ("net", abs(sum((usd for _, _, usd in legs), ZERO)), limits.total_net_most_usd),
        ("leverage", venue_gross, limits.leverage_most * equity),
    ):
        if measured > limit:
            raise _by("exposure_exceeded", moment.record, f"{name}: {measured:.2f} USD of {limit:.2f}")


def _worst_cases(states: States, board: Board, order: SubmitOrder) -> Iterator[tuple[Venue, str, Decimal]]:
    """Each leg's signed USD if every opening order of it that is out fills."""
    for _, pair in pairs_in(states):
        for name, leg in (("taker", pair.taker), ("maker", pair.maker)):
            opening = (o for o in pair.open_orders if o.leg == name and not o.reduce_only)
            worst = leg.position + sum((o.side.sign * (o.size - o.filled) for o in opening), ZERO)
            if worst:
                yield leg.venue, pair.asset, worst * _price(board, leg.venue, pair.asset, order)


def _price(board: Board, venue: Venue, asset: str, order: SubmitOrder) -> Decimal:
    """Mark, else mid; the order's own limit where nothing was told of its market."""
    market = board.market(venue, asset)
    mid = market.quote.mid if market.quote is not None else None
    return market.mark or mid or (order.limit_price if asset == order.asset else ZERO)
