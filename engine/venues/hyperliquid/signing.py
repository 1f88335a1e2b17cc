"""Hyperliquid's signatures: the only room that knows the venue's SDK and a private key.

The SDK takes half a second to import, so it is imported when a signer is made. Counterpart: `signing_request`
(what is signed), `notary` (who asks).
"""

from __future__ import annotations

from typing import Any

from engine.venues.hyperliquid.signing_request import HyperliquidSigned, HyperliquidSignRequest
from engine.venues.hyperliquid.wire_orders import Signature
from engine.venues.signing import Purpose, SigningRefused

__all__ = ["HyperliquidSignRequest", "HyperliquidSigned", "HyperliquidSigner", "SigningUnavailable"]


class SigningUnavailable(RuntimeError):
    """The fast signing library is missing; without it a signature takes 6 to 19 ms of pure Python."""


class HyperliquidSigner:
    """Signs actions with the key of an account, or of one of its agents.

    `private_key_hex` is 32 bytes as hex. `account` None means that the key is the account's own. A signature for
    the one network is void on the other, and requests for the other are refused.
    """

    def __init__(self, private_key_hex: str, *, is_mainnet: bool, account: str | None = None) -> None:
        _require_coincurve()
        from eth_account import Account
        from hyperliquid.utils.signing import sign_l1_action

        self._wallet: Any = Account.from_key(private_key_hex)
        self._sign_l1_action: Any = sign_l1_action
        self.is_mainnet = is_mainnet
        self.address: str = self._wallet.address.lower()
        self.account = (account or self.address).lower()

    def __repr__(self) -> str:
        return f"HyperliquidSigner({self.address})"

    def purpose_of(self, request: HyperliquidSignRequest, /) -> Purpose:
        """Raises SigningRefused for the other network, and for what may not be signed."""
        if request.is_mainnet != self.is_mainnet:
            raise SigningRefused(f"hyperliquid: the key is for {_network(self.is_mainnet)} alone")
        return request.purpose

    def sign(self, request: HyperliquidSignRequest, /) -> HyperliquidSigned:
        """Raises SigningRefused as `purpose_of`."""
        self.purpose_of(request)
        return HyperliquidSigned(signature=self._signature(request.action, request.nonce, request.expires_after_ms))

    def _signature(self, action: dict[str, Any], nonce: int, expires_after_ms: int | None) -> Signature:
        raw = self._sign_l1_action(self._wallet, action, None, nonce, expires_after_ms, self.is_mainnet)
        return Signature(r=raw["r"], s=raw["s"], v=raw["v"])


def _network(is_mainnet: bool) -> str:
    return "mainnet" if is_mainnet else "testnet"


def _require_coincurve() -> None:
    from eth_keys.backends import get_backend

    backend = type(get_backend()).__name__
    if backend != "CoinCurveECCBackend":
        raise SigningUnavailable(f"eth_keys signs with {backend}; install coincurve")
