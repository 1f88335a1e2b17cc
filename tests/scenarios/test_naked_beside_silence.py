"""A leg that is naked at a living venue while the other venue is silent for long: nobody waits for the silent one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from engine.fuzzing.lives import Cue
from engine.simulators.faults import CapFill, DropFrame, FaultRule, Reject, Traffic
from tests.scenarios.faulty import HL_ORDER, outage, rule
from tests.scenarios.harness import ASSET, HYPERLIQUID, PACIFICA, POLICY, Run, Scenario, account_of, play, pull
from tests.scenarios.market import NS_PER_S

AWAY_S = 240.0
ENDS = replace(POLICY.lifecycle, duration_s=400.0)
PATIENT = replace(POLICY, lifecycle=ENDS)


def refused(from_s: float, to_s: float) -> FaultRule:
    """Hyperliquid takes no order for a while, and says so."""
    return rule(Reject(reason="insufficient margin"), HL_ORDER, from_s=from_s, to_s=to_s)


def maker_leg_deleveraged_at(at_s: float) -> Cue:
    return Cue(at_s=at_s, do=pull(PACIFICA, lambda x, at_ns: x.deleverage(at_ns, account_of(PACIFICA), ASSET)))


def longest_naked_s(run: Run) -> float:
    return max(pair.naked_ns for pair in run.pairs) / NS_PER_S


def test_x3_a_leg_left_naked_by_adl_is_closed_though_the_other_venue_says_nothing_any_more(tmp_path: Path) -> None:
    """Every attempt failed, and Pacifica is away: what its leg is there cannot be asked. Hyperliquid is well again."""
    faults = (refused(36.0, 75.0), *outage("pacifica", 40.0, AWAY_S))
    cues = (maker_leg_deleveraged_at(37.0),)
    run = play(Scenario(faults=faults, cues=cues, policy=PATIENT, calm_s=40.0 + AWAY_S), tmp_path)
    assert run.pairs[0].place == "CLOSED.flat"
    assert "EMERGENCY.stranded" in run.places
    assert longest_naked_s(run) < 75 - 37 + 30


def test_x3_a_naked_taker_leg_is_closed_though_the_maker_order_stays_in_doubt(tmp_path: Path) -> None:
    """E10 goes on: the maker venue is away, and the taker venue refuses three times before it is well again."""
    faults = (*outage("pacifica", 11.4, AWAY_S), refused(14.0, 75.0))
    run = play(Scenario(faults=faults, policy=PATIENT, calm_s=11.4 + AWAY_S), tmp_path)
    assert run.pairs[0].place == "CLOSED.flat"
    assert longest_naked_s(run) < 75 - 11 + 35
    assert all(order.reduce_only for order in run.orders("emergency"))


def test_h3_a_trim_that_met_nothing_is_sent_again_at_once_with_a_wider_cap(tmp_path: Path) -> None:
    """Hyperliquid refuses an IOC that meets nobody: the market has moved, a pause would only leave the leg naked."""
    thin = rule(CapFill(fraction=Decimal(0)), HL_ORDER, from_s=30.0, to_s=60.0, at_most=2)
    run = play(Scenario(faults=(thin,), cues=(maker_leg_deleveraged_at(37.0),), calm_s=60.0), tmp_path)
    trims = run.orders("trim")
    assert len(trims) == 3
    assert trims[0].limit_price < trims[1].limit_price < trims[2].limit_price
    assert longest_naked_s(run) < 2


def test_h3_adl_whose_fill_the_stream_never_tells_is_not_taken_for_somebody_who_closes_by_hand(tmp_path: Path) -> None:
    """Hyperliquid pushes the smaller position alone: the fill is asked for, the pair trims, and trading goes on."""
    lost = FaultRule(
        name="fills lost", traffic=Traffic.FRAME, venue="hyperliquid", match="userFills", fault=DropFrame(), from_s=36.0
    )
    adl = Cue(at_s=37.0, do=pull(HYPERLIQUID, lambda x, at_ns: x.deleverage(at_ns, account_of(HYPERLIQUID), ASSET)))
    run = play(Scenario(faults=(replace(lost, to_s=40.0),), cues=(adl,), calm_s=45.0), tmp_path)
    assert "leg_taken" not in run.alarm_codes()
    assert "H7" in run.rows
    assert run.engine.reason == "the run's duration is over"
