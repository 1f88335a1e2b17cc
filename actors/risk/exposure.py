"""What is held if every order in flight fills, in USD: long, short and gross, of a pair, a venue, an asset, the firm.

Pure. Orders that only reduce are not counted: they can make nothing larger. Counterpart: `limits`, which compares.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.board import Board
from actors.commands import SubmitOrder
from actors.domain import ZERO, Venue
from actors.risk.state import InFlight, RiskState, key_of, split_key


class Exposed(msgspec.Struct, frozen=True):
    """One market in base units: the signed size when all fills, and its extremes when one side fills alone."""

    market: str
    signed: Decimal
    longest: Decimal
    shortest: Decimal

    @property
    def gross(self) -> Decimal:
        """The larger of both extremes."""
        return max(abs(self.longest), abs(self.shortest))


class Sums(msgspec.Struct, frozen=True):
    """The most that may be long, most that may be short (positive), and the worst case: of one market or several."""

    long_usd: Decimal = ZERO
    short_usd: Decimal = ZERO
    gross_usd: Decimal = ZERO

    def plus(self, more: Sums) -> Sums:
        """With those of another market."""
        return Sums(
            self.long_usd + more.long_usd,
            self.short_usd + more.short_usd,
            self.gross_usd + more.gross_usd,
        )


NOTHING = Sums()


def sums_of(exposed: Exposed, price: Decimal) -> Sums:
    """Of one market, at that price."""
    return Sums(max(ZERO, exposed.longest) * price, max(ZERO, -exposed.shortest) * price, exposed.gross * price)


class Exposures(msgspec.Struct, frozen=True):
    """What an order would make of its pair, its venue, its asset and the whole, and the whole's net."""

    pair: Sums
    venue: Sums
    asset: Sums
    total: Sums
    net_usd: Decimal


def exposures(state: RiskState, actor: str, order: SubmitOrder, board: Board) -> Exposures:
    """All of them, with `order` of that actor counted as filled. A market's pair is who last sent an order there."""
    pair = venue = asset = total = NOTHING
    net_usd = ZERO
    own = key_of(order.venue, order.asset)
    for exposed in exposures_with(state, order):
        where, what = split_key(exposed.market)
        price = price_of(board, where, what, order.limit_price)
        held, sums = state.positions.get(exposed.market), sums_of(exposed, price)
        total = total.plus(sums)
        venue = venue.plus(sums) if where is order.venue else venue
        asset = asset.plus(sums) if what == order.asset else asset
        is_own = exposed.market == own or (held is not None and held.holder == actor)
        pair = pair.plus(sums) if is_own else pair
        net_usd += exposed.signed * price
    return Exposures(pair, venue, asset, total, net_usd)


def exposures_with(state: RiskState, order: SubmitOrder | None) -> list[Exposed]:
    """Each market, orders in flight (and `order`) counted as filled."""
    held: dict[str, Decimal] = {key: held.size for key, held in state.positions.items()}
    buys: dict[str, Decimal] = {}
    sells: dict[str, Decimal] = {}
    flying = [(key_of(o.venue, o.asset), open_size(o)) for o in state.in_flight.values() if not o.reduce_only]
    if order is not None:
        flying.append((key_of(order.venue, order.asset), order.side.sign * order.size))
    for key, size in flying:
        held.setdefault(key, ZERO)
        into = buys if size > 0 else sells
        into[key] = into.get(key, ZERO) + size
    return [_exposed(key, held[key], buys.get(key, ZERO), sells.get(key, ZERO)) for key in sorted(held)]


def _exposed(key: str, held: Decimal, bought: Decimal, sold: Decimal) -> Exposed:
    return Exposed(key, held + bought + sold, held + bought, held + sold)


def open_size(order: InFlight) -> Decimal:
    """What may still fill of it, signed."""
    left = abs(order.signed_size) - order.filled
    return left if order.signed_size > 0 else -left


def price_of(board: Board, venue: Venue, asset: str, fallback: Decimal) -> Decimal:
    """Mark, else mid, else the order's own limit."""
    market = board.market(venue, asset)
    if market.mark is not None:
        return market.mark
    return market.quote.mid if market.quote is not None else fallback
