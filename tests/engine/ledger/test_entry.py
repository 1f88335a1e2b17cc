from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given, strategies as st

from engine.ledger.entry import WIDE


@given(st.lists(st.decimals(-(10**12), 10**12, places=30), max_size=60))
def test_sums_of_money_are_never_rounded(amounts: list[Decimal]) -> None:
    """Forwards and backwards give the same digits: thirty decimals, and more than any venue's figures."""
    with localcontext(WIDE) as context:
        forwards = sum(amounts)
        backwards = sum(reversed(amounts))
        assert forwards == backwards
        assert forwards - sum(amounts[1:]) == (amounts[0] if amounts else 0)
        assert context.prec >= 80
