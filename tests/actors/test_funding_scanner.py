from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from actors.actor import Context
from actors.board import Board, VenueClock, fold, market_key
from actors.commands import AnyCommand, RaiseAlarm, SpawnPair, SubmitOrder, Tell
from actors.domain import HOUR_NS, NS_PER_S, ZERO, Side, TimeInForce, Venue
from actors.funding_scanner import ROLE, FundingScanner, Holding, candidates, chosen, known_of, pairings
from actors.funding_scanner.opening import hopeful, passing, stake_of
from actors.gates import Candidate, Known
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
    MarketReconciled,
    PairHedged,
    ReduceAsked,
)
from actors.policy import CollateralPolicy, CostsPolicy, GatesPolicy, Policy, RiskPolicy, ScannerPolicy
from actors.risk.limits import screen
from actors.risk.state import RiskState
from actors.stakes import gross_usd
from tests.actors.known import LAST_RATE, seen
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import MAKER, TAKER, account, board_of, closed, market_facts, quote, reopened, sample, spawned
from tests.playbook import START_NS, Playbook, fires, like

Scan = Playbook[FundingScanner]
THIRD = Venue.LIGHTER
ASSETS = ("BTC", "ETH", "SOL")
STARTED = EngineStarted(mode="paper")
SCAN = fires("scan")
RESUMED = EngineResumed(silent_since_ns=1)
FAULT = ActorFaulted(error="KeyError")
BTC, ETH, HYPE = "pair_position/BTC-1", "pair_position/ETH-2", "pair_position/HYPE-9"


def policy(**changes: object) -> Policy:
    """Three assets, two venues, one scan an hour, two hours of history, quotes that stay fresh; the last rate is
    expected to stay, and the mean is believed."""
    told: dict[str, object] = {
        "assets": ASSETS,
        "scan_s": 3600.0,
        "history_h": Decimal(2),
        "quote_age_most_s": Decimal(10**7),
        "confidence": ZERO,
        "persistence_least": ZERO,
    }
    return Policy(
        scanner=ScannerPolicy(**{**told, **changes}),  # type: ignore[arg-type]
        forecast=LAST_RATE,
        gates=GatesPolicy(sample_age_most_s=Decimal(10**7)),
        risk=RiskPolicy(path_window_s=10.0**7),
    )


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


def skewed(play: Scan) -> Scan:
    """A third venue's clock is off; nothing is traded there."""
    clocks = {**play.board.clocks, THIRD.value: VenueClock(window=0, ahead_ns=60 * NS_PER_S)}
    play.board = replace(play.board, clocks=clocks)
    play.policy = replace(play.policy, scanner=replace(play.policy.scanner, venues=(TAKER, MAKER, THIRD)))
    return play


def short_of_margin(play: Scan) -> Scan:
    """HYPE is held elsewhere, for 50,000 USD, and the account of the third venue can hardly bear it."""
    held = Holding(
        pair=HYPE,
        asset="HYPE",
        taker_venue=THIRD,
        maker_venue=Venue.DRIFT,
        short_venue=THIRD,
        size=Decimal(500),
        hedged_ns=START_NS,
    )
    play.state = replace(play.state, holdings={**play.state.holdings, HYPE: held})
    for fact in (*market_facts(THIRD, "HYPE"), *market_facts(Venue.DRIFT, "HYPE"), account(THIRD, "4000")):
        play.board = fold(play.board, fact, play.at_ns)
    return skewed(play)


LEAVES = like(Tell, to=BTC, message=like(CloseAsked))
REDUCES = like(Tell, to="pair_position/HYPE-9", message=like(ReduceAsked, fraction=Decimal("0.55")))


