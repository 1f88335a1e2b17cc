from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from actors.domain import Venue
from engine.keys import KeyFile, KeyRefused, read_key_file, write_key_file
from engine.keys.access_file import AccessKey, read_access_file, write_access_file
from engine.sandbox.keys import from_base58, keep_access, keep_key, second_key, simulated_key, to_base58
from engine.signing.venues import open_signer
from engine.venues.registry import simulated_signer
from engine.world import access_key_for, second_secret_for, secret_for

ACCESS = "pacifica_access.json"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.mark.parametrize("venue", [Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT])
def test_a_key_file_is_read_back_as_it_was_made_by_its_owner_alone(venue: Venue, keys: Path) -> None:
    key = simulated_key(venue, secret_for(venue, 7))
    path = keep_key(keys / f"{venue.value}.json", key)
    assert (path, read_key_file(path)) == (keys / f"{venue.value}.json", key)
    assert (key.network, key.account) == ("simulated", simulated_signer(venue, secret_for(venue, 7)).account)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700


@pytest.mark.parametrize("venue", [Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER])
def test_a_second_key_is_another_key_of_the_same_account_and_lies_beside_the_first(venue: Venue, keys: Path) -> None:
    first = simulated_key(venue, secret_for(venue, 7))
    second = second_key(venue, secret_for(venue, 7), second_secret_for(venue, 7))
    assert second is not None
    assert second.account == first.account
    assert second.secret.reveal() != first.secret.reveal()
    assert (second.address, second.extras) != (first.address, first.extras)
    signer, _ = open_signer(second)
    assert signer.account == first.account
    assert keep_key(keys / "second.json", second) == keys / "second.json"


def test_a_simulated_drift_account_has_one_key() -> None:
    assert second_key(Venue.DRIFT, secret_for(Venue.DRIFT, 7), second_secret_for(Venue.DRIFT, 7)) is None


def test_the_secret_in_the_file_signs_for_the_account_in_the_file() -> None:
    from engine.venues.pacifica.signing import PacificaSigner

    key = simulated_key(Venue.PACIFICA, secret_for(Venue.PACIFICA, 7))
    assert PacificaSigner.from_base58(key.secret.reveal()).account == key.account


def test_a_simulated_key_gives_way_to_another_and_a_real_one_does_not(keys: Path) -> None:
    first, second = (simulated_key(Venue.PACIFICA, secret_for(Venue.PACIFICA, seed)) for seed in (1, 2))
    path = keep_key(keys / "pacifica.json", first)
    assert keep_key(keys / "pacifica.json", first) == path
    keep_key(keys / "pacifica.json", second)
    assert read_key_file(path) == second
    path.unlink()
    real: KeyFile = msgspec.structs.replace(first, network="mainnet")
    write_key_file(path, real)
    with pytest.raises(KeyRefused, match="mainnet"):
        keep_key(keys / "pacifica.json", second)
    assert read_key_file(path) == real


def test_an_access_key_lies_beside_the_key_of_a_venue_that_knows_them(keys: Path) -> None:
    path = keep_access(keys / ACCESS, Venue.PACIFICA, "account", 7)
    assert path == keys / "pacifica_access.json"
    found = read_access_file(path)
    assert (found.venue, found.network, found.account) == (Venue.PACIFICA, "simulated", "account")
    assert found.key.reveal() == access_key_for(Venue.PACIFICA, 7) != access_key_for(Venue.PACIFICA, 8)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [keep_access(keys / ACCESS, venue, "account", 7) for venue in Venue if venue is not Venue.PACIFICA] == [
        None
    ] * 3
    assert [file.name for file in keys.iterdir()] == ["pacifica_access.json"]


def test_a_simulated_access_key_gives_way_to_another_and_a_real_one_does_not(keys: Path) -> None:
    path = keep_access(keys / ACCESS, Venue.PACIFICA, "account", 7)
    assert path is not None
    assert keep_access(keys / ACCESS, Venue.PACIFICA, "account", 8) == path
    second = read_access_file(path)
    assert second.key.reveal() == access_key_for(Venue.PACIFICA, 8)
    path.unlink()
    real: AccessKey = msgspec.structs.replace(second, network="mainnet")
    write_access_file(path, real)
    with pytest.raises(KeyRefused, match="mainnet"):
        keep_access(keys / ACCESS, Venue.PACIFICA, "account", 7)
    assert read_access_file(path) == real


@pytest.mark.parametrize("data", [bytes(range(32)), b"\0\0" + b"\xff" * 30, bytes(32)])
def test_base58_is_that_of_the_library(data: bytes) -> None:
    import base58

    text = to_base58(data)
    assert text == base58.b58encode(data).decode()
    assert from_base58(text) == data
