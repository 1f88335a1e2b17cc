from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.board import Board, VenueClock
from actors.commands import AnyCommand, RaiseAlarm, SpawnPair, Tell
from actors.domain import HOUR_NS, Side, Venue
from actors.funding_scanner import ROLE, FundingScanner, pairings
from actors.messages import (
    ActorFaulted,
    AnyMessage,
    CloseAsked,
    DrainAsked,
    EngineResumed,
    EngineStarted,
    EntryAsked,
    EntryRefused,
    KillSwitchPulled,
    LinkLost,
    PairHedged,
)
from actors.policy import Policy, ScannerPolicy
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import MAKER, TAKER, board_of, closed, market_facts, quote, reopened, sample, spawned
from tests.playbook import START_NS, Playbook, fires, like

Scan = Playbook[FundingScanner]
THIRD = Venue.LIGHTER
ASSETS = ("BTC", "ETH", "SOL")
STARTED = EngineStarted(mode="paper")
SCAN = fires("scan")
RESUMED = EngineResumed(silent_since_ns=1)
FAULT = ActorFaulted(error="KeyError")
BTC, ETH = "pair_position/BTC-1", "pair_position/ETH-2"


def policy(**changes: object) -> Policy:
    """Three assets, two venues, one scan an hour, six hours of history, quotes that stay fresh."""
    told: dict[str, object] = {
        "assets": ASSETS,
        "scan_s": 3600.0,
        "history_h": Decimal(2),
        "quote_age_most_s": Decimal(10**7),
    }
    return Policy(scanner=ScannerPolicy(**{**told, **changes}))  # type: ignore[arg-type]


def board(*venues: Venue) -> Board:
    return board_of(
        *(fact for venue in venues or (TAKER, MAKER) for asset in ASSETS for fact in market_facts(venue, asset))
    )


def rates(asset: str, taker: str, maker: str = "0") -> tuple[AnyMessage, AnyMessage]:
    """Funding a whole hour, told now; the taker venue is the more liquid one."""
    return (sample(TAKER, asset=asset, rate=taker, interest="2000000"), sample(MAKER, asset=asset, rate=maker))


def scanner(*before: AnyMessage, at: Policy | None = None, on: Board | None = None) -> Scan:
    state = FundingScanner(actor="funding_scanner", place="WARMING")
    return Playbook(ROLE, state, on or board(), at or policy()).play(STARTED, *before)


def warm(*before: AnyMessage, at: Policy | None = None, on: Board | None = None) -> Scan:
    """Two hours of funding seen; the next scan decides."""
    return scanner(*before, at=at, on=on).play(SCAN, SCAN).at("WARMING")


def opened() -> Scan:
    """BTC pays best and is asked for, ETH too."""
    return warm(*rates("BTC", "0.0002"), *rates("ETH", "0.0001")).play(SCAN).at("SCANNING")


def said(play: Scan) -> list[AnyCommand]:
    assert play.step is not None
    return [command for command in play.step.commands if isinstance(command, SpawnPair | Tell | RaiseAlarm)]


def asked(play: Scan) -> list[tuple[str, str]]:
    """Who was asked for what by the last step."""
    return [
        (command.to, type(command.message).__name__)
        for command in said(play)
        if isinstance(command, Tell) and command.to.startswith("pair_position/")
    ]


STORIES: dict[str, Story] = {
    "F1": lambda: scanner().at("WARMING"),
    "F2": lambda: (warm(*rates("BTC", "0.0002")) >> SCAN << like(SpawnPair, actor=BTC) << ...).at("SCANNING"),
    "F3": lambda: (scanner() >> SCAN).at("WARMING"),
    "F4": lambda: (opened() >> SCAN).at("SCANNING"),
    "F5": lambda: (opened() >> DrainAsked(reason="end")).at("DRAINING"),
    "F6": lambda: (scanner() >> KillSwitchPulled(by="", reason="")).at("DRAINING"),
    "F7": lambda: (opened() >> FAULT << like(RaiseAlarm, code="actor_fault")).at("DRAINING"),
    "F9": lambda: (opened() >> RESUMED).at("WAITING"),
    "F9: before anything was judged": lambda: (scanner() >> RESUMED).at("WAITING"),
    "F10": lambda: (opened().play(RESUMED) >> STARTED).at("WARMING"),
    "F5: while waiting": lambda: (opened().play(RESUMED) >> DrainAsked(reason="end")).at("DRAINING"),
    "F8": lambda: (opened().play(FAULT) >> FAULT << like(RaiseAlarm, code="actor_fault")).at("DRAINING"),
}


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


# --- opening -----------------------------------------------------------------------------------------------


