"""Keys under a password: argon2id makes the key of a libsodium secretbox. Counterpart: `store`.

The library is imported when a key is sealed or opened: showing a file needs none.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.keys.key_file import Derivation, KeyFile, KeyRefused, SealedKey
from engine.keys.secret import Secret

Strength = Literal["moderate", "least"]
"""libsodium's "moderate" (3 passes over 256 MiB, most of a second), or its least, for tests."""


def seal(key: KeyFile, password: Secret, strength: Strength = "moderate") -> SealedKey:
    """Encrypt the whole key; venue, network, account and address stay readable."""
    from nacl import pwhash, utils
    from nacl.secret import SecretBox

    limits = {
        "moderate": (pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE),
        "least": (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN),
    }
    operations, memory_bytes = limits[strength]
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    derivation = Derivation(operations=operations, memory_bytes=memory_bytes, salt=salt)
    box = SecretBox(_derive(password, derivation)).encrypt(encoded(key))
    return SealedKey(
        venue=key.venue,
        network=key.network,
        account=key.account,
        address=key.address,
        derivation=derivation,
        box=bytes(box),
    )


def unseal(sealed: SealedKey, password: Secret) -> KeyFile:
    """Raises KeyRefused for another password, and when what stands in the clear is not what was sealed."""
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    try:
        plain = SecretBox(_derive(password, sealed.derivation)).decrypt(sealed.box)
    except (CryptoError, ValueError):
        raise KeyRefused("the password does not open this key, or the file was changed") from None
    key = decoded(plain)
    outside = (sealed.venue, sealed.network, sealed.account, sealed.address)
    if not isinstance(key, KeyFile) or (key.venue, key.network, key.account, key.address) != outside:
        raise KeyRefused("what the file says in the clear is not what was sealed in it; make it anew")
    return key


def encoded(key: KeyFile | SealedKey) -> bytes:
    """A key as the bytes of its file, its secret with it."""
    return msgspec.json.encode(key, enc_hook=_reveal)


def decoded(data: bytes) -> KeyFile | SealedKey:
    """The bytes of a key file. Raises KeyRefused, which never repeats a value: a secret may stand anywhere."""
    try:
        found: KeyFile | SealedKey = msgspec.json.decode(data, type=KeyFile | SealedKey, dec_hook=_hide)
    except msgspec.ValidationError as error:
        raise KeyRefused(f"is not a key file{_place(error)}; make one with: perp2perp keys add") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise KeyRefused("is not a key file (not JSON); make one with: perp2perp keys add") from None
    return found


def _place(error: msgspec.ValidationError) -> str:
    """Where, without what: the rest of the text may quote a value, or a name."""
    _, found, place = str(error).partition(" - at `")
    return f" (see {place.rstrip('`')})" if found else ""


def _derive(password: Secret, derivation: Derivation) -> bytes:
    from nacl.pwhash import argon2id
    from nacl.secret import SecretBox

    text = password.reveal().encode()
    return argon2id.kdf(
        SecretBox.KEY_SIZE,
        text,
        derivation.salt,
        opslimit=derivation.operations,
        memlimit=derivation.memory_bytes,
    )


def _reveal(value: object) -> str:
    assert isinstance(value, Secret)
    return value.reveal()


def _hide(kind: type, value: object) -> Secret:
    if kind is not Secret or not isinstance(value, str):
        raise ValueError("a secret is a text")
    return Secret(value)
