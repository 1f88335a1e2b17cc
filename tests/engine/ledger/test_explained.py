from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.domain import HOUR_NS, Liquidity
from actors.expectation import Expectation
from actors.pair_position.state import PairPosition
from engine.ledger.explained import Explained, explain, held_hours
from tests.engine.ledger.runs import EXPECTATION, Booked
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
    assert cause(explained, "gas (not booked)") == D("0.25")


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
