"""What the account holds, from answers and frames: positions told when they matter, and their maintenance margin.

Answers list every market the account ever touched, frames the ones that changed (recorded 2026-06); a market of ours
that an answer leaves out is flat. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from actors.domain import ZERO, Venue
from actors.messages import FrameRefused, PositionReported
from engine.venues.lighter.codec_rest import flat_message, maintenance_of, position_message
from engine.venues.lighter.markets import Market, Markets
from engine.venues.lighter.wire import PositionRow

Told = tuple[PositionReported | FrameRefused, ...]


class Holdings:
    """Positions by market number."""

    def __init__(self, assets: tuple[str, ...]) -> None:
        self._assets = assets
        self._held: dict[int, tuple[PositionRow, Market]] = {}

    @property
    def maintenance_usd(self) -> Decimal:
        """Maintenance margin of everything held."""
        return sum((maintenance_of(row, market) for row, market in self._held.values()), ZERO)

    @property
    def any(self) -> bool:
        """Whether there is a position at all."""
        return bool(self._held)

    def all_of(self, rows: Iterable[PositionRow], markets: Markets, at_ns: int) -> Told:
        """Everything there is: also says that our other markets, and what was held before, are flat now."""
        before = [market.asset for _, market in self._held.values()]
        self._held.clear()
        reports = self.changed(rows, markets, at_ns)
        said = [report.asset for report in reports if isinstance(report, PositionReported)]
        missing = dict.fromkeys(asset for asset in (*self._assets, *before) if asset not in said)
        return (*reports, *(flat_message(asset, at_ns, queried=False) for asset in missing))

    def changed(self, rows: Iterable[PositionRow], markets: Markets, at_ns: int) -> Told:
        """These positions, where they are ours to watch: held, held before, or of a market we trade."""
        return tuple(report for row in rows for report in self._one(row, markets.find(row.market_id), at_ns))

    def _one(self, row: PositionRow, market: Market | None, at_ns: int) -> Told:
        held = Decimal(row.position) != ZERO
        if market is None:
            detail = f"a position in market {row.market_id} ({row.symbol}), which is not listed"
            return (FrameRefused(venue=Venue.LIGHTER, channel="position", detail=detail),) if held else ()
        before = self._held.pop(row.market_id, None)
        if held:
            self._held[row.market_id] = (row, market)
        if not held and before is None and market.asset not in self._assets:
            return ()
        return (position_message(row, market, at_ns, queried=False),)
