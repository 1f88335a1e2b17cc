from decimal import Decimal

import msgspec
import pytest

from actors.domain import Venue
from engine import config as configuration
from engine.listing import (
    ALL,
    price_of,
    together_from_the_start,
    with_listed_assets,
    with_made_up_instruments,
)
from engine.simulators.market import SeededMarket, open_market
from tests.shared import data_root

RECORDING = "multi_venue/seven_venues_funding_price_oi_1h_2026-01-02_04_06.csv.gz"
BOTH = ("hyperliquid", "pacifica")


def _asking_for(*assets: str) -> configuration.Config:
    return configuration.with_options(
        configuration.load(configuration.DEFAULT_CONFIG), assets=",".join(assets), venues=",".join(BOTH)
    )


def test_a_profile_that_lists_its_assets_is_left_as_it_is() -> None:
    config = configuration.load(configuration.DEFAULT_CONFIG)
    assert with_made_up_instruments(config, SeededMarket(1)) == (config, [])


def test_all_assets_of_a_recording_get_instruments_and_the_made_up_ones_are_named() -> None:
    market = open_market(data_root() / RECORDING)
    config, notes = with_made_up_instruments(_asking_for(*ALL), market)
    assets = config.policy.scanner.assets
    assert "SUI" in assets
    assert "BONK" not in assets
    for venue in (Venue.HYPERLIQUID, Venue.PACIFICA):
        assert all(asset in config.venues[venue].instruments for asset in assets)
    assert any("SUI" in note and "made up" in note for note in notes)
    assert any("BONK" in note and "left out" in note for note in notes)


def test_assets_that_begin_later_are_left_out_of_all() -> None:
    market = open_market(data_root() / RECORDING)
    for asset in together_from_the_start(market, BOTH):
        found = [
            at_ns
            for at_ns in range(market.start_ns, market.start_ns + 2 * 3600 * 10**9, 900 * 10**9)
            if all(market.sample(venue, asset, at_ns) is not None for venue in BOTH)
        ]
        assert found, asset


@pytest.mark.parametrize("asset", ["BTC", "DOGE"])
def test_a_made_up_lot_is_worth_at_most_about_a_dollar(asset: str) -> None:
    market = SeededMarket(1)
    bare = msgspec.structs.replace(
        _asking_for(asset),
        venues={
            venue: msgspec.structs.replace(section, instruments={})
            for venue, section in configuration.load(configuration.DEFAULT_CONFIG).venues.items()
        },
    )
    config, _ = with_made_up_instruments(bare, market)
    terms = config.venues[Venue.PACIFICA].instruments[asset]
    price = price_of(market, asset)
    assert terms.lot is not None
    assert terms.tick is not None
    assert terms.lot * price <= Decimal("1.5")
    assert terms.tick < price / 1000


def test_where_nothing_can_be_made_up_only_what_all_venues_list_is_traded_and_the_rest_is_named() -> None:
    config, notes = with_listed_assets(_asking_for("BTC", "XRP", "SOL"))
    assert config.policy.scanner.assets == ("BTC", "SOL")
    assert notes == ["the profile's venues do not all list XRP: left out"]
    config, notes = with_listed_assets(_asking_for(*ALL))
    assert (config.policy.scanner.assets, notes) == (("BTC", "ETH", "SOL", "HYPE", "DOGE"), [])
    with pytest.raises(configuration.ConfigError, match=r"--assets XRP, XLM: .* they list BTC, ETH"):
        with_listed_assets(_asking_for("XRP", "XLM"))