def busy_day(*, resumed: bool) -> Scan:
    """A clock is off, margin runs short, BTC has tired, and ETH is worth opening: all in one scan."""
    play = warm(*rates("BTC", "0.0002")).play(SCAN, PairHedged(pair=BTC, size=Decimal(100)))
    play.play(*rates("BTC", "-0.01"), *rates("ETH", "0"), *[SCAN] * 8, *rates("ETH", "0.0003"))
    play = short_of_margin(play)
    if resumed:
        play.play(RESUMED, STARTED)
    return (
        play
        >> SCAN
        << like(RaiseAlarm, code="clock_skew")
        << like(RaiseAlarm, code="collateral_short")
        << REDUCES
        << like(Tell, to=BTC, message=like(CloseAsked))
        << like(SpawnPair, asset="ETH")
        << ...
    )


def outdone(*, resumed: bool, rate: str = "0.003", **changes: object) -> Scan:
    """There is room for one, BTC has it, and ETH brings many times more."""
    told = (*rates("BTC", "0.00005"), *rates("ETH", "0"))
    play = warm(*told, at=policy(pairs_most=1, **changes)).play(SCAN, PairHedged(pair=BTC, size=Decimal(100)))
    play.play(*rates("ETH", rate))
    return play.play(RESUMED, STARTED) if resumed else play


