from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given, strategies as st

from engine.ledger.cost import Cost
from engine.ledger.entry import WIDE

D = Decimal
TRADES = st.lists(
    st.tuples(
        st.decimals(-9, 9, places=4).filter(bool),
        st.decimals("0.01", 90_000, places=5),
    ),
    max_size=30,
)


def test_reducing_releases_its_share_of_the_average_cost() -> None:
    long, realised = Cost().trade(D(2), D(-200))
    assert (long.average, realised) == (D(100), D(0))
    long, realised = long.trade(D(1), D(-130))
    assert (long.average, realised) == (D(110), D(0))
    long, realised = long.trade(D(-1), D(140))
    assert (long.position, long.average, realised) == (D(2), D(110), D(30))


def test_a_short_leg_gains_when_it_is_bought_back_cheaper() -> None:
    short, _ = Cost().trade(D(-2), D(200))
    assert short.average == 100
    assert short.trade(D(2), D(-180)) == (Cost(), D(20))


def test_a_trade_through_zero_closes_all_and_opens_the_rest_at_its_own_price() -> None:
    long, _ = Cost().trade(D(1), D(-100))
    short, realised = long.trade(D(-3), D(330))
    assert (short.position, short.average, realised) == (D(-2), D(110), D(10))


def test_cash_that_moves_nothing_is_realised_at_once() -> None:
    held, _ = Cost().trade(D(1), D(-100))
    assert held.trade(D(0), D(-3)) == (held, D(-3))


@given(TRADES)
def test_what_was_realised_less_what_is_left_is_the_cash_to_the_last_digit(
    trades: list[tuple[Decimal, Decimal]],
) -> None:
    with localcontext(WIDE):
        held, cash, gained = Cost(), D(0), D(0)
        for moved, price in trades:
            held, realised = held.trade(moved, -moved * price)
            cash -= moved * price
            gained += realised
        assert gained - held.usd == cash
        assert held.position == sum(moved for moved, _ in trades)
        assert held.position or not held.usd
