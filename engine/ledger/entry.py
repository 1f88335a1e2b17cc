"""What stands in the ledger: entries of money by cause, and the fills they come from.

Written by `fold`; summed by `totals`, told by `explained`, written to files by `engine.exports`.
"""

from __future__ import annotations

from decimal import Context, Decimal
from enum import StrEnum

import msgspec

from actors.domain import ZERO, Noun, Side, Venue

WIDE = Context(prec=80)
"""Enough digits that no sum of entries is ever rounded: every cut adds up to the same last digit."""
DAY_NS = 86_400 * 1_000_000_000


class Kind(StrEnum):
    """Why money came or went; `amount_usd` of an entry is positive when we gained.

    funding: the venue's own payment records, never rates. fee: what a fill cost. slippage: fills against the mid at
    their decision. price: what the leg's price moved, from mid to mid; over both legs that is the basis. naked: the
    part of the price that moved the net size beyond dust, taken out of `price`. forced: ADL and liquidation fills
    against the mid of their moment. haircut: other people's losses that a venue let us bear. estimated: corrections
    of estimates once the truth was told. gas: transactions on a venue's chain, assumed and paid outside its account
    (`engine.ledger.gas`). settlement: profit that became collateral, no income (amount zero).

    The definition of slippage and price is here alone: a report that tells either means these, with these signs.
    """

    FUNDING = "funding"
    FEE = "fee"
    SLIPPAGE = "slippage"
    PRICE = "price"
    NAKED = "naked"
    FORCED = "forced"
    HAIRCUT = "haircut"
    ESTIMATED = "estimated"
    GAS = "gas"
    SETTLEMENT = "settlement"


class Entry(Noun, frozen=True, kw_only=True):
    """One line of the ledger. `at_ns` is the venue's time of what it told, else ours; `seq` is the run's record.

    `pair` is empty where no pair of the run holds it (`engine.ledger.unheld`). `amount_usd` is what we gained by it.
    `estimated_usd` is by how much the books' estimates grew with it: cash that nobody has told yet. `moved_usd` is what
    a settlement moved into the collateral. `reference` is the venue's id of the fill or payment; `tier` the fee (a
    fraction of notional) the instrument listed at that time.
    """

    at_ns: int
    seq: int
    pair: str
    venue: Venue
    asset: str
    kind: Kind
    amount_usd: Decimal
    estimated_usd: Decimal = ZERO
    moved_usd: Decimal = ZERO
    size: Decimal | None = None
    price: Decimal | None = None
    rate_per_hour: Decimal | None = None
    liquidity: str = ""
    tier: Decimal | None = None
    purpose: str = ""
    order_id: str = ""
    reference: str = ""


class Fill(Noun, frozen=True, kw_only=True):
    """A change of one leg: a fill of ours, a forced one, or one that was inferred.

    `kind`: `fill`, `adl`, `liquidation`; `claimed` (the venue said filled and never told price and fee), `adopted` (our
    books followed the venue's size). The last two stand at a mid and are marked `estimated`; a fill that was in an
    adopted size already moves nothing and corrects the money alone. `moved` and `position` (after it) are signed base
    units, `realised_usd` is by average cost at fill prices, fees not taken off.
    """

    at_ns: int
    told_ns: int
    seq: int
    kind: str
    pair: str
    venue: Venue
    asset: str
    symbol: str
    side: Side
    size: Decimal
    price: Decimal
    fee_usd: Decimal
    fee_currency: str
    liquidity: str
    order_id: str
    fill_id: str
    purpose: str
    row: str
    moved: Decimal
    position: Decimal
    realised_usd: Decimal
    estimated: bool


class Booking(msgspec.Struct, frozen=True):
    """What one record brought."""

    entries: tuple[Entry, ...] = ()
    fills: tuple[Fill, ...] = ()


NOTHING = Booking()
