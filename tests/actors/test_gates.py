from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.board import Board, Market, fold, market_key
from actors.domain import NS_PER_S, MarketStatus, Side, Venue
from actors.gates import Candidate, Gate, error_of, fees_of, funding_of, judge, judge_for_entry, mean_of, more_liquid
from actors.gates.judging import _at, _case_of
from actors.gates.risks import endurance
from actors.gates.table import TABLE, page
from actors.messages import (
    AnyMessage,
    BudgetTold,
    FrameRefused,
    HoldOpeningsAsked,
    InstrumentListed,
    LinkLost,
    LinkUp,
    MarketDisputed,
    MarketDoubted,
    MarketReconciled,
)
from actors.policy import AdlPolicy, CostsPolicy, EndurancePolicy, GatesPolicy, Policy, RiskPolicy, ScannerPolicy
from actors.volatility import Swing
from tests.actors.known import RATE, SURE, known, seen, stake, sure
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    account,
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
D = Decimal


def board_with(*facts: AnyMessage) -> Board:
    return board_of(*market_facts(TAKER), *market_facts(MAKER), *facts)


def judged(board: Board | None = None, policy: Policy | None = None, **changes: object) -> Candidate:
    candidate = judge(known(board, policy, **changes), ASSET, VENUES)  # type: ignore[arg-type]
    assert candidate is not None
    return candidate


def refusals(candidate: Candidate) -> list[str]:
    return [gate.name for gate in candidate.refusals]


def gate_of(candidate: Candidate, name: str) -> Gate:
    (found,) = [gate for gate in candidate.gates if gate.name == name]
    return found


@pytest.mark.parametrize("facts", [(), (LinkLost(venue=MAKER, reason="x"),), (quote(TAKER, "90", "110"),)])
@pytest.mark.parametrize("rate", [RATE, RATE / 100])
def test_judged_for_entry_is_judged_alike_and_only_what_passes_is_told(
    facts: tuple[AnyMessage, ...], rate: Decimal
) -> None:
    what = known(board_with(*facts), rate=rate)
    candidate = judge(what, ASSET, VENUES)
    assert candidate is not None
    assert judge_for_entry(what, ASSET, VENUES) == (candidate if candidate.passed else None)
    assert candidate.passed is (not facts and rate == RATE)


def test_fees_and_doubt_are_those_of_the_judgement() -> None:
    told = judged().expectation
    assert fees_of(known(), ASSET, VENUES) == (told.entry_fees_usd + told.exit_fees_usd) / told.notional_usd
    assert error_of(known(), ASSET, VENUES) == told.rate_error_per_hour
    assert fees_of(known(board_of(*market_facts(TAKER))), ASSET, VENUES) is None


# --- the model -------------------------------------------------------------------------------------------------


def test_a_good_candidate_passes_every_gate_and_its_arithmetic_is_by_hand() -> None:
    """100 units at 100 USD, 72 h at 1 bps; fees 4.5 + 1.5 to enter and 8.5 to leave; each market order slips 5 bps
    (half the spread), one to enter and two to leave."""
    candidate = judged()
    told = candidate.expectation
    assert refusals(candidate) == []
    assert candidate.passed
    assert (candidate.size, candidate.notional_usd, candidate.bound) == (D(100), D(10_000), "target")
    assert (told.funding_usd, told.entry_fees_usd, told.exit_fees_usd) == (D(72), D(6), D("8.5"))
    assert (told.entry_slippage_usd, told.exit_slippage_usd, told.basis_usd, told.gas_usd) == (D(5), D(10), D(0), D(0))
    assert candidate.cost_bps == D("29.5")
    assert candidate.expected_net_usd == D("42.5")
    assert candidate.break_even_h == D("29.5")
    assert candidate.capital_usd == 2 * (D(10_000) / 3), "both legs at leverage 3"
    assert abs(candidate.return_on_capital - D("42.5") / (D(20_000) / 3)) < D("1e-20")
    assert candidate.persistence == 1


def test_the_expectation_has_its_error_and_the_gate_takes_some_off() -> None:
    told = judged().expectation
    assert told.rate_error_per_hour > 0
    doubtful = judged(policy=sure(scanner=replace(SURE, confidence=D(2))))
    gate = gate_of(doubtful, "expected_net_bps")
    doubt = 2 * told.rate_error_per_hour * 72 * 10_000
    assert gate.measured == f"{D('42.5') - doubt:.4g} (42.50 less {doubt:.4g} of doubt)"
    assert gate.passed
    far = judged(policy=sure(scanner=replace(SURE, confidence=D(16))))
    assert refusals(far) == ["expected_net_bps"]


