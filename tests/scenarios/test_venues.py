"""The named misfortunes again where Lighter or Drift is maker or taker: one table of pairs, the faults by venue."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.domain import RejectReason, Side, TimeInForce, Venue
from actors.messages import KillSwitchPulled, OrderFilled
from engine.simulators.exchange import OrderStatus
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    Fault,
    Hold,
    ResetBefore,
    Status,
)
from tests.scenarios.faulty import (
    DRIFT_HISTORY,
    DRIFT_RPC,
    DRIFT_SEND,
    DRIFT_STATUS,
    LIGHTER_BOOK,
    LIGHTER_CANCEL,
    LIGHTER_IOC,
    LIGHTER_MAKER,
    LIGHTER_ORDER,
    LIGHTER_OWN,
    ORDERS_OF,
    on_own_channels,
    rule,
)
from tests.scenarios.harness import (
    DRIFT,
    HYPERLIQUID,
    LIGHTER,
    PACIFICA,
    POLICY,
    Cue,
    Run,
    Scenario,
    pair_in,
    play,
    say,
)
from tests.scenarios.market import QUIET, Look, Scene
from tests.scenarios.test_entry import TRICKLE

SIZE = Decimal("2.9940")
KILL = say(KillSwitchPulled(by="operator", reason="enough"), "engine_lifecycle")
Pair = tuple[Venue, Venue]
PAIRS: tuple[Pair, ...] = ((HYPERLIQUID, LIGHTER), (LIGHTER, DRIFT), (HYPERLIQUID, DRIFT), (DRIFT, LIGHTER))
each_pair = pytest.mark.parametrize("venues", PAIRS, ids="-".join)
TIMER: dict[str, Any] = {"from_s": 16.0, "to_s": 24.0}
"""When the maker's timer fires and its order is cancelled."""
ROUND_TRIP = ["taker", "maker", "close", "close"]


def played(scenario: Scenario, directory: Path) -> Run:
    """As `play`; each fault meant for these venues alone must have struck."""
    run = play(scenario, directory)
    named = [rule for rule in scenario.faults if rule.venue in scenario.venues]
    idle = [rule.name for rule in named if not any(v.struck(rule.name) for v in run.engine.simulated.values())]
    assert idle == [], f"these faults never struck: {idle}"
    return run


def opened(run: Run, venue: Venue) -> Decimal:
    """What the venue's opening orders were filled in all."""
    return sum((order.filled for order in run.venue_orders(venue) if not order.reduce_only), Decimal(0))


def hedged_once(run: Run) -> None:
    """Each leg was opened once, to the same size."""
    taker, maker = run.scenario.venues
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    assert opened(run, taker) == opened(run, maker) == SIZE


@each_pair
def test_e1_taker_fills_maker_rests_and_fills_hedged_with_equal_base_size(venues: Pair, tmp_path: Path) -> None:
    run = played(Scenario(venues=venues), tmp_path)
    assert [order.purpose for order in run.orders()] == ROUND_TRIP
    assert run.orders("maker")[0].time_in_force is TimeInForce.POST_ONLY
    assert not run.fills(venues[1])[0].is_taker
    hedged_once(run)
    assert run.alarms == ()


@each_pair
def test_e2_taker_fills_partly_and_the_maker_takes_what_was_filled(venues: Pair, tmp_path: Path) -> None:
    partly = rule(CapFill(fraction=Decimal("0.3333")), ORDERS_OF[venues[0]], nth=(1,))
    run = played(Scenario(venues=venues, faults=(partly,), lot="0.01"), tmp_path)
    sold, bought = run.sizes_at("HEDGED.earning")[0]
    assert 0 < bought <= -sold < SIZE
    assert -sold - bought < Decimal("0.01")
    assert run.pair.place == "CLOSED.flat"


@each_pair
def test_e5_maker_partly_filled_at_the_timer_is_cancelled_and_only_the_rest_is_swept(
    venues: Pair, tmp_path: Path
) -> None:
    run = played(Scenario(venues=venues, scenes=(Scene(pacifica=TRICKLE),)), tmp_path)
    maker = run.venue_orders(venues[1])[0]
    assert 0 < maker.filled < SIZE
    assert run.orders("sweep")[0].size == SIZE - maker.filled
    hedged_once(run)


