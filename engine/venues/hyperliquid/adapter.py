"""The Hyperliquid adapter: commands become signed requests, answers become messages. It decides nothing.

Counterpart on the wire: `engine.simulators.hyperliquid`. The stream is kept by `engine.venues.link`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import ParamSpec, assert_never

import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SettlePnl, SubmitOrder, VenueCommand
from actors.domain import RejectReason, Venue
from actors.messages import VenueMessage
from engine.venues.adapter import Delivery, NowNs, Recalled, Report, SettlesByItself
from engine.venues.hyperliquid.backfill import Backfill
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.codec import NS_PER_MS
from engine.venues.hyperliquid.codec_orders import UnfitOrder, encode_cancel, encode_order
from engine.venues.hyperliquid.dead_man import DeadMan
from engine.venues.hyperliquid.deliveries import Deliveries, Messages, never_sent, query_failed, unresolved
from engine.venues.hyperliquid.dialogue import HyperliquidDialogue
from engine.venues.hyperliquid.limits import Limits
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.notary import HyperliquidSigning, Notary
from engine.venues.hyperliquid.performer import Performer
from engine.venues.hyperliquid.preparation import Preparation
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.link import FrameError, keep_link
from engine.venues.relisting import keep_listed
from engine.venues.transport import Transport, TransportError

Asked = ParamSpec("Asked")

UNKNOWN_MARKET = "the market is not known before the first snapshot"


class HyperliquidAdapter:
    """One account on Hyperliquid. `signing` has the key of the account or of one of its agents."""

    venue = Venue.HYPERLIQUID

    def __init__(
        self,
        settings: HyperliquidSettings,
        signing: HyperliquidSigning,
        transport: Transport,
        report: Report,
        now_ns: NowNs,
        rng: random.Random,
    ) -> None:
        assert signing.account == settings.account.lower(), "the key signs for another account"
        self._settings = settings
        self._transport = transport
        self._report = report
        self._rng = rng
        self._now_ns = now_ns
        self._limits = Limits(settings.rates, now_ns)
        self._client = Client(transport, settings, self._limits)
        self._memory = Memory(settings, now_ns())
        self._notary = Notary(signing, now_ns, is_mainnet=settings.is_mainnet, window_s=settings.action_window_s)
        performer = Performer(self._client, self._notary, self._limits)
        self._deliveries = Deliveries(settings, self._client, performer, self._memory, self._notary, now_ns)
        self._backfill = Backfill(settings, self._client, self._deliveries, self._memory, report, now_ns)
        preparation = Preparation(settings, self._client, performer, self._notary, now_ns)
        self._dialogue = HyperliquidDialogue(
            settings,
            self._client,
            preparation,
            self._deliveries,
            self._limits,
            self._memory,
            now_ns,
            self._backfill.doubt,
        )
        self._dead_man = DeadMan(settings.dead_man_s, performer, self._notary, report, now_ns)

    def recall(self, orders: tuple[Recalled, ...], since_ns: int) -> None:
        """See `engine.venues.adapter`. An order is known by its client id, which is made of ours."""
        self._memory.recall(orders, since_ns)

    def left_fraction(self) -> float:
        """See `engine.venues.adapter`."""
        return self._limits.left_fraction()

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the stream up for ever; `started()` after the first LinkUp.

        Beside it markets are listed again, what the stream lost is read, the dead-man's switch is kept, if there is
        one, and the account's count of requests is looked at now and then.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._dead_man.keep)
            nursery.start_soon(self._watch_address)
            every_s = self._settings.markets_refresh_s
            nursery.start_soon(keep_listed, self.venue, every_s, self._dialogue.relisted, self._report)
            nursery.start_soon(self._backfill.keep_whole)
            nursery.start_soon(self._backfill.keep_paid)
            await keep_link(
                self._transport,
                self._dialogue,
                self._report,
                self._settings.link,
                self._rng,
                task_status=task_status,
            )

    async def _watch_address(self) -> None:
        """Volume gives requests back: without asking, our count would only fall."""
        while True:
            await trio.sleep(self._settings.rates.address_poll_s)
            try:
                self._limits.told(await self._client.ask_account("userRateLimit"))
            except (TransportError, FrameError):
                continue

    def prepare(self, command: VenueCommand) -> Delivery:
        """Encode now, in order; the delivery signs, sends and reports (see `engine.venues.adapter`).

        `CancelAll` alone gets its nonce when it is delivered: the ids to cancel are not known before. The venue
        takes nonces out of order.
        """
        match command:
            case SubmitOrder():
                return self._prepare_submit(command)
            case CancelOrder():
                return self._prepare_cancel(command)
            case CancelAll():
                return self._prepare_cancel_all(command)
            case QueryOrder():
                return self._delivery(self._deliveries.query_order, command)
            case QueryPosition():
                return self._delivery(self._deliveries.query_position, command)
            case SettlePnl():
                raise SettlesByItself(command.venue)
            case _:
                assert_never(command)

    def _prepare_submit(self, command: SubmitOrder) -> Delivery:
        market = self._memory.markets.get(command.asset)
        if market is None:
            return self._answer(never_sent(command, RejectReason.OTHER, UNKNOWN_MARKET))
        try:
            action = encode_order(command, market)
        except UnfitOrder as unfit:
            return self._answer(never_sent(command, unfit.reason, unfit.detail))
        request = self._notary.request(action, command.expires_at_ns // NS_PER_MS)
        self._memory.sent(command, self._now_ns())
        return self._delivery(self._deliveries.submit, command, request)

    def _prepare_cancel(self, command: CancelOrder) -> Delivery:
        market = self._memory.markets.get(command.asset)
        if market is None:
            return self._answer(unresolved(command.order_id, f"cancel never sent: {UNKNOWN_MARKET}"))
        request = self._notary.request(encode_cancel(command.order_id, market))
        return self._delivery(self._deliveries.cancel, command.order_id, request)

    def _prepare_cancel_all(self, command: CancelAll) -> Delivery:
        market = self._memory.markets.get(command.asset)
        if market is None:
            return self._answer(query_failed(command, "order", UNKNOWN_MARKET))
        return self._delivery(self._deliveries.cancel_all, command, market, self._tell)

    def _delivery(
        self, ask: Callable[Asked, Awaitable[Messages]], *args: Asked.args, **kwargs: Asked.kwargs
    ) -> Delivery:
        async def deliver() -> None:
            self._tell(await ask(*args, **kwargs))

        return deliver

    def _tell(self, messages: Messages) -> None:
        for message in self._memory.note(messages):
            self._report(message)

    def _answer(self, message: VenueMessage) -> Delivery:
        """A delivery that has nothing to send."""

        async def deliver() -> None:
            await trio.lowlevel.checkpoint()
            self._report(message)

        return deliver
