"""A failure is told as a playbook, with the command that repeats it, and kept as files."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.fuzzing.market import Wide
from engine.fuzzing.oracle import RULES
from engine.fuzzing.shrink import Budget
from engine.fuzzing.story import tell
from engine.fuzzing.trial import play_once
from engine.fuzzing.world import read_world
from engine.replay import replay
from tests.engine.fuzzing.planted import PLANTED
from tests.engine.fuzzing.worlds import CALM

COMMAND = "perp2perp fuzz --seeds 7..7"


def test_a_failure_is_told_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    PLANTED["close_may_open"].plant(monkeypatch)
    world = msgspec.structs.replace(CALM, turns=(Wide(asset="ETH", from_s=5.0, to_s=9.0, spread_bps=Decimal(5)),))
    failure = play_once(world, tmp_path / "whole").failure
    assert failure is not None
    story = tell(world, failure, Budget(40), COMMAND, tmp_path / "kept")
    assert story.startswith(f"seed 7: {failure.rule} ({RULES[failure.rule]}) does not hold\n")
    assert f"  repeat it: {COMMAND}\n" in story
    assert "    >> " in story
    assert "    !! step_raised: seq " in story
    assert "no misfortune at all" in story
    kept = tmp_path / "kept" / "seed-7"
    assert (kept / "story.txt").read_text(encoding="utf-8") == story
    assert read_world(kept / "world.json").turns == ()
    assert (kept / "run" / "journal.jsonl").is_file()
    assert replay(kept / "part").messages < 40
