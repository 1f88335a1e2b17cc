"""The whole of signing: an adapter trades with a key in another process, and its secret is nowhere to be found."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import base58
import msgspec
import pytest
import trio

from actors.domain import Venue
from actors.messages import OrderAccepted, OrderFilled, OrderRejected
from engine import preparation
from engine.config import ROOT
from engine.keys import KeyFile, Secret, write_key_file
from engine.preparation import RunRequest
from engine.signing import SigningFailed, SigningSettings
from engine.signing.venues import open_signer
from engine.venues.signing import SigningRefused
from engine.world import secret_for
from tests.engine.keys.samples import HYPERLIQUID, HYPERLIQUID_RAW, PACIFICA, leaks, spellings
from tests.engine.signing.asking import PATIENT, Stand, hyperliquid_order, pacifica_order
from tests.engine.test_runtime import config
from tests.engine.venues.pacifica.world import SIGNER, World

WORLDS_SECRET = bytes(range(32))
"""That of the simulated account in tests/engine/venues/pacifica."""
WORLDS_KEY = KeyFile(
    venue=Venue.PACIFICA,
    network="simulated",
    account=SIGNER.account,
    secret=Secret(base58.b58encode(WORLDS_SECRET + base58.b58decode(SIGNER.account)).decode()),
)
FREELY: dict[str, Any] = {"order_most_usd": Decimal(7_000), "hour_most_usd": Decimal(100_000)}


def found(secret: bytes, *texts: str | bytes) -> list[bytes]:
    """Every spelling of a secret in what was left behind."""
    data = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)
    return [spelling for spelling in spellings(secret) if spelling in data]


async def test_an_adapter_trades_with_a_key_it_has_never_seen(tmp_path: Path) -> None:
    stand = Stand(tmp_path, WORLDS_KEY)
    async with stand.process(**FREELY) as signing:
        world = World(signing=signing)
        async with world.running():
            await world.perform(world.order())
            with trio.fail_after(20):
                while not world.of(OrderFilled):
                    await world.after(0.05)
            (denied,) = await world.perform(world.order(size="0.2"))
            assert isinstance(denied, OrderRejected)
            assert denied.detail.startswith("never sent: opens 12020.0 USD, over the cap of 7000")
    assert world.of(OrderAccepted)
    assert signing.counts.refused == 1
    assert found(WORLDS_SECRET, repr(world.said), repr(stand.alarms), repr(vars(signing))) == []


def test_a_run_leaves_no_secret(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Directory, journal, report and output, of a run on simulated venues."""
    logging.captureWarnings(True)
    request = RunRequest(config=config("30m"), runs=tmp_path)
    result = preparation.run(request)
    logging.captureWarnings(False)
    left = [path.read_bytes() for path in sorted(result.directory.rglob("*")) if path.is_file()]
    said = capfd.readouterr()
    assert len(left) >= 4
    for venue in request.config.policy.scanner.venues:
        secret = secret_for(venue, request.config.run.seed)
        assert found(secret, *left, said.out, said.err, repr(request), repr(result)) == []


async def test_failures_in_the_signing_process_tell_no_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An order no library can sign, an end by a signal, a refusal, a key file with the secret in the wrong place."""
    told: list[str] = []
    stand = Stand(tmp_path, HYPERLIQUID)
    async with stand.process() as signing:
        unsignable = msgspec.structs.replace(hyperliquid_order(), nonce=2**70)
        for request in (unsignable, hyperliquid_order("101"), pacifica_order()):
            told += await refusal(signing, request)
        assert signing._link is not None
        os.kill(signing._link.process.pid, signal.SIGSEGV)
        told += await refusal(signing, hyperliquid_order())
        told += [repr(signing), repr(vars(signing)), repr(signing.counts), repr(stand.alarms), repr(stand.key)]
    for text in (HYPERLIQUID.secret.reveal(), f'{{"format":"{HYPERLIQUID.secret.reveal()}"}}'):
        stand.path.write_text(text)
        told += await failure(stand)
    stand.path.unlink()
    write_key_file(stand.path, msgspec.structs.replace(HYPERLIQUID, secret=PACIFICA.secret))
    told += await failure(stand)
    said = capfd.readouterr()
    assert "OverflowError" in "".join(told)
    assert len(stand.alarms) == 1
    assert leaks("".join((*told, said.out, said.err))) == []


async def refusal(signing: object, request: object) -> list[str]:
    """What a refused request looks like in a traceback with local variables."""
    with pytest.raises(SigningRefused) as caught:
        await signing.sign(request)  # type: ignore[attr-defined]
    return list(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())


async def failure(stand: Stand) -> list[str]:
    """What a process that does not begin looks like."""
    with pytest.raises(SigningFailed) as caught:
        async with stand.process():
            raise AssertionError("it must not be entered")
    return list(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())


def test_settings_and_keys_print_without_secrets() -> None:
    signer, _ = open_signer(HYPERLIQUID)
    other, _ = open_signer(PACIFICA)
    shown = (repr(HYPERLIQUID), str(PACIFICA), repr(signer), repr(other), repr(PATIENT), repr(SigningSettings()))
    assert leaks("".join(shown)) == []
    assert spellings(HYPERLIQUID_RAW)[1] in HYPERLIQUID.secret.reveal().encode(), "what is looked for is the secret"


def test_nobody_starts_the_signing_process_by_hand() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "engine.signing"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "start it with: perp2perp run" in ended.stderr


def test_the_bounds_of_the_engines_end_are_set() -> None:
    """A signature is awaited for less time than any venue's order takes to expire."""
    settings = SigningSettings()
    assert 0 < settings.timeout_s < 5
    assert 0 < settings.restarts_most < 10
