"""A book is believed only while its series is whole and its sides do not meet."""

import msgspec
import pytest

from actors.domain import Venue
from engine.venues.assets import listed
from engine.venues.lighter.book import Book
from engine.venues.lighter.markets import Market
from engine.venues.lighter.wire import MarketConfig, MarketRow
from engine.venues.lighter.wire_stream import Level, OrderBook, OrderBookFrame
from engine.venues.link import FrameError
from tests.engine.venues.lighter.world import D


def row(symbol="ETH", **changes):
    fields = {
        "symbol": symbol,
        "market_id": 0,
        "status": "active",
        "taker_fee": "0.0000",
        "maker_fee": "0.0000",
        "min_base_amount": "0.0050",
        "min_quote_amount": "10.000000",
        "size_decimals": 4,
        "price_decimals": 2,
        "quote_multiplier": 1,
        "default_initial_margin_fraction": 500,
        "min_initial_margin_fraction": 200,
        "maintenance_margin_fraction": 120,
        "closeout_margin_fraction": 80,
        "market_config": MarketConfig(force_reduce_only=False),
    }
    return MarketRow(**(fields | changes))


def book(symbol="ETH"):
    return Book(Market(listed=listed(Venue.LIGHTER, symbol), row=row(symbol)))


def frame(begin, nonce, *, bids=(), asks=()):
    sides = {
        name: [Level(price=price, size=size) for price, size in levels]
        for name, levels in (("bids", bids), ("asks", asks))
    }
    return OrderBookFrame(
        type="update/order_book", channel="order_book:0", order_book=OrderBook(begin_nonce=begin, nonce=nonce, **sides)
    )


FIRST = frame(0, 10, bids=[("2000.0", "1.5"), ("1999", "3")], asks=[("2001.00", "2"), ("2002", "4")])


def test_the_touch_is_the_best_of_both_sides():
    own = book()
    own.begin(FIRST)
    quote = own.quote(5)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size, quote.at_ns) == (2000, D("1.5"), 2001, 2, 5)


def test_sizes_are_absolute_zero_removes_and_prices_are_compared_by_value():
    own = book()
    own.begin(FIRST)
    own.change(frame(10, 11, bids=[("2000.00", "0.5")], asks=[("2001", "0.0000")]))
    quote = own.quote(0)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (2000, D("0.5"), 2002, 4)


def test_a_gap_drops_the_book_until_it_begins_anew():
    own = book()
    own.begin(FIRST)
    with pytest.raises(FrameError, match="begin_nonce 11 does not continue 10"):
        own.change(frame(11, 12, bids=[("1998", "1")]))
    assert own.quote(0) is None
    own.change(frame(12, 13, bids=[("1998", "1")]))
    assert own.quote(0) is None
    own.begin(FIRST)
    assert own.quote(0).bid == 2000


def test_a_crossed_book_is_dropped():
    own = book()
    own.begin(FIRST)
    with pytest.raises(FrameError, match="bid 2001"):
        own.change(frame(10, 11, bids=[("2001", "1")]))
    assert not own.whole
    assert own.quote(0) is None
    with pytest.raises(FrameError, match="meets"):
        own.begin(frame(0, 1, bids=[("5", "1")], asks=[("5", "1")]))


def test_a_repeated_update_changes_nothing():
    own = book()
    own.begin(FIRST)
    own.change(frame(10, 11, bids=[("2000", "9")]))
    own.change(frame(10, 11, bids=[("2000", "1")]))
    assert own.quote(0).bid_size == 9


def test_half_a_book_gives_no_quote():
    own = book()
    own.begin(frame(0, 0))
    assert own.whole
    assert own.quote(0) is None
    own.change(frame(0, 1, bids=[("5", "1")]))
    assert own.quote(0) is None


def test_a_market_counted_by_the_thousand_is_quoted_by_the_token():
    own = book("1000PEPE")
    own.begin(frame(0, 1, bids=[("0.02", "7")], asks=[("0.03", "8")]))
    quote = own.quote(0)
    assert (quote.bid, quote.bid_size, quote.ask) == (D("0.00002"), 7000, D("0.00003"))
    assert msgspec.structs.asdict(quote)["ask_size"] == 8000
