from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from actors.commands import SubmitOrder
from actors.domain import DoneReason, Liquidity, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    CancelRejected,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderMessage,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
)
from engine.trace import OrderLife, absorb, trace
from tests.engine.recorded import CHAIN_ORDER, PAIR, SmallRun, chain, hedged_run, last_order, record

VENUE = Venue.PACIFICA
ID = "0f" * 16
ORDER = SubmitOrder(
    order_id=ID,
    venue=VENUE,
    asset="BTC",
    side=Side.BUY,
    size=Decimal(2),
    limit_price=Decimal(101),
    time_in_force=TimeInForce.IOC,
    reduce_only=False,
    purpose="sweep",
    expires_at_ns=0,
    decision_mid=Decimal(100),
)


def fill(number: int, size: str = "1", price: str = "100") -> OrderFilled:
    return OrderFilled(
        venue=VENUE,
        asset="BTC",
        order_id=ID,
        fill_id=f"f{number}",
        side=Side.BUY,
        price=Decimal(price),
        size=Decimal(size),
        fee_usd=Decimal("0.5"),
        liquidity=Liquidity.TAKER,
        venue_at_ns=0,
    )


ACCEPTED = OrderAccepted(venue=VENUE, order_id=ID, venue_order_id="9")
DONE = OrderDone(venue=VENUE, order_id=ID, filled=Decimal(1), reason=DoneReason.IOC_REMAINDER)
UNRESOLVED = OrderUnresolved(venue=VENUE, order_id=ID, detail="timeout")
UNKNOWN = OrderUnknown(venue=VENUE, order_id=ID)
REJECTED = OrderRejected(venue=VENUE, order_id=ID, reason=RejectReason.TICK, detail="0.15")
DENIED = OrderDenied(venue=VENUE, order_id=ID, rule="leverage_most", measured="4", limit="3")
CANCEL_REJECTED = CancelRejected(venue=VENUE, order_id=ID, detail="gone")


@pytest.mark.parametrize(
    ("told", "outcome", "at"),
    [
        ((), "no answer", 0),
        ((ACCEPTED,), "open", 1),
        ((fill(1),), "open", 1),
        ((fill(1), fill(2)), "filled", 2),
        ((fill(1), fill(2), ACCEPTED), "filled", 2),
        ((ACCEPTED, fill(1), DONE), "done: ioc_remainder", 3),
        ((DONE, fill(1)), "done: ioc_remainder", 1),
        ((UNRESOLVED,), "unresolved: timeout", 1),
        ((UNRESOLVED, UNKNOWN), "unresolved: timeout", 1),
        ((UNKNOWN,), "unresolved: the venue does not know it", 1),
        ((UNRESOLVED, ACCEPTED), "open", 2),
        ((UNRESOLVED, fill(1, "2")), "filled", 2),
        ((fill(1, "2"), UNRESOLVED, UNKNOWN), "filled", 1),
        ((REJECTED,), "rejected: tick (0.15)", 1),
        ((DENIED,), "denied: leverage_most measured 4, limit 3", 1),
        ((ACCEPTED, CANCEL_REJECTED), "open", 1),
    ],
)
def test_an_orders_outcome_is_what_is_known_of_it_last(told: tuple[OrderMessage, ...], outcome: str, at: int) -> None:
    life = OrderLife(order_id=ID, actor=PAIR, intent_seq=1, submitted=ORDER)
    for seq, message in enumerate(told, start=1):
        absorb(life, seq, message)
    assert (life.outcome, life.outcome_seq) == (outcome, at)


def test_a_fill_told_twice_counts_once_and_the_venues_word_can_be_larger() -> None:
    life = OrderLife(order_id=ID, actor=PAIR, intent_seq=1, submitted=ORDER)
    for message in (fill(1, "0.5", "100"), fill(1, "0.5", "100"), fill(2, "0.25", "103"), DONE):
        absorb(life, 1, message)
    assert (life.seen, life.filled, life.fees_usd) == (Decimal("0.75"), Decimal(1), Decimal(1))
    assert life.average_price == Decimal(101)
    assert OrderLife(order_id=ID, actor=PAIR, intent_seq=1).average_price is None


def test_an_actors_trace_holds_what_changed_something_and_counts_the_rest(tmp_path: Path) -> None:
    run = hedged_run(4)
    record(tmp_path, run.decisions)
    told = trace(tmp_path, PAIR)
    of_pair = [d for d in run.decisions if d.envelope.to == PAIR]
    assert len(told.entries) + told.quiet == len(of_pair)
    assert all(e.commands or e.place != e.source or e.fault for e in told.entries)
    assert [life.outcome for life in told.orders] == ["filled", "filled"]
    assert told.causes == ()
    assert told.changed_charts == ()


def test_an_orders_trace_begins_with_its_intent_and_ends_with_its_fill(tmp_path: Path) -> None:
    run = hedged_run(4)
    record(tmp_path, run.decisions)
    order_id = last_order(run)
    told = trace(tmp_path, order_id)
    assert [type(entry.message).__name__ for entry in told.entries] == ["OrderFilled", "OrderAccepted", "OrderFilled"]
    assert any(isinstance(command, SubmitOrder) for command in told.entries[0].commands)
    (life,) = told.orders
    assert (life.order_id, life.actor, life.filled) == (order_id, PAIR, Decimal("0.5"))


def test_a_denied_order_has_a_life_too(tmp_path: Path) -> None:
    run = SmallRun()
    run.open_venues()
    order_id = run.ask_entry("3")
    record(tmp_path, run.decisions)
    (life,) = trace(tmp_path, order_id).orders
    assert life.submitted is None
    assert life.outcome.startswith("denied: order_notional_most_usd")


def test_what_led_to_an_order_is_kept_oldest_first(tmp_path: Path) -> None:
    record(tmp_path, chain())
    told = trace(tmp_path, CHAIN_ORDER)
    assert [(cause.seq, cause.to) for cause in told.causes] == [(1, "engine_lifecycle"), (2, "risk")]
    assert [entry.seq for entry in told.entries] == [3]


def test_the_chain_of_causes_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.trace.CAUSES_MOST", 1)
    record(tmp_path, chain())
    assert [cause.seq for cause in trace(tmp_path, CHAIN_ORDER).causes] == [2]


def test_nothing_is_told_of_a_subject_nobody_knows(tmp_path: Path) -> None:
    record(tmp_path, hedged_run(0).decisions)
    for subject in (ID, "pair_position/nobody", ""):
        told = trace(tmp_path, subject)
        assert (told.entries, told.orders, told.quiet) == ((), (), 0)
