from __future__ import annotations

import msgspec
import pytest

from actors.commands import SpawnPair
from actors.domain import Venue
from actors.messages import ActorFaulted, EngineStarted
from actors.policy import Policy, ScannerPolicy
from actors.roles import ROLES, STATE_TYPES, initial_states, role_name, spawn_pair
from statecharts.catalog import CATALOG
from tests.factories import MAKER, TAKER
from tests.playbook import Playbook

EVERYWHERE = Policy(scanner=ScannerPolicy(venues=tuple(Venue), assets=("BTC",)))


def test_every_chart_but_the_order_s_has_a_role_of_its_name() -> None:
    assert [*sorted(ROLES), "order"] == sorted(CATALOG, key=lambda name: (name == "order", name))
    assert list(ROLES) == list(STATE_TYPES)
    for name, role in ROLES.items():
        assert role.chart is CATALOG[name]


def test_a_role_is_the_part_of_the_name_before_the_slash() -> None:
    assert role_name("pair_position/BTC-1") == "pair_position"
    assert role_name("risk") == "risk"


def test_a_run_starts_with_one_of_each_a_link_a_venue_a_reconciler_a_market_and_settlements_at_drift() -> None:
    policy = Policy(scanner=ScannerPolicy(venues=(Venue.LIGHTER, Venue.DRIFT)))
    states = initial_states(policy)
    names = ["engine_lifecycle", "risk", "funding_scanner", "venue_link/lighter", "venue_link/drift"]
    names += [f"pnl_settlement/drift/{asset}" for asset in policy.scanner.assets]
    names += [f"reconciler/{venue}:{asset}" for venue in ("lighter", "drift") for asset in policy.scanner.assets]
    assert [state.actor for state in states] == names
    for state in states:
        role = role_name(state.actor)
        assert isinstance(state, STATE_TYPES[role])
        assert state.place == ROLES[role].chart.initial


@pytest.mark.parametrize("state", initial_states(EVERYWHERE), ids=lambda state: state.actor)
def test_a_starting_state_survives_the_journal_s_header(state: object) -> None:
    assert msgspec.json.decode(msgspec.json.encode(state), type=type(state)) == state


@pytest.mark.parametrize("state", initial_states(EVERYWHERE), ids=lambda state: state.actor)
def test_every_role_answers_its_own_fault_with_an_alarm(state: object) -> None:
    play = next(
        Playbook(ROLES[role_name(known.actor)], known) for known in initial_states(EVERYWHERE) if known == state
    )
    if "EngineStarted" in play.role.chart.triggers:
        play.play(EngineStarted(mode="paper"))
    play.play(ActorFaulted(error="KeyError"))
    assert play.step is not None
    assert [getattr(command, "code", "") for command in play.step.commands][:1] == ["actor_fault"]


@pytest.mark.parametrize(("first", "leg"), [(TAKER, "taker"), (MAKER, "maker")])
def test_a_spawned_pair_is_idle_and_knows_which_leg_closes_first(first: Venue, leg: str) -> None:
    spawn = SpawnPair(
        actor="pair_position/SOL-9", asset="SOL", taker_venue=TAKER, maker_venue=MAKER, first_to_close=first
    )
    pair = spawn_pair(spawn)
    assert (pair.actor, pair.place, pair.asset) == ("pair_position/SOL-9", "IDLE.ready", "SOL")
    assert (pair.taker.venue, pair.maker.venue, pair.first_to_close) == (TAKER, MAKER, leg)
