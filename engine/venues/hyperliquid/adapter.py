"""The Hyperliquid adapter: commands become signed requests, answers become messages. It decides nothing.

Counterpart on the wire: `engine.simulators.hyperliquid`. The stream is kept by `engine.venues.link`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, assert_never

import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SubmitOrder, VenueCommand
from actors.domain import RejectReason, Venue
from actors.messages import VenueMessage
from engine.venues.adapter import Delivery, NowNs, Report
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.codec import NS_PER_MS
from engine.venues.hyperliquid.codec_orders import (
    Action,
    UnfitOrder,
    encode_body,
    encode_cancel,
    encode_cancels,
    encode_order,
)
from engine.venues.hyperliquid.deliveries import Deliveries, Messages, never_sent, query_failed, unresolved
from engine.venues.hyperliquid.dialogue import HyperliquidDialogue
from engine.venues.hyperliquid.markets import Market
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.signing import HyperliquidSigner
from engine.venues.hyperliquid.wire_orders import BasicOrder
from engine.venues.link import keep_link
from engine.venues.transport import Transport

Asked = ParamSpec("Asked")

UNKNOWN_MARKET = "the market is not known before the first snapshot"


class HyperliquidAdapter:
    """One account on Hyperliquid. `signer` holds the key of the account or of one of its agents."""

    venue = Venue.HYPERLIQUID

    def __init__(
        self,
        settings: HyperliquidSettings,
        signer: HyperliquidSigner,
        transport: Transport,
        report: Report,
        now_ns: NowNs,
        rng: random.Random,
    ) -> None:
        assert signer.is_mainnet == settings.is_mainnet, "the signer signs for the other network"
        self._settings = settings
        self._signer = signer
        self._transport = transport
        self._report = report
        self._now_ns = now_ns
        self._rng = rng
        client = Client(transport, settings)
        self._memory = Memory(settings, now_ns())
        self._dialogue = HyperliquidDialogue(settings, client, signer, self._memory, now_ns)
        self._deliveries = Deliveries(client, self._memory)

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the stream up for ever; `started()` after the first LinkUp."""
        limits = self._settings.link
        await keep_link(self._transport, self._dialogue, self._report, limits, self._rng, task_status=task_status)

    def prepare(self, command: VenueCommand) -> Delivery:
        """Encode and sign now, in order; the delivery sends and reports (see `engine.venues.adapter`).

        `CancelAll` alone is signed when it is delivered: the ids to cancel are not known before. The venue
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
        body = self._sign(action, command.expires_at_ns // NS_PER_MS)
        return self._delivery(self._deliveries.submit, command, body)

    def _prepare_cancel(self, command: CancelOrder) -> Delivery:
        market = self._memory.markets.get(command.asset)
        if market is None:
            return self._answer(unresolved(command.order_id, f"cancel never sent: {UNKNOWN_MARKET}"))
        body = self._sign(encode_cancel(command.order_id, market))
        return self._delivery(self._deliveries.cancel, command.order_id, body)

    def _prepare_cancel_all(self, command: CancelAll) -> Delivery:
        market = self._memory.markets.get(command.asset)
        if market is None:
            return self._answer(query_failed(command, "order", UNKNOWN_MARKET))
        return self._delivery(self._deliveries.cancel_all, command, market, partial(self._sign_cancels, market))

    def _sign_cancels(self, market: Market, orders: tuple[BasicOrder, ...]) -> bytes:
        return self._sign(encode_cancels(orders, market))

    def _sign(self, action: Action, expires_after_ms: int | None = None) -> bytes:
        now_ms = self._now_ns() // NS_PER_MS
        signed = self._signer.sign(action, now_ms=now_ms, expires_after_ms=expires_after_ms)
        return encode_body(action, signed.nonce, signed.signature, expires_after_ms)

    def _delivery(
        self, ask: Callable[Asked, Awaitable[Messages]], *args: Asked.args, **kwargs: Asked.kwargs
    ) -> Delivery:
        async def deliver() -> None:
            for message in await ask(*args, **kwargs):
                self._report(message)

        return deliver

    def _answer(self, message: VenueMessage) -> Delivery:
        """A delivery that has nothing to send."""

        async def deliver() -> None:
            await trio.lowlevel.checkpoint()
            self._report(message)

        return deliver
