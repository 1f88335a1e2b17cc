"""One asset on two venues, judged: direction from the forecast, size from the limits, and every gate asked.

Counterparts: `actors.forecast`, `actors.sizing` and `actors.pricing`, whose answers a case is made of; `table`, whose
gates it is shown to.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.board import Board, Market, market_key
from actors.domain import HOUR_NS, ZERO, Side, Venue
from actors.forecast import Outlook, expected_difference, forecast
from actors.gates import returns, risks
from actors.gates.case import Candidate, Case, Known
from actors.gates.table import TABLE
from actors.pricing import comparable, entry_fee, exit_fee, expect
from actors.sizing import MONTH_H, Sized, Wish, capital_usd, largest, lot_of, needed_buffer, sized
from actors.stakes import Stake
from actors.volatility import DAY_H, is_known, over_hours

NEW = "new"
"""What a stake is called before there is a pair."""


def more_liquid(board: Board, asset: str, venues: tuple[Venue, Venue]) -> Venue:
    """The venue with the larger open interest in USD; the first one on a tie."""

    def depth_usd(venue: Venue) -> Decimal:
        market = board.market(venue, asset)
        return (market.open_interest or ZERO) * (market.mark or ZERO)

    return max(venues, key=depth_usd)


def mean_of(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Decimal | None:
    """The forecast's mean alone, first venue less second, per hour; None while one of both was never observed."""
    first, second = (known.series.get(market_key(venue, asset)) for venue in venues)
    if first is None or second is None:
        return None
    return expected_difference(first, second, known.policy.scanner.horizon_h, known.policy.forecast)


def error_of(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Decimal:
    """The forecast's error, per hour; both venues have been observed."""
    first, second = (known.series[market_key(venue, asset)] for venue in venues)
    return forecast(first, second, known.policy.scanner.horizon_h, known.policy.forecast).error_per_hour


def fees_of(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Decimal | None:
    """Of the whole round trip, a fraction of one leg's notional; None while a market has not told its rules."""
    _, markets = _by_liquidity(known.board, asset, venues)
    if any(market.instrument is None for market in markets):
        return None
    return entry_fee(markets, known.policy) + exit_fee(markets)


def _by_liquidity(
    board: Board, asset: str, venues: tuple[Venue, Venue]
) -> tuple[tuple[Venue, Venue], tuple[Market, Market]]:
    """Venues and their markets, the taker's first."""
    taker = more_liquid(board, asset, venues)
    maker = venues[1] if taker is venues[0] else venues[0]
    return (taker, maker), (board.market(taker, asset), board.market(maker, asset))


def judge(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Candidate | None:
    """Judge one asset on two venues; None while a market has not told its instrument, quote, mark and rate."""
    case = _case_of(known, asset, venues)
    return None if case is None else _candidate(case)


def judge_for_entry(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Candidate | None:
    """As `judge`, for whoever wants only what passes every gate: None for all else, most of which is not worth it."""
    case = _case_of(known, asset, venues)
    if case is None or not returns.net(case).passed:
        return None
    candidate = _candidate(case)
    return candidate if candidate.passed else None


def _candidate(case: Case) -> Candidate:
    taker, maker = case.venues
    return Candidate(
        asset=case.asset,
        taker_venue=taker,
        maker_venue=maker,
        taker_side=case.taker_side,
        size=case.size,
        bounds=case.sized.bounds,
        persistence=case.outlook.persistence,
        expectation=case.expectation,
        compared=case.compared,
        gates=tuple(entry.check(case) for entry in TABLE),
    )


def _case_of(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Case | None:
    """None while a market has not told all that is needed."""
    ordered, markets = _by_liquidity(known.board, asset, venues)
    if any(m.instrument is None or m.quote is None or m.mark is None for m in markets):
        return None
    if any(market_key(venue, asset) not in known.series for venue in venues):
        return None
    return _survived(_case(known, asset, ordered, markets))


def _survived(case: Case) -> Case:
    """At the largest size that survives the trial; as it was where it does, or where not even one lot would."""
    if not case.size or risks.endurance(case).passed:
        return case
    size = largest(case.size, case.lot, lambda less: risks.endurance(_at(case, less)).passed)
    return _at(case, size) if size else case


def _at(case: Case, size: Decimal) -> Case:
    """The same at a smaller size."""
    told = case.expectation
    capital = told.capital_usd * size / case.size
    terms = (case.venues, case.markets, case.taker_side, size, case.outlook, capital, case.policy)
    return msgspec.structs.replace(
        case,
        sized=case.sized.within("endurance", size),
        expectation=expect(*terms, compared=case.compared),
        stake=msgspec.structs.replace(case.stake, size=size),
    )


def _case(known: Known, asset: str, venues: tuple[Venue, Venue], markets: tuple[Market, Market]) -> Case:
    outlook, side = _direction(known, asset, venues)
    short, long = venues if side is Side.SELL else venues[::-1]
    day, month = (_moves(known, asset, venues, hours) for hours in (DAY_H, MONTH_H))
    assert markets[0].quote is not None
    wish = Wish(
        asset=asset,
        short_venue=short,
        long_venue=long,
        target=known.policy.scanner.notional_usd / markets[0].quote.mid,
        buffer=needed_buffer(month, known.policy),
    )
    found = sized(wish, known.stakes, known.board, known.policy)
    lot = lot_of(*markets)
    counted = found.size or lot
    capital = capital_usd(wish, counted, known.board, known.policy)
    compared = comparable(markets, known.at_ns, known.policy)
    return Case(
        known=known,
        asset=asset,
        venues=venues,
        markets=markets,
        taker_side=side,
        outlook=outlook,
        seen_h=_seen_h(known, asset, venues),
        day=day,
        month=month,
        volatility_known=all(
            is_known(known.swings.get(market_key(venue, asset)), known.policy.gates) for venue in venues
        ),
        sized=found,
        lot=lot,
        expectation=expect(venues, markets, side, counted, outlook, capital, known.policy, compared=compared),
        stake=_stake(asset, short, long, found),
        compared=compared,
    )


def _stake(asset: str, short: Venue, long: Venue, found: Sized) -> Stake:
    return Stake(pair=NEW, asset=asset, short_venue=short, long_venue=long, size=found.size, settled=False)


def _direction(known: Known, asset: str, venues: tuple[Venue, Venue]) -> tuple[Outlook, Side]:
    """The outlook as the pair would earn it, and the taker's side: short where funding is expected to be higher."""
    taker, maker = (known.series[market_key(venue, asset)] for venue in venues)
    outlook = forecast(taker, maker, known.policy.scanner.horizon_h, known.policy.forecast)
    side = Side.SELL if outlook.mean_per_hour > 0 else Side.BUY
    return msgspec.structs.replace(outlook, mean_per_hour=abs(outlook.mean_per_hour)), side


def _seen_h(known: Known, asset: str, venues: tuple[Venue, Venue]) -> Decimal:
    since_ns = max(known.series[market_key(venue, asset)].since_ns for venue in venues)
    return Decimal(known.at_ns - since_ns) / HOUR_NS


def _moves(known: Known, asset: str, venues: tuple[Venue, Venue], hours: Decimal) -> Decimal:
    gates = known.policy.gates
    return max(over_hours(known.swings.get(market_key(venue, asset)), asset, hours, gates) for venue in venues)
