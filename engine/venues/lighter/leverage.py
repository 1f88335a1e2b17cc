"""Holding each traded market at the configured leverage, cross margin, verified from the account's own figures.

A market the account never touched stands at its default (docs "Market data"); REST answers give the initial margin in
percent, two decimals (recorded "10.00", "5.00"). Leverage is set while flat, before the first entry; the standard
tier may do that once a minute (docs "Rate limits", 2025-12), so what is refused is tried again later.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import trio

from engine.venues.lighter.client import Client
from engine.venues.lighter.markets import Market
from engine.venues.lighter.refusals import Accepted
from engine.venues.lighter.sending import Sending
from engine.venues.lighter.signing_request import UpdateLeverage
from engine.venues.lighter.wire import CROSS_MARGIN, MARGIN_FRACTION_SCALE, AccountRow, PositionRow

VERIFY_TRIES_MOST = 3
VERIFY_EVERY_S = 1.0
PERCENT_SCALE = Decimal(MARGIN_FRACTION_SCALE) / 100


async def hold_leverage(
    client: Client, sending: Sending, wanted: int, markets: Iterable[Market], account: AccountRow
) -> dict[str, str]:
    """Set `wanted` (or the market's maximum, if lower) where the account says otherwise and the market is flat.

    Returns, by asset, what is still wrong. Raises as `Client` does.
    """
    traded = tuple(markets)
    wrong = wrong_leverage(wanted, traded, account)
    changed = False
    for market in traded:
        if market.asset not in wrong or _held(market, account):
            continue
        if not await _set(sending, market, goal(wanted, market)):
            break  # the limit of one a minute; the others would only be refused too
        changed = True
    return await _verified(client, wanted, traded) if changed else wrong


def goal(wanted: int, market: Market) -> int:
    """The leverage a market is held at."""
    return min(wanted, MARGIN_FRACTION_SCALE // market.row.min_initial_margin_fraction)


def wrong_leverage(wanted: int, markets: Iterable[Market], account: AccountRow) -> dict[str, str]:
    """By asset, what differs from the goal."""
    rows = {row.market_id: row for row in account.positions}
    found = {market.asset: _difference(wanted, market, rows.get(market.market_id)) for market in markets}
    return {asset: text for asset, text in found.items() if text}


def _difference(wanted: int, market: Market, row: PositionRow | None) -> str:
    target = MARGIN_FRACTION_SCALE // goal(wanted, market)
    actual = market.row.default_initial_margin_fraction
    if row is not None:
        actual = int(Decimal(row.initial_margin_fraction) * PERCENT_SCALE)
        if row.margin_mode != CROSS_MARGIN:
            return f"margin of {market.asset} is isolated, wanted cross"
    if actual == target:
        return ""
    return f"initial margin of {market.asset} is {actual} of {MARGIN_FRACTION_SCALE}, wanted {target}"


async def _set(sending: Sending, market: Market, leverage: int) -> bool:
    outcome = await sending.send_anew(
        lambda nonce: UpdateLeverage(market_index=market.market_id, leverage=leverage, nonce=nonce)
    )
    return isinstance(outcome, Accepted)


async def _verified(client: Client, wanted: int, markets: tuple[Market, ...]) -> dict[str, str]:
    """A queued change is not yet a change: the account is read until it shows, a few times."""
    wrong: dict[str, str] = {}
    for _ in range(VERIFY_TRIES_MOST):
        await trio.sleep(VERIFY_EVERY_S)
        wrong = wrong_leverage(wanted, markets, await client.account())
        if not wrong:
            break
    return wrong


def _held(market: Market, account: AccountRow) -> bool:
    return any(row.market_id == market.market_id and Decimal(row.position) for row in account.positions)
