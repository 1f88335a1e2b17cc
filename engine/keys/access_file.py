"""Access keys: a text shown to a venue with every request, by which it knows whose they are. They sign nothing.

In a file of a form of its own, so that a key that signs, or a password, is never shown to a venue by mistake.
Counterparts: `engine.venues.network.access`, which shows it; `key_file`, for the keys that sign.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from actors.domain import Venue
from engine.keys.key_file import KeyRefused, Network
from engine.keys.permissions import read_private, write_private
from engine.keys.secret import Secret

LETTERS = re.compile(r"[A-Za-z0-9._~+/=-]{8,80}")
"""What a header carries and JSON repeats as it stands. Shorter ones could not be told from a number in an answer; from
86 letters on it may be a pair of keys that signs (64 bytes in base58). The venue's own rule: not verified."""
REMEDY = "make one with: perp2perp keys add-access"


class AccessKey(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="perp2perp-access-1"
):
    """An access key of `account`, as the venue spells it. It does not show its text."""

    venue: Venue
    network: Network
    account: str
    key: Secret


def is_writable(key: Secret) -> bool:
    """Whether it can stand in a header, and be found again wherever it is repeated."""
    return LETTERS.fullmatch(key.reveal()) is not None


def read_access_file(path: Path) -> AccessKey:
    """The key in a file of its owner's alone. Raises KeyRefused, which never repeats a value."""
    data = read_private(path)
    try:
        found = msgspec.json.decode(data, type=AccessKey, dec_hook=_hide)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise KeyRefused(f"{path}: is not an access key file; {REMEDY}") from None
    if not is_writable(found.key):
        raise KeyRefused(f"{path}: the key in it cannot stand in a header; {REMEDY}")
    return found


def write_access_file(path: Path, key: AccessKey) -> None:
    """Write a new file that only this user can read. Raises KeyRefused if there is one of that name."""
    if not is_writable(key.key):
        raise KeyRefused(
            "an access key has 8 to 80 letters, digits and ._~+/=-; this has others, or another length "
            "(a longer one may be a key that signs, which is shown to nobody)"
        )
    write_private(path, msgspec.json.encode(key, enc_hook=_reveal) + b"\n")


def read_access_of(path: Path, venue: Venue, network: Network, account: str) -> AccessKey:
    """The key in a file, for that account alone. Raises KeyRefused for whatever belongs to another."""
    found = read_access_file(path)
    theirs = (found.venue, found.network, found.account)
    if theirs != (venue, network, account):
        raise KeyRefused(
            f"{path}: is for {found.account} on {found.venue.value} {found.network}, "
            f"not for {account} on {venue.value} {network}; name that account's own file"
        )
    return found


def _reveal(value: object) -> str:
    assert isinstance(value, Secret)
    return value.reveal()


def _hide(kind: type, value: object) -> Secret:
    if kind is not Secret or not isinstance(value, str):
        raise ValueError("a secret is a text")
    return Secret(value)
