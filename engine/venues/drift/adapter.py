"""Drift for the engine: commands to transactions, accounts and logs to messages. Decides nothing.

Orders are Solana transactions: IOC orders by place_and_take, resting ones by place_perp_order with MustPostOnly. An
answer from the node says nothing of an outcome: that is read from the landed transaction's logs. While a market is
halted nothing that opens leaves; what reduces does.
"""

from __future__ import annotations

import random
from functools import partial
from typing import assert_never

import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SettlePnl, SubmitOrder, VenueCommand
from actors.domain import NS_PER_S, Instrument, MarketStatus, RejectReason, TimeInForce, Venue
from actors.messages import OrderRejected, QueryFailed, VenueMessage
from engine.venues.adapter import Delivery, NowNs, Recalled, Report
from engine.venues.drift.deliveries import Deliveries
from engine.venues.drift.dialogue import DriftDialogue
from engine.venues.drift.ledger import Ledger
from engine.venues.drift.reader import Reader
from engine.venues.drift.refusals import never_sent
from engine.venues.drift.rpc import LIMITED, Rpc
from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_instructions import Instructions
from engine.venues.drift.sending import Sender
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.settlements import Settlements
from engine.venues.drift.signing import DriftSigned, DriftSignRequest
from engine.venues.drift.telling import Telling
from engine.venues.drift.values import PlaceOrder
from engine.venues.drift.watch import Watch, WatchedTransport
from engine.venues.drift.wire import BASE_DECIMALS, PRICE_DECIMALS
from engine.venues.link import keep_link
from engine.venues.signing import Signing
from engine.venues.transport import Transport


