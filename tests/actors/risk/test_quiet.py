from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from actors.domain import HOUR_NS, MarketStatus
from actors.messages import LinkLost
from actors.policy import AutoClosePolicy, Policy
from actors.risk import quiet
from actors.risk.auto_close import Case, first_of
from actors.risk.quiet import is_far, is_quiet, limits_of
from actors.risk.state import key_of
from tests.actors.risk.test_auto_close import any_case, case, closed, leg, legs, rule_of, told
from tests.factories import MAKER, PAIR, TAKER, quote, sample


def judged(what: Case) -> bool:
    keyed = tuple((key_of(each.venue, each.asset), each) for each in what.legs)
    return is_quiet(keyed, what.board, what.policy, what.at_ns)


@given(found=any_case())
@settings(max_examples=600, deadline=None, derandomize=True)
def test_a_quiet_pair_triggers_no_row_now_nor_later_while_nothing_is_told(found: Case) -> None:
    """Asked twice, so that what is remembered of the first look is used."""
    for later_s in (0, 0, 30, 400):
        later = told(found, later_s=later_s)
        if judged(later):
            assert rule_of(first_of(PAIR, later)) == ""


ALL: dict[str, Any] = {
    "time_to_liquidation_least_s": Decimal(300),
    "liquidation_distance_least_fraction": Decimal("0.05"),
    "venue_silent_s": Decimal(900),
    "divergence_most_bps": Decimal(150),
    "profit_target_bps": Decimal(50),
    "hold_most_h": Decimal(336),
}
CALM = case(legs(maker="60"), **ALL)


def test_a_pair_far_from_every_limit_is_quiet_and_stays_so_as_marks_come() -> None:
    assert judged(CALM)
    assert judged(told(CALM, sample(MAKER, "99.5"), quote(MAKER, "99.4", "99.6"), later_s=60))


@pytest.mark.parametrize(
    "near",
    [
        case(legs(maker="95.5"), **ALL),
        told(case(legs(maker="75"), **ALL), sample(MAKER, "94"), later_s=60),
        told(case(legs(taker="125"), **ALL), sample(TAKER, "106"), later_s=60),
        case(legs(), closed(MAKER, MarketStatus.HALTED), **ALL),
        case(legs(), LinkLost(venue=MAKER, reason="cut"), **ALL),
        case(legs(), sample(MAKER, "101.4"), **ALL),
        case((leg(TAKER, "-10", cash_usd=Decimal(1005)), leg(MAKER, "10", cash_usd=Decimal(-1000))), **ALL),
        case((leg(TAKER, "-10", since_ns=CALM.at_ns - 303 * HOUR_NS), leg(MAKER, "10")), **ALL),
    ],
    ids=["near", "falling", "rising", "halted", "down", "apart", "rich", "held long"],
)
def test_a_pair_near_one_limit_is_not(near: Case) -> None:
    assert not judged(near)


def test_what_is_remembered_of_a_leg_is_forgotten_with_any_of_its_inputs() -> None:
    """The same leg after its account, its size, its mark, or the policy has changed."""
    assert judged(CALM)
    moved = replace(CALM.legs[1], liquidation_price=Decimal(97))
    assert not judged(CALM._replace(legs=(CALM.legs[0], moved)))
    assert judged(CALM)
    strict = replace(Policy(), auto_close=AutoClosePolicy(liquidation_distance_least_fraction=Decimal("0.5")))
    assert not judged(CALM._replace(policy=strict))


def test_a_leg_that_was_far_is_looked_at_once_while_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []

    def far(*args: object) -> bool:
        looks.append(args)
        return True

    monkeypatch.setattr(quiet, "is_far", far)
    fresh = case(legs(maker="60"), **ALL)
    assert judged(fresh)
    assert judged(told(fresh, later_s=30))
    assert len(looks) == 2
    assert judged(told(fresh, sample(MAKER, "99"), later_s=30))
    assert len(looks) == 3, "the other leg was told nothing new"


def test_thirty_per_cent_off_at_the_speed_of_one_tick_is_far_and_a_crash_is_not() -> None:
    """Six per cent in one step would reach it within five minutes."""
    for mark, far in (("95", True), ("93.1", False)):
        crash = told(case(legs(maker="65"), **ALL), sample(MAKER, mark), later_s=30)
        held, key = crash.legs[1], key_of(MAKER, "BTC")
        market, pasts = crash.board.markets[key], crash.board.pasts[key]
        assert is_far(held, market, None, pasts, limits_of(crash.policy), crash.at_ns) is far
