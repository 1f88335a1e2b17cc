"""What must hold of a run whose journal broke: it opens nothing more, closes, says so, and no decision is lost.

Judged when the spare was put back. Counterparts: `disks`, which lets journals break; `oracle`, which asks.
"""

from __future__ import annotations

from actors.domain import NS_PER_S
from actors.messages import KillSwitchPulled
from engine.fuzzing.explained import explained
from engine.fuzzing.run import Run
from engine.fuzzing.steps import OPENING, Violated
from engine.fuzzing.truth import FLAT, named

RULES: dict[str, str] = {
    "record_lost": "a journal that broke holds every decision once its spare was put back",
    "opened_unrecorded": "nothing is opened once the journal broke",
    "not_stopped": "a run whose journal broke stops by itself, flat or with an alarm, and its exit code says so",
}


def check_broken_journal(run: Run) -> None:
    """The rules for a run whose last engine wrote to a spare; of any other nothing is asked. Raises Violated."""
    if not run.spared_from:
        return
    if run.records[-1].seq != run.engine.tally.seq:
        told = f"the journal ends at {run.records[-1].seq} of {run.engine.tally.seq}"
        raise Violated("record_lost", told)
    _check_opened_nothing(run)
    _check_stopped(run)


def _check_opened_nothing(run: Run) -> None:
    """Orders whose record is not in the run's own journal, and that open, are at no venue."""
    asked = {order.order_id: order for order in run.orders()}
    late = {
        order.order_id
        for record in run.records
        if record.seq >= run.spared_from
        for order in run.orders_of(record)
        if order.purpose in OPENING
    }
    behind_ns = round(run.terms.behind_s * NS_PER_S)
    intents = {order_id: at_ns - behind_ns for order_id, at_ns in run.intents_ns().items()}
    for venue in run.venues:
        for order_id, order in explained(venue, run.venue_orders(venue), asked, intents):
            if order_id in late:
                raise Violated("opened_unrecorded", f"{venue} was sent {order}", order_id=order_id)


def _check_stopped(run: Run) -> None:
    kills = (record.message for record in run.records if isinstance(record.message, KillSwitchPulled))
    if not any(kill.by == "journal" for kill in kills):
        raise Violated("not_stopped", "no kill was recorded")
    if not run.journal_broken:
        raise Violated("not_stopped", "the exit code would say that the journal is whole")
    for pair in run.pairs:
        if pair.place not in FLAT and not named(run, pair):
            raise Violated("not_stopped", f"the run ended with {pair.actor} in {pair.place}", actor=pair.actor)
