from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given, strategies as st

from actors.domain import HOUR_NS
from actors.policy import GatesPolicy
from actors.volatility import Swing, is_known, observe, over_hours
from tests.playbook import START_NS

D = Decimal
LIFE = D(24)
POLICY = GatesPolicy(
    volatility_hours_least=3, volatility_assumed={"BTC": D("0.03")}, volatility_assumed_other=D("0.07")
)


def shown(*marks: str, life: Decimal = LIFE, every_h: int = 1) -> Swing:
    swing = None
    for number, mark in enumerate(marks):
        swing = observe(swing, D(mark), START_NS + number * every_h * HOUR_NS, life)
    assert swing is not None
    return swing


def test_returns_of_the_first_hours_are_averaged() -> None:
    """+1 %, then none."""
    assert shown("100", "101", life=D(10**6)).variance_per_hour == D("0.0001")
    assert shown("100", "101", "101", life=D(10**6)).variance_per_hour == D("0.00005")


def test_old_returns_are_forgotten_by_half_in_a_half_life() -> None:
    wild = shown(*["100", "101"] * 200).variance_per_hour
    calm = shown(*["100", "101"] * 200, *["101"] * 24).variance_per_hour
    assert abs(calm / wild - D("0.5")) < D("0.02")


def test_within_the_hour_nothing_is_counted() -> None:
    first = observe(None, D(100), START_NS, LIFE)
    assert observe(first, D(200), START_NS + HOUR_NS - 1, LIFE) == first
    assert observe(first, D(200), START_NS + HOUR_NS, LIFE).hours_seen == 1


def test_a_return_over_a_gap_counts_as_so_many_hours() -> None:
    """2 % in four hours are a variance of 0.0001 an hour."""
    swing = shown("100", "102", every_h=4)
    assert swing.variance_per_hour == D("0.0001")
    assert swing.hours_seen == 1


def test_until_enough_hours_were_seen_the_assumed_figure_stands_in() -> None:
    young = shown("100", "101", "100")
    assert not is_known(young, POLICY)
    assert not is_known(None, POLICY)
    assert over_hours(young, "BTC", D(24), POLICY) == D("0.03")
    assert over_hours(None, "HYPE", D(96), POLICY) == D("0.14"), "over four days twice that of one"


def test_enough_hours_seen_are_believed() -> None:
    grown = shown("100", "101", "102.01", "103.0301")
    assert is_known(grown, POLICY)
    assert abs(over_hours(grown, "BTC", D(1), POLICY) - D("0.01")) < D("1e-9")
    assert abs(over_hours(grown, "BTC", D(4), POLICY) - D("0.02")) < D("1e-9")


def test_a_calm_day_does_not_speak_for_a_month() -> None:
    """30 days need 30 days seen: until then the assumed figure is the least, and what was seen counts if it is more."""
    calm, wild = shown(*["100"] * 30), shown(*["100", "103"] * 15)
    assert over_hours(calm, "BTC", D(24), POLICY) == 0
    assert over_hours(calm, "BTC", D(720), POLICY) == D("0.03") * D(30).sqrt()
    assert over_hours(wild, "BTC", D(720), POLICY) > D("0.03") * D(30).sqrt()
    grown = shown(*["100"] * 721)
    assert grown.hours_seen == 720
    assert over_hours(grown, "BTC", D(720), POLICY) == 0


@given(st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=40))
def test_whatever_the_marks_a_variance_is_not_negative_nor_above_the_largest_square(marks: list[int]) -> None:
    swing = shown(*map(str, marks))
    squares = [min((D(after) / before - 1) ** 2, D(1)) for before, after in pairwise(marks)]
    assert 0 <= swing.variance_per_hour <= max(squares, default=D(0)) + D("1e-17")
