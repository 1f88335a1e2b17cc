"""Misfortunes of the exit and the emergency, X1 to X7: each through the whole engine."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import Side, TimeInForce, Venue
from actors.messages import CloseAsked, EmergencyAsked, EntryAsked, KillSwitchPulled, TimerFired
from engine.runtime import Stage
from engine.simulators.faults import CapFill, Delay, DropFrame, DropResponse, Reject
from tests.scenarios.faulty import (
    HL_ORDER,
    HL_POSITIONS,
    PAC_ACCOUNT,
    PAC_IOC,
    PAC_MAKER,
    outage,
    rule,
    stream_lost,
)
from tests.scenarios.harness import (
    ASSET,
    HYPERLIQUID,
    PACIFICA,
    POLICY,
    Cue,
    Run,
    Scenario,
    account_of,
    pair_in,
    perform,
    play,
    pull,
    say,
)
from tests.scenarios.market import QUIET, Scene
from tests.scenarios.test_entry import TRICKLE
from tests.scenarios.test_holding import ADL_REDUCES, FALL

SIZE = Decimal("2.9940")
KILL = say(KillSwitchPulled(by="operator", reason="enough"), "engine_lifecycle")
CLOSE = say(CloseAsked(reason="go home"), "pairs")
EMERGENCY = say(EmergencyAsked(reason="now"), "pairs")


def test_x1_the_less_reliable_leg_closes_first_both_reduce_only_ioc(tmp_path: Path) -> None:
    run = play(Scenario(), tmp_path)
    first, second = run.orders("close")
    assert (first.venue, second.venue) == (PACIFICA, HYPERLIQUID)
    assert all(order.reduce_only and order.time_in_force is TimeInForce.IOC for order in (first, second))
    assert first.size == second.size == SIZE
    assert {"X3", "X9", "X6", "X16"} <= set(run.rows)


def test_x2_first_leg_partly_closed_is_sent_again_for_what_is_still_open(tmp_path: Path) -> None:
    partly = rule(CapFill(fraction=Decimal("0.5")), PAC_IOC, nth=(1, 2))
    run = play(Scenario(faults=(partly,)), tmp_path)
    sizes = [order.size for order in run.orders("close") if order.venue is PACIFICA]
    assert sizes == [SIZE, SIZE / 2, Decimal("0.7485")]
    assert run.rows.count("X8") == 2
    assert run.pair.place == "CLOSED.flat"


def test_x3_three_failed_attempts_lead_to_emergency_and_the_second_leg_is_closed_anyway(tmp_path: Path) -> None:
    nothing = rule(CapFill(fraction=Decimal(0)), PAC_IOC)
    policy = replace(POLICY, lifecycle=replace(POLICY.lifecycle, emergency_timeout_s=60.0))
    run = play(Scenario(faults=(nothing,), policy=policy, left_open=("leg_stranded", "left_open")), tmp_path)
    assert len(run.orders("close")) == POLICY.exit.close_tries_most
    assert "X10" in run.rows
    assert run.position(HYPERLIQUID) == 0
    assert run.position(PACIFICA) == SIZE
    assert "2.994 ETH on pacifica" in run.raised("leg_stranded")[0].text
    episodes = run.places.count("EMERGENCY.stranded")
    assert len([o for o in run.orders("emergency") if o.venue is PACIFICA]) <= 3 * episodes


def test_x3_a_stranded_leg_is_closed_when_the_venue_trades_again(tmp_path: Path) -> None:
    nothing = rule(CapFill(fraction=Decimal(0)), PAC_IOC, to_s=105.0)
    run = play(Scenario(faults=(nothing,), calm_s=105.0, settled_s=90.0), tmp_path)
    assert run.raised("leg_stranded")
    assert (run.position(PACIFICA), run.pair.place) == (Decimal(0), "CLOSED.flat")


UNHEDGED = (Scene(pacifica=QUIET),)
REDUCED = ADL_REDUCES
DEAF = rule(DropFrame(), PAC_ACCOUNT, from_s=11.0, to_s=25.0)
PLACES: dict[str, Scenario] = {
    "IDLE.taker_in_flight": Scenario(),
    "IDLE.taker_in_doubt": Scenario(
        faults=(
            rule(DropResponse(), HL_ORDER, nth=(1,)),
            rule(DropFrame(), {**PAC_ACCOUNT, "venue": "hyperliquid", "match": "[ou]*"}, to_s=18.0),
        )
    ),
    "TAKER_FILLED.maker_in_flight": Scenario(),
    "MAKER_PENDING.resting": Scenario(scenes=UNHEDGED),
    "MAKER_PENDING.canceling": Scenario(scenes=UNHEDGED),
    "MAKER_PENDING.sweeping": Scenario(scenes=(Scene(pacifica=TRICKLE),)),
    "MAKER_PENDING.in_doubt": Scenario(scenes=UNHEDGED, faults=(rule(DropResponse(), PAC_MAKER), DEAF)),
    "MAKER_PENDING.verifying": Scenario(),
    "HEDGED.earning": Scenario(),
    "HEDGED.rechecking": Scenario(
        cues=(
            Cue(
                at_s=40.0,
                when=pair_in("HEDGED.earning"),
                do=pull(PACIFICA, lambda x, at_ns: x.set_position(at_ns, account_of(PACIFICA), ASSET, Decimal(2))),
            ),
        ),
        by_hand=True,
    ),
    "REDUCING.first_leg": Scenario(scenes=FALL, policy=REDUCED),
    "REDUCING.trimming": Scenario(scenes=FALL, policy=REDUCED),
    "REDUCING.verifying": Scenario(scenes=FALL, policy=REDUCED),
    "CLOSING.first_leg": Scenario(cues=(Cue(at_s=40.0, do=CLOSE),)),
    "CLOSING.second_leg": Scenario(cues=(Cue(at_s=40.0, do=CLOSE),)),
    "CLOSING.in_doubt": Scenario(
        cues=(Cue(at_s=40.0, do=CLOSE),),
        faults=(rule(DropResponse(), PAC_IOC, nth=(1,)), rule(DropFrame(), PAC_ACCOUNT, from_s=40.0, to_s=47.0)),
    ),
    "CLOSING.canceling": Scenario(scenes=UNHEDGED, cues=(Cue(when=pair_in("MAKER_PENDING.resting"), do=CLOSE),)),
    "CLOSING.verifying": Scenario(cues=(Cue(at_s=40.0, do=CLOSE),)),
}


@pytest.mark.parametrize("place", PLACES)
def test_x4_kill_switch_in_any_place_ends_flat_without_waiting(place: str, tmp_path: Path) -> None:
    base = PLACES[place]
    scenario = replace(base, cues=(*base.cues, Cue(when=pair_in(place), do=KILL)), settled_s=60.0, calm_s=60.0)
    run = play(scenario, tmp_path)
    killed = next(r for r in run.records if isinstance(r.message, KillSwitchPulled))
    emergency = next(r for r in run.pair_records if isinstance(r.message, EmergencyAsked))
    assert emergency.source == place
    assert emergency.place == "EMERGENCY.closing"
    assert [type(c).__name__ for c in emergency.commands[:2]] == ["CancelAll", "CancelAll"]
    assert_nothing_opens_after(run, killed.seq)
    assert (run.position(HYPERLIQUID), run.position(PACIFICA)) == (Decimal(0), Decimal(0))
    assert run.pair.place == "CLOSED.flat"
    if place.startswith("HEDGED"):
        assert [order.venue for order in run.orders("emergency")[:2]] == [PACIFICA, HYPERLIQUID]


def assert_nothing_opens_after(run: Run, seq: int) -> None:
    """No order that could open leaves from this record on."""
    late = [r.seq for r in run.records for c in r.commands if getattr(c, "reduce_only", True) is False and r.seq > seq]
    assert late == []


def test_x4_emergency_retries_the_first_leg_and_not_the_second(tmp_path: Path) -> None:
    nothing = rule(CapFill(fraction=Decimal(0)), PAC_IOC, nth=(1, 2))
    run = play(Scenario(faults=(nothing,), cues=(Cue(at_s=40.0, do=KILL),), calm_s=40.0), tmp_path)
    assert [order.venue for order in run.orders("emergency")] == [PACIFICA, HYPERLIQUID, PACIFICA, PACIFICA]
    assert run.pair.place == "CLOSED.flat"


def test_x5_adl_that_wins_the_race_makes_the_refused_close_a_success(tmp_path: Path) -> None:
    """The closing order is in the venue's speed bump when ADL takes the leg."""
    account = account_of(PACIFICA)
    race = Cue(
        at_s=40.0,
        when=pair_in("CLOSING.first_leg"),
        do=pull(PACIFICA, lambda x, at_ns: x.deleverage(at_ns, account, ASSET)),
    )
    run = play(Scenario(cues=(Cue(at_s=40.0, do=CLOSE), race)), tmp_path)
    assert [order.venue for order in run.orders("close")[:2]] == [PACIFICA, HYPERLIQUID]
    assert run.orders("emergency") == ()
    assert run.pairs[0].place == "CLOSED.flat"
    assert run.pairs[0].maker.estimated_usd == 0
    assert run.alarms == ()


