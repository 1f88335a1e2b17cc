from __future__ import annotations

from decimal import Decimal

from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.expectation import Expectation
from actors.forecast import Outlook
from actors.policy import CostsPolicy, Policy, ScannerPolicy
from actors.switching import Change, change

D = Decimal
POLICY = Policy(scanner=ScannerPolicy(horizon_h=D(10), confidence=D(0)), costs=CostsPolicy(switching_factor=D(2)))
NOTIONAL = D(1000)
ROUND_TRIP = D(5)
"""2 to enter, 3 to leave, USD."""


def expected(rate: Decimal, error: Decimal = D(0)) -> Expectation:
    return Expectation(
        horizon_h=D(10),
        notional_usd=NOTIONAL,
        capital_usd=NOTIONAL,
        rate_per_hour=rate,
        rate_error_per_hour=error,
        funding_usd=NOTIONAL * rate * 10,
        entry_fees_usd=D(1),
        exit_fees_usd=D(2),
        entry_slippage_usd=D(1),
        exit_slippage_usd=D(1),
    )


def outlook(rate: Decimal, error: Decimal = D(0)) -> Outlook:
    return Outlook(mean_per_hour=rate, error_per_hour=error, persistence=D(1), hours_seen=9)


def between(better: str, held: str, policy: Policy = POLICY) -> Change:
    return change(expected(D(better)), outlook(D(held)), NOTIONAL, D(3), policy)


def test_a_change_is_worth_it_beyond_so_many_times_its_cost() -> None:
    """30 USD less a round trip of 5 against 15: 10 more, where leaving and entering costs 5, asked twice."""
    found = between("0.003", "0.0015")
    assert (found.better_usd, found.held_usd, found.cost_usd) == (D(25), D(15), D(5))
    assert not found.worth_it
    assert between("0.003001", "0.0015").worth_it
    assert found.words() == "expected 25.00 USD against 15.00 here, the change costs 5.00 USD (asked: 2 times that)"


def test_a_factor_of_nothing_never_changes() -> None:
    assert not between("1", "0", replace(POLICY, costs=CostsPolicy(switching_factor=D(0)))).worth_it


def test_doubts_are_taken_off_the_better_and_added_to_the_held() -> None:
    sceptic = replace(POLICY, scanner=replace(POLICY.scanner, confidence=D(2)))
    found = change(expected(D("0.003"), D("0.0001")), outlook(D("0.0015"), D("0.0002")), NOTIONAL, D(3), sceptic)
    assert (found.better_usd, found.held_usd) == (D(25 - 2), D(15 + 4))


RATES = st.decimals(min_value="-0.05", max_value="0.05", places=5)


@given(RATES, RATES)
def test_no_two_rates_make_it_change_there_and_back(one: Decimal, other: Decimal) -> None:
    assert not (between(str(one), str(other)).worth_it and between(str(other), str(one)).worth_it)


NOISE = st.lists(st.tuples(*[st.decimals(min_value="-0.0004", max_value="0.0004", places=5)] * 2), max_size=60)


@given(NOISE)
def test_under_symmetric_noise_smaller_than_the_cost_it_never_changes(noise: list[tuple[Decimal, Decimal]]) -> None:
    """Both rates are the same but for noise of 8 USD at most between them, where 15 are asked for."""
    held = 0
    for both in noise:
        rates = [D("0.001") + each for each in both]
        found = between(str(rates[1 - held]), str(rates[held]))
        held = 1 - held if found.worth_it else held
        assert held == 0


@given(st.lists(st.tuples(RATES, RATES), max_size=60))
def test_every_change_costs_less_than_what_it_was_to_bring(noise: list[tuple[Decimal, Decimal]]) -> None:
    """Whatever the noise: so many changes in a row were each worth more than twice their cost when they were made."""
    held = 0
    for both in noise:
        found = between(str(both[1 - held]), str(both[held]))
        if found.worth_it:
            assert (both[1 - held] - both[held]) * 10 * NOTIONAL > 2 * ROUND_TRIP
            held = 1 - held
