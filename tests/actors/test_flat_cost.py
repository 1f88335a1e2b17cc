from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.board import Board, fold
from actors.depth import DEPTH_BPS, slippage_bps
from actors.domain import BPS, NS_PER_S, Side, Venue
from actors.flat_cost import LegCost, OpenLeg, flat_cost, leg_cost
from actors.messages import AnyMessage, QuoteUpdated
from actors.policy import Policy
from tests.factories import ASSET, MAKER, TAKER, board_of, listed, quote, two_venues
from tests.playbook import START_NS

POLICY = Policy()
DEPTHS = tuple(Decimal(each) for each in (2, 4, 8, 16, 32, 64))


def laddered(venue: Venue, size: str = "1") -> QuoteUpdated:
    """A touch of one, and 64 within 100 bps."""
    return replace(quote(venue, size=size), bid_depths=DEPTHS, ask_depths=DEPTHS)


def cost_of(size: str, board: Board, venue: Venue = TAKER, policy: Policy = POLICY) -> LegCost:
    found = leg_cost(OpenLeg(venue, ASSET, Decimal(size)), board, policy, START_NS)
    assert found is not None
    return found


def test_both_legs_pay_half_the_spread_and_the_taker_fee_at_the_price_they_get() -> None:
    """Ten bought at 100.05 and ten sold at 99.95: half a dollar of spread each, 4.5 and 4 bps of fee."""
    found = flat_cost(
        [OpenLeg(TAKER, ASSET, Decimal(-10)), OpenLeg(MAKER, ASSET, Decimal(10))], two_venues(), POLICY, START_NS
    )
    assert found is not None
    fees = Decimal("1000.5") * Decimal("0.00045") + Decimal("999.5") * Decimal("0.0004")
    assert found.cost_usd == 1 + fees
    assert found.brings_usd == -1 - fees
    assert found.cost_bps == (1 + fees) / 1000 / BPS
    assert found.words() == f"{1 + fees:.2f} USD ({found.cost_bps:.1f} bps: slippage 1.00, fees {fees:.2f})"


def test_the_whole_position_goes_through_the_ladder() -> None:
    board = fold(two_venues(), laddered(TAKER), START_NS)
    small, large = cost_of("1", board), cost_of("60", board)
    assert (small.slippage_bps, small.untold) == (Decimal(5), False)
    assert large.slippage_bps > 25
    quoted = board.market(TAKER, ASSET).quote
    assert quoted is not None
    assert large.slippage_bps == slippage_bps(quoted, Side.SELL, Decimal(60))


def test_what_is_beyond_the_told_book_is_priced_as_an_emergency_and_said() -> None:
    board = fold(two_venues(), laddered(TAKER), START_NS)
    beyond = cost_of("65", board)
    assert (beyond.slippage_bps, beyond.untold) == (POLICY.exit.emergency_slippage_bps, True)
    found = flat_cost([OpenLeg(TAKER, ASSET, Decimal(65))], board, POLICY, START_NS)
    assert found is not None
    assert "beyond the book hyperliquid told, priced as an emergency" in found.words()


def test_gas_is_paid_where_an_order_is_a_transaction() -> None:
    board = board_of(listed(Venue.DRIFT), quote(Venue.DRIFT))
    policy = replace(POLICY, costs=replace(POLICY.costs, gas_usd={Venue.DRIFT: Decimal("0.25")}))
    with_gas, without = cost_of("1", board, Venue.DRIFT, policy), cost_of("1", two_venues())
    assert (with_gas.gas_usd, without.gas_usd) == (Decimal("0.25"), Decimal(0))
    found = flat_cost([with_gas.leg], board, policy, START_NS)
    assert found is not None
    assert "gas 0.25" in found.words()


def test_a_flat_leg_costs_nothing_even_where_nothing_is_quoted() -> None:
    found = flat_cost([OpenLeg(TAKER, ASSET, Decimal(0))], Board(), POLICY, START_NS)
    assert found is not None
    assert (found.cost_usd, found.cost_bps, found.notional_usd) == (Decimal(0), Decimal(0), Decimal(0))


@pytest.mark.parametrize("facts", [(listed(TAKER),), (quote(TAKER),)], ids=["no quote", "no fees"])
def test_without_a_quote_or_fees_nobody_says_what_it_costs(facts: tuple[AnyMessage, ...]) -> None:
    legs = [OpenLeg(TAKER, ASSET, Decimal(1)), OpenLeg(MAKER, ASSET, Decimal(0))]
    assert flat_cost(legs, board_of(*facts), POLICY, START_NS) is None


def test_a_book_that_is_too_old_says_nothing_of_what_it_costs() -> None:
    legs = [OpenLeg(TAKER, ASSET, Decimal(1))]
    age_ns = round(POLICY.scanner.quote_age_most_s * NS_PER_S)
    assert flat_cost(legs, two_venues(), POLICY, START_NS + age_ns) is not None
    assert flat_cost(legs, two_venues(), POLICY, START_NS + age_ns + 1) is None


def test_books_of_two_times_say_what_closing_costs_and_not_what_it_brings() -> None:
    """One book from before a move, the other from after it: the move is no gain; each leg's own cost is known."""
    legs = [OpenLeg(TAKER, ASSET, Decimal(-10)), OpenLeg(MAKER, ASSET, Decimal(10))]
    within_ns = round(POLICY.prices.told_within_s * NS_PER_S)
    for later_ns, measured in ((within_ns, True), (within_ns + 1, False)):
        at_ns = START_NS + later_ns
        found = flat_cost(legs, fold(two_venues(), quote(MAKER, "101.95", "102.05"), at_ns), POLICY, at_ns)
        assert found is not None
        assert found.cost_usd > 0
        assert (found.brings_usd is not None) is measured


def test_one_leg_alone_is_compared_with_nothing() -> None:
    board = fold(two_venues(), quote(MAKER), START_NS + 500 * NS_PER_S)
    legs = [OpenLeg(TAKER, ASSET, Decimal(-10)), OpenLeg(MAKER, ASSET, Decimal(0))]
    found = flat_cost(legs, board, POLICY, START_NS + 500 * NS_PER_S)
    assert found is not None
    assert found.brings_usd == -cost_of("-10", two_venues()).cost_usd - 1000


@given(
    size=st.decimals("0.1", "200", places=1),
    more=st.decimals("0.1", "200", places=1),
    long=st.booleans(),
    depths=st.lists(st.decimals("0", "40", places=1), min_size=len(DEPTH_BPS), max_size=len(DEPTH_BPS)),
)
def test_a_larger_position_is_never_cheaper_to_leave(
    size: Decimal, more: Decimal, long: bool, depths: list[Decimal]
) -> None:
    rising = tuple(sorted(depths))
    board = board_of(listed(TAKER), replace(quote(TAKER, size="1"), bid_depths=rising, ask_depths=rising))
    sign = 1 if long else -1
    less, much = cost_of(str(sign * size), board), cost_of(str(sign * (size + more)), board)
    assert less.slippage_bps <= much.slippage_bps
    assert less.slippage_usd <= much.slippage_usd
