from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from actors.board import Board, fold
from actors.domain import HOUR_NS, NS_PER_S, MarketStatus, Venue
from actors.messages import AnyMessage, InstrumentListed, LinkLost, LinkUp
from actors.policy import AutoClosePolicy, Policy, PricesPolicy
from actors.risk import auto_close
from actors.risk.auto_close import (
    CLOSERS,
    HERE,
    RANKS,
    RULES,
    TABLE,
    Case,
    Finding,
    Rule,
    engine_loss,
    findings,
    first_of,
    is_loss_sure,
    loss_seen_since,
    triggered,
)
from actors.risk.books import DAY_NS
from actors.risk.state import Held, RiskState
from actors.roles import ROLES
from tests.factories import ASSET, MAKER, PAIR, TAKER, account, instrument, listed, quote, sample, two_venues
from tests.playbook import START_NS

OFF: dict[str, Any] = {rule.limit: Decimal(0) for rule in RULES if rule.zero_is_off}
LONG_AGO_NS = START_NS - 1000 * HOUR_NS


def leg(venue: Venue, size: str, price: str | None = None, **changes: object) -> Held:
    told = None if price is None else Decimal(price)
    held = Held(venue=venue, asset=ASSET, size=Decimal(size), holder=PAIR, since_ns=START_NS, liquidation_price=told)
    return replace(held, **changes)


def legs(taker: str | None = None, maker: str | None = None) -> tuple[Held, Held]:
    """Short ten on the taker venue, long ten on the maker venue, liquidated there."""
    return leg(TAKER, "-10", taker), leg(MAKER, "10", maker)


def case(held: tuple[Held, ...], *facts: AnyMessage, later_s: float = 0, **limits: Any) -> Case:
    """Everything off but what is named; the facts come after two healthy markets."""
    board = two_venues()
    for fact in facts:
        board = fold(board, fact, START_NS)
    policy = replace(Policy(), auto_close=AutoClosePolicy(**{**OFF, **limits}))
    state = RiskState(actor="risk", place="WATCHING.holding", day_ns=START_NS - START_NS % DAY_NS)
    start = {venue.value: Decimal(100_000) for venue in (TAKER, MAKER)}
    state = replace(state, equity_start_usd=start, positions={each.venue.value: each for each in held})
    return Case(held, state, board, policy, START_NS + round(later_s * NS_PER_S))


def told(what: Case, *facts: AnyMessage, later_s: float) -> Case:
    """So much later these facts are told."""
    at_ns, board = what.at_ns + round(later_s * NS_PER_S), what.board
    for fact in facts:
        board = fold(board, fact, at_ns)
    return what._replace(board=board, at_ns=at_ns)


def rule_of(found: Finding | None) -> str:
    return "" if found is None else found.rule.name


def closed(venue: Venue, status: MarketStatus, *, ours: bool = False) -> InstrumentListed:
    return InstrumentListed(instrument=instrument(venue, status=status, status_reason="told so", status_ours=ours))


DOWN = LinkLost(venue=MAKER, reason="cut")
FALLEN = sample(MAKER, "97")
"""Three down at once: three a minute, by the step between samples."""


@pytest.mark.parametrize(
    ("name", "limit", "just", "not_yet"),
    [
        ("time_to_liquidation", "300", case(legs(maker="82.1"), FALLEN), case(legs(maker="81.9"), FALLEN)),
        ("liquidation_distance", "0.05", case(legs(maker="95.1")), case(legs(maker="94.9"))),
        ("liquidation_distance", "0.05", case(legs(taker="104.9")), case(legs(taker="105.1"))),
        ("divergence", "200", case(legs(), sample(MAKER, "102")), case(legs(), sample(MAKER, "101.9"))),
        ("venue_silent", "900", case(legs(), DOWN, later_s=900), case(legs(), DOWN, later_s=899)),
        ("hold_most", "2", case(legs(), later_s=10_000), case(legs(), later_s=7199)),
        (
            "profit_target",
            "100",
            case((leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-988)))),
            case((leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-989)))),
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_each_check_triggers_at_its_limit_alone_and_not_when_it_is_off(
    name: str, limit: str, just: Case, not_yet: Case
) -> None:
    rule = next(each for each in RULES if each.name == name)

    def judged(what: Case, told: str) -> str:
        policy = AutoClosePolicy(**{**OFF, rule.limit: type(getattr(AutoClosePolicy(), rule.limit))(told)})
        return rule_of(first_of(PAIR, what._replace(policy=replace(Policy(), auto_close=policy))))

    assert judged(just, limit) == name
    assert judged(not_yet, limit) == ""
    assert judged(just, "0") == "", "0 switches it off"


