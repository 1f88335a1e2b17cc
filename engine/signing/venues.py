"""Whose keys the signing process knows: for each venue, its types and how its signer is made from a key file.

A venue's module is imported when its name is needed, and its libraries when a signer is made.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from actors.domain import Venue
from engine.keys.key_file import SECRETS, KeyFile, KeyRefused
from engine.signing.law import Program
from engine.venues.signing import Signer, SigningRefused, SignRequest

if TYPE_CHECKING:
    from engine.venues.drift.settings import DriftProgram

AnySigner = Signer[Any, Any]
OpenedKey = tuple[AnySigner, str]
"""A signer and the key's own public address."""


class VenueKeys(msgspec.Struct, frozen=True, kw_only=True):
    """`request` and `signed` name the venue's types in `module`."""

    module: str
    request: str
    signed: str
    open: Callable[[KeyFile, Program | None], OpenedKey]


def request_type(venue: Venue) -> type[SignRequest]:
    """What the venue's signer is asked. Raises KeyRefused."""
    keys = keys_of(venue)
    found: type[SignRequest] = getattr(import_module(keys.module), keys.request)
    return found


def signed_type(venue: Venue) -> type[msgspec.Struct]:
    """What it answers. Raises KeyRefused."""
    keys = keys_of(venue)
    found: type[msgspec.Struct] = getattr(import_module(keys.module), keys.signed)
    return found


def keys_of(venue: Venue) -> VenueKeys:
    """Raises KeyRefused for a venue nothing here signs for."""
    if venue not in VENUE_KEYS:
        raise KeyRefused(f"nothing here signs for {venue.value}; use {', '.join(each.value for each in VENUE_KEYS)}")
    return VENUE_KEYS[venue]


def open_signer(key: KeyFile, program: Program | None = None) -> OpenedKey:
    """Raises KeyRefused for a secret that is none, for an account's own key, and for a changed address.

    `program` is what a Drift key signs for, the default program where it is None; other venues have none.
    """
    if program is not None and key.venue is not Venue.DRIFT:
        raise KeyRefused(f"{key.venue.value} has no programs; leave the program out")
    try:
        signer, address = keys_of(key.venue).open(key, program)
    except (ValueError, SigningRefused) as error:
        if isinstance(error, KeyRefused):
            raise
        # The library's words may quote what it was given.
        raise KeyRefused(
            f"the secret is not a {key.venue.value} key, which is {SECRETS[key.venue]}; make the file anew with "
            f"`perp2perp keys add {key.venue.value}`"
        ) from None
    if key.address and key.address != address:
        raise KeyRefused(f"the file says {key.address}, but the secret is that of {address}; make it anew")
    return signer, address


def _hyperliquid(key: KeyFile, _: Program | None) -> OpenedKey:
    from engine.venues.hyperliquid.signing import HyperliquidSigner

    text = key.secret.reveal().removeprefix("0x")
    if len(text) != 64:
        raise ValueError("a private key has 32 bytes")
    signer = HyperliquidSigner(text, is_mainnet=key.network == "mainnet", account=key.account)
    return signer, _agent(key, signer.address, key.account.lower())


def _pacifica(key: KeyFile, _: Program | None) -> OpenedKey:
    from engine.venues.pacifica.signing import PacificaSigner

    signer = PacificaSigner.from_base58(key.secret.reveal(), account=key.account)
    return signer, _agent(key, signer.public_key, key.account)


def _lighter(key: KeyFile, _: Program | None) -> OpenedKey:
    """An API key has a number and no address of its own; what it may do besides trading is not verified."""
    from engine.venues.lighter.signing import LighterSigner
    from engine.venues.lighter.wire import CHAIN_ID_MAINNET, CHAIN_ID_TESTNET

    index, key_index = key.extras["account_index"], key.extras["api_key_index"]
    if key.account != str(index):
        raise KeyRefused(
            f"a lighter account is its index: give one number as --account ({key.account}) "
            f"and --account-index ({index})"
        )
    chain_id = CHAIN_ID_MAINNET if key.network == "mainnet" else CHAIN_ID_TESTNET
    secret = bytes.fromhex(key.secret.reveal().removeprefix("0x"))
    return LighterSigner(secret, index, key_index, chain_id), ""


def _drift(key: KeyFile, program: Program | None) -> OpenedKey:
    """A delegate may trade and not withdraw.

    The IDL is read and checked now: it takes half a second, which the first order must not wait for.
    """
    from engine.venues.drift.settings import DriftProgram
    from engine.venues.drift.signing import DriftSigner
    from engine.venues.pacifica.signing import solana_seed

    seed = solana_seed(key.secret.reveal())
    traded = DriftProgram() if program is None else msgspec.convert(program, DriftProgram, from_attributes=True)
    _read_idl(traded)
    signer = DriftSigner(seed, traded, account=key.account, sub_account=key.extras["sub_account"])
    return signer, _agent(key, signer.public_key, key.account)


def _read_idl(program: DriftProgram) -> None:
    from engine.venues.drift.sdk_coder import checked_coder

    try:
        checked_coder(program)
    except (OSError, ValueError) as error:
        raise KeyRefused(f"the program's IDL cannot be used: {error}; correct venues.drift.adapter.program") from None


def _agent(key: KeyFile, address: str, account: str) -> str:
    """The address, unless it is the account's own: such a key can withdraw."""
    if address == account and key.network != "simulated":
        raise KeyRefused(
            f"this is the own key of account {account}, which can withdraw; "
            "make an agent key at the venue and use that with --account"
        )
    return address


VENUE_KEYS: dict[Venue, VenueKeys] = {
    Venue.HYPERLIQUID: VenueKeys(
        module="engine.venues.hyperliquid.signing",
        request="HyperliquidSignRequest",
        signed="HyperliquidSigned",
        open=_hyperliquid,
    ),
    Venue.PACIFICA: VenueKeys(
        module="engine.venues.pacifica.signing",
        request="PacificaSignRequest",
        signed="PacificaSigned",
        open=_pacifica,
    ),
    Venue.LIGHTER: VenueKeys(
        module="engine.venues.lighter.signing",
        request="LighterSignRequest",
        signed="LighterSigned",
        open=_lighter,
    ),
    Venue.DRIFT: VenueKeys(
        module="engine.venues.drift.signing",
        request="DriftSignRequest",
        signed="DriftSigned",
        open=_drift,
    ),
}
