"""What a key file says. Counterpart: `store`, which reads and writes it; `engine.signing.venues`, which signs with it.

Two forms: in the clear for whoever keeps it on a disk of their own, or sealed with a password.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from actors.domain import Venue
from engine.errors import UserError
from engine.keys.secret import Secret

Network = Literal["simulated", "testnet", "mainnet"]

EXTRAS: dict[Venue, tuple[str, ...]] = {
    Venue.HYPERLIQUID: (),
    Venue.PACIFICA: (),
    Venue.LIGHTER: ("account_index", "api_key_index"),
    Venue.DRIFT: ("sub_account",),
}
"""Numbers that a venue's key needs besides its secret."""


SECRETS: dict[Venue, str] = {
    Venue.HYPERLIQUID: "32 bytes as hex",
    Venue.PACIFICA: "base58 of 64 bytes (seed and public key)",
    Venue.LIGHTER: "40 bytes as hex",
    Venue.DRIFT: "base58 of 64 bytes (seed and public key)",
}
"""What a venue's secret looks like, in words."""


class KeyRefused(UserError):
    """A key that must not be used, or a file that must not be read; the text says what to do."""


class KeyFile(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="perp2perp-key-1"
):
    """A key in the clear. It does not show its secret, and is written by `store.write_key_file` alone.

    `account` is the account it signs for, as the venue spells it; `address` the key's own public one. `secret`:
    Hyperliquid 32 bytes as hex; Pacifica and Drift base58 of seed and public key; Lighter 40 bytes as hex.
    """

    venue: Venue
    network: Network
    account: str
    secret: Secret
    address: str = ""
    extras: dict[str, int] = msgspec.field(default_factory=dict)


class Derivation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a password becomes a key: argon2id, by libsodium's names. The bounds keep a file from stalling a reader."""

    name: Literal["argon2id"] = "argon2id"
    operations: Annotated[int, msgspec.Meta(ge=1, le=20)]
    memory_bytes: Annotated[int, msgspec.Meta(ge=8192, le=1 << 30)]
    salt: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class SealedKey(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="format",
    tag="perp2perp-keystore-1",
):
    """A key under a password. `box` holds the whole KeyFile, so what stands here in the clear cannot be changed."""

    venue: Venue
    network: Network
    account: str
    address: str
    derivation: Derivation
    box: bytes


def check_extras(key: KeyFile, spelt: Callable[[str], str] = str) -> None:
    """Raises KeyRefused for a number that is missing, or that the venue does not know; `spelt` gives it its name."""
    needed = EXTRAS[key.venue]
    for name in needed:
        if name not in key.extras:
            raise KeyRefused(f"a {key.venue.value} key needs {spelt(name)}, a number from 0 on")
        if key.extras[name] < 0:
            raise KeyRefused(f"{spelt(name)} is {key.extras[name]}; a {key.venue.value} key needs a number from 0 on")
    for name in key.extras:
        if name not in needed:
            raise KeyRefused(f"a {key.venue.value} key has no {spelt(name)}; leave it out")
