"""Pacifica for the engine: commands to signed requests, answers and frames to messages. Decides nothing.

An acknowledgement is only an id; outcomes come from the account streams, and by REST where those fail
(docs FAQ "Delayed account positions", 2026; a fill missing from `account_trades` was observed in July 2026).
"""

from __future__ import annotations

import random
from functools import partial
from typing import Literal, assert_never

import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SettlePnl, SubmitOrder, VenueCommand
from actors.domain import NS_PER_S, RejectReason, Venue
from actors.messages import CancelRejected, OrderAccepted, OrderRejected, OrderUnresolved, QueryFailed, VenueMessage
from engine.venues.adapter import Delivery, NowNs, Recalled, Report, SettlesByItself
from engine.venues.link import FrameError, keep_link
from engine.venues.pacifica import codec_rest, refusals
from engine.venues.pacifica.backfill import Backfill
from engine.venues.pacifica.codec import (
    CANCEL_ALL,
    CANCEL_ORDER,
    CREATE_ORDER,
    NS_PER_MS,
    encode_cancel,
    encode_cancel_all,
    encode_order,
)
from engine.venues.pacifica.credits import NoCredits
from engine.venues.pacifica.dialogue import PacificaDialogue
from engine.venues.pacifica.ledger import Known, Ledger
from engine.venues.pacifica.lookup import look_up
from engine.venues.pacifica.markets import market_of_asset
from engine.venues.pacifica.rest import PacificaSigning, Rest
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.signing_request import PacificaSignRequest
from engine.venues.pacifica.wire import AccountRow, PositionRow
from engine.venues.questions import Leaving, Questions, Shared
from engine.venues.relisting import keep_listed
from engine.venues.signing import SigningRefused
from engine.venues.transport import Transport, TransportError