@pytest.mark.parametrize("status", [MarketStatus.REDUCE_ONLY, MarketStatus.HALTED])
def test_a_market_that_is_not_open_is_left_after_a_while(status: MarketStatus) -> None:
    shut = closed(MAKER, status)
    assert first_of(PAIR, case(legs(), shut, later_s=59)) is None
    found = first_of(PAIR, case(legs(), shut, later_s=60))
    assert found is not None
    assert (found.rule.name, found.urgent) == ("market_closed", False)
    assert f"BTC on pacifica is {status.value} (told so)" in found.reason
    assert ("both legs are kept until it trades again" in found.reason) is (status is MarketStatus.HALTED)


def test_a_market_that_our_own_settings_close_to_us_is_no_reason_to_leave() -> None:
    assert first_of(PAIR, case(legs(), closed(MAKER, MarketStatus.REDUCE_ONLY, ours=True), later_s=600)) is None


def test_a_market_that_has_opened_again_in_time_is_not_left() -> None:
    shut, opened = closed(MAKER, MarketStatus.HALTED), listed(MAKER)
    assert first_of(PAIR, case(legs(), shut, opened, later_s=600)) is None


def test_a_closed_market_of_a_venue_nobody_hears_is_not_left() -> None:
    """It may have opened long ago; once the venue is heard again the pause begins anew."""
    shut = case(legs(), closed(MAKER, MarketStatus.HALTED))
    cut = told(shut, LinkLost(venue=MAKER, reason="cut"), later_s=5)
    assert first_of(PAIR, told(cut, later_s=600)) is None
    assert first_of(PAIR, told(shut, LinkLost(venue=TAKER, reason="cut"), later_s=600)) is not None
    listed_again = told(cut, closed(MAKER, MarketStatus.HALTED), later_s=500)
    up = told(listed_again, LinkUp(venue=MAKER), later_s=100)
    assert first_of(PAIR, told(up, later_s=59)) is None
    found = first_of(PAIR, told(up, LinkUp(venue=MAKER), later_s=60))
    assert found is not None
    assert "for 60 s" in found.reason
    opened = told(told(cut, listed(MAKER), later_s=500), LinkUp(venue=MAKER), later_s=100)
    assert first_of(PAIR, told(opened, later_s=60)) is None


@pytest.mark.parametrize("venue", [TAKER, MAKER])
def test_prices_that_are_too_old_close_nothing(venue: Venue) -> None:
    """Each leg's mark for the divergence, each leg's quote for the profit."""
    age_s = float(Policy().scanner.quote_age_most_s)
    anytime = PricesPolicy(told_within_s=Decimal(age_s) + 1)
    other = MAKER if venue is TAKER else TAKER
    apart = case(
        legs(),
        sample(venue, "102"),
        divergence_most_bps=Decimal(200),
    )
    apart = apart._replace(policy=replace(apart.policy, prices=anytime))
    assert rule_of(first_of(PAIR, told(apart, sample(other), later_s=age_s))) == "divergence"
    assert first_of(PAIR, told(apart, sample(other), later_s=age_s + 1)) is None
    held = (leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-900)))
    rich = case(held, profit_target_bps=Decimal(100))
    rich = rich._replace(policy=replace(rich.policy, prices=anytime))
    assert rule_of(first_of(PAIR, told(rich, quote(other), later_s=age_s))) == "profit_target"
    assert first_of(PAIR, told(rich, quote(other), later_s=age_s + 1)) is None


