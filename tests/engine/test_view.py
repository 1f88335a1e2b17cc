from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import reconciler_of
from actors.commands import RaiseAlarm
from actors.domain import NS_PER_S, RejectReason, Side, Venue
from actors.messages import AccountReported, FundingPaid, LinkLost, LinkUp, OrderRejected, PositionReported
from actors.pair_position import PairPosition
from actors.pair_position.state import Leg
from actors.risk.books import RiskState
from engine import view
from engine.alarms import Alarm
from engine.core import BOARD, Core, Decision
from engine.ledger.entry import Kind
from engine.ledger.fold import Ledger
from engine.view import EngineView, Tally, build
from tests.engine.recorded import MAKER, PAIR, POLICY, START_NS, TAKER, SmallRun, hedged_run, start_states


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
    assert pair.net_usd == pair.price_pnl_usd + pair.slippage_usd + pair.funding_usd - pair.fees_usd
    assert pair.orders == 2


def test_slippage_has_the_ledger_s_sign_and_is_no_part_of_what_prices_brought() -> None:
    run = hedged_run()
    tally = Tally(core=Core(POLICY, start_states()))
    for decision in run.decisions:
        tally.watch(decision)
    (pair,) = build(run.core, tally).pairs
    assert tally.ledger is not None
    account = tally.ledger.accounts[PAIR]
    assert pair.slippage_usd == account.total(Kind.SLIPPAGE) == sum(leg.slippage_usd for leg in pair.legs)
    assert pair.price_pnl_usd == account.total(Kind.PRICE) - account.open_cost_usd


def test_what_no_pair_holds_is_counted_when_the_run_is_over() -> None:
    run = hedged_run()
    tally = Tally(core=Core(POLICY, start_states()))
    nobody = FundingPaid(
        venue=Venue.DRIFT,
        asset="BTC",
        payment_id="1",
        amount_usd=Decimal(-2),
        rate_per_hour=Decimal(0),
        size=Decimal(1),
        venue_at_ns=START_NS,
    )
    run.tell("risk", nobody)
    for decision in run.decisions:
        tally.watch(decision)
    assert tally.unheld_usd == 0
    tally.finish()
    assert tally.unheld_usd == -2


def test_each_venue_is_shown_as_it_has_proved() -> None:
    shown = {each.venue: each for each in watched(hedged_run())[1].reliability}
    taker, maker = shown[TAKER.value], shown[MAKER.value]
    assert maker.score > taker.score, "as configured"
    assert taker.ack_ms is not None
    assert Decimal("0.99") < taker.orders <= 1
    assert [taker.rejected_share, taker.doubted_share] == [0, 0]
    assert taker.words.startswith(f"answers in {taker.ack_ms:.0f} ms, 0% rejected")


def test_settlements_fall_due_at_every_whole_hour_from_the_first_order_to_the_close() -> None:
    run = hedged_run()
    risk = run.core.states["risk"]
    pair = run.core.states[PAIR]
    assert isinstance(risk, RiskState)
    assert isinstance(pair, PairPosition)

    def due(from_s: int, to_s: int, *, closed_s: int = 0) -> int:
        entered = msgspec.structs.replace(pair, entered_ns=from_s * NS_PER_S, arrived_ns=closed_s * NS_PER_S)
        state = msgspec.structs.replace(entered, place="CLOSED.flat") if closed_s else entered
        legs = view.pair_view(state, run.core.board, run.core.policy, risk, to_s * NS_PER_S).legs
        assert legs[0].funding_due == legs[1].funding_due
        return legs[0].funding_due

    assert [due(10, 20), due(10, 3600), due(10, 7199), due(3599, 7200), due(3600, 3700)] == [0, 1, 1, 2, 0]
    assert due(10, 90_000, closed_s=3700) == 1
    never = msgspec.structs.replace(pair.taker, traded_usd=Decimal(0))
    flat = msgspec.structs.replace(pair, taker=never, entered_ns=0)
    assert view.pair_view(flat, run.core.board, run.core.policy, risk, 9000 * NS_PER_S).legs[0].funding_due == 0


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


