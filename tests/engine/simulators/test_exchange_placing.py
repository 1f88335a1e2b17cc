import pytest

from engine.simulators.exchange import (
    CancelRejected,
    CancelRejectReason,
    DoneReason,
    Exchange,
    NewOrder,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderStatus,
    RejectReason,
    TimeInForce,
)
from tests.engine.simulators.exchange_builders import (
    NS_PER_S,
    SOL,
    T0,
    D,
    conserved,
    exchange,
    kinds,
    open_venue,
    order,
    point,
)


def refused(venue: Exchange, wish: NewOrder, account: str = "alice") -> OrderRejected:
    event = venue.place(T0, account, wish)[0]
    assert isinstance(event, OrderRejected), event
    return event


REFUSALS = [
    (order("buy", "1", "50000", asset="XYZ"), RejectReason.UNKNOWN_ASSET),
    (order("buy", "100", "10", asset="SOL"), RejectReason.NO_PRICE_YET),
    (order("buy", "1", "49000", expires_at_ns=T0), RejectReason.EXPIRED),
    (order("buy", "0", "50000"), RejectReason.ZERO_SIZE),
    (order("buy", "-1", "50000"), RejectReason.ZERO_SIZE),
    (order("buy", "NaN", "50000"), RejectReason.ZERO_SIZE),
    (order("buy", "0.000001", "50000"), RejectReason.LOT),
    (order("buy", "1e30", "50000"), RejectReason.LOT),
    (order("buy", "1", "0"), RejectReason.BAD_PRICE),
    (order("buy", "1", "NaN"), RejectReason.BAD_PRICE),
    (order("buy", "1", "1e40"), RejectReason.BAD_PRICE),
    (order("buy", "1", None, max_slippage=None), RejectReason.BAD_PRICE),
    (order("buy", "1", None, time_in_force=TimeInForce.GTC), RejectReason.BAD_PRICE),
    (order("buy", "1", "50000.5"), RejectReason.TICK),
    (order("buy", "1", "90001"), RejectReason.PRICE_TOO_FAR),
    (order("sell", "1", "9999.9"), RejectReason.PRICE_TOO_FAR),
    (order("sell", "1", "51000", reduce_only=True), RejectReason.REDUCE_ONLY_WOULD_INCREASE),
    (order("buy", "0.0001", "49000"), RejectReason.MIN_NOTIONAL),
    (order("buy", "1", "50010", time_in_force=TimeInForce.POST_ONLY), RejectReason.POST_ONLY_WOULD_CROSS),
    (order("buy", "41", "49000"), RejectReason.MARGIN),
    (order("buy", "1", "50009", time_in_force=TimeInForce.IOC), RejectReason.IOC_NO_LIQUIDITY),
    (order("buy", "1", None, max_slippage=D("0.0001")), RejectReason.IOC_NO_LIQUIDITY),
]


@pytest.mark.parametrize(("wish", "reason"), REFUSALS, ids=[f"{r}-{i}" for i, (_, r) in enumerate(REFUSALS)])
def test_an_impossible_order_is_refused_for_its_own_reason_and_changes_nothing(
    wish: NewOrder, reason: RejectReason
) -> None:
    venue = open_venue()
    event = refused(venue, wish)
    assert event.reason is reason
    remembered = venue.order("alice", event.order_id)
    assert remembered is not None
    assert remembered.status is OrderStatus.REJECTED
    assert remembered.reject_reason is reason
    view = venue.account_view("alice")
    assert view is not None
    assert (view.equity_usd, view.positions, venue.open_orders("alice")) == (D(100_000), (), ())


def test_an_unknown_account_is_refused() -> None:
    assert refused(open_venue(), order("buy", "1", "49000"), "carol").reason is RejectReason.UNKNOWN_ACCOUNT


def test_a_refusal_names_the_best_bid_and_ask_and_the_bound() -> None:
    event = refused(open_venue(), order("buy", "1", "50010", time_in_force=TimeInForce.POST_ONLY))
    assert (event.best_bid, event.best_ask, event.limit) == (D(49990), D(50010), D(50010))
    assert refused(open_venue(), order("buy", "0.0001", "49000")).limit == D(10)


def test_too_many_open_orders_are_refused() -> None:
    venue = open_venue(max_open_orders=2)
    for _ in range(2):
        venue.place(T0, "alice", order("buy", "0.001", "49000"))
    assert refused(venue, order("buy", "0.001", "49000")).reason is RejectReason.TOO_MANY_OPEN_ORDERS
    assert kinds(venue.place(T0, "alice", order("buy", "0.001")))[0] == "OrderAccepted"


def test_whole_prices_beyond_five_figures_are_on_the_lattice() -> None:
    venue = exchange()
    venue.set_point(T0, point(123_456))
    assert kinds(venue.place(T0, "alice", order("buy", "0.1", "123001"))) == ["OrderAccepted"]
    assert refused(venue, order("buy", "0.1", "123001.5")).reason is RejectReason.TICK


def test_a_tick_size_is_a_lattice_too() -> None:
    assert SOL.price_fits(D("123.45"))
    assert not SOL.price_fits(D("123.455"))
    assert (SOL.floor_price(D("9.999")), SOL.ceil_price(D("9.991"))) == (D("9.99"), D("10.00"))


