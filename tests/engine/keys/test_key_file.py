"""The numbers that a venue's key needs."""

from __future__ import annotations

import pytest

from actors.domain import Venue
from engine.keys import KeyFile, KeyRefused, Secret
from engine.keys.key_file import EXTRAS, check_extras


def key(venue: Venue, **extras: int) -> KeyFile:
    return KeyFile(venue=venue, network="simulated", account="1", secret=Secret("x"), extras=extras)


def test_every_venue_is_known() -> None:
    assert list(EXTRAS) == list(Venue)


@pytest.mark.parametrize("venue", list(Venue))
def test_what_a_venue_needs_is_enough(venue: Venue) -> None:
    check_extras(key(venue, **dict.fromkeys(EXTRAS[venue], 0)))


def test_a_missing_number_and_one_too_many_are_named() -> None:
    with pytest.raises(KeyRefused, match="lighter key needs api_key_index"):
        check_extras(key(Venue.LIGHTER, account_index=3))
    with pytest.raises(KeyRefused, match="account_index is -1; a lighter key needs a number from 0"):
        check_extras(key(Venue.LIGHTER, account_index=-1, api_key_index=1))
    with pytest.raises(KeyRefused, match="pacifica key has no sub_account"):
        check_extras(key(Venue.PACIFICA, sub_account=1))
    with pytest.raises(KeyRefused, match="lighter key needs ACCOUNT_INDEX"):
        check_extras(key(Venue.LIGHTER), str.upper)
