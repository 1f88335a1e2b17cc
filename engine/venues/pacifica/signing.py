"""Pacifica's signature: Ed25519 over a canonical JSON message. The only room that holds a key.

The libraries are imported when a signer is made. Counterpart: `signing_request` (what is signed).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.venues.pacifica.signing_request import PacificaSigned, PacificaSignRequest, canonical_message
from engine.venues.signing import Purpose

__all__ = ["PacificaSignRequest", "PacificaSigned", "PacificaSigner", "solana_seed"]


class PacificaSigner:
    """Signs for `account`, either with its own key or as one of its agents.

    `secret` is the 32-byte Ed25519 seed; `account` None means that the key is the account's own. The venue has no
    separate signature for its test network: a key belongs to one network by where it is registered.
    """

    def __init__(self, secret: bytes, *, account: str | None = None) -> None:
        import base58
        from nacl.signing import SigningKey

        self._key = SigningKey(secret)
        self._base58 = base58.b58encode
        self.public_key = self._base58(bytes(self._key.verify_key)).decode()
        self.account = account or self.public_key

    @classmethod
    def from_base58(cls, secret: str, *, account: str | None = None) -> PacificaSigner:
        """From a Solana secret. Raises ValueError as `solana_seed`."""
        return cls(solana_seed(secret), account=account)

    def __repr__(self) -> str:
        return f"PacificaSigner({self.public_key})"

    def purpose_of(self, request: PacificaSignRequest, /) -> Purpose:
        """Raises SigningRefused for what may not be signed."""
        return request.purpose

    def sign(self, request: PacificaSignRequest, /) -> PacificaSigned:
        """Raises SigningRefused as `purpose_of`."""
        self.purpose_of(request)
        return PacificaSigned(
            signature=self._signature(
                request.operation, request.payload, request.timestamp_ms, request.expiry_window_ms
            ),
            agent_wallet=None if self.public_key == self.account else self.public_key,
        )

    def _signature(self, operation: str, payload: Mapping[str, object], timestamp_ms: int, window_ms: int) -> str:
        message = canonical_message(operation, payload, timestamp_ms, window_ms)
        return self._base58(self._key.sign(message).signature).decode()


def solana_seed(secret: str) -> bytes:
    """The 32-byte seed in a Solana secret, which is base58 of seed and public key, 64 bytes.

    Raises ValueError for another length, and for a public key that is not the seed's: a slip of the pen.
    """
    import base58
    from nacl.signing import SigningKey

    raw = base58.b58decode(secret)
    if len(raw) != 64:
        raise ValueError(f"a Solana secret has 64 bytes, this one {len(raw)}")
    if bytes(SigningKey(raw[:32]).verify_key) != raw[32:]:
        raise ValueError("the second half of a Solana secret is the public key of the first; here it is not")
    return raw[:32]