def test_an_ioc_takes_level_after_level_up_to_its_limit_and_the_remainder_ends() -> None:
    venue = open_venue()
    events = venue.place(T0, "alice", order("buy", "3.5", "50060", time_in_force=TimeInForce.IOC))
    accepted, first, second, done = events
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(first, OrderFilled)
    assert isinstance(second, OrderFilled)
    assert isinstance(done, OrderDone)
    assert accepted.resting_size == 0
    assert [(f.price, f.size, f.is_taker) for f in (first, second)] == [(D(50010), D(1), True), (D(50060), D(2), True)]
    assert (first.fee_usd, first.position_before, first.position_after) == (D("20.004"), D(0), D(1))
    assert (done.reason, done.filled) == (DoneReason.IOC_REMAINDER, D(3))
    view = venue.order("alice", accepted.order_id)
    assert view is not None
    assert view.average_price == D("50043.33333333")
    assert conserved(venue)


def test_a_market_order_stays_inside_its_slippage() -> None:
    venue = open_venue()
    events = venue.place(T0, "alice", order("sell", "3", max_slippage=D("0.0005")))
    fills = [event for event in events if isinstance(event, OrderFilled)]
    assert [(f.price, f.size) for f in fills] == [(D(49990), D(1))]


def test_liquidity_taken_is_gone_until_the_next_point() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    assert venue.book("BTC").asks[0].price == D(50060)
    venue.set_point(T0 + 1, point())
    assert venue.book("BTC").asks[0].price == D(50060)
    venue.set_point(T0 + NS_PER_S, point(at_ns=T0 + NS_PER_S))
    assert venue.book("BTC").asks[0].price == D(50010)


def test_a_gtc_order_takes_what_crosses_and_rests_the_remainder() -> None:
    venue = open_venue()
    events = venue.place(T0, "alice", order("buy", "1.5", "50010"))
    assert kinds(events) == ["OrderAccepted", "OrderFilled"]
    assert isinstance(events[0], OrderAccepted)
    assert events[0].resting_size == D("0.5")
    (resting,) = venue.open_orders("alice")
    assert (resting.remaining, resting.filled) == (D("0.5"), D(1))
    assert venue.book("BTC").bids[0].price == D(50010)


def test_reduce_only_larger_than_the_position_is_capped() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5"))
    events = venue.place(T0, "alice", order("sell", "2", None, reduce_only=True))
    assert isinstance(events[0], OrderAccepted)
    assert events[0].size == D("0.5")
    assert kinds(events) == ["OrderAccepted", "OrderFilled", "OrderDone"]
    assert venue.position("alice", "BTC") is None


def test_reduce_only_larger_than_the_position_is_refused_where_the_rules_say_so() -> None:
    venue = open_venue(reduce_only_caps=False)
    venue.place(T0, "alice", order("buy", "0.5"))
    too_large = refused(venue, order("sell", "2", None, reduce_only=True))
    assert (too_large.reason, too_large.limit) == (RejectReason.REDUCE_ONLY_WOULD_INCREASE, D("0.5"))


def test_reduce_only_is_exempt_from_the_minimum_notional() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5"))
    assert kinds(venue.place(T0, "alice", order("sell", "0.00001", None, reduce_only=True)))[0] == "OrderAccepted"


def test_a_second_resting_reduce_only_order_that_does_not_fit_cancels_the_first() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    first = venue.place(T0, "alice", order("sell", "0.7", "51000", reduce_only=True))[0]
    events = venue.place(T0, "alice", order("sell", "0.6", "52000", reduce_only=True))
    assert kinds(events) == ["OrderAccepted", "OrderDone"]
    assert isinstance(first, OrderAccepted)
    assert isinstance(events[1], OrderDone)
    assert (events[1].order_id, events[1].reason) == (first.order_id, DoneReason.REDUCE_ONLY_CANCELED)


def test_resting_reduce_only_orders_end_when_the_position_is_closed_otherwise() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "alice", order("sell", "1", "51000", reduce_only=True))
    events = venue.place(T0, "alice", order("sell", "1"))
    ends = [event.reason for event in events if isinstance(event, OrderDone)]
    assert ends == [DoneReason.REDUCE_ONLY_CANCELED, DoneReason.FILLED]


def test_a_client_order_id_is_used_once_unless_its_order_was_rejected() -> None:
    venue = open_venue()
    bad, good = order("buy", "1", "50000.5", client_order_id="x"), order("buy", "0.1", "49000", client_order_id="x")
    assert refused(venue, bad).reason is RejectReason.TICK
    rejected = venue.order_by_client_id("alice", "x")
    assert rejected is not None
    assert rejected.status is OrderStatus.REJECTED
    assert kinds(venue.place(T0, "alice", good)) == ["OrderAccepted"]
    assert refused(venue, good).reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID
    assert kinds(venue.place(T0, "bob", good)) == ["OrderAccepted"]
    venue.cancel_by_client_id(T0, "alice", "x")
    assert refused(venue, good).reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID
    found = venue.order_by_client_id("alice", "x")
    assert found is not None
    assert found.done_reason is DoneReason.CANCELED
    assert venue.order_by_client_id("alice", "never") is None


