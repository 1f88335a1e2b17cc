from engine.simulators.exchange import DoneReason, OrderDone, OrderFilled, TimeInForce
from tests.engine.simulators.exchange_builders import NS_PER_S, T0, D, conserved, kinds, open_venue, order, point

POST = {"time_in_force": TimeInForce.POST_ONLY}
LATER = T0 + NS_PER_S


def test_the_external_book_moving_through_a_resting_order_fills_it_at_its_own_price() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5", "49990", **POST))
    events = venue.set_point(LATER, point(49_900, at_ns=LATER))
    fill, done = events
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.size, fill.is_taker, fill.fee_usd) == (D(49990), D("0.5"), False, D("2.4995"))
    assert isinstance(done, OrderDone)
    assert done.reason is DoneReason.FILLED
    assert venue.book("BTC").asks[0].size == D("0.5")
    assert conserved(venue)


def test_a_crossed_order_fills_only_as_far_as_the_crossing_size_goes() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("sell", "5", "50010", **POST))
    events = venue.set_point(LATER, point(50_040, at_ns=LATER))
    fills = [event for event in events if isinstance(event, OrderFilled)]
    assert sum(f.size for f in fills) == D(1)
    assert venue.open_orders("alice")[0].remaining == D(4)


def test_a_resting_order_waits_behind_the_queue_at_its_price() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5", "49990", **POST))
    assert venue.set_point(LATER, point(at_ns=LATER, sells="0.8")) == ()
    (fill,) = venue.set_point(LATER + NS_PER_S, point(at_ns=LATER + NS_PER_S, sells="0.6"))
    assert isinstance(fill, OrderFilled)
    assert (fill.size, fill.price) == (D("0.4"), D(49990))
    events = venue.set_point(LATER + 2 * NS_PER_S, point(at_ns=LATER + 2 * NS_PER_S, sells="0.6"))
    assert kinds(events) == ["OrderFilled", "OrderDone"]


def test_two_orders_at_one_price_share_the_queue_and_fill_in_order_of_arrival() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5", "49990", **POST))
    venue.place(T0, "bob", order("buy", "0.5", "49990", **POST))
    events = venue.set_point(LATER, point(at_ns=LATER, sells="1.7"))
    fills = [(e.account, e.size) for e in events if isinstance(e, OrderFilled)]
    assert fills == [("alice", D("0.5")), ("bob", D("0.2"))]


def test_an_order_that_improves_the_touch_is_first_in_line() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("sell", "0.5", "50005", **POST))
    (fill,) = venue.set_point(LATER, point(at_ns=LATER, buys="0.3"))
    assert isinstance(fill, OrderFilled)
    assert (fill.size, fill.price) == (D("0.3"), D(50005))


def test_flow_must_eat_better_levels_first() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5", "49950", **POST))
    assert venue.set_point(LATER, point(at_ns=LATER, sells="0.9")) == ()
    (fill,) = venue.set_point(LATER + NS_PER_S, point(at_ns=LATER + NS_PER_S, sells="1.2"))
    assert isinstance(fill, OrderFilled)
    assert fill.size == D("0.2")


def test_a_silence_counts_as_a_minute_of_flow_at_most() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("sell", "5", "50005", **POST))
    later = T0 + 600 * NS_PER_S
    (fill,) = venue.set_point(later, point(at_ns=later, buys="0.01"))
    assert isinstance(fill, OrderFilled)
    assert fill.size == D("0.6")


def test_a_taker_meets_better_resting_orders_before_the_external_book() -> None:
    venue = open_venue()
    venue.place(T0, "bob", order("sell", "0.3", "50000", **POST))
    events = venue.place(T0, "alice", order("buy", "0.5", "50010", time_in_force=TimeInForce.IOC))
    fills = [(e.account, e.price, e.size, e.is_taker) for e in events if isinstance(e, OrderFilled)]
    assert fills == [
        ("alice", D(50000), D("0.3"), True),
        ("bob", D(50000), D("0.3"), False),
        ("alice", D(50010), D("0.2"), True),
    ]
    trades = [e.trade_id for e in events if isinstance(e, OrderFilled)]
    assert trades[0] == trades[1] != trades[2]
    assert conserved(venue)


def test_a_taker_eats_the_queue_before_the_order_behind_it() -> None:
    venue = open_venue()
    venue.place(T0, "bob", order("sell", "0.3", "50010", **POST))
    events = venue.place(T0, "alice", order("buy", "1.2", "50010", time_in_force=TimeInForce.IOC))
    fills = [(e.account, e.size) for e in events if isinstance(e, OrderFilled)]
    assert fills == [("alice", D(1)), ("alice", D("0.2")), ("bob", D("0.2"))]


def test_a_taker_that_meets_its_own_order_cancels_it_and_goes_on() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("sell", "0.3", "50000", **POST))
    events = venue.place(T0, "alice", order("buy", "0.3", "50010", time_in_force=TimeInForce.IOC))
    assert kinds(events) == ["OrderAccepted", "OrderDone", "OrderFilled", "OrderDone"]
    assert isinstance(events[1], OrderDone)
    assert events[1].reason is DoneReason.SELF_TRADE


def test_a_reduce_only_maker_is_cut_to_its_position() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "alice", order("sell", "1", "50005", reduce_only=True))
    venue.set_position(T0, "alice", "BTC", D("0.4"))
    events = venue.place(T0, "bob", order("buy", "1", "50005", time_in_force=TimeInForce.IOC))
    alices = [e for e in events if isinstance(e, OrderFilled | OrderDone) and e.account == "alice"]
    assert kinds(tuple(alices)) == ["OrderFilled", "OrderDone"]
    assert venue.position("alice", "BTC") is None


def test_a_maker_whose_margin_is_gone_is_cancelled_instead_of_filled() -> None:
    venue = open_venue()
    venue.set_leverage("alice", "BTC", 20)
    venue.place(T0, "alice", order("buy", "20"))
    venue.place(T0, "alice", order("buy", "14", "49000", **POST))
    events = venue.set_point(LATER, point(47_000, at_ns=LATER))
    reasons = [e.reason for e in events if isinstance(e, OrderDone)]
    assert reasons == [DoneReason.MARGIN_CANCELED]


def test_post_only_orders_never_take() -> None:
    venue = open_venue()
    venue.place(T0, "bob", order("sell", "0.3", "50000", **POST))
    assert kinds(venue.place(T0, "alice", order("buy", "0.3", "50000", **POST))) == ["OrderRejected"]
    assert kinds(venue.place(T0, "alice", order("buy", "0.3", "49999", **POST))) == ["OrderAccepted"]


def test_the_book_shows_external_and_resting_size_together() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5", "49990", **POST))
    best = venue.book("BTC", levels=2).bids
    assert [(lv.price, lv.size, lv.orders) for lv in best] == [(D(49990), D("1.5"), 2), (D(49940), D(2), 1)]


def test_a_mid_on_the_lattice_with_no_spread_still_gives_a_book_that_is_not_crossed() -> None:
    venue = open_venue()
    venue.set_point(LATER, point(at_ns=LATER, spread_bps="0"))
    book = venue.book("BTC")
    assert book.bids[0].price < book.asks[0].price


def test_an_empty_book_has_no_levels_and_takes_nothing() -> None:
    venue = open_venue()
    venue.set_point(LATER, point(at_ns=LATER, depth=()))
    assert venue.book("BTC").bids == ()
    assert kinds(venue.place(LATER, "alice", order("buy", "1"))) == ["OrderRejected"]
