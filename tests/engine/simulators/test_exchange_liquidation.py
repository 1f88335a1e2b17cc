import pytest

from engine.simulators.exchange import (
    AccountLiquidated,
    CrowdSpec,
    DoneReason,
    Event,
    Exchange,
    FillCause,
    LiquidationMethod,
    MarketMode,
    MarketModeChanged,
    OrderDone,
    OrderFilled,
    OrderRejected,
    RejectReason,
)
from tests.engine.simulators.exchange_builders import (
    HOUR_NS,
    NS_PER_S,
    T0,
    D,
    conserved,
    exchange,
    kinds,
    open_venue,
    order,
    point,
)

DEEP = (("0", "100"), ("10", "200"), ("100", "1000"))
LATER = T0 + NS_PER_S


def leveraged(size: str, deposit: int) -> Exchange:
    """Carol holds `size` BTC bought or sold at 50 000 with `deposit` USD; alice rests an order of her own."""
    venue = exchange()
    venue.set_point(T0, point(depth=DEEP))
    venue.open_account("carol", D(deposit))
    venue.set_position(T0, "carol", "BTC", D(size))
    return venue


def move(venue: Exchange, mid: int, at_ns: int = LATER) -> tuple[Event, ...]:
    return venue.set_point(at_ns, point(mid, at_ns=at_ns, depth=DEEP))


def fills_of(events: tuple[Event, ...], account: str) -> list[OrderFilled]:
    return [e for e in events if isinstance(e, OrderFilled) and e.account == account]


