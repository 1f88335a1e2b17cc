"""Nonces, and the body that carries a signature."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.venues.hyperliquid.notary import Notary
from engine.venues.hyperliquid.signing import HyperliquidSigner
from engine.venues.signing import SignHere, SigningRefused

KEY = "0x" + "11" * 32
NOOP = {"type": "noop"}


def notary(times_ms: Iterator[int], *, is_mainnet: bool = False) -> Notary:
    signing = SignHere(HyperliquidSigner(KEY, is_mainnet=False))
    return Notary(signing, lambda: next(times_ms) * 1_000_000, is_mainnet=is_mainnet)


def test_nonces_rise_even_when_the_clock_does_not() -> None:
    desk = notary(iter((10, 10, 5, 20)))
    assert [desk.request(NOOP).nonce for _ in range(4)] == [10, 11, 12, 20]


async def test_the_body_carries_what_was_asked_whatever_is_asked_in_between() -> None:
    desk = notary(iter((10, 11)))
    first, second = desk.request(NOOP, expires_after_ms=99), desk.request(NOOP)
    bodies = [json.loads(await desk.body(request)) for request in (second, first)]
    assert [(body["nonce"], body["expiresAfter"]) for body in bodies] == [(11, 60_011), (10, 99)]
    assert bodies[0]["signature"] != bodies[1]["signature"]


async def test_nothing_is_made_of_a_request_that_was_not_signed() -> None:
    desk = notary(iter((10,)), is_mainnet=True)
    with pytest.raises(SigningRefused):
        await desk.body(desk.request(NOOP))
