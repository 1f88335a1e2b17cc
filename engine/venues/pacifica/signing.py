"""Pacifica's signature: Ed25519 over a canonical JSON message. The only room that holds a key.

message = compact JSON, keys sorted at every depth, of {timestamp, expiry_window, type, data: payload};
the body sent is {account, agent_wallet?, signature, timestamp, expiry_window, **payload}: `type` and `data`
are not sent, `account` and `agent_wallet` are not signed (docs "API / Signing", 2025-11; official Python
examples, 2025-10-27).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import base58
from nacl.signing import SigningKey

Payload = Mapping[str, object]


def canonical_message(operation: str, payload: Payload, timestamp_ms: int, expiry_window_ms: int) -> bytes:
    """The bytes that are signed. `payload` is exactly what will be sent: no None, numbers as strings."""
    message = {
        "timestamp": timestamp_ms,
        "expiry_window": expiry_window_ms,
        "type": operation,
        "data": payload,
    }
    return json.dumps(message, sort_keys=True, separators=(",", ":")).encode()


class PacificaSigner:
    """Signs for `account`, either with its own key or as one of its agents.

    `secret` is the 32-byte Ed25519 seed; `account` None means that the key is the account's own.
    """

    def __init__(self, secret: bytes, *, account: str | None = None) -> None:
        self._key = SigningKey(secret)
        self.public_key = base58.b58encode(bytes(self._key.verify_key)).decode()
        self.account = account or self.public_key

    @classmethod
    def from_base58(cls, secret: str, *, account: str | None = None) -> PacificaSigner:
        """From a Solana secret: base58 of seed and public key, 64 bytes. Raises ValueError for less."""
        raw = base58.b58decode(secret)
        if len(raw) != 64:
            raise ValueError(f"a Solana secret has 64 bytes, this one {len(raw)}")
        return cls(raw[:32], account=account)

    def body(self, operation: str, payload: Payload, *, timestamp_ms: int, expiry_window_ms: int) -> dict[str, object]:
        """The signed request body of one operation."""
        message = canonical_message(operation, payload, timestamp_ms, expiry_window_ms)
        signature = base58.b58encode(self._key.sign(message).signature).decode()
        head: dict[str, object] = {"account": self.account}
        if self.public_key != self.account:
            head["agent_wallet"] = self.public_key
        return {
            **head,
            "signature": signature,
            "timestamp": timestamp_ms,
            "expiry_window": expiry_window_ms,
            **payload,
        }
