from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import Board, Market, fold
from actors.domain import NS_PER_S, MarketStatus, Side
from actors.gates import Candidate, funding_of, judge, more_liquid, round_trip_bps
from actors.messages import (
    AnyMessage,
    InstrumentListed,
    LinkLost,
    LinkUp,
    MarketDisputed,
    MarketDoubted,
    MarketReconciled,
)
from actors.policy import Policy, ScannerPolicy
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    board_of,
    closed,
    instrument,
    market_facts,
    quote,
    sample,
    spawned,
    two_venues,
)
from tests.playbook import START_NS

VENUES = (TAKER, MAKER)
RATE = Decimal("0.0001")
LONG_SEEN = Decimal(100)


def board_with(*facts: AnyMessage) -> Board:
    return board_of(*market_facts(TAKER), *market_facts(MAKER), *facts)


def judged(board: Board, rate: Decimal = RATE, seen_h: Decimal = LONG_SEEN, at_ns: int = START_NS) -> Candidate:
    candidate = judge(board, Policy(), ASSET, VENUES, rate, seen_h, at_ns)
    assert candidate is not None
    return candidate


def refusals(candidate: Candidate) -> list[str]:
    return [gate.name for gate in candidate.refusals]


def test_a_good_candidate_passes_every_gate_and_its_arithmetic_is_by_hand() -> None:
    """100 units at 100 USD; round trip 2 x 4.5 + 1.5 + 4 bps of fees and 3 x 2 bps of slippage; 72 h at 1 bps."""
    candidate = judged(two_venues())
    assert candidate.passed
    assert (candidate.size, candidate.notional_usd) == (Decimal(100), Decimal(10_000))
    assert candidate.round_trip_bps == Decimal("20.5")
    assert candidate.expected_net_usd == 10_000 * (72 * RATE - Decimal("0.00205"))
    assert candidate.break_even_h == Decimal("20.5")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("links", (LinkLost(venue=MAKER, reason="cut"), MarketReconciled(venue=MAKER, asset=ASSET))),
        ("reconciled", (MarketDoubted(venue=TAKER, asset=ASSET),)),
        ("reconciled", (MarketDisputed(venue=MAKER, asset=ASSET, size=Decimal("-0.5"), cause="?"),)),
        ("venue_status", (InstrumentListed(instrument=instrument(TAKER, status=MarketStatus.REDUCE_ONLY)),)),
        ("venue_status", (InstrumentListed(instrument=instrument(MAKER, status=MarketStatus.HALTED)),)),
        ("identity", (InstrumentListed(instrument=instrument(MAKER, settle_token="USDT")),)),
        ("identity", (msgspec.structs.replace(sample(MAKER), oracle=Decimal(94)),)),
        ("spread_bps", (quote(MAKER, bid="99.9", ask="100.1"),)),
        ("divergence_bps", (sample(MAKER, "101"),)),
        ("clock_skew", (msgspec.structs.replace(quote(TAKER), venue_at_ns=START_NS + 5 * NS_PER_S + 1),)),
        ("size_above_minimum", (InstrumentListed(instrument=instrument(MAKER, min_notional_usd=Decimal(10_001))),)),
        ("depth_share", (quote(TAKER, size="99"),)),
        ("depth_share", (quote(MAKER, size="0"),)),
        ("open_interest_share", (sample(MAKER, interest="9999"),)),
        ("open_interest_share", (sample(MAKER, interest="0"),)),
    ],
)
def test_each_gate_refuses_alone_and_says_what_it_measured(name: str, facts: tuple[AnyMessage, ...]) -> None:
    candidate = judged(board_with(*facts))
    assert refusals(candidate) == [name]
    assert not candidate.passed
    assert candidate.refusals[0].measured
    assert candidate.refusals[0].needed


@pytest.mark.parametrize(("seconds", "told"), [(5, "+5 s"), (-5, "-5 s"), (6, "+6 s"), (-6, "-6 s")])
def test_a_clock_may_be_off_either_way_within_the_bound(seconds: int, told: str) -> None:
    """Both markets' words before this one are from another minute: the freshest of two counts."""
    board = board_with()
    for minute in (1, 2):
        at_ns = START_NS + minute * 60 * NS_PER_S
        board = fold(board, msgspec.structs.replace(quote(MAKER), venue_at_ns=at_ns + seconds * NS_PER_S), at_ns)
    gate = next(gate for gate in judged(board).gates if gate.name == "clock_skew")
    assert gate.passed is (abs(seconds) <= 5)
    assert (gate.measured, gate.needed) == (f"{TAKER.value} +0 s, {MAKER.value} {told}", "within 5 s")


def test_a_closed_market_is_refused_with_the_venue_s_reason() -> None:
    closed = instrument(MAKER, status=MarketStatus.HALTED, status_reason="the program is paused")
    gate = judged(board_with(InstrumentListed(instrument=closed))).refusals[0]
    assert gate.measured == f"{MAKER.value}: the program is paused"


def test_a_market_somebody_else_is_in_is_refused_with_size_and_cause() -> None:
    found = MarketDisputed(venue=MAKER, asset=ASSET, size=Decimal("-0.50"), cause="found when the run began")
    (gate,) = judged(board_with(found, MarketDoubted(venue=TAKER, asset=ASSET))).refusals
    assert gate.measured == (
        "hyperliquid: not asked yet, or not answered; pacifica: -0.50 BTC is held (found when the run began)"
    )


def test_what_was_found_before_a_link_was_lost_is_not_enough_to_open_on() -> None:
    again = judged(board_with(LinkLost(venue=MAKER, reason="cut"), LinkUp(venue=MAKER)))
    assert refusals(again) == ["reconciled"]