@pytest.mark.parametrize(
    ("mark", "gain", "cost", "basis"),
    [
        ("99.8", "0", "1", "0"),
        ("99.8", "0.5", "1", "0.001"),
        ("100.2", "0", "1", "-0.002"),
        ("100.2", "1", "0.5", "-0.001"),
    ],
)
def test_basis_costs_in_full_and_brings_only_what_the_policy_believes(
    mark: str, gain: str, cost: str, basis: str
) -> None:
    """Short at 100 on the taker venue: short the dearer if the other one's mark is lower."""
    costs = CostsPolicy(basis_gain_share=D(gain), basis_cost_share=D(cost))
    candidate = judged(board_with(sample(MAKER, mark, interest="10")), sure(costs=costs))
    assert candidate.taker_side is Side.SELL
    assert abs(candidate.expectation.basis_usd / candidate.expectation.notional_usd - D(basis)) < D("0.00001")


def test_gas_is_paid_for_three_transactions_of_each_venue_that_has_a_price() -> None:
    costs = CostsPolicy(gas_usd={MAKER: D("0.2"), TAKER: D("0.1")})
    assert judged(policy=sure(costs=costs)).expectation.gas_usd == D("0.9")


@pytest.mark.parametrize(
    ("facts", "rate", "taker", "side"),
    [
        ((), RATE, TAKER, Side.SELL),
        ((), -RATE, TAKER, Side.BUY),
        ((sample(MAKER, "100.1"),), RATE, MAKER, Side.BUY),
        ((sample(MAKER, "100.1"),), -RATE, MAKER, Side.SELL),
    ],
)
def test_the_pair_is_short_where_funding_is_expected_to_be_higher(
    facts: tuple[AnyMessage, ...], rate: Decimal, taker: object, side: Side
) -> None:
    candidate = judged(board_with(*facts), rate=rate)
    assert (candidate.taker_venue, candidate.taker_side, candidate.rate_per_hour) == (taker, side, RATE)
    assert candidate.short_venue is (TAKER if rate > 0 else MAKER)
    assert candidate.long_venue is (MAKER if rate > 0 else TAKER)


def test_the_size_is_on_the_lot_both_venues_share() -> None:
    facts = [quote(venue, bid="298.9", ask="299.1") for venue in VENUES]
    assert judged(board_with(*facts)).size == D("33.4")


def test_the_taker_venue_is_the_one_with_more_open_interest_in_usd() -> None:
    assert more_liquid(two_venues(), ASSET, VENUES) is TAKER
    assert more_liquid(two_venues(), ASSET, (MAKER, TAKER)) is MAKER
    assert more_liquid(board_with(sample(MAKER, "100.1")), ASSET, VENUES) is MAKER
    assert more_liquid(Board(), ASSET, VENUES) is TAKER


@pytest.mark.parametrize("left_out", [1, 2, 3], ids=["instrument", "quote", "sample"])
def test_a_market_that_has_not_told_all_is_not_judged(left_out: int) -> None:
    told = [fact for number, fact in enumerate(market_facts(MAKER)) if number != left_out]
    assert judge(known(board_of(*market_facts(TAKER), *told)), ASSET, VENUES) is None


def test_a_market_whose_rate_was_never_seen_is_not_judged() -> None:
    told = known()
    half = replace(told, series={market_key(TAKER, ASSET): told.series[market_key(TAKER, ASSET)]})
    assert judge(half, ASSET, VENUES) is None
    assert mean_of(half, ASSET, VENUES) is None
    assert mean_of(told, ASSET, VENUES) == RATE
    assert mean_of(told, ASSET, (MAKER, TAKER)) == -RATE


def test_the_forming_rate_is_expected_where_it_is_published_else_the_last_paid() -> None:
    assert funding_of(Market(funding_forming=D(1), funding_last_paid=D(2))) == 1
    assert funding_of(Market(funding_forming=D(0), funding_last_paid=D(2))) == 0
    assert funding_of(Market(funding_last_paid=D(2))) == 2
    assert funding_of(Market()) is None


