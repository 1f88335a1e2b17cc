"""How large a pair may be: every limit in base units, and the one that binds. Pure.

Counterparts: `actors.gates`, which judges a candidate at this size; `actors.funding_scanner`, which fills the room that
is left candidate by candidate, the best per capital first; `actors.risk.limits`, which screens the orders that come of
it and has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from actors.board import Board, Market
from actors.buffer import UNBOUNDED, room_of
from actors.depth import size_within
from actors.domain import ONE, ZERO, Noun, Side, Venue, round_size, shared_lot
from actors.policy import Policy
from actors.stakes import Stake, gross_usd, price_of

MONTH_H = Decimal(720)


class Bound(Noun, frozen=True, kw_only=True):
    """One limit of a pair's size, in base units; not below zero."""

    name: str
    size: Decimal


class Sized(Noun, frozen=True, kw_only=True):
    """A size on the lot both venues share, and the limit that bound it; all limits, the tightest first."""

    size: Decimal
    bounds: tuple[Bound, ...]

    @property
    def bound(self) -> str:
        """The name of the limit that binds."""
        return self.bounds[0].name

    def within(self, name: str, size: Decimal) -> Sized:
        """At a smaller size, bound by this."""
        return Sized(size=size, bounds=(Bound(name=name, size=size), *self.bounds))


class Wish(Noun, frozen=True, kw_only=True):
    """An asset to be held short on one venue and long on another.

    `target` is the size wished for, base units; `buffer` the least distance to liquidation, a fraction.
    """

    asset: str
    short_venue: Venue
    long_venue: Venue
    target: Decimal
    buffer: Decimal

    @property
    def venues(self) -> tuple[Venue, Venue]:
        """Both venues."""
        return (self.short_venue, self.long_venue)


def sized(wish: Wish, stakes: tuple[Stake, ...], board: Board, policy: Policy) -> Sized:
    """The largest size within every limit, with `stakes` held. Both markets have told instrument, quote and mark."""
    markets = [board.market(venue, wish.asset) for venue in wish.venues]
    price = max(_dearest(market) for market in markets)
    assert price > 0
    usd = [(name, room / price) for name, room in _rooms_usd(wish, stakes, board, policy)]
    base = _market_bounds(wish, markets, policy)
    found = [Bound(name=name, size=max(ZERO, size)) for name, size in (*usd, *base)]
    ordered = tuple(sorted(found, key=lambda bound: bound.size))
    return Sized(size=round_size(ordered[0].size, lot_of(*markets)), bounds=ordered)


def largest(size: Decimal, lot: Decimal, is_borne: Callable[[Decimal], bool]) -> Decimal:
    """The largest size in whole lots below `size` that is borne; zero where not one lot is.

    What is borne at a size is taken to be borne at every smaller one.
    """
    borne, over = 0, int(size / lot)
    while over - borne > 1:
        lots = (borne + over) // 2
        borne, over = (lots, over) if is_borne(lots * lot) else (borne, lots)
    return borne * lot


def lot_of(first: Market, second: Market) -> Decimal:
    """The size step both markets share."""
    assert first.instrument is not None
    assert second.instrument is not None
    return shared_lot(first.instrument.lot, second.instrument.lot)


def leverage_of(market: Market, policy: Policy) -> Decimal:
    """The leverage a new leg is margined at: the market's, and never more than ours."""
    assert market.instrument is not None
    return min(policy.risk.leverage_most, Decimal(market.instrument.max_leverage))


def _dearest(market: Market) -> Decimal:
    """The price a unit counts at: an order's limit lies beyond the touch, the rest of the margin is the policy's."""
    assert market.quote is not None
    assert market.mark is not None
    return max(market.quote.ask, market.mark)