class DriftAdapter:
    """One User account on Drift. `transport` speaks to a Solana node (/rpc) and to a DLOB server (/dlob)."""

    venue = Venue.DRIFT

    def __init__(
        self,
        settings: DriftSettings,
        signing: Signing[DriftSignRequest, DriftSigned],
        transport: Transport,
        report: Report,
        now_ns: NowNs,
        rng: random.Random,
    ) -> None:
        """Takes a second or two: driftpy is imported here. Raises UnknownListing, ValueError for a bad key."""
        assert signing.account == settings.account, "the signer signs for another account"
        self._settings, self._report, self._now_ns, self._rng = settings, report, now_ns, rng
        self._transport = WatchedTransport(transport)
        self._telling = Telling(settings, now_ns)
        self._rpc = Rpc(settings, self._transport, now_ns)
        indexes = tuple(self._telling.indexes.values())
        accounts = Accounts(settings.program, settings.account, settings.sub_account, indexes)
        self._ledger = Ledger(
            lambda index: self._telling.listing_at(index, self._reader.reading),
            accounts.user_address,
            orders_most=settings.orders_remembered_most,
            ids_most=settings.ids_remembered_most,
        )
        self._reader = Reader(settings, self._rpc, accounts, self._ledger)
        instructions = Instructions(accounts, settings.delegate or settings.account)
        self._sender = Sender(settings, self._rpc, self._reader, instructions, signing, now_ns)
        self._watch = Watch(settings, self._reader, self._ledger, self._telling, self._transport, report, now_ns)
        self._deliveries = Deliveries(
            settings, self._sender, self._reader, self._ledger, self._telling, report, now_ns, self._watch.wake
        )
        self._settlements = Settlements(self._sender, self._rpc, self._ledger, report, now_ns, self._watch.wake)
        self._dialogue = DriftDialogue(settings, self._rpc, self._reader, self._telling, self._watch)

    def prepare(self, command: VenueCommand) -> Delivery:
        """Take the order's and the transaction's number now; the delivery builds, signs, sends, follows, reports."""
        match command:
            case SubmitOrder():
                return self._prepare_submit(command)
            case CancelOrder():
                return self._prepare_cancel(command)
            case CancelAll():
                index = self._telling.indexes.get(command.asset)
                if index is None:
                    detail = f"{command.asset} is no market of ours"
                    failed = QueryFailed(venue=self.venue, asset=command.asset, query="order", detail=detail)
                    return partial(self._tell, failed)
                return partial(self._deliveries.cancel_all, command, index, self._sender.next_number())
            case QueryOrder():
                return partial(self._deliveries.query_order, command)
            case QueryPosition():
                return partial(self._deliveries.query_position, command)
            case SettlePnl():
                index = self._telling.indexes.get(command.asset)
                return partial(self._settlements.settle, command, index, self._sender.next_number())
            case _:
                assert_never(command)

    def recall(self, orders: tuple[Recalled, ...], since_ns: int) -> None:
        """See `engine.venues.adapter`. The history shows which orders came to be, what settled and what was liquidated;
        funding goes on from the payments that the pairs have booked. A loss that holders had to bear meanwhile is told
        as funding alone, and its market is not marked (`losses`): no account says when it fell due."""
        listed = [recalled for recalled in orders if recalled.order.asset in self._telling.listings]
        for recalled in listed:
            order = recalled.order
            self._ledger.recall(recalled, self._telling.listings[order.asset], self._instruction(order, 0))
        booked = dict.fromkeys(payment_id for recalled in listed for payment_id in recalled.payments)
        self._ledger.recall_payments(booked)
        oldest_ns = min((each.decided_ns for each in listed if not each.over), default=since_ns)
        self._reader.recall(min(oldest_ns, since_ns) // NS_PER_S - int(self._settings.backfill_overlap_s))

    def left_fraction(self) -> float:
        """See `engine.venues.adapter`."""
        return self._rpc.left_fraction()

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the book stream up and the accounts read; both together are the link."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch.keep)
            await keep_link(
                self._transport,
                self._dialogue,
                self._report,
                self._settings.link,
                self._rng,
                task_status=task_status,
            )

    # orders

    def _prepare_submit(self, order: SubmitOrder) -> Delivery:
        refused = self._unsendable(order)
        if refused is not None:
            return partial(self._tell, refused)
        listing = self._telling.listings[order.asset]
        known = self._ledger.prepared(order, listing)
        if known is None:
            why = "every order number is held by an order that may live"
            return partial(self._tell, never_sent(order.order_id, RejectReason.OTHER, why))
        instruction = self._instruction(order, known.user_order_id)
        return partial(self._deliveries.submit, order, instruction, self._sender.next_number())

    def _instruction(self, order: SubmitOrder, user_order_id: int) -> PlaceOrder:
        listing = self._telling.listings[order.asset]
        return PlaceOrder(
            market_index=self._telling.indexes[order.asset],
            user_order_id=user_order_id,
            is_buy=order.side.sign > 0,
            size=int(listing.venue_size(order.size).scaleb(BASE_DECIMALS)),
            price=int(listing.venue_price(order.limit_price).scaleb(PRICE_DECIMALS)),
            reduce_only=order.reduce_only,
            ioc=order.time_in_force is TimeInForce.IOC,
            post_only=order.time_in_force is TimeInForce.POST_ONLY,
            max_ts=_last_second(order),
        )

    def _unsendable(self, order: SubmitOrder) -> OrderRejected | None:
        """What must not leave: an order that has expired, is known already, is off the lattice, or opens where
        nothing may be opened or in the part of the rate limit that is kept for reducing."""
        instrument = self._telling.instruments.get(order.asset)
        if self._ledger.order(order.order_id) is not None:
            return never_sent(order.order_id, RejectReason.DUPLICATE_CLIENT_ID, "it was sent before")
        if _last_second(order) <= self._now_ns() // NS_PER_S:
            return never_sent(order.order_id, RejectReason.EXPIRED, "it expires within a second")
        if instrument is None:
            return never_sent(order.order_id, RejectReason.OTHER, "the market is not known or not listed")
        if not order.reduce_only and instrument.status is not MarketStatus.OPEN:
            return never_sent(order.order_id, RejectReason.HALTED, instrument.status_reason)
        if not self._rpc.affords(urgent=order.reduce_only):
            return never_sent(order.order_id, RejectReason.RATE_LIMITED, LIMITED)
        return _off_lattice(order, instrument)

    def _prepare_cancel(self, command: CancelOrder) -> Delivery:
        known = self._ledger.order(command.order_id)
        if known is None:
            return partial(self._deliveries.refuse_cancel, command, "never sent: this process does not know the order")
        if not known.may_live:
            return partial(self._deliveries.refuse_cancel, command, "never sent: it is over")
        return partial(self._deliveries.cancel, command, known, self._sender.next_number())

    async def _tell(self, message: VenueMessage) -> None:
        await trio.lowlevel.checkpoint()
        self._report(message)


def _last_second(order: SubmitOrder) -> int:
    """The last whole second (UTC) in which the program may place or fill the order: it compares whole seconds."""
    return order.expires_at_ns // NS_PER_S - 1


def _off_lattice(order: SubmitOrder, instrument: Instrument) -> OrderRejected | None:
    """The program would round such an order, or refuse it: neither is what was decided."""
    if instrument.tick is not None and order.limit_price % instrument.tick:
        why = f"{order.limit_price} is not on {instrument.tick}"
        return never_sent(order.order_id, RejectReason.TICK, why)
    if order.size % instrument.lot:
        return never_sent(order.order_id, RejectReason.LOT, f"{order.size} is not on {instrument.lot}")
    return None
