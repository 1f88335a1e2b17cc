"""Misfortunes of a held pair, H1 to H4, H7 and H11: each through the whole engine."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import Venue
from actors.messages import CloseAsked, LossSocialised, PositionDeleveraged, PositionLiquidated, QueryFailed
from actors.policy import Policy
from engine.runtime import Stage
from engine.simulators.drift import DriftFace
from engine.simulators.faults import Delay, DropFrame, DropResponse, FaultRule, Traffic
from engine.venues.assets import listing_of
from tests.scenarios.faulty import PAC_POSITIONS, outage, rule, stream_lost
from tests.scenarios.harness import (
    ASSET,
    DRIFT,
    HYPERLIQUID,
    PACIFICA,
    POLICY,
    Cue,
    Do,
    Scenario,
    account_of,
    play,
    pull,
    say,
)
from tests.scenarios.market import Scene

SIZE = Decimal("2.9940")
FALL = (Scene(), Scene(from_s=30.0, price=Decimal(2970)))
"""One per cent down: the short leg gains."""


def adl_policy(*scores: str) -> Policy:
    """Levels 2, 3, 4 and 5 begin at these scores."""
    return replace(POLICY, adl=replace(POLICY.adl, level_scores=tuple(Decimal(score) for score in scores)))


ADL_REDUCES = adl_policy("0.01", "0.02", "0.06", "0.5")
"""The fall is half a maintenance fraction and a leg 0.18 of its account: 0.09 before, half of it after reducing."""


def test_h1_adl_level_four_reduces_both_legs_by_the_fraction_and_returns_to_hedged(tmp_path: Path) -> None:
    run = play(Scenario(scenes=FALL, policy=ADL_REDUCES), tmp_path)
    assert run.rows.count("H2") == 1
    assert run.sizes_at("HEDGED.earning") == [(-SIZE, SIZE), (-SIZE / 2, SIZE / 2)]
    first, second = run.orders("reduce", "trim")
    assert (first.venue, second.venue) == (PACIFICA, HYPERLIQUID)
    assert first.size == second.size == SIZE / 2
    (told,) = run.raised("adl_level")
    assert "ADL level 4 of 5 on hyperliquid (estimate 0.09 = queue 0.18 (gain 1.0" in told.text
    assert "x stress 0.5" in told.text


def test_h2_adl_level_five_exits(tmp_path: Path) -> None:
    run = play(Scenario(scenes=FALL, policy=adl_policy("0.01", "0.02", "0.03", "0.06")), tmp_path)
    assert run.rows.count("H1") == 1
    fell_ns = next(r.at_ns for r in run.pair_records if r.row == "H1")
    closed_ns = next(r.at_ns for r in run.pair_records if r.place == "CLOSED.flat")
    assert closed_ns - fell_ns < 10e9
    assert run.pairs[0].place == "CLOSED.flat"


@pytest.mark.parametrize("venue", [HYPERLIQUID, PACIFICA])
@pytest.mark.parametrize("way", ["adl", "liquidation"])
def test_h3_forced_fill_on_one_leg_reduces_the_other_by_as_much_on_the_event(
    way: str, venue: Venue, tmp_path: Path
) -> None:
    part = Decimal("1.2")
    account = account_of(venue)
    if way == "adl":
        cue = Cue(at_s=40.3, do=pull(venue, lambda x, at_ns: x.deleverage(at_ns, account, ASSET, part)))
    else:
        cue = Cue(at_s=40.3, do=pull(venue, lambda x, at_ns: x.liquidate(at_ns, account, ASSET, part)))
    run = play(Scenario(cues=(cue,)), tmp_path)
    kind = PositionDeleveraged if way == "adl" else PositionLiquidated
    event = next(r for r in run.pair_records if isinstance(r.message, kind))
    assert event.row == ("H7" if way == "adl" else "H10")
    trims = run.orders("trim")
    assert sum(order.size for order in trims) == part
    assert {order.venue for order in trims} == {PACIFICA if venue is HYPERLIQUID else HYPERLIQUID}
    assert run.sizes_at("HEDGED.earning")[1:] == [(part - SIZE, SIZE - part)]


@pytest.mark.parametrize("venue", [HYPERLIQUID, PACIFICA])
def test_h3_full_adl_closes_the_other_leg_fully(venue: Venue, tmp_path: Path) -> None:
    account = account_of(venue)
    cue = Cue(at_s=82.3, do=pull(venue, lambda x, at_ns: x.deleverage(at_ns, account, ASSET)))
    run = play(Scenario(cues=(cue,)), tmp_path)
    assert [order.size for order in run.orders("trim")] == [SIZE]
    assert run.orders("close", "emergency") == ()
    assert "R2" in run.rows
    assert run.pairs[0].naked_ns < 3e9


@pytest.mark.parametrize("venue", [HYPERLIQUID, PACIFICA])
@pytest.mark.parametrize("share", ["0.5", "1.5"], ids=["smaller", "larger"])
def test_h4_position_nobody_ordered_is_asked_for_and_repaired_by_reducing_only(
    share: str, venue: Venue, tmp_path: Path
) -> None:
    account, sign = account_of(venue), -1 if venue is HYPERLIQUID else 1
    target = sign * SIZE * Decimal(share)
    cue = Cue(at_s=40.3, do=pull(venue, lambda x, at_ns: x.set_position(at_ns, account, ASSET, target)))
    run = play(Scenario(cues=(cue,), calm_s=40.3, by_hand=True), tmp_path)
    assert {"H12", "H14"} & set(run.rows)
    assert "V10" in run.rows
    repaired = run.orders("trim")
    assert all(order.reduce_only for order in repaired)
    assert sum(order.size for order in repaired) == SIZE / 2
    kept = min(SIZE, abs(target))
    assert run.sizes_at("HEDGED.earning")[-1] == (-kept, kept)


def test_h4_position_on_the_wrong_side_is_flattened_with_an_alarm(tmp_path: Path) -> None:
    account = account_of(PACIFICA)
    cue = Cue(at_s=40.3, do=pull(PACIFICA, lambda x, at_ns: x.set_position(at_ns, account, ASSET, Decimal(-1))))
    run = play(Scenario(cues=(cue,), by_hand=True), tmp_path)
    assert "V11" in run.rows
    assert run.raised("position_surprise")
    assert {order.venue for order in run.orders("emergency")} == {HYPERLIQUID, PACIFICA}


def test_h4_one_failed_query_is_never_read_as_a_leg_that_is_gone(tmp_path: Path) -> None:
    """The routine question fails at one venue, again and again: nothing is sold."""
    lost = rule(DropResponse(), PAC_POSITIONS, from_s=60.0, to_s=85.0)
    run = play(Scenario(faults=(lost,), calm_s=85.0), tmp_path)
    assert any(isinstance(record.message, QueryFailed) for record in run.pair_records)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]


def test_h7_link_lost_while_hedged_comes_back_and_positions_are_asked_for(tmp_path: Path) -> None:
    run = play(Scenario(faults=stream_lost("pacifica", 30.0, 20.0), calm_s=50.0), tmp_path)
    assert {"H16"} <= set(run.rows)
    assert run.alarm_codes() == ("link_lost",)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]
    assert run.pair.naked_ns < 2e9


@pytest.mark.parametrize("venue", ["hyperliquid", "pacifica"])
def test_h7_outage_while_hedged_keeps_both_legs_opens_nothing_and_ends_well(venue: str, tmp_path: Path) -> None:
    policy = replace(POLICY, scanner=replace(POLICY.scanner, assets=("ETH", "SOL"), pairs_most=2, scan_s=25.0))
    late = FaultRule(  # the second pair could be entered only during the outage
        name="no quotes of SOL", traffic=Traffic.FRAME, match="bbo", contains="SOL", fault=DropFrame(), to_s=30.0
    )
    run = play(Scenario(faults=(*outage(venue, 40.0, 30.0), late), policy=policy, calm_s=70.0), tmp_path)
    assert run.alarm_codes()[:1] == ("link_lost",)
    opened = [r.at_ns for r in run.pair_records for c in r.commands if getattr(c, "reduce_only", None) is False]
    lost = next(r.at_ns for r in run.records if type(r.message).__name__ == "LinkLost")
    back = next(r.at_ns for r in run.records if type(r.message).__name__ == "LinkUp" and r.at_ns > lost)
    assert [at_ns for at_ns in opened if lost <= at_ns < back] == []


def test_h7_link_that_answers_late_after_an_outage_does_not_confuse_the_books(tmp_path: Path) -> None:
    late = rule(Delay(delay_s=4.0), PAC_POSITIONS, from_s=30.0, to_s=80.0)
    run = play(Scenario(faults=(*stream_lost("pacifica", 30.0, 10.0), late), calm_s=80.0), tmp_path)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]


def test_h7_wish_to_close_during_an_outage_waits_for_both_venues(tmp_path: Path) -> None:
    asked = Cue(at_s=45.0, do=say(CloseAsked(reason="funding inverted"), f"pair_position/{ASSET}-1"))
    again = Cue(at_s=100.0, do=say(CloseAsked(reason="funding inverted"), f"pair_position/{ASSET}-1"))
    run = play(Scenario(faults=outage("pacifica", 40.0, 30.0), cues=(asked, again), calm_s=100.0), tmp_path)
    assert run.rows.count("X24") == 1
    assert run.rows.index("X24") < run.rows.index("X3")
    assert "EMERGENCY.closing" not in run.places


def socialise(usd_per_base: str) -> Do:
    """Drift lets all holders of the market bear somebody's bankruptcy, so much per base."""

    def pull_it(stage: Stage) -> None:
        simulated = stage.simulated[DRIFT]
        face = simulated.face
        assert isinstance(face, DriftFace)
        face.socialise_loss(simulated.now_ns(), listing_of(DRIFT, ASSET).symbol, Decimal(usd_per_base))

    return pull_it


