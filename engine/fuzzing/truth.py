"""What must hold of a whole run, asked of the simulated exchanges: orders, fills, positions, money, and rest.

Counterparts: `steps`, which needs the journal alone; `oracle`, which asks both.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from actors.domain import NS_PER_S, ZERO, Venue
from actors.pair_position.state import LEGS, Leg, PairPosition
from engine.alarms import Alarm
from engine.foreign import positions
from engine.fuzzing.explained import explained, order_id_of
from engine.fuzzing.run import Run
from engine.fuzzing.steps import Violated
from engine.simulators.exchange import FillCause, OrderFilled, OrderStatus

FLAT = ("IDLE.ready", "IDLE.backoff", "CLOSED.flat")
SETTLED = (*FLAT, "HEDGED.earning")
OUR_FAULTS = ("actor_fault", "actor_quarantined", "venue_failed", "request_failed", "ledger_failed")
NAMING = ("leg_stranded", "attempts_failed", "order_in_doubt", "positions_unverified", "position_surprise")
"""Alarms that name what a pair has left open."""
MONEY_USD = Decimal("0.001")
ASKED_S = 25.0
"""Pacifica and Lighter, which tell no payment by stream, are asked 20 s after each hour."""

RULES: dict[str, str] = {
    "our_fault": "no part of the engine fails",
    "doubled": "2: a venue knows an order once",
    "unrecorded": "2: every order at a venue has an earlier record",
    "no_outcome": "2: every intent ends in an outcome",
    "overfilled": "3: filled never exceeds asked",
    "reduction_adds": "5: a reducing order never makes a position larger",
    "unsettled": "6: once faults stop, each pair becomes flat or hedged, or an alarm names it",
    "not_flat": "6: a run that ends in calm leaves nothing open",
    "books_differ": "the books hold what the venues hold",
    "fill_untold": "every fill is booked at its price, with its fee, where nothing kept the venue from telling it",
    "funding_differs": "every payment of funding is booked",
    "money_differs": "the books explain what the accounts gained or lost",
}


def check_no_part_failed(run: Run) -> None:
    """No step raised, no venue's task ended, no request could not be made."""
    failed = [alarm.text for alarm in run.alarms if alarm.code in OUR_FAULTS]
    if failed:
        raise Violated("our_fault", "; ".join(failed))


# --- 2 and 3: orders ---------------------------------------------------------------------------------------


def check_orders_are_ours(run: Run, ended: dict[str, str]) -> None:
    """No order at a venue without an earlier record, none twice, none filled beyond its size, one outcome for each."""
    asked = {order.order_id: order for order in run.orders()}
    behind_ns = round(run.terms.behind_s * NS_PER_S)
    intents = {order_id: at_ns - behind_ns for order_id, at_ns in run.intents_ns().items()}
    for venue in run.venues:
        known = explained(venue, run.venue_orders(venue), asked, intents)
        taken = [order_id for order_id, order in known if order.status is not OrderStatus.REJECTED]
        _check_copies(run, venue, [order_id for order_id, _ in known])
        for order_id, order in known:
            if order_id not in intents:
                raise Violated("unrecorded", f"{venue} has an order that is in no record: {order}")
            if taken.count(order_id) > 1:
                raise _of_order(run, "doubled", f"{venue} knows {order_id} twice", order_id)
            if intents[order_id] > order.placed_at_ns:
                raise _of_order(run, "unrecorded", f"{order_id} was recorded after it was placed", order_id)
            if order.filled > asked[order_id].size:
                told = f"filled beyond its size of {asked[order_id].size}: {order}"
                raise _of_order(run, "overfilled", told, order_id)
    _check_outcomes(run, intents, ended)


def _check_copies(run: Run, venue: Venue, known: list[str]) -> None:
    """A venue saw an id again at most as often as the wire delivered a request of ours twice.

    What it refused for that is no order, so the copies of the wire are no fault; more than those were sent by us.
    """
    if run.copies is None:
        return
    again = len(known) - len(dict.fromkeys(known))
    if again > run.copies.get(venue, 0):
        known_twice = next(order_id for order_id in known if known.count(order_id) > 1)
        told = f"{venue} saw {again} ids again, the wire doubled {run.copies.get(venue, 0)} requests"
        raise _of_order(run, "doubled", told, known_twice)


