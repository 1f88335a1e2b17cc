"""Which adapter, settings and signer serve a venue. Each venue's libraries are imported only when it is used."""

from __future__ import annotations

import random
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, assert_never

import msgspec

from actors.domain import Venue
from engine.venues.adapter import Adapter, NowNs, Report
from engine.venues.signing import Signer, SignHere, Signing
from engine.venues.transport import Transport

AnySigning = Signing[Any, Any]
Network = Literal["simulated", "testnet", "mainnet"]
SIMULATED_API_KEY = 4
"""Lighter reserves the keys below for its own pages (SDK, 2026)."""
SIMULATED_SECOND_API_KEY = 5
"""Of an account's second key on a simulated Lighter."""


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter must know of the account it serves, of the network that is on, and of what the venue is shown."""

    account: str
    assets: tuple[str, ...]
    leverage: int
    network: Network = "simulated"
    identified: bool = False
    """The transport shows the account's access key."""


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter is connected to: the transport outwards, the mailbox inwards, clock and jitter."""

    transport: Transport
    report: Report
    now_ns: NowNs
    rng: random.Random


def make_signer(venue: Venue, secret: bytes) -> tuple[AnySigning, str]:
    """Signing in this process with a throw-away key made from 32 bytes, and the account it signs for."""
    signer = simulated_signer(venue, secret)
    return SignHere(signer), signer.account


def simulated_signer(venue: Venue, secret: bytes) -> Signer[Any, Any]:
    """A signer for simulated venues, always the same for the same 32 bytes."""
    assert len(secret) == 32
    match venue:
        case Venue.HYPERLIQUID:
            from engine.venues.hyperliquid.signing import HyperliquidSigner

            return HyperliquidSigner(secret.hex(), is_mainnet=False)
        case Venue.PACIFICA:
            from engine.venues.pacifica.signing import PacificaSigner

            return PacificaSigner(secret)
        case Venue.LIGHTER:
            from engine.venues.lighter.signing import LighterSigner, throwaway_secret
            from engine.venues.lighter.wire import CHAIN_ID_TESTNET

            index = 1 + int.from_bytes(secret[:3], "big")
            return LighterSigner(throwaway_secret(secret), index, SIMULATED_API_KEY, CHAIN_ID_TESTNET)
        case Venue.DRIFT:
            from engine.venues.drift.settings import DriftProgram
            from engine.venues.drift.signing import DriftSigner

            return DriftSigner(secret, DriftProgram())
        case _:
            assert_never(venue)


def settings_of(venue: Venue, terms: AccountTerms, chosen: Mapping[str, Any] | None = None) -> Any:
    """The adapter's settings: the account's terms, what the network fixes, and what the operator chose.

    Raises msgspec.ValidationError naming a field that is not there or cannot be.
    """
    mainnet = terms.network == "mainnet"
    fixed: dict[str, Any] = {"account": terms.account, "assets": terms.assets, "leverage": terms.leverage}
    kind: type[msgspec.Struct]
    match venue:
        case Venue.HYPERLIQUID:
            from engine.venues.hyperliquid.settings import HyperliquidSettings

            kind, fixed["is_mainnet"] = HyperliquidSettings, mainnet
        case Venue.PACIFICA:
            from engine.venues.pacifica.settings import PacificaSettings

            kind, fixed["identified"] = PacificaSettings, terms.identified
        case Venue.LIGHTER:
            from engine.venues.lighter.settings import LighterSettings
            from engine.venues.lighter.wire import CHAIN_ID_MAINNET, CHAIN_ID_TESTNET

            kind, fixed["chain_id"] = LighterSettings, CHAIN_ID_MAINNET if mainnet else CHAIN_ID_TESTNET
        case Venue.DRIFT:
            from engine.venues.drift.settings import DriftSettings

            kind = DriftSettings
        case _:
            assert_never(venue)
    return msgspec.convert({**(chosen or {}), **fixed}, kind)


def access_header(venue: Venue) -> str:
    """The header in which a venue wants an account's access key; empty where it knows none."""
    if venue is not Venue.PACIFICA:
        return ""
    from engine.venues.pacifica.wire import ACCESS_HEADER

    return ACCESS_HEADER


SAMPLE_ACCOUNTS: Mapping[Venue, str] = {Venue.HYPERLIQUID: "0x" + "0" * 40, Venue.LIGHTER: "1"}


def problem_with(venue: Venue, leverage: int, chosen: Mapping[str, Any]) -> str:
    """Why the operator's settings for a venue cannot be used; empty when they can."""
    terms = AccountTerms(account=SAMPLE_ACCOUNTS.get(venue, "account"), assets=(), leverage=leverage)
    try:
        settings_of(venue, terms, chosen)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def load(venue: Venue) -> None:
    """Import all that a venue's adapter will need. It holds everything else up, so it comes before any socket is open:
    a venue that hears nothing from us meanwhile closes the link.
    """
    import_module(f"engine.venues.{venue.value}.adapter")
    if venue is Venue.DRIFT:
        from engine.venues.drift.sdk_coder import load_sdk

        load_sdk()


def make_adapter(
    venue: Venue, signing: AnySigning, terms: AccountTerms, ends: Ends, chosen: Mapping[str, Any] | None = None
) -> Adapter:
    """The adapter of a venue for one account; `chosen` are the operator's settings. Raises as `settings_of`."""
    settings = settings_of(venue, terms, chosen)
    match venue:
        case Venue.HYPERLIQUID:
            from engine.venues.hyperliquid.adapter import HyperliquidAdapter

            return HyperliquidAdapter(settings, signing, ends.transport, ends.report, ends.now_ns, ends.rng)
        case Venue.PACIFICA:
            from engine.venues.pacifica.adapter import PacificaAdapter

            return PacificaAdapter(settings, signing, ends.transport, ends.report, ends.now_ns, ends.rng)
        case Venue.LIGHTER:
            from engine.venues.lighter.adapter import LighterAdapter

            return LighterAdapter(settings, signing, ends.transport, ends.report, ends.now_ns, ends.rng)
        case Venue.DRIFT:
            from engine.venues.drift.adapter import DriftAdapter

            return DriftAdapter(settings, signing, ends.transport, ends.report, ends.now_ns, ends.rng)
        case _:
            assert_never(venue)
