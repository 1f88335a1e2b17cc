from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from actors.domain import NS_PER_S
from actors.one_time import needed_words, of_one_time, oldest_ns, told_words
from actors.policy import Policy, PricesPolicy, ScannerPolicy
from tests.playbook import START_NS

POLICY = Policy(scanner=ScannerPolicy(quote_age_most_s=Decimal(100)), prices=PricesPolicy(told_within_s=Decimal("1.5")))
S = NS_PER_S


@pytest.mark.parametrize(
    ("told_s", "compared"),
    [
        ((0, 0), True),
        ((0, -1.5), True),
        ((-1.5, 0), True),
        ((0, -1.6), False),
        ((-100, -99), True),
        ((-100.1, -99), False),
        ((-100.1, -100.1), False),
        ((0, -1, -2), False),
        ((-100,), True),
        ((-101,), False),
        ((), True),
    ],
)
def test_prices_are_of_one_time_when_told_close_together_and_lately(told_s: tuple[float, ...], compared: bool) -> None:
    assert of_one_time([START_NS + round(each * S) for each in told_s], START_NS, POLICY) is compared


def test_a_price_that_was_never_told_is_of_no_time() -> None:
    assert not of_one_time((0, START_NS), START_NS, POLICY)
    assert told_words((0, START_NS), START_NS) == "a price was never told"


def test_what_was_measured_and_needed_is_said() -> None:
    assert told_words((START_NS - 142 * S, START_NS), START_NS + 3 * S) == "told 142 s apart, the older 145 s ago"
    assert needed_words(POLICY) == "told within 1.5 s of one another and 100 s ago"


TIMES = st.lists(st.integers(0, 200 * S), min_size=1, max_size=3)


@given(TIMES, st.integers(0, 200 * S))
def test_prices_that_may_be_compared_later_could_be_compared_before(told_ns: list[int], later_ns: int) -> None:
    """Waiting never makes prices comparable; and what is of one time is young."""
    at_ns = max(told_ns)
    if of_one_time(told_ns, at_ns + later_ns, POLICY):
        assert of_one_time(told_ns, at_ns, POLICY)
        assert min(told_ns) >= oldest_ns(at_ns + later_ns, POLICY)
