"""A strategy gone wild is stopped by risk, whatever it calls its orders, and the pair that is held stays hedged.

The scanner's step is planted to send orders of its own in a market that no pair trades, ten at each scan.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.actor import Step
from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, Side, TimeInForce, client_order_id
from actors.messages import Envelope, OrderDenied, OrderMessage, TimerFired
from actors.policy import RiskPolicy
from actors.roles import ROLES
from engine.fuzzing.oracle import check_replay
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, POLICY, Run, Scenario, perform
from tests.scenarios.market import START_NS

WILD_FROM_S, WILD_UNTIL_S = 25.0, 85.0
"""The pair is hedged by then; the run ends later."""
SPAM = 10
LOOSE = RiskPolicy(
    orders_per_minute_most=1000,
    messages_per_minute_most=1000,
    messages_per_second_most=1000,
    venue_messages_per_minute_most=1000,
    venue_messages_per_second_most=1000,
    repeated_executions_most=1000,
)


def wild_order(envelope: Envelope, asset: str, number: int, size: str, price: str, purpose: str) -> SubmitOrder:
    return SubmitOrder(
        order_id=client_order_id("wild", str(envelope.seq), number),
        venue=HYPERLIQUID,
        asset=asset,
        side=Side.BUY,
        size=Decimal(size),
        limit_price=Decimal(price),
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        purpose=purpose,
        expires_at_ns=envelope.at_ns + 20 * NS_PER_S,
        decision_mid=Decimal(3000),
    )


def since_s(envelope: Envelope) -> float:
    return (envelope.at_ns - START_NS) / NS_PER_S


def goes_wild(monkeypatch: pytest.MonkeyPatch, size: str, price: str, purpose: str = "taker") -> None:
    real = ROLES["funding_scanner"].step

    def step(state: Any, envelope: Envelope, *rest: Any) -> Step[Any]:
        if isinstance(envelope.message, OrderMessage):
            return Step(state, "wild", ())
        stepped = real(state, envelope, *rest)
        wild = isinstance(envelope.message, TimerFired) and WILD_FROM_S <= since_s(envelope) < WILD_UNTIL_S
        asset = "ETH" if any(held.asset == "BTC" for held in state.holdings.values()) else "BTC"
        orders = tuple(
            wild_order(envelope, asset, number, size, price, purpose) for number in range(SPAM if wild else 0)
        )
        return Step(stepped.state, stepped.row, (*stepped.commands, *orders))

    monkeypatch.setattr(ROLES["funding_scanner"], "step", step)


def played(tmp_path: Path, **limits: Any) -> Run:
    scanner = replace(POLICY.scanner, assets=("ETH", "BTC"))
    policy = replace(POLICY, scanner=scanner, risk=replace(LOOSE, **limits))
    return perform(Scenario(policy=policy), tmp_path / "run")


def wild_ones(run: Run) -> tuple[list[SubmitOrder], list[OrderDenied]]:
    """What left and what was denied of it."""
    left = [
        command
        for record in run.records
        for command in record.commands
        if isinstance(command, SubmitOrder) and record.to == "funding_scanner"
    ]
    return left, [denied for record in run.records if record.to == "funding_scanner" for denied in record.denied]


def wild_position(run: Run) -> Decimal:
    """What the wild orders opened."""
    return run.position(HYPERLIQUID, "BTC" if run.pair.asset == "ETH" else "ETH")


def check_hedge(run: Run) -> None:
    """The pair was entered, held in equal sizes and closed; none of its orders was denied; the journal replays."""
    sold, bought = run.sizes_at("HEDGED.earning")[0]
    assert bought == -sold > 0
    assert run.pair.place == "CLOSED.flat"
    assert [run.position(venue, run.pair.asset) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]
    assert [denied for record in run.pair_records for denied in record.denied] == []
    check_replay(run)


@pytest.mark.parametrize("purpose", ["taker", "maker"])
@pytest.mark.parametrize(
    ("rule", "most"),
    [
        ("orders_per_minute_most", 12),
        ("messages_per_minute_most", 15),
        ("messages_per_second_most", 4),
        ("venue_messages_per_minute_most", 12),
        ("venue_messages_per_second_most", 4),
    ],
)
def test_orders_that_never_fill_are_stopped_by_the_throttle(
    rule: str, most: int, purpose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may call them hedges: by risk's own count they hedge nothing."""
    goes_wild(monkeypatch, "0.1", "2950", purpose)
    run = played(tmp_path, **{rule: most})
    left, denied = wild_ones(run)
    assert {each.rule for each in denied} == {rule}
    scans = 1 + len(left + denied) // SPAM
    assert len(left) <= most * (scans if "second" in rule else 2)
    check_hedge(run)


def test_orders_that_fill_are_stopped_by_repeated_execution_until_a_person_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_wild(monkeypatch, "0.01", "3020")
    run = played(tmp_path, repeated_executions_most=3)
    left, denied = wild_ones(run)
    assert len(left) == 3
    assert len(denied) > 2 * SPAM
    assert {each.rule for each in denied} == {"repeated_executions_most"}
    assert wild_position(run) == Decimal("0.03")
    assert run.alarm_codes().count("repeated_executions") == 1
    check_hedge(run)


@pytest.mark.parametrize("purpose", ["taker", "sweep"])
@pytest.mark.parametrize(
    ("rule", "most"),
    [
        ("total_gross_most_usd", 24_500),
        ("venue_gross_most_usd", 15_500),
        ("total_long_most_usd", 15_500),
        ("venue_long_most_usd", 6500),
        ("pair_long_most_usd", 9500),
        ("asset_gross_most_usd", 18_500),
        ("order_notional_most_usd", 9500),
        ("total_net_most_usd", 12_000),
    ],
)
def test_orders_that_fill_are_stopped_by_what_may_be_held(
    rule: str, most: int, purpose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = rule == "order_notional_most_usd"
    goes_wild(monkeypatch, "4" if alone else "1", "3020", purpose)
    run = played(tmp_path, **{rule: Decimal(most)})
    left, denied = wild_ones(run)
    assert {each.rule for each in denied} == {rule}
    assert bool(left) is not alone
    assert wild_position(run) * 2990 < most
    check_hedge(run)


def test_orders_too_large_in_base_units_never_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_wild(monkeypatch, "0.5", "3020")
    run = played(tmp_path, order_base_most={"BTC": Decimal("0.4"), "ETH": Decimal("0.4")})
    left, denied = wild_ones(run)
    assert (left, {each.rule for each in denied}) == ([], {"order_base_most"})
    check_hedge(run)