def test_the_best_pairs_are_opened_first_and_the_lifecycle_is_told() -> None:
    spawn, *told, entry, _ = said(opened())[:7]
    assert spawn == SpawnPair(actor=BTC, asset="BTC", taker_venue=TAKER, maker_venue=MAKER, first_to_close=MAKER)
    watching = ("board", "engine_lifecycle", "reconciler/hyperliquid:BTC", "reconciler/pacifica:BTC")
    assert told == [Tell(to=to, message=spawned(BTC)) for to in watching]
    assert like(Tell, to=BTC, message=like(EntryAsked, taker_side=Side.SELL, size=Decimal(100))) == entry
    assert [command.actor for command in said(opened()) if isinstance(command, SpawnPair)] == [BTC, ETH]


def test_a_pair_is_asked_for_once() -> None:
    play = opened()
    assert said(play.play(SCAN)) == []
    assert said(play.play(PairHedged(pair=BTC, size=Decimal(100)), SCAN)) == []


def test_no_more_pairs_than_configured() -> None:
    play = warm(*rates("BTC", "0.0002"), *rates("ETH", "0.0001"), at=policy(pairs_most=1)).play(SCAN)
    assert asked(play) == [(BTC, "EntryAsked")]
    assert said(play.play(SCAN)) == []
    play.play(closed(BTC), SCAN)
    assert [kind for _, kind in asked(play)] == ["EntryAsked"]


def test_a_better_candidate_that_is_refused_does_not_hold_up_the_next() -> None:
    wide = quote(MAKER, bid="99", ask="101", asset="BTC")
    play = warm(wide, *rates("BTC", "0.0002"), *rates("ETH", "0.0001")).play(SCAN)
    assert [to for to, _ in asked(play)] == ["pair_position/ETH-1"]


def test_one_pair_an_asset_however_many_venues_offer_it() -> None:
    three = policy(venues=(TAKER, MAKER, THIRD), assets=("BTC",))
    third = sample(THIRD, asset="BTC", rate="-0.0001")
    play = warm(*rates("BTC", "0.0002"), third, at=three, on=board(TAKER, MAKER, THIRD)).play(SCAN)
    spawned = [command for command in said(play) if isinstance(command, SpawnPair)]
    assert [(spawn.taker_venue, spawn.maker_venue) for spawn in spawned] == [(TAKER, THIRD)]


def test_nothing_is_opened_over_a_lost_link() -> None:
    play = warm(*rates("BTC", "0.0002"))
    play.board = board_of(*market_facts(TAKER), LinkLost(venue=TAKER, reason="cut"))
    assert said(play.play(SCAN)) == []


def test_a_refused_pair_is_asked_again_after_its_pause_and_not_before() -> None:
    play = opened()
    play.play(EntryRefused(pair=BTC, reason="margin"))
    play.policy = policy(scan_s=600.0)
    assert said(play.play(*rates("BTC", "0.0002"), SCAN)) != []  # the scan comes after the pause of 900 s
    assert asked(play) == [(BTC, "EntryAsked")]
    play.play(EntryRefused(pair=BTC, reason="margin"))
    assert said(play.play(SCAN)) == []
    assert said(play.play(SCAN)) != []


def test_a_refused_pair_whose_venues_changed_roles_is_retired() -> None:
    play = opened().play(EntryRefused(pair=BTC, reason="margin"), EntryRefused(pair=ETH, reason="margin"))
    play.play(sample(MAKER, asset="BTC", rate="0", interest="9000000"), SCAN)
    assert (BTC, "CloseAsked") in asked(play)
    assert (ETH, "EntryAsked") in asked(play)


# --- closing -----------------------------------------------------------------------------------------------


def test_a_pair_whose_funding_stays_inverted_is_asked_to_close_until_it_is_closed() -> None:
    play = opened().play(PairHedged(pair=BTC, size=Decimal(100)), *rates("BTC", "-0.01"), SCAN)
    assert play.state.holdings[BTC].inverted_since_ns == play.at_ns
    for _ in range(7):
        assert asked(play.play(SCAN)) == []
    assert asked(play.play(SCAN)) == [(BTC, "CloseAsked")]
    message = next(command.message for command in said(play) if isinstance(command, Tell))
    assert isinstance(message, CloseAsked)
    assert message.reason.startswith("funding inverted for 8.0 h: staying 72 h costs ")
    assert message.reason.endswith(" bps, being flat now 12.50 bps"), "two taker fees and two slippages"
    assert asked(play.play(SCAN)) == [(BTC, "CloseAsked")]
    over = closed(BTC)
    assert (BTC, "CloseAsked") not in asked(play.play(over, SCAN))


def test_funding_that_turns_back_in_time_keeps_the_pair() -> None:
    play = opened().play(PairHedged(pair=BTC, size=Decimal(100)), *rates("BTC", "-0.01"), SCAN, SCAN)
    assert play.state.holdings[BTC].inverted_since_ns
    play.play(*rates("BTC", "0.05"), *[SCAN] * 12)
    assert play.state.holdings[BTC].inverted_since_ns == 0
    assert not play.state.holdings[BTC].closing


