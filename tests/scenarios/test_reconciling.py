"""What is found where no pair of ours trades: named, never opened upon, reduced only when an order of ours did it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.actor import Step
from actors.board import reconciler_of
from actors.commands import SubmitOrder
from actors.domain import Venue
from actors.messages import (
    ActorFaulted,
    Envelope,
    ForeignFilled,
    KillSwitchPulled,
    PairReopened,
    PositionReported,
    QueryFailed,
)
from actors.reconciler import Reconciler
from actors.roles import ROLES
from engine.fuzzing.lives import Cue, Death, Do
from engine.replay import replay
from engine.simulators.faults import DelayRequest, DropResponse, FaultRule, Skew, Traffic
from engine.simulators.levers import instrument_of
from tests.scenarios.crashes import survive
from tests.scenarios.faulty import HL_ORDER, PAC_POSITIONS, rule
from tests.scenarios.harness import (
    ASSET,
    DRIFT,
    HYPERLIQUID,
    LIGHTER,
    PACIFICA,
    POLICY,
    Run,
    Scenario,
    account_of,
    pair_in,
    perform,
    play,
    pull,
    say,
)

OTHER = "SOL"
TWO = replace(POLICY, scanner=replace(POLICY.scanner, assets=(ASSET, OTHER), pairs_most=2))
ONE_OF_TWO = replace(TWO, scanner=replace(TWO.scanner, pairs_most=1))
BRISK = replace(TWO, reconcile=replace(TWO.reconcile, unsettled_every_s=5.0))
"""At Drift nothing is pushed: what somebody else does is found by asking."""
STRANGE = Decimal(2)


def by_hand(venue: Venue, size: Decimal, asset: str = OTHER) -> Do:
    """Somebody trades on our account until it holds that size."""
    return pull(venue, lambda x, at_ns: x.set_position(at_ns, account_of(venue), instrument_of(x, asset), size))


def opened(run: Run, asset: str = OTHER) -> list[int]:
    """When orders left that open something in an asset."""
    return [
        record.at_ns
        for record in run.records
        for command in record.commands
        if isinstance(command, SubmitOrder) and command.asset == asset and not command.reduce_only
    ]


def after_s(run: Run, at_ns: int) -> float:
    return (at_ns - run.scenario.start_ns) / 1e9


def watcher(run: Run, venue: Venue, asset: str = OTHER) -> Reconciler:
    state = run.engine.core.states[reconciler_of(venue, asset)]
    assert isinstance(state, Reconciler)
    return state


def places(run: Run, venue: Venue, asset: str = OTHER) -> list[str]:
    """Where the reconciler of a market went."""
    name = reconciler_of(venue, asset)
    return [record.place for record in run.records if record.to == name and record.place != record.source]


@pytest.mark.parametrize(
    "venues",
    [(HYPERLIQUID, PACIFICA), (PACIFICA, HYPERLIQUID), (HYPERLIQUID, LIGHTER), (HYPERLIQUID, DRIFT)],
    ids="-".join,
)
def test_position_found_at_the_start_is_named_and_nothing_is_opened_on_top_of_it_while_other_markets_trade(
    venues: tuple[Venue, Venue], tmp_path: Path
) -> None:
    """The newcomer's case: a position of before the run."""
    found = Cue(do=by_hand(venues[1], -STRANGE))
    run = play(Scenario(cues=(found,), policy=TWO, venues=venues, by_hand=True), tmp_path)
    assert opened(run) == []
    assert opened(run, ASSET)
    assert run.position(venues[1], OTHER) == -STRANGE, "never traded by us"
    (told,) = run.raised("market_disputed")
    for word in (f"{venues[1].value}: short 2 SOL", "buy 2 SOL by hand", f"--pair {venues[1].value}:SOL"):
        assert word in told.text
    (left,) = run.engine.view().foreign
    assert (left.venue, left.asset, left.size) == (venues[1], OTHER, -STRANGE)
    assert watcher(run, venues[1]).place == "DISPUTED.standing"


@pytest.mark.parametrize("venue", [HYPERLIQUID, PACIFICA, LIGHTER, DRIFT])
def test_h4_manual_trade_where_nobody_of_ours_trades_is_disputed_and_its_end_is_noticed(
    venue: Venue, tmp_path: Path
) -> None:
    """Nothing is opened there meanwhile; when the venue, asked twice, holds nothing, it is traded like any other."""
    venues = (HYPERLIQUID, PACIFICA) if venue is HYPERLIQUID else (HYPERLIQUID, venue)
    cues = (Cue(at_s=3.0, do=by_hand(venue, STRANGE)), Cue(at_s=40.0, do=by_hand(venue, Decimal(0))))
    run = play(Scenario(cues=cues, policy=BRISK, venues=venues, by_hand=True, calm_s=40.0), tmp_path)
    assert min(after_s(run, at_ns) for at_ns in opened(run)) > 40.0
    assert run.raised("market_disputed")
    assert [bool(alarm.resolved_ns) for alarm in run.alarms if alarm.code == "market_disputed"] == [True]
    went = places(run, venue)
    assert went.index("DISPUTED.standing") < went.index("DISPUTED.doubted") < went.index("HELD")
    assert run.engine.view().foreign == ()


