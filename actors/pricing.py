"""What a pair is expected to bring over the horizon, part by part: funding, fees, slippage, basis, gas. Pure.

Counterparts: `actors.forecast`, which says what funding will be; `actors.gates`, which judges the sum;
`actors.expectation`, the form in which it goes with the entry and is held against what came of it.
"""

from __future__ import annotations

from decimal import Decimal

from actors.board import Market
from actors.depth import slippage_bps
from actors.domain import BPS, ONE, ZERO, Side, Venue
from actors.expectation import Expectation
from actors.forecast import Outlook
from actors.one_time import of_one_time
from actors.policy import Policy

DEEPER_BPS = Decimal(100)
"""What an order costs that asks for more than a book was told to hold: the ladder's far end; its size is refused."""
TRANSACTIONS = 3
"""Of one venue in a round trip: an order in, perhaps one more, and one out."""


def expect(
    venues: tuple[Venue, Venue],
    markets: tuple[Market, Market],
    taker_side: Side,
    size: Decimal,
    outlook: Outlook,
    capital_usd: Decimal,
    policy: Policy,
    *,
    compared: bool = True,
) -> Expectation:
    """The expectation of a pair of `size` base units: the taker's venue and market first. Both have told all.

    The outlook's mean is what the pair earns (positive). Entry: the taker fee on one venue; on the other the maker fee
    for the share that is expected to rest and fill, slipping nothing, and what a market order costs for the rest. Exit:
    taker fees and slippage on both, by today's books. Where the marks are not `comparable` (`compared` is False) the
    basis is not measured and left out; the gates refuse such a candidate, and what it should bring is not shown.
    """
    taker, maker = markets
    assert taker.quote is not None
    notional = size * taker.quote.mid
    back = taker_side.opposite
    swept = ONE - policy.costs.maker_share
    entry_bps = slippage(taker, taker_side, size) + slippage(maker, back, size) * swept
    return Expectation(
        horizon_h=policy.scanner.horizon_h,
        notional_usd=notional,
        capital_usd=capital_usd,
        rate_per_hour=outlook.mean_per_hour,
        rate_error_per_hour=outlook.error_per_hour,
        funding_usd=notional * outlook.mean_per_hour * policy.scanner.horizon_h,
        entry_fees_usd=notional * entry_fee(markets, policy),
        exit_fees_usd=notional * exit_fee(markets),
        entry_slippage_usd=notional * entry_bps * BPS,
        exit_slippage_usd=notional * (slippage(taker, back, size) + slippage(maker, taker_side, size)) * BPS,
        basis_usd=notional * basis(markets, taker_side, policy) if compared else ZERO,
        gas_usd=TRANSACTIONS * sum((policy.costs.gas_usd.get(venue, ZERO) for venue in venues), ZERO),
    )


def entry_fee(markets: tuple[Market, Market], policy: Policy) -> Decimal:
    """Of both legs, a fraction of one leg's notional; the second one's is partly the maker's. Both have told rules."""
    taker, maker = markets
    assert maker.instrument is not None
    rests = policy.costs.maker_share
    return taker_fee(taker) + maker.instrument.maker_fee * rests + taker_fee(maker) * (ONE - rests)


def exit_fee(markets: tuple[Market, Market]) -> Decimal:
    """Of both legs, taken at market, a fraction of one leg's notional."""
    taker, maker = markets
    return taker_fee(taker) + taker_fee(maker)


def taker_fee(market: Market) -> Decimal:
    """Fraction of notional; nothing where the market told no rules."""
    return ZERO if market.instrument is None else market.instrument.taker_fee


def slippage(market: Market, side: Side, size: Decimal) -> Decimal:
    """Of a market order, bps beyond the mid; `DEEPER_BPS` where the book was not told so deep, or not at all."""
    found = None if market.quote is None else slippage_bps(market.quote, side, size)
    return DEEPER_BPS if found is None else found


def comparable(markets: tuple[Market, Market], at_ns: int, policy: Policy) -> bool:
    """Whether both marks are of one time (`actors.one_time`)."""
    return of_one_time([market.sampled_ns for market in markets], at_ns, policy)


def basis(markets: tuple[Market, Market], taker_side: Side, policy: Policy) -> Decimal:
    """What the convergence of today's marks is expected to bring, a fraction of notional (negative: cost); of marks
    that are `comparable`, since a move in between is no basis."""
    dearer = premium(markets, taker_side)
    return dearer * (policy.costs.basis_gain_share if dearer > 0 else policy.costs.basis_cost_share)


def premium(markets: tuple[Market, Market], taker_side: Side) -> Decimal:
    """By how much the short leg's mark is above the long leg's, a fraction; of marks that are `comparable`."""
    taker, maker = markets
    assert taker.mark is not None
    assert maker.mark is not None
    short, long = (taker.mark, maker.mark) if taker_side is Side.SELL else (maker.mark, taker.mark)
    return short / long - ONE
