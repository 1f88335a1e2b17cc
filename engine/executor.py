"""Performs what the sequencer has made durable: requests to venues, timers, actors. It decides nothing.

Requests are prepared (encoded, given their nonce and their turn) in order, at once; each is then delivered in a task
of its own in its venue's nursery, so that a slow answer holds nothing up. The task is had first: for a venue that is
being restarted nothing is prepared, so that no nonce is taken and no order noted which never leaves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import trio

from actors.commands import (
    AnyCommand,
    CancelAll,
    CancelOrder,
    CancelTimer,
    QueryOrder,
    QueryPosition,
    RaiseAlarm,
    SetTimer,
    SettlePnl,
    SpawnPair,
    SubmitOrder,
    VenueCommand,
)
from actors.domain import RejectReason, Venue
from actors.messages import (
    CancelRejected,
    OrderRejected,
    OrderUnresolved,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    QueryFailed,
    VenueMessage,
)
from engine.supervisor import Supervisor
from engine.timers import Timers
from engine.venues.adapter import Adapter, Delivery, Report

VENUE_COMMANDS = (SubmitOrder, CancelOrder, CancelAll, QueryOrder, QueryPosition, SettlePnl)
RESTARTING = "its venue is being restarted"
AWAY = "its venue has not answered since the run was gone on with"
"""An alarm of the venue says so already."""


class Errand:
    """One command on its way to a venue; without a `delivery` there is nothing to deliver."""

    def __init__(self, command: VenueCommand) -> None:
        self.command = command
        self.delivery: Delivery | None = None


class VenueDesk:
    """One venue's adapter with the nursery its requests are delivered in."""

    def __init__(self, adapter: Adapter, nursery: trio.Nursery) -> None:
        self.adapter = adapter
        self.nursery = nursery

    def begin(self, work: Callable[[Errand], Awaitable[None]], errand: Errand) -> bool:
        """Start a task there; False when the venue is being restarted and takes none, or would cut it off at once."""
        if self.nursery.cancel_scope.cancel_called:
            return False
        try:
            self.nursery.start_soon(work, errand)
        except RuntimeError:  # trio's word for a nursery that has ended
            return False
        return True


class Executor:
    """Gives each command to the part that can do it."""

    def __init__(
        self,
        desks: Mapping[Venue, VenueDesk],
        timers: Timers,
        supervisor: Supervisor,
        alarm: Callable[[RaiseAlarm], None],
        report: Report,
    ) -> None:
        """`report` takes what a request that could not be prepared or delivered amounts to."""
        self._desks = desks
        self._timers = timers
        self._supervisor = supervisor
        self._alarm = alarm
        self._report = report
        self.performed = 0

    def refuse(self, command: SubmitOrder, why: str) -> None:
        """Do not send an order, and tell its actor so."""
        self._report(never_sent(command, why))

    def perform(self, actor: str, command: AnyCommand) -> None:
        """Do one durable command; returns at once."""
        self.performed += 1
        match command:
            case SubmitOrder() | CancelOrder() | CancelAll() | QueryOrder() | QueryPosition() | SettlePnl():
                self._send(command)
            case SetTimer():
                self._timers.set(actor, command)
            case CancelTimer():
                self._timers.cancel(actor, command)
            case SpawnPair():
                self._supervisor.adopt(command.actor)
            case _:  # told to actors by the sequencer, or to people by whoever watches the decisions
                pass

    def _send(self, command: VenueCommand) -> None:
        desk, errand = self._desks.get(command.venue), Errand(command)
        if desk is None:
            self._report(never_sent(command, AWAY))
            return
        if not desk.begin(self._deliver, errand):
            self._not_sent(command, RESTARTING)
            return
        try:
            errand.delivery = desk.adapter.prepare(command)
        except Exception as error:  # noqa: BLE001 - not built: provably not sent
            self._not_sent(command, f"{type(error).__name__}: {error}")

    def _not_sent(self, command: VenueCommand, why: str) -> None:
        self._alarm(_bug(command, f"could not be prepared ({why})"))
        self._report(never_sent(command, why))

    async def _deliver(self, errand: Errand) -> None:
        command = errand.command
        if errand.delivery is None:
            return
        try:
            await errand.delivery()
        except trio.Cancelled:
            self._report(outcome_unknown(command, "cut off: the venue's task ended before the answer came"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever failed here, the venue may have the request
            self._alarm(_bug(command, f"failed while being delivered ({type(error).__name__}: {error})"))
            self._report(outcome_unknown(command, f"{type(error).__name__}: {error}"))


def _bug(command: VenueCommand, what: str) -> RaiseAlarm:
    text = f"{type(command).__name__} for {command.asset} on {command.venue.value} {what}"
    return RaiseAlarm(severity="critical", code="request_failed", text=text)


def never_sent(command: VenueCommand, detail: str) -> VenueMessage:
    """What a command amounts to that provably did not leave."""
    match command:
        case SubmitOrder():
            return OrderRejected(
                venue=command.venue,
                order_id=command.order_id,
                reason=RejectReason.OTHER,
                detail=f"never sent: {detail}",
            )
        case CancelOrder():
            return CancelRejected(venue=command.venue, order_id=command.order_id, detail=f"never sent: {detail}")
        case SettlePnl():
            return PnlSettlementRejected(venue=command.venue, asset=command.asset, detail=f"never sent: {detail}")
        case _:
            return outcome_unknown(command, detail)


def outcome_unknown(command: VenueCommand, detail: str) -> VenueMessage:
    """What a command amounts to whose outcome is unknown."""
    match command:
        case SubmitOrder() | CancelOrder():
            return OrderUnresolved(venue=command.venue, order_id=command.order_id, detail=detail)
        case QueryOrder() | CancelAll():
            return QueryFailed(venue=command.venue, asset=command.asset, query="order", detail=detail)
        case QueryPosition():
            return QueryFailed(venue=command.venue, asset=command.asset, query="position", detail=detail)
        case SettlePnl():
            return PnlSettlementUnresolved(venue=command.venue, asset=command.asset, detail=detail)
