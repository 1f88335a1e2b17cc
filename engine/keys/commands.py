"""`perp2perp keys`: make, show and check key files. Secrets are typed on the terminal and never printed.

Heavy imports happen inside the commands, as in `engine.cli`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter

from actors.domain import Venue
from engine.keys.access_file import AccessKey, write_access_file
from engine.keys.key_file import KeyFile, KeyRefused, Network, SealedKey, check_extras
from engine.keys.passwords import ask, ask_twice, long_enough, password_from
from engine.keys.secret import Secret
from engine.keys.store import open_key_file, read_key_file, write_key_file

app = cyclopts.App(
    name="keys",
    help=(
        "Keep agent and API keys in files that only you can read: `add` makes one, `check` opens it as a run would. "
        "Make such a key at the venue first; never take the account's own, which can withdraw. The secret is typed on "
        "the terminal: hyperliquid 32 bytes as hex; pacifica and drift base58 of 64 bytes; lighter 40 bytes as hex."
    ),
)
PasswordFile = Annotated[
    Path | None, Parameter(help="A file of mode 0600 with the password; asked on the terminal when left out.")
]


@app.command
def add(
    venue: Venue,
    *,
    account: Annotated[str, Parameter(help="The account it signs for; not the agent's own address.")],
    network: Network,
    out: Annotated[Path, Parameter(help="The file to make; its folder must be yours alone to write to.")],
    account_index: Annotated[int | None, Parameter(help="Lighter: the account's number.")] = None,
    api_key_index: Annotated[int | None, Parameter(help="Lighter: the API key's number.")] = None,
    sub_account: Annotated[int | None, Parameter(help="Drift: the sub-account's number.")] = None,
    plain: Annotated[bool, Parameter(negative=(), help="Do not encrypt: for a disk that is.")] = False,
    password_file: PasswordFile = None,
) -> int:
    """Ask for an agent's secret and write it to a new file, encrypted with a password unless --plain."""
    given = {"account_index": account_index, "api_key_index": api_key_index, "sub_account": sub_account}
    extras = {name: number for name, number in given.items() if number is not None}
    draft = KeyFile(venue=venue, network=network, account=account, secret=Secret("-"), extras=extras)
    check_extras(draft, _option)
    if out.exists():
        raise KeyRefused(f"{out}: is there already; name another file with --out, or delete this one yourself")
    password = None if plain or password_file is None else long_enough(password_from(password_file)())
    secret = ask(f"secret of the {venue.value} key: ")
    key = _with_address(msgspec.structs.replace(draft, secret=secret))
    written = key if plain else _sealed(key, password)
    write_key_file(out, written)
    print(_told(out, written))
    return 0


@app.command
def show(file: Path) -> int:
    """Say whose key a file is; needs no password and shows no secret."""
    print(_told(file, read_key_file(file)))
    return 0


@app.command
def check(file: Path, *, password_file: PasswordFile = None) -> int:
    """Open a file as the signing process would: permissions, password, secret, address."""
    found = read_key_file(file)
    key = open_key_file(file, password_from(password_file))
    try:
        key = _with_address(key)
    except KeyRefused as refused:
        raise KeyRefused(f"{file}: {refused}") from None
    print(f"{_told(file, msgspec.structs.replace(found, address=key.address), key.extras)}; it can sign")
    return 0


@app.command
def add_access(
    venue: Venue,
    *,
    account: Annotated[str, Parameter(help="The account it was made for at the venue.")],
    network: Network,
    out: Annotated[Path, Parameter(help="The file to make; its folder must be yours alone to write to.")],
) -> int:
    """Ask for a key that a venue is shown to know the account by, and signs nothing; write it to a new file."""
    from engine.venues.registry import access_header

    if not access_header(venue):
        raise KeyRefused(f"{venue.value} knows no access keys; nothing was done")
    if out.exists():
        raise KeyRefused(f"{out}: is there already; name another file, or delete this one yourself")
    key = AccessKey(venue=venue, network=network, account=account, key=ask(f"access key of {venue.value}: "))
    write_access_file(out, key)
    print(f"{out}: {venue.value} {network}, shows that requests are {account}'s; not encrypted, it signs nothing")
    return 0


def _with_address(key: KeyFile) -> KeyFile:
    """Raises KeyRefused for a secret that is none, or that of the account itself."""
    from engine.signing.venues import open_signer

    return msgspec.structs.replace(key, address=open_signer(key)[1])


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _sealed(key: KeyFile, password: Secret | None) -> SealedKey:
    from engine.keys.sealing import seal

    return seal(key, password or ask_twice("a password for the file: "))


def _told(file: Path, key: KeyFile | SealedKey, extras: Mapping[str, int] | None = None) -> str:
    """Whose key it is. `extras` are those of a sealed key that was opened; what a file does not tell is not made up."""
    known = extras or (key.extras if isinstance(key, KeyFile) else {})
    form = "encrypted" if isinstance(key, SealedKey) else "not encrypted"
    return f"{file}: {key.venue.value} {key.network}, signs for account {key.account} with {_which(key, known)}, {form}"


def _which(key: KeyFile | SealedKey, extras: Mapping[str, int]) -> str:
    """A key is known by its address; Lighter's has none, and a number in its place."""
    if key.address:
        return f"the key of {key.address}"
    if "api_key_index" in extras:
        return f"API key number {extras['api_key_index']}"
    return "a key the file does not tell in the clear (`perp2perp keys check` tells which)"