# --- each gate -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "facts"),
    [
        ("links", (LinkLost(venue=MAKER, reason="cut"), MarketReconciled(venue=MAKER, asset=ASSET))),
        ("reconciled", (MarketDoubted(venue=TAKER, asset=ASSET),)),
        ("reconciled", (MarketDisputed(venue=MAKER, asset=ASSET, size=D("-0.5"), cause="?"),)),
        ("venue_status", (InstrumentListed(instrument=instrument(TAKER, status=MarketStatus.REDUCE_ONLY)),)),
        ("venue_status", (InstrumentListed(instrument=instrument(MAKER, status=MarketStatus.HALTED)),)),
        ("identity", (InstrumentListed(instrument=instrument(MAKER, settle_token="USDT")),)),
        ("identity oracle", (replace(sample(MAKER), oracle=D(94)),)),
        ("oracle", (replace(sample(MAKER), oracle=D(98)),)),
        ("spread_bps", (quote(MAKER, bid="99.91", ask="100.09"),)),
        ("divergence_bps", (sample(MAKER, "99.3", interest="900000"),)),
        ("clock_skew", (replace(quote(TAKER), venue_at_ns=START_NS + 5 * NS_PER_S + 1),)),
        ("size_above_minimum", (InstrumentListed(instrument=instrument(MAKER, min_notional_usd=D(10_001))),)),
        ("depth_bps size_above_minimum expected_net_bps", (quote(MAKER, size="0"),)),
        ("open_interest_share size_above_minimum", (sample(MAKER, interest="0"),)),
        ("leverage endurance", (account(MAKER, "0"),)),
    ],
)
def test_each_gate_refuses_alone_and_says_what_it_measured(names: str, facts: tuple[AnyMessage, ...]) -> None:
    candidate = judged(board_with(*facts))
    assert set(names.split()) <= set(refusals(candidate))
    assert names.startswith("leverage") or refusals(candidate) == names.split()
    assert not candidate.passed
    assert all(gate.measured and gate.needed for gate in candidate.refusals)


FAST = Swing(mark=D(100), at_ns=START_NS, since_ns=0, variance_per_hour=D("0.0007"), hours_seen=24)
"""sqrt(24 x 0.0007) = 0.1296 a day."""


@pytest.mark.parametrize(
    ("name", "parts", "changes"),
    [
        ("link_age", {"gates": GatesPolicy(link_up_least_s=1.0)}, {}),
        ("settle_token", {"gates": GatesPolicy(settle_haircuts_bps={})}, {}),
        ("settle_token", {"gates": GatesPolicy(settle_haircuts_bps={"USDC": D(21)})}, {}),
        ("insurance_tier", {"gates": GatesPolicy(insurance_tier_most=1)}, {}),
        ("insurance_tier", {"gates": GatesPolicy(insurance_tiers={TAKER: 1})}, {}),
        ("volatility_day", {}, {"swings": {market_key(MAKER, ASSET): FAST}}),
        ("volatility_day", {"gates": GatesPolicy(volatility_assumed={ASSET: D("0.13")})}, {}),
        ("liquidation_buffer", {"gates": GatesPolicy(buffer_least_fraction=D(1))}, {"stakes": (stake("1200"),)}),
        ("endurance", {"endurance": EndurancePolicy(equity_floor_fraction=D(1))}, {}),
        ("history_h", {}, {"hours": 5}),
        ("persistence", {"scanner": replace(SURE, persistence_least=D("1.01"))}, {}),
        ("settlement", {"gates": GatesPolicy(settlement_pause_s=2801.0)}, {}),
    ],
)
def test_each_limit_refuses_alone(name: str, parts: dict[str, object], changes: dict[str, object]) -> None:
    against = board_with(sample(TAKER, rate="-0.0001"), sample(MAKER, rate="0"))
    candidate = judged(against, sure(**parts), **changes)
    assert name in refusals(candidate)
    assert name == "liquidation_buffer" or refusals(candidate) == [name]
    assert gate_of(candidate, name).measured


@pytest.mark.parametrize("floor", ["0.97", "0.98", "0.99"])
def test_a_small_account_opens_the_largest_pair_that_survives_the_trial(floor: str) -> None:
    board = board_with(sample(TAKER, rate="-0.0001"), sample(MAKER, rate="0"))
    policy = sure(endurance=EndurancePolicy(equity_floor_fraction=D(floor)))
    candidate, free = judged(board, policy), judged(board, sure())
    assert candidate.passed
    assert (candidate.bound, D(0) < candidate.size < free.size) == ("endurance", True)
    assert candidate.capital_usd == free.capital_usd * candidate.size / free.size
    assert candidate.expectation.notional_usd == free.expectation.notional_usd * candidate.size / free.size
    case = _case_of(known(board, policy), ASSET, VENUES)
    assert case is not None
    assert not endurance(_at(case, candidate.size + case.lot)).passed