# --- what a leg is, and what it is worth -------------------------------------------------------------------


def test_a_leg_says_its_side_its_size_and_what_the_venue_has_there() -> None:
    (pair,) = watched(hedged_run())[1].pairs
    taker, maker = pair.legs
    assert (taker.entered, taker.position, taker.at_venue) == (Side.SELL, Decimal("-0.5"), Decimal("-0.5"))
    assert (maker.entered, maker.position, maker.at_venue) == (Side.BUY, Decimal("0.5"), Decimal("0.5"))


def test_where_the_venue_says_otherwise_its_word_stands_beside_our_books() -> None:
    run = hedged_run()
    told = PositionReported(venue=MAKER, asset="BTC", size=Decimal("0.2"), venue_at_ns=run.at_ns)
    run.tell("risk", told)
    (pair,) = watched(run)[1].pairs
    assert (pair.legs[1].position, pair.legs[1].at_venue) == (Decimal("0.5"), Decimal("0.2"))


def test_the_net_if_closed_now_pays_the_spread_and_the_taker_fee_of_both_legs() -> None:
    run = hedged_run(0)
    run.quote(TAKER, "61000")
    run.quote(MAKER, "61010")
    (pair,) = watched(run)[1].pairs
    bought, sold = Decimal("0.5") * 61_001, Decimal("0.5") * 61_010
    fees = (bought + sold) * Decimal("0.00045")
    assert pair.net_if_closed_usd == pair.net_usd - bought + sold - fees
    assert pair.legs[0].worth_usd == Decimal("-0.5") * (Decimal(61_000) + Decimal("0.5"))


def test_without_a_quote_nobody_says_what_closing_would_bring() -> None:
    run = hedged_run(0)
    market = run.core.board.market(MAKER, "BTC")
    silent = {**run.core.board.markets, f"{MAKER}:BTC": msgspec.structs.replace(market, quote=None)}
    run.core.board = msgspec.structs.replace(run.core.board, markets=silent)
    (pair,) = watched(run)[1].pairs
    assert (pair.net_if_closed_usd, pair.flat_cost_usd, pair.flat_cost_words) == (None, None, "")


def told_later(run: SmallRun, later_s: int) -> SmallRun:
    """The maker's book comes so much later than the taker's."""
    run.quote(TAKER, "61000")
    run.at_ns += later_s * NS_PER_S
    run.quote(MAKER, "61010")
    return run


def test_books_of_two_times_say_what_being_flat_costs_and_not_the_net_after_it() -> None:
    """What the market moved in between would look like profit or loss."""
    (pair,) = watched(told_later(hedged_run(0), 59))[1].pairs
    assert pair.net_if_closed_usd is not None
    (pair,) = watched(told_later(hedged_run(0), 61))[1].pairs
    assert (pair.net_if_closed_usd is None, pair.flat_cost_usd is None) == (True, False)


def test_an_old_book_says_nothing_of_what_closing_costs() -> None:
    (pair,) = watched(told_later(hedged_run(0), 901))[1].pairs
    assert (pair.net_if_closed_usd, pair.flat_cost_usd, pair.flat_cost_words) == (None, None, "")


def test_what_being_flat_costs_is_shown_for_a_held_pair_and_nothing_once_it_is_flat() -> None:
    run = hedged_run(0)
    run.quote(TAKER, "61000")
    run.quote(MAKER, "61010")
    (pair,) = watched(run)[1].pairs
    half_spreads, fees = Decimal("0.5"), Decimal("0.5") * (61_001 + 61_010) * Decimal("0.00045")
    assert pair.flat_cost_usd == half_spreads + fees
    assert pair.flat_cost_words.startswith(f"{half_spreads + fees:.2f} USD (")
    state = run.core.states[pair.pair]
    assert isinstance(state, PairPosition)
    flat = msgspec.structs.replace(state, taker=Leg(venue=TAKER), maker=Leg(venue=MAKER))
    cost = view.flat_cost_of(flat, run.core.board, run.core.policy, run.at_ns)
    assert cost is not None
    assert cost.cost_usd == 0


