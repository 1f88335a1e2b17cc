"""What a position cost, by average: the part of it that a reducing trade releases is what that trade realises against.

All four venues tell an average entry price of a position (their position records carry one `entry price`), so the
average is what can be compared with them; first-in-first-out cannot. Used by `fold`, once by mids and once by fills.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import ZERO

GRAIN = Decimal("1e-15")
"""Shares are cut to this, USD, so that what is released and what is left add up to the last digit."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """A signed position in base units and what was paid for it in USD, negative when it was received."""

    position: Decimal = ZERO
    usd: Decimal = ZERO

    @property
    def average(self) -> Decimal | None:
        """Average entry price; None when flat."""
        return self.usd / self.position if self.position else None

    def trade(self, moved: Decimal, cash_usd: Decimal) -> tuple[Cost, Decimal]:
        """The position after `moved` base units for `cash_usd` (negative: paid), and what that realised.

        A trade through zero closes all that was held and opens the rest, its cash shared by size.
        """
        if not moved:
            return self, cash_usd
        if self.position * moved >= 0:
            return Cost(position=self.position + moved, usd=self.usd - cash_usd), ZERO
        if abs(moved) <= abs(self.position):
            return self._reduced(moved, cash_usd)
        closing = _share(cash_usd, -self.position / moved)
        return Cost(position=self.position + moved, usd=closing - cash_usd), closing - self.usd

    def _reduced(self, moved: Decimal, cash_usd: Decimal) -> tuple[Cost, Decimal]:
        left = self.position + moved
        released = _share(self.usd, -moved / self.position) if left else self.usd
        return Cost(position=left, usd=self.usd - released), cash_usd - released


def _share(usd: Decimal, part: Decimal) -> Decimal:
    return (usd * part).quantize(GRAIN)
