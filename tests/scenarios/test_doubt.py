"""Orders in doubt, taken to the end: how long a leg stays naked at each venue, and what a venue shows nowhere."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.commands import QueryOrder
from actors.domain import RejectReason, Venue
from actors.messages import OrderRejected
from engine.simulators.faults import DropFrame, DropRequest, FaultRule, Status, Traffic
from engine.venues.lost_answers import LOST_ANSWERS
from tests.scenarios.faulty import (
    DRIFT_HISTORY,
    DRIFT_SIGNATURES,
    HL_INFO,
    ORDERS_OF,
    on_own_channels,
    outage,
    rule,
)
from tests.scenarios.harness import DRIFT, HYPERLIQUID, LIGHTER, PACIFICA, POLICY, Run, Scenario, play
from tests.scenarios.market import CHEAP, QUIET, Scene

SIZE = Decimal("2.9940")
Pair = tuple[Venue, Venue]
NAKED_MOST_S = {HYPERLIQUID: 31.0, PACIFICA: 31.0, LIGHTER: 14.0, DRIFT: 35.0}
"""How long the taker leg may be naked when the maker order is lost on its way to a venue, and nothing is told."""


def resolved_s(run: Run, purpose: str) -> float:
    """How long after it was decided the first order of a purpose was over."""
    order = next(order for pair in run.pairs for order in pair.orders if order.purpose == purpose)
    sent_ns = next(
        r.at_ns for r in run.pair_records for command in r.commands if getattr(command, "order_id", "") == order.id
    )
    over_ns = next(
        record.at_ns
        for record, states, _ in run.moments
        if any(each.id == order.id and each.over for each in getattr(states.get(record.to), "orders", ()))
    )
    return (over_ns - sent_ns) / 1e9


def lost_on_its_way(venues: Pair, leg: str) -> Scenario:
    """The first order of a leg never arrives, its answer does not come, and no stream tells anything."""
    venue = venues[0] if leg == "taker" else venues[1]
    struck = rule(DropRequest(), ORDERS_OF[venue], nth=(1,))
    deaf = on_own_channels(DropFrame(), to_s=30.0)
    return Scenario(venues=venues, faults=(struck, *deaf), calm_s=40.0)


@pytest.mark.parametrize(
    "venues", [(LIGHTER, HYPERLIQUID), (HYPERLIQUID, PACIFICA), (HYPERLIQUID, LIGHTER), (LIGHTER, DRIFT)], ids="-".join
)
def test_e9_the_leg_is_naked_no_longer_than_the_maker_venue_s_own_rule_takes(venues: Pair, tmp_path: Path) -> None:
    run = play(lost_on_its_way(venues, "maker"), tmp_path)
    assert run.pair.naked_ns / 1e9 < NAKED_MOST_S[venues[1]]
    rule_of, ends_s = LOST_ANSWERS[venues[1]], POLICY.order.order_lifetime_s
    after_its_end = resolved_s(run, "maker") > ends_s + rule_of.lapse_grace_s
    assert after_its_end is not rule_of.unknown_is_proven, "before its end it takes proof"
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    assert run.alarms == ()


@pytest.mark.parametrize(
    "venues", [(LIGHTER, PACIFICA), (HYPERLIQUID, PACIFICA), (PACIFICA, LIGHTER), (DRIFT, LIGHTER)], ids="-".join
)
def test_e9_a_lost_taker_order_is_over_by_proof_or_by_its_time_and_leaves_nothing(venues: Pair, tmp_path: Path) -> None:
    run = play(lost_on_its_way(venues, "taker"), tmp_path)
    proven = LOST_ANSWERS[venues[0]].unknown_is_proven
    assert (resolved_s(run, "taker") < POLICY.order.order_lifetime_s) is proven
    assert ("E14" in run.rows) is not proven, "without proof the positions are asked"
    assert run.fills(venues[0]) == ()
    assert run.alarms == ()


def test_e9_an_order_lost_on_its_way_to_lighter_is_rejected_with_proof_within_seconds(tmp_path: Path) -> None:
    lost = rule(DropRequest(), ORDERS_OF[LIGHTER], nth=(1,))
    run = play(Scenario(venues=(HYPERLIQUID, LIGHTER), faults=(lost,), calm_s=20.0), tmp_path)
    (proof,) = [r.message for r in run.pair_records if isinstance(r.message, OrderRejected)]
    assert proof.reason is RejectReason.NONCE
    assert "with its nonce" in proof.detail
    assert resolved_s(run, "maker") < 7
    assert run.pair.naked_ns < 10e9


def test_each_question_about_an_order_in_doubt_is_asked_once(tmp_path: Path) -> None:
    """A cancel goes with it, in case it lives; its refusal is no reason to ask again."""
    run = play(lost_on_its_way((HYPERLIQUID, PACIFICA), "maker"), tmp_path)
    asked = [r.row for r in run.pair_records for command in r.commands if isinstance(command, QueryOrder)]
    retries = [row for row in asked if row == "D3"]
    assert {"D3", "D9"} <= set(run.rows)
    assert len(retries) == run.rows.count("D3") == run.rows.count("D9")
    assert "D6" not in asked


# --- the maker venue is down ------------------------------------------------------------------------------


def down(scenes: tuple[Scene, ...], **changes: object) -> Scenario:
    """The maker venue cannot be reached from shortly after the maker order rests there."""
    outaged = Scenario(scenes=scenes, faults=outage("pacifica", 13.0, 60.0), calm_s=73.0, settled_s=90.0)
    return replace(outaged, **changes)


def test_e10_maker_venue_down_the_naked_leg_is_closed_within_seconds_of_the_timer(tmp_path: Path) -> None:
    run = play(down((Scene(pacifica=QUIET),)), tmp_path)
    assert "D8" in run.rows
    assert "D1" not in run.rows
    closed = run.orders("emergency")[0]
    assert (closed.venue, closed.size) == (HYPERLIQUID, SIZE)
    assert run.pair.naked_ns < 20e9
    assert run.pair.place == "CLOSED.flat"
    assert run.raised("order_in_doubt")


def test_e10_an_operator_who_waits_longer_has_it_closed_when_the_maker_order_can_fill_no_more(tmp_path: Path) -> None:
    patient = replace(POLICY, order=replace(POLICY.order, unreachable_tries_most=9))
    lost = rule(DropRequest(), ORDERS_OF[PACIFICA], nth=(1,))
    both = (lost, *outage("pacifica", 13.0, 60.0))
    run = play(down((Scene(pacifica=QUIET),), policy=patient, faults=both), tmp_path)
    assert "D7" in run.rows
    assert POLICY.order.order_lifetime_s < run.pair.naked_ns / 1e9 < 31
    assert run.pair.place == "CLOSED.flat"


def test_e10_a_maker_order_that_filled_after_all_is_reduced_when_its_venue_is_back(tmp_path: Path) -> None:
    """It fills while nobody can see it, after the taker leg was closed: the late fill is never ignored."""
    scenes = (Scene(pacifica=QUIET), Scene(from_s=35.0, pacifica=CHEAP))
    run = play(down(scenes), tmp_path)
    opened = [order for order in run.venue_orders(PACIFICA) if not order.reduce_only]
    assert [order.filled for order in opened] == [SIZE]
    assert [order.venue for order in run.orders("emergency")] == [HYPERLIQUID, PACIFICA]
    assert run.position(PACIFICA) == run.position(HYPERLIQUID) == 0
    assert run.pair.place == "CLOSED.flat"


# --- taken, and shown nowhere -----------------------------------------------------------------------------


def nothing_listed() -> tuple[FaultRule, ...]:
    """Pacifica takes orders; its lists and streams show nothing of them for a minute. Positions are told when asked."""
    empty = Status(status=200, body='{"success":true,"data":[]}', content_type="application/json")
    lists = ("*/orders", "*/orders/history*", "*/trades/history*")
    silent = on_own_channels(DropFrame(), to_s=70.0)
    return (
        *silent,
        *(
            FaultRule(name=f"empty {at}", traffic=Traffic.HTTP, venue="pacifica", match=at, fault=empty, to_s=70.0)
            for at in lists
        ),
    )


def vanishing(scenes: tuple[Scene, ...]) -> Scenario:
    """Fills are told after a minute, when their size is in the books already."""
    lifecycle = replace(POLICY.lifecycle, duration_s=120.0)
    policy = replace(POLICY, lifecycle=lifecycle)
    return Scenario(scenes=scenes, faults=nothing_listed(), policy=policy, calm_s=75.0, by_hand=True)


def test_e9_an_acknowledged_order_that_is_listed_nowhere_is_over_after_its_time_and_hedged_anew(tmp_path: Path) -> None:
    run = play(vanishing((Scene(pacifica=QUIET),)), tmp_path)
    maker = next(order for order in run.pair.orders if order.purpose == "maker")
    assert (maker.place, maker.filled) == ("VANISHED", Decimal(0))
    assert {"D11", "V14"} <= set(run.rows)
    assert "order_vanished" in run.alarm_codes()
    assert "leg_stranded" not in run.alarm_codes()
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_e9_an_acknowledged_order_that_is_listed_nowhere_counts_with_what_the_position_explains(tmp_path: Path) -> None:
    """It has filled: the venue's position says so, the books follow, and its fills move nothing when they come."""
    run = play(vanishing((Scene(),)), tmp_path)
    assert {"D11", "V9"} <= set(run.rows)
    assert run.orders("sweep") == ()
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    assert run.position(PACIFICA) == 0
    assert "leg_stranded" not in run.alarm_codes()


