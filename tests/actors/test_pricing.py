from __future__ import annotations

from decimal import Decimal

import pytest

from actors.board import Market, fold
from actors.domain import NS_PER_S, Side
from actors.forecast import Outlook
from actors.policy import CostsPolicy, Policy, ScannerPolicy
from actors.pricing import DEEPER_BPS, basis, comparable, expect, premium, slippage, taker_fee
from tests.factories import ASSET, MAKER, TAKER, board_of, market_facts, quote, sample, two_venues
from tests.playbook import START_NS

D = Decimal
OUTLOOK = Outlook(mean_per_hour=D("0.0001"), error_per_hour=D("0.00002"), persistence=D(1), hours_seen=9)
BOARD = two_venues()
MARKETS = (BOARD.market(TAKER, ASSET), BOARD.market(MAKER, ASSET))


def test_every_part_is_there_and_the_sum_is_the_expectation_s() -> None:
    policy = Policy(scanner=ScannerPolicy(horizon_h=D(10)), costs=CostsPolicy(gas_usd={MAKER: D(1)}))
    told = expect((TAKER, MAKER), MARKETS, Side.SELL, D(10), OUTLOOK, D(700), policy)
    assert (told.horizon_h, told.notional_usd, told.capital_usd) == (D(10), D(1000), D(700))
    assert (told.rate_per_hour, told.rate_error_per_hour) == (OUTLOOK.mean_per_hour, OUTLOOK.error_per_hour)
    assert told.funding_usd == 1
    assert told.entry_fees_usd == D("0.6")
    assert told.exit_fees_usd == D("0.85")
    assert (told.entry_slippage_usd, told.exit_slippage_usd) == (D("0.5"), D(1))
    assert told.gas_usd == 3
    assert told.net_usd == 1 - D("0.6") - D("0.85") - D("1.5") - 3


def test_the_maker_leg_slips_only_on_its_way_out() -> None:
    board = board_of(*market_facts(TAKER), *market_facts(MAKER), quote(MAKER, bid="99.9", ask="100.1"))
    markets = (board.market(TAKER, ASSET), board.market(MAKER, ASSET))
    told = expect((TAKER, MAKER), markets, Side.SELL, D(10), OUTLOOK, D(700), Policy())
    assert (told.entry_slippage_usd, told.exit_slippage_usd) == (D("0.5"), D("1.5"))


def test_what_is_not_expected_to_rest_is_taken_at_market() -> None:
    """What is swept pays the taker fee, and slips as a market order does."""
    all_rests = expect((TAKER, MAKER), MARKETS, Side.SELL, D(10), OUTLOOK, D(700), Policy())
    nothing = Policy(costs=CostsPolicy(maker_share=D(0)))
    none_rests = expect((TAKER, MAKER), MARKETS, Side.SELL, D(10), OUTLOOK, D(700), nothing)
    assert none_rests.entry_fees_usd == all_rests.exit_fees_usd
    assert none_rests.entry_slippage_usd == all_rests.exit_slippage_usd
    quarter = Policy(costs=CostsPolicy(maker_share=D("0.25")))
    told = expect((TAKER, MAKER), MARKETS, Side.SELL, D(10), OUTLOOK, D(700), quarter)
    assert told.entry_fees_usd == all_rests.entry_fees_usd / 4 + none_rests.entry_fees_usd * 3 / 4
    assert told.net_usd < all_rests.net_usd


def test_each_order_slips_on_its_own_side_of_the_book() -> None:
    """The taker sells to enter and buys to leave; the maker bought, and sells to leave."""
    thin_ask = quote(TAKER)
    board = board_of(*market_facts(TAKER), *market_facts(MAKER), thin_ask)
    taker = board.market(TAKER, ASSET)
    assert taker.quote is not None
    assert slippage(taker, Side.SELL, D(1001)) == DEEPER_BPS
    assert slippage(taker, Side.BUY, D(1000)) == 5
    assert slippage(Market(), Side.BUY, D(1)) == DEEPER_BPS
    assert taker_fee(Market()) == 0


@pytest.mark.parametrize(("side", "dearer"), [(Side.SELL, "0.01"), (Side.BUY, "-0.00990099")])
def test_the_premium_is_the_short_leg_s(side: Side, dearer: str) -> None:
    board = board_of(sample(TAKER, "101"), sample(MAKER, "100"))
    markets = (board.market(TAKER, ASSET), board.market(MAKER, ASSET))
    assert abs(premium(markets, side) - D(dearer)) < D("1e-8")
    expected = D(0) if side is Side.SELL else D(dearer)
    assert abs(basis(markets, side, Policy()) - expected) < D("1e-8")


@pytest.mark.parametrize(("later_s", "compared"), [(0, True), (60, True), (61, False)])
def test_marks_are_compared_where_they_are_of_one_time(later_s: int, compared: bool) -> None:
    at_ns = START_NS + later_s * NS_PER_S
    board = fold(board_of(sample(TAKER, "101")), sample(MAKER, "100"), at_ns)
    markets = (board.market(TAKER, ASSET), board.market(MAKER, ASSET))
    assert comparable(markets, at_ns, Policy()) is compared


def test_a_basis_that_was_not_measured_is_no_part_of_the_sum() -> None:
    board = board_of(*market_facts(TAKER), *market_facts(MAKER), sample(MAKER, "105"))
    markets = (board.market(TAKER, ASSET), board.market(MAKER, ASSET))
    told = expect((TAKER, MAKER), markets, Side.SELL, D(10), OUTLOOK, D(700), Policy())
    untold = expect((TAKER, MAKER), markets, Side.SELL, D(10), OUTLOOK, D(700), Policy(), compared=False)
    assert told.basis_usd < 0
    assert untold.basis_usd == 0
    assert untold.net_usd == told.net_usd - told.basis_usd
