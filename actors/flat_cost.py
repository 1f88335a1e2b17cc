"""What being flat now would cost: every open leg closed at market, through the book as its venue told it. Pure.

One home for the figure. Counterparts: `actors.risk.auto_close` (profit target), `actors.funding_scanner` (funding that
turned, against leaving) and `engine.view` (what people see of a held pair). `actors.depth` prices a size.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from actors.board import Board
from actors.depth import slippage_bps
from actors.domain import BPS, ONE, ZERO, Side, Venue
from actors.one_time import of_one_time, oldest_ns
from actors.policy import Policy


class OpenLeg(NamedTuple):
    """What is open on one venue: signed size, base units."""

    venue: Venue
    asset: str
    size: Decimal


class LegCost(NamedTuple):
    """Closing one leg. USD; `notional_usd` (>= 0) at the mid, `slippage_bps` beyond it. `untold`: the book as told ends
    before the size does, and the slippage is the emergency's cap. `quoted_ns`: when that book was told."""

    leg: OpenLeg
    quoted_ns: int
    notional_usd: Decimal
    slippage_bps: Decimal
    fee_usd: Decimal
    gas_usd: Decimal
    untold: bool

    @property
    def slippage_usd(self) -> Decimal:
        """What the book takes, half the spread included."""
        return self.notional_usd * self.slippage_bps * BPS

    @property
    def cost_usd(self) -> Decimal:
        """All of it."""
        return self.slippage_usd + self.fee_usd + self.gas_usd

    @property
    def brings_usd(self) -> Decimal:
        """What comes in for the leg, negative for a short, which is bought back; all costs taken off."""
        worth = self.notional_usd if self.leg.size > 0 else -self.notional_usd
        return worth - self.cost_usd


class FlatCost(NamedTuple):
    """Closing all legs of a pair now. `comparable`: their books are of one time (`actors.one_time`)."""

    legs: tuple[LegCost, ...]
    comparable: bool = True

    @property
    def cost_usd(self) -> Decimal:
        """Slippage, taker fees and gas of all legs, against the mids."""
        return sum((leg.cost_usd for leg in self.legs), ZERO)

    @property
    def brings_usd(self) -> Decimal | None:
        """What closing would bring in, all costs taken off: one leg's price less the other's. None (not measured) where
        the books are not of one time, since what the market moved in between would count as gained or lost."""
        return sum((leg.brings_usd for leg in self.legs), ZERO) if self.comparable else None

    @property
    def notional_usd(self) -> Decimal:
        """The larger leg, at its mid."""
        return max((leg.notional_usd for leg in self.legs), default=ZERO)

    @property
    def cost_bps(self) -> Decimal:
        """The cost, of the larger leg's notional."""
        return self.cost_usd / self.notional_usd / BPS if self.notional_usd else ZERO

    def words(self) -> str:
        """The cost and what it is made of, for people."""
        slippage = sum((leg.slippage_usd for leg in self.legs), ZERO)
        fees = sum((leg.fee_usd for leg in self.legs), ZERO)
        gas = sum((leg.gas_usd for leg in self.legs), ZERO)
        parts = f"slippage {slippage:.2f}, fees {fees:.2f}" + (f", gas {gas:.2f}" if gas else "")
        ends = " and ".join(leg.leg.venue.value for leg in self.legs if leg.untold)
        beyond = f"; beyond the book {ends} told, priced as an emergency" if ends else ""
        return f"{self.cost_usd:.2f} USD ({self.cost_bps:.1f} bps: {parts}{beyond})"


def flat_cost(legs: Iterable[OpenLeg], board: Board, policy: Policy, at_ns: int) -> FlatCost | None:
    """Closing these legs at `at_ns`; a leg that is flat costs nothing and is left out.

    None (not measured) where a leg's market told no quote, or none lately (`actors.one_time`), or no fees.
    """
    costs = []
    for leg in legs:
        if not leg.size:
            continue
        cost = leg_cost(leg, board, policy, at_ns)
        if cost is None:
            return None
        costs.append(cost)
    return FlatCost(tuple(costs), of_one_time([each.quoted_ns for each in costs], at_ns, policy))


def leg_cost(leg: OpenLeg, board: Board, policy: Policy, at_ns: int) -> LegCost | None:
    """Closing one leg that is open; None as `flat_cost` has it.

    What is beyond the told book is priced at the emergency's cap, the whole leg at once: it is never cheaper than that.
    """
    market = board.market(leg.venue, leg.asset)
    if market.quote is None or market.quoted_ns < oldest_ns(at_ns, policy) or market.instrument is None:
        return None
    side, size = (Side.SELL if leg.size > 0 else Side.BUY), abs(leg.size)
    told = slippage_bps(market.quote, side, size)
    slips = policy.exit.emergency_slippage_bps if told is None else told
    notional = size * market.quote.mid
    traded = notional * (ONE + side.sign * slips * BPS)
    return LegCost(
        leg=leg,
        quoted_ns=market.quoted_ns,
        notional_usd=notional,
        slippage_bps=slips,
        fee_usd=traded * market.instrument.taker_fee,
        gas_usd=policy.costs.gas_usd.get(leg.venue, ZERO),
        untold=told is None,
    )
