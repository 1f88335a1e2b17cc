"""Walk-forward windows follow one another; no test day is ever in a train window that chose for it."""

from __future__ import annotations

import pytest

from engine.backtest.split import DAY_NS, windows_of
from engine.errors import UserError
from engine.simulators.market import Span

SPAN = Span(0, 100 * DAY_NS)


def days(text: str, span: Span = SPAN) -> list[tuple[int, int, int, int]]:
    return [
        (w.train.from_ns // DAY_NS, w.train.to_ns // DAY_NS, w.test.from_ns // DAY_NS, w.test.to_ns // DAY_NS)
        for w in windows_of(text, span)
    ]


def test_windows_move_on_by_the_test_days_and_the_last_may_be_shorter() -> None:
    assert days("60:15") == [(0, 60, 60, 75), (15, 75, 75, 90), (30, 90, 90, 100)]


def test_test_days_are_told_once_and_come_after_their_train_days() -> None:
    found = days("20:7")
    assert all(train_to == test_from for _, train_to, test_from, _ in found)
    assert [before[3] for before in found[:-1]] == [after[2] for after in found[1:]]
    assert found[-1][3] == 100


@pytest.mark.parametrize("text", ["60", "60:", ":15", "0:15", "60:-1", "a:b", "100:10", "101:1"])
def test_what_makes_no_window_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="walk-forward"):
        windows_of(text, SPAN)