def test_h4_manual_trade_that_its_quarantined_watcher_cannot_hear_of_is_not_opened_upon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watcher had found the market empty; its step fails when the venue tells otherwise, and fails again."""
    real, name = ROLES["reconciler"].step, reconciler_of(PACIFICA, OTHER)

    def step(state: Any, envelope: Envelope, *rest: Any) -> Step[Any]:
        told = envelope.message
        found = isinstance(told, PositionReported) and bool(told.size)
        if envelope.to == name and (found or isinstance(told, ForeignFilled | ActorFaulted)):
            raise ZeroDivisionError("a defect of the watcher")
        return real(state, envelope, *rest)

    monkeypatch.setattr(ROLES["reconciler"], "step", step)
    cue = Cue(at_s=6.0, do=by_hand(PACIFICA, STRANGE))
    run = perform(Scenario(cues=(cue,), policy=BRISK, by_hand=True), tmp_path / "run")
    assert watcher(run, PACIFICA).place == "MATCHED"
    assert [alarm.code for alarm in run.alarms].count("actor_quarantined") == 1
    assert opened(run) == []
    assert opened(run, ASSET), "other markets trade"
    assert replay(run.directory).identical


def test_h4_manual_trade_where_our_pair_has_closed_is_asked_of_the_pair_and_never_traded_by_us(tmp_path: Path) -> None:
    lasting = replace(POLICY, lifecycle=replace(POLICY.lifecycle, settle_s=60.0))
    cue = Cue(at_s=92.0, when=pair_in("CLOSED"), do=by_hand(PACIFICA, STRANGE, ASSET))
    run = play(Scenario(cues=(cue,), policy=lasting, by_hand=True), tmp_path)
    went = places(run, PACIFICA, ASSET)
    assert went[-3:] == ["REPAIRING", "LOOKING", "DISPUTED.standing"]
    assert "X41" in run.rows
    assert run.places[-1] == "CLOSED.flat"
    assert run.position(PACIFICA) == STRANGE
    assert run.raised("market_disputed")


def test_unanswered_questions_are_never_read_as_empty_and_nothing_is_opened_before_an_answer(tmp_path: Path) -> None:
    """The snapshot's question is answered, so that the link comes up; those of the reconciler are not, for a while."""
    lost = rule(DropResponse(), PAC_POSITIONS, nth=(2, 3, 4))
    run = play(Scenario(faults=(lost,)), tmp_path)
    (failed, *_) = (r.at_ns for r in run.records if isinstance(r.message, QueryFailed))
    matched = next(
        r.at_ns for r in run.records if r.to == reconciler_of(PACIFICA, ASSET) and r.place == "MATCHED" != r.source
    )
    assert failed < matched < opened(run, ASSET)[0]
    assert after_s(run, opened(run, ASSET)[0]) > 15.0, "the first scans found it not answered for"


def late_fill() -> tuple[FaultRule, ...]:
    """The taker order arrives long after its life, at a venue whose clock is slow enough to take it."""
    skewed = FaultRule(
        name="slow clock", traffic=Traffic.HTTP, venue="hyperliquid", fault=Skew(offset_s=-60), from_s=50.0, to_s=70.0
    )
    return (rule(DelayRequest(delay_s=45.0), HL_ORDER, nth=(1,)), skewed)


def test_fill_after_the_end_reopens_the_pair_which_everybody_knows_and_ends_flat(tmp_path: Path) -> None:
    run = play(Scenario(faults=late_fill(), calm_s=70.0), tmp_path)
    assert "X18" in run.rows
    heard = [record.to for record in run.records if isinstance(record.message, PairReopened)]
    markets = [reconciler_of(venue, ASSET) for venue in (HYPERLIQUID, PACIFICA)]
    assert heard == ["board", "funding_scanner", "engine_lifecycle", *markets]
    assert places(run, HYPERLIQUID, ASSET)[-3:] == ["HELD", "LOOKING", "MATCHED"]
    assert run.pair.place == "CLOSED.flat"
    assert [order.purpose for order in run.orders()] == ["taker", "emergency"]


def test_kill_after_a_late_fill_waits_for_the_pair_that_is_open_again(tmp_path: Path) -> None:
    kill = Cue(
        at_s=50.0, when=pair_in("EMERGENCY"), do=say(KillSwitchPulled(by="test", reason="?"), "engine_lifecycle")
    )
    run = play(Scenario(faults=late_fill(), cues=(kill,), calm_s=70.0), tmp_path)
    lifecycle = [r.row for r in run.records if r.to == "engine_lifecycle"]
    assert "L12" in lifecycle
    assert run.pair.place == "CLOSED.flat"


@pytest.mark.parametrize("commit", [20, 40, 60])
def test_c1_what_somebody_did_while_the_engine_was_away_is_found_when_it_comes_back(
    commit: int, tmp_path: Path
) -> None:
    """ETH may be held, SOL is not: there somebody trades while nobody listens."""
    long = replace(ONE_OF_TWO, lifecycle=replace(ONE_OF_TWO.lifecycle, duration_s=400.0))
    cue = Cue(at_s=90.0, do=by_hand(PACIFICA, STRANGE))
    away = Death(commit=commit, how="between write and send", down_s=120.0)
    run = survive(Scenario(cues=(cue,), policy=long, by_hand=True, settled_s=400.0), tmp_path / "run", away)
    assert watcher(run, PACIFICA).place == "DISPUTED.standing"
    assert "bought 2 at" in run.raised("market_disputed")[0].text
    assert opened(run) == []
    assert all(pair.place == "CLOSED.flat" for pair in run.pairs)
