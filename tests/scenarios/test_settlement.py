"""Profit on Drift is no collateral before it is settled: who asks for it, when, and what a refusal leads to."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.commands import SettlePnl
from actors.domain import Venue
from actors.messages import PnlSettled, PnlSettlementRejected, PnlSettlementUnresolved
from actors.pnl_settlement import PnlSettlement
from actors.policy import SettlementPolicy
from engine.runtime import Stage
from engine.simulators.drift import DriftFace
from engine.simulators.drift.books import Position, User
from engine.simulators.faults import DropRequest, DropResponse, FaultRule, Status
from engine.venues.drift.wire import EXCHANGE_SETTLE_PNL_PAUSED
from tests.scenarios.faulty import DRIFT_HISTORY, DRIFT_SEND, DRIFT_STATUS, rule
from tests.scenarios.harness import DRIFT, HYPERLIQUID, LIGHTER, POLICY, Cue, Do, Run, Scenario, play

ETH = "pnl_settlement/drift/ETH"
CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
EAGER = SettlementPolicy(held_least_usd=MICRO, held_every_s=20.0, backoff_s=2.0, tries_most=3, retry_s=60.0)
Pair = tuple[Venue, Venue]


def face_of(run: Run) -> DriftFace:
    face = run.engine.simulated[DRIFT].face
    assert isinstance(face, DriftFace)
    return face


def user_of(run: Run) -> User:
    return face_of(run).books.users[run.account(DRIFT)]


def position_of(run: Run) -> Position:
    return user_of(run).position(face_of(run).books.index_of["ETH-PERP"]) or Position(market_index=0)


def paused(status: int) -> Do:
    """The admins pause the settlement of profit, and only that; or let it go on."""

    def do(stage: Stage) -> None:
        face = stage.simulated[DRIFT].face
        assert isinstance(face, DriftFace)
        face.set_status(status)

    return do


def asked(run: Run) -> int:
    return sum(isinstance(command, SettlePnl) for command in run.commands)


def told(run: Run, kind: type[PnlSettled] | type[PnlSettlementRejected] | type[PnlSettlementUnresolved]) -> list[str]:
    """What the settlement was told of that kind: amounts, or why not."""
    messages = [record.message for record in run.records if record.to == ETH and isinstance(record.message, kind)]
    return [str(getattr(message, "amount_usd", getattr(message, "detail", ""))) for message in messages]


def settlement(run: Run) -> PnlSettlement:
    state = run.engine.core.states[ETH]
    assert isinstance(state, PnlSettlement)
    return state


def report_of(run: Run) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((run.directory / "report.json").read_text())
    return report


def rows(run: Run) -> list[str]:
    return [record.row for record in run.records if record.to == ETH and record.row.startswith("P")]


def money_holds(run: Run) -> None:
    """Deposit and what is unsettled, equity as reported, and the pair's own books: one sum, to the cent."""
    user, leg = user_of(run), next(leg for leg in run.pair.legs if leg.venue is DRIFT)
    held = Decimal(user.deposit + sum(position.quote for position in user.positions.values())).scaleb(-6)
    booked = leg.cash_usd - leg.fees_usd + leg.funding_received_usd - leg.funding_paid_usd
    assert abs(held - 50_000 - booked) < CENT
    assert abs(run.engine.view().equity_usd["drift"] - held) < CENT
    assert abs(report_of(run)["unexplained_usd"]) <= CENT


@pytest.mark.parametrize("venues", [(HYPERLIQUID, DRIFT), (DRIFT, LIGHTER)], ids="-".join)
def test_what_a_closed_pair_left_on_drift_is_settled_before_the_run_ends(venues: Pair, tmp_path: Path) -> None:
    run = play(Scenario(venues=venues), tmp_path)
    assert run.pair.place == "CLOSED.flat"
    assert asked(run) == 1
    (amount,) = told(run, PnlSettled)
    assert Decimal(user_of(run).settled_pnl).scaleb(-6) == Decimal(amount) != 0
    assert (position_of(run).quote, position_of(run).free) == (0, True), "and the account's place is free again"
    assert settlement(run).place == "IDLE"
    assert not settlement(run).unsettled_usd
    assert run.alarms == ()
    money_holds(run)


