"""Lighter for the engine: commands to signed transactions, answers and frames to messages. Decides nothing.

A queued transaction (code 200) is not an executed one: what became of an order is told by the account's channels,
and asked for by REST when they stay silent (docs "Trading" and "Troubleshooting", 2026-07).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Literal, assert_never

import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SettlePnl, SubmitOrder, VenueCommand
from actors.domain import MarketStatus, RejectReason, Venue
from actors.messages import CancelRejected, OrderRejected, OrderUnresolved, QueryFailed, VenueMessage
from engine.venues.adapter import Delivery, NowNs, Recalled, Report, SettlesByItself
from engine.venues.lighter import codec_rest, signing_request as to_sign
from engine.venues.lighter.client import Client, LighterSigning
from engine.venues.lighter.codec import client_order_index, encode_order
from engine.venues.lighter.dialogue import LighterDialogue
from engine.venues.lighter.ledger import Known, Ledger, rejected
from engine.venues.lighter.line import Line
from engine.venues.lighter.lookup import Lookup, Undecided
from engine.venues.lighter.markets import Market, UnfitOrder
from engine.venues.lighter.refusals import Accepted, Refused, Unclear
from engine.venues.lighter.sending import NeverSent, Outcome, Sending
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.upkeep import Doubt, Upkeep
from engine.venues.link import FrameError, keep_link
from engine.venues.questions import Questions, Shared
from engine.venues.transport import Transport, TransportError

ASKING = (TransportError, FrameError, Undecided)


class LighterAdapter:
    """One account on Lighter. `transport` speaks to https://mainnet.zklighter.elliot.ai, streams included."""

    venue = Venue.LIGHTER

    def __init__(
        self,
        settings: LighterSettings,
        signing: LighterSigning,
        transport: Transport,
        report: Report,
        now_ns: NowNs,
        rng: random.Random,
    ) -> None:
        assert signing.account == settings.account, "the signer signs for another account"
        self._settings, self._report, self._now_ns, self._rng = settings, report, now_ns, rng
        self._news = trio.Event()
        self._order_questions = Questions(settings.order_question_pause_s)
        self._position_questions = Questions()
        self._client = Client(settings, signing, transport, now_ns)
        self._account = Shared(lambda leaving: self._client.account(urgent=True, leaving=leaving))
        self._sending = Sending(settings, self._client, signing, now_ns)
        self._ledger = Ledger(
            settings.account_index,
            now_ns(),
            orders_most=settings.orders_remembered_most,
            ids_most=settings.ids_remembered_most,
        )
        doubt = Doubt()
        self._dialogue = LighterDialogue(
            settings, self._client, self._ledger, self._sending, now_ns, self._ring, doubt.raise_for
        )
        self._lookup = Lookup(settings, self._client, self._ledger, self._sending, now_ns, self._silence)
        self._upkeep = Upkeep(
            settings, self._client, self._ledger, self._sending, self._dialogue, doubt, report, now_ns
        )
        self._line = Line(transport, self._dialogue.outbox, self._dialogue.prepare)

    def prepare(self, command: VenueCommand) -> Delivery:
        """Take the command's place in the order now; the delivery signs, sends and reports."""
        match command:
            case SubmitOrder():
                return self._prepare_submit(command)
            case CancelOrder():
                return partial(self._cancel, command, self._sending.ticket())
            case CancelAll():
                return partial(self._cancel_all, command, self._sending.ticket())
            case QueryOrder():
                return partial(self._query_order, command)
            case QueryPosition():
                return partial(self._query_position, command)
            case SettlePnl():
                raise SettlesByItself(command.venue)
            case _:
                assert_never(command)

    def recall(self, orders: tuple[Recalled, ...], since_ns: int) -> None:
        """See `engine.venues.adapter`. The venue knows an order by 48 bits of its id, so each has to be remembered."""
        for recalled in orders:
            self._ledger.recall(recalled)
        self._dialogue.recall(since_ns)

    def left_fraction(self) -> float:
        """See `engine.venues.adapter`: the scarcer one of questions and transactions."""
        return min(self._client.left_fraction(), self._sending.left_fraction())

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the stream up, and what has to be done beside it."""
        async with trio.open_nursery() as nursery:
            self._upkeep.start(nursery)
            await keep_link(
                self._line,
                self._dialogue,
                self._report,
                self._settings.limits,
                self._rng,
                quiet=lambda: not self._ledger.undecided(),
                task_status=task_status,
            )

    # orders

    def _prepare_submit(self, order: SubmitOrder) -> Delivery:
        denied = self._unsendable(order)
        if denied is not None:
            return partial(self._tell, denied)
        market = self._ledger.markets.of_asset(order.asset)
        assert market is not None  # else it was denied
        return partial(self._submit, order, market, self._sending.ticket())

    def _unsendable(self, order: SubmitOrder) -> OrderRejected | None:
        """What must not leave; an order that may is in the ledger and paid for afterwards."""
        market = self._ledger.markets.of_asset(order.asset)
        if self._now_ns() >= order.expires_at_ns:
            return _never_sent(order, RejectReason.EXPIRED, "it has expired")
        if market is None:
            return _never_sent(order, RejectReason.OTHER, "the market is not known")
        try:
            self._encode(order, market, 0)
        except UnfitOrder as unfit:
            return _never_sent(order, unfit.reason, unfit.detail)
        closed = None if order.reduce_only else self._closed(order)
        if closed is not None:
            return closed
        if not self._ledger.begin(order, self._now_ns()):
            index = client_order_index(order.order_id)
            return _never_sent(order, RejectReason.DUPLICATE_CLIENT_ID, f"client order index {index} is in use")
        if not order.reduce_only and not self._sending.afford():
            late = _never_sent(order, RejectReason.RATE_LIMITED, "the rate limit is spent but for its reserve")
            return self._ledger.refused(late)
        return None

    def _closed(self, order: SubmitOrder) -> OrderRejected | None:
        """Nothing is opened in a market that is not open, nor at a leverage nobody has verified."""
        instrument = self._dialogue.instruments.get(order.asset)
        if instrument is None:
            return _never_sent(order, RejectReason.OTHER, "the market is not traded here")
        if instrument.status is not MarketStatus.OPEN:
            return _never_sent(order, RejectReason.HALTED, instrument.status_reason)
        wrong = self._dialogue.wrong_leverage.get(order.asset)
        return None if wrong is None else _never_sent(order, RejectReason.OTHER, wrong)

    def _encode(self, order: SubmitOrder, market: Market, nonce: int) -> to_sign.CreateOrder:
        now_ns, expiry_s = self._now_ns(), self._settings.order_expiry_s
        return encode_order(order, market, now_ns=now_ns, order_expiry_s=expiry_s, nonce=nonce)

    async def _submit(self, order: SubmitOrder, market: Market, ticket: int) -> None:
        outcome = await self._sending.send(
            ticket,
            lambda nonce: self._encode(order, market, nonce),
            paid=not order.reduce_only,
            deadline_ns=order.expires_at_ns,
            leaving=lambda nonce, signed: self._ledger.leaving(order.order_id, nonce, signed.tx_hash, self._now_ns()),
        )
        match outcome:
            case Accepted():
                self._ledger.queued(order.order_id, outcome.tx_hash)
                await self._hear(order.order_id, order.asset, lambda known: known.heard)
            case Refused() | NeverSent():
                refused = rejected(order.order_id, outcome.reason, outcome.detail)
                self._report(self._ledger.refused(refused))
            case Unclear():
                self._report(_unresolved(order.order_id, outcome.detail))

    async def _cancel(self, command: CancelOrder, ticket: int) -> None:
        """A queued cancel says nothing of fills: the order's own end is waited for, or asked for."""
        market = self._ledger.markets.of_asset(command.asset)
        known = self._ledger.expect(command.order_id, command.asset)
        outcome: Outcome = NeverSent(reason=RejectReason.OTHER, detail="never sent: the market is not known")
        if market is None:
            self._sending.forsake(ticket)
        else:
            outcome = await self._sending.send_anew(
                lambda nonce: to_sign.CancelOrder(market_index=market.market_id, index=known.index, nonce=nonce),
                ticket,
            )
        match outcome:
            case Accepted():
                await self._hear(command.order_id, command.asset, lambda known: known.end is not None)
            case Refused():
                detail = outcome.detail
                self._report(CancelRejected(venue=self.venue, order_id=command.order_id, detail=detail))
            case NeverSent() | Unclear():
                self._report(_unresolved(command.order_id, f"cancel: {outcome.detail}"))

    async def _cancel_all(self, command: CancelAll, ticket: int) -> None:
        market = self._ledger.markets.of_asset(command.asset)
        if market is None:
            self._sending.forsake(ticket)
            self._fail(command.asset, "order", "cancel all: the market is not known")
            return
        outcome = await self._sending.send_anew(
            lambda nonce: to_sign.CancelAll(market_index=market.market_id, nonce=nonce), ticket
        )
        if not isinstance(outcome, Accepted):
            self._fail(command.asset, "order", f"cancel all: {outcome.detail}")
            return
        await self._silence(lambda: not self._ledger.undecided(command.asset))
        for known in self._ledger.undecided(command.asset)[-self._settings.lookups_most :]:
            await self._ask_order(known.order_id, known.asset, self._query_failed)
        await self._ask_position(command.asset, queried=False)

    # questions

    async def _hear(self, order_id: str, asset: str, enough: Callable[[Known], bool]) -> None:
        """Let the stream tell; after the grace, ask."""

        def heard() -> bool:
            known = self._ledger.find(order_id)
            return known is not None and enough(known)

        if not await self._silence(heard):
            await self._ask_order(order_id, asset, self._still_unresolved)

    async def _silence(self, over: Callable[[], bool]) -> bool:
        """Wait until it is over, at most for the grace; returns whether it is."""
        with trio.move_on_after(self._settings.outcome_grace_s):
            while not over():
                await self._news.wait()
        return over()

    async def _ask_order(self, order_id: str, asset: str, failed: Callable[[str, str, str], VenueMessage]) -> None:
        try:
            messages = await self._lookup.order(order_id, asset)
        except ASKING as unanswered:
            self._report(failed(order_id, asset, str(unanswered)))
            return
        for message in messages:
            self._report(message)

    async def _query_order(self, command: QueryOrder) -> None:
        ask = partial(self._ask_order, command.order_id, command.asset, self._query_failed)
        await self._order_questions.ask(command.order_id, ask)

    async def _query_position(self, command: QueryPosition) -> None:
        ask = partial(self._ask_position, command.asset, queried=True)
        await self._position_questions.ask(command.asset, ask)

    async def _ask_position(self, asset: str, *, queried: bool) -> None:
        market = self._ledger.markets.of_asset(asset)
        try:
            account = await self._account.ask()
            codec_rest.require_complete(account)
            held = [row for row in account.positions if market is not None and row.market_id == market.market_id]
            if market is None:
                raise Undecided("the market is not known")
            at_ns = self._now_ns()
            found = [codec_rest.position_message(row, market, at_ns, queried=queried) for row in held]
        except ASKING as unanswered:
            self._fail(asset, "position", str(unanswered))
            return
        self._report(found[0] if found else codec_rest.flat_message(asset, at_ns, queried=queried))

    # words

    def _ring(self) -> None:
        """Wake whoever waits for the stream."""
        self._news.set()
        self._news = trio.Event()

    def _query_failed(self, order_id: str, asset: str, detail: str) -> QueryFailed:
        return QueryFailed(venue=self.venue, asset=asset, query="order", detail=f"order {order_id}: {detail}")

    def _still_unresolved(self, order_id: str, asset: str, detail: str) -> OrderUnresolved:
        return _unresolved(order_id, f"{asset}: {detail}")

    def _fail(self, asset: str, query: Literal["position", "order"], detail: str) -> None:
        self._report(QueryFailed(venue=self.venue, asset=asset, query=query, detail=detail))

    async def _tell(self, message: VenueMessage) -> None:
        await trio.lowlevel.checkpoint()
        self._report(message)


def _never_sent(order: SubmitOrder, reason: RejectReason, why: str) -> OrderRejected:
    return rejected(order.order_id, reason, f"never sent: {why}")


def _unresolved(order_id: str, detail: str) -> OrderUnresolved:
    return OrderUnresolved(venue=Venue.LIGHTER, order_id=order_id, detail=detail)
