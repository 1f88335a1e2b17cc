"""What the command line makes of its words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from actors.domain import Venue
from engine import config as configuration
from engine.config import ConfigError
from engine.conformance import command


def test_the_streams_and_the_key_are_found_beside_the_address() -> None:
    target = command.target_of(Venue.PACIFICA, "https://host", None, None, "me", "SOL", Decimal(50))
    assert (target.network.url, target.network.stream_url) == ("https://host", "wss://host")
    assert (target.network.key_file, target.network.account) == ("sandbox/pacifica.json", "me")
    assert target.network.sign_order_most_usd == target.size_cap_usd == 50
    given = command.target_of(Venue.PACIFICA, "https://host", "wss://ws", Path("k.json"), "", "SOL", Decimal(50))
    assert (given.network.stream_url, given.network.key_file) == ("wss://ws", "k.json")


def test_a_cap_of_nothing_and_an_asset_nobody_lists_are_refused() -> None:
    with pytest.raises(ConfigError, match="--size-cap-usd"):
        command.target_of(Venue.PACIFICA, "https://host", None, None, "", "SOL", Decimal(0))
    profile = configuration.load(command.PROFILE)
    with pytest.raises(ConfigError, match="--asset TEAPOT: pacifica lists BTC"):
        command.in_memory(profile, Venue.PACIFICA, "TEAPOT", lambda _: None)
