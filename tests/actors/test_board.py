from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import NOTHING_TOLD, PASTS_MOST, Board, changed_entry, fold, market_key
from actors.messages import AnyMessage, CloseAsked, InstrumentListed, LinkLost, LinkUp
from tests.factories import ASSET, MAKER, TAKER, account, board_of, instrument, quote, sample, two_venues
from tests.playbook import START_NS

FACTS: tuple[AnyMessage, ...] = (
    quote(TAKER),
    sample(TAKER),
    InstrumentListed(instrument=instrument(TAKER)),
    LinkUp(venue=TAKER),
    LinkLost(venue=TAKER, reason="cut"),
    account(TAKER),
)


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
