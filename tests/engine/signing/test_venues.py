"""Which keys can sign, and which are refused."""

from __future__ import annotations

from pathlib import Path

import base58
import msgspec
import pytest

from actors.domain import Venue
from engine.keys import KeyFile, KeyRefused, Secret
from engine.signing.law import Program
from engine.signing.venues import VENUE_KEYS, open_signer, request_type, signed_type
from engine.venues.drift.sdk_coder import idl_path
from engine.venues.drift.settings import IDL_SHA256, DriftProgram
from engine.venues.drift.signing import DriftSigner
from engine.venues.registry import simulated_signer
from engine.venues.signing import SignRequest
from tests.engine.keys.samples import HYPERLIQUID, PACIFICA, PACIFICA_PAIR, PACIFICA_RAW, leaks

PACIFICA_ADDRESS = base58.b58encode(PACIFICA_PAIR[32:]).decode()
LIGHTER = KeyFile(
    venue=Venue.LIGHTER,
    network="testnet",
    account="7",
    secret=Secret("11" * 39 + "00"),
    extras={"account_index": 7, "api_key_index": 5},
)
DRIFT = KeyFile(
    venue=Venue.DRIFT,
    network="mainnet",
    account=PACIFICA.account,
    secret=PACIFICA.secret,
    extras={"sub_account": 0},
)
OTHER_PROGRAM = base58.b58encode(b"\x07" * 32).decode()
replace = msgspec.structs.replace


@pytest.mark.parametrize("venue", list(Venue))
def test_every_venue_has_its_types(venue: Venue) -> None:
    assert venue in VENUE_KEYS
    assert issubclass(request_type(venue), SignRequest)
    assert issubclass(signed_type(venue), msgspec.Struct)


@pytest.mark.parametrize("key", [HYPERLIQUID, PACIFICA, LIGHTER, DRIFT], ids=lambda key: key.venue.value)
def test_an_agents_key_signs_for_its_account(key: KeyFile) -> None:
    signer, _ = open_signer(key)
    assert signer.account == key.account


def test_the_keys_own_address_is_told() -> None:
    assert open_signer(PACIFICA)[1] == open_signer(DRIFT)[1] == PACIFICA_ADDRESS
    assert open_signer(replace(PACIFICA, address=PACIFICA_ADDRESS))[1] == PACIFICA_ADDRESS
    own = simulated_signer(Venue.HYPERLIQUID, bytes.fromhex(HYPERLIQUID.secret.reveal()[2:]))
    assert open_signer(HYPERLIQUID)[1] == own.account


def own_key(key: KeyFile) -> KeyFile:
    return replace(key, account=open_signer(key)[1])


@pytest.mark.parametrize("network", ["testnet", "mainnet"])
@pytest.mark.parametrize("key", [HYPERLIQUID, PACIFICA, DRIFT], ids=lambda key: key.venue.value)
def test_an_accounts_own_key_is_refused_where_there_is_money(key: KeyFile, network: str) -> None:
    with pytest.raises(KeyRefused, match="which can withdraw"):
        open_signer(replace(own_key(key), network=network))
    simulated = replace(own_key(key), network="simulated")
    assert open_signer(simulated)[1] == simulated.account


def test_the_accounts_spelling_does_not_hide_its_own_key() -> None:
    own = own_key(HYPERLIQUID)
    with pytest.raises(KeyRefused, match="which can withdraw"):
        open_signer(replace(own, account="0x" + own.account[2:].upper()))


@pytest.mark.parametrize(
    "key",
    [
        replace(HYPERLIQUID, secret=Secret("0x1234")),
        replace(HYPERLIQUID, secret=Secret("zz" * 32)),
        replace(HYPERLIQUID, secret=Secret("00" * 32)),
        replace(PACIFICA, secret=Secret("0OIl")),
        replace(PACIFICA, secret=Secret(base58.b58encode(PACIFICA_RAW).decode())),
        replace(PACIFICA, secret=Secret(base58.b58encode(PACIFICA_RAW + bytes(32)).decode())),
        replace(LIGHTER, secret=Secret("11" * 32)),
        replace(LIGHTER, secret=Secret("xx" * 40)),
        replace(DRIFT, secret=HYPERLIQUID.secret),
    ],
    ids=range(9),
)
def test_a_secret_that_is_none_is_refused_without_repeating_it(key: KeyFile) -> None:
    with pytest.raises(KeyRefused, match=f"the secret is not a {key.venue.value} key") as caught:
        open_signer(key)
    assert key.secret.reveal() not in str(caught.value)
    assert leaks(str(caught.value)) == []
    assert caught.value.__suppress_context__


def test_another_address_than_the_files_is_refused() -> None:
    with pytest.raises(KeyRefused, match="the file says nonsense, but the secret is that of"):
        open_signer(replace(PACIFICA, address="nonsense"))


def test_a_lighter_account_is_its_index() -> None:
    with pytest.raises(KeyRefused, match=r"one number as --account \(8\) and --account-index \(7\)"):
        open_signer(replace(LIGHTER, account="8"))


def test_a_drift_key_signs_for_the_program_it_is_opened_for(tmp_path: Path) -> None:
    file = tmp_path / "idl.json"
    file.write_bytes(idl_path("").read_bytes())
    program = Program(program_id=OTHER_PROGRAM, idl_file=str(file), idl_sha256=IDL_SHA256)
    signer, _ = open_signer(DRIFT, program)
    assert isinstance(signer, DriftSigner)
    assert signer._program == DriftProgram(program_id=OTHER_PROGRAM, idl_file=str(file))


@pytest.mark.parametrize(("text", "why"), [(b"{}", "has sha256"), (None, "No such file")])
def test_an_idl_that_is_not_the_one_that_was_checked_opens_no_key(tmp_path: Path, text: bytes | None, why: str) -> None:
    file = tmp_path / "idl.json"
    if text is not None:
        file.write_bytes(text)
    program = Program(program_id=OTHER_PROGRAM, idl_file=str(file), idl_sha256=IDL_SHA256)
    with pytest.raises(KeyRefused, match=f"IDL cannot be used: .*{why}.*correct venues.drift.adapter.program"):
        open_signer(DRIFT, program)


def test_other_venues_have_no_programs() -> None:
    with pytest.raises(KeyRefused, match="pacifica has no programs"):
        open_signer(PACIFICA, Program(program_id=OTHER_PROGRAM, idl_file="", idl_sha256=""))