def _market_bounds(wish: Wish, markets: list[Market], policy: Policy) -> Iterator[tuple[str, Decimal]]:
    """What both books give within the slippage budget, to enter and to leave again; and a share of the interest."""
    yield "target", wish.target
    yield "order_base_cap", policy.risk.order_base_most.get(wish.asset, UNBOUNDED)
    for venue, market in zip(wish.venues, markets, strict=True):
        assert market.quote is not None
        budget = policy.scanner.slippage_most_bps
        yield f"depth:{venue.value}", min(size_within(market.quote, side, budget) for side in Side)
        share = policy.scanner.open_interest_share_most
        yield f"open_interest:{venue.value}", share * (market.open_interest or ZERO)


def _rooms_usd(wish: Wish, stakes: tuple[Stake, ...], board: Board, policy: Policy) -> Iterator[tuple[str, Decimal]]:
    """The notional of one leg that each limit still leaves room for, USD."""
    risk, share = policy.risk, policy.sizing.caps_share_most
    venues = tuple(Venue)
    yield "order_cap", share * risk.order_notional_most_usd
    yield "net_cap", share * risk.total_net_most_usd
    yield "pair_cap", share * min(risk.pair_long_most_usd, risk.pair_short_most_usd, risk.pair_gross_most_usd / 2)
    asset = sum((gross_usd(stakes, venue, board, wish.asset) for venue in venues), ZERO)
    yield "asset_cap", (share * risk.asset_gross_most_usd - asset) / 2
    total = sum((gross_usd(stakes, venue, board) for venue in venues), ZERO)
    yield "total_cap", (share * risk.total_gross_most_usd - total) / 2
    # Every pair is long as much as it is short.
    yield "total_side_cap", share * min(risk.total_long_most_usd, risk.total_short_most_usd) - total / 2
    for venue in wish.venues:
        gross = gross_usd(stakes, venue, board)
        yield f"venue_cap:{venue.value}", share * risk.venue_gross_most_usd - gross
        side_most = risk.venue_short_most_usd if venue is wish.short_venue else risk.venue_long_most_usd
        # Of one side there is at most all that is held there.
        yield f"venue_side_cap:{venue.value}", share * side_most - gross
        yield from _account_rooms(wish, venue, stakes, board, policy)


def _account_rooms(
    wish: Wish, venue: Venue, stakes: tuple[Stake, ...], board: Board, policy: Policy
) -> Iterator[tuple[str, Decimal]]:
    """What a venue's account bears: leverage over all, initial margin of the new leg, distance to liquidation."""
    account, room = board.accounts.get(venue.value), room_of(venue, stakes, board)
    if account is None or room is None:
        yield f"account:{venue.value}", ZERO
        return
    share, equity = policy.sizing.margin_share_most, account.equity_usd
    yield f"leverage:{venue.value}", share * policy.risk.leverage_most * equity - gross_usd(stakes, venue, board)
    fresh = tuple(stake for stake in stakes if not stake.settled)
    market = board.market(venue, wish.asset)
    leverage = leverage_of(market, policy)
    yield f"margin:{venue.value}", share * account.available_usd * leverage - gross_usd(fresh, venue, board)
    assert market.instrument is not None
    side, fraction = (-1 if venue is wish.short_venue else 1), market.instrument.maintenance_fraction
    yield f"buffer:{venue.value}", room.notional_most_usd(side, wish.buffer, fraction)


def capital_usd(wish: Wish, size: Decimal, board: Board, policy: Policy) -> Decimal:
    """The initial margin of both legs; all they are worth where a person lets nothing be opened on margin."""
    return sum(
        (
            size * price_of(board, venue, wish.asset) / (leverage_of(board.market(venue, wish.asset), policy) or ONE)
            for venue in wish.venues
        ),
        ZERO,
    )


def needed_buffer(month: Decimal, policy: Policy) -> Decimal:
    """The least distance to liquidation, a fraction: a fixed one, or some standard deviations of a month if more.

    It may be beyond a whole price: what is short can lose more than that.
    """
    return max(policy.gates.buffer_least_fraction, policy.gates.buffer_volatilities * month)
