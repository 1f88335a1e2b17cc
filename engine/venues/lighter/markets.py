"""One Lighter market under both names, with its exact scaling to the venue's integers. Pure; used by the codec.

BaseAmount = size · 10^size_decimals and Price = price · 10^price_decimals (docs "Market data", 2026-07; lighter-go
constants for the bounds). A number that does not scale to an integer is refused here, before it can be rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from actors.domain import RejectReason, Venue
from engine.venues.assets import Listed, as_told
from engine.venues.lighter.wire import BASE_AMOUNT_MOST, PRICE_MOST, MarketRow
from engine.venues.link import FrameError


class UnfitOrder(Exception):
    """An order that must not leave, and why in our vocabulary."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One perpetual. `row` is the venue's listing."""

    listed: Listed
    row: MarketRow

    @property
    def asset(self) -> str:
        """Our name."""
        return self.listed.asset

    @property
    def market_id(self) -> int:
        """The venue's number; relisted markets get another one."""
        return self.row.market_id

    def base_amount(self, size: Decimal) -> int:
        """The venue's integer for a size in tokens. Raises UnfitOrder."""
        scaled = _integral(self.listed.venue_size(size), self.row.size_decimals)
        if scaled is None or not 0 < scaled <= BASE_AMOUNT_MOST:
            raise UnfitOrder(RejectReason.LOT, f"{size} is no amount with {self.row.size_decimals} decimals")
        return scaled

    def price_units(self, price: Decimal) -> int:
        """The venue's integer for a price in USD per token. Raises UnfitOrder."""
        scaled = _integral(self.listed.venue_price(price), self.row.price_decimals)
        if scaled is None or not 0 < scaled <= PRICE_MOST:
            raise UnfitOrder(RejectReason.TICK, f"{price} is no price with {self.row.price_decimals} decimals")
        return scaled

    def check_minimum(self, size: Decimal, price: Decimal) -> None:
        """Raises UnfitOrder for a resting order below the market's minimum amount or notional."""
        amount = self.listed.venue_size(size)
        if amount < Decimal(self.row.min_base_amount):
            raise UnfitOrder(RejectReason.MIN_NOTIONAL, f"{amount} is below {self.row.min_base_amount} of {self.asset}")
        if size * price < Decimal(self.row.min_quote_amount):
            raise UnfitOrder(RejectReason.MIN_NOTIONAL, f"{size * price} USD is below {self.row.min_quote_amount}")


class Markets:
    """Every perpetual the venue lists or has listed, by its number and by our asset.

    One that a later answer leaves out stays known: what is held there must be told, and closed if the venue lets us.
    """

    def __init__(self, rows: Iterable[MarketRow] = (), before: Markets | None = None) -> None:
        perpetuals = [Market(listed=as_told(Venue.LIGHTER, row.symbol), row=row) for row in rows]
        now = {market.market_id: market for market in perpetuals if market.row.market_type == "perp"}
        self._listed = frozenset(now)
        self._by_id: dict[int, Market] = {**(before._by_id if before else {}), **now}
        self._by_asset: dict[str, Market] = {}
        for market in now.values():
            # A relisted market stands beside its old number: the active one is meant.
            if market.row.status == "active" or market.asset not in self._by_asset:
                self._by_asset[market.asset] = market
        for asset, market in ({} if before is None else before._by_asset).items():
            self._by_asset.setdefault(asset, market)

    def lists(self, asset: str) -> bool:
        """Whether the last answer had this asset."""
        market = self.of_asset(asset)
        return market is not None and market.market_id in self._listed

    def of(self, market_id: int) -> Market:
        """Raises FrameError for a number that is not listed."""
        if market_id not in self._by_id:
            raise FrameError("orderBookDetails", f"market {market_id} is not listed")
        return self._by_id[market_id]

    def find(self, market_id: int) -> Market | None:
        """None for a number that is not listed."""
        return self._by_id.get(market_id)

    def of_asset(self, asset: str) -> Market | None:
        """None for an asset that is not listed."""
        return self._by_asset.get(asset)


def _integral(value: Decimal, decimals: int) -> int | None:
    scaled = value.scaleb(decimals)
    whole = int(scaled)
    return whole if scaled == whole else None
