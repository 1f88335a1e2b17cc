"""The exchanges are asked, not the engine: what they know otherwise is noticed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.domain import Venue
from engine.alarms import Alarm
from engine.fuzzing import truth
from engine.fuzzing.oracle import check_run
from engine.fuzzing.run import Run
from engine.fuzzing.steps import Violated
from engine.simulators.exchange import NewOrder, OrderStatus, OrderView, TimeInForce
from tests.engine.fuzzing.worlds import played

PACIFICA = Venue.PACIFICA


def trade_by_hand(run: Run) -> None:
    exchange = run.exchange(PACIFICA)
    exchange.set_position(run.engine.tally.at_ns, run.account(PACIFICA), "ETH", Decimal(1))


def pay_in(run: Run) -> None:
    run.exchange(PACIFICA).open_account(run.account(PACIFICA), Decimal("0.01"))


def order_by_nobody(run: Run) -> None:
    order = NewOrder(
        asset="ETH",
        is_buy=True,
        size=Decimal(1),
        price=Decimal(2000),
        time_in_force=TimeInForce.GTC,
        client_order_id="11111111-1111-1111-1111-111111111111",
    )
    run.exchange(PACIFICA).place(run.engine.tally.at_ns, run.account(PACIFICA), order)


def step_failed(run: Run) -> None:
    run.alarms = (*run.alarms, Alarm(seq=1, at_ns=1, severity="critical", code="request_failed", text="no"))


def hurried(run: Run) -> None:
    run.terms = msgspec.structs.replace(run.terms, behind_s=-1.0)


def forgotten(run: Run) -> None:
    """The pair's last order is taken out of what has ended."""
    check = truth.check_orders_are_ours
    check(run, {order.order_id: "FILLED" for order in run.orders()[:-1]})


def placed_again(run: Run) -> None:
    """A venue refused the id of an order that it had, and the wire had doubled nothing."""
    run.copies = {}
    known = run.venue_orders(PACIFICA)
    told = run.venue_orders

    def with_refused(venue: Venue) -> tuple[OrderView, ...]:
        again = msgspec.structs.replace(known[0], status=OrderStatus.REJECTED, filled=Decimal(0))
        return (*told(venue), again) if venue is PACIFICA else told(venue)

    run.venue_orders = with_refused  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("rule", "alter"),
    [
        ("doubled", placed_again),
        ("books_differ", trade_by_hand),
        ("money_differs", pay_in),
        ("unrecorded", order_by_nobody),
        ("unrecorded", hurried),
        ("our_fault", step_failed),
        ("no_outcome", forgotten),
    ],
)
def test_what_the_venues_know_otherwise_is_noticed(rule: str, alter: Callable[[Run], None], tmp_path: Path) -> None:
    run, _ = played(tmp_path / "run")
    check_run(run)
    with pytest.raises(Violated) as broken:
        _altered(run, alter)
    assert broken.value.rule == rule


def _altered(run: Run, alter: Callable[[Run], None]) -> None:
    alter(run)
    check_run(run)


def test_a_pair_that_is_not_at_rest_in_time_is_named(tmp_path: Path) -> None:
    run, _ = played(tmp_path / "run")
    entering = next(r.at_ns for r in run.pair_records if r.place.startswith("TAKER"))
    soon = (entering - run.terms.start_ns) / 1e9
    run.terms = msgspec.structs.replace(run.terms, calm_s=soon, settled_s=0.0)
    with pytest.raises(Violated, match="not hedged or flat 0 s after the last misfortune"):
        truth.check_settled_in_time(run)
