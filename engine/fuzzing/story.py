"""Tells a shrunk failure: the world that is left, and a playbook of the messages that matter; and keeps both as files.

Counterparts: `shrink` and `slicing`, which leave what is told; `tests/playbook.py`, whose form a playbook has.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from actors.commands import CancelTimer
from actors.domain import NS_PER_S
from engine.core import Decision
from engine.fuzzing.oracle import RULES
from engine.fuzzing.shrink import Budget, Shrunk, shrink
from engine.fuzzing.slicing import Slice, slice_of, write_log
from engine.fuzzing.trial import Failure, play_once
from engine.fuzzing.world import World, written

WORLD_NAME = "world.json"
STORY_NAME = "story.txt"
RUN_NAME = "run"
PART_NAME = "part"
LINES_MOST = 120
"""Lines of a playbook; a longer one is in the files."""
ID_DIGITS = 8


def tell(world: World, failure: Failure, budget: Budget, command: str, to: Path | None = None) -> str:
    """Shrink a failure and tell it; `command` repeats it. With `to`, keep world, story, journal and part there."""
    shrunk = shrink(world, failure, budget)
    with tempfile.TemporaryDirectory(prefix="perp2perp-fuzz-") as made:
        played = play_once(shrunk.world, Path(made) / RUN_NAME)
        found = slice_of(played.lives.directory, shrunk.failure) if shrunk.failure.same_as(played.failure) else None
        lines = list(_lines(world, shrunk, command, found))
        if to is not None:
            _keep(to / f"seed-{world.seed}", shrunk.world, lines, played.lives.directory, found)
    left_out = len(lines) - LINES_MOST
    if left_out > 0:
        lines = [*lines[:LINES_MOST], f"and {left_out} lines more (kept by --to DIR)"]
    return "\n".join(lines) + "\n"


def _keep(directory: Path, world: World, lines: list[str], run: Path, found: Slice | None) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / WORLD_NAME).write_bytes(written(world))
    (directory / STORY_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copytree(run, directory / RUN_NAME)
    if found is not None:
        write_log(found, directory / PART_NAME)


def _lines(world: World, shrunk: Shrunk, command: str, found: Slice | None) -> Iterator[str]:
    failure, small = shrunk.failure, shrunk.world
    yield f"seed {world.seed}: {failure.rule} ({RULES[failure.rule]}) does not hold"
    yield f"  {failure.text}"
    yield f"  repeat it: {command}"
    yield f"  left of it, after {shrunk.tried} attempts to make it smaller:"
    venues = ", ".join(venue.value for venue in small.venues)
    yield f"    {venues}; {', '.join(small.assets)}; calm at {small.calm_s:g} s"
    parts = [*small.turns, *small.rules, *small.acts, *small.deaths, *((small.disk,) if small.disk else ())]
    yield from (f"    {_words(part)}" for part in parts)
    if not parts:
        yield "    no misfortune at all"
    if found is None:
        yield "  no part of the journal alone shows it"
        return
    yield f"  {len(found.envelopes)} of {found.of} messages show it:"
    for decision in found.told.decisions:
        yield from _step_lines(decision, small.start_ns)
    if found.told.broken is not None:
        yield f"    !! {found.told.broken}"


def _step_lines(decision: Decision, start_ns: int) -> Iterator[str]:
    envelope = decision.envelope
    at_s = (envelope.at_ns - start_ns) / NS_PER_S
    yield f"    >> {at_s:9.3f} s  {envelope.to}  {_words(envelope.message)}"
    if decision.row[:1].isupper() and not decision.row.startswith("ignore"):
        moved = f"{decision.source} -> {decision.place}" if decision.source != decision.place else decision.place
        yield f"                    {decision.row}: {moved}"
    for command in decision.commands:
        if not isinstance(command, CancelTimer):
            yield f"       << {_words(command)}"
    for denied in decision.denied:
        yield f"       << {_words(denied)}"


def _words(part: Any) -> str:
    """A struct's name and what of it is not the default."""
    fields = msgspec.structs.fields(type(part))
    told = (
        f"{field.name}={_value(getattr(part, field.name))}"
        for field in fields
        if getattr(part, field.name) != field.default
    )
    return f"{type(part).__name__}({', '.join(told)})"


def _value(value: Any) -> str:
    match value:
        case msgspec.Struct():
            return _words(value)
        case Enum():
            return str(value.value)
        case Decimal() | int() | float():
            return f"{value}"
        case str() if len(value) == 32 and all(digit in "0123456789abcdef" for digit in value):
            return value[:ID_DIGITS]
        case _:
            return repr(value)