def test_marks_told_at_different_times_are_not_compared() -> None:
    """The price moved in between: that is no disagreement of the venues."""
    apart = case(legs(), sample(TAKER, "102"), divergence_most_bps=Decimal(200))
    within_s = float(Policy().prices.told_within_s)
    assert rule_of(first_of(PAIR, told(apart, sample(MAKER), later_s=within_s))) == "divergence"
    assert first_of(PAIR, told(apart, sample(MAKER), later_s=within_s + 1)) is None


@pytest.mark.parametrize("first", [TAKER, MAKER])
def test_a_move_that_one_venue_has_not_told_yet_is_no_profit(first: Venue) -> None:
    """One book from before the move, the other from after it: the leg that gained counts, the other's loss does not."""
    held = (leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-1000)))
    moved = quote(first, "97", "97.1") if first is TAKER else quote(first, "103", "103.1")
    level = case(held, profit_target_bps=Decimal(200))
    within_s = float(Policy().prices.told_within_s)
    assert rule_of(first_of(PAIR, told(level, moved, later_s=within_s))) == "profit_target"
    assert first_of(PAIR, told(level, moved, later_s=within_s + 1)) is None


def test_a_status_told_again_goes_on_and_another_one_begins_anew() -> None:
    board = two_venues()
    for second, status in ((0, "halted"), (50, "halted"), (55, "reduce_only")):
        board = fold(board, closed(MAKER, MarketStatus(status)), START_NS + second * NS_PER_S)
    assert board.market(MAKER, ASSET).status_ns == START_NS + 55 * NS_PER_S
    again = fold(board, closed(MAKER, MarketStatus.REDUCE_ONLY), START_NS + 70 * NS_PER_S)
    assert again.market(MAKER, ASSET).status_ns == START_NS + 55 * NS_PER_S


def test_the_day_s_loss_speaks_for_the_engine_and_for_no_pair() -> None:
    lost = case(legs(), account(TAKER, "99950"), daily_loss_most_usd=Decimal(50))
    found = engine_loss(lost)
    assert found is not None
    assert found.reason == "daily_loss: 50.00 USD of equity lost since midnight UTC (limit 50)"
    assert first_of(PAIR, lost) is None
    assert engine_loss(case((), account(TAKER, "99951"), daily_loss_most_usd=Decimal(50))) is None
    assert engine_loss(case((), account(TAKER, "1"))) is None, "off"


def test_an_account_of_which_nothing_is_known_today_counts_for_nothing() -> None:
    """The maker venue's account has no word after midnight: what it had then is not guessed, and what it gained since
    would be missing beside the other's loss."""
    found = case((), account(MAKER, "1"), daily_loss_most_usd=Decimal(50))
    assert engine_loss(found) is not None
    start = {TAKER.value: Decimal(100_000)}
    assert engine_loss(found._replace(state=replace(found.state, equity_start_usd=start))) is None
    both = told(found, account(TAKER, "1"), later_s=0)
    assert engine_loss(both._replace(state=replace(both.state, equity_start_usd=start))) is None


LOST: dict[str, Any] = {"daily_loss_most_usd": Decimal(50)}
AGE_S = Policy().risk.account_age_most_s


def test_no_loss_is_found_while_one_account_is_not_told() -> None:
    """The taker's leg has lost what the maker's has gained, but nobody tells the maker's gain."""
    one_sided = told(case(legs(), **LOST), later_s=AGE_S + 1)
    assert engine_loss(told(one_sided, account(TAKER, "99000"), later_s=0)) is None
    assert engine_loss(told(one_sided, account(TAKER, "99000"), account(MAKER), later_s=0)) is not None
    just = told(case(legs(), **LOST), account(TAKER, "99000"), later_s=AGE_S)
    assert engine_loss(just) is not None


