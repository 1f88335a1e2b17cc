"""A book is believed only while its series is whole and its sides do not meet."""

import json

import msgspec
import pytest

from actors.domain import Venue
from actors.messages import QuoteUpdated
from engine.venues.assets import listed
from engine.venues.lighter import codec_stream
from engine.venues.lighter.book import Book
from engine.venues.lighter.markets import Market
from engine.venues.lighter.wire import MarketConfig, MarketRow
from engine.venues.lighter.wire_stream import Level, OrderBook, OrderBookFrame
from engine.venues.link import FrameError
from tests.engine.venues import ladders
from tests.engine.venues.lighter.world import D
from tests.shared import fixtures_root


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


def deep(own):
    """Its quote with ladders."""
    touch = own.quote(0)
    return own.with_depth(
        QuoteUpdated(
            venue=Venue.LIGHTER,
            asset=own.market.asset,
            bid=touch.bid,
            bid_size=touch.bid_size,
            ask=touch.ask,
            ask_size=touch.ask_size,
            venue_at_ns=0,
        )
    )


def test_its_ladders_are_those_of_all_levels_after_the_changes():
    own = book()
    own.begin(FIRST)
    assert ladders.same(deep(own), [("2000", "1.5"), ("1999", "3")], [("2001", "2"), ("2002", "4")])
    own.change(frame(10, 11, bids=[("2000.00", "0"), ("1990", "8")], asks=[("2002.0", "5")]))
    assert ladders.same(deep(own), [("1999", "3"), ("1990", "8")], [("2001", "2"), ("2002", "5")])


def test_a_recorded_book_comes_to_its_own_sums():
    """Nothing rests within 1 % of its mid, so a bid is put below its best ask."""
    recorded = (fixtures_root() / "lighter/nautilus/ws_order_book_subscribed.json").read_bytes()
    sides = json.loads(recorded)["order_book"]
    bids, asks = ([(level["price"], level["size"]) for level in sides[side]] for side in ("bids", "asks"))
    own = book()
    own.begin(codec_stream.decode_book(recorded))
    assert not ladders.same(deep(own), bids, asks)
    own.change(frame(904845, 904846, bids=[("2324.00", "1.5000")]))
    assert ladders.same(deep(own), [("2324.00", "1.5"), *bids], asks)
    assert deep(own).ask_depths == (0, 99, 99, 99, 99, D("439.1028"))


def test_a_market_counted_by_the_thousand_has_ladders_by_the_token():
    own = book("1000PEPE")
    own.begin(frame(0, 1, bids=[("0.02", "7"), ("0.01999", "1")], asks=[("0.02001", "8")]))
    assert ladders.same(deep(own), [("0.00002", 7000), ("0.00001999", 1000)], [("0.00002001", 8000)])
