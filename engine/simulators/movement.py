"""Moving one market of a simulated exchange along its path; the same for every face."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from actors.domain import Venue
from engine.simulators.exchange import Events, Exchange
from engine.simulators.market import Market, MarketPoint
from engine.venues.assets import listed


def move_market(exchange: Exchange, market: Market, venue: str, symbol: str, now_ns: int) -> Events:
    """Set the point of `now_ns`. In a gap of a recording the book stands still and the hour pays no funding."""
    point = sample(market, venue, symbol, now_ns)
    if point is None:
        exchange.silence(symbol)
        return ()
    return exchange.set_point(now_ns, point)


def sample(market: Market, venue: str, symbol: str, now_ns: int) -> MarketPoint | None:
    """The market's point for a symbol of the venue: what counts a thousand tokens has a thousandfold price.

    A symbol the market itself knows is taken as it stands. Raises UnknownListing for one that nobody knows.
    """
    if symbol in market.assets:
        return market.sample(venue, symbol, now_ns)
    instrument = listed(Venue(venue), symbol)
    point = market.sample(venue, instrument.asset, now_ns)
    return None if point is None else _in_bundles(point, symbol, instrument.multiplier)


def _in_bundles(point: MarketPoint, symbol: str, multiplier: Decimal) -> MarketPoint:
    return replace(
        point,
        asset=symbol,
        mid=point.mid * multiplier,
        oracle=point.oracle * multiplier,
        depth=tuple(replace(level, size=level.size / multiplier) for level in point.depth),
        open_interest=point.open_interest / multiplier,
        taker_buy_per_s=point.taker_buy_per_s / multiplier,
        taker_sell_per_s=point.taker_sell_per_s / multiplier,
    )
