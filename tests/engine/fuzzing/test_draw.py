"""Worlds are drawn from their seed alone, over the whole range of what can befall one, and are over in time."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import Venue
from engine.config import problems_of
from engine.fuzzing.acts import over_s
from engine.fuzzing.draw import draw
from engine.fuzzing.faults import storm
from engine.fuzzing.world import World, WorldUnreadable, config_of, read_world, written

WORLDS = [draw(seed) for seed in range(400)]
TURNS = ["dry", "flow", "shifted", "silent", "slide", "unwinding", "wide"]
ACTS = ["deleverage", "liquidate", "meddle", "mode", "say", "settle", "socialise"]
FAULTS = ["cap_fill", "delay", "delay_request", "disconnect", "drop_frame", "drop_request", "drop_response"]
FAULTS += ["duplicate", "garble", "hold", "reject", "reset_before", "restart", "skew", "slow", "status", "truncate"]


def test_a_seed_draws_one_world() -> None:
    assert draw(5) == draw(5)
    assert len({written(world) for world in WORLDS}) == len(WORLDS)


def test_everything_that_can_befall_a_world_is_drawn() -> None:
    def tags(name: str) -> list[str]:
        return sorted({str(part.__struct_config__.tag) for world in WORLDS for part in getattr(world, name)})

    assert tags("turns") == TURNS
    assert tags("acts") == ACTS
    assert sorted({str(rule.fault.__struct_config__.tag) for world in WORLDS for rule in world.rules}) == sorted(FAULTS)
    assert sorted({death.how for world in WORLDS for death in world.deaths}) == [
        "before the write",
        "between write and send",
        "in the write",
    ]
    assert sorted({world.disk.at for world in WORLDS if world.disk is not None}) == ["sync", "write"]
    assert sorted({len(world.venues) for world in WORLDS}) == [2, 3, 4]
    assert sorted({len(world.assets) for world in WORLDS}) == [1, 2, 3]


@pytest.mark.parametrize("world", WORLDS[:60], ids=lambda world: str(world.seed))
def test_what_befalls_a_world_is_over_when_it_is_calm(world: World) -> None:
    assert all(turn.to_s <= world.calm_s + 4.0 for turn in world.turns)
    assert all(
        rule.to_s is not None and rule.to_s <= world.calm_s + 0.01 for rule in world.rules if rule.at_most is None
    )
    assert all(over_s(act) <= world.calm_s + 0.01 for act in world.acts)
    assert all(death.from_s <= world.calm_s for death in world.deaths)
    assert world.disk is None or world.disk.from_s <= world.calm_s
    asked_for = "policy.sizing.caps_share_most"  # a tight world's sizes pass over the limits: the screen has to deny
    assert [each for each in problems_of(config_of(world)) if not each.startswith(asked_for)] == []


def test_a_full_disk_is_seldom_and_moves_nothing_else_that_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    full = [world.seed for world in WORLDS if world.disk is not None]
    assert 10 < len(full) < 50
    monkeypatch.setattr("engine.fuzzing.draw.FULL_DISK_CHANCE", 0.0)
    assert all(draw(seed) == replace(WORLDS[seed], disk=None) for seed in full)


def test_only_allowed_venues_are_drawn() -> None:
    allowed = (Venue.LIGHTER, Venue.DRIFT)
    assert all(sorted(draw(seed, allowed).venues) == sorted(allowed) for seed in range(20))


def test_a_world_is_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    for world in WORLDS[:50]:
        path.write_bytes(written(world))
        assert read_world(path) == world
    path.write_bytes(b'{"seed": 1}')
    with pytest.raises(WorldUnreadable, match="holds no world"):
        read_world(path)


def test_a_storm_has_names_of_its_own_for_its_rules() -> None:
    names = [rule.name for rule in storm(0.1, 5.0, 50.0)]
    assert len(names) == len(dict.fromkeys(names)) > 40
