from __future__ import annotations

from decimal import Decimal

import pytest

from engine.sizes import closed_by, plain, side_of


@pytest.mark.parametrize(
    ("size", "told"), [("0.500", "0.5"), ("-16701", "-16701"), ("1E+5", "100000"), ("0E-8", "0"), ("1E-7", "0.0000001")]
)
def test_a_size_is_told_without_exponent_and_without_idle_zeros(size: str, told: str) -> None:
    assert plain(Decimal(size)) == told


@pytest.mark.parametrize(
    ("size", "words"), [("0.5", ("long", "sell")), ("-2", ("short", "buy")), ("0.00", ("flat", ""))]
)
def test_a_side_is_closed_by_the_other(size: str, words: tuple[str, str]) -> None:
    assert (side_of(Decimal(size)), closed_by(Decimal(size))) == words
