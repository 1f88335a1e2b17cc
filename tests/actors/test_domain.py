from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from actors.domain import Quote, Side, client_order_id, round_price, round_size, shared_lot
from tests.factories import MAKER, TAKER, instrument

PRICES = st.decimals("0.01", "200000", places=6)
LOTS = st.sampled_from([Decimal(text) for text in ("0.00001", "0.001", "0.1", "0.25", "0.3", "1", "10")])


@pytest.mark.parametrize(
    ("size", "lot", "rounded"),
    [("1.239", "0.01", "1.23"), ("0.009", "0.01", "0"), ("5", "2", "4"), ("0", "0.1", "0"), ("1.2", "0.1", "1.2")],
)
def test_a_size_rounds_down_to_the_lot(size: str, lot: str, rounded: str) -> None:
    assert round_size(Decimal(size), Decimal(lot)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [("0.01", "0.1", "0.1"), ("0.2", "0.3", "0.6"), ("1", "1", "1"), ("0.25", "0.1", "0.5"), ("10", "4", "20")],
)
def test_the_shared_lot_is_the_least_common_multiple(first: str, second: str, shared: str) -> None:
    assert shared_lot(Decimal(first), Decimal(second)) == Decimal(shared)
    assert shared_lot(Decimal(second), Decimal(first)) == Decimal(shared)


@given(first=LOTS, second=LOTS)
def test_a_multiple_of_the_shared_lot_is_a_multiple_of_both(first: Decimal, second: Decimal) -> None:
    shared = shared_lot(first, second)
    assert shared % first == shared % second == 0


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [
        ("123456.7", "123456", "123457"),  # integers are always allowed
        ("1234.567", "1234.5", "1234.6"),
        ("0.123456", "0.1234", "0.1235"),
        ("1.000001", "1", "1.0001"),
        ("99999.5", "99999", "100000"),
    ],
)
def test_prices_by_significant_figures(price: str, down: str, up: str) -> None:
    """Five significant figures, at most 6 - szDecimals decimals, integers always (Hyperliquid, tick-and-lot page)."""
    rules = instrument(TAKER)
    assert round_price(rules, Decimal(price), up=False) == Decimal(down)
    assert round_price(rules, Decimal(price), up=True) == Decimal(up)


def test_prices_by_tick_and_by_decimals() -> None:
    tick, decimals = instrument(MAKER), instrument(MAKER, tick=None, price_decimals=1)
    assert round_price(tick, Decimal("100.07"), up=False) == Decimal("100.05")
    assert round_price(tick, Decimal("100.07"), up=True) == Decimal("100.1")
    assert round_price(decimals, Decimal("100.07"), up=False) == 100
    assert round_price(decimals, Decimal("100.07"), up=True) == Decimal("100.1")


@given(price=PRICES, up=st.booleans(), venue=st.sampled_from([TAKER, MAKER]))
def test_a_rounded_price_is_on_the_lattice_and_on_the_asked_side(price: Decimal, up: bool, venue: object) -> None:
    rules = instrument(TAKER if venue is TAKER else MAKER)
    rounded = round_price(rules, price, up=up)
    assert (rounded - price) * (1 if up else -1) >= 0
    assert round_price(rules, rounded, up=up) == round_price(rules, rounded, up=not up) == rounded
    assert "E+" not in str(rounded)


def test_sides_are_opposite() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert Side.BUY.opposite is Side.SELL
    assert Side.SELL.opposite is Side.BUY


def test_the_mid_is_between_bid_and_ask() -> None:
    one = Decimal(1)
    assert Quote(bid=Decimal(99), bid_size=one, ask=Decimal(102), ask_size=one, at_ns=0).mid == Decimal("100.5")


def test_client_order_ids_are_the_same_for_the_same_and_differ_in_each_part() -> None:
    base = client_order_id("live", "pair_position/BTC-1", 7)
    assert base == client_order_id("live", "pair_position/BTC-1", 7)
    others = [
        client_order_id("paper", "pair_position/BTC-1", 7),
        client_order_id("live", "pair_position/BTC-2", 7),
        client_order_id("live", "pair_position/BTC-1", 8),
    ]
    assert len({base, *others}) == 4


@given(number=st.integers(0, 10**6))
def test_a_client_order_id_is_128_bits_of_hex_and_a_version_4_uuid(number: int) -> None:
    text = client_order_id("live", "pair_position/BTC-1", number)
    assert len(text) == 32
    assert int(text, 16) >= 0
    assert text == text.lower()
    assert uuid.UUID(text).version == 4
    assert uuid.UUID(text).variant == uuid.RFC_4122
