"""The board and the pairs' books as the records tell them, without deciding anything.

The pair's own `absorb` and `remember` do the counting, so these are the pair's own books; its place comes from the
record. Counterpart: `engine.core`, which decides. Used by `fold`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from actors.actor import STALE_TIMER, Context
from actors.board import BOARD, Board, fold
from actors.commands import AnyCommand, SpawnPair
from actors.messages import Envelope
from actors.pair_position.books import absorb, remember
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from actors.roles import spawn_pair

NOT_TAKEN_IN = (STALE_TIMER, "fault", "quarantined", "no_such_actor")
"""Rows of records whose message changed nothing of the actor."""


class Recorded(Protocol):
    """What a live decision and a journal's record have in common."""

    @property
    def envelope(self) -> Envelope: ...
    @property
    def row(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def commands(self) -> tuple[AnyCommand, ...]: ...


class Change(msgspec.Struct, frozen=True):
    """A pair before a record, with its message taken in, and with the commands of its decision as well."""

    before: PairPosition
    heard: PairPosition
    after: PairPosition
    context: Context


class Shadow:
    """Every pair's books, record after record."""

    def __init__(self, policy: Policy, pairs: Iterable[PairPosition] = ()) -> None:
        """`pairs` are those the run began with."""
        self.board = Board()
        self.pairs: dict[str, PairPosition] = {pair.actor: pair for pair in pairs}
        self._policy = policy

    def take(self, record: Recorded) -> Change | None:
        """The change of a pair by this record, if it was told to one."""
        envelope = record.envelope
        if envelope.to == BOARD:
            self.board = fold(self.board, envelope.message, envelope.at_ns)
            return None
        for command in record.commands:
            if isinstance(command, SpawnPair):
                self.pairs[command.actor] = spawn_pair(command)
        before = self.pairs.get(envelope.to)
        if before is None or record.row in NOT_TAKEN_IN:
            return None
        change = self._grown(before, record)
        self.pairs[envelope.to] = change.after
        return change

    def _grown(self, before: PairPosition, record: Recorded) -> Change:
        envelope = record.envelope
        context = Context(envelope.message, envelope.at_ns, self.board, self._policy)
        heard, _ = absorb(before, context)
        after = heard
        for command in record.commands:
            after = remember(after, command, context)
        if record.place != before.place:
            after = msgspec.structs.replace(after, place=record.place, arrived_ns=envelope.at_ns)
        return Change(before, heard, after, context)
