"""A market at another time."""

from __future__ import annotations

import msgspec
import pytest

from engine.simulators.market import Gap, SeededMarket, ShiftedMarket

HOUR_NS = 3_600_000_000_000


class _Short(SeededMarket):
    """A market that ends, with a gap."""

    end_ns = SeededMarket(1).start_ns + 5 * HOUR_NS

    def gaps(self) -> tuple[Gap, ...]:
        return (Gap(venue="drift", asset="BTC", from_ns=self.start_ns, to_ns=self.start_ns + HOUR_NS, what="price"),)


def test_a_shifted_market_is_the_same_later() -> None:
    market = SeededMarket(3)
    later = ShiftedMarket(market, 1000)
    at_ns = market.start_ns + 7 * HOUR_NS + 12_345
    shifted = later.sample("lighter", "SOL", at_ns + 1000 * HOUR_NS)
    assert shifted == msgspec.structs.replace(market.sample("lighter", "SOL", at_ns), at_ns=at_ns + 1000 * HOUR_NS)
    assert later.start_ns == market.start_ns + 1000 * HOUR_NS
    assert (later.assets, later.provenance(), later.end_ns) == (market.assets, market.provenance(), None)
    with pytest.raises(ValueError, match="no market for"):
        later.sample("lighter", "SOL", later.start_ns - 1)


def test_its_end_and_its_gaps_are_later_too() -> None:
    market = _Short(3)
    later = ShiftedMarket(market, 2)
    assert later.end_ns == market.end_ns + 2 * HOUR_NS
    assert later.gaps()[0].from_ns == market.start_ns + 2 * HOUR_NS
    assert later.gaps()[0].to_ns == market.start_ns + 3 * HOUR_NS
