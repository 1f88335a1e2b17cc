from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.domain import HOUR_NS, DoneReason, Liquidity
from actors.expectation import Expectation
from actors.messages import OrderDone
from actors.pair_position.state import PairPosition
from engine.ledger.explained import Cause, Explained, explain, held_hours
from tests.engine.ledger.runs import EXPECTATION, Booked, hedged
from tests.engine.recorded import PAIR

D = Decimal


def closed(run: Booked, hours: int = 5) -> PairPosition:
    """The pair as if it had closed so many hours after its first order."""
    pair = run.ledger.shadow.pairs[PAIR]
    return msgspec.structs.replace(pair, place="CLOSED.flat", arrived_ns=pair.entered_ns + hours * HOUR_NS)


def misfortunes(expectation: Expectation | None) -> Booked:
    """A pair that met a bit of everything: a naked leg, a maker that took, funding, ADL, a haircut."""
    run = Booked()
    run.open_venues()
    order = run.ask(expectation)
    run.claimed(order)
    run.filled(order, "59990", fee="13.5")
    run.quote(order.venue, "60080")
    run.filled(run.sent(), "60010", fee="12", liquidity=Liquidity.TAKER)
    run.paid("4.2")
    run.deleveraged("60300", "0.2")
    run.socialised("1.5")
    return run


def told(expectation: Expectation | None = EXPECTATION) -> Explained:
    run = misfortunes(expectation)
    return explain(closed(run), run.account)


def cause(explained: Explained, name: str) -> Decimal:
    return next(each.usd for each in explained.causes if each.name == name)


def test_the_difference_is_explained_to_the_last_digit() -> None:
    """The legs are not flat in this one: what they cost is part of the net, and what the causes leave."""
    run = misfortunes(EXPECTATION)
    explained = explain(closed(run), run.account)
    assert explained.difference_usd == explained.realised_usd - EXPECTATION.net_usd
    assert explained.rest_usd == -run.account.open_cost_usd
    assert sum(each.usd for each in explained.causes) == run.account.net_usd - EXPECTATION.net_usd


def test_half_the_time_brings_half_the_funding_and_what_else_differs_is_the_rate() -> None:
    explained = told()
    assert (explained.held_h, explained.horizon_h) == (D(5), D(10))
    assert cause(explained, "held shorter or longer") == -15
    assert cause(explained, "funding rate differed") == D("4.2") - 15


def halved() -> Booked:
    """Asked for 0.5, entered with 0.3 on one side and 0.25 on the other, a half of it."""
    run = Booked()
    run.open_venues()
    order = run.ask(EXPECTATION)
    run.filled(order, "60000", size="0.3")
    run.tell(PAIR, OrderDone(venue=order.venue, order_id=order.order_id, filled=D("0.3"), reason=DoneReason.CANCELED))
    run.filled(run.sent(), "60000", size="0.25", fee="0.4", liquidity=Liquidity.MAKER)
    return run


def test_a_size_that_differed_comes_first_and_the_rest_is_told_against_what_it_was_to_bring() -> None:
    """30 of funding, 5 of fees, 2 of slippage, 0.5 of basis: 23.5 and gas; of half the size half of that."""
    run = halved()
    explained = explain(closed(run, 10), run.account)
    assert (run.account.asked, run.account.reached) == (D("0.5"), {"taker": D("0.3"), "maker": D("0.25")})
    assert explained.causes[0] == Cause(name="size differed", usd=D("-11.75"))
    assert cause(explained, "funding rate differed") == -15, "none was paid, of 15"
    assert cause(explained, "fees at exit") == D("1.5")
    assert sum(each.usd for each in explained.causes) == run.account.net_usd - EXPECTATION.net_usd


def test_the_whole_size_differs_by_nothing_and_one_that_never_was_by_all_but_gas() -> None:
    assert cause(told(), "size differed") == 0
    run = Booked()
    run.open_venues()
    run.filled(run.ask(EXPECTATION), "60000")
    explained = explain(closed(run), run.account)
    assert cause(explained, "size differed") == -(EXPECTATION.net_usd + EXPECTATION.gas_usd)
    assert cause(explained, "held shorter or longer") == 0


def test_money_of_a_time_after_the_close_is_a_cause_of_its_own_and_money_told_late_is_not() -> None:
    """Somebody opens by hand where the pair had been: that funding finds its books, and is not its forecast's."""
    run = hedged(EXPECTATION)
    pairs, closed_ns = run.ledger.shadow.pairs, closed(run).arrived_ns
    pairs[PAIR] = closed(run)
    run.paid("4", "late", venue_at_ns=closed_ns)
    pairs[PAIR] = closed(run)
    run.paid("-7", "after", venue_at_ns=closed_ns + 1)
    explained = explain(closed(run), run.account)
    assert cause(explained, "after the pair closed") == -7
    assert cause(explained, "funding rate differed") == 4 - 15
    assert [entry.purpose for entry in run.entries[-2:]] == ["", "after the pair closed"]
    assert sum(each.usd for each in explained.causes) == run.account.net_usd - EXPECTATION.net_usd


def test_a_maker_that_took_is_a_cause_of_its_own_beside_the_fees() -> None:
    explained = told()
    extra = D(60_010) / 2 * D("0.0003")
    assert cause(explained, "maker that became taker") == -extra
    assert cause(explained, "fees at entry") == 2 - D("25.5") + extra


def test_every_misfortune_has_its_cause() -> None:
    explained = told()
    assert cause(explained, "naked leg") < 0
    assert cause(explained, "haircut") == D("-1.5")
    assert cause(explained, "forced fills") < D("-0.5"), "the price of force, and its fee"
    assert cause(explained, "slippage at entry") == 1 + (D(59_990) - D("60000.5")) / 2 + (D("60000.5") - 60_010) / 2
    assert cause(explained, "fees at exit") == 3, "nothing was paid for leaving yet"
    assert cause(explained, "gas (assumed)") == D("0.25"), "these venues take none"


def test_without_a_recorded_expectation_only_the_net_is_compared_and_that_is_said() -> None:
    explained = told(None)
    assert (explained.recorded, explained.causes, explained.rest_usd) == (False, (), None)
    assert explained.expected_usd == 25
    assert explained.parts["funding"] == D("4.2")


def test_the_expectation_that_counts_is_that_of_the_entry_which_was_taken() -> None:
    run = misfortunes(EXPECTATION)
    run.ask(msgspec.structs.replace(EXPECTATION, funding_usd=D(999)))
    assert run.account.expectation == EXPECTATION


@pytest.mark.parametrize(("entered", "left", "hours"), [(0, 9, 0), (HOUR_NS, 3 * HOUR_NS, 2), (5, 4, 0)])
def test_held_from_the_first_order_until_the_close(entered: int, left: int, hours: int) -> None:
    pair = closed(misfortunes(None))
    assert held_hours(msgspec.structs.replace(pair, entered_ns=entered, arrived_ns=left)) == hours
