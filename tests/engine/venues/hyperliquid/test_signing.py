"""Signatures against vectors of the official SDK's own tests, and the nonces."""

from __future__ import annotations

from typing import Any

import pytest

from engine.venues.hyperliquid import signing
from engine.venues.hyperliquid.signing import HyperliquidSigner, SigningUnavailable

KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
"""The throw-away key of hyperliquid-python-sdk 04f25f2, tests/signing_test.py."""
LIMIT_ORDER = {"a": 1, "b": True, "p": "100", "s": "100", "r": False, "t": {"limit": {"tif": "Gtc"}}}


def action(**more: Any) -> dict[str, Any]:
    return {"type": "order", "orders": [{**LIMIT_ORDER, **more}], "grouping": "na"}


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
def test_golden_signatures(asked: dict[str, Any], is_mainnet: bool, r: str, s: str, v: int):
    """Nonce 0: the vectors sign at time 0. A leading zero of r is dropped (63 digits in the third)."""
    signer = HyperliquidSigner(KEY, is_mainnet=is_mainnet)
    signer._last_nonce = -1
    signed = signer.sign(asked, now_ms=0)
    assert (signed.nonce, signed.signature.r, signed.signature.s, signed.signature.v) == (0, r, s, v)


def test_nonces_rise_even_when_the_clock_does_not():
    signer = HyperliquidSigner(KEY, is_mainnet=False)
    assert [signer.sign(action(), now_ms=now).nonce for now in (10, 10, 5, 20)] == [10, 11, 12, 20]


def test_expiry_and_key_order_are_signed():
    def sign(asked: dict[str, Any], expires_after_ms: int | None) -> str:
        signer = HyperliquidSigner(KEY, is_mainnet=False)
        return signer.sign(asked, now_ms=10, expires_after_ms=expires_after_ms).signature.r

    reordered = dict(reversed(action().items()))
    assert len({sign(action(), None), sign(action(), 99), sign(reordered, None)}) == 3


def test_the_key_does_not_show():
    assert "0123" not in repr(HyperliquidSigner(KEY, is_mainnet=False))


def test_slow_backend_is_refused(monkeypatch: pytest.MonkeyPatch):
    class NativeECCBackend:
        pass

    monkeypatch.setattr("eth_keys.backends.get_backend", NativeECCBackend)
    with pytest.raises(SigningUnavailable, match="coincurve"):
        signing._require_coincurve()
