"""Misfortunes of what the engine sees, H8 to H10: books that lie or stand still, funding told wrongly, wrong clocks."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.commands import SubmitOrder
from actors.domain import HOUR_NS, Venue
from actors.messages import FrameRefused, FundingPaid, LinkLost, LinkUp, QuoteUpdated, TimerFired
from actors.policy import Policy
from engine.simulators.exchange import Events, Exchange
from engine.simulators.faults import Delay, DropFrame, DropResponse, Duplicate, Fault, FaultRule, Garble, Skew, Traffic
from engine.simulators.levers import instrument_of
from tests.scenarios.faulty import HL_BBO, LIGHTER_BOOK, PAC_BBO, rule
from tests.scenarios.harness import ASSET, HYPERLIQUID, LIGHTER, PACIFICA, POLICY, Cue, Run, Scenario, play, pull
from tests.scenarios.market import NS_PER_S, Scene

MOVING = tuple(Scene(from_s=5.0 * step, price=Decimal(3000 + step % 2)) for step in range(60))
"""A price that never stands still: books are told all the time."""


def lasting(seconds: float, **scanner: Any) -> Policy:
    """A run of so long, with other limits of the scanner."""
    lifecycle = replace(POLICY.lifecycle, duration_s=seconds)
    return replace(POLICY, lifecycle=lifecycle, scanner=replace(POLICY.scanner, **scanner))


def at_s(run: Run, at_ns: int) -> float:
    """Seconds since the scenario began."""
    return (at_ns - run.scenario.start_ns) / NS_PER_S


def opened_s(run: Run) -> list[float]:
    """When opening orders left."""
    return [
        at_s(run, record.at_ns)
        for record in run.pair_records
        for command in record.commands
        if isinstance(command, SubmitOrder) and not command.reduce_only
    ]


def quotes_s(run: Run, venue: Venue) -> list[float]:
    """When the venue's quotes were told."""
    told = (r for r in run.records if isinstance(r.message, QuoteUpdated) and r.message.venue is venue)
    return [at_s(run, record.at_ns) for record in told]


# --- H8 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strikes", "find", "put"),
    [(HL_BBO, '"bbo":[{"px":"300', '"bbo":[{"px":"400'), (PAC_BBO, '"b":"29', '"b":"39')],
    ids=["hyperliquid", "pacifica"],
)
def test_h8_a_crossed_book_is_not_used(strikes: dict[str, Any], find: str, put: str, tmp_path: Path) -> None:
    """Nothing is opened until the book makes sense again."""
    crossed = rule(Garble(find=find, put=put), strikes, to_s=35.0)
    run = play(Scenario(scenes=MOVING, faults=(crossed,), policy=lasting(100.0), calm_s=35.0), tmp_path)
    assert min(opened_s(run)) > 35.0
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]


def test_h8_a_gap_in_a_sequenced_book_is_named_and_the_book_is_asked_for_anew(tmp_path: Path) -> None:
    lost = rule(DropFrame(), LIGHTER_BOOK, from_s=20.0, to_s=50.0, every=4)
    venues = (HYPERLIQUID, LIGHTER)
    run = play(Scenario(venues=venues, scenes=MOVING, faults=(lost,), policy=lasting(100.0), calm_s=50.0), tmp_path)
    refused = [r.message for r in run.records if isinstance(r.message, FrameRefused)]
    assert refused
    assert all("does not continue" in message.detail for message in refused)
    assert not any(isinstance(r.message, LinkLost) for r in run.records), "the feed begins anew, not the link"
    assert max(quotes_s(run, LIGHTER)) > 60.0
    assert run.pair.place == "CLOSED.flat"


WATCHFUL = {"pacifica": {"link": {"ping_every_s": 5.0, "quotes_silent_most_s": 20.0}}}