def test_a_market_that_a_pair_of_ours_holds_needs_no_other_word() -> None:
    assert refusals(judged(board_with(spawned()))) == []
    assert refusals(judged(board_with(spawned(), closed()))) == ["reconciled"]


def test_a_wrong_multiplier_is_refused_as_another_instrument() -> None:
    thousand = (sample(MAKER, "0.1"), quote(MAKER, bid="0.09995", ask="0.10005"))
    found = {gate.name: gate for gate in judged(board_with(*thousand)).refusals}
    assert "not the same instrument, or a wrong multiplier" in found["identity"].measured


@pytest.mark.parametrize(("asked", "refused"), [(True, ["funding_calibrated"]), (False, [])])
def test_a_rate_nobody_has_checked_is_refused_only_where_the_policy_asks(asked: bool, refused: list[str]) -> None:
    policy = Policy(scanner=ScannerPolicy(calibrated_only=asked))
    board = board_with(InstrumentListed(instrument=instrument(MAKER, funding_calibrated=False)))
    candidate = judge(board, policy, ASSET, VENUES, RATE, LONG_SEEN, START_NS)
    assert candidate is not None
    assert refusals(candidate) == refused
    (gate,) = [gate for gate in candidate.gates if gate.name == "funding_calibrated"]
    assert gate.measured == f"not checked: {MAKER.value}"


def test_rates_that_were_checked_pass_where_the_policy_asks() -> None:
    policy = Policy(scanner=ScannerPolicy(calibrated_only=True))
    candidate = judge(two_venues(), policy, ASSET, VENUES, RATE, LONG_SEEN, START_NS)
    assert candidate is not None
    assert candidate.passed


def test_an_old_quote_of_either_venue_refuses() -> None:
    assert refusals(judged(two_venues(), at_ns=START_NS + 900 * NS_PER_S)) == []
    assert refusals(judged(two_venues(), at_ns=START_NS + 901 * NS_PER_S)) == ["quote_age_s"]


def test_too_little_history_refuses() -> None:
    assert refusals(judged(two_venues(), seen_h=Decimal("5.9"))) == ["history_h"]
    assert refusals(judged(two_venues(), seen_h=Decimal(6))) == []


def test_funding_that_does_not_pay_the_round_trip_refuses() -> None:
    """4 bps over 20.5 bps of round trip in 72 h: 0.3403 bps an hour."""
    assert refusals(judged(two_venues(), Decimal("0.000034"))) == ["expected_net_bps"]
    assert refusals(judged(two_venues(), Decimal("0.0000341"))) == []
    candidate = judged(two_venues(), Decimal(0))
    assert refusals(candidate) == ["expected_net_bps"]
    assert candidate.break_even_h is None


def test_the_taker_venue_is_the_one_with_more_open_interest_in_usd() -> None:
    assert more_liquid(two_venues(), ASSET, VENUES) is TAKER
    assert more_liquid(two_venues(), ASSET, (MAKER, TAKER)) is MAKER
    assert more_liquid(board_with(sample(MAKER, "100.1")), ASSET, VENUES) is MAKER
    assert more_liquid(Board(), ASSET, VENUES) is TAKER


@pytest.mark.parametrize(
    ("facts", "rate", "taker", "side"),
    [
        ((), RATE, TAKER, Side.SELL),
        ((), -RATE, TAKER, Side.BUY),
        ((sample(MAKER, "100.1"),), RATE, MAKER, Side.BUY),
        ((sample(MAKER, "100.1"),), -RATE, MAKER, Side.SELL),
    ],
)
def test_the_pair_is_short_where_funding_is_higher(
    facts: tuple[AnyMessage, ...], rate: Decimal, taker: object, side: Side
) -> None:
    candidate = judged(board_with(*facts), rate)
    assert (candidate.taker_venue, candidate.taker_side, candidate.rate_per_hour) == (taker, side, RATE)
    short = candidate.taker_venue if candidate.taker_side is Side.SELL else candidate.maker_venue
    assert short is (TAKER if rate > 0 else MAKER)


def test_the_size_is_on_the_lot_both_venues_share() -> None:
    facts = [quote(venue, bid="298.9", ask="299.1") for venue in VENUES]
    assert judged(board_with(*facts)).size == Decimal("33.4")


@pytest.mark.parametrize("left_out", [1, 2, 3], ids=["instrument", "quote", "sample"])
def test_a_market_that_has_not_told_all_is_not_judged(left_out: int) -> None:
    told = [fact for number, fact in enumerate(market_facts(MAKER)) if number != left_out]
    assert judge(board_of(*market_facts(TAKER), *told), Policy(), ASSET, VENUES, RATE, LONG_SEEN, START_NS) is None


def test_the_forming_rate_is_expected_where_it_is_published_else_the_last_paid() -> None:
    assert funding_of(Market(funding_forming=Decimal(1), funding_last_paid=Decimal(2))) == 1
    assert funding_of(Market(funding_forming=Decimal(0), funding_last_paid=Decimal(2))) == 0
    assert funding_of(Market(funding_last_paid=Decimal(2))) == 2
    assert funding_of(Market()) is None


def test_the_round_trip_is_one_maker_and_three_taker_fees_and_three_slippages() -> None:
    board = two_venues()
    taker, maker = board.market(TAKER, ASSET), board.market(MAKER, ASSET)
    assert round_trip_bps(taker, maker, Decimal(0)) == Decimal("14.5")
    assert round_trip_bps(maker, taker, Decimal(1)) == Decimal(17)