def test_where_not_one_lot_survives_the_trial_the_whole_size_is_refused_and_the_step_named() -> None:
    board = board_with(sample(TAKER, rate="-0.0001"), sample(MAKER, rate="0"))
    candidate = judged(board, sure(endurance=EndurancePolicy(equity_floor_fraction=D(1))))
    assert candidate.size == judged(board, sure()).size
    assert "USD left" in gate_of(candidate, "endurance").measured


HOLD = HoldOpeningsAsked(command_id="1", by="Ann", reason="news")


@pytest.mark.parametrize(
    ("facts", "changes", "measured"),
    [
        ((HOLD,), {"risk_place": "PAUSED"}, "held by Ann: news"),
        ((), {"risk_place": "PAUSED"}, "held by a person"),
        ((HOLD,), {"risk_place": "RESTRICTED"}, "risk is in RESTRICTED"),
        ((), {"disarmed": (market_key(MAKER, ASSET),)}, "pacifica:BTC is disarmed"),
    ],
)
def test_what_risk_would_deny_is_no_candidate_and_it_says_who_holds_it(
    facts: tuple[AnyMessage, ...], changes: dict[str, object], measured: str
) -> None:
    candidate = judged(replace(board_with(*facts), **changes))
    assert refusals(candidate) == ["openings_allowed"]
    assert gate_of(candidate, "openings_allowed").measured == measured


@pytest.mark.parametrize("place", ["", "WATCHING.idle", "WATCHING.holding"])
def test_while_risk_watches_openings_are_allowed_whoever_held_them_before(place: str) -> None:
    elsewhere = (market_key(TAKER, "SOL"),)
    assert judged(replace(board_with(HOLD), risk_place=place, disarmed=elsewhere)).passed


@pytest.mark.parametrize(("count", "age_s", "refused"), [(3, 60, True), (2, 60, False), (3, 61, False)])
def test_a_venue_of_whom_too_many_frames_were_refused_lately_is_not_entered(
    count: int, age_s: int, refused: bool
) -> None:
    gates = GatesPolicy(refused_frames_most=2, refused_frames_window_s=60.0)
    board = board_with(*[FrameRefused(venue=MAKER, channel="bbo", detail="?")] * count)
    later = replace(known(board, sure(gates=gates)), at_ns=START_NS + age_s * NS_PER_S)
    candidate = judge(later, ASSET, VENUES)
    assert candidate is not None
    assert refusals(candidate) == ["link_health"] * refused


@pytest.mark.parametrize(
    ("taker", "maker", "measured"),
    [
        ("0.2", "1", "hyperliquid 0.2, pacifica 1"),
        ("1", "0", "hyperliquid 1, pacifica 0"),
        ("1", None, "hyperliquid 1, pacifica not told"),
    ],
)
def test_a_rate_limit_without_room_for_an_emergency_or_never_told_refuses(
    taker: str, maker: str | None, measured: str
) -> None:
    told = [
        BudgetTold(venue=venue, left_fraction=D(left))
        for venue, left in zip(VENUES, (taker, maker), strict=True)
        if left
    ]
    asked = sure(gates=GatesPolicy(rate_budget_least_fraction=D("0.3")))
    candidate = judged(board_with(*told), asked)
    assert refusals(candidate) == ["rate_budget"]
    assert gate_of(candidate, "rate_budget").measured == measured
    assert judged(board_with(*told)).passed, "0 asks for nothing"
    assert judged(board_with(*[BudgetTold(venue=venue, left_fraction=D("0.3")) for venue in VENUES]), asked).passed


def test_what_just_passes_passes() -> None:
    gates = GatesPolicy(
        link_up_least_s=60.0, settlement_pause_s=2800.0, settle_haircuts_bps={"USDC": D(20)}, insurance_tier_most=2
    )
    later = replace(known(policy=sure(gates=gates)), at_ns=START_NS + 60 * NS_PER_S)
    candidate = judge(later, ASSET, VENUES)
    assert candidate is not None
    assert refusals(candidate) == []