def test_h8_a_book_that_stands_still_while_the_heartbeat_lives_is_subscribed_anew(tmp_path: Path) -> None:
    """Nothing is opened on the old quote; the pair that is held stays as it is."""
    still = rule(DropFrame(), PAC_BBO, from_s=30.0, to_s=80.0)
    policy = lasting(130.0, assets=("ETH", "SOL"), pairs_most=2, quote_age_most_s=Decimal(12))
    late = FaultRule(  # the second pair could be entered only while the books stand still
        name="no quotes of SOL", traffic=Traffic.FRAME, match="bbo", contains="SOL", fault=DropFrame(), to_s=28.0
    )
    scenario = Scenario(scenes=MOVING, faults=(still, late), policy=policy, adapter=WATCHFUL, calm_s=80.0)
    run = play(scenario, tmp_path)
    (lost, *_) = [r.message for r in run.records if isinstance(r.message, LinkLost)]
    assert lost.reason == "no quote of ETH for 20 s while other frames come"
    assert [s for s in opened_s(run) if 42.0 < s < 80.0] == []
    assert any(at_s(run, r.at_ns) > 80.0 for r in run.records if isinstance(r.message, QuoteUpdated))
    assert not any("EMERGENCY" in place for place in run.places)


# --- H9 ----------------------------------------------------------------------------------------------------

HL_FUNDING_ASKED: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "hyperliquid", "contains": '"type":"userFunding"'}
HL_FUNDING: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "hyperliquid", "match": "user*"}
PAC_FUNDING: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/funding/history"}
BEFORE_S = 60


def over_the_hour(*faults: FaultRule, seconds: float = 150.0, **more: Any) -> Scenario:
    """Hedged a while before the hour, closed well after it."""
    return Scenario(faults=faults, policy=lasting(seconds), before_hour_s=BEFORE_S, calm_s=seconds - 30, **more)


def payments(run: Run) -> list[tuple[Venue, Decimal]]:
    """What the pair's books hold of funding, by venue."""
    return [(leg.venue, leg.funding_received_usd - leg.funding_paid_usd) for leg in run.pair.legs]


def truth(run: Run) -> list[tuple[Venue, Decimal]]:
    """What the exchanges paid us."""
    paid = {venue: run.exchange(venue).funding_paid_since(run.account(venue), 0) for venue in run.scenario.venues}
    return [(venue, sum((each.amount_usd for each in rows), Decimal(0))) for venue, rows in paid.items()]


def test_h9_funding_that_is_paid_as_announced_has_hardly_an_error(tmp_path: Path) -> None:
    run = play(over_the_hour(), tmp_path)
    assert payments(run) == truth(run)
    assert all(usd for _, usd in truth(run))
    for leg in run.pair.legs:
        assert leg.funding_told == 1
        assert abs(leg.funding_error_usd) < abs(leg.funding_forecast_usd) / 20


def test_h9_funding_of_another_size_than_announced_is_booked_as_paid_and_the_error_is_reported(tmp_path: Path) -> None:
    """Half a second before the hour the rate becomes another one, which nobody was told."""

    def surprise(exchange: Exchange, _: int) -> Events:
        exchange.force_funding_rate(instrument_of(exchange, ASSET), Decimal("-0.002"))
        return ()

    cue = Cue(at_s=BEFORE_S - 0.2, do=pull(HYPERLIQUID, surprise))
    run = play(over_the_hour(cues=(cue,)), tmp_path)
    assert payments(run) == truth(run)
    leg = next(leg for leg in run.pair.legs if leg.venue is HYPERLIQUID)
    paid_usd = -leg.funding_paid_usd
    assert paid_usd < -15
    assert leg.funding_forecast_usd > 0
    assert leg.funding_error_usd == paid_usd - leg.funding_forecast_usd
    totals = report(run)["totals"]
    assert totals["funding_error_usd"] == pytest.approx(
        float(sum(leg.funding_error_usd for leg in run.pair.legs)), abs=0.01
    )


@pytest.mark.parametrize(
    ("fault", "strikes"),
    [
        (Delay(delay_s=40.0), HL_FUNDING),
        (Duplicate(copies=3), HL_FUNDING),
        (Delay(delay_s=8.0), PAC_FUNDING),
        (Duplicate(copies=2), PAC_FUNDING),
    ],
    ids=["late-hyperliquid", "duplicated-hyperliquid", "late-pacifica", "duplicated-pacifica"],
)
def test_h9_funding_told_late_or_twice_is_booked_once_as_the_venue_s_record_has_it(
    fault: Fault, strikes: dict[str, Any], tmp_path: Path
) -> None:
    run = play(
        over_the_hour(rule(fault, strikes, from_s=BEFORE_S - 5.0, to_s=BEFORE_S + 12.0), seconds=170.0), tmp_path
    )
    assert payments(run) == truth(run)
    assert [leg.funding_told for leg in run.pair.legs] == [1, 1]