def test_x5_refused_as_flat_before_the_forced_fill_is_told_still_closes_the_other_leg_at_once(tmp_path: Path) -> None:
    account = account_of(PACIFICA)
    race = Cue(
        at_s=40.0,
        when=pair_in("CLOSING.first_leg"),
        do=pull(PACIFICA, lambda x, at_ns: x.deleverage(at_ns, account, ASSET)),
    )
    late = rule(Delay(delay_s=5.0), {**PAC_ACCOUNT, "match": "account_trades"}, from_s=39.0, to_s=50.0)
    run = play(Scenario(cues=(Cue(at_s=40.0, do=CLOSE), race), faults=(late,)), tmp_path)
    assert "X23" in run.rows
    assert [order.venue for order in run.orders("close")[:2]] == [PACIFICA, HYPERLIQUID]
    closed = next(fill for fill in run.fills(HYPERLIQUID) if fill.position_after == 0)
    asked = next(r for r in run.pair_records if isinstance(r.message, CloseAsked))
    assert closed.at_ns - asked.at_ns < 1e9
    assert run.pairs[0].place == "CLOSED.flat"


def test_close_whose_positions_a_venue_does_not_tell_names_it_and_repeats_no_old_answer(tmp_path: Path) -> None:
    """The last answer was given while the pair was hedged: what it said is closed, and nothing is left there."""
    unheard = rule(DropResponse(), HL_POSITIONS, from_s=40.0, to_s=65.0)
    run = play(Scenario(cues=(Cue(at_s=40.0, do=CLOSE),), faults=(unheard,), calm_s=65.0), tmp_path)
    texts = [alarm.text for alarm in run.raised("positions_unverified")]
    assert texts
    assert all("no answer from hyperliquid" in text and "the venue said" not in text for text in texts)
    assert [order.purpose for order in run.orders()[:4]] == ["taker", "maker", "close", "close"]
    assert all(pair.place == "CLOSED.flat" for pair in run.pairs)


