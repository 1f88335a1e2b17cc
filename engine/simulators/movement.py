"""Moving one market of a simulated exchange along its path; the same for every face."""

from __future__ import annotations

from engine.simulators.exchange import Events, Exchange
from engine.simulators.market import Market


def move_market(exchange: Exchange, market: Market, venue: str, asset: str, now_ns: int) -> Events:
    """Set the point of `now_ns`. In a gap of a recording the book stands still and the hour pays no funding."""
    point = market.sample(venue, asset, now_ns)
    if point is None:
        exchange.silence(asset)
        return ()
    return exchange.set_point(now_ns, point)
