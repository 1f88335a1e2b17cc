"""Key files for the throw-away accounts of simulated venues, so that an engine reads them as it reads real ones.

The keys come from the seed and sign for money that does not exist. Access keys, where a venue knows them, lie beside
those that sign, and so do second keys of the same accounts, for `perp2perp flatten`. Counterparts: `engine.keys`, which
reads them; `engine.world`, which opens the accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from actors.domain import Venue
from engine.keys import KeyFile, KeyRefused, SealedKey, Secret, read_key_file, write_key_file
from engine.keys.access_file import AccessKey, read_access_file, write_access_file
from engine.venues.registry import SIMULATED_API_KEY, SIMULATED_SECOND_API_KEY, access_header, simulated_signer
from engine.world import access_key_for

AnyKey = KeyFile | SealedKey | AccessKey
Wanted = TypeVar("Wanted", KeyFile, AccessKey)
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def simulated_key(venue: Venue, secret: bytes) -> KeyFile:
    """The key a simulated venue knows for these 32 bytes, written as that venue's keys are."""
    account = simulated_signer(venue, secret).account
    text, address, extras = secret.hex(), account, dict[str, int]()
    if venue in (Venue.PACIFICA, Venue.DRIFT):
        text = to_base58(secret + from_base58(account))
        extras = {"sub_account": 0} if venue is Venue.DRIFT else {}
    elif venue is Venue.LIGHTER:
        from engine.venues.lighter.signing import throwaway_secret

        text, address = throwaway_secret(secret).hex(), ""
        extras = {"account_index": int(account), "api_key_index": SIMULATED_API_KEY}
    return KeyFile(
        venue=venue, network="simulated", account=account, address=address, secret=Secret(text), extras=extras
    )


def second_key(venue: Venue, secret: bytes, second: bytes) -> KeyFile | None:
    """Another key of the account that `secret` makes; None where an account has one key here (Drift)."""
    first, key = simulated_key(venue, secret), simulated_key(venue, second)
    if venue is Venue.DRIFT:
        return None
    extras = {**first.extras, "api_key_index": SIMULATED_SECOND_API_KEY} if venue is Venue.LIGHTER else {}
    return msgspec.structs.replace(key, account=first.account, extras=extras)


def keep_key(path: Path, key: KeyFile) -> Path:
    """Write it there, in place of another simulated key; raises KeyRefused rather than touch a real one."""
    return _keep(path, key, read_key_file, write_key_file)


def keep_access(path: Path, venue: Venue, account: str, seed: int) -> Path | None:
    """Write the account's access key, as `keep_key` does; None where the venue knows no access keys."""
    if not access_header(venue):
        return None
    key = AccessKey(venue=venue, network="simulated", account=account, key=Secret(access_key_for(venue, seed)))
    return _keep(path, key, read_access_file, write_access_file)


def _keep(path: Path, key: Wanted, read: Callable[[Path], AnyKey], write: Callable[[Path, Wanted], None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        found = read(path)
        if found == key:
            return path
        if found.network != "simulated":
            raise KeyRefused(
                f"{path}: is a key for {found.network}; name another file in the profile, or a directory with --keys"
            )
        path.unlink()
    write(path, key)
    return path


def to_base58(data: bytes) -> str:
    """As Solana writes keys: base 58 without 0, O, I and l; a leading zero byte is a leading 1."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def from_base58(text: str, size: int = 32) -> bytes:
    """The `size` bytes behind it; raises ValueError for other letters, OverflowError for more."""
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    return number.to_bytes(size, "big")
