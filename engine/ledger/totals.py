"""Cuts of the ledger: by pair, venue, asset or UTC day, and the whole; every cut adds up to the same net.

Fed by `fold`'s entries; shown by `engine.ledger.command` and the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Literal, NamedTuple

import msgspec

from actors.domain import ZERO
from engine.ledger.entry import DAY_NS, WIDE, Entry, Kind

By = Literal["pair", "venue", "asset", "day"]
CUTS: tuple[By, ...] = ("pair", "venue", "asset", "day")
EARNING = tuple(kind for kind in Kind if kind is not Kind.SETTLEMENT)
"""Kinds whose amounts are income or cost; a settlement only moves what was earned before."""

NO_PAIR = "(no pair)"
"""The line of what no pair of the run holds."""


class Cell(NamedTuple):
    """Where an amount belongs; `day` is counted from 1970-01-01 UTC."""

    pair: str
    venue: str
    asset: str
    day: int


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a cut: sums by kind in USD, all of them together, how much rests on estimates, what was settled."""

    name: str
    sums: Mapping[Kind, Decimal]
    net_usd: Decimal
    estimated_usd: Decimal
    settled_usd: Decimal

    @property
    def account_usd(self) -> Decimal:
        """What the venues' accounts changed by: all but gas, which another purse pays. Open legs at what they cost."""
        return self.net_usd - self.sums[Kind.GAS]


class _Sums:
    """Growing sums of one cell."""

    def __init__(self) -> None:
        self.kinds: dict[Kind, Decimal] = dict.fromkeys(EARNING, ZERO)
        self.estimated = self.settled = ZERO

    def take(self, other: _Sums) -> None:
        for kind, usd in other.kinds.items():
            self.kinds[kind] += usd
        self.estimated += other.estimated
        self.settled += other.settled

    def cut(self, name: str) -> Cut:
        net = sum(self.kinds.values(), ZERO)
        return Cut(name=name, sums=self.kinds, net_usd=net, estimated_usd=self.estimated, settled_usd=self.settled)


class Totals:
    """Sums of entries by pair, venue, asset and UTC day. It grows with these, not with the entries."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._cells: dict[Cell, _Sums] = {}
        self.add(entries)

    def add(self, entries: Iterable[Entry]) -> None:
        """Count entries."""
        with localcontext(WIDE):
            for entry in entries:
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        cell = Cell(entry.pair, entry.venue.value, entry.asset, entry.at_ns // DAY_NS)
        sums = self._cells.setdefault(cell, _Sums())
        if entry.kind is Kind.SETTLEMENT:
            sums.settled += entry.moved_usd
        else:
            sums.kinds[entry.kind] += entry.amount_usd
            sums.estimated += entry.estimated_usd

    def cut(self, by: By) -> tuple[Cut, ...]:
        """One line for each pair, venue, asset or day; pairs in the order in which they came, the others sorted."""
        lines: dict[str | int, _Sums] = {}
        with localcontext(WIDE):
            for cell, sums in self._cells.items():
                lines.setdefault(getattr(cell, by), _Sums()).take(sums)
            names = list(lines) if by == "pair" else sorted(lines, key=lambda name: (str(type(name)), name))
            return tuple(lines[name].cut(_shown(name)) for name in names)

    def whole(self) -> Cut:
        """All of it."""
        whole = _Sums()
        with localcontext(WIDE):
            for sums in self._cells.values():
                whole.take(sums)
            return whole.cut("all")


def _shown(name: str | int) -> str:
    if isinstance(name, str):
        return name.removeprefix("pair_position/") or NO_PAIR
    return datetime.fromtimestamp(name * DAY_NS / 1e9, UTC).strftime("%Y-%m-%d")
