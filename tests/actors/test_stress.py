"""How near a venue is to deleveraging: what counts, what is forgotten, what is said where something is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from actors.board import Board, fold
from actors.domain import NS_PER_S, ZERO, Venue
from actors.messages import InstrumentListed
from actors.policy import AdlPolicy
from actors.risk.books import Held
from actors.stress import favourable_move, stress_of
from tests.factories import ASSET, MAKER, TAKER, instrument, sample
from tests.playbook import START_NS

POLICY = AdlPolicy()
PRICES = st.decimals(min_value=1, max_value=1000, places=2)


def held(size: str, venue: Venue = TAKER) -> Held:
    return Held(venue=venue, asset=ASSET, size=Decimal(size))


def told(*samples: tuple[int, str, str], fraction: str = "0.0125") -> Board:
    """A listed market, then (seconds, mark, open interest) of it."""
    board = fold(
        Board(), InstrumentListed(instrument=instrument(TAKER, maintenance_fraction=Decimal(fraction))), START_NS
    )
    for second, mark, interest in samples:
        board = fold(board, sample(TAKER, mark, interest=interest), START_NS + second * NS_PER_S)
    return board


def stress(board: Board, size: str = "-1", second: int = 600, deleveraged_s: int | None = None) -> tuple[Decimal, str]:
    at_ns = 0 if deleveraged_s is None else START_NS + deleveraged_s * NS_PER_S
    found = stress_of(held(size), board, POLICY, START_NS + second * NS_PER_S, at_ns)
    return found.score, found.words()


def test_a_move_counts_in_maintenance_fractions_for_the_side_that_gains() -> None:
    fell = told((0, "105", "1000"), (600, "100", "1000"))
    value, words = stress(fell, "-1")
    assert value == 4  # 105 / 100 - 1 = 5 %, four times 1.25 %
    assert words == "moved 0.0500 its way in 600 s = 4.00 maintenance fractions, open interest down 0.0000"
    assert stress(fell, "1")[0] == 0


def test_a_move_is_measured_from_the_worst_price_of_the_window_not_from_its_first() -> None:
    assert stress(told((0, "100", "1"), (300, "105", "1"), (600, "100", "1")))[0] == 4
    assert stress(told((0, "100", "1"), (300, "80", "1"), (600, "100", "1")), "1")[0] == 20


def test_the_smaller_the_maintenance_fraction_the_more_a_move_ruins() -> None:
    values = [stress(told((0, "105", "1"), (600, "100", "1"), fraction=each))[0] for each in ("0.05", "0.02", "0.0125")]
    assert values == [1, Decimal("2.5"), 4]


def test_open_interest_that_goes_is_stress_for_both_sides() -> None:
    left = told((0, "100", "1000"), (300, "100", "1200"), (600, "100", "900"))
    for size in ("1", "-1"):
        value, words = stress(left, size)
        assert value == Decimal("2.5")  # a quarter of 1200 is gone, in steps of a tenth
        assert "open interest down 0.2500" in words
    assert stress(told((0, "100", "1000"), (600, "100", "3000")))[0] == 0


def test_a_venue_that_has_deleveraged_us_stands_under_stress_until_the_window_is_over() -> None:
    calm = told((0, "100", "1"), (3000, "100", "1"))
    assert stress(calm, second=3000) == (ZERO, "moved 0.0000 its way in 3000 s = 0.00 maintenance fractions, " + DOWN)
    value, words = stress(calm, second=3000, deleveraged_s=2990)
    assert value == POLICY.deleveraged_stress
    assert words.endswith("hyperliquid deleveraged us 10 s ago")
    assert stress(told((7000, "100", "1")), second=7000, deleveraged_s=3000)[0] == 0


DOWN = "open interest down 0.0000"


def test_what_is_older_than_the_window_is_forgotten() -> None:
    assert stress(told((0, "105", "1"), (3601, "100", "1")), second=3601)[0] == 0
    assert stress(told((0, "105", "1"), (3600, "100", "1")), second=3600)[0] == 4


@pytest.mark.parametrize(
    ("board", "second", "words"),
    [
        (Board(), 0, "market not told within 3600 s"),
        (told((0, "100", "1")), 3601, "market not told within 3600 s"),
        (fold(Board(), sample(TAKER, "100"), START_NS), 0, "maintenance fraction not known, " + DOWN),
        (told((0, "100", "0")), 0, "moved 0.0000 its way in 0 s = 0.00 maintenance fractions, open interest not told"),
    ],
    ids=["nothing", "stale", "instrument", "interest"],
)
def test_what_is_not_known_adds_no_stress_and_is_said(board: Board, second: int, words: str) -> None:
    assert stress(board, second=second) == (ZERO, words)


def test_another_venue_s_market_is_not_this_one_s() -> None:
    found = stress_of(held("-1", MAKER), told((0, "105", "1"), (60, "100", "1")), POLICY, START_NS + 60 * NS_PER_S)
    assert (found.score, found.words()) == (ZERO, "market not told within 3600 s")


@given(marks=st.lists(PRICES, max_size=5).map(tuple), first=PRICES, second=PRICES, is_long=st.booleans())
def test_the_better_the_price_for_the_leg_the_larger_the_move(
    marks: tuple[Decimal, ...], first: Decimal, second: Decimal, is_long: bool
) -> None:
    worse, better = sorted((first, second), reverse=not is_long)
    leg = held("1" if is_long else "-1")
    assert 0 <= favourable_move(leg, worse, marks) <= favourable_move(leg, better, marks)
