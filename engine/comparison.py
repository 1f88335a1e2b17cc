"""Compares a decision of today's core with the recorded one, field by field.

Counterpart: `engine.replay`, which brings both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from engine.core import Decision
from engine.journal.record import StepRecord

DIFFERENCES_MOST = 200
"""Differences kept in full for a report; further ones are counted."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one record that today's code decides differently; both values as text."""

    seq: int
    actor: str
    field: str
    logged: str
    today: str


_FIELDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("row", lambda decided: decided.row),
    ("from", lambda decided: decided.source),
    ("place", lambda decided: decided.place),
    ("commands", lambda decided: decided.commands),
    ("denied", lambda decided: decided.denied),
    ("fault", lambda decided: decided.fault),
    ("digest", lambda decided: decided.digest),
)
"""What is compared, in the order in which a divergence is named: the decision before its trace in the state."""

_encode = msgspec.json.Encoder().encode


class Tally:
    """Counts what differs and keeps the first differences."""

    def __init__(self) -> None:
        self.compared = 0
        self.differing = 0
        self.digest_only = 0
        self.differences: list[Difference] = []

    def compare(self, record: StepRecord, decision: Decision) -> bool:
        """True when the decision is the recorded one, byte for byte."""
        self.compared += 1
        if (
            record.digest == decision.digest
            and record.row == decision.row
            and record.place == decision.place
            and record.source == decision.source
            and record.fault == decision.fault
            and _same(record.commands, decision.commands)
            and _same(record.denied, decision.denied)
        ):
            return True
        found = list(_differences(record, decision))
        self.differing += 1
        self.digest_only += [difference.field for difference in found] == ["digest"]
        self.differences += found[: DIFFERENCES_MOST - len(self.differences)]
        return False


def _same(logged: tuple[Any, ...], today: tuple[Any, ...]) -> bool:
    """Equal in bytes: 1.0 and 1.00 are different words to a venue."""
    return not (logged or today) or _encode(logged) == _encode(today)


def _differences(record: StepRecord, decision: Decision) -> Iterator[Difference]:
    for field, value_of in _FIELDS:
        logged, today = _text(value_of(record)), _text(value_of(decision))
        if logged != today:
            yield Difference(seq=record.seq, actor=record.to, field=field, logged=logged, today=today)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _encode(value).decode()