STORIES: dict[str, Story] = {
    "F1": lambda: scanner().at("WARMING"),
    "F2": lambda: (warm(*rates("BTC", "0.0002")) >> SCAN << like(SpawnPair, actor=BTC) << ...).at("SCANNING"),
    "F2: all it does, in order": lambda: busy_day(resumed=True).at("SCANNING"),
    "F2: a better pair": lambda: (outdone(resumed=True) >> SCAN << LEAVES).at("SCANNING"),
    "F3": lambda: (scanner() >> SCAN).at("WARMING"),
    "F3: a clock and the margin are watched from the first scan on": lambda: (
        short_of_margin(scanner(*rates("BTC", "0.0002")))
        >> SCAN
        << like(RaiseAlarm, code="clock_skew")
        << like(RaiseAlarm, code="collateral_short")
        << REDUCES
    ).at("WARMING"),
    "F4": lambda: (opened() >> SCAN).at("SCANNING"),
    "F4: all it does, in order": lambda: busy_day(resumed=False).at("SCANNING"),
    "F4: a better pair": lambda: (outdone(resumed=False) >> SCAN << LEAVES).at("SCANNING"),
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


def lowered(play: Scan, **limits: Decimal) -> Scan:
    """A person has set these limits, which risk has put on the board."""
    play.board = replace(play.board, lowered=limits)
    return play


def opening(size: Decimal, at_ns: int) -> SubmitOrder:
    """The order that a pair of this size begins with."""
    return SubmitOrder(
        venue=TAKER,
        asset="BTC",
        order_id="1",
        side=Side.SELL,
        size=size,
        limit_price=Decimal(100),
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        purpose="taker",
        decision_mid=Decimal(100),
        expires_at_ns=at_ns,
    )


@pytest.mark.parametrize(
    ("limit", "most", "size"),
    [
        ("order_notional_most_usd", 4000, "37.9"),
        ("pair_short_most_usd", 6000, "56.9"),
        ("leverage_most", "0.05", "39.9"),
    ],
)
def test_a_limit_that_a_person_lowered_opens_less_instead_of_what_is_denied(
    limit: str, most: Decimal, size: str
) -> None:
    """10,000 USD are the target, asks are at 100.05; of caps 95 % are used, of leverage 80."""
    play = lowered(warm(*rates("BTC", "0.0002")), **{limit: Decimal(most)}).play(SCAN)
    (entry,) = (each.message for each in said(play) if isinstance(each, Tell) and isinstance(each.message, EntryAsked))
    assert entry.size == Decimal(size)
    watching = RiskState(actor="risk", place="WATCHING.idle", lowered=play.board.lowered)
    told_ns = play.board.market(TAKER, "BTC").sampled_ns
    (_, passed), (_, denied) = (
        screen(watching, BTC, opening(asked_for, told_ns), play.board, play.policy, told_ns)
        for asked_for in (entry.size, Decimal(100))
    )
    assert passed is None
    assert denied is not None
    assert denied.rule == limit


@pytest.mark.parametrize("limit", ["total_gross_most_usd", "leverage_most", "order_notional_most_usd"])
def test_a_limit_lowered_to_nothing_opens_nothing(limit: str) -> None:
    assert not asked(lowered(warm(*rates("BTC", "0.0002")), **{limit: ZERO}).play(SCAN))


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
    play.play(*rates("BTC", "0.0002"), sample(MAKER, asset="BTC", rate="0", interest="9000000"), SCAN)
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
    assert message.reason.endswith(" bps, being flat now 18.50 bps"), "two taker fees and half of both spreads"
    assert asked(play.play(SCAN)) == [(BTC, "CloseAsked")]
    over = closed(BTC)
    assert (BTC, "CloseAsked") not in asked(play.play(over, SCAN))


def test_funding_that_turns_back_in_time_keeps_the_pair() -> None:
    play = opened().play(PairHedged(pair=BTC, size=Decimal(100)), *rates("BTC", "-0.01"), SCAN, SCAN)
    assert play.state.holdings[BTC].inverted_since_ns
    play.play(*rates("BTC", "0.05"), *[SCAN] * 12)
    assert play.state.holdings[BTC].inverted_since_ns == 0
    assert not play.state.holdings[BTC].closing


@pytest.mark.parametrize(("rate", "asked_for"), [("-0.0000255", []), ("-0.0000258", [(BTC, "CloseAsked")])])
def test_a_flip_that_costs_less_than_being_flat_now_is_sat_out(rate: str, asked_for: list[tuple[str, str]]) -> None:
    """18.5 bps in 72 h are 0.2569 bps an hour."""
    play = opened().play(PairHedged(pair=BTC, size=Decimal(100)))
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


# --- what is remembered ------------------------------------------------------------------------------------


def test_each_scan_observes_every_market_that_tells_a_rate() -> None:
    play = scanner(*rates("BTC", "0.0002", "0.0001")).play(SCAN)
    assert {key: each.fast for key, each in play.state.series.items()} == {
        "hyperliquid:BTC": Decimal("0.0002"),
        "pacifica:BTC": Decimal("0.0001"),
    }
    play.play(*rates("BTC", "0"), *[SCAN] * 2)
    assert play.state.series["hyperliquid:BTC"].fast == 0
    assert play.state.series["hyperliquid:BTC"].hours_seen == 3


def test_a_rate_that_is_not_told_or_too_old_is_not_observed() -> None:
    assert scanner().play(SCAN).state.series == {}
    old = policy(quote_age_most_s=Decimal(3599))
    played = scanner(*rates("BTC", "0.0002"), at=old).play(SCAN)
    assert (played.state.series, played.state.swings) == ({}, {})


def test_each_scan_shows_the_marks_to_what_remembers_their_moves() -> None:
    play = scanner().play(SCAN, sample(TAKER, "101", asset="BTC"), SCAN)
    assert play.state.swings["hyperliquid:BTC"].variance_per_hour == Decimal("0.0001")
    assert play.state.swings["pacifica:BTC"].variance_per_hour == 0
    assert len(play.state.swings) == 6


def test_history_begins_with_the_first_rate_seen() -> None:
    play = scanner(*rates("BTC", "0.0002")).play(SCAN, SCAN, SCAN)
    assert play.row == "F2"
    series = play.state.series["hyperliquid:BTC"]
    assert series.updated_ns - series.since_ns >= 2 * HOUR_NS
    assert series.since_ns > START_NS


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


# --- room --------------------------------------------------------------------------------------------------

COUPLES = ((TAKER, MAKER), (TAKER, THIRD), (MAKER, THIRD))
HUGE = Decimal(10**9)
WIDE = RiskPolicy(
    asset_gross_most_usd=HUGE,
    total_gross_most_usd=HUGE,
    total_long_most_usd=HUGE,
    total_short_most_usd=HUGE,
    total_net_most_usd=HUGE,
    venue_long_most_usd=HUGE,
    venue_short_most_usd=HUGE,
)
THREE = board(TAKER, MAKER, THIRD)


def rivals(rates_bps: tuple[int, int, int], venue_usd: int, total_usd: int) -> tuple[Known, tuple[Candidate, ...]]:
    """Three candidates, each asset on another two of three venues, under a cap for each venue and one for all."""
    told = policy(venues=(TAKER, MAKER, THIRD))
    risk = replace(WIDE, venue_gross_most_usd=Decimal(venue_usd), total_gross_most_usd=Decimal(total_usd))
    series = {
        market_key(venue, asset): seen(venue, Decimal(rate) / 10_000 if venue is couple[0] else ZERO, 3)
        for asset, couple, rate in zip(ASSETS, COUPLES, rates_bps, strict=True)
        for venue in couple
    }
    known = Known(board=THREE, policy=replace(told, risk=risk), at_ns=START_NS, series=series, swings={})
    return known, candidates(known, zip(ASSETS, COUPLES, strict=True))


@settings(max_examples=40)
@given(
    taker=st.integers(-40, 40),
    maker=st.integers(-40, 40),
    mark=st.integers(990, 1010),
    share=st.sampled_from([ZERO, Decimal(1)]),
    sure=st.booleans(),
)
def test_whatever_passes_was_hoped_for(taker: int, maker: int, mark: int, share: Decimal, sure: bool) -> None:
    """Rates in tenths of a bps, so that many candidates lie about the limit; marks up to a percent apart."""
    told = policy(net_least_bps=Decimal(5), divergence_most_bps=Decimal(80), confidence=ZERO if sure else Decimal(1))
    costs = replace(told.costs, basis_gain_share=share, basis_cost_share=ZERO)
    far = fold(board(TAKER, MAKER), sample(MAKER, str(Decimal(mark) / 10), asset="BTC"), START_NS)
    series = {
        market_key(venue, "BTC"): seen(venue, Decimal(rate) / 100_000, 3)
        for venue, rate in ((TAKER, taker), (MAKER, maker))
    }
    known = Known(board=far, policy=replace(told, costs=costs), at_ns=START_NS, series=series, swings={})
    pairing = ("BTC", (TAKER, MAKER))
    assert passing(known, [pairing]) == tuple(each for each in candidates(known, [pairing]) if each.passed)


def test_what_its_fees_or_its_doubt_would_eat_is_not_hoped_for() -> None:
    """Of the horizon's 72 h a tenth of a bps an hour is 7.2 bps: more than is asked for, less than 14.5 bps of fees."""
    told = policy(net_least_bps=Decimal(5))

    def hoped(rate: str, at: Policy = told) -> bool:
        rates = {TAKER: Decimal(rate), MAKER: ZERO}
        series = {market_key(venue, "BTC"): seen(venue, each, 3) for venue, each in rates.items()}
        known = Known(board=board(TAKER, MAKER), policy=at, at_ns=START_NS, series=series, swings={})
        return hopeful(known, "BTC", (TAKER, MAKER))

    assert [hoped(rate) for rate in ("0.000005", "0.00001", "0.00003", "-0.00003")] == [False, False, True, True]
    assert not hoped("0.00003", policy(net_least_bps=Decimal(5), confidence=Decimal(1000)))


def brings(known: Known, ranked: tuple[Candidate, ...]) -> Decimal:
    return sum((each.expected_net_usd for each in chosen(known, ranked, 3)), ZERO)


RATES_BPS = st.tuples(*[st.integers(min_value=0, max_value=5)] * 3)
USD = st.integers(min_value=0, max_value=30_000)


@settings(max_examples=60, deadline=None)
@given(rates_bps=RATES_BPS, venue_usd=USD, total_usd=USD)
def test_what_is_opened_in_one_scan_keeps_every_cap_together(
    rates_bps: tuple[int, int, int], venue_usd: int, total_usd: int
) -> None:
    known, ranked = rivals(rates_bps, venue_usd, total_usd)
    taken = list(chosen(known, ranked, 3))
    stakes = [stake_of(each) for each in taken]
    by_venue = [gross_usd(stakes, venue, THREE) for venue in (TAKER, MAKER, THIRD)]
    assert max(by_venue) <= venue_usd
    assert sum(by_venue) <= total_usd
    assert all(each.passed and each.size for each in taken)


@settings(max_examples=40, deadline=None)
@given(rates_bps=RATES_BPS, venue_usd=USD)
def test_the_best_per_capital_first_brings_at_least_half_of_the_best_order(
    rates_bps: tuple[int, int, int], venue_usd: int
) -> None:
    """Half: a pair takes from two venues, so that it displaces at most two others, neither better per capital."""
    known, ranked = rivals(rates_bps, venue_usd, 10**9)
    best = max(brings(known, order) for order in permutations(ranked))
    assert brings(known, ranked) * 2 >= best


def test_with_one_cap_for_all_the_best_per_capital_first_is_the_best_order() -> None:
    known, ranked = rivals((3, 5, 4), 10**9, 30_000)
    taken = list(chosen(known, ranked, 3))
    assert [each.asset for each in taken] == ["ETH", "SOL"]
    assert [each.bound for each in taken] == ["target", "total_cap"]
    assert brings(known, ranked) == max(brings(known, order) for order in permutations(ranked))


def test_no_more_are_chosen_than_there_is_room_for_and_one_an_asset() -> None:
    known, ranked = rivals((3, 5, 4), 10**9, 10**9)
    assert [each.asset for each in chosen(known, ranked, 2)] == ["ETH", "SOL"]
    assert [each.asset for each in chosen(known, (*ranked, *ranked), 9)] == ["ETH", "SOL", "BTC"]
    assert list(chosen(known, ranked, 0)) == []


# --- a better one, and margin --------------------------------------------------------------------------------


def test_a_better_pair_names_both_figures_and_the_cost_of_the_change() -> None:
    play = outdone(resumed=False).play(SCAN)
    ((_, message),) = [(c.to, c.message) for c in said(play) if isinstance(c, Tell)]
    assert isinstance(message, CloseAsked)
    assert message.reason == (
        "ETH hyperliquid/pacifica is better: expected 2130.50 USD against 36.00 here, "
        "the change costs 29.50 USD (asked: 2 times that)"
    )
    assert said(play.play(SCAN)) == [], "one at a time: it is on its way out"


@pytest.mark.parametrize(
    ("rate", "leaves"),
    [("0.0001728", []), ("0.0001731", [(BTC, "CloseAsked")])],
)
def test_a_pair_is_outdone_only_beyond_twice_the_cost_of_the_change(rate: str, leaves: list[tuple[str, str]]) -> None:
    """36 USD here, 29.5 of costs there, and twice 29.5 for the change: 124.5 USD, 1.7292 bps an hour."""
    assert asked(outdone(resumed=False, rate=rate).play(SCAN)) == leaves


@pytest.mark.parametrize("confidence", [ZERO, Decimal("0.2")])
@pytest.mark.parametrize("rate", [f"0.000{number}" for number in range(165, 182, 2)] + ["0.001", "0.003", "0.01"])
def test_what_is_not_judged_would_not_have_outdone_the_pair(
    rate: str, confidence: Decimal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaves() -> list[tuple[str, str]]:
        play = outdone(resumed=False, rate=rate)
        play.policy = replace(play.policy, scanner=replace(play.policy.scanner, confidence=confidence))
        return asked(play.play(SCAN))

    told = leaves()
    monkeypatch.setattr("actors.funding_scanner.leaving._beyond", lambda *_: True)
    assert leaves() == told


def test_nothing_is_outdone_while_there_is_room_or_a_pair_is_on_its_way() -> None:
    play = outdone(resumed=False)
    play.policy = policy(pairs_most=2)
    assert ("pair_position/ETH-2", "EntryAsked") in asked(play.play(SCAN))
    entering = warm(*rates("BTC", "0.00005"), *rates("ETH", "0"), at=policy(pairs_most=1)).play(SCAN)
    assert asked(entering.play(*rates("ETH", "0.003"), SCAN)) == []


def migrating(third: str, **changes: object) -> Scan:
    """BTC is held on two of three venues for 0.5 bps an hour, with room for more; the third pays `third`."""
    venues = (TAKER, MAKER, THIRD)
    at = policy(venues=venues, assets=("BTC",), **changes)
    told = (*rates("BTC", "0.00005"), sample(THIRD, rate="0"))
    play = warm(*told, at=at, on=board(*venues)).play(SCAN)
    assert asked(play) == [(BTC, "EntryAsked")]
    return play.play(PairHedged(pair=BTC, size=Decimal(100)), *rates("BTC", "0.00005"), sample(THIRD, rate=third))


def test_the_same_asset_on_other_venues_takes_the_place_of_the_whole_pair_though_there_is_room() -> None:
    play = migrating("-0.003").play(SCAN)
    ((to, message),) = [(c.to, c.message) for c in said(play) if isinstance(c, Tell)]
    assert to == BTC
    assert isinstance(message, CloseAsked), "no leg is kept"
    assert message.reason.startswith("BTC hyperliquid/lighter is better: expected ")
    assert said(play.play(SCAN)) == [], "one at a time"
    play.play(closed(BTC), *rates("BTC", "0.00005"), sample(THIRD, rate="-0.003"))
    for venue in (TAKER, MAKER):
        play.board = fold(play.board, MarketReconciled(venue=venue, asset="BTC"), play.at_ns)
    spawn = [each for each in said(play.play(SCAN)) if isinstance(each, SpawnPair)]
    assert [sorted((each.taker_venue, each.maker_venue)) for each in spawn] == [[TAKER, THIRD]]


@pytest.mark.parametrize(
    ("third", "leaves"),
    [("0", []), ("-0.00012", []), ("-0.000124", [(BTC, "CloseAsked")]), ("0.000124", [])],
)
def test_the_same_asset_moves_only_beyond_twice_the_cost_of_the_change(
    third: str, leaves: list[tuple[str, str]]
) -> None:
    """36 USD here, 29.5 of costs there, and twice 29.5 for the change: 124.5 USD, 1.7292 bps an hour between them."""
    assert asked(migrating(third).play(SCAN)) == leaves


def thin_and_deep() -> Scan:
    """BTC brings most on TAKER and MAKER, whose book is thin; with THIRD, whose book is deep, it brings less a USD and
    more in all. A pair of the thin couple is held, as large as it may be."""
    venues = (TAKER, MAKER, THIRD)
    rates_now = (*rates("BTC", "0.0002", "-0.0001"), sample(THIRD, rate="0"))
    thin = replace(quote(MAKER), **dict.fromkeys(("bid_size", "ask_size"), Decimal(10)), bid_depths=(), ask_depths=())
    play = warm(*rates_now, thin, at=policy(venues=venues, assets=("BTC",)), on=board(*venues)).play(SCAN)
    assert like(SpawnPair, taker_venue=TAKER, maker_venue=MAKER) in said(play)
    return play.play(PairHedged(pair=BTC, size=Decimal(10)), *rates_now)


def test_a_pair_does_not_leave_what_would_be_entered_again_at_the_next_scan() -> None:
    """What brings more USD in all ranks behind it by what it brings per capital, which decides who is entered."""
    play = thin_and_deep()
    assert asked(play.play(SCAN)) == []
    worse = (*rates("BTC", "0.0002", "0.0001"), sample(THIRD, rate="0"))
    assert asked(play.play(*worse, SCAN)) == [(BTC, "CloseAsked")], "once the other one ranks first"


def test_a_pair_does_not_move_to_where_a_gate_refuses() -> None:
    play = migrating("-0.003")
    play.board = fold(play.board, LinkLost(venue=THIRD, reason="cut"), play.at_ns)
    assert asked(play.play(SCAN)) == []


def test_without_a_factor_a_pair_does_not_move_either() -> None:
    play = migrating("-0.003")
    play.policy = replace(play.policy, costs=CostsPolicy(switching_factor=ZERO))
    assert asked(play.play(SCAN)) == []


def test_a_factor_of_nothing_keeps_every_pair() -> None:
    play = outdone(resumed=False)
    play.policy = replace(play.policy, costs=CostsPolicy(switching_factor=ZERO))
    assert said(play.play(SCAN)) == []


@pytest.mark.parametrize("resumed", [False, True])
def test_a_tired_pair_leaves_for_that_reason_even_where_a_better_one_waits(resumed: bool) -> None:
    play = outdone(resumed=False, rate="0").play(*rates("BTC", "-0.01"), *[SCAN] * 8)
    play.play(*((RESUMED, STARTED) if resumed else ()), *rates("ETH", "0.02"), SCAN)
    ((_, message),) = [(c.to, c.message) for c in said(play) if isinstance(c, Tell)]
    assert isinstance(message, CloseAsked)
    assert message.reason.startswith("funding inverted for 8.0 h")


def test_a_held_pair_s_size_is_the_verified_one() -> None:
    play = opened()
    assert play.state.holdings[BTC].size == 100
    play.play(PairHedged(pair=BTC, size=Decimal(60)))
    assert play.state.holdings[BTC].size == 60
    assert [stake.size for stake in known_of(play.state, context_of(play)).stakes] == [60, 100]
    play.play(EntryRefused(pair=ETH, reason="margin"))
    assert [stake.pair for stake in known_of(play.state, context_of(play)).stakes] == [BTC], "refused: it holds nothing"


def test_a_pair_is_in_an_account_s_margin_once_both_were_told_since_it_was_verified() -> None:
    play = opened().play(PairHedged(pair=BTC, size=Decimal(100)), account(TAKER))
    assert [stake.settled for stake in known_of(play.state, context_of(play)).stakes] == [False, False]
    play.play(account(MAKER))
    assert [stake.settled for stake in known_of(play.state, context_of(play)).stakes] == [True, False]


def context_of(play: Scan) -> Context:
    return Context(SCAN(play), play.at_ns, play.board, play.policy)


def test_margin_that_runs_short_asks_people_first_and_pairs_only_where_it_is_too_late() -> None:
    play = short_of_margin(scanner())
    play.board = fold(play.board, account(THIRD, "9000"), play.at_ns)
    (told,) = [command for command in said(play.play(SCAN)) if not isinstance(command, Tell)][1:]
    assert isinstance(told, RaiseAlarm)
    assert (told.severity, told.code) == ("warning", "collateral_short")
    assert told.text.startswith(
        "lighter: 1575 USD expected in 12 h, 1296 less than needed; move 1296 USD from hyperliquid"
    )
    assert asked(play) == []


def test_only_settled_pairs_with_a_leg_there_are_asked_to_shrink() -> None:
    play = short_of_margin(opened().play(PairHedged(pair=BTC, size=Decimal(100))))
    assert asked(play.play(SCAN)) == [(HYPE, "ReduceAsked")]
    play.state = replace(
        play.state, holdings={**play.state.holdings, HYPE: replace(play.state.holdings[HYPE], hedged_ns=0)}
    )
    assert (HYPE, "ReduceAsked") not in asked(play.play(SCAN))


def test_without_a_limit_nobody_asks_for_margin() -> None:
    play = short_of_margin(scanner())
    play.policy = replace(play.policy, collateral=CollateralPolicy(alarm_multiple=ZERO))
    assert [type(each) for each in said(play.play(SCAN))] == [RaiseAlarm], "the clock's"
