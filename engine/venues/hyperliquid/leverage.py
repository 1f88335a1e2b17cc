"""Leverage in force: set to the configured value while flat, and believed only when the venue says so."""

from __future__ import annotations

from engine.venues.adapter import NowNs
from engine.venues.hyperliquid.client import ActionRefused, Client
from engine.venues.hyperliquid.codec import NS_PER_MS
from engine.venues.hyperliquid.codec_orders import encode_body, encode_leverage
from engine.venues.hyperliquid.markets import Market
from engine.venues.hyperliquid.signing import HyperliquidSigner
from engine.venues.hyperliquid.wire import ActiveAssetData
from engine.venues.link import FrameError

CHANNEL = "updateLeverage"


async def keep_leverage(
    client: Client, signer: HyperliquidSigner, now_ns: NowNs, market: Market, configured: int
) -> None:
    """Make sure a flat market has `configured` leverage (or its maximum, if lower).

    Cross and isolated cannot be switched with a position open (recorded testnet exchange, 2026-09-07), hence only
    while flat. Raises FrameError when the venue refuses or does not confirm, and TransportError.
    """
    wanted = min(configured, market.max_leverage)
    if await _in_force(client, market) == wanted:
        return
    action = encode_leverage(wanted, market)
    signed = signer.sign(action, now_ms=now_ns() // NS_PER_MS)
    await _act(client, encode_body(action, signed.nonce, signed.signature, None))
    found = await _in_force(client, market)
    if found != wanted:
        raise FrameError(CHANNEL, f"{market.coin}: asked for {wanted}x, the venue says {found}x")


async def _in_force(client: Client, market: Market) -> int:
    """The leverage of our account on this coin; 0 when its margin mode is not the one we trade in."""
    data: ActiveAssetData = await client.ask_account("activeAssetData", coin=market.coin)
    mode = "isolated" if market.only_isolated else "cross"
    return data.leverage.value if data.leverage.type == mode else 0


async def _act(client: Client, body: bytes) -> None:
    try:
        reply = await client.act(body)
    except ActionRefused as refused:
        raise FrameError(CHANNEL, refused.detail) from refused
    if reply.status == "err":
        raise FrameError(CHANNEL, str(reply.response))