def test_an_order_hyperliquid_took_and_does_not_know_any_more_is_over_after_its_time(tmp_path: Path) -> None:
    gone = Status(status=200, body='{"status":"unknownOid"}', content_type="application/json")
    asked = rule(gone, {**HL_INFO, "contains": '"orderStatus"'}, to_s=60.0)
    deaf = on_own_channels(DropFrame(), to_s=60.0)
    slow = rule(Status(status=502, executed=True), ORDERS_OF[HYPERLIQUID], nth=(1,))
    run = play(Scenario(faults=(asked, slow, *deaf), calm_s=60.0, settled_s=90.0, by_hand=True), tmp_path)
    assert run.position(HYPERLIQUID) == run.position(PACIFICA) == 0
    assert "leg_stranded" not in run.alarm_codes()


def test_an_order_drift_took_whose_end_its_history_never_shows_is_over_after_its_time(tmp_path: Path) -> None:
    hidden = tuple(rule(Status(status=503), each, from_s=16.0, to_s=60.0) for each in (DRIFT_HISTORY, DRIFT_SIGNATURES))
    run = play(
        Scenario(
            venues=(HYPERLIQUID, DRIFT), scenes=(Scene(pacifica=QUIET),), faults=hidden, calm_s=60.0, settled_s=90.0
        ),
        tmp_path,
    )
    assert run.position(HYPERLIQUID) == run.position(DRIFT) == 0
    assert "leg_stranded" not in run.alarm_codes()