@pytest.mark.parametrize(("size", "mid"), [("10", 47_880), ("-10", 52_100)])
def test_below_maintenance_an_account_is_liquidated_against_the_book(size: str, mid: int) -> None:
    venue = leveraged(size, 33_000)
    side, price = ("buy", "47000") if D(size) > 0 else ("sell", "53000")
    venue.place(T0, "carol", order(side, "0.001", price))
    assert move(venue, 50_000 + (mid - 50_000) // 2, T0 + 1) == ()
    events = move(venue, mid)
    assert isinstance(events[0], AccountLiquidated)
    assert (events[0].method, events[0].account) == (LiquidationMethod.MARKET, "carol")
    assert events[0].equity_usd < events[0].maintenance_usd
    assert isinstance(events[1], OrderDone)
    assert events[1].reason is DoneReason.LIQUIDATED
    (fill,) = fills_of(events, "carol")
    assert (fill.cause, fill.liquidated_account, fill.is_taker) == (FillCause.LIQUIDATION, "carol", True)
    assert fill.position_after == 0
    left = venue.account_view("carol")
    assert left is not None
    assert left.equity_usd > 0
    assert conserved(venue)


def test_below_two_thirds_of_maintenance_the_backstop_takes_positions_and_collateral() -> None:
    venue = leveraged("10", 27_000)
    events = move(venue, 48_000)
    assert isinstance(events[0], AccountLiquidated)
    assert events[0].method is LiquidationMethod.BACKSTOP
    assert events[0].collateral_taken_usd == events[0].equity_usd == D(7_000)
    (fill,) = fills_of(events, "carol")
    assert (fill.cause, fill.price, fill.fee_usd) == (FillCause.BACKSTOP, D(48_000), D(0))
    left = venue.account_view("carol")
    assert left is not None
    assert left.equity_usd == 0
    assert conserved(venue)


def test_below_zero_the_profitable_side_is_deleveraged_by_rank() -> None:
    venue = leveraged("10", 15_000)
    venue.open_account("dave", D(30_000))
    venue.set_position(T0, "dave", "BTC", D(-6))
    venue.set_position(T0, "alice", "BTC", D(-6))
    venue.set_position(T0, "bob", "BTC", D(1))
    venue.place(T0, "dave", order("buy", "6", "45000", reduce_only=True))
    assert venue.adl_rank("dave", "BTC") == 0
    events = move(venue, 48_000)
    assert isinstance(events[0], AccountLiquidated)
    assert (events[0].method, events[0].collateral_taken_usd) == (LiquidationMethod.ADL, D(-5_000))
    (daves,) = fills_of(events, "dave")
    (alices,) = fills_of(events, "alice")
    assert (daves.cause, daves.price, daves.size, daves.fee_usd) == (FillCause.ADL, D(48_000), D(6), D(0))
    assert (alices.size, alices.closed_pnl_usd, alices.liquidated_account) == (D(4), D(8_000), "carol")
    assert [f.cause for f in fills_of(events, "carol")] == [FillCause.BANKRUPTCY] * 2
    assert fills_of(events, "bob") == []
    ended = [e.reason for e in events if isinstance(e, OrderDone)]
    assert ended == [DoneReason.REDUCE_ONLY_CANCELED]
    assert venue.adl_rank("alice", "BTC") == 1
    assert venue.adl_rank("bob", "BTC") == 0
    assert venue.adl_rank("dave", "BTC") is None
    assert conserved(venue)


def test_what_the_queue_cannot_take_goes_to_the_backstop() -> None:
    venue = leveraged("-10", 15_000)
    venue.set_position(T0, "alice", "BTC", D(4))
    events = move(venue, 52_000)
    assert [f.size for f in fills_of(events, "carol")] == [D(4), D(6)]
    assert venue.position("alice", "BTC") is None
    assert conserved(venue)


def test_the_rank_is_a_quantile_and_leverage_puts_an_account_in_front() -> None:
    venue = leveraged("1", 1_000_000)
    for name, deposit in (("dave", 200_000), ("erin", 30_000)):
        venue.open_account(name, D(deposit))
        venue.set_position(T0, name, "BTC", D(1))
    move(venue, 51_000)
    ranks = [venue.adl_rank(name, "BTC") for name in ("erin", "dave", "carol")]
    assert ranks == [D(1), D(2) / 3, D(1) / 3]


def test_a_liquidation_that_finds_no_buyers_goes_on_at_the_next_point() -> None:
    venue = leveraged("10", 33_000)
    thin = (("0", "0.1"), ("500", "100"))
    events = venue.set_point(LATER, point(47_880, at_ns=LATER, depth=thin))
    assert sum(f.size for f in fills_of(events, "carol")) == D("0.1")
    again = LATER + NS_PER_S
    events = venue.set_point(again, point(47_880, at_ns=again, depth=thin))
    assert fills_of(events, "carol") != []
    assert conserved(venue)


def test_a_resting_order_hit_by_a_liquidation_is_an_ordinary_fill_that_names_the_liquidated() -> None:
    venue = leveraged("10", 33_000)
    thin = (("50", "100"),)
    venue.place(T0, "alice", order("buy", "1", "47860"))
    events = venue.set_point(LATER, point(47_880, at_ns=LATER, depth=thin))
    (fill,) = fills_of(events, "alice")
    assert (fill.cause, fill.is_taker) == (FillCause.ORDER, False)
    assert (fill.liquidated_account, fill.liquidation_method) == ("carol", LiquidationMethod.MARKET)


def test_funding_alone_can_liquidate() -> None:
    venue = leveraged("10", 12_600)
    venue.force_funding_rate("BTC", D("0.001"))
    events = venue.settle_funding(T0 + HOUR_NS)
    assert "AccountLiquidated" in kinds(events)
    assert conserved(venue)


def test_the_liquidation_fee_is_the_venues_rule() -> None:
    venue = open_venue(liquidation_fee=D("0.0075"))
    venue.set_position(T0, "alice", "BTC", D(1))
    events = venue.liquidate(T0, "alice", "BTC")
    (fill,) = fills_of(events, "alice")
    assert fill.fee_usd == D(49_990) * D("0.0075")


def test_the_deleverage_lever_closes_a_part_at_mark_without_fee() -> None:
    venue = open_venue()
    venue.set_position(T0, "alice", "BTC", D(2))
    (fill,) = fills_of(venue.deleverage(T0, "alice", "BTC", D("0.5")), "alice")
    assert (fill.cause, fill.size, fill.price, fill.is_buy) == (FillCause.ADL, D("0.5"), D(50_000), False)
    (rest,) = fills_of(venue.deleverage(T0, "alice", "BTC"), "alice")
    assert rest.position_after == 0
    assert venue.deleverage(T0, "alice", "BTC") == ()
    assert conserved(venue)


def test_the_liquidate_lever_walks_the_book_and_hands_the_rest_over_at_mark() -> None:
    venue = open_venue()
    venue.set_leverage("alice", "BTC", 20)
    venue.set_position(T0, "alice", "BTC", D(-20))
    venue.place(T0, "alice", order("buy", "1", "49000", reduce_only=True))
    events = venue.liquidate(T0, "alice", "BTC")
    assert kinds(events)[:2] == ["AccountLiquidated", "OrderDone"]
    causes = [(f.cause, f.size) for f in fills_of(events, "alice")]
    assert causes[-1] == (FillCause.BACKSTOP, D(7))
    assert sum(size for _, size in causes) == D(20)
    assert venue.liquidate(T0, "alice", "BTC") == ()


def test_the_manual_lever_trades_to_a_size_nobody_ordered() -> None:
    venue = open_venue()
    (fill,) = venue.set_position(T0, "alice", "BTC", D("-0.3"))
    assert isinstance(fill, OrderFilled)
    assert (fill.cause, fill.position_after) == (FillCause.MANUAL, D("-0.3"))
    assert venue.order("alice", fill.order_id) is None
    assert venue.set_position(T0, "alice", "BTC", D("-0.3")) == ()


def test_a_halted_market_neither_matches_nor_liquidates_but_cancels() -> None:
    venue = leveraged("10", 33_000)
    accepted = venue.place(T0, "alice", order("buy", "1", "49900"))[0]
    assert venue.halt(T0, "BTC") == (MarketModeChanged(at_ns=T0, asset="BTC", mode=MarketMode.HALTED),)
    assert venue.halt(T0, "BTC") == ()
    assert move(venue, 47_900) == ()
    refusal = venue.place(LATER, "alice", order("buy", "1", "47000"))[0]
    assert isinstance(refusal, OrderRejected)
    assert refusal.reason is RejectReason.MARKET_HALTED
    assert not isinstance(accepted, OrderRejected)
    assert kinds(venue.cancel_all(LATER, "alice")) == ["OrderDone"]
    venue.reopen(LATER, "BTC")
    assert "AccountLiquidated" in kinds(move(venue, 47_890, LATER + 1))


def test_reduce_only_mode_cancels_what_could_open_and_lets_positions_close() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "alice", order("sell", "1", "51000", reduce_only=True))
    venue.place(T0, "bob", order("buy", "1", "49000"))
    events = venue.reduce_only_mode(T0, "BTC")
    assert [(e.account, e.reason) for e in events if isinstance(e, OrderDone)] == [
        ("bob", DoneReason.MARKET_MODE_CANCELED)
    ]
    refusal = venue.place(T0, "bob", order("buy", "1"))[0]
    assert isinstance(refusal, OrderRejected)
    assert refusal.reason is RejectReason.MARKET_REDUCE_ONLY_MODE
    assert kinds(venue.place(T0, "alice", order("sell", "1", None, reduce_only=True)))[1] == "OrderFilled"


