"""What the scanner's pairs hold, as far as it knows: one stake a pair, short on one venue and long on another. Pure.

Counterparts: `actors.funding_scanner`, which keeps them; the gates, the sizes and the collateral, which count them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from actors.board import Board
from actors.domain import ZERO, Noun, Venue


class Stake(Noun, frozen=True, kw_only=True):
    """The same size (base units) of an asset, short on one venue and long on another.

    `settled`: both legs have been verified, so that the accounts told since then have them in. One that is not
    counts as wholly entered.
    """

    pair: str
    asset: str
    short_venue: Venue
    long_venue: Venue
    size: Decimal
    settled: bool = True

    def sign(self, venue: Venue) -> int:
        """-1 where it is short, +1 where it is long, 0 elsewhere."""
        return (venue is self.long_venue) - (venue is self.short_venue)


def price_of(board: Board, venue: Venue, asset: str) -> Decimal:
    """The mark, else the middle of the book; zero where nothing was told."""
    market = board.market(venue, asset)
    if market.mark is not None:
        return market.mark
    return ZERO if market.quote is None else market.quote.mid


def signed_usd(stake: Stake, venue: Venue, board: Board) -> Decimal:
    """The leg on that venue at today's price, negative when short; zero where it has none."""
    sign = stake.sign(venue)
    return sign * stake.size * price_of(board, venue, stake.asset) if sign else ZERO


def gross_usd(stakes: Iterable[Stake], venue: Venue, board: Board, asset: str = "") -> Decimal:
    """All legs on a venue, of one asset where it is named, whatever their side."""
    return sum((abs(signed_usd(each, venue, board)) for each in stakes if asset in ("", each.asset)), ZERO)


def maintenance_usd(stakes: Iterable[Stake], venue: Venue, board: Board) -> Decimal:
    """The maintenance margin of all legs on a venue, by the fraction its market lists."""
    total = ZERO
    for stake in stakes:
        instrument = board.market(venue, stake.asset).instrument
        if instrument is not None:
            total += abs(signed_usd(stake, venue, board)) * instrument.maintenance_fraction
    return total


def maintenance_told_usd(stakes: tuple[Stake, ...], venue: Venue, board: Board) -> Decimal:
    """An account's maintenance margin as told, with what came since; or that of all stakes, whichever is more."""
    account = board.accounts.get(venue.value)
    told = ZERO if account is None else account.maintenance_usd
    fresh = [stake for stake in stakes if not stake.settled]
    return max(told + maintenance_usd(fresh, venue, board), maintenance_usd(stakes, venue, board))
