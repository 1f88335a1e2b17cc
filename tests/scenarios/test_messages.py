"""Misfortunes of messages, M1 to M9: duplicated, reordered, delayed, lost, contradicting, malformed, too many."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.messages import FrameRefused, OrderAccepted, OrderDone, OrderFilled, QuoteUpdated
from engine.mailbox import Mailbox
from engine.runtime import Stage
from engine.simulators.faults import (
    Delay,
    DropFrame,
    Duplicate,
    FaultRule,
    Garble,
    Hold,
    Status,
    Traffic,
)
from tests.scenarios.faulty import (
    HL_INFO,
    HL_ORDER,
    PAC_ACCOUNT,
    PAC_MAKER,
    PAC_ORDER,
    PAC_POSITIONS,
    on_own_channels,
    rule,
)
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, POLICY, Cue, Run, Scenario, play
from tests.scenarios.market import QUIET, Scene
from tests.scenarios.test_entry import TRICKLE
from tests.scenarios.test_holding import FALL

SIZE = Decimal("2.9940")
ROUND_TRIP = ["taker", "maker", "close", "close"]


def purposes(run: Run) -> list[str]:
    """What every order that left was for."""
    return [order.purpose for order in run.orders()]


def test_m1_every_frame_told_three_times_counts_once(tmp_path: Path) -> None:
    run = play(Scenario(faults=on_own_channels(Duplicate(copies=2))), tmp_path)
    assert purposes(run) == ROUND_TRIP
    assert run.sizes_at("HEDGED.earning") == [(-SIZE, SIZE)]


def test_m1_every_order_request_delivered_twice_is_executed_once(tmp_path: Path) -> None:
    twice = (rule(Duplicate(), HL_ORDER), rule(Duplicate(), PAC_ORDER))
    run = play(Scenario(faults=twice), tmp_path)
    assert purposes(run) == ROUND_TRIP
    assert sum(fill.size for fill in run.fills(PACIFICA)) == 2 * SIZE


@pytest.mark.parametrize("every", [1, 2, 3])
def test_m2_reordered_frames_end_in_the_same_books(every: int, tmp_path: Path) -> None:
    run = play(Scenario(faults=on_own_channels(Hold(), every=every)), tmp_path)
    assert purposes(run) == ROUND_TRIP
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_m3_frames_delayed_past_every_timer_end_in_the_same_books(tmp_path: Path) -> None:
    late = on_own_channels(Delay(delay_s=8.0), to_s=100.0)
    patient = replace(POLICY, scanner=replace(POLICY.scanner, clock_skew_most_s=Decimal(15)))
    run = play(Scenario(faults=late, policy=patient, calm_s=100.0), tmp_path)
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    assert run.pair.place == "CLOSED.flat"


def test_m3_answers_delayed_past_the_order_timer_are_asked_for_and_never_sent_again(tmp_path: Path) -> None:
    late = (rule(Delay(delay_s=7.0), HL_ORDER, nth=(1,)), rule(Delay(delay_s=7.0), PAC_MAKER, nth=(1,)))
    run = play(Scenario(faults=late, calm_s=30.0), tmp_path)
    assert len(run.orders("taker")) == len(run.orders("maker")) == 1
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


@pytest.mark.parametrize("scene", [Scene(), Scene(pacifica=TRICKLE), Scene(pacifica=QUIET)])
def test_m4_all_own_frames_lost_are_recovered_by_questions(scene: Scene, tmp_path: Path) -> None:
    """Nothing but answers ever arrives: positions, money and outcomes must all the same be right at the end."""
    run = play(Scenario(scenes=(scene,), faults=on_own_channels(DropFrame())), tmp_path)
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    assert "X22" in run.rows, "prices that were never told are asked for before the pair counts as closed"
    assert run.pair.place == "CLOSED.flat"


def test_m4_fills_whose_prices_are_never_told_are_valued_not_left_out(tmp_path: Path) -> None:
    """The venue's answer proves the size and nothing ever tells the price: the result is an estimate, and says so."""
    silent = rule(DropFrame(), {**PAC_ACCOUNT, "venue": "hyperliquid", "match": "userFills"})
    dumb = rule(Status(status=500), {**HL_INFO, "contains": "orderStatus"})
    mute = rule(Status(status=500), {**HL_INFO, "contains": "userFills"}, from_s=5.0)
    run = play(Scenario(scenes=FALL, faults=(silent, dumb, mute)), tmp_path)
    assert 0 < run.rows.count("X22") < 2 * POLICY.verify.verify_tries_most, "asked so often and no longer"
    taker, maker = run.pair.legs
    assert taker.cash_usd == 0
    assert taker.estimated_usd > 80
    assert maker.cash_usd < -80


def test_m5_fill_before_its_acknowledgement_is_counted(tmp_path: Path) -> None:
    slow = (rule(Delay(delay_s=3.0), HL_ORDER), rule(Delay(delay_s=3.0), PAC_ORDER))
    run = play(Scenario(faults=slow), tmp_path)
    for order in run.orders("taker", "maker"):
        about = [r.message for r in run.pair_records if getattr(r.message, "order_id", "") == order.order_id]
        fill = next(i for i, message in enumerate(about) if isinstance(message, OrderFilled))
        assert any(isinstance(message, OrderAccepted) for message in about[fill:])
    assert purposes(run) == ROUND_TRIP