@pytest.mark.parametrize("venue", [TAKER, MAKER])
def test_no_loss_is_found_while_a_link_is_down(venue: Venue) -> None:
    lost = case(legs(), account(TAKER, "99000"), **LOST)
    assert engine_loss(lost) is not None
    cut = told(lost, LinkLost(venue=venue, reason="cut"), later_s=0)
    assert engine_loss(cut) is None
    assert engine_loss(told(cut, LinkUp(venue=venue), later_s=1)) is not None


def test_yesterday_s_start_is_no_start() -> None:
    lost = case(legs(), account(TAKER, "99000"), **LOST)
    yesterday = replace(lost.state, day_ns=lost.state.day_ns - DAY_NS)
    assert engine_loss(lost._replace(state=yesterday)) is None


def looked(what: Case) -> Case:
    """After a look."""
    return what._replace(state=replace(what.state, loss_seen_ns=loss_seen_since(what)))


def test_a_loss_is_sure_when_a_second_look_finds_it_by_new_words_of_all_accounts() -> None:
    lost = looked(case(legs(), account(TAKER, "99000"), **LOST))
    assert not is_loss_sure(lost)
    assert not is_loss_sure(looked(told(lost, later_s=5)))
    half = looked(told(lost, account(TAKER, "99000"), later_s=5))
    assert not is_loss_sure(half), "the maker's gain may still be on its way"
    assert is_loss_sure(looked(told(half, account(MAKER), later_s=5)))
    assert not is_loss_sure(looked(told(half, account(MAKER, "101000"), later_s=5)))


@pytest.mark.parametrize(
    "between",
    [
        lambda lost: looked(told(lost, account(TAKER), later_s=5)),
        lambda lost: looked(told(lost, LinkLost(venue=MAKER, reason="cut"), later_s=5)),
        lambda lost: looked(lost._replace(state=replace(lost.state, positions={}))),
        lambda lost: told(lost, later_s=AGE_S),
    ],
    ids=["told otherwise", "link down", "nothing held", "long ago"],
)
def test_the_two_looks_follow_each_other(between: Callable[[Case], Case]) -> None:
    lost = between(looked(case(legs(), account(TAKER, "99000"), **LOST)))
    lost = lost._replace(state=replace(lost.state, positions={each.venue.value: each for each in legs()}))
    words = (LinkUp(venue=MAKER), account(TAKER, "99000"), account(MAKER))
    again = looked(told(lost, *words, later_s=5))
    assert not is_loss_sure(again)
    assert is_loss_sure(looked(told(again, *words, later_s=5)))


def test_the_first_row_of_the_table_that_triggers_speaks() -> None:
    limits: dict[str, Any] = {"liquidation_distance_least_fraction": Decimal("0.05"), "hold_most_h": Decimal(1)}
    both = case(legs(maker="96"), later_s=7200, **limits)
    both = both._replace(board=fold(both.board, sample(MAKER), both.at_ns))
    assert rule_of(first_of(PAIR, both)) == "liquidation_distance"
    assert rule_of(first_of(PAIR, both._replace(legs=legs()))) == "hold_most"


def test_seconds_count_only_where_the_endangered_leg_can_be_reached() -> None:
    danger = case(legs(maker="90"), FALLEN, time_to_liquidation_least_s=Decimal(300))
    found = first_of(PAIR, danger)
    assert found is not None
    assert found.urgent
    for venue, urgent in ((MAKER, False), (TAKER, True)):
        cut = danger._replace(board=fold(danger.board, LinkLost(venue=venue, reason="cut"), START_NS))
        found = first_of(PAIR, cut)
        assert found is not None
        assert found.urgent is urgent


def test_the_most_urgent_pair_is_asked_first() -> None:
    """By the row's place in the table, then by how far the limit is passed, then by name."""
    limits: dict[str, Any] = {"liquidation_distance_least_fraction": Decimal("0.05"), "hold_longest_h": Decimal(1)}

    def pair(maker: str | None, since_ns: int = START_NS) -> Case:
        held = tuple(replace(each, since_ns=since_ns) for each in legs(maker=maker))
        return case(held, **limits)

    cases = {
        "old": pair(None, LONG_AGO_NS),
        "near": pair("96"),
        "past": pair("101"),
        "nearest": pair("99"),
        "well": pair("50"),
        "as near": pair("96"),
    }
    assert [found.pair for found in findings(cases)] == ["past", "nearest", "as near", "near", "old"]