def _of_order(run: Run, rule: str, text: str, order_id: str) -> Violated:
    """What is wrong with one of our orders, and whose it is."""
    owner = next((pair.actor for pair in run.pairs for order in pair.orders if order.id == order_id), "")
    return Violated(rule, text, actor=owner, order_id=order_id)


def _check_outcomes(run: Run, intents: dict[str, int], ended: dict[str, str]) -> None:
    if _expected_open(run):
        return
    excused = {order.id for pair in run.pairs if named(run, pair) for order in pair.orders}
    missing = [order_id for order_id in intents if order_id not in ended and order_id not in excused]
    if missing:
        raise _of_order(run, "no_outcome", f"orders without an outcome: {missing}", missing[0])


# --- 5: reducing -------------------------------------------------------------------------------------------


def check_reductions_reduce(run: Run) -> None:
    """No reducing order ever made a position larger."""
    sent = {order.order_id: order for order in run.orders()}
    for venue in run.venues:
        for fill in _own_fills(run, venue):
            order_id = order_id_of(venue, fill.client_order_id, sent)
            reducing = order_id in sent and sent[order_id].reduce_only
            if reducing and abs(fill.position_after) > abs(fill.position_before):
                raise _of_order(run, "reduction_adds", f"a reducing order added: {fill}", order_id)


def _own_fills(run: Run, venue: Venue) -> list[OrderFilled]:
    return [fill for fill in run.fills(venue) if fill.cause is FillCause.ORDER and fill.client_order_id]


# --- 6: rest -----------------------------------------------------------------------------------------------


def check_settled_in_time(run: Run) -> None:
    """A bounded time after the last misfortune every pair was hedged or flat, or an alarm names what is left."""
    if _expected_open(run):
        return
    for pair in run.pairs:
        if named(run, pair):
            continue
        if not _rested(run, pair.actor):
            told = f"not hedged or flat {run.terms.settled_s:g} s after the last misfortune: {_standing(pair)}"
            raise Violated("unsettled", told, actor=pair.actor)
        if pair.place not in SETTLED:
            raise Violated("unsettled", f"the run ended unsettled: {_standing(pair)}", actor=pair.actor)


def check_ends_flat(run: Run) -> None:
    """A run that was asked to end when all was well again has closed every pair."""
    calm_ns = run.terms.start_ns + round((run.terms.calm_s + run.terms.settled_s) * NS_PER_S)
    if not run.terms.ends_flat or run.records[-1].at_ns < calm_ns:
        return
    for pair in run.pairs:
        if pair.place not in FLAT and not named(run, pair):
            raise Violated("not_flat", f"the run ended with {_standing(pair)}", actor=pair.actor)


def _standing(pair: PairPosition) -> str:
    legs = ", ".join(f"{leg.position} on {leg.venue.value}" for leg in pair.legs)
    return f"{pair.actor} in {pair.place}, {legs}"


def _rested(run: Run, pair: str) -> bool:
    """Whether the pair was at rest at some moment of a stretch, which begins with the pair where that is later."""
    from_ns = run.terms.start_ns + round(run.terms.calm_s * NS_PER_S)
    place, to_ns = "", 0
    for record in run.pair_records:
        if record.to != pair:
            continue
        to_ns = to_ns or max(from_ns, record.at_ns) + round(run.terms.settled_s * NS_PER_S)
        if record.at_ns > to_ns:
            break
        if record.at_ns > from_ns and place in SETTLED:
            return True
        place = record.place
    return place in SETTLED or run.records[-1].at_ns <= to_ns


def _expected_open(run: Run) -> bool:
    """The terms expect something to be left open, and alarms of those codes name it."""
    return bool(run.terms.left_open) and all(code in run.alarm_codes() for code in run.terms.left_open)


def named(run: Run, pair: PairPosition) -> bool:
    """Whether an alarm that stands names what a pair has left, where the terms let that do."""
    return run.terms.named and pair.place not in SETTLED and any(_names(alarm, pair) for alarm in run.alarms)


def _names(alarm: Alarm, pair: PairPosition) -> bool:
    about = alarm.about == pair.actor and alarm.code in NAMING
    return not alarm.resolved_ns and (about or (alarm.code == "left_open" and pair.actor in alarm.text))


# --- the books ---------------------------------------------------------------------------------------------


