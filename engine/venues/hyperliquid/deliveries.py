"""Sending prepared requests to Hyperliquid and reading what the answers prove.

A refusal the venue stated is a rejection; a request that may have arrived without a readable answer leaves
its order unresolved; nothing is ever sent twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import trio

from actors.commands import CancelAll, QueryOrder, QueryPosition, SubmitOrder
from actors.domain import NS_PER_S, RejectReason, Venue
from actors.messages import (
    CancelRejected,
    OrderAccepted,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    QueryFailed,
    VenueMessage,
)
from engine.venues.adapter import NowNs
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.codec_orders import (
    all_statuses,
    cancel_refusal,
    client_order_id_text,
    encode_cancels,
    filled_size,
    only_status,
    order_id_of,
    order_state,
    submit_outcome,
)
from engine.venues.hyperliquid.limits import ActionRefused
from engine.venues.hyperliquid.markets import Market
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.notary import Notary
from engine.venues.hyperliquid.performer import Performer
from engine.venues.hyperliquid.refusals import OPEN_STATUSES
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.hyperliquid.wire import ClearinghouseState
from engine.venues.hyperliquid.wire_orders import BasicOrder, OrderAck, OrderStatusReply, OrderUpdate
from engine.venues.link import FrameError
from engine.venues.questions import Leaving, Shared
from engine.venues.signing import SigningRefused
from engine.venues.transport import TransportError

Messages = tuple[VenueMessage, ...]


class Deliveries:
    """One method a kind of command; each tells at least one message and raises no operating error."""

    def __init__(
        self,
        settings: HyperliquidSettings,
        client: Client,
        performer: Performer,
        memory: Memory,
        notary: Notary,
        now_ns: NowNs,
    ) -> None:
        self._settings, self._now_ns = settings, now_ns
        self._client, self._performer = client, performer
        self._memory = memory
        self._notary = notary
        self._state = Shared(self._ask_state)

    async def submit(self, command: SubmitOrder, request: HyperliquidSignRequest) -> Messages:
        """The order's outcome as far as the acknowledgement proves it."""
        try:
            status = only_status(await self._performer.perform(request))
            outcome = submit_outcome(status, command)
        except SigningRefused as unsigned:
            return (never_sent(command, RejectReason.OTHER, str(unsigned)),)
        except ActionRefused as refused:
            return (rejected(command.order_id, refused.reason, refused.detail),)
        except TransportError as failed:
            if not failed.sent:
                return (never_sent(command, RejectReason.OTHER, failed.reason),)
            return (unresolved(command.order_id, failed.reason),)
        except FrameError as unread:
            return (unresolved(command.order_id, str(unread)),)
        self._know(status, command.order_id)
        return outcome

    def _know(self, status: str | OrderAck, order_id: str) -> None:
        acknowledged = None if isinstance(status, str) else status.resting or status.filled
        if acknowledged is not None:
            self._memory.know(acknowledged.oid, order_id)

    async def cancel(self, order_id: str, request: HyperliquidSignRequest) -> Messages:
        """A cancel's acknowledgement does not say how much had filled: the order's status does."""
        try:
            refusal = cancel_refusal(only_status(await self._performer.perform(request)), order_id)
        except SigningRefused as unsigned:
            return (cancel_rejected(order_id, f"never sent: {unsigned}"),)
        except ActionRefused as refused:
            return (cancel_rejected(order_id, refused.detail),)
        except TransportError as failed:
            sent = "unanswered" if failed.sent else "never sent"
            return (unresolved(order_id, f"cancel {sent}: {failed.reason}"),)
        except FrameError as unread:
            return (unresolved(order_id, f"cancel: {unread}"),)
        return await self._ended(order_id) if refusal is None else (refusal,)

    async def cancel_all(self, command: CancelAll, market: Market, tell: Callable[[Messages], None]) -> Messages:
        """List what is open on the market, cancel it in one batch, and tell how each order of ours ended.

        Each order's end is told as soon as it is known: fills that were read count as told, and would be lost when
        this is cut off at the next order. Returned is what is left to say; where none of ours was open, the position,
        for something must be told.
        """
        told = False
        try:
            listed: tuple[BasicOrder, ...] = await self._client.ask_account("openOrders", dex="")
            orders = tuple(order for order in listed if order.coin == market.coin)
            statuses = await self._cancel_listed(orders, market) if orders else ()
            for order, status in zip(orders, statuses, strict=True):
                ended = await self._cancelled(order, status)
                told = told or bool(ended)
                tell(ended)
        except (SigningRefused, ActionRefused, TransportError, FrameError) as failed:
            return (query_failed(command, "order", f"cancel all: {failed}"),)
        return () if told else await self._position(command, queried=False)

    async def _cancel_listed(self, orders: tuple[BasicOrder, ...], market: Market) -> tuple[str | OrderAck, ...]:
        request = self._notary.request(encode_cancels(orders, market))
        return all_statuses(await self._performer.perform(request), len(orders))

    async def _cancelled(self, order: BasicOrder, status: str | OrderAck) -> Messages:
        order_id = order_id_of(order.cloid)
        if order_id is None:
            return ()
        try:
            refusal = cancel_refusal(status, order_id)
        except FrameError as unread:
            return (unresolved(order_id, f"cancel all: {unread}"),)
        return await self._ended(order_id) if refusal is None else (refusal,)

    async def query_order(self, command: QueryOrder) -> Messages:
        """What became of an order, by its client id, and its fills not told before."""
        try:
            update = await self._settled_status(command.order_id)
            if update is None:
                return (OrderUnknown(venue=Venue.HYPERLIQUID, order_id=command.order_id),)
            return await self._outcome(command.order_id, update)
        except TransportError as failed:
            return (query_failed(command, "order", failed.reason),)
        except FrameError as unread:
            return (query_failed(command, "order", str(unread)),)

    async def query_position(self, command: QueryPosition) -> Messages:
        """The position, zero when the venue's reply lacks the market."""
        return await self._position(command, queried=True)

    async def _position(self, command: QueryPosition | CancelAll, *, queried: bool) -> Messages:
        try:
            state = await self._state.ask()
        except TransportError as failed:
            return (query_failed(command, "position", failed.reason),)
        except FrameError as unread:
            return (query_failed(command, "position", str(unread)),)
        return (self._memory.position(state, command.asset, queried=queried),)

    async def _ask_state(self, leaving: Leaving) -> ClearinghouseState:
        state: ClearinghouseState = await self._client.ask_account("clearinghouseState", leaving=leaving, dex="")
        return state

    # one order's state

    async def _ended(self, order_id: str) -> Messages:
        """How a cancelled order ended; unresolved when the venue cannot tell yet."""
        try:
            update = await self._settled_status(order_id)
            if update is None or update.status in OPEN_STATUSES:
                said = "the venue does not know it yet" if update is None else "its status is still open"
                return (unresolved(order_id, f"cancelled, but {said}"),)
            return await self._outcome(order_id, update)
        except TransportError as failed:
            return (unresolved(order_id, f"cancelled, status unknown: {failed.reason}"),)
        except FrameError as unread:
            return (unresolved(order_id, f"cancelled, status unknown: {unread}"),)

    async def recovered(self) -> Messages:
        """What has become of the orders that may be open: after a gap nothing known before it is believed.

        What the venue does not know is left in doubt; whoever sent it asks. Fills are not looked for here: the caller
        has read them before, and what filled since is told by the stream. Raises TransportError and FrameError.
        """
        pending = self._memory.all_pending()[-self._settings.lookups_most :]
        if not pending:
            return ()
        listed: tuple[BasicOrder, ...] = await self._client.ask_account("openOrders", dex="")
        resting = {order_id_of(order.cloid): order for order in listed}
        messages: list[VenueMessage] = []
        for order in pending:
            found = resting.get(order.order_id)
            if found is not None:
                self._memory.know(found.oid, order.order_id)
                messages.append(accepted(order.order_id, found.oid))
            elif (update := await self._status_of(order.order_id)) is not None:
                self._memory.know(update.order.oid, order.order_id)
                messages.append(order_state(update, order.order_id))
        return tuple(messages)

    async def _settled_status(self, order_id: str) -> OrderUpdate | None:
        """The status, asked again while the venue may lag behind the submit (observed by clients of the venue)."""
        pending = self._memory.pending(order_id)
        sent_at_ns = self._now_ns() if pending is None else pending.sent_at_ns
        until_ns = sent_at_ns + int(self._settings.unknown_grace_s * NS_PER_S)
        while True:
            update = await self._status_of(order_id)
            if update is not None or self._now_ns() >= until_ns:
                return update
            await trio.sleep(self._settings.unknown_retry_s)

    async def _status_of(self, order_id: str) -> OrderUpdate | None:
        """None when the venue does not know the order (now: it may lag shortly after a submit)."""
        cloid = client_order_id_text(order_id)
        reply: OrderStatusReply = await self._client.ask_account("orderStatus", oid=cloid)
        if reply.status == "unknownOid":
            return None
        if reply.order is None:
            raise FrameError("info/orderStatus", "Object missing required field `order`")
        if reply.order.order.cloid != cloid:
            raise FrameError("info/orderStatus", f"asked for {cloid}, told of {reply.order.order.cloid}")
        return reply.order

    async def _outcome(self, order_id: str, update: OrderUpdate) -> Messages:
        """The order's fills, then its state. Raises TransportError, FrameError."""
        self._memory.know(update.order.oid, order_id)
        state = order_state(update, order_id)
        if not filled_size(update.order):
            return (state,)
        fills = await self._client.fills_since(update.order.timestamp)
        return (*self._memory.fills_of(update.order.oid, fills), state)


