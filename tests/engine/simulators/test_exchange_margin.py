import pytest

from engine.simulators.exchange import (
    Exchange,
    FeeSchedule,
    LeverageRejected,
    LeverageRejectReason,
    LeverageSet,
    OrderFilled,
)
from tests.engine.simulators.exchange_builders import (
    FEES,
    NS_PER_S,
    T0,
    D,
    conserved,
    exchange,
    open_venue,
    order,
    point,
)

LATER = T0 + NS_PER_S


def refusal(venue: Exchange, asset: str, leverage: int, account: str = "alice") -> LeverageRejectReason | None:
    (event,) = venue.set_leverage(account, asset, leverage)
    return event.reason if isinstance(event, LeverageRejected) else None


def test_leverage_is_bounded_and_remembered() -> None:
    venue = open_venue()
    assert venue.leverage("alice", "BTC") == 20
    assert refusal(venue, "BTC", 0) is LeverageRejectReason.BELOW_ONE
    assert refusal(venue, "BTC", 21) is LeverageRejectReason.ABOVE_MAX
    assert refusal(venue, "XYZ", 2) is LeverageRejectReason.UNKNOWN_ASSET
    assert refusal(venue, "BTC", 2, "carol") is LeverageRejectReason.UNKNOWN_ACCOUNT
    assert venue.set_leverage("alice", "BTC", 3) == (LeverageSet(account="alice", asset="BTC", leverage=3),)
    assert venue.leverage("alice", "BTC") == 3
    assert venue.leverage("alice", "SOL") == 10


def test_lowering_leverage_needs_the_margin_and_raising_does_not() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "5", "51000"))
    assert refusal(venue, "BTC", 2) is LeverageRejectReason.MARGIN
    assert refusal(venue, "BTC", 10) is None
    assert refusal(venue, "BTC", 20) is None


def test_some_venues_only_raise_leverage_while_a_position_is_open() -> None:
    venue = open_venue(leverage_can_be_lowered=False)
    assert refusal(venue, "BTC", 5) is None
    venue.place(T0, "alice", order("buy", "0.1"))
    assert refusal(venue, "BTC", 4) is LeverageRejectReason.LOWERING_WITH_POSITION
    assert refusal(venue, "BTC", 6) is None


def test_the_account_view_adds_up() -> None:
    venue = open_venue()
    venue.set_leverage("alice", "BTC", 5)
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "alice", order("buy", "1", "49000"))
    view = venue.account_view("alice")
    assert view is not None
    assert view.balance_usd == D(100_000) - D("20.004")
    assert view.unrealised_usd == D(-10)
    assert view.equity_usd == view.balance_usd + view.unrealised_usd
    assert (view.notional_usd, view.used_usd, view.order_margin_usd) == (D(50_000), D(10_000), D(10_000))
    assert view.maintenance_usd == D(1250)
    assert view.available_usd == view.equity_usd - D(20_000)
    (position,) = view.positions
    assert (position.entry_price, position.leverage, position.max_leverage) == (D(50010), 5, 20)
    assert position.margin_used_usd == D(10_000)


def test_orders_that_close_reserve_nothing() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "alice", order("sell", "1", "51000"))
    view = venue.account_view("alice")
    assert view is not None
    assert view.order_margin_usd == 0


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_at_the_liquidation_price_equity_is_the_maintenance_margin(side: str) -> None:
    venue = open_venue(fees=FEES)
    venue.place(T0, "alice", order(side, "10", max_slippage=D("0.5")))
    position = venue.position("alice", "BTC")
    assert position is not None
    assert position.liquidation_price is not None
    at = position.liquidation_price
    view = venue.account_view("alice")
    assert view is not None
    equity = view.equity_usd + position.size * (at - position.mark_price)
    assert abs(equity - abs(position.size) * at * D("0.025")) < D("0.001")


def test_a_position_that_cannot_be_liquidated_has_no_liquidation_price() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    position = venue.position("alice", "BTC")
    assert position is not None
    assert position.liquidation_price is None


def test_the_entry_is_the_average_and_closing_realises_against_it() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "3", "50060"))
    entry = venue.position("alice", "BTC")
    assert entry is not None
    assert entry.entry_price == D("50043.33333333")
    venue.set_point(LATER, point(51_000, at_ns=LATER))
    fill = venue.place(LATER, "alice", order("sell", "0.5"))[1]
    assert isinstance(fill, OrderFilled)
    assert fill.entry_price_before == D("50043.33333333")
    assert abs(fill.closed_pnl_usd - D("0.5") * (fill.price - D(50060) * 2 / 3 - D(50010) / 3)) < D("1e-9")
    assert conserved(venue)


def test_a_flip_realises_the_old_side_and_opens_the_new_one_at_the_trade_price() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "0.5"))
    fill = venue.place(LATER, "alice", order("sell", "0.8"))[1]
    assert isinstance(fill, OrderFilled)
    assert (fill.position_before, fill.position_after, fill.closed_pnl_usd) == (D("0.5"), D("-0.3"), D(-10))
    position = venue.position("alice", "BTC")
    assert position is not None
    assert (position.entry_price, position.opened_at_ns) == (D(49990), LATER)


def test_a_maker_rebate_is_a_negative_fee() -> None:
    venue = open_venue(fees=FeeSchedule(taker=D("0.0004"), maker=D("-0.0001")))
    venue.place(T0, "alice", order("buy", "0.5", "49990"))
    fill = venue.set_point(LATER, point(49_900, at_ns=LATER))[0]
    assert isinstance(fill, OrderFilled)
    assert fill.fee_usd == D("-2.4995")
    assert conserved(venue)


def test_the_mark_is_the_median_of_oracle_mid_and_oracle_plus_average_gap() -> None:
    venue = exchange()
    venue.set_point(T0, point(50_000))
    venue.set_point(LATER, point(51_000, at_ns=LATER, oracle=50_000))
    market = venue.market("BTC")
    assert market is not None
    assert D(50_000) < market.mark < D(50_010)
    much_later = LATER + 3600 * NS_PER_S
    venue.set_point(much_later, point(51_000, at_ns=much_later, oracle=50_000))
    market = venue.market("BTC")
    assert market is not None
    assert D(50_900) < market.mark < D(51_000)
    assert market.mid == D(51_000)


def test_reserved_account_names_cannot_be_opened() -> None:
    venue = exchange()
    for name in ("house:fees", "crowd:BTC:0", ""):
        with pytest.raises(ValueError, match="reserved"):
            venue.open_account(name, D(1))


def test_a_second_deposit_adds_to_the_first() -> None:
    venue = exchange()
    venue.open_account("alice", D(5))
    view = venue.account_view("alice")
    assert view is not None
    assert view.balance_usd == D(100_005)
    assert venue.has_account("alice")
    assert not venue.has_account("carol")
    assert venue.account_view("carol") is None
