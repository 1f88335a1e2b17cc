"""Holding each traded market at the configured leverage, verified from the venue's own reply.

Leverage can only be raised while a position is open and markets start at their maximum (docs "Margin",
2025-11), so it is set while flat, before the first entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.venues.pacifica.codec import UPDATE_LEVERAGE, encode_leverage
from engine.venues.pacifica.credits import NoCredits
from engine.venues.pacifica.markets import market_of_asset
from engine.venues.pacifica.rest import Rest
from engine.venues.pacifica.wire import MarginSetting, MarketRow, PositionRow
from engine.venues.signing import SigningRefused
from engine.venues.transport import TransportError


async def hold_leverage(
    rest: Rest, wanted: int, markets: Iterable[MarketRow], positions: Iterable[PositionRow]
) -> dict[str, str]:
    """Set `wanted` (or the market's maximum, if lower) where the venue says otherwise and the market is flat.

    Returns why, by symbol, for each market that is still at another leverage or margin mode. Raises as `Rest` does.
    """
    rows = tuple(markets)
    goals = {row.symbol: min(wanted, row.max_leverage) for row in rows}
    defaults = {row.symbol: (row.max_leverage, row.isolated_only) for row in rows}
    held = dict.fromkeys(position.symbol for position in positions)
    actual = _in_force(defaults, await rest.margin_settings())
    wrong = [symbol for symbol in goals if actual[symbol] != (goals[symbol], defaults[symbol][1])]
    changes = [symbol for symbol in wrong if symbol not in held]
    unsent = {symbol: await _set(rest, symbol, goals[symbol]) for symbol in changes}
    if changes:
        actual = _in_force(defaults, await rest.margin_settings())
    still = [symbol for symbol in wrong if actual[symbol] != (goals[symbol], defaults[symbol][1])]
    return {symbol: _why(symbol, actual[symbol], goals[symbol], unsent.get(symbol, "")) for symbol in still}


async def _set(rest: Rest, symbol: str, leverage: int) -> str:
    """Ask for it; what came of it, the venue's settings tell. Returns why it was not even sent."""
    payload = {**encode_leverage(market_of_asset(symbol), leverage), "symbol": symbol}
    try:
        await rest.send(rest.request(UPDATE_LEVERAGE, payload))
    except SigningRefused as refused:
        return f" (never sent: {refused})"
    except NoCredits as refused:
        raise TransportError(f"leverage of {symbol}: {refused}", sent=False) from refused
    return ""


def _in_force(defaults: Mapping[str, tuple[int, bool]], rows: Iterable[MarginSetting]) -> dict[str, tuple[int, bool]]:
    """Leverage, and whether margin is isolated."""
    told = {row.symbol: (row.leverage, row.isolated) for row in rows if row.symbol in defaults}
    return {**defaults, **told}


def _why(symbol: str, actual: tuple[int, bool], goal: int, unsent: str) -> str:
    mode = ", isolated" if actual[1] else ""
    return f"leverage of {symbol} is {actual[0]}{mode}, wanted {goal}{unsent}"
