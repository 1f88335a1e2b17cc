from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.board import Board, market_key
from actors.collateral import Shortage, lead_of, outlays, shortages
from actors.policy import CollateralPolicy, GatesPolicy, Policy, ScannerPolicy
from actors.volatility import Swing
from tests.actors.known import stake
from tests.factories import ASSET, MAKER, TAKER, account, board_of, market_facts
from tests.playbook import START_NS

D = Decimal
POLICY = Policy(
    scanner=ScannerPolicy(venues=(TAKER, MAKER)),
    gates=GatesPolicy(volatility_assumed={ASSET: D("0.05")}),
    collateral=CollateralPolicy(
        lead_h={TAKER: D(6), MAKER: D(24)}, deviations=D(2), alarm_multiple=D(4), reduce_multiple=D(2)
    ),
)
HELD = (stake("100"),)
"""10,000 USD short on the taker venue, long on the maker venue; maintenance 125."""


def board(taker: str = "10000", maker: str = "10000") -> Board:
    return board_of(*market_facts(TAKER), *market_facts(MAKER), account(TAKER, taker), account(MAKER, maker))


def found(taker: str = "10000", maker: str = "10000", policy: Policy = POLICY) -> tuple[Shortage, ...]:
    return shortages(outlays(HELD, {}, board(taker, maker), policy), policy)


def test_the_loss_is_what_prices_may_do_until_a_transfer_arrives() -> None:
    """5 % a day: 2.5 % in six hours, twice that of 10,000 USD."""
    first, second = outlays(HELD, {}, board(), POLICY)
    assert (first.loss_usd, second.loss_usd) == (D(500), D(1000))
    assert first.expected_usd == 9500


def test_the_margin_of_a_short_that_loses_has_grown_by_then_and_that_of_a_long_is_as_told() -> None:
    """125 and 1.25 % of the 500 that prices may rise by; the long's would fall, which is not counted."""
    first, second = outlays(HELD, {}, board(), POLICY)
    assert (first.maintenance_usd, second.maintenance_usd) == (D("131.25"), D(125))
    more_long = (*HELD, stake("160", MAKER, TAKER))
    assert outlays(more_long, {}, board(), POLICY)[0].maintenance_usd == 260 * D(100) * D("0.0125")


def test_a_measured_volatility_counts_where_it_is_known() -> None:
    swing = Swing(mark=D(100), at_ns=START_NS, since_ns=0, variance_per_hour=D("0.0001"), hours_seen=24)
    (first, _) = outlays(HELD, {market_key(TAKER, ASSET): swing}, board(), POLICY)
    assert abs(first.loss_usd - 2 * D(6).sqrt() * 100) < D("1e-9")


def test_longs_and_shorts_of_one_venue_do_not_lose_together() -> None:
    both = (*HELD, stake("60", MAKER, TAKER))
    assert outlays(both, {}, board(), POLICY)[0].loss_usd == 500


def test_enough_everywhere_asks_for_nothing() -> None:
    assert found("1025", "1500") == ()


def test_too_little_asks_for_a_transfer_from_where_it_is_spare() -> None:
    """500 of loss and four margins of 131.25 are needed; the other venue can spare all but 1,500."""
    (short,) = found("925", "1550")
    assert (short.outlay.venue, short.missing_usd, short.source, short.movable_usd) == (TAKER, D(100), MAKER, D(50))
    assert short.reduce_fraction == 0
    assert short.words() == (
        "hyperliquid: 425 USD expected in 6 h, 100 less than needed; move 50 USD from pacifica now, it takes about 6 h"
    )


def test_where_nobody_has_any_to_spare_people_are_asked_to_deposit() -> None:
    first, second = found("900", "1400")
    assert (first.source, second.source) == (None, None)
    assert first.words().endswith("no venue has any to spare: deposit there now, it takes about 6 h")


def test_what_a_transfer_cannot_save_is_reduced_by_as_much_as_is_needed() -> None:
    """610 USD bear 610 / (500 + 2 x 131.25) of the legs: 80 %."""
    (short,) = found("610", "10000")
    assert short.reduce_fraction == D("0.20")
    assert found("763", "10000")[0].reduce_fraction == 0
    assert found("-5", "10000")[0].reduce_fraction == 1


@pytest.mark.parametrize("name", ["alarm_multiple", "reduce_multiple"])
def test_a_multiple_of_nothing_switches_it_off(name: str) -> None:
    off = replace(POLICY, collateral=replace(POLICY.collateral, **{name: D(0)}))
    told = found("600", "10000", off)
    assert [each.reduce_fraction for each in told] == ([] if name == "alarm_multiple" else [0])


def test_a_venue_without_a_lead_takes_a_day_and_one_without_an_account_is_left_out() -> None:
    unknown = replace(POLICY, collateral=replace(POLICY.collateral, lead_h={}))
    assert lead_of(TAKER, unknown) == 24
    assert outlays(HELD, {}, Board(), POLICY) == ()
    assert shortages(outlays((), {}, board("0", "0"), POLICY), POLICY) == ()


@given(st.integers(min_value=0, max_value=750))
def test_after_the_reduction_the_account_holds_what_is_asked(equity: int) -> None:
    (short, *_) = found(str(equity), "10000")
    kept = 1 - short.reduce_fraction
    assert equity - kept * 500 >= kept * 2 * D("131.25")
    assert (kept + D("0.01")) * D("762.5") > equity or not short.reduce_fraction
