"""Misfortunes of the entry, E1 to E13: each through the whole engine."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import TimeInForce
from actors.messages import CancelRejected
from engine.simulators.exchange import OrderStatus
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Fault,
    FaultRule,
    Reject,
    Status,
    Traffic,
)
from engine.venues.lost_answers import LOST_ANSWERS
from tests.scenarios.faulty import (
    HL_ORDER,
    PAC_ACCOUNT,
    PAC_BBO,
    PAC_CANCEL,
    PAC_IOC,
    PAC_MAKER,
    outage,
    rule,
    stream_lost,
)
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, POLICY, Scenario, play
from tests.scenarios.market import CHEAP, NS_PER_S, QUIET, Look, Scene

SIZE = Decimal("2.9940")
TRICKLE = Look(
    premium_bps=Decimal(-10), touch=Decimal("0.5"), sold_per_s=Decimal("0.3"), open_interest=Decimal(100_000)
)
"""Sellers so few that a resting bid is filled in part."""


def test_e1_taker_fills_maker_rests_and_fills_hedged_with_equal_base_size(tmp_path: Path) -> None:
    run = play(Scenario(), tmp_path)
    told = tuple(row for row in run.rows if row != "E3")
    assert told[:5] == ("E1", "E6", "M1", "M4", "V4"), "that the taker order was accepted may be overtaken by its fill"
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    taker, maker = run.orders("taker")[0], run.orders("maker")[0]
    assert (taker.time_in_force, maker.time_in_force) == (TimeInForce.IOC, TimeInForce.POST_ONLY)
    assert [fill.is_taker for fill in run.fills(PACIFICA)[:1]] == [False]
    assert run.alarms == ()


def test_e2_taker_fills_partly_maker_takes_the_shared_lot_and_dust_stays_in_the_books(tmp_path: Path) -> None:
    partly = rule(CapFill(fraction=Decimal("0.3333")), HL_ORDER, nth=(1,))
    run = play(Scenario(faults=(partly,), lot="0.01"), tmp_path)
    sold, bought = run.sizes_at("HEDGED.earning")[0]
    assert -sold == run.fills(HYPERLIQUID)[0].size
    assert -sold % Decimal("0.01") != 0, "the fill must not happen to fit the coarser lot"
    assert bought == run.orders("maker")[0].size == -sold // Decimal("0.01") * Decimal("0.01")
    assert run.pair.place == "CLOSED.flat"


@pytest.mark.parametrize(
    "fault",
    [CapFill(fraction=Decimal(0)), *(Reject(reason=r) for r in ("margin", "min_notional", "tick", "reduce_only"))],
    ids=["nothing", "margin", "min_notional", "tick", "reduce_only"],
)
def test_e3_taker_fills_nothing_backs_off_and_tries_again_only_when_the_pause_is_over(
    fault: Fault, tmp_path: Path
) -> None:
    policy = replace(POLICY, entry=replace(POLICY.entry, backoff_s=30.0))
    run = play(Scenario(faults=(rule(fault, HL_ORDER),), policy=policy), tmp_path)
    times = [r.at_ns / 1e9 for r in run.pair_records if r.row == "E1"]
    assert len(times) >= 2
    assert all(later - earlier > 30.0 for earlier, later in pairwise(times))
    assert run.fills(HYPERLIQUID) == () == run.venue_orders(PACIFICA)
    assert set(run.rows) <= {"E1", "E3", "E5", "E10", "X1"}
    assert all(r.place == "IDLE.backoff" for r in run.pair_records if r.row == "E5")


def test_e4_post_only_would_cross_is_requoted_then_swept(tmp_path: Path) -> None:
    run = play(Scenario(faults=(rule(Reject(reason="post_only_would_cross"), PAC_MAKER),)), tmp_path)
    assert run.rows.count("M5") == POLICY.entry.requotes_most == len(run.orders("maker")) - 1
    assert len(run.orders("sweep")) == 1
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e5_maker_partly_filled_at_the_timer_is_cancelled_and_only_the_rest_is_swept(tmp_path: Path) -> None:
    run = play(Scenario(scenes=(Scene(pacifica=TRICKLE),)), tmp_path)
    assert {"M8", "M20", "V14", "M4"} <= set(run.rows)
    maker = run.venue_orders(PACIFICA)[0]
    assert 0 < maker.filled < SIZE
    assert run.orders("sweep")[0].size == SIZE - maker.filled
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


@pytest.mark.parametrize("when", ["before_the_ack", "after_the_ack", "instead_of_the_ack"])
def test_e6_fill_while_the_cancel_is_in_flight_is_never_bought_twice(when: str, tmp_path: Path) -> None:
    slow_cancel = rule(DelayRequest(delay_s=1.5), PAC_CANCEL)
    late_frames = rule(Delay(delay_s=6.0), PAC_ACCOUNT, from_s=17.0, to_s=25.0)
    burst = CHEAP if when == "instead_of_the_ack" else replace(TRICKLE, touch=Decimal("0.1"), sold_per_s=Decimal(1))
    scenes = (Scene(pacifica=replace(QUIET, touch=Decimal("0.1"))), Scene(from_s=17.6, pacifica=burst))
    faults = (slow_cancel, late_frames) if when == "after_the_ack" else (slow_cancel,)
    run = play(Scenario(scenes=scenes, faults=faults, calm_s=25.0), tmp_path)
    assert "M8" in run.rows
    refused = [record.message.order_id for record in run.records if isinstance(record.message, CancelRejected)]
    assert (run.orders("maker")[0].order_id in refused) is (when == "instead_of_the_ack")
    opened = [order for order in run.venue_orders(PACIFICA) if not order.reduce_only]
    assert opened[0].filled > 0
    assert sum(order.filled for order in opened) == SIZE
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e7_cancel_rejected_because_filled_is_treated_as_the_fill(tmp_path: Path) -> None:
    silent = rule(DropFrame(), PAC_ACCOUNT, from_s=11.0, to_s=19.0)
    scenes = (Scene(pacifica=QUIET), Scene(from_s=16.0, pacifica=CHEAP))
    run = play(Scenario(scenes=scenes, faults=(silent,), calm_s=19.0), tmp_path)
    told = tuple(row for row in run.rows if row != "E3")
    assert told[2:6] == ("M1", "M8", "D6", "M4")
    assert run.orders("sweep") == ()
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e8_sweep_that_fills_partly_is_repeated_for_the_rest_with_a_wider_cap(tmp_path: Path) -> None:
    crossing = rule(Reject(reason="post_only_would_cross"), PAC_MAKER)
    partly = rule(CapFill(fraction=Decimal("0.5")), PAC_IOC, nth=(1,))
    run = play(Scenario(faults=(crossing, partly)), tmp_path)
    first, second = run.orders("sweep")
    assert (first.size, second.size) == (SIZE, SIZE / 2)
    assert first.limit_price < second.limit_price
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e8_sweeps_that_fail_give_up_after_a_bound_and_the_taker_leg_is_unwound(tmp_path: Path) -> None:
    crossing = rule(Reject(reason="post_only_would_cross"), PAC_MAKER)
    nothing = rule(CapFill(fraction=Decimal(0)), PAC_IOC)
    run = play(Scenario(faults=(crossing, nothing)), tmp_path)
    prices = [order.limit_price for order in run.orders("sweep")]
    assert len(prices) == POLICY.entry.sweeps_most
    assert prices == sorted(set(prices))
    assert {"M7", "R2", "X16"} <= set(run.rows)
    assert run.position(HYPERLIQUID) == 0
    assert run.fills(PACIFICA) == ()


def test_e8_sweeps_that_a_rate_limit_refuses_are_sent_again_after_a_pause_not_all_at_once(tmp_path: Path) -> None:
    crossing = rule(Reject(reason="post_only_would_cross"), PAC_MAKER)
    too_soon = rule(Status(status=429, retry_after_s=1), PAC_IOC, nth=(1, 2))
    run = play(Scenario(faults=(crossing, too_soon)), tmp_path)
    sent_ns = [record.at_ns for record in run.pair_records for c in record.commands if c in run.orders("sweep")]
    assert len(sent_ns) == POLICY.entry.sweeps_most
    assert all(later - sooner >= POLICY.order.order_timeout_s * NS_PER_S for sooner, later in pairwise(sent_ns))
    assert run.rows.count("M15") == run.rows.count("M18") == 2
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


@pytest.mark.parametrize(
    "fault",
    [DropResponse(), Disconnect(), Status(status=500, body="<html>oops</html>", executed=True)],
    ids=["answer_lost", "connection_cut", "http_500"],
)
def test_e9_taker_whose_answer_is_lost_is_found_by_client_id_and_never_sent_again(fault: Fault, tmp_path: Path) -> None:
    deaf = FaultRule(
        name="deaf", traffic=Traffic.FRAME, venue="hyperliquid", match="[ou]*", fault=DropFrame(), to_s=14.0
    )
    run = play(Scenario(faults=(rule(fault, HL_ORDER, nth=(1,)), deaf), calm_s=14.0), tmp_path)
    assert "E8" in run.rows or "E9" in run.rows
    assert len(run.orders("taker")) == 1
    assert [o.status for o in run.venue_orders(HYPERLIQUID)][:1] == [OrderStatus.FILLED]
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e9_taker_that_never_arrived_counts_as_never_placed_only_after_its_lifetime(tmp_path: Path) -> None:
    run = play(Scenario(faults=(rule(DropRequest(), HL_ORDER, nth=(1,)),)), tmp_path)
    entered = next(r for r in run.pair_records if r.row == "E1")
    ended = next(r for r in run.pair_records if r.row == "E14")
    assert ended.at_ns - entered.at_ns > (POLICY.order.order_lifetime_s + LOST_ANSWERS[HYPERLIQUID].lapse_grace_s) * 1e9
    assert run.pair.orders[0].place == "LAPSED"
    assert "X16" in run.rows, "believed only after both venues said flat"
    assert run.venue_orders(HYPERLIQUID) == ()


@pytest.mark.parametrize("lost", [DropRequest(), DropResponse()], ids=["request", "answer"])
def test_e9_maker_of_unknown_outcome_is_resolved_before_anything_more_is_sent_there(
    lost: Fault, tmp_path: Path
) -> None:
    silent = rule(DropFrame(), PAC_ACCOUNT, from_s=11.0, to_s=30.0)
    scenes = (Scene(pacifica=QUIET),)
    run = play(Scenario(scenes=scenes, faults=(rule(lost, PAC_MAKER, nth=(1,)), silent), calm_s=40.0), tmp_path)
    assert "M9" in run.rows or "M10" in run.rows
    assert len(run.orders("maker")) == 1
    before = next(o for o in run.pair.orders if o.purpose == "maker")
    never_arrived = isinstance(lost, DropRequest)
    assert before.place == ("LAPSED" if never_arrived else "CANCELED")
    swept = next(r for r in run.pair_records if r.row == "V14")
    assert swept.place == "MAKER_PENDING.sweeping"
    assert ("M14" in run.rows) is never_arrived, "never placed is believed only after both venues said so"
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e10_maker_link_lost_while_naked_cancels_by_request_and_brings_the_taker_leg_back(tmp_path: Path) -> None:
    scenes = (Scene(pacifica=QUIET),)
    run = play(Scenario(scenes=scenes, faults=stream_lost("pacifica", 11.5, 40.0), calm_s=51.5), tmp_path)
    assert {"M8", "M7", "R2"} <= set(run.rows)
    assert run.fills(PACIFICA) == ()
    assert run.pair.place == "CLOSED.flat"
    assert run.pair.naked_ns < 15e9


def test_e10_maker_venue_gone_while_naked_the_taker_leg_is_closed_without_it(tmp_path: Path) -> None:
    scenes = (Scene(pacifica=QUIET),)
    run = play(Scenario(scenes=scenes, faults=outage("pacifica", 11.5, 100.0), calm_s=111.5), tmp_path)
    assert "D8" in run.rows
    assert run.pair.naked_ns < 20e9
    assert [order.venue for order in run.orders("emergency")][:1] == [HYPERLIQUID]
    assert run.raised("order_in_doubt")
    assert run.position(HYPERLIQUID) == 0


def test_e11_maker_accepted_then_cancelled_by_the_venue_is_requoted_then_swept(tmp_path: Path) -> None:
    """Our quote is stale: the venue takes each post-only order and ends it by itself, on the stream."""
    stale = rule(DropFrame(), PAC_BBO, from_s=5.0, to_s=14.0)
    lower = Look(premium_bps=Decimal(-30), sold_per_s=Decimal(1000), open_interest=Decimal(100_000))
    run = play(Scenario(scenes=(Scene(), Scene(from_s=6.0, pacifica=lower)), faults=(stale,), calm_s=14.0), tmp_path)
    assert run.rows.count("M5") + run.rows.count("M13") == POLICY.entry.requotes_most
    assert "M13" in run.rows, "the acknowledgement came first, the refusal later"
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e12_size_below_the_second_venues_minimum_is_refused_before_entry(tmp_path: Path) -> None:
    policy = replace(POLICY, scanner=replace(POLICY.scanner, notional_usd=Decimal(9)))
    run = play(Scenario(policy=policy), tmp_path)
    assert run.pairs == ()
    assert run.orders() == ()
    assert run.venue_orders(HYPERLIQUID) == ()


def test_e13_price_through_the_entry_cap_is_denied_before_it_leaves(tmp_path: Path) -> None:
    stale = FaultRule(name="stale quotes", traffic=Traffic.FRAME, match="bbo", fault=DropFrame(), from_s=5.0, to_s=30.0)
    scenes = (Scene(), Scene(from_s=6.0, price=Decimal(3150)))
    run = play(Scenario(scenes=scenes, faults=(stale,), calm_s=30.0), tmp_path)
    denied = [denial for record in run.records for denial in record.denied]
    assert [denial.rule for denial in denied] == ["price_collar_bps"]
    assert run.orders() == ()
    assert run.pair.orders_denied == 1
    assert run.venue_orders(HYPERLIQUID) == ()
