from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import (
    NOTHING_TOLD,
    PASTS_MOST,
    REFUSALS_MOST,
    Board,
    Verdict,
    changed_entry,
    fold,
    hour_after,
    market_key,
    reconciler_of,
)
from actors.domain import MarketStatus, Venue
from actors.messages import (
    AnyMessage,
    BudgetTold,
    CloseAsked,
    FrameRefused,
    HoldOpeningsAsked,
    InstrumentListed,
    LinkLost,
    LinkUp,
    MarketDisputed,
    MarketDoubted,
    MarketReconciled,
)
from tests.factories import (
    ASSET,
    MAKER,
    PAIR,
    TAKER,
    account,
    board_of,
    closed,
    instrument,
    listed,
    quote,
    reopened,
    sample,
    spawned,
    two_venues,
)
from tests.playbook import START_NS

FACTS: tuple[AnyMessage, ...] = (
    quote(TAKER),
    sample(TAKER),
    InstrumentListed(instrument=instrument(TAKER)),
    LinkUp(venue=TAKER),
    LinkLost(venue=TAKER, reason="cut"),
    account(TAKER),
    spawned(),
    MarketReconciled(venue=TAKER, asset=ASSET),
    BudgetTold(venue=TAKER, left_fraction=Decimal("0.5")),
    HoldOpeningsAsked(command_id="1", by="Ann", reason="news"),
)


def test_a_quote_keeps_its_ladders_until_the_next_one_which_may_have_none() -> None:
    bids, asks = (tuple(Decimal(n * step) for n in range(1, 7)) for step in (1, 10))
    deep = msgspec.structs.replace(quote(TAKER), bid_depths=bids, ask_depths=asks)
    board = fold(Board(), deep, START_NS)
    found = board.market(TAKER, ASSET).quote
    assert found is not None
    assert (found.bid_depths, found.ask_depths) == (bids, asks)
    assert changed_entry(board, deep) != changed_entry(fold(Board(), quote(TAKER), START_NS), deep)
    touch = fold(board, quote(TAKER), START_NS).market(TAKER, ASSET).quote
    assert touch is not None
    assert (touch.bid_depths, touch.ask_depths) == ((), ())


def test_a_market_nothing_was_told_of_is_empty() -> None:
    assert Board().market(TAKER, ASSET) is NOTHING_TOLD
    assert not Board().link_up(TAKER)


def test_facts_of_one_market_add_up() -> None:
    market = board_of(quote(TAKER), sample(TAKER, rate="0.0001"), InstrumentListed(instrument=instrument(TAKER)))
    told = market.market(TAKER, ASSET)
    assert told.quote is not None
    assert (told.quote.mid, told.mark, told.funding_forming) == (Decimal(100), Decimal(100), Decimal("0.0001"))
    assert told.instrument == instrument(TAKER)
    assert told.quoted_ns == told.sampled_ns == START_NS


def test_ages_are_by_the_engine_s_clock_not_the_venue_s() -> None:
    market = fold(Board(), quote(TAKER), START_NS + 5).market(TAKER, ASSET)
    assert market.quoted_ns == START_NS + 5
    assert market.quote is not None
    assert market.quote.at_ns == START_NS


def test_markets_are_kept_apart_by_venue_and_asset() -> None:
    board = board_of(sample(TAKER, "100"), sample(MAKER, "101"), sample(TAKER, "5", asset="SOL"))
    marks = [board.market(TAKER, ASSET).mark, board.market(MAKER, ASSET).mark, board.market(TAKER, "SOL").mark]
    assert marks == [100, 101, 5]
    assert list(board.markets) == [market_key(TAKER, ASSET), market_key(MAKER, ASSET), market_key(TAKER, "SOL")]


def test_a_lost_link_is_down_and_the_other_stays_up() -> None:
    board = fold(two_venues(), LinkLost(venue=TAKER, reason="cut"), START_NS)
    assert (board.link_up(TAKER), board.link_up(MAKER)) == (False, True)
    assert fold(board, LinkUp(venue=TAKER), START_NS).link_up(TAKER)


