from __future__ import annotations

from decimal import Decimal

from tests.engine.ledger.runs import hedged

D = Decimal


def test_rows_hold_the_venue_s_own_words() -> None:
    run = hedged()
    first = run.fills[0]
    assert (first.price, first.size, first.fee_usd, first.liquidity) == (D(59_990), D("0.5"), D(1), "taker")
    assert first.at_ns <= first.told_ns
    assert (first.fee_currency, first.kind, first.estimated) == ("USDC", "fill", False)


def test_a_forced_fill_has_no_order_and_no_liquidity() -> None:
    run = hedged()
    run.deleveraged("60100", "0.2")
    forced = run.fills[-1]
    assert (forced.kind, forced.order_id, forced.liquidity, forced.fill_id) == ("adl", "", "", "adl-1")
    assert forced.moved == D("0.2")
    assert forced.realised_usd == (59_990 - 60_100) * D("0.2")


def test_a_message_that_fills_nothing_has_no_row() -> None:
    run = hedged()
    before = len(run.fills)
    run.paid("1")
    assert len(run.fills) == before == 2