@pytest.mark.parametrize("venues", PAIRS[:3], ids="-".join)
@pytest.mark.parametrize("told", ["at once", "late"])
def test_e6_fill_while_the_cancel_is_in_flight_is_never_bought_twice(told: str, venues: Pair, tmp_path: Path) -> None:
    slow: dict[Venue, dict[str, object]] = {LIGHTER: LIGHTER_CANCEL, DRIFT: DRIFT_SEND}
    cancel = rule(DelayRequest(delay_s=1.5), slow[venues[1]], from_s=16.0, to_s=20.0)
    frames, history = rule(Delay(delay_s=4.0), LIGHTER_OWN, **TIMER), rule(Delay(delay_s=3.0), DRIFT_HISTORY, **TIMER)
    late = frames if venues[1] is LIGHTER else history
    burst = replace(TRICKLE, touch=Decimal("0.1"), sold_per_s=Decimal(1))
    scenes = (Scene(pacifica=replace(QUIET, touch=Decimal("0.1"))), Scene(from_s=17.0, pacifica=burst))
    faults = (cancel, late) if told == "late" else (cancel,)
    run = played(Scenario(venues=venues, scenes=scenes, faults=faults, calm_s=30.0), tmp_path)
    assert "M8" in run.rows
    hedged_once(run)


LOST: dict[str, Fault] = {
    "answer": DropResponse(),
    "cut": Disconnect(),
    "http_500": Status(status=500, body="<html>oops</html>", executed=True),
    "request": DropRequest(),
}


@each_pair
@pytest.mark.parametrize("leg", ["taker", "maker"])
@pytest.mark.parametrize("lost", LOST)
def test_e9_order_of_unknown_outcome_is_resolved_and_never_sent_again(
    lost: str, leg: str, venues: Pair, tmp_path: Path
) -> None:
    """Nothing is heard of it on the stream either; what was lost on its way is never executed later."""
    venue = venues[0] if leg == "taker" else venues[1]
    deaf = on_own_channels(DropFrame(), to_s=30.0)
    struck = rule(LOST[lost], ORDERS_OF[venue], nth=(1,))
    run = played(Scenario(venues=venues, faults=(struck, *deaf), calm_s=40.0, settled_s=60.0), tmp_path)
    assert len(run.orders(leg)) == 1 or run.sizes_at("IDLE.backoff"), "once an entry"
    first = next(order for pair in run.pairs for order in pair.orders if order.purpose == leg)
    if lost == "request":
        assert first.filled == 0
    else:
        assert first.filled > 0
        assert run.venue_orders(venue)[0].status is OrderStatus.FILLED
    assert all(pair.place in ("CLOSED.flat", "IDLE.backoff", "IDLE.ready") for pair in run.pairs)


@pytest.mark.parametrize("taker", [HYPERLIQUID, DRIFT])
def test_e11_lighter_takes_the_maker_order_and_cancels_it_by_itself(taker: Venue, tmp_path: Path) -> None:
    """Our quote is stale: the order would cross when its turn comes, and ends as canceled-post-only."""
    stale = rule(DropFrame(), LIGHTER_BOOK, from_s=5.0, to_s=14.0)
    lower = Look(premium_bps=Decimal(-30), sold_per_s=Decimal(1000), open_interest=Decimal(100_000))
    scenes = (Scene(), Scene(from_s=6.0, pacifica=lower))
    run = played(Scenario(venues=(taker, LIGHTER), scenes=scenes, faults=(stale,), calm_s=14.0), tmp_path)
    assert run.rows.count("M5") + run.rows.count("M13") >= 1
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


