"""What must hold after every step of every scenario: the six invariants of the misfortune catalogue, and the books.

The checks read the journal (with the states decided anew from it) and the exchanges' own truth, never the engine's
opinion of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from actors.actor import ActorState
from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, Side, Venue
from actors.pair_position.state import Leg, LegName, PairPosition
from engine.simulators.exchange import FillCause, OrderFilled, OrderView
from statecharts.order import OVER
from tests.scenarios.explained import explained, order_id_of
from tests.scenarios.harness import Run

LEGS: tuple[LegName, ...] = ("taker", "maker")
OPENING = ("taker", "maker", "sweep")
SETTLED = ("IDLE.ready", "IDLE.backoff", "HEDGED.earning", "CLOSED.flat")
OUR_FAULTS = ("actor_fault", "actor_quarantined", "venue_failed", "request_failed")
States = dict[str, ActorState]


def check_invariants(run: Run) -> None:
    """All of them, over every record of a run; the first that does not hold is raised."""
    assert [alarm.text for alarm in run.alarms if alarm.code in OUR_FAULTS] == []
    check_naked_legs_are_watched_and_measured(run)
    check_intents_come_first_and_end_once(run)
    check_closing_orders_only_reduce(run)
    check_exposure_stays_within_limits(run)
    check_emergency_never_adds(run)
    check_settled_in_time(run)
    check_books_are_the_venues_truth(run)


# --- 1 -----------------------------------------------------------------------------------------------------


def check_naked_legs_are_watched_and_measured(run: Run) -> None:
    """A leg without its opposite has an order in flight or an armed timer, and its time is counted."""
    measured: dict[str, int] = {}
    since: dict[str, int] = {}
    for record, states in run.steps:
        for name, state in _pairs(states):
            if state.naked:
                watched = state.open_orders or state.timers
                assert watched, f"seq {record.seq}: {name} is naked by {state.net} in {state.place}, unwatched"
        pair = states.get(record.to)
        if isinstance(pair, PairPosition) and record.row != "stale_timer":
            if record.to in since:
                measured[record.to] = measured.get(record.to, 0) + record.at_ns - since.pop(record.to)
            if pair.naked:
                since[record.to] = record.at_ns
            assert pair.naked_ns == measured.get(record.to, 0), f"seq {record.seq}: naked time is not what it was"


# --- 2 -----------------------------------------------------------------------------------------------------


def check_intents_come_first_and_end_once(run: Run) -> None:
    """No order at a venue without an earlier record, no client id twice, one outcome for each intent."""
    intents = dict(_intents(run))
    assert len(intents) == len(run.orders()), "a client order id was used twice"
    for venue in run.scenario.venues:
        known = _explained(run, venue)
        ids = [order_id for order_id, _ in known]
        assert len(ids) == len(dict.fromkeys(ids)), f"{venue} knows an order id twice"
        for order_id, order in known:
            assert order_id in intents, f"{venue} has an order that is in no record: {order}"
            assert intents[order_id] <= order.placed_at_ns, f"{order_id} was recorded after it was placed"
    _check_outcomes(run)


def _explained(run: Run, venue: Venue) -> list[tuple[str, OrderView]]:
    sent = {order.order_id: order for order in run.orders()}
    return explained(venue, run.venue_orders(venue), sent, dict(_intents(run)))


def _intents(run: Run) -> Iterator[tuple[str, int]]:
    for record in run.records:
        for command in record.commands:
            if isinstance(command, SubmitOrder):
                yield command.order_id, record.at_ns


def _check_outcomes(run: Run) -> None:
    ended: dict[str, str] = {}
    for record, states in run.steps:
        for name, state in _pairs(states):
            for order in state.orders if name == record.to else ():
                before = ended.get(order.id)
                changed = before is not None and before != "LAPSED" and order.place != before
                assert not changed, f"seq {record.seq}: {order.id} ended {before}, now {order.place}"
                if order.place in OVER:
                    ended[order.id] = order.place
    if not _alarm_stands(run):
        missing = [order_id for order_id, _ in _intents(run) if order_id not in ended]
        assert missing == [], f"orders without an outcome: {missing}"


# --- 3 -----------------------------------------------------------------------------------------------------


def check_closing_orders_only_reduce(run: Run) -> None:
    """Closing orders are reduce-only and no larger than the position in the books; none fills beyond its size."""
    asked: dict[str, Decimal] = {}
    for record, states in run.steps:
        for command in record.commands:
            if not isinstance(command, SubmitOrder):
                continue
            asked[command.order_id] = command.size
            assert command.reduce_only is (command.purpose not in OPENING), f"seq {record.seq}: {command}"
            if command.reduce_only:
                held = _books(states[record.to], command.venue)
                assert command.size <= abs(held), f"seq {record.seq}: closes {command.size} of {held}"
                assert (command.side is Side.SELL) is (held > 0), f"seq {record.seq}: closes the wrong way"
    for venue in run.scenario.venues:
        for order_id, order in _explained(run, venue):
            assert order.filled <= asked[order_id], f"filled beyond its size: {order}"


def _books(state: ActorState, venue: Venue) -> Decimal:
    assert isinstance(state, PairPosition)
    return next(leg.position for leg in state.legs if leg.venue is venue)


# --- 4 -----------------------------------------------------------------------------------------------------


def check_exposure_stays_within_limits(run: Run) -> None:
    """When an opening order leaves, every limit holds with all orders in flight counted as filled."""
    limits = run.scenario.policy.risk
    for record, states in run.steps:
        for command in record.commands:
            if not isinstance(command, SubmitOrder) or command.reduce_only:
                continue
            notional = command.size * command.limit_price
            assert notional <= limits.order_notional_most_usd, f"seq {record.seq}: {notional}"
            gross, net = _exposure(states, command)
            assert sum(gross.values()) <= limits.total_gross_most_usd, f"seq {record.seq}: {gross}"
            assert max(gross.values()) <= limits.venue_gross_most_usd, f"seq {record.seq}: {gross}"
            assert abs(net) <= limits.total_net_most_usd, f"seq {record.seq}: net {net}"
            deposit = run.scenario.deposit_usd.get(command.venue.value, Decimal(50_000))
            assert gross[command.venue] <= limits.leverage_most * deposit, f"seq {record.seq}: {gross}"


def _exposure(states: States, command: SubmitOrder) -> tuple[dict[Venue, Decimal], Decimal]:
    """Worst case gross by venue and net, at the price of `command`."""
    gross: dict[Venue, Decimal] = {}
    net = Decimal(0)
    for _, pair in _pairs(states):
        for name, leg in (("taker", pair.taker), ("maker", pair.maker)):
            opening = (o for o in pair.open_orders if o.leg == name and not o.reduce_only)
            worst = leg.position + sum((o.side.sign * (o.size - o.filled) for o in opening), Decimal(0))
            gross[leg.venue] = gross.get(leg.venue, Decimal(0)) + abs(worst) * command.limit_price
            net += worst * command.limit_price
    return gross, net


# --- 5 -----------------------------------------------------------------------------------------------------


def check_emergency_never_adds(run: Run) -> None:
    """From EMERGENCY only reducing orders leave, and no reducing order ever makes a position larger."""
    for record in run.pair_records:
        if "EMERGENCY" in (record.source.partition(".")[0], record.place.partition(".")[0]):
            adding = [c for c in record.commands if isinstance(c, SubmitOrder) and not c.reduce_only]
            assert adding == [], f"seq {record.seq}: an opening order in {record.place}"
    sent = {order.order_id: order for order in run.orders()}
    for venue in run.scenario.venues:
        for fill in _own_fills(run, venue):
            order_id = order_id_of(venue, fill.client_order_id, sent)
            if order_id in sent and sent[order_id].reduce_only:
                assert abs(fill.position_after) <= abs(fill.position_before), f"a reducing order added: {fill}"


def _own_fills(run: Run, venue: Venue) -> list[OrderFilled]:
    return [fill for fill in run.fills(venue) if fill.cause is FillCause.ORDER and fill.client_order_id]


# --- 6 -----------------------------------------------------------------------------------------------------


def check_settled_in_time(run: Run) -> None:
    """A bounded time after the last misfortune every pair was hedged or flat, or an alarm names what is left."""
    if _alarm_stands(run):
        return
    calm_ns = run.scenario.start_ns + round(run.scenario.calm_s * NS_PER_S)
    settled_ns = round(run.scenario.settled_s * NS_PER_S)
    late = [pair.actor for pair in run.pairs if not _settled_between(run, pair.actor, calm_ns, settled_ns)]
    assert late == [], f"not hedged or flat {run.scenario.settled_s} s after the last misfortune: {late}"
    assert [pair.actor for pair in run.pairs if pair.place not in SETTLED] == [], "the run ended unsettled"


def _settled_between(run: Run, pair: str, from_ns: int, for_ns: int) -> bool:
    """Whether the pair was at rest at some moment of a stretch, which begins with the pair where that is later."""
    place, to_ns = "", 0
    for record in run.pair_records:
        if record.to != pair:
            continue
        to_ns = to_ns or max(from_ns, record.at_ns) + for_ns
        if record.at_ns > to_ns:
            break
        if record.at_ns > from_ns and place in SETTLED:
            return True
        place = record.place
    return place in SETTLED or run.records[-1].at_ns <= to_ns


def _alarm_stands(run: Run) -> bool:
    """The scenario expects something to be left open, and alarms of those codes name it."""
    return bool(run.scenario.left_open) and all(code in run.alarm_codes() for code in run.scenario.left_open)


# --- the books ---------------------------------------------------------------------------------------------


def check_books_are_the_venues_truth(run: Run) -> None:
    """Positions of the books are those of the exchanges; so is the money, but for what was never told."""
    for venue in run.scenario.venues:
        for asset in run.scenario.policy.scanner.assets:
            legs = [leg for p in run.pairs if p.asset == asset for leg in p.legs if leg.venue is venue]
            booked = sum((leg.position for leg in legs), Decimal(0))
            assert booked == run.position(venue, asset), f"{venue} {asset}: booked {booked}"
        if not run.scenario.by_hand and all(pair.place == "CLOSED.flat" for pair in run.pairs):
            _check_money(run, venue)


def _check_money(run: Run, venue: Venue) -> None:
    view = run.exchange(venue).account_view(run.account(venue))
    assert view is not None
    deposit = run.scenario.deposit_usd.get(venue.value, Decimal(50_000))
    names = [(pair, name) for pair in run.pairs for name in LEGS if pair.leg(name).venue is venue]
    legs = [pair.leg(name) for pair, name in names]
    untold = sum((o.untold * o.decision_mid for p, name in names for o in p.orders if o.leg == name), Decimal(0))
    booked = sum((_money(leg) for leg in legs), Decimal(0))
    assert abs(view.balance_usd - deposit - booked) <= Decimal("0.001") + untold * Decimal("0.003"), (
        f"{venue}: the account changed by {view.balance_usd - deposit}, the books say {booked}"
    )


def _money(leg: Leg) -> Decimal:
    traded = leg.cash_usd + leg.estimated_usd - leg.fees_usd
    return traded + leg.funding_received_usd - leg.funding_paid_usd - leg.haircut_usd


def _pairs(states: States) -> Iterator[tuple[str, PairPosition]]:
    for name, state in states.items():
        if isinstance(state, PairPosition):
            yield name, state
