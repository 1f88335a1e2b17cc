from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from actors.board import Board, fold
from actors.domain import NS_PER_S
from actors.mark_path import MarkPath, mark_path
from actors.policy import RiskPolicy
from tests.factories import ASSET, MAKER, TAKER, sample
from tests.playbook import START_NS

MINUTE_NS = 60 * NS_PER_S
LIMITS = RiskPolicy(path_window_s=300.0)


def walked(*marks: str, board: Board | None = None) -> Board:
    """One mark a minute, the last one at START_NS."""
    board = board or Board()
    for number, mark in enumerate(marks, 1 - len(marks)):
        board = fold(board, sample(TAKER, mark), START_NS + number * MINUTE_NS)
    return board


def path(board: Board, limits: RiskPolicy = LIMITS, at_ns: int = START_NS) -> MarkPath | None:
    return mark_path(board, TAKER, ASSET, at_ns, limits)


def test_it_is_the_median_of_the_marks_within_the_window() -> None:
    assert path(walked("1", "1", "100", "101", "102", "103", "104", "150")) == MarkPath(Decimal("102.5"), 6)
    assert path(walked("100", "104")) == MarkPath(Decimal(102), 2)


def test_one_spike_does_not_move_it() -> None:
    found = path(walked("100", "100", "200"))
    assert found is not None
    assert found.median == 100
    assert [found.away_bps(Decimal(price)) for price in (200, 99)] == [10_000, 100]


@pytest.mark.parametrize(("least", "known"), [(1, True), (3, True), (4, False)])
def test_with_too_few_marks_nobody_knows_it(least: int, known: bool) -> None:
    limits = RiskPolicy(path_window_s=300.0, path_samples_least=least)
    assert (path(walked("100", "100", "100"), limits) is not None) is known


def test_marks_of_long_ago_and_of_other_markets_are_not_on_it() -> None:
    board = walked("100")
    assert path(board, at_ns=START_NS + 5 * MINUTE_NS) is not None
    assert path(board, at_ns=START_NS + 5 * MINUTE_NS + 1) is None
    assert mark_path(board, MAKER, ASSET, START_NS, LIMITS) is None


@given(st.lists(st.integers(90, 110), min_size=3, max_size=5), st.integers(1, 10**6))
def test_whatever_one_mark_says_it_stays_within_the_others(marks: list[int], spike: int) -> None:
    found = path(walked(*map(str, marks), str(spike)))
    assert found is not None
    assert min(marks) <= found.median <= max(marks)
