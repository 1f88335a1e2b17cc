"""Nothing is opened through a link that cannot be read, where the rate limit has no room for an emergency, nor in a
market that risk has disarmed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from actors.messages import AnyMessage, BudgetTold, CloseAsked, FrameRefused, PairSpawned, RearmAsked
from engine.fuzzing.lives import Cue
from engine.simulators.faults import Garble
from tests.scenarios.faulty import HL_BBO, rule
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, POLICY, Run, Scenario, play, say
from tests.scenarios.market import NS_PER_S, START_NS
from tests.scenarios.test_seeing import MOVING

SCAN_S = POLICY.scanner.scan_s
LONG = replace(POLICY.lifecycle, duration_s=180.0)


def told_s(run: Run, kind: type[AnyMessage]) -> list[float]:
    """When such messages were heard, seconds since the beginning, by whoever heard them first."""
    found = [record.at_ns for record in run.records if isinstance(record.message, kind) and record.to == "board"]
    return [(at_ns - START_NS) / NS_PER_S for at_ns in found]


def test_every_venue_tells_what_is_left_of_its_limit_and_seldom(tmp_path: Path) -> None:
    run = play(Scenario(), tmp_path)
    told = [record.message for record in run.records if isinstance(record.message, BudgetTold)]
    assert {each.venue for each in told} == {HYPERLIQUID, PACIFICA}
    assert len(told) < 12


def test_an_entry_waits_until_the_rate_limit_has_room_for_an_emergency_too(tmp_path: Path) -> None:
    """The snapshots of the beginning take most of a minute's weights, and come back with the minute."""
    gates = replace(POLICY.gates, rate_budget_least_fraction=Decimal("0.8"))
    policy = replace(POLICY, gates=gates, lifecycle=LONG)
    rates = {"rates": {"ip_weight_per_min": 500, "ip_reserve": 100}}
    run = play(Scenario(policy=policy, adapter={HYPERLIQUID.value: rates}), tmp_path)
    lefts = [
        (record.at_ns, record.message.left_fraction)
        for record in run.records
        if isinstance(record.message, BudgetTold) and record.message.venue is HYPERLIQUID
    ]
    low = [at_ns for at_ns, left in lefts if left < gates.rate_budget_least_fraction]
    back = [at_ns for at_ns, left in lefts if low and at_ns > low[0] and left >= gates.rate_budget_least_fraction]
    assert low
    spawned_s = told_s(run, PairSpawned)[0]
    assert (back[0] - START_NS) / NS_PER_S <= spawned_s <= (back[0] - START_NS) / NS_PER_S + SCAN_S + 1


def test_a_link_that_could_not_be_read_is_entered_over_once_the_window_has_passed(tmp_path: Path) -> None:
    gates = replace(POLICY.gates, refused_frames_most=0, refused_frames_window_s=30.0)
    garbled = rule(Garble(find='"data"', put='"data'), HL_BBO, from_s=1.0, to_s=15.0)
    policy = replace(POLICY, gates=gates, lifecycle=LONG)
    run = play(Scenario(scenes=MOVING, policy=policy, faults=(garbled,)), tmp_path)
    refused_s = told_s(run, FrameRefused)
    spawned_s = told_s(run, PairSpawned)[0]
    assert refused_s
    assert refused_s[-1] + 30 < spawned_s <= refused_s[-1] + 30 + SCAN_S + 1


def test_no_pair_is_asked_for_in_a_disarmed_market_until_a_person_arms_it_again(tmp_path: Path) -> None:
    """One execution disarms; the pair that brought it is closed, and its asset would be free again at once."""
    rearm = RearmAsked(command_id="1", by="Ann", reason="looked at")
    cues = (
        Cue(at_s=40, do=say(CloseAsked(reason="test"), "pairs")),
        Cue(at_s=90, do=say(rearm, "risk")),
    )
    once = replace(POLICY, risk=replace(POLICY.risk, repeated_executions_most=1), lifecycle=LONG)
    run = play(Scenario(policy=once, cues=cues), tmp_path)
    assert not any(record.denied for record in run.records)
    first_s, second_s = told_s(run, PairSpawned)
    assert first_s < 40
    assert 90 <= second_s <= 90 + SCAN_S + 1