def test_shortly_before_a_settlement_only_what_would_pay_waits() -> None:
    gates = GatesPolicy(settlement_pause_s=2801.0)
    assert refusals(judged(board_with(sample(TAKER, rate="0.0001"), sample(MAKER, rate="0")), sure(gates=gates))) == []


def test_a_market_in_stress_is_not_entered_at_a_leverage_that_puts_us_in_its_queue() -> None:
    """Open interest is down by half: stress 5; at a tenth of the equity that is level 1, at a step of 0.002 level 5."""
    facts = (sample(MAKER), sample(MAKER, interest="500000"))
    assert refusals(judged(board_with(*facts))) == []
    candidate = judged(board_with(*facts), sure(adl=AdlPolicy(interest_drop_step=D("0.002"))))
    assert refusals(candidate) == ["adl_level"]
    assert gate_of(candidate, "adl_level").measured == "hyperliquid level 1, pacifica level 5"


def test_an_assumed_volatility_is_said_to_be_one() -> None:
    assert gate_of(judged(), "volatility_day").measured == "0.03 (assumed: too few hours seen)"
    calm = replace(FAST, variance_per_hour=D("0.00001"))
    both = {market_key(venue, ASSET): calm for venue in VENUES}
    assert gate_of(judged(swings=both), "volatility_day").measured == "0.01549"


@pytest.mark.parametrize(("seconds", "told"), [(5, "+5 s"), (-5, "-5 s"), (6, "+6 s"), (-6, "-6 s")])
def test_a_clock_may_be_off_either_way_within_the_bound(seconds: int, told: str) -> None:
    """Both markets' words before this one are from another minute: the freshest of two counts."""
    board = board_with()
    for minute in (1, 2):
        at_ns = START_NS + minute * 60 * NS_PER_S
        board = fold(board, replace(quote(MAKER), venue_at_ns=at_ns + seconds * NS_PER_S), at_ns)
    gate = gate_of(judged(board), "clock_skew")
    assert gate.passed is (abs(seconds) <= 5)
    assert (gate.measured, gate.needed) == (f"{TAKER.value} +0 s, {MAKER.value} {told}", "within 5 s")


def test_a_closed_market_is_refused_with_the_venue_s_reason() -> None:
    halted = instrument(MAKER, status=MarketStatus.HALTED, status_reason="the program is paused")
    gate = judged(board_with(InstrumentListed(instrument=halted))).refusals[0]
    assert gate.measured == f"{MAKER.value}: the program is paused"


def test_a_market_somebody_else_is_in_is_refused_with_size_and_cause() -> None:
    found = MarketDisputed(venue=MAKER, asset=ASSET, size=D("-0.50"), cause="found when the run began")
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
    policy = sure(scanner=replace(SURE, calibrated_only=asked))
    board = board_with(InstrumentListed(instrument=instrument(MAKER, funding_calibrated=False)))
    candidate = judged(board, policy)
    assert refusals(candidate) == refused
    assert gate_of(candidate, "funding_calibrated").measured == f"not checked: {MAKER.value}"


def test_rates_that_were_checked_pass_where_the_policy_asks() -> None:
    assert judged(policy=sure(scanner=replace(SURE, calibrated_only=True))).passed


def test_an_old_quote_of_either_venue_refuses() -> None:
    assert refusals(judged(at_ns=START_NS + 900 * NS_PER_S)) == []
    told = refusals(judged(at_ns=START_NS + 901 * NS_PER_S))
    assert told == ["identity", "oracle", "quote_age_s", "divergence_bps", "mark_path_bps", "expected_net_bps"]


# --- prices of one time, and a mark's own path -----------------------------------------------------------------


def later(*facts: AnyMessage, after_s: int) -> tuple[Board, int]:
    """The board after it was told these facts so much later, and that time."""
    board, at_ns = two_venues(), START_NS + after_s * NS_PER_S
    for fact in facts:
        board = fold(board, fact, at_ns)
    return board, at_ns


def late(*facts: AnyMessage, after_s: int) -> Candidate:
    """Judged then."""
    board, at_ns = later(*facts, after_s=after_s)
    return judged(board, at_ns=at_ns)


COMPARING = ["identity", "divergence_bps", "expected_net_bps"]