def check_books_are_the_venues_truth(run: Run) -> None:
    """Positions of the books, and those named as nobody's, are the exchanges'; so is the money that was told."""
    foreign = {(each.venue, each.asset): each.size for each in positions(run.engine.core)}
    for venue in run.venues:
        for asset in run.assets:
            pairs = [pair for pair in run.pairs if pair.asset == asset]
            legs = [leg for pair in pairs for leg in pair.legs if leg.venue is venue]
            booked = sum((leg.position for leg in legs), foreign.get((venue, asset), ZERO))
            held = run.position(venue, asset)
            if booked != held and not any(named(run, pair) for pair in pairs):
                holder = next((pair.actor for pair in reversed(pairs) if any(leg.position for leg in pair.legs)), "")
                raise Violated("books_differ", f"{venue} {asset}: booked {booked}, held {held}", actor=holder)
        if run.terms.all_told:
            _check_told(run, venue)
        if not run.terms.by_hand and all(pair.place == "CLOSED.flat" for pair in run.pairs):
            _check_money(run, venue)


def _check_told(run: Run, venue: Venue) -> None:
    for pair, leg in _legs_on(run, venue):
        if any(_estimates(pair, leg)):
            raise Violated("fill_untold", f"{pair.actor}: fills on {venue} are estimated to the end", actor=pair.actor)


def _check_money(run: Run, venue: Venue) -> None:
    view = run.exchange(venue).account_view(run.account(venue))
    assert view is not None
    gained = view.balance_usd - run.terms.deposits_usd[venue]
    legs = list(_legs_on(run, venue))
    _check_funding(run, venue, legs)
    estimated = sum((abs(usd) for pair, leg in legs for usd in _estimates(pair, leg)), ZERO)
    booked = sum((_money(leg) for _, leg in legs), ZERO)
    allowed = MONEY_USD + estimated * run.terms.estimate_share
    if min(abs(gained - booked), abs(gained - _paid_at_the_end(run, venue) - booked)) > allowed:
        fees = sum((fill.fee_usd for fill in run.fills(venue)), ZERO)
        raise Violated(
            "money_differs",
            f"{venue}: the account changed by {gained}, the books say {booked}; "
            f"fees {fees} and {sum((leg.fees_usd for _, leg in legs), ZERO)}",
        )


def _check_funding(run: Run, venue: Venue, legs: list[tuple[PairPosition, Leg]]) -> None:
    """Payments are never estimated: what is allowed for estimated fills must not hide one.

    Drift charges a socialised loss as funding, which its exchange does not count as such; one that came while the
    engine was away stays booked so. There the books may say less, and `money_differs` alone judges by how much.
    """
    paid = sum((each.amount_usd for each in run.exchange(venue).funding_paid_since(run.account(venue), 0)), ZERO)
    told = sum((leg.funding_received_usd - leg.funding_paid_usd for _, leg in legs), ZERO)
    if venue is Venue.DRIFT and told < paid:
        return
    if min(abs(paid - told), abs(paid - _paid_at_the_end(run, venue) - told)) > MONEY_USD:
        raise Violated("funding_differs", f"{venue}: funding of {paid} was paid, the books say {told}")


def _paid_at_the_end(run: Run, venue: Venue) -> Decimal:
    """Funding settled so shortly before the last record that nobody had asked for it yet.

    Only where an hour ends within `ASKED_S` before the run does, and only this very amount: a payment that is forgotten
    at any other time differs.
    """
    since_ns = run.records[-1].at_ns - round(ASKED_S * NS_PER_S)
    paid = run.exchange(venue).funding_paid_since(run.account(venue), since_ns)
    return sum((each.amount_usd for each in paid), ZERO)


def _legs_on(run: Run, venue: Venue) -> Iterator[tuple[PairPosition, Leg]]:
    for pair in run.pairs:
        for leg in pair.legs:
            if leg.venue is venue:
                yield pair, leg


def _estimates(pair: PairPosition, leg: Leg) -> Iterator[Decimal]:
    """Fills that are claimed, or were adopted, and never told: valued at a mid, without their fee."""
    yield leg.estimated_usd
    for name in LEGS:
        if pair.leg(name) is leg:
            yield from (order.untold * order.decision_mid for order in pair.orders if order.leg == name)


def _money(leg: Leg) -> Decimal:
    traded = leg.cash_usd + leg.estimated_usd - leg.fees_usd
    return traded + leg.funding_received_usd - leg.funding_paid_usd - leg.haircut_usd
