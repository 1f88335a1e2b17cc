"""Which adapter and signer serve a venue. Each venue's libraries are imported only when that venue is used."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from actors.domain import Venue
from engine.errors import UserError
from engine.venues.adapter import Adapter, NowNs, Report
from engine.venues.transport import Transport

if TYPE_CHECKING:
    from engine.venues.hyperliquid.signing import HyperliquidSigner
    from engine.venues.pacifica.signing import PacificaSigner

    Signer = HyperliquidSigner | PacificaSigner


class VenueUnsupported(UserError):
    """No adapter for a venue in this version; the text names those there are."""


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter must know of the account it serves."""

    account: str
    assets: tuple[str, ...]
    leverage: int


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter is connected to: the transport outwards, the mailbox inwards, clock and jitter."""

    transport: Transport
    report: Report
    now_ns: NowNs
    rng: random.Random


def make_signer(venue: Venue, secret: bytes) -> tuple[Signer, str]:
    """The signer for a secret of 32 bytes, and the account it signs for. Test networks only, for now."""
    match venue:
        case Venue.HYPERLIQUID:
            from engine.venues.hyperliquid.signing import HyperliquidSigner

            hyperliquid = HyperliquidSigner(secret.hex(), is_mainnet=False)
            return hyperliquid, hyperliquid.address
        case Venue.PACIFICA:
            from engine.venues.pacifica.signing import PacificaSigner

            pacifica = PacificaSigner(secret)
            return pacifica, pacifica.account
        case _:
            raise _unsupported(venue)


def make_adapter(venue: Venue, signer: Signer, terms: AccountTerms, ends: Ends) -> Adapter:
    """The adapter of a venue for one account."""
    makers: dict[Venue, Callable[[], Adapter]] = {
        Venue.HYPERLIQUID: lambda: _hyperliquid(signer, terms, ends),
        Venue.PACIFICA: lambda: _pacifica(signer, terms, ends),
    }
    if venue not in makers:
        raise _unsupported(venue)
    return makers[venue]()


def _hyperliquid(signer: Signer, terms: AccountTerms, ends: Ends) -> Adapter:
    from engine.venues.hyperliquid.adapter import HyperliquidAdapter
    from engine.venues.hyperliquid.settings import HyperliquidSettings
    from engine.venues.hyperliquid.signing import HyperliquidSigner

    assert isinstance(signer, HyperliquidSigner)
    settings = HyperliquidSettings(account=terms.account, assets=terms.assets, leverage=terms.leverage)
    return HyperliquidAdapter(settings, signer, ends.transport, ends.report, ends.now_ns, ends.rng)


def _pacifica(signer: Signer, terms: AccountTerms, ends: Ends) -> Adapter:
    from engine.venues.pacifica.adapter import PacificaAdapter
    from engine.venues.pacifica.settings import PacificaSettings
    from engine.venues.pacifica.signing import PacificaSigner

    assert isinstance(signer, PacificaSigner)
    settings = PacificaSettings(account=terms.account, assets=terms.assets, leverage=terms.leverage)
    return PacificaAdapter(settings, signer, ends.transport, ends.report, ends.now_ns, ends.rng)


def _unsupported(venue: Venue) -> VenueUnsupported:
    return VenueUnsupported(f"no adapter for {venue.value} in this version; use hyperliquid and pacifica")
