from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.board import Board
from actors.domain import ZERO
from actors.endurance import Step, hours_to_act, steps_of, trial
from actors.messages import AnyMessage
from actors.policy import CostsPolicy, EndurancePolicy, Policy, ScannerPolicy
from actors.stakes import Stake
from tests.actors.known import stake
from tests.factories import MAKER, TAKER, account, board_of, market_facts, quote

D = Decimal
LIMITS = EndurancePolicy(
    shocks=(D("0.1"), D("0.2")),
    equity_floor_fraction=D("0.5"),
    maintenance_multiple=D(2),
    slippage_bps=D(100),
    stressed_spread_multiple=D(10),
    stressed_depth_fraction=D("0.5"),
    stressed_beyond_bps=D(500),
    funding_multiple=D(3),
    funding_caps_per_hour={TAKER: D("0.04"), MAKER: D("0.005")},
)
NO_COSTS = CostsPolicy(gas_usd={})
"""Inverted funding makes a pair leave after two hours and a scan of half an hour: four settlements are paid."""


def policy(**changes: object) -> Policy:
    scanner = ScannerPolicy(inverted_h=D(2), scan_s=1800.0)
    return Policy(scanner=scanner, costs=NO_COSTS, endurance=replace(LIMITS, **changes))


POLICY = policy()
NEW = stake("100", settled=False)
"""10,000 USD on each side: short on the taker venue."""


def board(taker: str = "100000", maker: str = "100000", *facts: AnyMessage) -> Board:
    told = (*market_facts(TAKER), *market_facts(MAKER), *market_facts(TAKER, "ETH"), *market_facts(MAKER, "ETH"))
    return board_of(*told, account(TAKER, taker), account(MAKER, maker), *facts)


def found(new: Stake, held: tuple[Stake, ...], on: Board, limits: Policy = POLICY, rate: str = "0") -> dict[str, Step]:
    return {step.name: step for step in steps_of(new, held, D(rate), on, limits)}


def broken(new: Stake, held: tuple[Stake, ...], on: Board, limits: Policy = POLICY) -> list[str]:
    return [name for name, step in found(new, held, on, limits).items() if not step.survived]


def test_ample_accounts_survive_and_the_tightest_step_is_told() -> None:
    step = trial(NEW, (), D(72), board(), POLICY)
    assert step.survived
    assert step.name == "pacifica gone, hyperliquid at prices +20 %"
    assert step.left_usd == 100_000 - 2000 - 120
    assert step.least_usd == 50_000


@pytest.mark.parametrize(
    ("taker", "maker", "limits", "broken", "left"),
    [
        ("3900", "100000", POLICY, "hyperliquid, prices +20 %", "1900"),
        ("100000", "3900", POLICY, "pacifica, prices -20 %", "1900"),
        ("4100", "100000", POLICY, "pacifica gone, hyperliquid at prices +20 %", "1980"),
        (
            "3000",
            "3000",
            policy(shocks=(D("0.1"),), equity_floor_fraction=D("0.65"), maintenance_multiple=ZERO),
            "pacifica gone, hyperliquid at prices +10 %",
            "1890",
        ),
        ("5000", "5000", policy(shocks=(D("0.15"),), maintenance_multiple=D(8)), "", ""),
    ],
)
def test_the_step_that_breaks_an_account_is_named(
    taker: str, maker: str, limits: Policy, broken: str, left: str
) -> None:
    step = trial(NEW, (), D(72), board(taker, maker), limits)
    assert step.survived is (not broken)
    if broken:
        assert (step.name, step.left_usd) == (broken, D(left))


# --- a leg taken -----------------------------------------------------------------------------------------------

UP = "pacifica takes the winning leg before prices go +20 %"
DOWN = "hyperliquid takes the winning leg before prices go -20 %"


def test_the_leg_that_is_left_loses_the_whole_move_and_is_closed_in_a_wide_thin_book() -> None:
    """A book 10 bps wide around 100: nine more half spreads of 5 bps come to the 5 that are there, but a per cent is
    the least; short 100 units are 12,000 USD after the rise."""
    told = found(NEW, (), board())
    assert told[f"{UP}, hyperliquid is closed at 120.00 USD"].left_usd == 100_000 - 2000 - 120
    assert told[f"{DOWN}, pacifica is closed at 80.00 USD"].left_usd == 100_000 - 2000 - 80
    wide = found(NEW, (), board("100000", "100000", quote(TAKER, bid="99.8", ask="100.2")))
    assert wide[f"{UP}, hyperliquid is closed at 240.00 USD"].left_usd == 100_000 - 2000 - 240


def test_what_asks_for_more_than_the_thin_book_has_costs_the_most() -> None:
    """Of 150 units at the touch 75 are left; 100 are asked for."""
    told = found(NEW, (), board("100000", "100000", quote(TAKER, size="150")))
    assert told[f"{UP}, hyperliquid is closed at 600.00 USD"].left_usd == 100_000 - 2000 - 600


def test_what_the_taken_leg_would_have_won_for_the_rest_of_its_account_is_lost() -> None:
    """The maker venue is long 100 BTC and short 400 ETH: 40,000 USD, which the rise costs 8000, less nothing."""
    held = (stake("400", MAKER, TAKER, asset="ETH"),)
    told = found(NEW, held, board())
    assert told["pacifica, prices +20 %"].left_usd == 100_000 + 2000 - 8000
    assert told[f"{UP}, pacifica has the rest"].left_usd == 100_000 - 8000