@pytest.mark.parametrize("venue", VENUES)
def test_marks_of_two_times_are_not_measured_and_say_so(venue: Venue) -> None:
    """A move in between would be a divergence, or a basis that the pair is paid or charged for."""
    board, at_ns = later(sample(venue, "100.5"), after_s=61)
    candidate = judged(board, at_ns=at_ns)
    assert refusals(candidate) == COMPARING
    assert not candidate.compared
    assert candidate.expectation.basis_usd == 0
    gate = gate_of(candidate, "divergence_bps")
    assert gate.measured == "not measured: marks told 61 s apart, the older 61 s ago"
    assert gate.needed == "<= 60, of marks told within 60 s of one another and 900 s ago"


def test_marks_of_one_time_are_measured_however_far_the_venues_clocks_are_apart() -> None:
    """What counts is when they came, by our clock."""
    board, at_ns = later(sample(TAKER, "100.5"), after_s=60)
    assert judged(board, at_ns=at_ns).compared
    early = replace(sample(MAKER), venue_at_ns=START_NS - 3600 * NS_PER_S)
    board, at_ns = later(sample(TAKER), early, after_s=300)
    assert judged(board, at_ns=at_ns).passed


@pytest.mark.parametrize("jumped", [VENUES, (TAKER,), (MAKER,)])
def test_a_mark_that_has_left_its_path_is_not_entered_until_the_path_has_followed(jumped: tuple[Venue, ...]) -> None:
    """3.1 % up within a minute: where both venues are, the collar about the mark and the divergence say nothing."""
    found = []
    board = two_venues()
    for minute in range(6):
        at_ns = START_NS + minute * 60 * NS_PER_S
        for each in VENUES:
            price = "103.1" if minute > 2 and each in jumped else "100"
            facts = (sample(each, price, interest="2000000"), quote(each, f"{D(price) - D('0.05')}", f"{D(price)}"))
            board = fold(fold(board, facts[0], at_ns), facts[1], at_ns)
        found.append("mark_path_bps" in refusals(judged(board, at_ns=at_ns)))
    assert found == [False, False, False, True, True, False]


def test_what_an_opening_may_pay_is_measured_against_the_path_as_well() -> None:
    """The ask that the long leg would pay, with what an order may slip, is 3 % above the path."""
    touch = [quote(TAKER, "102.95", "103.05"), quote(MAKER, "102.95", "103.05")]
    board, at_ns = later(*touch, *(sample(each) for each in VENUES), after_s=30)
    gate = gate_of(judged(board, at_ns=at_ns), "mark_path_bps")
    assert gate.measured == f"{(D('103.05') * D('1.0008') / 100 - 1) * 10_000:.4g}"
    assert not gate.passed


def test_with_too_few_marks_on_the_path_nothing_is_opened_and_it_says_so() -> None:
    gate = gate_of(judged(policy=sure(risk=RiskPolicy(path_samples_least=2))), "mark_path_bps")
    assert (gate.passed, gate.measured) == (False, "not measured: fewer marks told lately")
    assert gate.needed == "2 marks of each market within 900 s"


def test_funding_that_does_not_pay_all_costs_refuses() -> None:
    """4 bps over 29.5 bps of costs in 72 h: 0.4653 bps an hour."""
    assert refusals(judged(rate=D("0.0000465"))) == ["expected_net_bps"]
    assert refusals(judged(rate=D("0.0000466"))) == []
    candidate = judged(rate=D(0))
    assert "expected_net_bps" in refusals(candidate)
    assert candidate.break_even_h is None


def test_persistence_is_the_share_of_hours_with_the_expected_sign() -> None:
    told = known()
    series = seen(TAKER, D("-0.0001"), 71)
    mixed = replace(told, series={**told.series, market_key(TAKER, ASSET): series})
    turned = judge(replace(mixed, policy=sure()), ASSET, VENUES)
    assert turned is not None
    assert turned.taker_side is Side.BUY
    assert turned.persistence == 1


# --- the page ----------------------------------------------------------------------------------------------------


def test_every_gate_stands_in_the_table_once_under_the_name_it_tells() -> None:
    names = [entry.name for entry in TABLE]
    assert [gate.name for gate in judged().gates] == names
    assert len(dict.fromkeys(names)) == len(names)
    assert all(entry.why and entry.formula for entry in TABLE)


def test_the_page_is_the_table() -> None:
    path = Path(__file__).resolve().parents[2] / "actors/gates/GATES.md"
    assert path.read_text() == page(Policy())
    assert "| history_h | hours both rates were observed | `scanner.history_h` = 6 |" in page(Policy())
    other = page(Policy(scanner=ScannerPolicy(history_h=D(7))))
    assert "`scanner.history_h` = 7" in other
