"""What every venue offers to the engine, and nothing more.

An adapter owns its venue's I/O: it turns commands into signed requests and frames into messages. It decides
nothing. Messages go out through `report`; order and position facts are never dropped there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Protocol

import msgspec
import trio

from actors.commands import SubmitOrder, VenueCommand
from actors.domain import Venue
from actors.messages import VenueMessage

Report = Callable[[VenueMessage], None]
"""Hands a message to the engine's mailbox; never blocks, never raises for a full market lane."""

NowNs = Callable[[], int]
"""The engine's clock: nanoseconds UTC, virtual in simulation."""

Delivery = Callable[[], Awaitable[None]]
"""A prepared request: awaiting it sends, reads the answer and reports. Operating errors become messages."""


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """An order that an earlier process of this run decided, and perhaps sent.

    `over`: its outcome was known, and `filled` (base units) is the size it came to. `payments`: ids of funding payments
    (and losses) that its pair has booked on this venue, oldest first.
    """

    order: SubmitOrder
    decided_ns: int
    over: bool
    filled: Decimal
    payments: tuple[str, ...] = ()


class SettlesByItself(Exception):
    """`SettlePnl` for a venue where profit is collateral at once: a programming error, and nothing is sent."""

    def __init__(self, venue: Venue) -> None:
        super().__init__(f"{venue.value} settles profit and loss by itself")


class Adapter(Protocol):
    """One venue's adapter."""

    venue: Venue

    def prepare(self, command: VenueCommand) -> Delivery:
        """Encode and sign `command` now, in order; the returned delivery does the I/O, in a task of its own.

        The delivery reports at least one message for every command: the outcome of an order is
        OrderAccepted / OrderFilled / OrderDone / OrderRejected, or OrderUnresolved when it is not known. Raises what
        only a programming error can cause (SettlesByItself); nothing is sent then.
        """

    def recall(self, orders: tuple[Recalled, ...], since_ns: int) -> None:
        """What an earlier process of this run left behind; called once, before `listen`, and only when there was one.

        `orders` oldest first. Nothing was heard since `since_ns`: the first snapshot tells what has happened from then
        on, and from then on these orders are as if this process had sent them. Each may have been sent, or not.
        """

    def left_fraction(self) -> float:
        """What is left now of the venue's rate limit as this adapter counts it (0..1), the scarcest of several; 1
        where none is counted."""

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the streams up for ever: connect, read snapshots, report `LinkUp`, then frames; on a lost link
        report `LinkLost`, back off (bounded, jittered from a seed) and begin again. `task_status.started()` is
        called after the first `LinkUp`."""
