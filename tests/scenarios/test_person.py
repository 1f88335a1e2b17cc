"""A person's hand through the whole engine: what is asked is journaled, done once, and still so after a crash."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from actors.domain import NS_PER_S
from actors.messages import (
    AnyMessage,
    EngineResumed,
    HoldOpeningsAsked,
    LimitAsked,
    PairSpawned,
    ResumeOpeningsAsked,
)
from actors.risk.person import effective
from actors.risk.state import RiskState
from engine.core import Core
from engine.fuzzing.lives import Cue, Death, Lives
from engine.fuzzing.oracle import check_replay
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, POLICY, Run, Scenario, play, say, staged
from tests.scenarios.market import START_NS

TOLD = {"by": "Ann", "reason": "news"}
HOLD = HoldOpeningsAsked(command_id="1", **TOLD)
RESUME = ResumeOpeningsAsked(command_id="2", **TOLD)
LOWER = LimitAsked(command_id="3", limit="order_notional_most_usd", value=Decimal(100), **TOLD)
BRISK = replace(POLICY, entry=replace(POLICY.entry, backoff_s=5.0))


def at(seconds: float, message: AnyMessage) -> Cue:
    return Cue(at_s=seconds, do=say(message, "risk"))


def risk_in(core: Core) -> RiskState:
    state = core.states["risk"]
    assert isinstance(state, RiskState)
    return state


def something_held(core: Core) -> bool:
    return any(held.size for held in risk_in(core).positions.values())


def test_while_a_person_holds_openings_no_pair_is_asked_for_and_the_next_scan_after_it_enters_one(
    tmp_path: Path,
) -> None:
    """The pause after a failed entry is longer than the run: a pair denied meanwhile would not have come again."""
    assert POLICY.entry.backoff_s > POLICY.lifecycle.duration_s
    run = play(Scenario(cues=(at(0.1, HOLD), at(30, RESUME))), tmp_path)
    opened = [order for venue in (HYPERLIQUID, PACIFICA) for order in run.venue_orders(venue) if not order.reduce_only]
    assert opened
    first_s = (min(order.placed_at_ns for order in opened) - START_NS) / NS_PER_S
    assert 30 <= first_s <= 30 + POLICY.scanner.scan_s + 2
    assert not any(record.denied for record in run.records)
    spawned = [record.at_ns for record in run.records if isinstance(record.message, PairSpawned)]
    assert min(spawned) >= START_NS + 30 * NS_PER_S
    assert "openings_held" in run.alarm_codes()
    assert "openings_resumed" in run.alarm_codes()


def test_what_is_held_stays_hedged_while_openings_are_held(tmp_path: Path) -> None:
    run = play(Scenario(cues=(at(25, HOLD), at(25, HOLD))), tmp_path)
    assert run.pair.place == "CLOSED.flat"
    assert run.places.count("HEDGED.earning") == 1
    assert run.alarm_codes().count("openings_held") == 1


def test_a_hold_in_the_middle_of_an_entry_leaves_no_leg_naked(tmp_path: Path) -> None:
    """The taker leg is filled when it comes: the other leg is hedged all the same."""
    taken = Cue(do=say(HOLD, "risk"), when=something_held)
    run = play(Scenario(cues=(taken,)), tmp_path)
    sold, bought = run.sizes_at("HEDGED.earning")[0]
    assert bought == -sold > 0


def test_a_lowered_limit_outlives_the_engine_that_was_told(tmp_path: Path) -> None:
    scenario = Scenario(policy=BRISK, cues=(at(0.1, LOWER),))
    death = Death(commit=1, how="between write and send", from_s=20.0)
    run = Run(scenario, tmp_path / "run", Lives(staged(scenario, death), tmp_path / "run").perform())
    check_replay(run)
    assert any(isinstance(record.message, EngineResumed) for record in run.records), "it was killed and came back"
    core = run.engine.core
    assert effective(risk_in(core), core.policy).order_notional_most_usd == 100
    assert_small(run)


def test_under_a_lowered_limit_less_is_opened_instead_of_what_is_denied(tmp_path: Path) -> None:
    usual = play(Scenario(), tmp_path / "usual")
    assert max(order.size * order.limit_price for order in usual.orders()) > 100
    assert_small(play(Scenario(cues=(at(0.1, LOWER),)), tmp_path / "lowered"))


def assert_small(run: Run) -> None:
    """What is opened keeps the lowered limit, and nothing was kept back for it."""
    opened = [order for order in run.orders() if not order.reduce_only]
    assert opened
    assert max(order.size * order.decision_mid for order in opened) <= 100
    assert not any(record.denied for record in run.records)
    assert run.places.count("HEDGED.earning") >= 1