@pytest.mark.parametrize(("rate", "asked_for"), [("-0.0000172", []), ("-0.0000175", [(BTC, "CloseAsked")])])
def test_a_flip_that_costs_less_than_being_flat_now_is_sat_out(rate: str, asked_for: list[tuple[str, str]]) -> None:
    """12.5 bps in 72 h are 0.1736 bps an hour."""
    play = opened().play(PairHedged(pair=BTC, size=Decimal(100)))
    play.policy = policy(smoothing_h=Decimal("0.01"))
    play.play(*rates("BTC", rate), *[SCAN] * 8)
    assert asked(play.play(SCAN)) == asked_for


@pytest.mark.parametrize(("ahead_s", "way"), [(6, "ahead of ours"), (-7, "behind ours, or its words come late")])
def test_a_venue_whose_clock_is_not_ours_is_named_at_every_scan_and_nothing_is_opened_there(
    ahead_s: int, way: str
) -> None:
    play = warm(*rates("BTC", "0.0002"))
    skewed = VenueClock(window=0, ahead_ns=ahead_s * 10**9)
    play.board = replace(play.board, clocks={**play.board.clocks, TAKER.value: skewed})
    play.play(SCAN)
    text = f"{TAKER.value}: its clock is {abs(ahead_s)} s {way}; nothing is opened there until they agree"
    assert said(play) == [RaiseAlarm(severity="warning", code="clock_skew", text=text)]


def test_a_pair_that_was_never_hedged_is_not_asked_to_close() -> None:
    play = opened().play(*rates("BTC", "-0.01"), *[SCAN] * 10)
    assert not play.state.holdings[BTC].closing


def test_a_closed_pair_is_forgotten_and_an_asset_closed_unhedged_is_left_alone() -> None:
    over = closed(BTC, usd="-1")
    play = opened().play(over)
    assert list(play.state.holdings) == [ETH]
    assert play.state.paused_ns["BTC"] == play.at_ns + 900 * 10**9
    assert "BTC" not in opened().play(PairHedged(pair=BTC, size=Decimal(1)), over).state.paused_ns


def test_a_pair_that_is_open_again_takes_its_room_and_its_asset_until_it_is_closed_once_more() -> None:
    play = warm(*rates("BTC", "0.0002"), *rates("ETH", "0.0001"), at=policy(pairs_most=1)).play(SCAN)
    play.play(PairHedged(pair=BTC, size=Decimal(100)), closed(BTC), reopened(BTC))
    assert said(play.play(SCAN)) == []
    again = play.play(closed(BTC), SCAN)
    assert [kind for _, kind in asked(again)] == ["EntryAsked"], "it was asked to leave: its asset is not left alone"


# --- trends ------------------------------------------------------------------------------------------------


def test_a_trend_halves_towards_the_new_rate_in_one_half_life() -> None:
    play = scanner(*rates("BTC", "0.0002")).play(SCAN)
    assert play.state.trends["BTC:hyperliquid:pacifica"].smoothed == Decimal("0.0002")
    play.play(*rates("BTC", "0"), *[SCAN] * 12)
    halved = play.state.trends["BTC:hyperliquid:pacifica"].smoothed
    assert abs(halved - Decimal("0.0001")) < Decimal("1e-9")


def test_the_difference_is_the_first_venue_less_the_second() -> None:
    play = scanner(*rates("BTC", "0.0001", "0.0004")).play(SCAN)
    assert play.state.trends["BTC:hyperliquid:pacifica"].smoothed == Decimal("-0.0003")


def test_a_rate_that_is_not_told_or_too_old_makes_no_trend() -> None:
    assert scanner().play(SCAN).state.trends == {}
    old = policy(quote_age_most_s=Decimal(3599))
    assert scanner(*rates("BTC", "0.0002"), at=old).play(SCAN).state.trends == {}


def test_history_begins_with_the_first_difference_seen() -> None:
    play = scanner(*rates("BTC", "0.0002")).play(SCAN, SCAN, SCAN)
    assert play.row == "F2"
    trend = play.state.trends["BTC:hyperliquid:pacifica"]
    assert trend.updated_ns - trend.since_ns >= 2 * HOUR_NS
    assert trend.since_ns > START_NS


def test_every_asset_is_compared_on_every_two_venues_once() -> None:
    two = pairings(policy(venues=(TAKER, MAKER, THIRD), assets=("BTC", "ETH")))
    couples = [(TAKER, MAKER), (TAKER, THIRD), (MAKER, THIRD)]
    assert list(two) == [(asset, couple) for asset in ("BTC", "ETH") for couple in couples]


def test_what_pairs_report_of_unknown_pairs_changes_nothing() -> None:
    play = scanner()
    for message in (PairHedged(pair="x", size=Decimal(1)), EntryRefused(pair="x", reason="")):
        play.play(message)
        assert play.row.startswith("ignore:")
    assert play.state.holdings == {}