@pytest.mark.parametrize("venues", [(HYPERLIQUID, DRIFT), (DRIFT, PACIFICA)], ids="-".join)
def test_h11_socialised_loss_is_booked_as_a_haircut_and_the_pair_goes_home_by_its_own_row(
    venues: tuple[Venue, Venue], tmp_path: Path
) -> None:
    run = play(Scenario(venues=venues, cues=(Cue(at_s=50.0, do=socialise("5")),), calm_s=60.0), tmp_path)
    event = next(r for r in run.pair_records if isinstance(r.message, LossSocialised))
    assert event.row == "L1"
    assert not {"H1", "H2", "H7", "H10"} & set(run.rows)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]
    assert (run.pair.place, run.pair.close_reason) == ("CLOSED.flat", "drift let its holders bear a loss")
    booked = {leg.venue: leg.haircut_usd for leg in run.pair.legs}
    size = run.sizes_at("HEDGED.earning")[0][1]
    assert booked.pop(DRIFT) == 5 * size
    assert set(booked.values()) == {0}
    (told,) = run.raised("loss_socialised")
    assert "drift let the holders of ETH bear a loss, 14.97 USD of it ours" in told.text


def test_h11_loss_told_while_the_other_venue_is_down_closes_the_pair_when_it_is_back(tmp_path: Path) -> None:
    cue = Cue(at_s=50.0, do=socialise("5"))
    down = stream_lost("hyperliquid", 40.0, 30.0)
    run = play(Scenario(venues=(HYPERLIQUID, DRIFT), cues=(cue,), faults=down, calm_s=70.0), tmp_path)
    assert [row for row in run.rows if row.startswith("L")] == ["L2", "L3"]
    assert run.pair.place == "CLOSED.flat"
    assert run.pair.naked_ns < 5e9


def test_h11_loss_on_an_account_that_holds_nothing_in_the_market_is_nobody_s_news(tmp_path: Path) -> None:
    run = play(Scenario(venues=(HYPERLIQUID, DRIFT), cues=(Cue(at_s=1.0, do=socialise("5")),)), tmp_path)
    assert not any(isinstance(record.message, LossSocialised) for record in run.records)
    assert run.pair.haircut_usd == 0