def test_the_equity_at_the_start_is_each_venue_s_first_word() -> None:
    run = hedged_run(0)
    for equity in (90_000, 80_000):
        told = AccountReported(
            venue=TAKER,
            equity_usd=Decimal(equity),
            available_usd=Decimal(equity),
            maintenance_usd=Decimal(0),
            venue_at_ns=run.at_ns,
        )
        run.tell(BOARD, told)
    seen = watched(run)[1]
    assert seen.equity_start_usd == {TAKER.value: Decimal(100_000), MAKER.value: Decimal(100_000)}
    assert seen.equity_usd[TAKER.value] == Decimal(80_000)


# --- alarms ------------------------------------------------------------------------------------------------


def test_an_alarm_of_a_decision_has_its_record_and_is_over_when_its_actor_has_left_its_cause() -> None:
    run = SmallRun()
    run.open_venues()
    link = f"venue_link/{TAKER.value}"
    (lost,) = run.tell(link, LinkLost(venue=TAKER, reason="cut"))
    (up,) = run.tell(link, LinkUp(venue=TAKER))
    told: list[Alarm] = []
    tally = Tally(told.append)
    for decision in run.decisions:
        tally.watch(decision)
    assert [(alarm.code, alarm.about, alarm.seq) for alarm in tally.alarms] == [
        ("link_lost", link, lost.envelope.seq),
    ]
    assert [alarm.resolved_ns for alarm in told] == [0, up.envelope.at_ns]
    assert tally.alarms_total == 1


def test_a_position_that_no_pair_of_ours_holds_is_shown_at_once_and_an_alarm_names_it_when_it_was_asked_for() -> None:
    run = hedged_run(0)
    tally = Tally()
    watcher = reconciler_of(TAKER, "SOL")
    assert build(run.core, tally).foreign == ()
    run.tell(watcher, LinkUp(venue=TAKER))
    told = PositionReported(venue=TAKER, asset="SOL", size=Decimal(-7), venue_at_ns=run.at_ns, queried=True)
    (known,) = run.tell(watcher, told)
    (foreign,) = build(run.core, tally).foreign
    assert (foreign.venue, foreign.asset, foreign.size) == (TAKER, "SOL", Decimal(-7))
    assert foreign.since_ns == known.envelope.at_ns
    for decision in run.tell(watcher, told):
        tally.watch(decision)
    (alarm,) = tally.alarms
    assert (alarm.code, alarm.severity, alarm.about) == ("market_disputed", "critical", watcher)


def test_an_alarm_of_the_engine_s_own_is_kept_with_what_it_is_about() -> None:
    tally = Tally()
    alarm = RaiseAlarm(severity="critical", code="venue_failed", text="pacifica: broken")
    tally.alarm(alarm, about="venue_link/pacifica")
    assert [(kept.code, kept.about) for kept in tally.alarms] == [("venue_failed", "venue_link/pacifica")]


# --- the ledger beside it ----------------------------------------------------------------------------------


def test_a_tally_that_knows_the_core_keeps_the_ledger_of_its_decisions() -> None:
    run = hedged_run()
    tally = Tally(core=SmallRun().core)
    for decision in run.decisions:
        tally.watch(decision)
    (pair,) = view.build(run.core, tally).pairs
    assert tally.ledger is not None
    account = tally.ledger.accounts[pair.pair]
    assert account.net_usd - account.open_cost_usd == pair.net_usd
    assert tally.totals.whole().net_usd == account.net_usd
    assert Tally().ledger is None


def test_a_fault_of_the_ledger_ends_the_ledger_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = hedged_run()
    tally = Tally(core=SmallRun().core)
    monkeypatch.setattr(tally, "ledger", Ledger(run.core.policy))
    monkeypatch.delattr(tally.ledger, "shadow")
    for decision in run.decisions:
        tally.watch(decision)
    assert tally.ledger is None
    assert tally.totals.cut("pair") == ()
    assert tally.seq == len(run.decisions)
    (told,) = tally.alarms
    assert (told.code, told.severity) == ("ledger_failed", "warning")
    assert "AttributeError" in told.text
