"""Which instrument a venue's symbol is: the canonical token and how many of them the venue counts as one.

The one home of symbols and multipliers, read by every codec and by the simulated listings; the price itself is
checked once more before an entry (gate `identity` in `actors.gates`). Pure data and arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from actors.domain import ONE, Venue

THOUSAND = Decimal(1000)
MILLION = Decimal(1_000_000)


class UnknownListing(ValueError):
    """A symbol that is no plain ticker and stands in no table: its multiplier is not known, and not guessed."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One market under both names. Prices and sizes of ours are per token of `asset`, the venue's per `multiplier`."""

    asset: str
    symbol: str
    multiplier: Decimal = ONE

    def price(self, venue_price: Decimal | str) -> Decimal:
        """USD per token of a price as the venue writes it."""
        price = Decimal(venue_price)
        return price if self.multiplier == ONE else price / self.multiplier

    def size(self, venue_size: Decimal | str) -> Decimal:
        """Tokens of a size as the venue writes it."""
        size = Decimal(venue_size)
        return size if self.multiplier == ONE else size * self.multiplier

    def venue_price(self, price: Decimal) -> Decimal:
        """USD per venue unit of a price per token."""
        return price if self.multiplier == ONE else price * self.multiplier

    def venue_size(self, size: Decimal) -> Decimal:
        """Venue units of a size in tokens."""
        return size if self.multiplier == ONE else size / self.multiplier


BUNDLES: Mapping[Venue, Mapping[str, tuple[str, Decimal]]] = {
    Venue.HYPERLIQUID: {
        "BONK": ("kBONK", THOUSAND),
        "DOGS": ("kDOGS", THOUSAND),
        "FLOKI": ("kFLOKI", THOUSAND),
        "LUNC": ("kLUNC", THOUSAND),
        "NEIRO": ("kNEIRO", THOUSAND),
        "PEPE": ("kPEPE", THOUSAND),
        "SHIB": ("kSHIB", THOUSAND),
    },
    Venue.PACIFICA: {
        "BONK": ("kBONK", THOUSAND),
        "PEPE": ("kPEPE", THOUSAND),
    },
    Venue.LIGHTER: {
        "BONK": ("1000BONK", THOUSAND),
        "FLOKI": ("1000FLOKI", THOUSAND),
        "PEPE": ("1000PEPE", THOUSAND),
        "SHIB": ("1000SHIB", THOUSAND),
        "TOSHI": ("1000TOSHI", THOUSAND),
    },
    Venue.DRIFT: {
        "BONK": ("1MBONK-PERP", MILLION),
        "MEW": ("1KMEW-PERP", THOUSAND),
        "MON": ("1KMON-PERP", THOUSAND),
        "PEPE": ("1MPEPE-PERP", MILLION),
        "WEN": ("1KWEN-PERP", THOUSAND),
    },
}
"""Every market that counts many tokens as one, by venue and canonical token.

Hyperliquid: symbols of the universe (REST profile, 2026-09-24) and of the recorded snapshots (2025-12, 2026-01, kDOGS).
Pacifica: symbols recorded 2026-01-02..06. Lighter: `orderBooks` of 2026-03-27. Their prices agree per thousand tokens
(recorded 2026-01-02..06). Drift: driftpy 0.8.89, perp_markets, whose oracle sources are those of 1K and 1M; its
1KPUMP-PERP stands beside PUMP-PERP and is left out, so that an asset has one market a venue.
"""

PLAIN: Mapping[Venue, re.Pattern[str]] = {
    Venue.HYPERLIQUID: re.compile(r"(?P<asset>[A-Z0-9]+)"),
    Venue.PACIFICA: re.compile(r"(?P<asset>[A-Z0-9]+)"),
    Venue.LIGHTER: re.compile(r"(?!10{2,}[A-Z])(?P<asset>[A-Z0-9]+)"),
    Venue.DRIFT: re.compile(r"(?!1[KM][A-Z])(?P<asset>[A-Z0-9]+)-PERP"),
}
"""What a symbol of a single token looks like: capitals and digits, without the venue's prefix for many tokens."""

SUFFIX: Mapping[Venue, str] = {Venue.DRIFT: "-PERP"}

SETTLE_TOKENS: Mapping[Venue, str] = {
    Venue.HYPERLIQUID: "USDC",
    Venue.PACIFICA: "USDC",
    Venue.LIGHTER: "USDC",
    Venue.DRIFT: "USDC",
}
"""What margin is held in and gains are paid in. Hyperliquid's oracle is quoted in USDT all the same (REST profile,
2026-09-24); Drift's successor settles in USDT, its adapter says so from its configuration."""


@lru_cache(maxsize=4096)
def listed(venue: Venue, symbol: str) -> Listed:
    """The market a venue calls `symbol`. Raises `UnknownListing` for a prefix or a spelling nobody has checked."""
    for asset, (bundle, multiplier) in BUNDLES[venue].items():
        if symbol == bundle:
            return Listed(asset=asset, symbol=symbol, multiplier=multiplier)
    plain = PLAIN[venue].fullmatch(symbol)
    if plain is None:
        raise UnknownListing(f"{venue.value}: the multiplier of {symbol!r} is not known")
    if plain["asset"] in BUNDLES[venue]:
        raise UnknownListing(f"{venue.value}: {symbol!r} is not the market of {plain['asset']} known here")
    return Listed(asset=plain["asset"], symbol=symbol)


@lru_cache(maxsize=4096)
def listing_of(venue: Venue, asset: str) -> Listed:
    """The market of a canonical asset on a venue, listed there or not. Raises `UnknownListing` as `listed` does."""
    bundle = BUNDLES[venue].get(asset)
    if bundle is not None:
        return Listed(asset=asset, symbol=bundle[0], multiplier=bundle[1])
    return listed(venue, asset + SUFFIX.get(venue, ""))


@lru_cache(maxsize=4096)
def as_told(venue: Venue, symbol: str) -> Listed:
    """The market, or for an unknown one the venue's own name and units: what is held there is told, never traded."""
    try:
        return listed(venue, symbol)
    except UnknownListing:
        return Listed(asset=f"{venue.value}:{symbol}", symbol=symbol)


@lru_cache(maxsize=4096)
def as_wanted(venue: Venue, asset: str) -> Listed:
    """The market to ask a venue for; an asset that no symbol can be made of is asked for by its own name, in vain."""
    try:
        return listing_of(venue, asset)
    except UnknownListing:
        return Listed(asset=f"{venue.value}:{asset}", symbol=asset)


def in_bundles(venues: Iterable[Venue]) -> tuple[str, ...]:
    """Assets that one of the venues counts by the thousand or the million, in alphabetical order."""
    return tuple(sorted({asset for venue in venues for asset in BUNDLES[venue]}))