def test_a_link_that_was_up_is_lost_once_and_never_by_our_own_doing() -> None:
    lost, up = LinkLost(venue=TAKER, reason="cut"), LinkUp(venue=TAKER)
    renewed = LinkLost(venue=TAKER, reason="too old", planned=True)
    assert board_of(up, lost, lost, up, renewed, up, lost).losses == {TAKER.value: 2}
    assert board_of(lost, renewed).losses == {}


def test_what_is_left_of_a_rate_limit_is_as_last_told_by_venue() -> None:
    told = [BudgetTold(venue=TAKER, left_fraction=Decimal(left)) for left in ("0.9", "0.2")]
    assert board_of(*told).budgets == {TAKER.value: Decimal("0.2")}


def test_refused_frames_are_counted_since_a_time_by_venue_and_no_more_are_remembered_than_that() -> None:
    refused, board = FrameRefused(venue=TAKER, channel="bbo", detail="?"), Board()
    for second in range(REFUSALS_MOST + 50):
        board = fold(board, refused, START_NS + second)
        assert changed_entry(board, refused) == board.refusals[TAKER.value]
    assert len(board.refusals[TAKER.value]) == REFUSALS_MOST
    assert board.refused_since(TAKER, START_NS + REFUSALS_MOST + 47) == 3
    assert board.refused_since(TAKER, START_NS) == REFUSALS_MOST
    assert board.refused_since(MAKER, START_NS) == 0


def test_who_holds_openings_is_known_by_name_and_reason() -> None:
    assert board_of(HoldOpeningsAsked(command_id="1", by="Ann", reason="news")).held_by == "Ann: news"


def test_an_account_is_as_last_told() -> None:
    board = board_of(account(TAKER, "5"), account(TAKER, "7"))
    assert board.accounts[TAKER.value].equity_usd == 7


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_folding_makes_a_new_board_and_leaves_the_old_one(fact: AnyMessage) -> None:
    before = two_venues()
    copy = msgspec.msgpack.encode(before)
    after = fold(before, fact, START_NS + 1)
    assert after is not before
    assert msgspec.msgpack.encode(before) == copy


def test_a_message_that_is_no_board_fact_leaves_the_board_as_it_is() -> None:
    board = two_venues()
    assert fold(board, CloseAsked(reason=""), START_NS) is board


OTHER_FACTS: tuple[AnyMessage, ...] = (
    quote(TAKER, bid="99.9"),
    sample(TAKER, rate="0.0001"),
    InstrumentListed(instrument=instrument(TAKER, max_leverage=3)),
    LinkLost(venue=TAKER, reason="cut"),
    LinkUp(venue=TAKER),
    account(TAKER, "7"),
    closed(),
    MarketDisputed(venue=TAKER, asset=ASSET, size=Decimal(1), cause=""),
    BudgetTold(venue=TAKER, left_fraction=Decimal("0.4")),
    HoldOpeningsAsked(command_id="1", by="Bob", reason="news"),
)


@pytest.mark.parametrize(
    ("fact", "other"), list(zip(FACTS, OTHER_FACTS, strict=True)), ids=[type(fact).__name__ for fact in FACTS]
)
def test_the_changed_entry_tells_two_facts_apart(fact: AnyMessage, other: AnyMessage) -> None:
    def entry(told: AnyMessage) -> object:
        return changed_entry(fold(two_venues(), told, START_NS), told)

    assert entry(fact) == entry(fact)
    assert entry(fact) != entry(other)


@pytest.mark.parametrize(
    "nonsense",
    [
        quote(TAKER, bid="105", ask="95"),
        quote(TAKER, bid="100", ask="100"),
        quote(TAKER, bid="0"),
        sample(TAKER, mark="0"),
    ],
    ids=["crossed", "locked", "no bid", "no mark"],
)
def test_a_crossed_book_or_a_price_that_is_none_is_not_used(nonsense: AnyMessage) -> None:
    before = two_venues()
    assert fold(before, nonsense, START_NS) == before