def test_no_venue_that_settles_by_itself_is_asked(tmp_path: Path) -> None:
    run = play(Scenario(venues=(HYPERLIQUID, LIGHTER)), tmp_path)
    assert asked(run) == 0
    assert ETH not in run.engine.core.states


def test_a_refused_settlement_is_tried_as_often_as_allowed_and_then_people_are_told(tmp_path: Path) -> None:
    policy = replace(POLICY, settlement=EAGER, lifecycle=replace(POLICY.lifecycle, settle_s=60.0))
    pause = Cue(at_s=5.0, do=paused(EXCHANGE_SETTLE_PNL_PAUSED))
    run = play(Scenario(venues=(HYPERLIQUID, DRIFT), policy=policy, cues=(pause,)), tmp_path)
    assert run.pair.place == "CLOSED.flat", "nobody waits for it"
    refusals = told(run, PnlSettlementRejected)
    assert refusals
    assert all("6024" in why for why in refusals)
    assert len(refusals) == asked(run)
    assert asked(run) <= 2 * EAGER.tries_most
    (alarm, *_) = run.raised("pnl_unsettled")
    assert alarm.severity == "info"
    assert "ETH" in alarm.text
    assert user_of(run).settled_pnl == 0
    money_holds(run)
    left = Decimal(position_of(run).quote).scaleb(-6).quantize(CENT)
    notes = report_of(run)["notes"]
    assert [note for note in notes if f"{left} USD of ETH are not settled at drift" in note]


def test_a_settlement_that_was_paused_for_a_while_is_made_up_for(tmp_path: Path) -> None:
    policy = replace(POLICY, settlement=EAGER, lifecycle=replace(POLICY.lifecycle, settle_s=60.0))
    cues = (Cue(at_s=5.0, do=paused(EXCHANGE_SETTLE_PNL_PAUSED)), Cue(at_s=115.0, do=paused(0)))
    run = play(Scenario(venues=(HYPERLIQUID, DRIFT), policy=policy, cues=cues, calm_s=115.0), tmp_path)
    assert told(run, PnlSettlementRejected)
    assert position_of(run).free
    money_holds(run)


WHEN: dict[str, Any] = {"from_s": 96.0, "to_s": 112.0}
"""When the settlement is under way."""
NO_STATUS = rule(DropResponse(), DRIFT_STATUS, **WHEN)
LOST: dict[str, tuple[tuple[FaultRule, ...], str]] = {
    "the history tells": ((rule(DropResponse(), DRIFT_SEND, **WHEN), NO_STATUS), "P7"),
    "the account tells": ((NO_STATUS, rule(Status(status=503, executed=True), DRIFT_HISTORY, **WHEN)), "P8"),
    "it never left": ((rule(DropRequest(), DRIFT_SEND, **WHEN), NO_STATUS), "P13"),
}


@pytest.mark.parametrize("lost", LOST)
def test_a_settlement_of_unknown_outcome_is_read_and_settled_once(lost: str, tmp_path: Path) -> None:
    faults, row = LOST[lost]
    policy = replace(
        POLICY,
        settlement=replace(EAGER, held_every_s=3600.0),
        lifecycle=replace(POLICY.lifecycle, settle_s=120.0),
    )
    run = play(Scenario(venues=(HYPERLIQUID, DRIFT), policy=policy, faults=faults, calm_s=112.0), tmp_path)
    assert row in rows(run)
    assert asked(run) == (2 if lost == "it never left" else 1)
    assert position_of(run).free
    assert settlement(run).place == "IDLE"
    assert not settlement(run).unsettled_usd
    money_holds(run)


def test_a_held_profit_is_settled_once_an_interval_and_the_pair_does_not_notice(tmp_path: Path) -> None:
    policy = replace(POLICY, settlement=EAGER, lifecycle=replace(POLICY.lifecycle, duration_s=200.0))
    run = play(Scenario(venues=(HYPERLIQUID, DRIFT), policy=policy), tmp_path)
    assert "P2" in rows(run)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]
    assert run.alarms == ()
    assert position_of(run).free
    money_holds(run)
