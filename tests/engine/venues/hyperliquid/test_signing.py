"""Signatures against vectors of the official SDK's own tests, and what is never signed."""

from __future__ import annotations

from typing import Any

import pytest

from engine.venues.hyperliquid import signing
from engine.venues.hyperliquid.signing import (
    HyperliquidSigned,
    HyperliquidSigner,
    HyperliquidSignRequest,
    SigningUnavailable,
)
from engine.venues.hyperliquid.wire_orders import Signature
from engine.venues.signing import SigningRefused

KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
"""The throw-away key of hyperliquid-python-sdk 04f25f2, tests/signing_test.py."""
LIMIT_ORDER = {"a": 1, "b": True, "p": "100", "s": "100", "r": False, "t": {"limit": {"tif": "Gtc"}}}


def action(**more: Any) -> dict[str, Any]:
    return {"type": "order", "orders": [{**LIMIT_ORDER, **more}], "grouping": "na"}


def sign(
    asked: dict[str, Any], nonce: int, *, is_mainnet: bool = False, expires_after_ms: int | None = None
) -> Signature:
    signer = HyperliquidSigner(KEY, is_mainnet=is_mainnet)
    request = HyperliquidSignRequest(
        action=asked, nonce=nonce, is_mainnet=is_mainnet, expires_after_ms=expires_after_ms
    )
    signed: HyperliquidSigned = signer.sign(request)
    return signed.signature


@pytest.mark.parametrize(
    ("asked", "is_mainnet", "r", "s", "v"),
    [
        (
            action(),
            True,
            "0xd65369825a9df5d80099e513cce430311d7d26ddf477f5b3a33d2806b100d78e",
            "0x2b54116ff64054968aa237c20ca9ff68000f977c93289157748a3162b6ea940e",
            28,
        ),
        (
            action(),
            False,
            "0x82b2ba28e76b3d761093aaded1b1cdad4960b3af30212b343fb2e6cdfa4e3d54",
            "0x6b53878fc99d26047f4d7e8c90eb98955a109f44209163f52d8dc4278cbbd9f5",
            27,
        ),
        (
            action(c="0x00000000000000000000000000000001"),
            True,
            "0x41ae18e8239a56cacbc5dad94d45d0b747e5da11ad564077fcac71277a946e3",
            "0x3c61f667e747404fe7eea8f90ab0e76cc12ce60270438b2058324681a00116da",
            27,
        ),
    ],
)
def test_golden_signatures(asked: dict[str, Any], is_mainnet: bool, r: str, s: str, v: int) -> None:
    """Nonce 0: the vectors sign at time 0. A leading zero of r is dropped (63 digits in the third)."""
    signature = sign(asked, 0, is_mainnet=is_mainnet)
    assert (signature.r, signature.s, signature.v) == (r, s, v)


def test_expiry_nonce_and_key_order_are_signed() -> None:
    reordered = dict(reversed(action().items()))
    first, *others = (
        sign(action(), 10).r,
        sign(action(), 11).r,
        sign(action(), 10, expires_after_ms=99).r,
        sign(reordered, 10).r,
    )
    assert first not in others
    assert len(dict.fromkeys(others)) == 3


def test_requests_for_the_other_network_are_refused() -> None:
    signer = HyperliquidSigner(KEY, is_mainnet=False)
    with pytest.raises(SigningRefused, match="testnet alone"):
        signer.sign(HyperliquidSignRequest(action=action(), nonce=1, is_mainnet=True))


def test_what_may_not_be_signed_is_refused_by_the_signer_itself() -> None:
    with pytest.raises(SigningRefused, match="not allowed"):
        sign({"type": "usdSend", "destination": "0x" + "00" * 20, "amount": "1", "time": 1}, 1)


def test_an_agent_signs_for_its_account_and_a_key_of_its_own_for_itself() -> None:
    own = HyperliquidSigner(KEY, is_mainnet=False)
    assert own.account == own.address == "0x14791697260e4c9a71f18484c9f997b308e59325"
    agent = HyperliquidSigner(KEY, is_mainnet=False, account="0x" + "AB" * 20)
    assert (agent.account, agent.address) == ("0x" + "ab" * 20, own.address)


def test_the_key_does_not_show() -> None:
    assert "0123" not in repr(HyperliquidSigner(KEY, is_mainnet=False))


def test_slow_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class NativeECCBackend:
        pass

    monkeypatch.setattr("eth_keys.backends.get_backend", NativeECCBackend)
    with pytest.raises(SigningUnavailable, match="coincurve"):
        signing._require_coincurve()
