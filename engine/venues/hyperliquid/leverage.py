"""Leverage in force: set to the configured value while flat, and believed only when the venue says so."""

from __future__ import annotations

from actors.domain import RejectReason
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.limits import ActionRefused
from engine.venues.hyperliquid.markets import Market
from engine.venues.hyperliquid.performer import Performer
from engine.venues.hyperliquid.refusals import in_words
from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.hyperliquid.wire import ActiveAssetData, Position
from engine.venues.link import FrameError
from engine.venues.signing import SigningRefused
from engine.venues.transport import TransportError

CHANNEL = "updateLeverage"


async def set_leverage(client: Client, performer: Performer, request: HyperliquidSignRequest, market: Market) -> None:
    """Have a flat market's leverage set, and ask the venue what it is now.

    It is set without asking first, for a question weighs as much as twenty actions. Cross and isolated cannot be
    switched with a position open (recorded testnet exchange, 2026-09-07), hence only while flat. Raises FrameError
    when the venue refuses or does not confirm, and TransportError.
    """
    await _act(performer, request)
    found, wanted = await _in_force(client, market), request.action["leverage"]
    if found != wanted:
        raise FrameError(CHANNEL, f"{market.coin}: asked for {wanted}x, the venue says {found}x")


def wanted_leverage(market: Market, configured: int) -> int:
    """The configured leverage, or the market's highest where that is lower."""
    return min(configured, market.max_leverage)


def held_at_another(position: Position, market: Market, configured: int) -> str:
    """Why nothing may be opened beside a position whose leverage is not the configured one; empty when it is."""
    found, wanted = position.leverage, wanted_leverage(market, configured)
    if (found.type, found.value) == (margin_mode(market), wanted):
        return ""
    return f"the open position has {found.type} leverage {found.value}x, wanted {margin_mode(market)} {wanted}x"


def margin_mode(market: Market) -> str:
    """Cross, or isolated where the market allows nothing else."""
    return "isolated" if market.only_isolated else "cross"


async def _in_force(client: Client, market: Market) -> int:
    """The leverage of our account on this coin; 0 when its margin mode is not the one we trade in."""
    data: ActiveAssetData = await client.ask_account("activeAssetData", coin=market.coin)
    return data.leverage.value if data.leverage.type == margin_mode(market) else 0


async def _act(performer: Performer, request: HyperliquidSignRequest) -> None:
    try:
        reply = await performer.perform(request)
    except SigningRefused as refused:
        raise FrameError(CHANNEL, f"never sent: {refused}") from refused
    except ActionRefused as refused:
        if refused.reason is RejectReason.RATE_LIMITED:
            raise TransportError(f"{CHANNEL}: {refused.detail}", sent=False) from refused
        raise FrameError(CHANNEL, refused.detail) from refused
    if isinstance(reply.response, str):
        raise FrameError(CHANNEL, in_words(reply.response))