def test_m6_acknowledgement_after_the_cancel_does_not_revive_the_order(tmp_path: Path) -> None:
    policy = replace(POLICY, entry=replace(POLICY.entry, maker_timeout_s=1.0))
    slow = rule(Delay(delay_s=4.0), PAC_MAKER)
    unheard = rule(DropFrame(), PAC_ACCOUNT, from_s=11.0, to_s=20.0)
    run = play(Scenario(scenes=(Scene(pacifica=QUIET),), policy=policy, faults=(slow, unheard), calm_s=20.0), tmp_path)
    maker = run.orders("maker")[0].order_id
    about = [r.message for r in run.pair_records if getattr(r.message, "order_id", "") == maker]
    done = next(i for i, message in enumerate(about) if isinstance(message, OrderDone))
    assert any(isinstance(message, OrderAccepted) for message in about[done:])
    assert next(order for order in run.pair.orders if order.id == maker).place == "CANCELED"
    assert run.fills(PACIFICA)[0].is_taker
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)


def test_m7_snapshot_that_contradicts_the_deltas_is_asked_about_and_sells_nothing(tmp_path: Path) -> None:
    """A position frame with an old size arrives while hedged."""
    wrong = FaultRule(
        name="old size",
        traffic=Traffic.FRAME,
        match="clearinghouseState",
        fault=Garble(find='"szi":"-2.994"', put='"szi":"-1.5"'),
        from_s=40.0,
        at_most=1,
    )
    run = play(Scenario(faults=(wrong,)), tmp_path)
    assert "H12" in run.rows
    assert purposes(run) == ROUND_TRIP


def test_m7_one_wrong_answer_is_asked_again_and_sells_nothing(tmp_path: Path) -> None:
    wrong = rule(Garble(find='"amount":"2.994"', put='"amount":"1.5"'), PAC_POSITIONS, from_s=60.0, at_most=2)
    run = play(Scenario(faults=(wrong,)), tmp_path)
    assert {"H13", "V5"} <= set(run.rows)
    assert purposes(run) == ROUND_TRIP


UNKNOWN = {
    "order status": rule(Garble(find='"filled"', put='"half_filled"'), PAC_ACCOUNT),
    "broken frames": rule(Garble(find='"data"', put='"data'), PAC_ACCOUNT),
    "fills": FaultRule(
        name="fills", traffic=Traffic.FRAME, venue="hyperliquid", match="userFills", fault=Garble(find='"A"', put='"Z"')
    ),
    "order updates": FaultRule(
        name="updates", traffic=Traffic.FRAME, match="orderUpdates", fault=Garble(find='"filled"', put='"eaten"')
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_m8_unknown_words_and_malformed_frames_are_refused_and_the_truth_is_asked_for(
    what: str, tmp_path: Path
) -> None:
    run = play(Scenario(faults=(UNKNOWN[what],)), tmp_path)
    assert any(isinstance(record.message, FrameRefused) for record in run.records)
    assert run.sizes_at("HEDGED.earning")[0] == (-SIZE, SIZE)
    assert len(run.orders("taker")) == 1


HTML = "<html><body>502 Bad Gateway</body></html>"


@pytest.mark.parametrize(
    "status",
    [Status(status=200, body=HTML, executed=True), Status(status=502, body=HTML), Status(status=500, executed=True)],
    ids=["html_with_200", "bad_gateway", "server_error_after_execution"],
)
def test_m8_answers_that_cannot_be_read_prove_nothing(status: Status, tmp_path: Path) -> None:
    faults = (
        rule(status, HL_ORDER, nth=(1,)),
        rule(status, PAC_MAKER, nth=(1,)),
        rule(status, HL_INFO, from_s=8.0, every=4),
    )
    run = play(Scenario(faults=faults, calm_s=60.0), tmp_path)
    assert len(run.orders("taker")) == 1
    placed = [order for order in run.venue_orders(HYPERLIQUID) if not order.reduce_only]
    assert len(placed) == (1 if status.executed else 0)


def test_m9_flood_of_market_data_is_conflated_and_orders_overtake_it(tmp_path: Path) -> None:
    seen: list[Mailbox] = []

    def look(stage: Stage) -> None:
        seen.append(stage.mailbox)

    flood = FaultRule(name="flood", traffic=Traffic.FRAME, match="[ba][bc]*", fault=Duplicate(copies=300))
    run = play(Scenario(faults=(flood,), cues=(Cue(do=look),)), tmp_path)
    assert seen[0].conflated > 1000
    assert purposes(run) == ROUND_TRIP
    told = sum(isinstance(record.message, QuoteUpdated) for record in run.records)
    assert told < seen[0].conflated
    assert run.sizes_at("HEDGED.earning") == [(-SIZE, SIZE)]
