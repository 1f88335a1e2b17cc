"""Gives actions their nonces, in order, and gets them signed. Between `adapter` and `engine.venues.signing`.

A nonce must be new, above the lowest of the signer's 100 highest, and near the venue's time (HL docs, "Nonces and
API wallets", 2025-11): it is the time in milliseconds, or one more than the last. The venue takes nonces out of
order.
"""

from __future__ import annotations

from engine.venues.adapter import NowNs
from engine.venues.hyperliquid.codec import NS_PER_MS
from engine.venues.hyperliquid.codec_orders import Action, encode_body
from engine.venues.hyperliquid.signing_request import HyperliquidSigned, HyperliquidSignRequest
from engine.venues.signing import Signing

HyperliquidSigning = Signing[HyperliquidSignRequest, HyperliquidSigned]


class Notary:
    """One a key: it owns the key's nonces."""

    def __init__(self, signing: HyperliquidSigning, now_ns: NowNs, *, is_mainnet: bool, window_s: float = 60.0) -> None:
        """`window_s`: an action without a time of its own expires at the venue after so long."""
        self._signing = signing
        self._window_ms = int(window_s * 1000)
        self._now_ns = now_ns
        self._is_mainnet = is_mainnet
        self._last_nonce = 0

    def request(self, action: Action, expires_after_ms: int | None = None) -> HyperliquidSignRequest:
        """The action with the next nonce; at once. Every action expires: a late one must not surprise anybody."""
        now_ms = self._now_ns() // NS_PER_MS
        self._last_nonce = max(now_ms, self._last_nonce + 1)
        return HyperliquidSignRequest(
            action=action,
            nonce=self._last_nonce,
            is_mainnet=self._is_mainnet,
            expires_after_ms=expires_after_ms or now_ms + self._window_ms,
        )

    async def body(self, request: HyperliquidSignRequest) -> bytes:
        """The body of POST /exchange. Raises SigningRefused; nothing may be sent then."""
        signed = await self._signing.sign(request)
        return encode_body(request.action, request.nonce, signed.signature, request.expires_after_ms)
