"""One world of the exploration: the real pair, and the little venue model around it.

The pair is `actors.pair_position`'s own state. Beside it stand the truth at the two venues and a bag of what is in
flight. Counterpart: `form`, which writes a world so that worlds with equal futures are equal.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from actors.commands import AnyCommand
from actors.messages import AnyMessage
from actors.pair_position import PairPosition
from actors.pair_position.state import LEGS
from engine.checking.bounds import PAIRS, Beyond, Bounds

T = TypeVar("T")
DUE, FRESH, HELD = 0, 1, 2
"""How long something may stay in flight: due before any timer fires; fresh may be overtaken by one timer; what a
fault has held back may arrive at any later time."""

FlightKind = Literal[
    "accepted",
    "filled",
    "done",
    "rejected",
    "denied",
    "unresolved",
    "unknown",
    "cancel_rejected",
    "answer",
    "position",
    "forced",
    "foreign",
    "failed",
    "submit",
    "cancel",
]
Gone = Literal["", "may", "taker", "maker"]
"""Whether a venue may stay away for good, or which of them does."""
REQUESTS = ("submit", "cancel")
"""What can be held back on its way to a venue; all else is on its way to us."""


class Flight(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One thing in flight, about order number `order` (or none: -1) on leg `leg`.

    `amount` is a size in lots, `mark` the number of a fill's first lot or the venue's time, `word` a reason or the
    state of an order; an answer about an order tells its fills, a size for each in `fills`, and then that state.
    """

    kind: FlightKind
    leg: int
    order: int = -1
    amount: int = 0
    mark: int = 0
    word: str = ""
    fills: tuple[int, ...] = ()
    wait: int = DUE

    @property
    def channel(self) -> int:
        """What a venue tells arrives in the order it was told; what is held back arrives whenever it likes."""
        return -1 if self.wait == HELD else self.leg


class VenueOrder(msgspec.Struct, frozen=True, array_like=True):
    """An order as its venue has it: `away` (the request is under way, or never came), `open` or `over`.

    `fills` are its fills in lots; a fill's id is the number of lots filled before it.
    """

    status: Literal["away", "open", "over"] = "away"
    fills: tuple[int, ...] = ()

    @property
    def filled(self) -> int:
        """Lots filled in all."""
        return sum(self.fills)


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that matters for the future.

    `orders` stand at the same places as the pair's own; `positions` (signed lots) and `links` by leg, taker first.
    `clocks` count each venue's events; `stopped` says that an emergency was asked for, `stale` that the end of an
    order may be told a lot short, `beyond` which faults beyond orders and news are played; `faults` and `asks` are
    what is left of the budgets. `gone` names the leg whose venue stays away for good, or says that one may; then
    `alarmed` says that an alarm stands. Flights of one venue stand in the order they left.
    """

    pair: PairPosition
    orders: tuple[VenueOrder, ...] = ()
    positions: tuple[int, int] = (0, 0)
    links: tuple[bool, bool] = (True, True)
    clocks: tuple[int, int] = (1, 1)
    flights: tuple[Flight, ...] = ()
    stopped: bool = False
    stale: bool = True
    beyond: tuple[Beyond, ...] = ()
    faults: int = 0
    asks: int = 0
    gone: Gone = ""
    alarmed: bool = False


class Request(msgspec.Struct, frozen=True, array_like=True):
    """A command on its way to a venue."""

    kind: Literal["submit", "cancel", "cancel_all", "query_order", "query_position"]
    leg: int
    order: int = -1


class Event(msgspec.Struct, frozen=True):
    """One thing that happened in a move, for the playbook: what the adversary or a venue did, or what the pair decided.

    For a decision `row`, `place` and `commands` are set, and `message` is what it decided about; for what happened
    outside, `subject` is what it happened to. A fault was paid for from the budget.
    """

    what: str
    leg: int = -1
    amount: int = 0
    subject: Flight | Request | None = None
    message: AnyMessage | None = None
    row: str = ""
    place: str = ""
    commands: tuple[AnyCommand, ...] = ()
    fault: bool = False


class Move(msgspec.Struct, frozen=True):
    """One step of the exploration: the world it leads to, what happened, and what was found wrong on the way.

    `fair` moves are those an environment makes that means well: they cost nothing and hold nothing back.
    """

    world: World
    events: tuple[Event, ...]
    complaints: tuple[str, ...] = ()
    fair: bool = False


def starts(bounds: Bounds) -> tuple[World, ...]:
    """The worlds an exploration begins with: nothing held, nothing sent."""
    firsts = LEGS if bounds.first == "both" else (bounds.first,)
    return tuple(
        World(
            pair=PAIRS[first],
            stale=bounds.stale,
            beyond=bounds.beyond if bounds.faults else (),
            faults=bounds.faults,
            asks=bounds.asks,
            gone="may" if bounds.gone else "",
        )
        for first in firsts
    )


def changed(values: tuple[T, T], leg: int, value: T) -> tuple[T, T]:
    """The pair of values with one leg's replaced."""
    return (value, values[1]) if leg == 0 else (values[0], value)
