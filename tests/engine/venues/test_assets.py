from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from statistics import median

import pytest

from actors.domain import Venue
from engine.venues.assets import (
    BUNDLES,
    SETTLE_TOKENS,
    Listed,
    UnknownListing,
    as_told,
    as_wanted,
    in_bundles,
    listed,
    listing_of,
)
from tests.shared import data_root

HYPERLIQUID, PACIFICA, LIGHTER, DRIFT = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT
PRICES = "multi_venue/seven_venues_funding_price_oi_1h_2026-01-02_04_06.csv.gz"
ALL = [(venue, asset) for venue, bundles in BUNDLES.items() for asset in bundles]


@pytest.mark.parametrize(
    ("venue", "symbol", "asset", "multiplier"),
    [
        (HYPERLIQUID, "BTC", "BTC", 1),
        (HYPERLIQUID, "kPEPE", "PEPE", 1000),
        (PACIFICA, "kBONK", "BONK", 1000),
        (LIGHTER, "1000PEPE", "PEPE", 1000),
        (LIGHTER, "0G", "0G", 1),
        (LIGHTER, "1INCH", "1INCH", 1),
        (DRIFT, "SOL-PERP", "SOL", 1),
        (DRIFT, "1MBONK-PERP", "BONK", 1_000_000),
        (DRIFT, "1KMEW-PERP", "MEW", 1000),
        (DRIFT, "2Z-PERP", "2Z", 1),
    ],
)
def test_a_symbol_names_one_token_and_how_many_of_it(venue: Venue, symbol: str, asset: str, multiplier: int) -> None:
    found = listed(venue, symbol)
    assert found == Listed(asset=asset, symbol=symbol, multiplier=Decimal(multiplier))
    assert listing_of(venue, asset) == found


@pytest.mark.parametrize(
    ("venue", "symbol"),
    [
        (HYPERLIQUID, "kNEW"),
        (HYPERLIQUID, "PEPE"),
        (HYPERLIQUID, "xyz:TSLA"),
        (HYPERLIQUID, "PURR/USDC"),
        (PACIFICA, "kSHIB"),
        (PACIFICA, "KPEPE-X"),
        (LIGHTER, "1000NEW"),
        (LIGHTER, "1000000MOG"),
        (LIGHTER, "PEPE"),
        (DRIFT, "1MNEW-PERP"),
        (DRIFT, "1KPUMP-PERP"),
        (DRIFT, "TRUMP-WIN-2024-BET"),
        (DRIFT, "BTC"),
        (DRIFT, ""),
    ],
)
def test_a_multiplier_that_no_source_shows_is_refused_and_not_guessed(venue: Venue, symbol: str) -> None:
    with pytest.raises(UnknownListing, match=venue.value):
        listed(venue, symbol)


@pytest.mark.parametrize(("venue", "asset"), ALL)
def test_prices_and_sizes_come_back_as_they_were_and_keep_their_product(venue: Venue, asset: str) -> None:
    market = listing_of(venue, asset)
    price, size = Decimal("0.0061523"), Decimal(417)
    assert market.venue_price(market.price(price)) == price
    assert market.venue_size(market.size(size)) == size
    assert market.price(price) * market.size(size) == price * size
    assert market.size("2") == 2 * market.multiplier


def test_what_is_held_in_an_unknown_market_is_told_under_a_name_no_other_venue_has() -> None:
    told = as_told(HYPERLIQUID, "kNEW")
    assert (told.asset, told.symbol, told.multiplier) == ("hyperliquid:kNEW", "kNEW", Decimal(1))
    assert as_told(HYPERLIQUID, "kPEPE").asset == "PEPE"


def test_an_asset_without_a_market_is_asked_for_in_vain_and_never_under_our_name_for_it() -> None:
    assert (as_wanted(PACIFICA, "kNEW").symbol, as_wanted(PACIFICA, "kNEW").asset) == ("kNEW", "pacifica:kNEW")
    assert as_wanted(PACIFICA, "PEPE") == listing_of(PACIFICA, "PEPE")


def test_no_two_assets_of_a_venue_share_a_symbol() -> None:
    for bundles in BUNDLES.values():
        symbols = [symbol for symbol, _ in bundles.values()]
        assert len(symbols) == len(dict.fromkeys(symbols))


def test_every_venue_has_its_bundles_and_its_settle_token() -> None:
    assert sorted(BUNDLES) == sorted(SETTLE_TOKENS) == sorted(Venue)


def test_the_bundles_of_some_venues_are_those_and_no_others() -> None:
    assert in_bundles((PACIFICA,)) == ("BONK", "PEPE")
    assert "TOSHI" in in_bundles((PACIFICA, LIGHTER))


def test_recorded_prices_of_one_asset_agree_across_venues_once_the_multiplier_is_applied() -> None:
    """Hour means of 2026-01-02..06; 5 % is the policy's own limit, a forgotten multiplier is a thousandfold."""
    prices: dict[tuple[str, str], dict[Venue, Decimal]] = {}
    with gzip.open(data_root() / PRICES, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["venue"] in (HYPERLIQUID, PACIFICA, LIGHTER) and row["index_avg"] and Decimal(row["index_avg"]):
                market = as_told(Venue(row["venue"]), row["symbol"])
                prices.setdefault((market.asset, row["hour_utc"]), {})[Venue(row["venue"])] = market.price(
                    row["index_avg"]
                )
    ratios: dict[tuple[str, Venue], list[Decimal]] = {}
    for (asset, _), told in prices.items():
        for venue, price in told.items():
            if HYPERLIQUID in told and venue is not HYPERLIQUID:
                ratios.setdefault((asset, venue), []).append(price / told[HYPERLIQUID])
    assert ("PEPE", LIGHTER) in ratios
    assert ("BONK", PACIFICA) in ratios
    apart = {key: float(median(found)) for key, found in ratios.items() if abs(median(found) - 1) > Decimal("0.05")}
    assert apart == {}
