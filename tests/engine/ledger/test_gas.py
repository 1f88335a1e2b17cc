from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.commands import AnyCommand, CancelAll, CancelOrder, QueryOrder, SettlePnl
from actors.policy import CostsPolicy
from engine.ledger.entry import Kind
from engine.ledger.fold import Ledger
from engine.ledger.gas import ASSUMED, gas
from engine.ledger.totals import Totals
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import MAKER, PAIR, POLICY, TAKER, start_states

D = Decimal
DEAR = CostsPolicy(gas_usd={TAKER: D("0.05")})


def sent_by(run: Booked, *commands: AnyCommand) -> list[Decimal]:
    decision = replace(run.decisions[-1], commands=commands)
    return [entry.amount_usd for entry in gas(decision, PAIR, DEAR)]


def test_every_order_to_a_venue_that_takes_gas_is_an_assumed_cost() -> None:
    run = hedged()
    found = [entry for decision in run.decisions for entry in gas(decision, PAIR, DEAR)]
    assert [(entry.kind, entry.amount_usd, entry.venue) for entry in found] == [(Kind.GAS, D("-0.05"), TAKER)]
    assert found[0].reference == ASSUMED
    assert found[0].order_id in run.account.sent


@pytest.mark.parametrize(
    ("command", "costs"),
    [
        (CancelOrder(venue=TAKER, asset="BTC", order_id="1"), ["-0.05"]),
        (CancelAll(venue=TAKER, asset="BTC"), ["-0.05"]),
        (SettlePnl(venue=TAKER, asset="BTC"), ["-0.05"]),
        (CancelAll(venue=MAKER, asset="BTC"), []),
        (QueryOrder(venue=TAKER, asset="BTC", order_id="1"), []),
    ],
)
def test_a_cancel_and_a_settlement_are_transactions_and_a_question_is_none(
    command: AnyCommand, costs: list[str]
) -> None:
    assert sent_by(hedged(), command) == [D(each) for each in costs]


def test_gas_is_a_cost_of_the_pair_and_no_change_of_its_account() -> None:
    run = hedged()
    pairs = [state for state in start_states() if state.actor == PAIR]
    ledger = Ledger(replace(POLICY, costs=DEAR), pairs)  # type: ignore[arg-type]
    totals = Totals(entry for decision in run.decisions for entry in ledger.take(decision).entries)
    account = ledger.accounts[PAIR]
    assert account.total(Kind.GAS) == D("-0.05")
    assert account.net_usd == run.account.net_usd - D("0.05")
    assert totals.whole().account_usd == totals.whole().net_usd + D("0.05")


def test_a_settlement_s_gas_is_that_of_the_pair_that_traded_there_last() -> None:
    run = hedged()
    pairs = [state for state in start_states() if state.actor == PAIR]
    ledger = Ledger(replace(POLICY, costs=DEAR), pairs)  # type: ignore[arg-type]
    for decision in run.decisions:
        ledger.take(decision)
    envelope = replace(run.decisions[-1].envelope, to=f"pnl_settlement/{TAKER}/BTC")
    settling = replace(run.decisions[-1], envelope=envelope, commands=(SettlePnl(venue=TAKER, asset="BTC"),))
    (entry,) = ledger.take(settling).entries
    assert (entry.kind, entry.pair) == (Kind.GAS, PAIR)