class PacificaAdapter:
    """One account on Pacifica. `transport` speaks to https://api.pacifica.fi and wss://ws.pacifica.fi."""

    venue = Venue.PACIFICA

    def __init__(
        self,
        settings: PacificaSettings,
        signing: PacificaSigning,
        transport: Transport,
        report: Report,
        now_ns: NowNs,
        rng: random.Random,
    ) -> None:
        assert signing.account == settings.account, "the key signs for another account"
        self._settings, self._transport, self._report = settings, transport, report
        self._now_ns, self._rng = now_ns, rng
        self._rest = Rest(settings, signing, transport, now_ns)
        self._order_questions = Questions(settings.order_question_pause_s)
        self._holdings = Shared(self._ask_holdings)
        self._ledger = Ledger(
            settings.assets,
            orders_most=settings.orders_remembered_most,
            ids_most=settings.ids_remembered_most,
        )
        self._backfill = Backfill(settings, self._rest, self._ledger, report, now_ns)
        self._dialogue = PacificaDialogue(
            settings, self._rest, self._ledger, now_ns, self._backfill.doubt, self._backfill.urge
        )

    def prepare(self, command: VenueCommand) -> Delivery:
        """Encode and stamp now; the delivery signs, sends, reads and reports."""
        match command:
            case SubmitOrder():
                return self._prepare_submit(command)
            case CancelOrder():
                payload = encode_cancel(command.order_id, market_of_asset(command.asset))
                return partial(self._cancel, command, self._rest.request(CANCEL_ORDER, payload))
            case CancelAll():
                payload = encode_cancel_all(market_of_asset(command.asset))
                return partial(self._cancel_all, command, self._rest.request(CANCEL_ALL, payload))
            case QueryOrder():
                return partial(self._query_order, command)
            case QueryPosition():
                return partial(self._query_position, command)
            case SettlePnl():
                raise SettlesByItself(command.venue)
            case _:
                assert_never(command)

    def recall(self, orders: tuple[Recalled, ...], since_ns: int) -> None:
        """See `engine.venues.adapter`. An order is found by its client id, which is made of ours, in the history."""
        for recalled in orders:
            if not recalled.over:
                self._ledger.sent(recalled.order, recalled.decided_ns)
        self._dialogue.recall(since_ns)

    def left_fraction(self) -> float:
        """See `engine.venues.adapter`."""
        return self._rest.left_fraction()

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the stream up, fetch what it withheld, read each hour's funding payments, and list markets again."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._backfill.keep_fills)
            nursery.start_soon(self._backfill.keep_funding)
            every_s = self._settings.markets_refresh_s
            nursery.start_soon(keep_listed, self.venue, every_s, self._dialogue.relisted, self._report)
            await keep_link(
                self._transport,
                self._dialogue,
                self._report,
                self._settings.link,
                self._rng,
                quiet=self._quiet,
                task_status=task_status,
            )

    def _quiet(self) -> bool:
        """No order of ours may be open: the stream can be renewed without missing an outcome for a moment."""
        return not self._ledger.undecided(self._now_ns() - int(self._settings.backfill_overlap_s * NS_PER_S))

    # orders

    def _prepare_submit(self, order: SubmitOrder) -> Delivery:
        now_ns = self._now_ns()
        denied = self._unsendable(order, now_ns)
        if denied is not None:
            return partial(self._tell, denied)
        left_ms = (order.expires_at_ns - now_ns) // NS_PER_MS
        payload = encode_order(order, market_of_asset(order.asset))
        request = self._rest.request(CREATE_ORDER, payload, min(left_ms, self._settings.expiry_window_most_ms))
        self._ledger.sent(order, now_ns)
        return partial(self._submit, order, request)

    def _unsendable(self, order: SubmitOrder, now_ns: int) -> OrderRejected | None:
        """What must not leave: expired, or off the lattice (the venue may answer 500 to that, proving nothing)."""
        instrument = self._dialogue.instruments.get(order.asset)
        if order.expires_at_ns - now_ns < NS_PER_MS:
            return _never_sent(order, RejectReason.EXPIRED, "it has expired")
        if instrument is None:
            return _never_sent(order, RejectReason.OTHER, "the market is not known before the first snapshot")
        if instrument.tick is not None and order.limit_price % instrument.tick:
            return _never_sent(order, RejectReason.TICK, f"{order.limit_price} is not on {instrument.tick}")
        if order.size % instrument.lot:
            return _never_sent(order, RejectReason.LOT, f"{order.size} is not on {instrument.lot}")
        return None

    async def _submit(self, order: SubmitOrder, request: PacificaSignRequest) -> None:
        outcome: OrderAccepted | OrderRejected | OrderUnresolved
        try:
            response = await self._rest.send(request)
        except TransportError as failed:
            outcome = refusals.submit_failure(order.order_id, failed)
        except SigningRefused as unsigned:
            outcome = _never_sent(order, RejectReason.OTHER, str(unsigned))
        except NoCredits as refused:
            outcome = refusals.rejected(order.order_id, RejectReason.RATE_LIMITED, str(refused))
        else:
            outcome = refusals.submit_outcome(order.order_id, response)
        self._ledger.answered(outcome, self._now_ns())
        self._report(outcome)

    async def _cancel(self, command: CancelOrder, request: PacificaSignRequest) -> None:
        """An acknowledged cancel says nothing of fills: the order is looked up for its cumulative size."""
        order_id = command.order_id
        try:
            response = await self._rest.send(request)
        except TransportError as failed:
            way = "cut" if failed.sent else "never sent"
            self._report(refusals.unresolved(order_id, f"cancel {way}: {failed.reason}"))
            return
        except SigningRefused as unsigned:
            self._report(CancelRejected(venue=self.venue, order_id=order_id, detail=f"never sent: {unsigned}"))
            return
        except NoCredits as refused_here:
            self._report(CancelRejected(venue=self.venue, order_id=order_id, detail=str(refused_here)))
            return
        refused = refusals.cancel_outcome(order_id, response)
        if refused is not None:
            self._report(refused)
            return
        await self._look_up(order_id, command.asset)

    async def _cancel_all(self, command: CancelAll, request: PacificaSignRequest) -> None:
        try:
            response = await self._rest.send(request)
            if response.status != 200:
                raise FrameError("cancel_all_ack", f"HTTP {response.status}: {_text(response.body)}")
            codec_rest.decode_cancel_all_ack(response.body)
        except (NoCredits, SigningRefused, TransportError, FrameError) as failed:
            self._fail(command.asset, "order", f"cancel all: {failed}")
            return
        since_ns = self._now_ns() - int(self._settings.backfill_overlap_s * NS_PER_S)
        candidates = self._ledger.undecided(since_ns, command.asset)
        for known in candidates[-self._settings.lookups_most :]:
            await self._look_up(known.order_id, known.asset)
        await self._ask_position(command.asset, queried=False)

    # questions

    async def _query_order(self, command: QueryOrder) -> None:
        """An IOC acknowledged a moment ago gets its grace: the stream may tell its outcome first."""
        known = self._ledger.order(command.order_id)
        if known is not None and known.undecided and known.ioc and known.acknowledged_at_ns is not None:
            due_ns = known.acknowledged_at_ns + int(self._settings.fill_grace_s * NS_PER_S)
            await trio.sleep(max(0, due_ns - self._now_ns()) / NS_PER_S)
        ask = partial(self._look_up, command.order_id, command.asset)
        await self._order_questions.ask(command.order_id, ask)

    async def _look_up(self, order_id: str, asset: str) -> None:
        known = self._ledger.order(order_id)
        try:
            messages = await look_up(self._rest, self._ledger, order_id, asset, self._horizon_ns(known))
        except (TransportError, FrameError) as failed:
            self._fail(asset, "order", f"order {order_id}: {failed}")
            return
        for message in messages:
            self._report(message)

    async def _query_position(self, command: QueryPosition) -> None:
        await self._ask_position(command.asset, queried=True)

    async def _ask_position(self, asset: str, *, queried: bool) -> None:
        symbol = market_of_asset(asset).symbol
        try:
            rows, account = await self._holdings.ask()
            found = [codec_rest.position_message(row, queried=queried) for row in rows if row.symbol == symbol]
            if not found and account is not None:
                codec_rest.require_complete(rows, account)
        except (TransportError, FrameError) as failed:
            self._fail(asset, "position", str(failed))
            return
        self._ledger.believed(*((asset,) if account is None or found else self._settings.assets))
        flat = codec_rest.flat_message(asset, self._now_ns(), queried=queried)
        self._report(found[0] if found else flat)

    async def _ask_holdings(self, leaving: Leaving) -> tuple[list[PositionRow], AccountRow | None]:
        """The list of positions; behind it the account as its witness, where one is missing that should be there.

        Elsewhere the list says what our fills say, and credits are short.
        """
        rows = await self._rest.positions(leaving)
        listed = [row.symbol for row in rows]
        missing = [asset for asset in self._settings.assets if market_of_asset(asset).symbol not in listed]
        if any(self._ledger.should_hold(asset) for asset in missing):
            return rows, await self._rest.account()
        return rows, None

    # words

    def _horizon_ns(self, known: Known | None) -> int:
        """How far back an order may have left traces."""
        if known is None:
            return self._now_ns() - int(self._settings.unknown_order_horizon_s * NS_PER_S)
        return known.sent_at_ns - int(self._settings.backfill_overlap_s * NS_PER_S)

    def _fail(self, asset: str, query: Literal["position", "order"], detail: str) -> None:
        self._report(QueryFailed(venue=self.venue, asset=asset, query=query, detail=detail))

    async def _tell(self, message: VenueMessage) -> None:
        await trio.lowlevel.checkpoint()
        self._report(message)


def _never_sent(order: SubmitOrder, reason: RejectReason, why: str) -> OrderRejected:
    detail = f"never sent: {why}"
    return OrderRejected(venue=Venue.PACIFICA, order_id=order.order_id, reason=reason, detail=detail)


def _text(body: bytes) -> str:
    return body[:120].decode(errors="replace")