def test_h9_funding_that_is_never_told_is_missing_in_the_report_not_made_up(tmp_path: Path) -> None:
    """The books hold what records say, pushed or asked for; the report counts the settlement that was due."""
    lost = rule(DropFrame(), HL_FUNDING, from_s=BEFORE_S - 5.0)
    deaf = rule(DropResponse(), HL_FUNDING_ASKED, from_s=BEFORE_S - 5.0)
    run = play(over_the_hour(lost, deaf, by_hand=True), tmp_path)
    told = {leg.venue: leg.funding_told for leg in run.pair.legs}
    assert told == {HYPERLIQUID: 0, PACIFICA: 1}
    assert dict(payments(run))[HYPERLIQUID] == 0
    totals = report(run)["totals"]
    assert (totals["funding_told"], totals["funding_due"]) == (1, 2)


def report(run: Run) -> dict[str, Any]:
    """The report of the run."""
    found: dict[str, Any] = json.loads((run.directory / "report.json").read_text())
    return found


def test_h9_each_record_of_the_journal_names_its_hour(tmp_path: Path) -> None:
    run = play(over_the_hour(), tmp_path)
    hours = [r.message.venue_at_ns // HOUR_NS for r in run.pair_records if isinstance(r.message, FundingPaid)]
    assert hours == [(run.scenario.start_ns + BEFORE_S * NS_PER_S) // HOUR_NS] * 2


# --- H10 ---------------------------------------------------------------------------------------------------


def skewed(venue: str, offset_s: float, **when: Any) -> FaultRule:
    return FaultRule(
        name=f"{venue} {offset_s:+g} s", traffic=Traffic.FRAME, venue=venue, fault=Skew(offset_s=offset_s), **when
    )


@pytest.mark.parametrize("venue", [HYPERLIQUID, PACIFICA])
@pytest.mark.parametrize("offset_s", [8.0, -8.0])
def test_h10_nothing_is_opened_on_a_venue_whose_clock_is_off(venue: Venue, offset_s: float, tmp_path: Path) -> None:
    """From the third second on; a while after it is set right, trading begins."""
    wrong = skewed(venue.value, offset_s, from_s=3.0, to_s=80.0)
    run = play(Scenario(scenes=MOVING, faults=(wrong,), policy=lasting(200.0, scan_s=45.0), calm_s=150.0), tmp_path)
    assert 80.0 < min(opened_s(run)) < 150.0
    told = run.raised("clock_skew")
    assert told
    assert {alarm.text.split(":")[0] for alarm in told} == {venue.value}
    way = "8 s ahead of ours" if offset_s > 0 else "8 s behind ours, or its words come late"
    assert any(way in alarm.text for alarm in told)


@pytest.mark.parametrize("offset_s", [8.0, 22.0, -8.0])
def test_h10_a_venue_s_clock_that_steps_while_a_pair_is_held_moves_no_timer_of_ours_and_the_pair_is_closed(
    offset_s: float, tmp_path: Path
) -> None:
    """Twenty-two seconds ahead a venue would refuse every order as lapsed, if it lived by our clock alone."""
    wrong = skewed("pacifica", offset_s, from_s=30.0)
    run = play(Scenario(scenes=MOVING, faults=(wrong,), policy=lasting(150.0), calm_s=30.0), tmp_path)
    fired = [at_s(run, r.at_ns) for r in run.records if r.to == "risk" and isinstance(r.message, TimerFired)]
    ticks = [second for second in fired if second < 150.0]
    assert len(ticks) > 20
    assert [round(later - earlier, 3) for earlier, later in pairwise(ticks)] == [5.0] * (len(ticks) - 1)
    times = [record.at_ns for record in run.records]
    assert times == sorted(times)
    assert run.pair.place == "CLOSED.flat"
    assert run.orders("emergency") == ()


def test_h10_a_clock_within_the_bound_is_no_news(tmp_path: Path) -> None:
    run = play(Scenario(faults=(skewed("pacifica", 3.0),)), tmp_path)
    assert run.raised("clock_skew") == ()
    assert min(opened_s(run)) < 30.0
    assert any(isinstance(r.message, LinkUp) for r in run.records)
