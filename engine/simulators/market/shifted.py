"""Another market, at another time: so that a sandbox whose clock is today's always begins with the same world."""

from __future__ import annotations

import msgspec

from engine.simulators.market.path import HOUR_NS
from engine.simulators.market.point import Gap, Market, MarketPoint, Provenance


class ShiftedMarket:
    """`market`, later by whole hours, so that its hours stay hours."""

    def __init__(self, market: Market, later_h: int) -> None:
        self._market, self._later_ns = market, later_h * HOUR_NS

    @property
    def assets(self) -> tuple[str, ...]:
        """As the market's."""
        return self._market.assets

    @property
    def start_ns(self) -> int:
        """The market's, shifted."""
        return self._market.start_ns + self._later_ns

    @property
    def end_ns(self) -> int | None:
        """The market's, shifted."""
        end_ns = self._market.end_ns
        return None if end_ns is None else end_ns + self._later_ns

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        """What the market says of the unshifted time, told as of now; raises ValueError as the market does."""
        point = self._market.sample(venue, asset, at_ns - self._later_ns)
        return None if point is None else msgspec.structs.replace(point, at_ns=at_ns)

    def gaps(self) -> tuple[Gap, ...]:
        """The market's, shifted."""
        later_ns = self._later_ns
        return tuple(
            msgspec.structs.replace(gap, from_ns=gap.from_ns + later_ns, to_ns=gap.to_ns + later_ns)
            for gap in self._market.gaps()
        )

    def provenance(self) -> tuple[Provenance, ...]:
        """As the market's."""
        return self._market.provenance()