def test_cancelling_what_is_not_there_says_why() -> None:
    venue = open_venue()
    accepted = venue.place(T0, "alice", order("buy", "0.1", "49000", client_order_id="x"))[0]
    assert isinstance(accepted, OrderAccepted)
    assert kinds(venue.cancel(T0, "alice", accepted.order_id)) == ["OrderDone"]
    answers = (
        venue.cancel(T0, "alice", accepted.order_id),
        venue.cancel_by_client_id(T0, "alice", "x"),
        venue.cancel(T0, "alice", 999),
        venue.cancel_by_client_id(T0, "alice", "y"),
        venue.cancel(T0, "bob", accepted.order_id),
        venue.cancel(T0, "carol", accepted.order_id),
    )
    reasons = [answer[0].reason for answer in answers if isinstance(answer[0], CancelRejected)]
    done, unknown = CancelRejectReason.ALREADY_DONE, CancelRejectReason.UNKNOWN_ORDER
    assert reasons == [done, done, unknown, unknown, unknown, CancelRejectReason.UNKNOWN_ACCOUNT]


def test_cancel_all_can_keep_the_reduce_only_orders() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "alice", order("sell", "1", "51000", reduce_only=True))
    venue.place(T0, "alice", order("buy", "0.1", "49000"))
    assert len(venue.cancel_all(T0, "alice", "BTC", keep_reduce_only=True)) == 1
    assert len(venue.cancel_all(T0, "alice", "SOL")) == 0
    assert len(venue.cancel_all(T0, "alice")) == 1
    assert venue.cancel_all(T0, "carol") == ()


def test_replacing_gives_a_new_order_id_and_never_places_without_cancelling() -> None:
    venue = open_venue()
    accepted = venue.place(T0, "alice", order("buy", "0.1", "49000"))[0]
    assert isinstance(accepted, OrderAccepted)
    events = venue.replace(T0, "alice", accepted.order_id, order("buy", "0.1", "49100"))
    assert kinds(events) == ["OrderDone", "OrderAccepted"]
    assert kinds(venue.replace(T0, "alice", accepted.order_id, order("buy", "0.1", "49200"))) == ["CancelRejected"]
    assert [o.price for o in venue.open_orders("alice")] == [D(49100)]


def test_a_resting_order_ends_when_its_time_comes() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.1", "49000", expires_at_ns=T0 + 5 * NS_PER_S))
    assert venue.expire(T0 + 4 * NS_PER_S) == ()
    (done,) = venue.expire(T0 + 5 * NS_PER_S)
    assert isinstance(done, OrderDone)
    assert done.reason is DoneReason.EXPIRED


def test_an_order_past_its_time_is_not_filled_by_a_taker_that_comes_before_the_sweep() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.1", "50000", expires_at_ns=T0 + 5))
    events = venue.place(T0 + 5, "bob", order("sell", "0.1", "50000"))
    assert kinds(events) == ["OrderAccepted", "OrderDone"]


def test_an_armed_cap_makes_the_next_ioc_fill_partly() -> None:
    venue = open_venue()
    venue.cap_next_ioc(D("0.4"), account="alice")
    bobs = venue.place(T0, "bob", order("buy", "0.5"))
    assert isinstance(bobs[-1], OrderDone)
    assert bobs[-1].filled == D("0.5")
    events = venue.place(T0, "alice", order("buy", "0.5"))
    assert isinstance(events[-1], OrderDone)
    assert (events[-1].filled, events[-1].reason) == (D("0.2"), DoneReason.IOC_REMAINDER)
    again = venue.place(T0, "alice", order("buy", "0.1"))
    assert isinstance(again[-1], OrderDone)
    assert again[-1].reason is DoneReason.FILLED


def test_an_ioc_capped_to_nothing_is_refused() -> None:
    venue = open_venue()
    venue.cap_next_ioc(D(0))
    assert refused(venue, order("buy", "0.5")).reason is RejectReason.IOC_NO_LIQUIDITY


def test_old_closed_orders_are_forgotten_open_ones_never() -> None:
    venue = open_venue(history_limit=3)
    kept = venue.place(T0, "alice", order("buy", "0.001", "49000", client_order_id="kept"))[0]
    assert isinstance(kept, OrderAccepted)
    for number in range(5):
        venue.place(T0, "alice", order("buy", "0.001", None, client_order_id=f"c{number}"))
    assert venue.order("alice", kept.order_id) is not None
    assert venue.order_by_client_id("alice", "c0") is None
    assert venue.order_by_client_id("alice", "c4") is not None
    assert len(venue.fills_since("alice", 0)) == 3


def test_queries_select_by_time() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.1"))
    venue.place(T0 + 10, "alice", order("buy", "0.1"))
    assert len(venue.fills_since("alice", T0)) == 2
    assert len(venue.fills_since("alice", T0 + 1)) == 1
    assert len(venue.orders_since("alice", T0 + 1)) == 1
    assert venue.fills_since("carol", 0) == ()