def test_an_hour_of_a_market_is_remembered_by_the_minute_and_no_more() -> None:
    board = Board()
    for second in range(0, 4000, 20):
        board = fold(board, sample(TAKER, str(100 + second), interest=str(5000 + second)), START_NS + second * 10**9)
    pasts = board.past(TAKER, ASSET)
    assert len(pasts) == PASTS_MOST == 61
    assert [(past.at_ns - START_NS) // 10**9 for past in pasts] == list(range(360, 4000, 60))[:61]
    assert [(past.mark, past.open_interest) for past in pasts[:1]] == [(460, 5360)]
    assert board.past(MAKER, ASSET) == ()


def test_a_market_s_past_is_no_part_of_what_a_record_shows_of_it() -> None:
    once = board_of(sample(TAKER))
    again = fold(once, sample(TAKER), START_NS + 60 * 10**9)
    assert len(again.past(TAKER, ASSET)) == 2
    assert changed_entry(once, sample(TAKER)) == changed_entry(again, sample(TAKER))


def test_a_price_that_is_none_leaves_no_past() -> None:
    assert board_of(sample(TAKER, "0")).past(TAKER, ASSET) == ()


def clock_after(*words: tuple[int, int]) -> int | None:
    """The skew in seconds after quotes at (our second, the venue's second)."""
    board = Board()
    for ours, theirs in words:
        told = msgspec.structs.replace(quote(TAKER), venue_at_ns=START_NS + theirs * 10**9)
        board = fold(board, told, START_NS + ours * 10**9)
    skew_ns = board.skew_ns(TAKER)
    return None if skew_ns is None else skew_ns // 10**9


@pytest.mark.parametrize(
    ("words", "skew_s"),
    [
        ((), None),
        (((0, 0),), 0),
        (((0, 7),), 7),
        (((0, -9), (1, -2), (2, -8)), -3),
        (((0, 7), (20, 20)), 7),
        (((0, 7), (20, 20), (40, 40)), 0),
        (((0, 0), (20, 10), (40, 30)), -10),
    ],
    ids=["nothing told", "right", "ahead", "the freshest word", "put back", "put back for long", "fallen behind"],
)
def test_a_venue_s_clock_is_known_by_its_freshest_word_of_half_a_minute(
    words: tuple[tuple[int, int], ...], skew_s: int | None
) -> None:
    assert clock_after(*words) == skew_s


def test_a_clock_of_one_venue_says_nothing_of_another_and_takes_no_more_room_with_time() -> None:
    board = Board()
    for second in range(500):
        board = fold(board, quote(TAKER), START_NS + second * 10**9)
    assert board.skew_ns(MAKER) is None
    assert len(msgspec.msgpack.encode(board.clocks)) < 100


def test_the_rate_that_formed_last_before_the_hour_is_its_forecast() -> None:
    hour_ns = hour_after(START_NS)
    before, after = hour_ns - 5 * 10**9, hour_ns + 5 * 10**9
    board = fold(Board(), sample(TAKER, rate="0.0001"), before - 60 * 10**9)
    board = fold(board, sample(TAKER, rate="0.0002"), before)
    assert board.market(TAKER, ASSET).forecast(hour_ns) == Decimal("0.0002"), "nothing was told since"
    for at_ns, rate in ((after, "0.0009"), (after + 60 * 10**9, "0.0008")):
        board = fold(board, sample(TAKER, rate=rate), at_ns)
        assert board.market(TAKER, ASSET).forecast(hour_ns) == Decimal("0.0002")
    assert board.market(TAKER, ASSET).forecast(hour_ns - 3600 * 10**9) is None
    assert board.market(TAKER, ASSET).forecast(hour_ns + 3600 * 10**9) == Decimal("0.0008")


def test_a_market_that_tells_no_forming_rate_forecasts_nothing() -> None:
    board = fold(fold(Board(), sample(TAKER), START_NS), sample(TAKER), hour_after(START_NS))
    assert board.market(TAKER, ASSET).forecast(hour_after(START_NS)) is None


def test_a_status_counts_since_it_was_first_told() -> None:
    board = fold(Board(), listed(TAKER), START_NS)
    assert board.market(TAKER, ASSET).status_ns == 0
    for second in (10, 20):
        board = fold(board, listed(TAKER, MarketStatus.HALTED), START_NS + second)
    assert board.market(TAKER, ASSET).status_ns == START_NS + 10
    assert fold(board, listed(TAKER), START_NS + 30).market(TAKER, ASSET).status_ns == START_NS + 30


# --- who holds what, and what was found where nobody does ---------------------------------------------------


def found(size: str, venue: Venue = TAKER) -> MarketDisputed:
    return MarketDisputed(venue=venue, asset=ASSET, size=Decimal(size), cause="by hand")


def clean(venue: Venue = TAKER, asset: str = ASSET) -> MarketReconciled:
    return MarketReconciled(venue=venue, asset=asset)


def test_a_pair_holds_both_its_markets_from_its_first_moment_until_it_is_closed() -> None:
    board = board_of(spawned())
    assert [board.holders(venue, ASSET) for venue in (TAKER, MAKER)] == [(PAIR,), (PAIR,)]
    assert board.holders(TAKER, "SOL") == ()
    assert fold(board, closed(), START_NS).held == {}


def test_a_pair_that_reopens_holds_its_markets_beside_the_one_that_came_after_it() -> None:
    other = "pair_position/BTC-2"
    board = board_of(spawned(), closed(), spawned(other), reopened())
    assert board.holders(MAKER, ASSET) == (other, PAIR)
    assert fold(board, closed(), START_NS).holders(MAKER, ASSET) == (other,)
    assert fold(board, closed(other), START_NS).holders(MAKER, ASSET) == (PAIR,)
    assert fold(board, reopened(), START_NS).holders(MAKER, ASSET) == (other, PAIR), "told twice is told once"


def test_nothing_is_known_of_a_market_before_it_was_asked_for_nor_after_a_pair_was_in_it() -> None:
    assert Board().verdict(TAKER, ASSET) is None
    board = board_of(clean())
    assert board.verdict(TAKER, ASSET) == Verdict(size=Decimal(0))
    assert board.verdict(MAKER, ASSET) is None
    for news in (spawned(), reopened(), closed()):
        assert fold(board, news, START_NS).verdict(TAKER, ASSET) is None


def test_the_latest_word_on_a_market_counts() -> None:
    board = board_of(clean(), found("1"), found("-2"))
    assert board.verdict(TAKER, ASSET) == Verdict(size=Decimal(-2), cause="by hand")
    assert fold(board, MarketDoubted(venue=TAKER, asset=ASSET), START_NS).verdict(TAKER, ASSET) is None
    assert fold(board, clean(), START_NS).verdict(TAKER, ASSET) == Verdict(size=Decimal(0))


def test_with_its_link_goes_what_was_found_empty_at_a_venue_and_a_dispute_stands() -> None:
    board = board_of(clean(), found("1", MAKER), clean(MAKER, "SOL"), clean(TAKER, "SOL"))
    lost = fold(board, LinkLost(venue=MAKER, reason="cut"), START_NS)
    assert list(lost.verdicts) == ["hyperliquid:BTC", "pacifica:BTC", "hyperliquid:SOL"]
    assert list(fold(board, LinkUp(venue=MAKER), START_NS).verdicts) == list(board.verdicts)


def test_the_reconciler_of_a_market_is_named_after_it() -> None:
    assert reconciler_of(TAKER, ASSET) == "reconciler/hyperliquid:BTC"
