from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from actors.board import Board
from actors.domain import ZERO
from actors.endurance import steps_of, trial
from actors.policy import EndurancePolicy
from tests.actors.known import stake
from tests.factories import MAKER, TAKER, account, board_of, market_facts

D = Decimal
POLICY = EndurancePolicy(
    shocks=(D("0.1"), D("0.2")),
    equity_floor_fraction=D("0.5"),
    maintenance_multiple=D(2),
    slippage_bps=D(100),
    funding_multiple=D(3),
)
NEW = stake("100", settled=False)
"""10,000 USD on each side: short on the taker venue."""


def board(taker: str = "100000", maker: str = "100000") -> Board:
    return board_of(*market_facts(TAKER), *market_facts(MAKER), account(TAKER, taker), account(MAKER, maker))


def test_ample_accounts_survive_and_the_tightest_step_is_told() -> None:
    step = trial(NEW, (), D(72), board(), POLICY)
    assert step.survived
    assert step.name == "pacifica gone, hyperliquid at prices +20 %"
    assert step.left_usd == 100_000 - 2000 - 100
    assert step.least_usd == 50_000


@pytest.mark.parametrize(
    ("taker", "maker", "policy", "broken", "left"),
    [
        ("3900", "100000", POLICY, "hyperliquid, prices +20 %", "1900"),
        ("100000", "3900", POLICY, "pacifica, prices -20 %", "1900"),
        ("4100", "100000", POLICY, "pacifica gone, hyperliquid at prices +20 %", "2000"),
        (
            "3000",
            "3000",
            EndurancePolicy(shocks=(D("0.1"),), equity_floor_fraction=D("0.65"), maintenance_multiple=ZERO),
            "pacifica gone, hyperliquid at prices +10 %",
            "1900",
        ),
        (
            "5000",
            "5000",
            EndurancePolicy(shocks=(D("0.15"),), equity_floor_fraction=D("0.5"), maintenance_multiple=D(8)),
            "",
            "",
        ),
    ],
)
def test_the_step_that_breaks_an_account_is_named(
    taker: str, maker: str, policy: EndurancePolicy, broken: str, left: str
) -> None:
    step = trial(NEW, (), D(72), board(taker, maker), policy)
    assert step.survived is (not broken)
    if broken:
        assert (step.name, step.left_usd) == (broken, D(left))


def test_a_winning_leg_that_is_taken_brings_only_the_move_before() -> None:
    """Prices rise by 20 %: the long is taken at +10 %, the short is closed at +20 % and a per cent of slippage."""
    found = {step.name: step for step in steps_of(NEW, (), ZERO, board(), POLICY)}
    step = found["pacifica takes the winning leg at +10 %, hyperliquid is closed at +20 %"]
    assert step.left_usd == 200_000 + 1000 - 2000 - 100
    fallen = found["hyperliquid takes the winning leg at -10 %, pacifica is closed at -20 %"]
    assert fallen.left_usd == step.left_usd


def test_funding_that_turns_is_paid_several_times_over_from_one_account() -> None:
    found = {step.name: step for step in steps_of(NEW, (), D(20_000), board(), POLICY)}
    assert found["hyperliquid pays 3 times the expected funding"].left_usd == 40_000
    assert not found["pacifica pays 3 times the expected funding"].survived


def test_what_is_held_already_moves_too() -> None:
    held = (stake("100"),)
    step = next(iter(steps_of(NEW, held, ZERO, board(), POLICY)))
    assert (step.name, step.left_usd) == ("hyperliquid, prices +10 %", D(98_000))


def test_an_account_that_is_not_known_has_nothing() -> None:
    told = [fact for venue in (TAKER, MAKER) for fact in market_facts(venue)]
    nothing = board_of(*told[:4], *told[6:10])
    assert not trial(NEW, (), ZERO, nothing, POLICY).survived


@given(st.integers(min_value=1, max_value=300_000), st.integers(min_value=0, max_value=2000))
def test_more_equity_never_breaks_what_less_survived(equity: int, size: int) -> None:
    new = stake(str(size), settled=False)
    poor = trial(new, (), D(72), board(str(equity), str(equity)), POLICY)
    rich = trial(new, (), D(72), board(str(equity * 2), str(equity * 2)), POLICY)
    assert rich.survived or not poor.survived
