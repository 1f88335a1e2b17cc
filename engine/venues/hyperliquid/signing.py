"""Hyperliquid's signatures: the only room that knows the venue's SDK and a private key.

The SDK takes half a second to import, so it is imported when a signer is made. A nonce must be new, above the
lowest of the signer's 100 highest, and near the venue's time (HL docs, "Nonces and API wallets", 2025-11):
it is the time in milliseconds, or one more than the last.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.venues.hyperliquid.codec_orders import Action
from engine.venues.hyperliquid.wire_orders import Signature


class SigningUnavailable(RuntimeError):
    """The fast signing library is missing; without it a signature takes 6 to 19 ms of pure Python."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signature and the nonce it covers."""

    nonce: int
    signature: Signature


class HyperliquidSigner:
    """Signs actions with one agent's (or user's) key. One signer object per key: it owns the nonces.

    `private_key_hex` is 32 bytes as hex. `is_mainnet` is part of what is signed: a signature for the one
    network is void on the other (SDK `construct_phantom_agent`).
    """

    def __init__(self, private_key_hex: str, *, is_mainnet: bool) -> None:
        _require_coincurve()
        from eth_account import Account
        from hyperliquid.utils.signing import sign_l1_action

        self._wallet: Any = Account.from_key(private_key_hex)
        self._sign_l1_action: Any = sign_l1_action
        self.is_mainnet = is_mainnet
        self._last_nonce = 0
        self.address: str = self._wallet.address.lower()

    def __repr__(self) -> str:
        return f"HyperliquidSigner({self.address})"

    def sign(self, action: Action, *, now_ms: int, expires_after_ms: int | None = None) -> Signed:
        """Take the next nonce and sign; the venue refuses the action after `expires_after_ms`."""
        self._last_nonce = nonce = max(now_ms, self._last_nonce + 1)
        raw = self._sign_l1_action(self._wallet, action, None, nonce, expires_after_ms, self.is_mainnet)
        return Signed(nonce=nonce, signature=Signature(r=raw["r"], s=raw["s"], v=raw["v"]))


def _require_coincurve() -> None:
    from eth_keys.backends import get_backend

    backend = type(get_backend()).__name__
    if backend != "CoinCurveECCBackend":
        raise SigningUnavailable(f"eth_keys signs with {backend}; install coincurve")
