"""Holding each traded market at the configured leverage, verified from the venue's own reply.

Leverage can only be raised while a position is open and markets start at their maximum (docs "Margin",
2025-11), so it is set while flat, before the first entry.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.domain import Venue
from actors.messages import FrameRefused
from engine.venues.pacifica.codec import UPDATE_LEVERAGE, encode_leverage
from engine.venues.pacifica.markets import market_of_asset
from engine.venues.pacifica.refusals import acknowledged
from engine.venues.pacifica.rest import Rest
from engine.venues.pacifica.wire import MarginSetting, MarketRow, PositionRow


async def hold_leverage(
    rest: Rest, wanted: int, markets: Iterable[MarketRow], positions: Iterable[PositionRow]
) -> tuple[FrameRefused, ...]:
    """Set `wanted` (or the market's maximum, if lower) where the venue says otherwise and the market is flat.

    Returns one `FrameRefused` for each market that is still at another leverage. Raises as `Rest` does.
    """
    rows = tuple(markets)
    goals = {row.symbol: min(wanted, row.max_leverage) for row in rows}
    defaults = {row.symbol: row.max_leverage for row in rows}
    held = dict.fromkeys(position.symbol for position in positions)
    actual = _leverages(defaults, await rest.margin_settings())
    wrong = [symbol for symbol in goals if actual[symbol] != goals[symbol]]
    changes = [symbol for symbol in wrong if symbol not in held]
    for symbol in changes:
        await _set(rest, symbol, goals[symbol])
    if changes:
        actual = _leverages(defaults, await rest.margin_settings())
    return tuple(_refused(symbol, actual[symbol], goals[symbol]) for symbol in wrong if actual[symbol] != goals[symbol])


async def _set(rest: Rest, symbol: str, leverage: int) -> bool:
    payload = {**encode_leverage(market_of_asset(symbol), leverage), "symbol": symbol}
    response = await rest.send(rest.signed(UPDATE_LEVERAGE, payload))
    return response.status == 200 and acknowledged(response)


def _leverages(defaults: dict[str, int], rows: Iterable[MarginSetting]) -> dict[str, int]:
    return defaults | {row.symbol: row.leverage for row in rows if row.symbol in defaults}


def _refused(symbol: str, actual: int, goal: int) -> FrameRefused:
    detail = f"leverage of {symbol} is {actual}, wanted {goal}"
    return FrameRefused(venue=Venue.PACIFICA, channel="account_settings", detail=detail)