@pytest.mark.parametrize(
    ("held", "on", "names"),
    [
        ((), board("4400", "100000", quote(TAKER, size="150")), [f"{UP}, hyperliquid is closed at 600.00 USD"]),
        (
            (stake("400", MAKER, TAKER, asset="ETH"),),
            board("100000", "15000"),
            [f"{UP}, pacifica has the rest"],
        ),
    ],
)
def test_a_taken_leg_refuses_what_the_shock_itself_would_leave(
    held: tuple[Stake, ...], on: Board, names: list[str]
) -> None:
    """A pair of 2.3 times an account's equity in a book that empties; and an account whose legs stood for one
    another."""
    calm = policy(funding_caps_per_hour={})
    assert broken(NEW, held, on, calm) == names
    assert trial(NEW, held, ZERO, on, calm).name == names[0]


# --- funding turned --------------------------------------------------------------------------------------------


def test_funding_at_the_cap_is_paid_until_the_pair_has_left_and_so_is_leaving() -> None:
    """Four settlements of 4 %, then half a spread of 5 bps and a taker fee of 4.5 bps."""
    assert hours_to_act(POLICY) == 4
    told = found(NEW, (), board())
    step = told["hyperliquid charges its cap of 4 %/h for 4 h, then the pair leaves"]
    assert step.left_usd == 100_000 - 1600 - 5 - D("4.5")
    assert "pacifica charges its cap of 0.5 %/h for 4 h, then the pair leaves" in told


def test_expected_funding_that_turns_is_paid_where_it_is_more_than_the_cap() -> None:
    told = found(NEW, (), board(), rate="20000")
    step = told["hyperliquid charges a multiple of what is expected, then the pair leaves"]
    assert step.left_usd == 100_000 - 60_000 - 5 - D("4.5")
    assert not step.survived


@pytest.mark.parametrize(("scan_s", "inverted_h", "hours"), [(300.0, "8", 10), (3600.0, "8", 10), (3600.0, "1", 3)])
def test_a_slower_rule_pays_longer(scan_s: float, inverted_h: str, hours: int) -> None:
    slow = replace(POLICY, scanner=ScannerPolicy(inverted_h=D(inverted_h), scan_s=scan_s))
    assert hours_to_act(slow) == hours


def test_funding_that_turned_refuses_alone() -> None:
    """Ten settlements of 4 % are 40 % of a leg that is 1.4 times the equity; shocks of 30 % leave more than half."""
    slow = replace(POLICY, scanner=ScannerPolicy(inverted_h=D(8)), endurance=replace(LIMITS, shocks=(D("0.3"),)))
    assert broken(NEW, (), board("7000", "100000"), slow) == [
        "hyperliquid charges its cap of 4 %/h for 10 h, then the pair leaves"
    ]


# --- all of it -------------------------------------------------------------------------------------------------


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


SHARES = st.integers(min_value=1, max_value=95).map(lambda percent: D(percent) / 100)
EQUITY = st.integers(min_value=1, max_value=40_000)


def survives(equity: int, new: Stake, limits: Policy) -> bool:
    on = board(str(equity), str(equity), quote(TAKER, size="150"), quote(MAKER, size="300"))
    return trial(new, (stake("20", MAKER, TAKER, asset="ETH"),), D(72), on, limits).survived


@given(EQUITY, SHARES, SHARES)
def test_a_worse_shock_never_helps(equity: int, one: Decimal, other: Decimal) -> None:
    mild, worse = (policy(shocks=(shock,)) for shock in sorted((one, other)))
    assert survives(equity, NEW, mild) or not survives(equity, NEW, worse)


@given(EQUITY, SHARES, SHARES)
def test_a_thinner_book_never_helps(equity: int, one: Decimal, other: Decimal) -> None:
    deep, thin = (policy(stressed_depth_fraction=depth) for depth in sorted((one, other), reverse=True))
    assert survives(equity, NEW, deep) or not survives(equity, NEW, thin)


@given(EQUITY, st.integers(1, 60), st.integers(1, 60))
def test_a_wider_book_never_helps(equity: int, one: int, other: int) -> None:
    narrow, wide = (policy(stressed_spread_multiple=D(times)) for times in sorted((one, other)))
    assert survives(equity, NEW, narrow) or not survives(equity, NEW, wide)


@given(EQUITY, st.integers(0, 400), st.integers(0, 400))
def test_a_higher_cap_never_helps(equity: int, one: int, other: int) -> None:
    low, high = (policy(funding_caps_per_hour={TAKER: D(cap) / 10_000}) for cap in sorted((one, other)))
    assert survives(equity, NEW, low) or not survives(equity, NEW, high)


@given(EQUITY, st.integers(1, 400), st.integers(1, 400))
def test_a_larger_pair_never_helps_itself(equity: int, one: int, other: int) -> None:
    """Alone on its accounts, where it stands for nothing else."""
    small, large = (stake(str(size), settled=False) for size in sorted((one, other)))
    on = board(str(equity), str(equity), quote(TAKER, size="150"))
    assert trial(small, (), ZERO, on, POLICY).survived or not trial(large, (), ZERO, on, POLICY).survived
