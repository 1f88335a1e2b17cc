"""Whether money has to be moved between venues before prices have moved it: equity expected by the time it can arrive.

Pure. What a price move brings one venue it takes from the other, and a transfer takes hours; the engine sends none.
Counterpart: `actors.funding_scanner`, which tells people, and pairs to become smaller where that is too late.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from actors.board import Board, market_key
from actors.domain import ONE, ZERO, Noun, Venue
from actors.policy import Policy
from actors.stakes import Stake, maintenance_told_usd, signed_usd
from actors.volatility import DAY_H, Swing, over_hours

PERCENT = Decimal("0.01")


class Outlay(Noun, frozen=True, kw_only=True):
    """One venue's account by the time a transfer to it could arrive, USD.

    `loss_usd` is what the larger side of its legs loses if prices move the policy's deviations against it;
    `maintenance_usd` the margin needed after that: that of shorts grows as their price rises.
    """

    venue: Venue
    lead_h: Decimal
    equity_usd: Decimal
    loss_usd: Decimal
    maintenance_usd: Decimal

    @property
    def expected_usd(self) -> Decimal:
        """The equity that is left then."""
        return self.equity_usd - self.loss_usd

    def spare_usd(self, multiple: Decimal) -> Decimal:
        """What is expected beyond so many maintenance margins; negative: missing."""
        return self.expected_usd - multiple * self.maintenance_usd


class Shortage(Noun, frozen=True, kw_only=True):
    """An account that will hold too little: what is missing, and where some of it is spare (None: nowhere).

    `reduce_fraction` is by how much every pair there has to become smaller now; 0 while a transfer is in time.
    """

    outlay: Outlay
    missing_usd: Decimal
    source: Venue | None
    movable_usd: Decimal
    reduce_fraction: Decimal

    def words(self) -> str:
        """For people: how much, from where to where, by when."""
        there, hours = self.outlay.venue.value, self.outlay.lead_h
        expected = f"{self.outlay.expected_usd:.0f} USD expected in {hours} h"
        told = f"{there}: {expected}, {self.missing_usd:.0f} less than needed"
        if self.source is None:
            return f"{told}; no venue has any to spare: deposit there now, it takes about {hours} h"
        return f"{told}; move {self.movable_usd:.0f} USD from {self.source.value} now, it takes about {hours} h"


def outlays(stakes: tuple[Stake, ...], swings: Mapping[str, Swing], board: Board, policy: Policy) -> tuple[Outlay, ...]:
    """Every account that was told, in the order of the configured venues."""
    return tuple(
        _outlay(venue, stakes, swings, board, policy)
        for venue in policy.scanner.venues
        if venue.value in board.accounts
    )


def _outlay(
    venue: Venue, stakes: tuple[Stake, ...], swings: Mapping[str, Swing], board: Board, policy: Policy
) -> Outlay:
    moves = [(_moved(stake, venue, swings, board, policy), _fraction_of(stake, venue, board)) for stake in stakes]
    longs = sum((move for move, _ in moves if move > 0), ZERO)
    shorts = -sum((move for move, _ in moves if move < 0), ZERO)
    growth = -sum((move * fraction for move, fraction in moves if move < 0), ZERO) if shorts > longs else ZERO
    deviations = policy.collateral.deviations
    return Outlay(
        venue=venue,
        lead_h=lead_of(venue, policy),
        equity_usd=board.accounts[venue.value].equity_usd,
        loss_usd=deviations * max(longs, shorts),
        maintenance_usd=maintenance_told_usd(stakes, venue, board) + deviations * growth,
    )


def _fraction_of(stake: Stake, venue: Venue, board: Board) -> Decimal:
    instrument = board.market(venue, stake.asset).instrument
    return ZERO if instrument is None else instrument.maintenance_fraction


def lead_of(venue: Venue, policy: Policy) -> Decimal:
    """Hours until a transfer has arrived; a day where the policy has none."""
    return policy.collateral.lead_h.get(venue, DAY_H)


def _moved(stake: Stake, venue: Venue, swings: Mapping[str, Swing], board: Board, policy: Policy) -> Decimal:
    """One standard deviation of a leg's value in the lead time, negative for a short."""
    signed = signed_usd(stake, venue, board)
    if not signed:
        return ZERO
    swing = swings.get(market_key(venue, stake.asset))
    return signed * over_hours(swing, stake.asset, lead_of(venue, policy), policy.gates)


def shortages(found: tuple[Outlay, ...], policy: Policy) -> tuple[Shortage, ...]:
    """The accounts that will hold too little, in the order given. One that needs no margin lacks none."""
    alarm = policy.collateral.alarm_multiple
    return tuple(
        _shortage(outlay, found, policy)
        for outlay in found
        if alarm and outlay.maintenance_usd > 0 and outlay.spare_usd(alarm) < 0
    )


def _shortage(outlay: Outlay, found: tuple[Outlay, ...], policy: Policy) -> Shortage:
    alarm = policy.collateral.alarm_multiple
    missing = -outlay.spare_usd(alarm)
    spare = max(found, key=lambda other: other.spare_usd(alarm))
    movable = min(missing, max(ZERO, spare.spare_usd(alarm)))
    return Shortage(
        outlay=outlay,
        missing_usd=missing,
        source=spare.venue if movable else None,
        movable_usd=movable,
        reduce_fraction=_fraction(outlay, policy.collateral.reduce_multiple),
    )


def _fraction(outlay: Outlay, multiple: Decimal) -> Decimal:
    """The part of all legs without which the account holds so many maintenance margins after the loss.

    Loss and margin shrink alike: equity = (1 - f) (loss + multiple x margin). Rounded up to a percent, all at most.
    """
    if not multiple or outlay.spare_usd(multiple) >= 0:
        return ZERO
    kept = max(ZERO, outlay.equity_usd) / (outlay.loss_usd + multiple * outlay.maintenance_usd)
    return min(ONE, (ONE - kept).quantize(PERCENT, rounding=ROUND_CEILING))
