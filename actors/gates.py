"""Pre-entry gates: pure checks that each say what they measured and what they needed. All must pass.

Counterpart: `actors.funding_scanner`, which ranks the candidates that pass, and `perp2perp scan`, which prints them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from actors import identity
from actors.board import Board, Market
from actors.domain import BPS, NS_PER_S, ONE, ZERO, Instrument, MarketStatus, Side, Venue, round_size, shared_lot
from actors.policy import Policy, ScannerPolicy


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its name, whether it passed, and the two numbers a person wants to see."""

    name: str
    passed: bool
    measured: str
    needed: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One asset on two venues, judged: which side goes where, the size, and what it is expected to bring.

    `rate_per_hour` is the smoothed funding difference earned (positive), `expected_net_usd` over the horizon after
    the whole round trip on both venues, `break_even_h` the hours until the round trip is paid.
    """

    asset: str
    taker_venue: Venue
    maker_venue: Venue
    taker_side: Side
    size: Decimal
    notional_usd: Decimal
    rate_per_hour: Decimal
    round_trip_bps: Decimal
    expected_net_usd: Decimal
    break_even_h: Decimal | None
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """True when every gate passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def refusals(self) -> tuple[Gate, ...]:
        """The gates that did not pass."""
        return tuple(gate for gate in self.gates if not gate.passed)


def funding_of(market: Market) -> Decimal | None:
    """The rate to expect next: the forming one where it is published, else the last paid."""
    return market.funding_forming if market.funding_forming is not None else market.funding_last_paid


def round_trip_bps(taker: Market, maker: Market, slippage_bps: Decimal) -> Decimal:
    """Fees and slippage of one whole round trip, bps of one leg's notional.

    Entry: taker fee on one venue, maker fee on the other; exit: taker fees on both. Three market orders slip.
    """
    assert taker.instrument is not None
    assert maker.instrument is not None
    fees = 2 * taker.instrument.taker_fee + maker.instrument.maker_fee + maker.instrument.taker_fee
    return fees / BPS + 3 * slippage_bps


def more_liquid(board: Board, asset: str, venues: tuple[Venue, Venue]) -> Venue:
    """The venue with the larger open interest in USD; the first one on a tie."""

    def depth_usd(venue: Venue) -> Decimal:
        market = board.market(venue, asset)
        return (market.open_interest or ZERO) * (market.mark or ZERO)

    return max(venues, key=depth_usd)


def judge(
    board: Board,
    policy: Policy,
    asset: str,
    venues: tuple[Venue, Venue],
    smoothed: Decimal,
    seen_h: Decimal,
    at_ns: int,
) -> Candidate | None:
    """Judge one asset on two venues; None while a market has not told its instrument, quote and mark.

    `smoothed` is the smoothed rate of the first venue less that of the second, per hour.
    """
    taker_venue = more_liquid(board, asset, venues)
    maker_venue = venues[1] if taker_venue is venues[0] else venues[0]
    taker, maker = board.market(taker_venue, asset), board.market(maker_venue, asset)
    if any(m.instrument is None or m.quote is None or m.mark is None for m in (taker, maker)):
        return None
    difference = smoothed if taker_venue is venues[0] else -smoothed
    rate = abs(difference)
    size = _size(taker, maker, policy)
    assert taker.quote is not None
    notional = size * taker.quote.mid
    cost_bps = round_trip_bps(taker, maker, policy.scanner.slippage_bps)
    expected = notional * (rate * policy.scanner.horizon_h - cost_bps * BPS)
    return Candidate(
        asset=asset,
        taker_venue=taker_venue,
        maker_venue=maker_venue,
        taker_side=Side.SELL if difference > 0 else Side.BUY,
        size=size,
        notional_usd=notional,
        rate_per_hour=rate,
        round_trip_bps=cost_bps,
        expected_net_usd=expected,
        break_even_h=cost_bps * BPS / rate if rate else None,
        gates=tuple(_gates(board, policy, taker, maker, (taker_venue, maker_venue), size, expected, seen_h, at_ns)),
    )


def _size(taker: Market, maker: Market, policy: Policy) -> Decimal:
    """The target notional in base units, on the lot both venues share."""
    assert taker.instrument is not None
    assert maker.instrument is not None
    assert taker.quote is not None
    lot = shared_lot(taker.instrument.lot, maker.instrument.lot)
    return round_size(policy.scanner.notional_usd / taker.quote.mid, lot)


def _gates(
    board: Board,
    policy: Policy,
    taker: Market,
    maker: Market,
    venues: tuple[Venue, Venue],
    size: Decimal,
    expected: Decimal,
    seen_h: Decimal,
    at_ns: int,
) -> Iterator[Gate]:
    scanner = policy.scanner
    down = [venue.value for venue in venues if not board.link_up(venue)]
    yield Gate(name="links", passed=not down, measured=f"down: {', '.join(down) or 'none'}", needed="both up")
    yield _reconciled(board, taker, maker)
    yield _venue_status(taker, maker)
    yield _identity(taker, maker, scanner)
    yield _funding_calibrated(taker, maker, scanner)
    yield _clock_skew(board, venues, scanner)
    yield _most("quote_age_s", _age_s(taker, maker, at_ns), scanner.quote_age_most_s)
    yield _most("spread_bps", max(_spread_bps(taker), _spread_bps(maker)), scanner.spread_most_bps)
    yield _most("divergence_bps", _divergence_bps(taker, maker), scanner.divergence_most_bps)
    yield _least("size_above_minimum", _least_notional(taker, maker, size), _minimum(taker, maker))
    yield _most("depth_share", _depth_share(taker, maker, size), scanner.depth_share_most)
    yield _most("open_interest_share", _interest_share(taker, maker, size), scanner.open_interest_share_most)
    yield _least("history_h", seen_h, scanner.history_h)
    notional = max(size * (taker.mark or ONE), ONE)
    yield _least("expected_net_bps", expected / notional / BPS, scanner.net_least_bps)


