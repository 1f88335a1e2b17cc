"""Levels behind a touch: only what is worse than the touch counts, and only while it is not too old."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from actors.domain import Venue
from actors.messages import QuoteUpdated
from engine.venues.levels import Book, Books, Level, with_depth

D = Decimal
QUOTE = QuoteUpdated(
    venue=Venue.PACIFICA,
    asset="BTC",
    bid=D(99_990),
    bid_size=D(1),
    ask=D(100_010),
    ask_size=D(2),
    venue_at_ns=1_000,
)


def levels(*pairs: tuple[int, int]) -> tuple[Level, ...]:
    return tuple((D(price), D(size)) for price, size in pairs)


def ladder(*sizes: int) -> tuple[Decimal, ...]:
    return tuple(D(size) for size in sizes)


BIDS, ASKS = levels((99_980, 10), (99_900, 20), (99_000, 40)), levels((100_050, 100), (100_500, 200), (101_001, 400))
BOOK = Book(bids=BIDS, asks=ASKS, at_ns=900)
BID_DEPTHS = ladder(11, 11, 31, 31, 31, 71)
ASK_DEPTHS = ladder(2, 102, 102, 102, 302, 302)
TOUCH_ALONE = ladder(2, 2, 2, 2, 2, 2)


def test_a_ladder_is_the_touch_and_what_is_worse_than_it() -> None:
    deep = with_depth(QUOTE, BIDS, ASKS)
    assert (deep.bid_depths, deep.ask_depths) == (BID_DEPTHS, ASK_DEPTHS)
    assert replace(deep, bid_depths=(), ask_depths=()) == QUOTE


def test_levels_a_newer_touch_has_passed_are_gone_and_the_touch_is_counted_once() -> None:
    bids, asks = levels((99_995, 500), (99_990, 600), (99_980, 10)), levels((100_010, 700), (99_999, 9))
    passed = with_depth(QUOTE, bids, asks)
    assert passed.bid_depths == ladder(11, 11, 11, 11, 11, 11)
    assert passed.ask_depths == TOUCH_ALONE


def test_the_next_quote_carries_the_levels_told_before_it() -> None:
    books = Books(age_most_ns=500)
    assert books.behind(QUOTE) == QUOTE, "none were told"
    books.take("BTC", BOOK)
    books.take("ETH", Book(bids=(), asks=(), at_ns=2_000))
    assert books.behind(QUOTE).bid_depths == BID_DEPTHS


def test_older_levels_do_not_replace_newer_ones() -> None:
    books = Books(age_most_ns=500)
    books.take("BTC", BOOK)
    books.take("BTC", Book(bids=(), asks=(), at_ns=899))
    assert books.behind(QUOTE).ask_depths == ASK_DEPTHS
    books.take("BTC", Book(bids=(), asks=(), at_ns=900))
    assert books.behind(QUOTE).ask_depths == TOUCH_ALONE


def test_levels_too_old_for_the_quote_or_forgotten_leave_it_with_its_touch_alone() -> None:
    books = Books(age_most_ns=100)
    books.take("BTC", BOOK)
    assert books.behind(QUOTE).bid_depths == BID_DEPTHS
    late = replace(QUOTE, venue_at_ns=1_001)
    assert books.behind(late) == late
    books.forget()
    assert books.behind(QUOTE) == QUOTE