def test_one_leg_alone_is_watched_too_but_not_compared() -> None:
    alone = (leg(MAKER, "10", "96"),)
    assert rule_of(first_of(PAIR, case(alone, liquidation_distance_least_fraction=Decimal("0.05")))) != ""
    apart: dict[str, Any] = {"divergence_most_bps": Decimal(1), "profit_target_bps": Decimal(1)}
    assert first_of(PAIR, case(alone, sample(MAKER, "200"), **apart)) is None


@pytest.mark.parametrize(
    "unknown",
    [
        lambda board: replace(board, markets={}),
        lambda board: replace(board, accounts={}),
    ],
    ids=["no market", "no account"],
)
def test_what_nobody_has_told_triggers_nothing(unknown: Callable[[Board], Board]) -> None:
    limits: dict[str, Any] = {rule.limit: Decimal(1) for rule in RULES if rule.limit != "profit_target_bps"}
    everything = case(legs(), **limits)
    blind = everything._replace(board=unknown(everything.board))
    assert (
        rule_of(first_of(PAIR, blind)) in ("", "divergence")
        if not blind.board.accounts
        else first_of(PAIR, blind) is None
    )


def test_the_table_of_the_documentation_is_the_table() -> None:
    doc = auto_close.__doc__ or ""
    shown = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in doc.splitlines() if line[:2] == "| "
    ]
    assert shown[0] == ("rule", "triggers", "limit", "asks", "acts", "why")
    assert shown[1:] == [(rule.name, rule.triggers, rule.limit, rule.asks, rule.acts, rule.why) for rule in TABLE]


@pytest.mark.parametrize("rule", [rule for rule in TABLE if rule.acts != HERE], ids=lambda rule: rule.name)
def test_who_is_said_to_act_elsewhere_has_those_rows(rule: Rule) -> None:
    role, *named = rule.acts.split()
    rows = ROLES[role].chart.rows
    known = {row.id for row in rows} | {action for row in rows for action in row.do}
    assert named
    assert not [name for name in named if name not in known]
    assert rule.measure is None


@pytest.mark.parametrize("rule", [rule for rule in TABLE if rule.limit != "-"], ids=lambda rule: rule.name)
def test_every_limit_is_a_field_of_the_policy(rule: Rule) -> None:
    part, _, field = rule.limit.rpartition(".")
    assert hasattr(getattr(Policy(), part or "auto_close"), field)


def test_the_order_of_the_table() -> None:
    """What costs most when it comes too late stands first."""
    assert [rule.name for rule in TABLE] == [
        "time_to_liquidation",
        "liquidation_distance",
        "size_changed",
        "adl_exit",
        "adl_reduce",
        "margin_short",
        "loss_socialised",
        "venue_silent",
        "market_closed",
        "divergence",
        "funding_inverted",
        "daily_loss",
        "profit_target",
        "hold_longest",
        "hold_most",
        "better_pair",
    ]
    assert sorted(RANKS.values()) == list(range(len(TABLE)))


def test_every_limit_of_the_policy_has_its_row() -> None:
    others = ("watch_s", "ask_again_s", "speed_window_s")
    limits = sorted(name for name in AutoClosePolicy.__struct_fields__ if name not in others)
    assert limits == sorted(rule.limit for rule in RULES)


def test_what_would_surprise_is_off_by_default() -> None:
    """Liquidation, a closed market and the longest hold are watched; the others wait for a profile's number."""
    on = [rule.name for rule in RULES if getattr(AutoClosePolicy(), rule.limit)]
    assert on == ["time_to_liquidation", "liquidation_distance", "market_closed", "hold_longest", "hold_most"]