def _reconciled(board: Board, taker: Market, maker: Market) -> Gate:
    """Neither venue holds anything there that no pair of ours does; one of whom that is not known may."""
    against = [words for each in _instruments(taker, maker) if (words := _found(board, each.venue, each.asset))]
    needed = "both asked, and nothing held that no pair of ours holds"
    return Gate(name="reconciled", passed=not against, measured="; ".join(against) or "both as needed", needed=needed)


def _found(board: Board, venue: Venue, asset: str) -> str:
    """What speaks against opening in a market; nothing where a pair holds it, or where it is known to be empty."""
    if board.holders(venue, asset):
        return ""
    verdict = board.verdict(venue, asset)
    if verdict is None:
        return f"{venue.value}: not asked yet, or not answered"
    return f"{venue.value}: {verdict.size:f} {asset} is held ({verdict.cause})" if verdict.size else ""


def _venue_status(taker: Market, maker: Market) -> Gate:
    """Both venues let us open positions in their market."""
    closed = [each for each in _instruments(taker, maker) if each.status is not MarketStatus.OPEN]
    told = "; ".join(f"{each.venue.value}: {each.status_reason or each.status.value}" for each in closed)
    return Gate(name="venue_status", passed=not closed, measured=told or "both open", needed="both open")


def skew_s(board: Board, venue: Venue) -> Decimal | None:
    """How far a venue's clock is ahead of ours (negative: behind, or late on the way), seconds; None: not known."""
    skew_ns = board.skew_ns(venue)
    return None if skew_ns is None else Decimal(skew_ns) / NS_PER_S


def _clock_skew(board: Board, venues: tuple[Venue, Venue], scanner: ScannerPolicy) -> Gate:
    """Both venues' clocks agree with ours: expiries, nonces and the age of quotes mean what they say."""
    told = [(venue, skew_s(board, venue)) for venue in venues]
    passed = all(skew is not None and abs(skew) <= scanner.clock_skew_most_s for _, skew in told)
    measured = ", ".join(f"{venue.value} {'not known' if skew is None else f'{skew:+.3g} s'}" for venue, skew in told)
    needed = f"within {scanner.clock_skew_most_s} s"
    return Gate(name="clock_skew", passed=passed, measured=measured, needed=needed)


def _identity(taker: Market, maker: Market, scanner: ScannerPolicy) -> Gate:
    """Both markets are one instrument, settled in what the policy allows."""
    against = "; ".join(identity.objections(taker, maker, scanner))
    needed = f"prices within {scanner.identity_price_most_bps} bps, settled in {' or '.join(scanner.settle_tokens)}"
    measured = against or identity.told(taker, maker)
    return Gate(name="identity", passed=not against, measured=measured, needed=needed)


def _funding_calibrated(taker: Market, maker: Market, scanner: ScannerPolicy) -> Gate:
    """The rates that are ranked have been checked against settled payments, where the policy asks for it."""
    bare = [each.venue.value for each in _instruments(taker, maker) if not each.funding_calibrated]
    needed = "both checked against settled payments" if scanner.calibrated_only else "not asked for"
    measured = f"not checked: {', '.join(bare)}" if bare else "both checked"
    passed = not (bare and scanner.calibrated_only)
    return Gate(name="funding_calibrated", passed=passed, measured=measured, needed=needed)


def _instruments(*markets: Market) -> tuple[Instrument, ...]:
    return tuple(market.instrument for market in markets if market.instrument is not None)


def _most(name: str, measured: Decimal, limit: Decimal) -> Gate:
    return Gate(name=name, passed=measured <= limit, measured=f"{measured:.4g}", needed=f"<= {limit}")


def _least(name: str, measured: Decimal, limit: Decimal) -> Gate:
    return Gate(name=name, passed=measured >= limit, measured=f"{measured:.4g}", needed=f">= {limit}")


def _age_s(taker: Market, maker: Market, at_ns: int) -> Decimal:
    return Decimal(at_ns - min(taker.quoted_ns, maker.quoted_ns)) / NS_PER_S


def _spread_bps(market: Market) -> Decimal:
    assert market.quote is not None
    return (market.quote.ask - market.quote.bid) / market.quote.mid / BPS


def _divergence_bps(taker: Market, maker: Market) -> Decimal:
    assert taker.mark is not None
    assert maker.mark is not None
    return abs(taker.mark / maker.mark - ONE) / BPS


def _least_notional(taker: Market, maker: Market, size: Decimal) -> Decimal:
    assert taker.mark is not None
    assert maker.mark is not None
    return size * min(taker.mark, maker.mark)


def _minimum(taker: Market, maker: Market) -> Decimal:
    assert taker.instrument is not None
    assert maker.instrument is not None
    return max(taker.instrument.min_notional_usd, maker.instrument.min_notional_usd)


def _depth_share(taker: Market, maker: Market, size: Decimal) -> Decimal:
    """Largest share of a best level that the size would take, on either venue and side."""
    quotes = [market.quote for market in (taker, maker) if market.quote is not None]
    thinnest = min(min(quote.bid_size, quote.ask_size) for quote in quotes)
    return size / thinnest if thinnest else Decimal("Infinity")


def _interest_share(taker: Market, maker: Market, size: Decimal) -> Decimal:
    smallest = min(taker.open_interest or ZERO, maker.open_interest or ZERO)
    return size / smallest if smallest else Decimal("Infinity")
