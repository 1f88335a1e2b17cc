"""Leaves the few messages of a journal that matter: slice by actor, then delta debugging over what is left.

Each recorded message is an input of its own, so any part of a journal can be fed to today's core, judged by `steps`,
and asked whether it still shows the failure. What can be seen at the venues alone (an order that is known twice) is
followed by its trace in the journal: that the order is sent. Counterparts: `shrink`, which makes the world smaller
first; `story`, which tells what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from actors.actor import ActorState
from actors.commands import SpawnPair, SubmitOrder
from actors.messages import Envelope
from actors.pair_position.state import PairPosition
from actors.roles import spawn_pair
from engine.core import BOARD, Core, Decision
from engine.fuzzing import steps
from engine.fuzzing.run import Moment
from engine.fuzzing.shrink import Budget, ddmin
from engine.fuzzing.steps import Violated, Watch
from engine.fuzzing.trial import Failure
from engine.journal.reader import read
from engine.journal.record import Header, step_record
from engine.journal.revision import new_header
from engine.journal.writer import JournalWriter
from engine.replay import build_core
from statecharts.order import OVER

STEPS_MOST = 400_000
"""Messages fed to the core in search of a smaller part."""
Shows = Callable[["Told"], bool]


class Told(NamedTuple):
    """A part of a journal fed to today's core: what it decided, where it ends, what it broke."""

    decisions: tuple[Decision, ...]
    states: dict[str, ActorState]
    broken: Violated | None


class Slice(NamedTuple):
    """The messages that matter, out of so many; `start` are the states they are fed to."""

    header: Header
    start: tuple[ActorState, ...]
    envelopes: tuple[Envelope, ...]
    told: Told
    of: int


def slice_of(directory: Path, failure: Failure, steps_most: int = STEPS_MOST) -> Slice | None:
    """The part of a journal that shows a failure; None for one that no part of a journal can show."""
    reader = read(directory)
    records = [record for record in reader if not failure.seq or record.seq <= failure.seq]
    start = (*build_core(reader.header).states.values(), *_spawned(directory))
    policy, envelopes = reader.header.policy, [record.envelope for record in records]

    def feed(part: list[Envelope]) -> Told:
        return _fed(Core(policy, start), part)

    whole = feed(envelopes)
    shows = _shows(failure, whole)
    if shows is None or not shows(whole):
        return None
    budget = Budget(steps_most)
    part = _by_actor(envelopes, failure.actor, lambda some: shows(feed(some)))
    part = ddmin(part, lambda some: budget.take(len(some)) and shows(feed(some)), Budget(steps_most))
    return Slice(reader.header, start, tuple(part), feed(part), len(records))


def _spawned(directory: Path) -> Iterator[PairPosition]:
    """Every pair of the run, as it was spawned: so that what led to that can be left out."""
    seen: dict[str, None] = {}
    for record in read(directory):
        for command in record.commands:
            if isinstance(command, SpawnPair) and command.actor not in seen:
                seen[command.actor] = None
                yield spawn_pair(command)


def _fed(core: Core, part: list[Envelope]) -> Told:
    """Stops at the first thing that is broken."""
    watch, decisions = Watch(core.policy), list[Decision]()
    for envelope in part:
        decisions.append(core.step(envelope))
        try:
            watch.look(Moment(step_record(decisions[-1]), core.states, core.board))
        except Violated as broken:
            return Told(tuple(decisions), core.states, broken)
    return Told(tuple(decisions), core.states, None)


def _by_actor(envelopes: list[Envelope], actor: str, shows: Callable[[list[Envelope]], bool]) -> list[Envelope]:
    """The fewest actors that still show it."""
    for heard in ((actor,), (actor, BOARD), (actor, BOARD, "risk")):
        part = [envelope for envelope in envelopes if envelope.to in heard]
        if shows(part):
            return part
    return envelopes


# --- what shows a failure ----------------------------------------------------------------------------------


def _shows(failure: Failure, whole: Told) -> Shows | None:
    if failure.rule in steps.RULES:
        return lambda told: (
            told.broken is not None
            and (told.broken.rule, told.broken.actor)
            == (
                failure.rule,
                failure.actor,
            )
        )
    if failure.order_id:
        return lambda told: _sends(told, failure.order_id, open_still=failure.rule == "no_outcome")
    if failure.rule in ("unsettled", "books_differ") and failure.actor:
        end = _end_of(whole, failure.actor)
        return lambda told: told.broken is None and _end_of(told, failure.actor) == end
    return None


def _sends(told: Told, order_id: str, *, open_still: bool) -> bool:
    commands = (command for decision in told.decisions for command in decision.commands)
    sent = any(isinstance(command, SubmitOrder) and command.order_id == order_id for command in commands)
    return sent and (not open_still or not _over(told, order_id))


def _over(told: Told, order_id: str) -> bool:
    pairs = (state for state in told.states.values() if isinstance(state, PairPosition))
    return any(order.id == order_id and order.place in OVER for pair in pairs for order in pair.orders)


def _end_of(told: Told, actor: str) -> tuple[str, Decimal, Decimal]:
    """Where a pair ends, and with what."""
    pair = told.states[actor]
    assert isinstance(pair, PairPosition)
    return pair.place, pair.taker.position, pair.maker.position


# --- a log of it -------------------------------------------------------------------------------------------


def write_log(found: Slice, directory: Path) -> None:
    """The part as a journal of its own, which `perp2perp replay` takes; messages are numbered anew."""
    header = found.header
    anew = new_header(
        header.policy, found.start, seed=header.seed, mode=header.mode, config_digest=header.config_digest
    )
    core = Core(header.policy, found.start)
    writer = JournalWriter(directory, anew, fsync=False)
    for seq, envelope in enumerate(found.envelopes, start=1):
        writer.append(core.step(msgspec.structs.replace(envelope, seq=seq, cause=0)))
    writer.commit()
    writer.close("the part of a run that shows a failure")
