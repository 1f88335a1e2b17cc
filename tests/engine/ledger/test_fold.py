from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain import Venue
from actors.messages import PnlSettled
from engine.core import BOARD
from engine.ledger.entry import NOTHING, Kind
from engine.ledger.totals import Totals
from tests.engine.ledger.runs import entered, hedged
from tests.engine.recorded import PAIR, TAKER

D = Decimal


def test_entries_of_an_open_pair_are_its_net_and_what_its_legs_cost() -> None:
    run = hedged()
    run.paid("2.5")
    pair = run.ledger.shadow.pairs[PAIR]
    assert run.account.net_usd - run.account.open_cost_usd == pair.net_usd
    assert Totals(run.entries).whole().net_usd == run.account.net_usd


def test_a_record_that_is_no_pair_s_business_brings_nothing() -> None:
    run = hedged()
    before = len(run.bookings)
    run.quote(TAKER, "60100")
    assert run.bookings[before:] == [NOTHING]


@pytest.mark.parametrize("to", ["pnl_settlement/drift/BTC", BOARD])
def test_a_settlement_moves_money_and_earns_none(to: str) -> None:
    run = entered()
    run.tell(to, PnlSettled(venue=TAKER, asset="BTC", amount_usd=D(12), venue_at_ns=7))
    settled = run.entries[-1]
    assert (settled.kind, settled.amount_usd, settled.moved_usd, settled.pair) == (Kind.SETTLEMENT, D(0), D(12), PAIR)
    run.tell(to, PnlSettled(venue=Venue.DRIFT, asset="BTC", amount_usd=D(12), venue_at_ns=7))
    assert run.entries[-1].pair == "", "nobody of ours traded there"
