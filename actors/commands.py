"""Every command, in one file: imperatives a step returns and the engine performs after they are durable."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from actors.domain import Side, TimeInForce, Venue
from actors.messages import AnyMessage


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True, omit_defaults=True):
    """Base of all commands; the class name is the tag."""


class SubmitOrder(Command, frozen=True, kw_only=True, tag=True):
    """Send an order. `limit_price` is always set: a market order is an IOC with a price cap.

    After `expires_at_ns` the venue must refuse it (expiresAfter, expiry_window). `decision_mid` is the mid when
    the order was decided, for slippage.
    """

    order_id: str
    venue: Venue
    asset: str
    side: Side
    size: Decimal
    limit_price: Decimal
    time_in_force: TimeInForce
    reduce_only: bool
    purpose: str
    expires_at_ns: int
    decision_mid: Decimal


class CancelOrder(Command, frozen=True, kw_only=True, tag=True):
    """Cancel one of our orders by its client order id."""

    venue: Venue
    asset: str
    order_id: str


class CancelAll(Command, frozen=True, kw_only=True, tag=True):
    """Cancel every order of ours on one market."""

    venue: Venue
    asset: str


class QueryOrder(Command, frozen=True, kw_only=True, tag=True):
    """Ask the venue what became of an order; answered by an order message or `OrderUnknown`."""

    venue: Venue
    asset: str
    order_id: str


class QueryPosition(Command, frozen=True, kw_only=True, tag=True):
    """Ask the venue for our position; answered by `PositionReported(queried=True)` or `QueryFailed`."""

    venue: Venue
    asset: str


class SettlePnl(Command, frozen=True, kw_only=True, tag=True):
    """Ask a venue of `SETTLED_ON_REQUEST` to make our profit and loss in one market collateral.

    Answered by `PnlSettled`, `PnlSettlementRejected` or `PnlSettlementUnresolved`. Asking twice settles once; each
    attempt costs the venue's fee.
    """

    venue: Venue
    asset: str


class SetTimer(Command, frozen=True, kw_only=True, tag=True):
    """Deliver `TimerFired(timer, generation)` to this actor at `due_ns`."""

    timer: str
    generation: int
    due_ns: int


class CancelTimer(Command, frozen=True, kw_only=True, tag=True):
    """Forget a timer."""

    timer: str
    generation: int


class AdoptPosition(Command, frozen=True, kw_only=True, tag=True):
    """Let our books follow the venue: this leg's size is what the venue verified. Changes no order."""

    venue: Venue
    asset: str
    size: Decimal


class Tell(Command, frozen=True, kw_only=True, tag=True):
    """Send a message to another actor (or to the group `pairs`)."""

    to: str
    message: AnyMessage


class SpawnPair(Command, frozen=True, kw_only=True, tag=True):
    """Create an idle pair position actor."""

    actor: str
    asset: str
    taker_venue: Venue
    maker_venue: Venue
    first_to_close: Venue


class RaiseAlarm(Command, frozen=True, kw_only=True, tag=True):
    """Tell the people who watch; `code` is stable, `text` says what is left and what to do."""

    severity: Literal["info", "warning", "critical"]
    code: str
    text: str


class StopEngine(Command, frozen=True, kw_only=True, tag=True):
    """End the run."""

    reason: str


VenueCommand = SubmitOrder | CancelOrder | CancelAll | QueryOrder | QueryPosition | SettlePnl
AnyCommand = (
    SubmitOrder
    | CancelOrder
    | CancelAll
    | QueryOrder
    | QueryPosition
    | SettlePnl
    | SetTimer
    | CancelTimer
    | AdoptPosition
    | Tell
    | SpawnPair
    | RaiseAlarm
    | StopEngine
)
