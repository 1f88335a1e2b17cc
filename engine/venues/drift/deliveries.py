"""Commands on their way: what each one's transaction comes to, in messages. Counterparts: `sending`, `ledger`.

Nothing here decides; every command is answered, and what is not known is said to be unresolved.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Literal, assert_never

import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SubmitOrder
from actors.domain import NS_PER_S, RejectReason, Venue
from actors.messages import (
    CancelRejected,
    OrderAccepted,
    OrderRejected,
    OrderUnknown,
    QueryFailed,
    VenueMessage,
)
from engine.venues.adapter import NowNs, Report
from engine.venues.drift.codec_accounts import position_message
from engine.venues.drift.ledger import Known, Ledger
from engine.venues.drift.reader import Reader
from engine.venues.drift.refusals import found_nothing, never_sent, reason_of, rejected, unresolved
from engine.venues.drift.rpc import LIMITED
from engine.venues.drift.sending import Dead, Fate, InDoubt, Landed, NeverSent, Refused, Sender, describe
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.telling import Telling
from engine.venues.drift.values import CancelMarket, CancelSlot, PlaceOrder
from engine.venues.link import FrameError
from engine.venues.transport import TransportError


class Deliveries:
    """Performs what `adapter` has prepared."""

    def __init__(
        self,
        settings: DriftSettings,
        sender: Sender,
        reader: Reader,
        ledger: Ledger,
        telling: Telling,
        report: Report,
        now_ns: NowNs,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when a transaction of ours has landed."""
        self._settings, self._sender, self._reader, self._ledger = settings, sender, reader, ledger
        self._telling, self._report, self._now_ns, self._wake = telling, report, now_ns, wake

    # orders

    async def submit(self, order: SubmitOrder, instruction: PlaceOrder, number: int) -> None:
        """Send an order and tell its outcome; it is followed until it has landed or is dead."""
        fate = await self._sender.deliver(
            instruction,
            number,
            lambda signature, height: self._ledger.signed(order.order_id, signature, height),
            lambda detail: self._doubt(order.order_id, detail),
        )
        self._tell_fate(order.order_id, fate)

    def _doubt(self, order_id: str, detail: str) -> None:
        """Unresolved, unless the history has told meanwhile what became of it."""
        known = self._ledger.order(order_id)
        if known is None or (known.may_live and known.number is None):
            self._report(unresolved(order_id, detail))

    def _tell_fate(self, order_id: str, fate: Fate) -> None:
        known = self._ledger.order(order_id)
        if known is not None and known.number is not None and not isinstance(fate, Landed):
            return  # the history has shown the order: whoever says otherwise is behind
        match fate:
            case Landed():
                self._land(fate)
                self._doubt(order_id, "it has landed, and its logs do not say what it did")
            case Refused():
                self._refuse(rejected(order_id, fate.err, "the node's simulation failed"))
            case NeverSent():
                limited = RejectReason.RATE_LIMITED if fate.why == LIMITED else RejectReason.OTHER
                self._refuse(never_sent(order_id, limited, fate.why))
            case Dead():
                outcome = OrderRejected(
                    venue=Venue.DRIFT, order_id=order_id, reason=RejectReason.EXPIRED, detail=describe(fate)
                )
                self._refuse(outcome)
            case InDoubt():
                self._doubt(order_id, fate.why)
            case _:
                assert_never(fate)

    def _refuse(self, outcome: OrderRejected) -> None:
        self._ledger.refused(outcome)
        self._report(outcome)

    # cancels

    async def cancel(self, command: CancelOrder, known: Known, number: int) -> None:
        """Cancel by our number. An order still on its way is waited for first: a cancel that overtakes it does
        nothing. A landed cancel says nothing of fills: the order is looked up."""
        await self._wait_for_landing(command.order_id)
        current = self._ledger.order(command.order_id) or known
        if not current.may_live:
            self._report(self._cancel_rejected(command, "it is over"))
            return
        if not current.user_order_id:
            self._report(self._cancel_rejected(command, "never sent: no transaction shows the order yet"))
            return
        fate = await self._sender.deliver(
            CancelSlot(user_order_id=current.user_order_id),
            number,
            _unnoted,
            lambda detail: self._report(unresolved(command.order_id, f"cancel: {detail}")),
        )
        await self._cancelled(command, fate)

    async def _cancelled(self, command: CancelOrder, fate: Fate) -> None:
        match fate:
            case Landed() if fate.landing.err is None or found_nothing(fate.landing.err):
                await self._land_cancel(fate)
                await self._look_up_unless_over(command.order_id, command.asset)
            case Refused() if found_nothing(fate.err):
                await self._look_up_unless_over(command.order_id, command.asset)
            case Landed():
                self._report(self._cancel_rejected(command, reason_of(fate.landing.err)[1]))
            case Refused() | NeverSent() | Dead():
                self._report(self._cancel_rejected(command, describe(fate)))
            case InDoubt():
                self._report(unresolved(command.order_id, f"cancel: {fate.why}"))
            case _:
                assert_never(fate)

    async def cancel_all(self, command: CancelAll, index: int, number: int) -> None:
        """Cancel every order of a market; orders that may be on their way are looked up, then the position."""
        living = self._ledger.living(command.asset)
        fate = await self._sender.deliver(CancelMarket(market_index=index), number, _unnoted, _unnoted)
        if not isinstance(fate, Landed):
            self._fail(command.asset, "order", f"cancel all: {describe(fate)}")
            return
        await self._land_cancel(fate)
        if fate.landing.err is not None:
            self._fail(command.asset, "order", f"cancel all: {reason_of(fate.landing.err)[1]}")
        for known in living:
            await self._look_up_unless_over(known.order_id, known.asset)
        await self._position(command.asset, queried=False)

    async def refuse_cancel(self, command: CancelOrder, why: str) -> None:
        """Nothing was sent."""
        await trio.lowlevel.checkpoint()
        self._report(self._cancel_rejected(command, why))

    async def _wait_for_landing(self, order_id: str) -> None:
        """Until the order's own transaction has told something, at most for the patience of a transaction."""
        limits = self._settings.transactions
        deadline_s = trio.current_time() + limits.patience_s
        while trio.current_time() < deadline_s:
            known = self._ledger.order(order_id)
            if known is None or known.number is not None or not known.may_live:
                return
            await trio.sleep(limits.confirm_poll_s)

    # questions

    async def query_order(self, command: QueryOrder) -> None:
        """What became of an order, as far as this process can tell."""
        await self._look_up(command.order_id, command.asset)

    async def query_position(self, command: QueryPosition) -> None:
        """Our position, read now."""
        await self._position(command.asset, queried=True)

    async def _look_up_unless_over(self, order_id: str, asset: str) -> None:
        """For an order that lived when we set out: if it is over by now, its end has just been told."""
        known = self._ledger.order(order_id)
        if known is not None and known.may_live:
            await self._look_up(order_id, asset)

    async def _look_up(self, order_id: str, asset: str) -> None:
        known = self._ledger.order(order_id)
        if known is None:
            await trio.lowlevel.checkpoint()
            self._report(OrderUnknown(venue=Venue.DRIFT, order_id=order_id))
        elif self._ledger.unseen(order_id) and known.settled is None:
            await self._search(known, asset)
        elif known.settled is None and known.number is None:
            await self._trace(known)
        else:
            await self._catch_up(known, asset)

    async def _trace(self, known: Known) -> None:
        """An order that has not been seen: its transaction is asked for.

        A question without an answer, and a transaction that is on its way, say nothing of what was done, however old
        the order: it stays in doubt.
        """
        fate: Fate = InDoubt(why="it is being signed and sent", unseen=True)
        await trio.lowlevel.checkpoint()
        if known.signature:
            fate = await self._sender.trace(known.signature, known.last_valid_height)
        if isinstance(fate, InDoubt) and fate.unseen and self._too_late(known):
            # Its transaction may still land; the program then places nothing, since its time has passed.
            self._report(OrderUnknown(venue=Venue.DRIFT, order_id=known.order_id))
            return
        self._tell_fate(known.order_id, fate)

    def _too_late(self, known: Known) -> bool:
        """Whether the program places the order no more, whatever lands."""
        return self._now_ns() > known.expires_at_ns + int(self._settings.chain_clock_slack_s * NS_PER_S)

    async def _search(self, known: Known, asset: str) -> None:
        """An order of an earlier process that has not been seen: the history is read on. Its transaction's signature
        died with that process, so only the end of its own time, with a whole history read after it, says that it
        never came to be."""
        too_late = self._too_late(known)
        try:
            whole = self._reader.begun and await self._reader.catch_up(self._report)
        except (TransportError, FrameError) as failed:
            self._fail(asset, "order", f"order {known.order_id}: {failed}")
            return
        await trio.lowlevel.checkpoint()
        current = self._ledger.order(known.order_id) or known
        if not self._ledger.unseen(known.order_id):
            if current.may_live:
                await self._catch_up(current, asset)
        elif too_late and whole and not self._ledger.obscured:
            self._ledger.lapsed(known.order_id)
            self._report(OrderUnknown(venue=Venue.DRIFT, order_id=known.order_id))
        else:
            self._report(unresolved(known.order_id, "no transaction shows it yet, and it may have been sent"))

    async def _catch_up(self, known: Known, asset: str) -> None:
        """An order the program took: the history is read on, then the account's open orders."""
        if known.settled is not None:
            await trio.lowlevel.checkpoint()
            self._report(known.settled)
            return
        try:
            await self._reader.catch_up(self._report)
            current = self._ledger.order(known.order_id)
            if current is None or not current.may_live:
                return
            reading = await self._reader.read()
        except (TransportError, FrameError) as failed:
            self._fail(asset, "order", f"order {known.order_id}: {failed}")
            return
        if any(order.number == known.number for order in reading.user.orders):
            accepted = OrderAccepted(venue=Venue.DRIFT, order_id=known.order_id, venue_order_id=str(known.number))
            self._report(accepted)
        else:  # it is no longer open, and its end is not served yet, or never will be
            self._report(OrderUnknown(venue=Venue.DRIFT, order_id=known.order_id))

    async def _position(self, asset: str, *, queried: bool) -> None:
        index, listing = self._telling.indexes.get(asset), self._telling.listings.get(asset)
        if index is None or listing is None:
            await trio.lowlevel.checkpoint()
            self._fail(asset, "position", f"{asset} is no market of ours")
            return
        try:
            reading = await self._reader.read()
        except (TransportError, FrameError) as failed:
            self._fail(asset, "position", str(failed))
            return
        self._report(position_message(reading, listing, index, self._now_ns(), queried=queried))

    # words

    def _land(self, fate: Landed) -> None:
        """Tell what a landed transaction did; the accounts have changed, so they are read at once."""
        self._tell(self._ledger.fold(fate.landing))
        self._wake()

    async def _land_cancel(self, fate: Landed) -> None:
        """A cancel may have ended an order of an earlier process whose placing the history has not shown yet: then all
        is told in the chain's order, or the end would be of an order that nobody knows. What the history does not show
        now, it shows at the next reading."""
        if not self._ledger.awaits():
            self._land(fate)
            return
        self._wake()
        if self._reader.begun:
            with suppress(TransportError, FrameError):
                await self._reader.catch_up(self._report)

    def _tell(self, messages: tuple[VenueMessage, ...]) -> None:
        for message in messages:
            self._report(message)

    def _cancel_rejected(self, command: CancelOrder, detail: str) -> CancelRejected:
        return CancelRejected(venue=Venue.DRIFT, order_id=command.order_id, detail=detail)

    def _fail(self, asset: str, query: Literal["position", "order"], detail: str) -> None:
        self._report(QueryFailed(venue=Venue.DRIFT, asset=asset, query=query, detail=detail))


def _unnoted(*_: object) -> None:
    """A cancel's signature is not kept: its effect is read from the order."""