def test_x6_emergency_while_orders_are_unresolved_goes_on_and_only_reduces(tmp_path: Path) -> None:
    unheard = rule(DropFrame(), PAC_ACCOUNT, from_s=40.0, to_s=60.0)
    lost = rule(DropResponse(), PAC_IOC, from_s=40.0, to_s=50.0)
    run = play(Scenario(faults=(unheard, lost), cues=(Cue(at_s=40.0, do=KILL),), calm_s=60.0), tmp_path)
    assert (run.position(HYPERLIQUID), run.position(PACIFICA)) == (Decimal(0), Decimal(0))
    assert run.pair.place == "CLOSED.flat"


@pytest.mark.parametrize("venue", [HYPERLIQUID, PACIFICA])
def test_x6_emergency_while_a_venue_is_down_closes_the_other_leg_and_names_what_is_left(
    venue: Venue, tmp_path: Path
) -> None:
    down = outage(venue.value, 38.0, 60.0)
    run = play(Scenario(faults=down, cues=(Cue(at_s=40.0, do=KILL),), calm_s=98.0, settled_s=90.0), tmp_path)
    assert f"ETH on {venue.value}" in run.raised("leg_stranded")[0].text
    other = PACIFICA if venue is HYPERLIQUID else HYPERLIQUID
    assert next(fill.at_ns for fill in run.fills(other) if abs(fill.position_after) == 0) < asked_ns(run) + 5e9
    assert run.pair.place == "CLOSED.flat"


def asked_ns(run: Run) -> int:
    """When the emergency began."""
    return next(r.at_ns for r in run.pair_records if isinstance(r.message, EmergencyAsked))


def test_x6_second_emergency_while_the_first_runs_sends_nothing_more(tmp_path: Path) -> None:
    again = Cue(at_s=40.0, when=pair_in("EMERGENCY.closing"), do=EMERGENCY)
    run = play(Scenario(cues=(Cue(at_s=40.0, do=EMERGENCY), again), calm_s=40.0), tmp_path)
    assert [order.venue for order in run.orders("emergency")] == [PACIFICA, HYPERLIQUID]


