"""Margin that prices move from one venue to the other: people are asked for a transfer; where it is late pairs shrink.

The engine sends no money anywhere.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from actors.commands import Tell
from actors.messages import ReduceAsked
from actors.policy import AutoClosePolicy, CollateralPolicy, Policy
from tests.scenarios.harness import HYPERLIQUID, POLICY, Run, Scenario, play
from tests.scenarios.market import Scene

ZERO = Decimal(0)
SMALL = {HYPERLIQUID.value: Decimal(3300)}
"""Short of 9000 USD there; the other venue has plenty."""
UP = (Scene(), Scene(from_s=40.0, price=Decimal(3600)))
"""A fifth more costs the short leg 1800 USD, and the long one has gained as much where it is not needed."""


def watched(alarm: int, reduce: int) -> Policy:
    """A run in which nothing else closes or reduces a pair."""
    calm = replace(POLICY.adl, level_scores=tuple(Decimal(10**6 + level) for level in range(4)))
    alone = AutoClosePolicy(time_to_liquidation_least_s=ZERO, liquidation_distance_least_fraction=ZERO)
    return replace(
        POLICY,
        adl=calm,
        auto_close=alone,
        collateral=CollateralPolicy(alarm_multiple=Decimal(alarm), reduce_multiple=Decimal(reduce)),
        lifecycle=replace(POLICY.lifecycle, duration_s=150.0),
    )


def reductions(run: Run) -> list[ReduceAsked]:
    return [
        command.message
        for record in run.records
        for command in record.commands
        if isinstance(command, Tell) and isinstance(command.message, ReduceAsked)
    ]


def test_margin_that_a_price_takes_away_is_asked_back_by_name_and_amount(tmp_path: Path) -> None:
    """1,500 USD are left, less what prices may do in two hours: about five maintenance margins."""
    run = play(Scenario(scenes=UP, policy=watched(10, 2), deposit_usd=SMALL, calm_s=40.0), tmp_path)
    (told, *_) = run.raised("collateral_short")
    assert told.severity == "warning"
    assert told.text.startswith("hyperliquid: 1")
    assert " USD from pacifica now, it takes about 2 h" in told.text
    assert reductions(run) == []
    assert run.pair.close_reason == "the run's duration is over"


def test_where_a_transfer_comes_too_late_both_legs_shrink_by_what_is_needed(tmp_path: Path) -> None:
    run = play(Scenario(scenes=UP, policy=watched(10, 6), deposit_usd=SMALL, calm_s=40.0), tmp_path)
    told = run.raised("collateral_short")
    assert "critical" in [each.severity for each in told]
    (asked, *_) = reductions(run)
    assert ZERO < asked.fraction < Decimal("0.3")
    assert asked.reason.startswith("margin runs short: 1")
    before, after, *_ = run.sizes_at("HEDGED.earning")
    assert after[0] == -after[1]
    kept = after[1] / before[1]
    assert abs(kept - (1 - asked.fraction)) < Decimal("0.01")
    assert {order.reduce_only for order in run.orders("reduce")} == {True}


def test_enough_margin_asks_for_nothing(tmp_path: Path) -> None:
    run = play(Scenario(scenes=UP, policy=watched(4, 2), deposit_usd=SMALL, calm_s=40.0), tmp_path)
    assert run.raised("collateral_short") == ()
    assert reductions(run) == []