@pytest.mark.parametrize("venue", [LIGHTER, DRIFT])
def test_x2_leg_partly_closed_is_sent_again_for_what_is_still_open(venue: Venue, tmp_path: Path) -> None:
    strikes = LIGHTER_IOC if venue is LIGHTER else DRIFT_SEND
    partly = rule(CapFill(fraction=Decimal("0.5")), strikes, from_s=80.0, nth=(1, 2))
    run = played(Scenario(venues=(HYPERLIQUID, venue), faults=(partly,)), tmp_path)
    sizes = [order.size for order in run.orders("close") if order.venue is venue]
    assert len(sizes) >= 2
    assert sizes == sorted(sizes, reverse=True)
    assert run.pair.place == "CLOSED.flat"


X4_PLACES = ("IDLE.taker_in_flight", "TAKER_FILLED.maker_in_flight", "MAKER_PENDING.canceling", "HEDGED.earning")


@each_pair
@pytest.mark.parametrize("place", X4_PLACES)
def test_x4_x7_kill_switch_ends_flat_and_nothing_opens_after_it(place: str, venues: Pair, tmp_path: Path) -> None:
    scenes = (Scene(pacifica=QUIET),) if place == "MAKER_PENDING.canceling" else (Scene(),)
    kill = Cue(when=pair_in(place), do=KILL)
    run = played(Scenario(venues=venues, scenes=scenes, cues=(kill,), calm_s=60.0), tmp_path)
    killed = next(r.seq for r in run.records if isinstance(r.message, KillSwitchPulled))
    late = [c for r in run.records for c in r.commands if r.seq > killed and getattr(c, "reduce_only", True) is False]
    assert late == []
    assert [run.position(venue) for venue in venues] == [0, 0]
    assert run.pair.place == "CLOSED.flat"


WORDS: dict[str, Fault] = {"m1 told twice": Duplicate(copies=2), "m2 reordered": Hold(), "m4 lost": DropFrame()}


@each_pair
@pytest.mark.parametrize("what", WORDS)
def test_m1_m2_m4_frames_in_any_manner_end_in_the_same_books(what: str, venues: Pair, tmp_path: Path) -> None:
    run = played(Scenario(venues=venues, faults=on_own_channels(WORDS[what])), tmp_path)
    assert [order.purpose for order in run.orders()] == ROUND_TRIP
    hedged_once(run)


@each_pair
def test_m1_every_order_request_delivered_twice_is_executed_once(venues: Pair, tmp_path: Path) -> None:
    twice = tuple(rule(Duplicate(), ORDERS_OF[venue]) for venue in venues)
    run = played(Scenario(venues=venues, faults=twice), tmp_path)
    assert [order.purpose for order in run.orders()] == ROUND_TRIP
    hedged_once(run)


@each_pair
def test_m3_answers_delayed_past_the_order_timer_are_asked_for_and_never_sent_again(
    venues: Pair, tmp_path: Path
) -> None:
    late = tuple(rule(Delay(delay_s=4.5), ORDERS_OF[venue], nth=(1,)) for venue in venues)
    slow = rule(Delay(delay_s=3.0), DRIFT_STATUS, to_s=40.0)
    run = played(Scenario(venues=venues, faults=(*late, slow), calm_s=45.0), tmp_path)
    assert len(run.orders("taker")) == 1
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


@pytest.mark.parametrize("venues", [(HYPERLIQUID, LIGHTER), (LIGHTER, PACIFICA)], ids="-".join)
def test_m5_fill_before_its_acknowledgement_is_counted(venues: Pair, tmp_path: Path) -> None:
    slow = tuple(rule(Delay(delay_s=3.0), ORDERS_OF[venue]) for venue in venues)
    run = played(Scenario(venues=venues, faults=slow), tmp_path)
    fills = [r.message for r in run.pair_records if isinstance(r.message, OrderFilled) and r.message.venue is LIGHTER]
    assert fills
    assert [order.purpose for order in run.orders()] == ROUND_TRIP
    hedged_once(run)


