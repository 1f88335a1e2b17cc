"""One pair's account in the ledger: sums by cause, what its legs cost, what it was entered for.

Kept by `fold`; read by `explained` and `totals`. It grows with a pair's orders, not with its messages or its time.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO, Instrument, Liquidity, Venue
from actors.expectation import Expectation
from actors.messages import OrderFilled
from actors.pair_position.state import LegName
from engine.ledger.cost import GRAIN, Cost
from engine.ledger.entry import Entry, Fill, Kind
from engine.ledger.naked import Standing

ENTERING = ("taker", "maker", "sweep")
"""Purposes of orders that open; every other one reduces."""
MAKERS = ("maker", "sweep")
"""Purposes of the leg that was to be made: a sweep takes what did not fill in time."""


AFTER_CLOSE = "after the pair closed"
"""What stands for the purpose of money that is of a time when the pair had closed for good: not its own doing."""


def _flat() -> dict[LegName, Cost]:
    return {"taker": Cost(), "maker": Cost()}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says an order has filled without having told price and fee: it waits to be told, as `row`."""

    leg: LegName
    row: Fill
    moved: Decimal
    cash_usd: Decimal

    def part(self, size: Decimal) -> tuple[Decimal, Decimal]:
        """Base units (signed) and cash of so much of it, or of all that there is."""
        if size >= abs(self.moved):
            return self.moved, self.cash_usd
        share = size / abs(self.moved)
        return size * (1 if self.moved > 0 else -1), (self.cash_usd * share).quantize(GRAIN)


class PairAccount(msgspec.Struct):
    """Sums of a pair, USD. `mids` is what the legs cost at mids, `paid` at fill prices.

    `sums` is by kind and phase: `entry`, `exit`, `after` the close, or `` where there is no order. `became_taker_usd`
    is how much more the maker leg paid because it took more than was expected, by the tiers of the moment. `asked` is
    the size the expectation is of, `reached` the largest each leg has been, base units.
    """

    expectation: Expectation | None = None
    asked: Decimal = ZERO
    reached: dict[LegName, Decimal] = msgspec.field(default_factory=lambda: {"taker": ZERO, "maker": ZERO})
    sums: dict[tuple[Kind, str], Decimal] = msgspec.field(default_factory=dict)
    by_venue: dict[tuple[Venue, Kind], Decimal] = msgspec.field(default_factory=dict)
    estimated_usd: Decimal = ZERO
    became_taker_usd: Decimal = ZERO
    mids: dict[LegName, Cost] = msgspec.field(default_factory=_flat)
    paid: dict[LegName, Cost] = msgspec.field(default_factory=_flat)
    standing: Standing | None = None
    sent: dict[str, tuple[SubmitOrder, str]] = msgspec.field(default_factory=dict)
    claims: dict[str, Claim] = msgspec.field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        key, place = (entry.kind, _phase(entry.purpose)), (entry.venue, entry.kind)
        self.sums[key] = self.sums.get(key, ZERO) + entry.amount_usd
        self.by_venue[place] = self.by_venue.get(place, ZERO) + entry.amount_usd
        self.estimated_usd += entry.estimated_usd

    def claim(self, order_id: str, claim: Claim) -> None:
        """Let a claim wait for its fills."""
        known = self.claims.get(order_id)
        if known is not None:
            claim = msgspec.structs.replace(
                claim, moved=known.moved + claim.moved, cash_usd=known.cash_usd + claim.cash_usd
            )
        self.claims[order_id] = claim

    def told(self, order_id: str, size: Decimal) -> tuple[Decimal, Decimal]:
        """So much of a claim is told now: base units (signed) and cash it stood for; nothing where none waited."""
        claim = self.claims.pop(order_id, None)
        if claim is None:
            return ZERO, ZERO
        moved, cash = claim.part(size)
        if moved != claim.moved:
            rest = msgspec.structs.replace(claim, moved=claim.moved - moved, cash_usd=claim.cash_usd - cash)
            self.claims[order_id] = rest
        return moved, cash

    def note_liquidity(self, fill: OrderFilled, instrument: Instrument | None, maker_share: Decimal) -> None:
        """Count what this fill of the maker leg paid more because it took, beyond what was expected to: of that leg
        `maker_share` was to rest and fill, and the rest is in the expectation at taker fees."""
        order, _ = self.sent.get(fill.order_id, (None, ""))
        if order is None or instrument is None or order.purpose not in MAKERS:
            return
        taken = Decimal(fill.liquidity is Liquidity.TAKER)
        notional = fill.price * fill.size
        self.became_taker_usd += notional * (taken - 1 + maker_share) * (instrument.taker_fee - instrument.maker_fee)

    def total(self, kind: Kind, phase: str | None = None) -> Decimal:
        """The sum of a kind, in one phase or in all."""
        return sum((usd for (k, p), usd in self.sums.items() if k is kind and phase in (None, p)), ZERO)

    @property
    def held_share(self) -> Decimal:
        """Of the size that was expected, what both legs have reached; all of it where none was asked for."""
        return (min(self.reached.values()) / self.asked).quantize(GRAIN) if self.asked else Decimal(1)

    @property
    def net_usd(self) -> Decimal:
        """All entries together, gas among them, which the pair's own books do not know."""
        return sum(self.sums.values(), ZERO)

    @property
    def open_cost_usd(self) -> Decimal:
        """What the legs that are open cost at mids; zero when flat."""
        return sum((cost.usd for cost in self.mids.values()), ZERO)


def _phase(purpose: str) -> str:
    if purpose in ("", AFTER_CLOSE):
        return "after" if purpose else ""
    return "entry" if purpose in ENTERING else "exit"
