"""Keys under a password."""

from __future__ import annotations

import msgspec
import pytest

from engine.keys import KeyFile, KeyRefused, SealedKey, Secret, seal, unseal
from engine.keys.sealing import decoded, encoded
from tests.engine.keys.samples import HYPERLIQUID, PASSWORD, leaks

KEY = msgspec.structs.replace(HYPERLIQUID, address="0x" + "cd" * 20)


@pytest.fixture(scope="module")
def sealed() -> SealedKey:
    return seal(KEY, Secret(PASSWORD), "least")


def test_the_password_gives_the_same_key_back(sealed: SealedKey) -> None:
    assert unseal(sealed, Secret(PASSWORD)) == KEY


def test_a_sealed_file_shows_whose_key_it_is_and_no_secret(sealed: SealedKey) -> None:
    text = encoded(sealed)
    assert leaks(text) == []
    assert decoded(text) == sealed
    assert (sealed.venue, sealed.network, sealed.account, sealed.address) == (
        KEY.venue,
        KEY.network,
        KEY.account,
        KEY.address,
    )


def test_two_seals_have_nothing_in_common(sealed: SealedKey) -> None:
    again = seal(KEY, Secret(PASSWORD), "least")
    assert again.derivation.salt != sealed.derivation.salt
    assert again.box != sealed.box


def test_another_password_and_a_changed_box_are_refused(sealed: SealedKey) -> None:
    changed = bytes([sealed.box[-1] ^ 1])
    for found, password in (
        (sealed, "another"),
        (msgspec.structs.replace(sealed, box=sealed.box[:-1] + changed), PASSWORD),
        (msgspec.structs.replace(sealed, box=b""), PASSWORD),
    ):
        with pytest.raises(KeyRefused, match="does not open"):
            unseal(found, Secret(password))


@pytest.mark.parametrize(
    "change", [{"network": "mainnet"}, {"account": "0x" + "00" * 20}, {"address": ""}, {"venue": "pacifica"}]
)
def test_what_stands_in_the_clear_cannot_be_changed(sealed: SealedKey, change: dict[str, str]) -> None:
    forged = decoded(encoded(msgspec.structs.replace(sealed, **change)))
    assert isinstance(forged, SealedKey)
    with pytest.raises(KeyRefused, match="not what was sealed"):
        unseal(forged, Secret(PASSWORD))


def test_the_usual_strength_is_moderate(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 passes over 256 MiB; not derived here, for it takes most of a second."""
    monkeypatch.setattr("engine.keys.sealing._derive", lambda *_: bytes(32))
    derivation = seal(KEY, Secret(PASSWORD)).derivation
    assert (derivation.operations, derivation.memory_bytes) == (3, 1 << 28)


@pytest.mark.parametrize("change", [{"memory_bytes": 1 << 40}, {"operations": 0}, {"name": "md5"}, {"salt": "AAAA"}])
def test_a_derivation_out_of_bounds_is_refused_before_it_is_tried(sealed: SealedKey, change: dict[str, object]) -> None:
    text = msgspec.json.decode(encoded(sealed))
    text["derivation"] |= change
    with pytest.raises(KeyRefused, match="derivation"):
        decoded(msgspec.json.encode(text))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        KEY.secret.reveal().encode(),
        b"\xff\xfe",
        encoded(KEY)[:-1],
        encoded(KEY).replace(b'"testnet"', b'"' + KEY.secret.reveal().encode() + b'"'),
        encoded(KEY).replace(b"perp2perp-key-1", KEY.secret.reveal().encode()),
        encoded(KEY).replace(b'"address"', b'"' + KEY.secret.reveal().encode() + b'"'),
        encoded(KEY).replace(b'"secret":"', b'"secret":["').replace(b'","address', b'"],"address'),
        b'{"format":"perp2perp-key-1"}',
    ],
    ids=["empty", "secret", "binary", "cut", "in a value", "in the format", "in a name", "in a list", "bare"],
)
def test_what_is_no_key_file_is_refused_without_repeating_it(text: bytes) -> None:
    with pytest.raises(KeyRefused, match="is not a key file") as caught:
        decoded(text)
    assert leaks(str(caught.value)) == []
    assert caught.value.__suppress_context__


def test_a_key_in_the_clear_is_read_back() -> None:
    found = decoded(encoded(KEY))
    assert isinstance(found, KeyFile)
    assert found == KEY
