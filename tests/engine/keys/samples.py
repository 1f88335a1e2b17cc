"""Throw-away keys of simulated and test networks, in every spelling a leak could have."""

from __future__ import annotations

import base64
import hashlib

import base58
from nacl.signing import SigningKey

from actors.domain import Venue
from engine.keys import KeyFile, Secret

PASSWORD = "a password of some length"
HYPERLIQUID_RAW = hashlib.sha256(b"hyperliquid, thrown away").digest()
PACIFICA_RAW = hashlib.sha256(b"pacifica, thrown away").digest()
PACIFICA_PAIR = PACIFICA_RAW + bytes(SigningKey(PACIFICA_RAW).verify_key)
ACCOUNT = "0x" + "ab" * 20
OTHER_ACCOUNT = base58.b58encode(bytes(range(32))).decode()

HYPERLIQUID = KeyFile(
    venue=Venue.HYPERLIQUID, network="testnet", account=ACCOUNT, secret=Secret("0x" + HYPERLIQUID_RAW.hex())
)
PACIFICA = KeyFile(
    venue=Venue.PACIFICA,
    network="testnet",
    account=OTHER_ACCOUNT,
    secret=Secret(base58.b58encode(PACIFICA_PAIR).decode()),
)


def spellings(raw: bytes) -> tuple[bytes, ...]:
    """The secret in hex, base58, base64, as Python prints it, and raw."""
    return (
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        base58.b58encode(raw),
        base64.b64encode(raw).rstrip(b"="),
        base64.urlsafe_b64encode(raw).rstrip(b"="),
        repr(raw)[2:-1].encode(),
        str(list(raw))[1:-1].encode(),
    )


SPELLINGS = (
    *spellings(HYPERLIQUID_RAW),
    *spellings(PACIFICA_RAW),
    base58.b58encode(PACIFICA_PAIR),
    base64.b64encode(PACIFICA_PAIR).rstrip(b"="),
    PASSWORD.encode(),
)


def leaks(text: str | bytes) -> list[bytes]:
    """Every spelling of a secret that a text contains."""
    data = text.encode() if isinstance(text, str) else text
    return [spelling for spelling in SPELLINGS if spelling in data]