# --- whatever happens ----------------------------------------------------------------------------------------

amounts = st.decimals("80", "120", places=1)
LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "time_to_liquidation_least_s": st.sampled_from([Decimal(0), Decimal(60), Decimal(300)]),
    "liquidation_distance_least_fraction": st.sampled_from([Decimal(0), Decimal("0.05")]),
    "venue_silent_s": st.sampled_from([Decimal(0), Decimal(60), Decimal(900)]),
    "market_closed_s": st.sampled_from([30.0, 600.0]),
    "divergence_most_bps": st.sampled_from([Decimal(0), Decimal(200)]),
    "profit_target_bps": st.sampled_from([Decimal(0), Decimal(50)]),
    "hold_most_h": st.sampled_from([Decimal(0), Decimal(1)]),
    "hold_longest_h": st.sampled_from([Decimal("0.5"), Decimal(2160)]),
}


@st.composite
def any_case(draw: st.DrawFn) -> Case:
    """Legs, marks of some minutes, books, a status, a link and limits, all of them drawn; some told long ago."""
    prices = [draw(st.none() | st.decimals("50", "150", places=1)) for _ in range(2)]
    cash = draw(st.decimals("-100", "100", places=0))
    held = (
        leg(TAKER, "-10", None if prices[0] is None else str(prices[0]), cash_usd=Decimal(1000) + cash),
        leg(MAKER, "10", None if prices[1] is None else str(prices[1]), cash_usd=Decimal(-1000)),
    )
    found = case(held, **{name: draw(limit) for name, limit in LIMITS.items()})
    for _ in range(draw(st.integers(0, 6))):
        venue, price = draw(st.sampled_from([TAKER, MAKER])), draw(amounts)
        facts: list[AnyMessage] = [
            sample(venue, str(price)),
            quote(venue, str(price), str(price + 1), size="6"),
            account(venue, str(draw(st.sampled_from([200, 1000, 100_000])))),
            closed(venue, draw(st.sampled_from([MarketStatus.OPEN, MarketStatus.REDUCE_ONLY]))),
            LinkUp(venue=venue) if draw(st.booleans()) else LinkLost(venue=venue, reason="cut"),
        ]
        wait_s = draw(st.sampled_from([0, 5, 60, 300, 2000]))
        found = told(found, draw(st.sampled_from(facts)), later_s=wait_s)
    return told(found, later_s=draw(st.sampled_from([0, 5, 60, 901])))


@given(found=any_case())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_one_row_speaks_the_first_that_triggers_and_always_the_same(found: Case) -> None:
    each = [finding for rule in CLOSERS if (finding := triggered(PAIR, rule, found)) is not None]
    first = first_of(PAIR, found)
    again = first_of(PAIR, found._replace(legs=tuple(reversed(found.legs))))
    assert rule_of(first) == rule_of(again) == (each[0].rule.name if each else "")
    assert [finding.rank for finding in each] == sorted({finding.rank for finding in each})


@given(found=any_case())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_row_that_is_off_never_triggers_and_the_others_do_not_notice(found: Case) -> None:
    for rule in CLOSERS:
        if rule.zero_is_off:
            off = replace(found.policy, auto_close=replace(found.policy.auto_close, **{rule.limit: Decimal(0)}))
            without = found._replace(policy=off)
            assert triggered(PAIR, rule, without) is None
            others = [rule_of(triggered(PAIR, other, found)) for other in CLOSERS if other is not rule]
            assert others == [rule_of(triggered(PAIR, other, without)) for other in CLOSERS if other is not rule]


@given(found=any_case())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_nothing_triggers_on_prices_older_than_their_limit(found: Case) -> None:
    """A silent venue, a closed market and time are not about prices."""
    late = told(found, later_s=float(Policy().scanner.quote_age_most_s) + 1)
    priced = ("time_to_liquidation", "liquidation_distance", "divergence", "profit_target")
    assert not [rule.name for rule in CLOSERS if rule.name in priced and triggered(PAIR, rule, late)]
