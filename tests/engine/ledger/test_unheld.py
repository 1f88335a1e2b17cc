from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from actors.domain import Venue
from actors.messages import AnyMessage, FundingPaid, LossSocialised
from engine.core import BOARD
from engine.ledger.entry import Entry, Kind
from engine.ledger.totals import NO_PAIR, Totals
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import PAIR, START_NS, TAKER

D = Decimal


def payment(usd: str = "-3", payment_id: str = "p9", venue: Venue = TAKER) -> FundingPaid:
    return FundingPaid(
        venue=venue,
        asset="BTC",
        payment_id=payment_id,
        amount_usd=D(usd),
        rate_per_hour=D("0.0001"),
        size=D(1),
        venue_at_ns=START_NS - 5,
    )


LOSS = LossSocialised(venue=TAKER, asset="BTC", loss_id="l9", amount_usd=D(3), size=D(1), venue_at_ns=START_NS)


def told(run: Booked, message: AnyMessage, *to: str) -> None:
    """One letter to all of them, one after the other."""
    for each in to:
        run.tell(each, message)


def unheld(run: Booked) -> list[Entry]:
    return [entry for entry in run.entries if not entry.pair]


def test_a_payment_that_no_pair_hears_of_is_booked_as_nobody_s_once_another_letter_comes() -> None:
    run = hedged()
    told(run, payment(), "risk")
    assert unheld(run) == []
    run.quote(TAKER, "60000")
    (entry,) = unheld(run)
    assert (entry.kind, entry.amount_usd, entry.at_ns, entry.purpose) == (Kind.FUNDING, D(-3), START_NS - 5, "no pair")
    assert (entry.reference, entry.rate_per_hour, entry.size) == ("p9", D("0.0001"), D(1))
    (line,) = (cut for cut in Totals(run.entries).cut("pair") if cut.name == NO_PAIR)
    assert line.net_usd == line.account_usd == -3


def test_a_payment_that_a_pair_hears_of_next_is_the_pair_s() -> None:
    run = hedged()
    told(run, payment(), "risk", PAIR)
    run.quote(TAKER, "60000")
    assert unheld(run) == []
    assert run.amounts(Kind.FUNDING) == [D(-3)]


def test_what_actors_tell_each_other_between_both_decides_nothing() -> None:
    """A pair of the venue that has no leg there does not hold it either."""
    run = hedged()
    told(run, payment(venue=Venue.DRIFT), "risk", PAIR)
    run.quote(TAKER, "60000")
    assert [entry.venue for entry in unheld(run)] == [Venue.DRIFT]


def test_one_payment_after_the_other_is_booked_and_one_told_twice_once() -> None:
    run = hedged()
    for each in ("a", "b", "a"):
        told(run, payment(payment_id=each), "risk")
    run.quote(TAKER, "60000")
    assert [entry.reference for entry in unheld(run)] == ["a", "b"]
    assert all(before.seq < after.seq for before, after in pairwise(unheld(run)))


def test_what_waits_at_the_end_is_booked_then_and_once() -> None:
    run = hedged()
    told(run, payment(), "risk")
    assert [entry.amount_usd for entry in run.ledger.finished()] == [D(-3)]
    assert run.ledger.finished() == ()
    told(run, payment(), "risk")
    assert run.ledger.finished() == (), "told twice"


@pytest.mark.parametrize("between", [True, False])
def test_a_pair_that_books_it_after_all_takes_it_back(between: bool) -> None:
    """A crash cut the letter off after risk; the venue tells it again after the restart."""
    run = hedged()
    told(run, payment(), "risk")
    if between:
        run.quote(TAKER, "60000")
    told(run, payment(), "risk", PAIR)
    run.quote(TAKER, "60000")
    assert sum(entry.amount_usd for entry in unheld(run)) == 0
    assert len(unheld(run)) == (2 if between else 0)
    assert sum(run.amounts(Kind.FUNDING)) == -3


def test_what_a_pair_has_booked_is_not_nobody_s_when_it_is_told_again() -> None:
    """A pair that failed hears nothing any more; its venue tells the same payments after each reconnection."""
    run = hedged()
    told(run, payment(), "risk", PAIR)
    run.quote(TAKER, "60000")
    told(run, payment(), "risk")
    run.quote(TAKER, "60000")
    assert unheld(run) == []


def test_a_loss_of_others_that_nobody_holds_is_moved_out_of_funding() -> None:
    run = hedged()
    told(run, payment(), "risk")
    told(run, LOSS, BOARD)
    run.quote(TAKER, "60000")
    assert [(entry.kind, entry.amount_usd) for entry in unheld(run)] == [
        (Kind.FUNDING, D(-3)),
        (Kind.FUNDING, D(3)),
        (Kind.HAIRCUT, D(-3)),
    ]