CROWD = CrowdSpec(accounts_per_asset=20, leverage_min=5, leverage_max=19)


def test_a_crash_through_a_leveraged_crowd_deleverages_a_profitable_short() -> None:
    venue = exchange(crowd=CROWD)
    venue.set_point(T0, point(depth=DEEP))
    venue.set_leverage("alice", "BTC", 20)
    venue.set_position(T0, "alice", "BTC", D(-20))
    before = venue.ledger()
    assert before.value_usd == before.deposits_usd
    events = move(venue, 40_000)
    assert FillCause.ADL in [f.cause for f in fills_of(events, "alice")]
    assert conserved(venue)


def test_the_crowd_is_decided_by_the_seed_and_comes_back_at_the_hour() -> None:
    sizes, venue = [], exchange(crowd=CROWD)
    for seed in (1, 1, 2):
        venue = exchange(crowd=CROWD, seed=seed)
        venue.set_point(T0, point())
        position = venue.position("crowd:BTC:3", "BTC")
        assert position is not None
        sizes.append(position.size)
    assert sizes[0] == sizes[1] != sizes[2]
    move(venue, 40_000)
    assert venue.position("crowd:BTC:0", "BTC") is None
    venue.settle_funding(T0 + HOUR_NS)
    assert venue.position("crowd:BTC:0", "BTC") is not None
    assert conserved(venue)


def test_without_a_crowd_nobody_else_is_there() -> None:
    venue = open_venue()
    assert not venue.has_account("crowd:BTC:0")
