"""Which leg closes first, through the whole engine: as configured, unless its venue has proved the better."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.messages import CloseAsked, EmergencyAsked
from engine.audit import explain
from engine.fuzzing.lives import Cue
from engine.simulators.faults import DelayRequest, Fault, Reject
from tests.scenarios.faulty import HL_ORDER, PAC_ORDER, rule
from tests.scenarios.harness import ASSET, HYPERLIQUID, PACIFICA, POLICY, Run, Scenario, play, say

FEW = replace(POLICY.reliability, prior_weight=Decimal(1))
"""One observation weighs as much as the prior: a run of minutes has few of them."""
SHORT = replace(POLICY, reliability=FEW)
CONFIGURED = (PACIFICA, HYPERLIQUID)
TURNED = (HYPERLIQUID, PACIFICA)


def closed_in(run: Run, purpose: str = "close") -> tuple[str, ...]:
    return tuple(order.venue for order in run.orders(purpose))[:2]


def slow(fault: Fault) -> Scenario:
    """Hyperliquid, configured to close second, answers orders so from the start."""
    return Scenario(policy=SHORT, faults=(rule(fault, HL_ORDER),), calm_s=90.0)


def test_a_venue_that_turned_slow_closes_first_though_configured_second(tmp_path: Path) -> None:
    run = play(slow(DelayRequest(delay_s=4.0)), tmp_path)
    assert closed_in(run) == TURNED
    assert run.pair.place == "CLOSED.flat"
    told = run.pair.close_order
    assert told.startswith("hyperliquid before pacifica, measured worse by 0.1 or more: ")
    assert f"  first to close: {told}" in explain(run.directory, f"{ASSET}-1")


def test_a_venue_that_refuses_closes_first_though_configured_second(tmp_path: Path) -> None:
    """The first openings are refused for the venue's own reasons; the next pair that is held is closed by it."""
    policy = replace(SHORT, entry=replace(POLICY.entry, backoff_s=5.0))
    refused = rule(Reject(reason="other"), HL_ORDER, nth=(1, 2))
    run = play(Scenario(policy=policy, faults=(refused,), calm_s=40.0), tmp_path)
    assert closed_in(run) == TURNED
    assert "% rejected" in run.pairs[-1].close_order


def test_mild_noise_leaves_the_configured_order(tmp_path: Path) -> None:
    run = play(Scenario(policy=SHORT, faults=(rule(DelayRequest(delay_s=1.5), HL_ORDER),)), tmp_path)
    assert closed_in(run) == CONFIGURED
    assert run.pair.close_order.startswith("pacifica before hyperliquid, as configured, ")


@pytest.mark.parametrize(("message", "purpose"), [(CloseAsked, "close"), (EmergencyAsked, "emergency")])
def test_whoever_asks_the_order_is_fixed_when_the_close_begins(
    message: type[CloseAsked] | type[EmergencyAsked], purpose: str, tmp_path: Path
) -> None:
    cue = Cue(at_s=40.0, do=say(message(reason="go home"), "pairs"))
    run = play(replace(slow(DelayRequest(delay_s=4.0)), cues=(cue,)), tmp_path)
    assert closed_in(run, purpose) == TURNED


def test_a_venue_that_is_configured_first_and_slow_stays_first(tmp_path: Path) -> None:
    run = play(Scenario(policy=SHORT, faults=(rule(DelayRequest(delay_s=4.0), PAC_ORDER),), calm_s=90.0), tmp_path)
    assert closed_in(run) == CONFIGURED
