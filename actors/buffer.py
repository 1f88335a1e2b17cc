"""How far all prices of a venue may move against its account before it is liquidated. Pure.

Counterparts: `actors.sizing` and `actors.gates`, which ask for a least distance; `actors.risk.liquidation`, which looks
at one leg that is there already.

An account is liquidated where its equity meets its maintenance margin. With equity E, maintenance M, shorts worth S
whose maintenance is G, and longs worth L whose maintenance is H, that is after a move of every price by

    up:   E - x S = M + x G        x = (E - M) / (S + G)        a short's maintenance grows as its price rises
    down: E - x L = M - x H        x = (E - M) / (L - H)        a long's falls with its price

as fractions of today's prices. Of one leg alone these are Hyperliquid's p - side x (equity - maintenance) / size /
(1 - f x side) with f the market's maintenance fraction (docs "Liquidations", 2025-11); that Pacifica, Lighter and Drift
count alike is not verified. What the other side of an account would gain by the same move is not counted: assets need
not move together.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from actors.board import Board
from actors.domain import ZERO, Venue
from actors.stakes import Stake, maintenance_told_usd, signed_usd

UNBOUNDED = Decimal("Infinity")


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's account, USD: what is beyond its maintenance margin, both sides, and how that margin moves.

    `growth_usd` is the maintenance that grows with prices, `release_usd` the one that falls with them. What the account
    told beyond the fractions its markets list is counted as growing.
    """

    spare_usd: Decimal
    shorts_usd: Decimal
    longs_usd: Decimal
    growth_usd: Decimal
    release_usd: Decimal

    @property
    def up(self) -> Decimal:
        """The rise of all prices that liquidates it, a fraction; infinity where none does."""
        return _ratio(self.spare_usd, self.shorts_usd and self.shorts_usd + self.growth_usd)

    @property
    def down(self) -> Decimal:
        """The fall of all prices that liquidates it, a fraction; 1 and more: none does."""
        return _ratio(self.spare_usd, self.longs_usd and self.longs_usd - self.release_usd)

    def notional_most_usd(self, side: int, buffer: Decimal, fraction: Decimal) -> Decimal:
        """The largest new leg (side +1 long, -1 short) that keeps both distances at `buffer` or above.

        `fraction` is the maintenance fraction of its market. The leg's own maintenance counts on both ways. Negative
        where they are below it already.
        """
        # What the account told beyond its legs' margin grows with a first short, too.
        rising = self.shorts_usd + self.growth_usd if self.shorts_usd or side < 0 else ZERO
        up = self.spare_usd - buffer * rising
        down = self.spare_usd - buffer * (self.longs_usd and self.longs_usd - self.release_usd)
        mine, other = (down, up) if side > 0 else (up, down)
        # The leg's loss after the move, and its maintenance by then.
        own = buffer + fraction * (1 - side * buffer)
        return min(_ratio(mine, own), _ratio(other, fraction))


def _ratio(spare: Decimal, weight: Decimal) -> Decimal:
    """How often it fits; without weight as often as one likes, or never where nothing is spare."""
    if weight > 0:
        return spare / weight
    return UNBOUNDED if spare >= 0 else -UNBOUNDED


def room_of(venue: Venue, stakes: tuple[Stake, ...], board: Board) -> Room | None:
    """The room of a venue's account with these stakes held; None where no account is known.

    Stakes that the account's word has not in it are added to its margin.
    """
    account = board.accounts.get(venue.value)
    if account is None:
        return None
    shorts, _ = _side(stakes, venue, board, -1)
    longs, release = _side(stakes, venue, board, 1)
    needed = maintenance_told_usd(stakes, venue, board)
    return Room(
        spare_usd=account.equity_usd - needed,
        shorts_usd=shorts,
        longs_usd=longs,
        growth_usd=needed - release,
        release_usd=release,
    )


def _side(stakes: Iterable[Stake], venue: Venue, board: Board, side: int) -> tuple[Decimal, Decimal]:
    """What the legs of one side are worth at a venue, and their maintenance by the listed fractions, USD."""
    worth = needed = ZERO
    for stake in stakes:
        instrument = board.market(venue, stake.asset).instrument
        if stake.sign(venue) == side:
            usd = abs(signed_usd(stake, venue, board))
            worth += usd
            needed += ZERO if instrument is None else usd * instrument.maintenance_fraction
    return worth, needed


def buffer_of(venue: Venue, stakes: tuple[Stake, ...], board: Board) -> Decimal:
    """The nearer of both moves, a fraction; nothing where no account is known, infinity where nothing is held."""
    room = room_of(venue, stakes, board)
    return ZERO if room is None else min(room.up, room.down)