def accepted(order_id: str, oid: int) -> OrderAccepted:
    """It rests."""
    return OrderAccepted(venue=Venue.HYPERLIQUID, order_id=order_id, venue_order_id=str(oid))


def rejected(order_id: str, reason: RejectReason, detail: str) -> OrderRejected:
    """Refused, proven."""
    return OrderRejected(venue=Venue.HYPERLIQUID, order_id=order_id, reason=reason, detail=detail)


def never_sent(command: SubmitOrder, reason: RejectReason, detail: str) -> OrderRejected:
    """The venue cannot have seen it."""
    return rejected(command.order_id, reason, f"never sent: {detail}")


def unresolved(order_id: str, detail: str) -> OrderUnresolved:
    """The outcome is not known."""
    return OrderUnresolved(venue=Venue.HYPERLIQUID, order_id=order_id, detail=detail)


def cancel_rejected(order_id: str, detail: str) -> CancelRejected:
    """The cancel was refused, proven."""
    return CancelRejected(venue=Venue.HYPERLIQUID, order_id=order_id, detail=detail)


def query_failed(
    command: QueryOrder | QueryPosition | CancelAll, query: Literal["position", "order"], detail: str
) -> QueryFailed:
    """Nothing is known about what was asked."""
    return QueryFailed(venue=Venue.HYPERLIQUID, asset=command.asset, query=query, detail=detail)
