from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.commands import RaiseAlarm
from actors.domain import RejectReason
from actors.messages import OrderRejected
from actors.risk.books import RiskState
from engine import view
from engine.core import Decision
from engine.view import ALARMS_KEPT, EngineView, Tally, build
from tests.engine.recorded import MAKER, PAIR, TAKER, SmallRun, hedged_run


def watched(run: SmallRun) -> tuple[Tally, EngineView]:
    tally = Tally()
    for decision in run.decisions:
        tally.watch(decision)
    return tally, build(run.core, tally)


def test_the_view_is_of_the_last_durable_record() -> None:
    run = hedged_run()
    _, seen = watched(run)
    last = run.decisions[-1].envelope
    assert (seen.seq, seen.at_ns, seen.messages) == (last.seq, last.at_ns, len(run.decisions))
    assert seen.links == {TAKER.value: True, MAKER.value: True}
    assert seen.equity_usd == {TAKER.value: Decimal(100_000), MAKER.value: Decimal(100_000)}


def test_a_pair_is_shown_with_both_legs_and_its_money() -> None:
    (pair,) = watched(hedged_run())[1].pairs
    assert (pair.pair, pair.asset) == (PAIR, "BTC")
    assert [leg.position for leg in pair.legs] == [Decimal("-0.5"), Decimal("0.5")]
    assert pair.fees_usd == sum(leg.fees_usd for leg in pair.legs) == Decimal("2.50")
    assert pair.net_usd == pair.price_pnl_usd + pair.funding_usd - pair.fees_usd
    assert pair.orders == 2


def test_exposure_is_the_sum_of_both_legs_and_never_their_difference() -> None:
    seen = watched(hedged_run())[1]
    assert Decimal(59_000) < seen.exposure_usd < Decimal(61_000)


def test_orders_are_counted_by_venue_and_a_denied_one_is_none() -> None:
    assert watched(hedged_run())[1].orders == {TAKER.value: 1, MAKER.value: 1}
    run = SmallRun()
    run.open_venues()
    run.ask_entry("3")
    tally, seen = watched(run)
    assert (tally.denied, seen.orders) == (1, {})


def rejected(run: SmallRun) -> list[Decision]:
    order_id = run.ask_entry()
    told = OrderRejected(venue=TAKER, order_id=order_id, reason=RejectReason.OTHER, detail="no")
    return [*run.tell("risk", told), *run.tell(PAIR, told)]


def test_a_rejection_told_to_two_actors_is_counted_once() -> None:
    run = SmallRun()
    run.open_venues()
    rejected(run)
    assert watched(run)[1].rejected == {TAKER.value: 1}


def test_an_alarm_that_repeats_is_kept_once_and_counted_each_time() -> None:
    tally = Tally()
    for _ in range(3):
        tally.alarm(RaiseAlarm(severity="warning", code="link_lost", text="pacifica"))
    tally.alarm(RaiseAlarm(severity="warning", code="link_lost", text="hyperliquid"))
    assert [alarm.text for alarm in tally.alarms] == ["pacifica", "hyperliquid"]
    assert tally.alarms_total == 4


def test_of_alarms_without_end_the_last_and_every_kind_are_kept() -> None:
    tally = Tally()
    tally.alarm(RaiseAlarm(severity="critical", code="left_open", text="first"))
    for number in range(ALARMS_KEPT + 49):
        tally.alarm(RaiseAlarm(severity="warning", code="x", text=str(number)))
    assert len(tally.alarms) == ALARMS_KEPT
    assert (tally.alarms[0].code, tally.alarms[-1].text) == ("left_open", str(ALARMS_KEPT + 48))
    assert tally.alarms_total == ALARMS_KEPT + 50


def test_a_fault_is_counted() -> None:
    run = hedged_run(0)
    tally = Tally()
    tally.watch(msgspec.structs.replace(run.decisions[0], fault="ValueError: a defect"))
    tally.watch(run.decisions[1])
    assert tally.faults == 1


def test_what_risk_holds_without_a_mark_counts_at_its_entry_price() -> None:
    run = hedged_run()
    state = run.core.states["risk"]
    assert isinstance(state, RiskState)
    held = {
        key: msgspec.structs.replace(each, asset="GONE", size=Decimal(2), entry_price=Decimal(10))
        for key, each in state.positions.items()
    }
    assert view.exposure_usd(run.core, msgspec.structs.replace(state, positions=held)) == 20 * len(held)
