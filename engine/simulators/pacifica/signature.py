"""Does this request come from whom it says? Ed25519 over the rebuilt canonical message, written a second
time.

The order of checks is the venue's: the signature before anything about the order (official tools, 2026-07).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import base58
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from engine.simulators.pacifica.replies import BAD_SIGNATURE, Refused

HEAD = ("account", "agent_wallet", "signature", "timestamp", "expiry_window")
AGENT_STRANGER = "Agent not authorized for account"


def verified_payload(
    operation: str, body: Mapping[str, object], agents: Mapping[str, tuple[str, ...]], now_ms: int
) -> dict[str, object]:
    """The payload of a signed body. Raises `Refused`."""
    account, signer = body.get("account"), body.get("agent_wallet") or body.get("account")
    stamp, window = body.get("timestamp"), body.get("expiry_window", 30_000)
    if not isinstance(account, str) or not isinstance(signer, str):
        raise Refused(400, "Invalid public key")
    if not isinstance(stamp, int) or not isinstance(window, int):
        raise Refused(400, "Invalid message")
    payload = {name: value for name, value in body.items() if name not in HEAD}
    signed = {"type": operation, "data": payload, "timestamp": stamp, "expiry_window": window}
    _verify(signer, str(body.get("signature")), _canonical(signed).encode())
    if signer != account and signer not in agents.get(account, ()):
        raise Refused(400, AGENT_STRANGER)
    if not stamp - window <= now_ms <= stamp + window:
        raise Refused(400, "Invalid message")
    return payload


def _verify(signer: str, signature: str, message: bytes) -> None:
    try:
        key = _key(signer)
    except ValueError as error:
        raise Refused(400, "Invalid public key") from error
    try:
        key.verify(message, base58.b58decode(signature))
    except (BadSignatureError, ValueError) as error:
        raise Refused(400, BAD_SIGNATURE, 400, "signature_verification_failed") from error


@lru_cache(maxsize=256)
def _key(public_key: str) -> VerifyKey:
    raw = base58.b58decode(public_key)
    if len(raw) != 32:
        raise ValueError("a public key has 32 bytes")
    return VerifyKey(raw)


def _canonical(value: object) -> str:
    """Compact JSON with the keys of every object in order."""
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return json.dumps(value)