def test_a_node_that_serves_no_history_for_a_while_loses_no_fill(tmp_path: Path) -> None:
    silent = rule(Status(status=503, executed=True), DRIFT_HISTORY, from_s=11.0, to_s=24.0)
    cut = rule(Disconnect(refuse_s=3.0), {**DRIFT_RPC, "contains": '"getSignaturesForAddress"'}, from_s=11.0, at_most=2)
    scenes = (Scene(pacifica=TRICKLE),)
    run = played(Scenario(venues=(HYPERLIQUID, DRIFT), scenes=scenes, faults=(silent, cut), calm_s=24.0), tmp_path)
    told = [r.message for r in run.pair_records if isinstance(r.message, OrderFilled) and r.message.venue is DRIFT]
    bought = sum((fill.size for fill in told if fill.side is Side.BUY), Decimal(0))
    assert bought == opened(run, DRIFT)
    assert len({fill.fill_id for fill in told}) == len(told)


def test_lighter_maker_that_is_refused_by_the_api_is_requoted(tmp_path: Path) -> None:
    lost = rule(Status(status=400, body='{"code":21739,"message":"not enough margin"}'), LIGHTER_MAKER, nth=(1,))
    run = played(Scenario(venues=(HYPERLIQUID, LIGHTER), faults=(lost,)), tmp_path)
    assert opened(run, LIGHTER) in (SIZE, 0)
    assert run.pair.place in ("CLOSED.flat", "IDLE.backoff")


@pytest.mark.parametrize("venues", [(LIGHTER, DRIFT), (HYPERLIQUID, LIGHTER)], ids="-".join)
def test_order_lost_on_its_way_to_lighter_leaves_room_in_the_rate_limit_for_what_follows(
    venues: Pair, tmp_path: Path
) -> None:
    """Its fate is known within seconds; asking for it again and again must not use up the questions of a minute."""
    lost = rule(ResetBefore(), LIGHTER_ORDER, nth=(1,))
    run = played(Scenario(venues=venues, faults=(lost,), calm_s=45.0), tmp_path)
    assert run.alarms == ()
    assert run.pair.place in ("CLOSED.flat", "IDLE.backoff")


def test_order_lost_on_its_way_to_drift_is_followed_without_using_up_the_rate_limit(tmp_path: Path) -> None:
    lost = rule(ResetBefore(), DRIFT_SEND, nth=(1,))
    run = played(Scenario(venues=(LIGHTER, DRIFT), faults=(lost,), calm_s=45.0), tmp_path)
    assert not [r.message for r in run.records if getattr(r.message, "reason", "") == RejectReason.RATE_LIMITED]
    assert run.alarms == ()


def test_second_order_lost_on_its_way_to_lighter_is_resolved_like_the_first(tmp_path: Path) -> None:
    """The first, which never was, must not stand in the way of the question about the second."""
    lost = rule(Status(status=502, body="<html>"), LIGHTER_ORDER, nth=(1, 2))
    again = replace(POLICY.entry, backoff_s=10.0)
    policy = replace(POLICY, entry=again, lifecycle=replace(POLICY.lifecycle, duration_s=150.0))
    run = played(Scenario(venues=(LIGHTER, PACIFICA), policy=policy, faults=(lost,), calm_s=100.0), tmp_path)
    assert [order.purpose for order in run.orders()] == ["taker", "taker", *ROUND_TRIP]
    assert run.alarms == ()


def test_e9_order_executed_by_a_node_that_falls_silent_is_not_sent_again_when_its_time_is_over(tmp_path: Path) -> None:
    """Nobody answers for a minute: that is no proof that the maker order was never placed, for it was filled."""
    calls = ('"sendT', '"getS', '"getM', '"getBlockH')
    silent = tuple(rule(DropResponse(), {**DRIFT_RPC, "contains": call}, from_s=11.5, to_s=71.5) for call in calls)
    run = played(Scenario(venues=(LIGHTER, DRIFT), faults=silent, calm_s=71.5, settled_s=120.0), tmp_path)
    assert [order.purpose for order in run.orders() if not order.reduce_only] == ["taker", "maker"]
    assert 0 < opened(run, DRIFT) <= SIZE
    assert sorted(run.alarm_codes()) == ["link_lost", "order_in_doubt"]
    assert run.pair.place == "CLOSED.flat"
