from __future__ import annotations

import msgspec
import pytest

from actors.domain import Venue
from actors.risk.state import RiskState, key_of, split_key


@pytest.mark.parametrize("asset", ["BTC", "dex:GOLD"])
def test_a_key_names_venue_and_asset(asset: str) -> None:
    for venue in Venue:
        assert split_key(key_of(venue, asset)) == (venue, asset)


def test_a_record_from_before_there_were_throttles_is_read_as_nothing_sent() -> None:
    told = msgspec.to_builtins(RiskState(actor="risk", place="WATCHING.idle"))
    for name in ("sent", "executions", "disarmed", "lowered", "heard"):
        del told[name]
    assert msgspec.convert(told, RiskState) == RiskState(actor="risk", place="WATCHING.idle")
