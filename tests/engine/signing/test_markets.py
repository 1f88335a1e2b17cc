"""Which market a cap is for, and in which unit: as the very bytes say it that are signed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from actors.domain import Venue
from engine.signing.law import MarketCap
from engine.signing.markets import DRIFT_BASE_DECIMALS, market_cap
from engine.venues.drift.wire import BASE_DECIMALS

MOST = Decimal("0.5")


@pytest.mark.parametrize(
    ("venue", "asset", "terms", "market", "unit"),
    [
        (Venue.HYPERLIQUID, "BTC", {"market": 0}, "0", "1"),
        (Venue.HYPERLIQUID, "BONK", {"market": 85}, "85", "1000"),
        (Venue.PACIFICA, "SOL", {}, "SOL", "1"),
        (Venue.PACIFICA, "PEPE", {}, "kPEPE", "1000"),
        (Venue.LIGHTER, "BTC", {"market": 1, "size_decimals": 5}, "1", "0.00001"),
        (Venue.LIGHTER, "PEPE", {"market": 4, "size_decimals": 0}, "4", "1000"),
        (Venue.DRIFT, "SOL", {"market": 0}, "0", "0.000000001"),
        (Venue.DRIFT, "BONK", {"market": 4}, "4", "0.001"),
    ],
)
def test_a_size_is_capped_in_single_tokens(
    venue: Venue, asset: str, terms: dict[str, Any], market: str, unit: str
) -> None:
    cap = market_cap(venue, asset, MOST, **terms)
    assert cap == MarketCap(market=market, asset=asset, unit=Decimal(unit), size_most=MOST)


@pytest.mark.parametrize(
    ("venue", "terms", "words"),
    [
        (Venue.HYPERLIQUID, {}, "signs for a number: give market"),
        (Venue.DRIFT, {}, "signs for a number: give market"),
        (Venue.PACIFICA, {"market": 1}, "signs for a symbol: leave out market"),
        (Venue.LIGHTER, {"market": 1}, "give size_decimals"),
        (Venue.HYPERLIQUID, {"market": 1, "size_decimals": 5}, "leave out size_decimals"),
    ],
)
def test_what_a_venue_signs_by_must_be_said_and_nothing_else(venue: Venue, terms: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        market_cap(venue, "BTC", MOST, **terms)


def test_an_asset_whose_multiplier_nobody_knows_has_no_cap() -> None:
    with pytest.raises(ValueError, match="multiplier"):
        market_cap(Venue.HYPERLIQUID, "kTHING", MOST, market=7)


def test_drift_counts_in_the_unit_of_its_wire() -> None:
    assert DRIFT_BASE_DECIMALS == BASE_DECIMALS
