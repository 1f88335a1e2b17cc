from __future__ import annotations

from decimal import Decimal

import pytest

from actors.risk import unchanged
from actors.risk.unchanged import Unchanged

ONE, SAME = Decimal("1.5"), Decimal("1.5")


def test_the_very_same_inputs_are_remembered_and_equal_ones_are_not() -> None:
    looks = Unchanged()
    assert not looks.holds("BTC", 5, (ONE, None))
    looks.note("BTC", 5, (ONE, None))
    assert looks.holds("BTC", 5, (ONE, None))
    assert looks.holds("BTC", 9, (ONE, None))
    assert ONE is not SAME
    assert not looks.holds("BTC", 5, (SAME, None))
    assert not looks.holds("BTC", 5, (ONE,))
    assert not looks.holds("ETH", 5, (ONE, None))


def test_a_look_says_nothing_of_what_was_before_it() -> None:
    looks = Unchanged()
    looks.note("BTC", 5, (ONE,))
    assert not looks.holds("BTC", 4, (ONE,))


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "KEYS_MOST", 2)
    looks = Unchanged()
    for key in ("a", "b", "c"):
        looks.note(key, 1, (ONE,))
    assert [key for key in ("a", "b", "c") if looks.holds(key, 1, (ONE,))] == ["c"]