def test_x7_no_opening_order_leaves_after_the_kill_switch(tmp_path: Path) -> None:
    """The switch is pulled in the instant at which the scanner asks for an entry."""
    policy = replace(POLICY, scanner=replace(POLICY.scanner, assets=("ETH", "SOL"), pairs_most=2))
    first = rule(CapFill(fraction=Decimal(0)), {**HL_ORDER, "contains": '"a":1'}, nth=(1,))
    run = play(
        Scenario(policy=policy, faults=(first,), cues=(Cue(when=pair_in("MAKER_PENDING.resting"), do=KILL),)), tmp_path
    )
    killed = next(r.seq for r in run.records if isinstance(r.message, KillSwitchPulled))
    assert_nothing_opens_after(run, killed)
    assert all(pair.place == "CLOSED.flat" for pair in run.pairs)


def test_x7_fill_of_the_taker_after_the_kill_switch_is_closed_not_hedged(tmp_path: Path) -> None:
    slow = rule(Delay(delay_s=2.0), HL_ORDER, nth=(1,))
    unheard = rule(DropFrame(), {**PAC_ACCOUNT, "venue": "hyperliquid", "match": "[ou]*"}, from_s=11.0, to_s=13.0)
    kill = Cue(at_s=11.5, when=pair_in("IDLE.taker_in_flight"), do=KILL)
    run = play(Scenario(faults=(slow, unheard), cues=(kill,), calm_s=13.0), tmp_path)
    assert run.orders("maker", "sweep") == ()
    assert run.position(HYPERLIQUID) == 0


def test_x7_denied_openings_after_the_kill_switch_are_in_the_journal(tmp_path: Path) -> None:
    """A pair on its way to the maker order when risk alone was told: the screen holds it back, the leg is unwound."""
    kill_risk = say(KillSwitchPulled(by="operator", reason="risk alone"), "risk")
    cue = Cue(when=pair_in("MAKER_PENDING.canceling"), do=kill_risk)
    run = play(Scenario(scenes=UNHEDGED, cues=(cue,)), tmp_path)
    assert_nothing_opens_after(run, next(r.seq for r in run.records if isinstance(r.message, KillSwitchPulled)))
    assert run.pair.place == "CLOSED.flat"


def test_drain_while_a_link_is_down_closes_when_it_is_back_and_not_by_emergency(tmp_path: Path) -> None:
    """The pair waits for both venues and is asked but once; whoever asked must ask again when the link is back."""
    run = play(Scenario(faults=stream_lost("hyperliquid", 85.0, 20.0), calm_s=105.0), tmp_path)
    assert {"X24", "X3"} <= set(run.rows)
    assert run.alarm_codes() == ("link_lost",)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]


def test_close_while_drain_is_late_flattens(tmp_path: Path) -> None:
    """The end of the run comes while a close cannot be confirmed: the drain is followed by an emergency."""
    refused = rule(Reject(reason="rate_limited"), PAC_IOC, from_s=90.0, to_s=140.0)
    policy = replace(POLICY, lifecycle=replace(POLICY.lifecycle, drain_timeout_s=20.0))
    run = play(Scenario(faults=(refused,), policy=policy, calm_s=140.0, settled_s=90.0), tmp_path)
    assert any(isinstance(r.message, TimerFired) and r.row == "L15" for r in run.records)
    assert run.pair.place == "CLOSED.flat"


def test_x6_a_run_that_ends_while_a_venue_is_down_waits_for_it_and_leaves_no_leg_naked(tmp_path: Path) -> None:
    down = outage("pacifica", 80.0, 260.0)
    run = play(Scenario(faults=down, calm_s=260.0, settled_s=90.0), tmp_path)
    assert "drain_waits" in run.alarm_codes()
    assert run.orders("emergency") == ()
    assert "L15" not in [record.row for record in run.records if record.to == "engine_lifecycle"]
    assert run.pair.naked_ns < 10 * 10**9
    assert (run.position(HYPERLIQUID), run.position(PACIFICA)) == (Decimal(0), Decimal(0))
    assert run.pair.place == "CLOSED.flat"


def test_x6_a_kill_closes_what_can_be_reached_although_risk_itself_is_quarantined(tmp_path: Path) -> None:
    nonsense = EntryAsked(taker_side=Side.BUY, size=Decimal(1), expected_net_usd=Decimal(0), reason="not for risk")

    def break_risk(stage: Stage) -> None:
        for _ in range(2):
            stage.mailbox.put(nonsense, to="risk")

    break_it = Cue(at_s=38.0, do=break_risk)
    run = perform(Scenario(cues=(break_it, Cue(at_s=40.0, do=KILL))), tmp_path / "run")
    assert [record.row for record in run.records if record.to == "risk"].count("fault") == 2
    assert (run.position(HYPERLIQUID), run.position(PACIFICA)) == (Decimal(0), Decimal(0))
    assert run.pair.place == "CLOSED.flat"
