"""A failing world loses whatever it fails without."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from actors.actor import Context
from actors.domain import Venue
from actors.messages import OrderUnresolved
from actors.pair_position import ROLE, PairPosition
from engine.fuzzing.acts import Settle
from engine.fuzzing.faults import HTTP, rule
from engine.fuzzing.market import Look, Wide
from engine.fuzzing.shrink import Budget, ddmin, shrink
from engine.fuzzing.trial import Failure, try_world
from engine.simulators.faults import Delay, DropRequest
from tests.engine.fuzzing.planted import PLANTED
from tests.engine.fuzzing.worlds import CALM, world


def holding(*needed: int) -> Callable[[list[int]], bool]:
    return lambda part: all(number in part for number in needed)


@pytest.mark.parametrize("needed", [(), (0,), (57,), (3, 60), (10, 11, 12, 99)])
def test_what_is_left_is_what_is_needed(needed: tuple[int, ...]) -> None:
    budget = Budget(1000)
    assert ddmin(list(range(100)), holding(*needed), budget) == list(needed)
    assert budget.used < 150


def test_a_budget_ends_the_search_with_what_still_fails() -> None:
    left = ddmin(list(range(100)), holding(3, 60), Budget(5))
    assert {3, 60} <= set(left)
    assert len(left) < 100
    assert ddmin([1, 2], holding(1), Budget(5, ends_s=0.0)) == [1, 2]


def test_a_world_is_left_with_the_misfortune_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment of the hour is forgotten: of nine misfortunes, two venues too many and an asset none is needed."""
    PLANTED["payment_dropped"].plant(monkeypatch)
    everywhere = tuple(
        Look(venue=venue.value, asset="SOL", premium_bps=Decimal(0)) for venue in (*CALM.venues, Venue.LIGHTER)
    )
    troubled = world(
        venues=(*CALM.venues, Venue.LIGHTER),
        prices={**CALM.prices, "SOL": Decimal(150)},
        looks=(*CALM.looks, Look(venue="lighter", asset="ETH", premium_bps=Decimal(0)), *everywhere),
        turns=(Wide(asset="SOL", from_s=5.0, to_s=9.0, spread_bps=Decimal(30)),),
        rules=(rule(Delay(delay_s=0.2), HTTP, "late", from_s=5.0, to_s=20.0, probability=0.1),),
        acts=(Settle(at_s=6.0, venue=Venue.LIGHTER, asset="SOL", rate=Decimal("0.001")),),
        wary=True,
        calm_s=20.0,
    )
    failure = try_world(troubled).failure
    assert failure is not None
    assert failure.rule == "funding_differs"
    small = shrink(troubled, failure, Budget(100))
    assert (small.world.turns, small.world.rules, small.world.acts) == ((), (), ())
    assert (len(small.world.venues), small.world.assets, small.world.wary) == (2, ("ETH",), False)
    assert small.failure.rule == failure.rule


def test_a_rule_that_strikes_by_chance_becomes_the_strikes_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown outcome fells the step: of all requests that were lost one is needed."""
    absorb = ROLE.absorb

    def fall(state: PairPosition, context: Context) -> tuple[PairPosition, str]:
        if isinstance(context.message, OrderUnresolved):
            raise ValueError("what now")
        return absorb(state, context)

    monkeypatch.setattr(ROLE, "absorb", fall)
    lost = rule(DropRequest(), {**HTTP, "venue": "pacifica"}, "lost", from_s=5.0, to_s=50.0, probability=0.8)
    troubled = world(rules=(lost,), calm_s=50.0, duration_s=120.0)
    failure = try_world(troubled).failure
    assert failure is not None
    assert failure.rule == "step_raised"
    small = shrink(troubled, failure, Budget(150))
    (left,) = small.world.rules
    assert (left.venue, left.probability, len(left.nth)) == ("pacifica", None, 1)


def test_a_failure_of_another_rule_is_another() -> None:
    failure = Failure(rule="unsettled", text="x")
    assert failure.same_as(Failure(rule="unsettled", text="y"))
    assert not failure.same_as(Failure(rule="books_differ", text="x"))
    assert not failure.same_as(None)
