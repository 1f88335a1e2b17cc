"""Are two markets of one name the same instrument? A ticker alone does not say so; the price per token does.

Counterpart: `engine.venues.assets`, which names the token and the multiplier; the gate `identity` in `actors.gates`
asks here whether both venues' prices bear that out, and whether both legs are settled in the same money.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from actors.board import Market
from actors.domain import BPS, ONE
from actors.policy import ScannerPolicy


def price_difference_bps(first: Market, second: Market) -> Decimal | None:
    """Distance of the venues' oracle prices (mark where there is none) of one token; None where one is not told."""
    one, other = first.oracle or first.mark, second.oracle or second.mark
    if one is None or other is None:
        return None
    return (max(one, other) / min(one, other) - ONE) / BPS


def objections(first: Market, second: Market, scanner: ScannerPolicy) -> Iterator[str]:
    """Every reason against taking both markets for one instrument; none when they are."""
    yield from _about_price(first, second, scanner)
    yield from _about_settlement(first, second, scanner)


def _about_price(first: Market, second: Market, scanner: ScannerPolicy) -> Iterator[str]:
    difference = price_difference_bps(first, second)
    if difference is None:
        yield "a price is missing"
    elif difference > scanner.identity_price_most_bps:
        yield f"the prices differ by {difference:.1f} bps: not the same instrument, or a wrong multiplier"


def _about_settlement(first: Market, second: Market, scanner: ScannerPolicy) -> Iterator[str]:
    assert first.instrument is not None
    assert second.instrument is not None
    tokens = (first.instrument.settle_token, second.instrument.settle_token)
    for instrument in (first.instrument, second.instrument):
        if instrument.settle_token not in scanner.settle_tokens:
            yield f"{instrument.venue.value} settles in {instrument.settle_token}"
    if tokens[0] != tokens[1] and not scanner.settle_tokens_may_differ:
        yield f"settled in {tokens[0]} and {tokens[1]}"


def told(first: Market, second: Market) -> str:
    """What was measured when nothing speaks against it."""
    difference = price_difference_bps(first, second)
    assert difference is not None
    return f"prices {difference:.1f} bps apart"
