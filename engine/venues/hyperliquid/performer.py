"""Carries an action out: room in the rate limits, then a signature, then POST /exchange. In that order.

An order that finds no room is not signed, so that a signing process does not count it.
"""

from __future__ import annotations

from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.limits import Limits
from engine.venues.hyperliquid.notary import Notary
from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.hyperliquid.wire_orders import ExchangeReply


class Performer:
    """Raises ActionRefused and SigningRefused (not performed, proven), TransportError and FrameError."""

    def __init__(self, client: Client, notary: Notary, limits: Limits) -> None:
        self._client, self._notary, self._limits = client, notary, limits

    async def perform(self, request: HyperliquidSignRequest) -> ExchangeReply:
        """The venue's answer."""
        await self._limits.action(request)
        reply = await self._client.act(await self._notary.body(request))
        if isinstance(reply.response, str):
            self._limits.exhausted(reply.response)
        return reply
