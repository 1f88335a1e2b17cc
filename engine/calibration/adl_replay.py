"""Feeds recorded hours and the deleveraging of 2025-10-10 to the engine's own ADL estimator, one leg at a time. Pure.

A leg is opened at a day-old price with a given leverage and nothing else on its account. An hour's candle does not say
when its extremes were reached; what is fed is what certainly happened within the hour: from the open to the favourable
extreme, and from the unfavourable extreme to the close. Counterparts: `adl_event` reads, `adl_findings` counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache

import msgspec

from actors.board import Board, fold
from actors.domain import Instrument, Venue
from actors.messages import AccountReported, InstrumentListed, MarketSampled
from actors.policy import Policy
from actors.risk.adl import estimate, score_of
from actors.risk.books import Held
from engine.calibration.adl_event import DAY_MS, HOUR_MS, SECOND_MS, Candle

NS_PER_MS = 1_000_000
POLICY = Policy()
VENUE = Venue.HYPERLIQUID
MAX_LEVERAGE = {"BTC": 40, "ETH": 25, "SOL": 20, "ARB": 10, "INJ": 10, "OP": 10, "WIF": 10}
"""First tiers of Hyperliquid's docs page "Margin tiers" (a stored copy, undated; those of 2025-10 are not recorded)."""
BOUND = Decimal("1.25")
"""A leg's place in the queue exceeds its leverage at the opening by less than this unless it more than doubled."""

Marks = Sequence[tuple[int, Decimal]]
"""Marks at times (ms), oldest first."""


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A position of one base unit: `sign` +1 long, -1 short, `leverage` when it was opened at `entry`."""

    coin: str
    sign: int
    leverage: Decimal
    entry: Decimal

    def equity(self, mark: Decimal) -> Decimal:
        """What its account is worth."""
        return self.entry / self.leverage + self.sign * (mark - self.entry)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the estimator says of a leg at a time."""

    at_ms: int
    score: Decimal
    level: int
    words: str


@cache
def listed(coin: str) -> InstrumentListed:
    """The coin's market; only its maintenance fraction matters here."""
    leverage = MAX_LEVERAGE[coin]
    instrument = Instrument(
        venue=VENUE,
        asset=coin,
        symbol=coin,
        lot=Decimal("0.001"),
        price_decimals=6,
        min_notional_usd=Decimal(10),
        max_leverage=leverage,
        taker_fee=Decimal(0),
        maker_fee=Decimal(0),
        maintenance_fraction=Decimal(1) / (2 * leverage),
    )
    return InstrumentListed(instrument=instrument)


def said(leg: Leg, marks: Marks, policy: Policy = POLICY) -> Said:
    """What the estimator says at the last of these marks; level 1 once the account is used up."""
    at_ms, mark = marks[-1]
    if leg.equity(mark) <= 0:
        return Said(at_ms=at_ms, score=Decimal(0), level=1, words="liquidated before")
    return judged(leg, _board(leg, marks), at_ms, policy)


def _board(leg: Leg, marks: Marks) -> Board:
    """What the engine would have been told by then."""
    at_ms, mark = marks[-1]
    board = fold(Board(), listed(leg.coin), marks[0][0] * NS_PER_MS)
    for each in marks:
        board = fold(board, sampled(leg.coin, *each), each[0] * NS_PER_MS)
    return fold(board, account(leg.equity(mark), at_ms), at_ms * NS_PER_MS)


def judged(leg: Leg, board: Board, at_ms: int, policy: Policy, deleveraged_ms: int = 0) -> Said:
    """The estimator's word on a leg."""
    held = Held(venue=VENUE, asset=leg.coin, size=Decimal(leg.sign), entry_price=leg.entry)
    facts = (held, board, policy, at_ms * NS_PER_MS, deleveraged_ms * NS_PER_MS)
    told = estimate(*facts)
    return Said(at_ms=at_ms, score=score_of(*facts).score, level=told.level, words=told.inputs)


def sampled(coin: str, at_ms: int, mark: Decimal) -> MarketSampled:
    """A mark; of open interest nothing was recorded, and 0 counts as not told."""
    zero = Decimal(0)
    return MarketSampled(
        venue=VENUE, asset=coin, mark=mark, oracle=mark, open_interest=zero, venue_at_ns=at_ms * NS_PER_MS
    )


def account(equity: Decimal, at_ms: int) -> AccountReported:
    """The leg's account."""
    return AccountReported(
        venue=VENUE,
        equity_usd=equity,
        available_usd=equity,
        maintenance_usd=Decimal(0),
        venue_at_ns=at_ms * NS_PER_MS,
    )


def certain(leg: Leg, candle: Candle) -> tuple[Marks, Marks]:
    """What certainly happened within an hour: open to the good extreme, bad extreme to the close."""
    good, bad = (candle.low, candle.high) if leg.sign < 0 else (candle.high, candle.low)
    half, end = candle.at_ms + HOUR_MS // 2, candle.at_ms + HOUR_MS - SECOND_MS
    return ((candle.at_ms, candle.open), (half, good)), ((half, bad), (end, candle.close))


def leg_of(coin: str, candles: Sequence[Candle], at_ms: int, sign: int, leverage: Decimal) -> Leg | None:
    """The leg opened a day before an hour, at the price then; None where that hour was not recorded."""
    opened = next((candle.open for candle in candles if candle.at_ms == at_ms - DAY_MS), None)
    return None if opened is None else Leg(coin=coin, sign=sign, leverage=leverage, entry=opened)


def hours(
    coin: str, candles: Sequence[Candle], sign: int, leverage: Decimal, least: Decimal, policy: Policy = POLICY
) -> Iterator[Said]:
    """The hours in which the score certainly came near `least` for a leg opened a day before: the most it was."""
    opened = {candle.at_ms: candle.open for candle in candles}
    near = least / leverage / BOUND / (2 * MAX_LEVERAGE[coin])
    for candle in candles:
        entry = opened.get(candle.at_ms - DAY_MS)
        if entry is None or candle.high / candle.low - 1 < near:
            continue
        leg = Leg(coin=coin, sign=sign, leverage=leverage, entry=entry)
        most = max((said(leg, marks, policy) for marks in certain(leg, candle)), key=lambda each: each.score)
        yield msgspec.structs.replace(most, at_ms=candle.at_ms)


def elsewhere(leverage: Decimal, policy: Policy = POLICY) -> Said:
    """A leg in a calm market, barely in profit, a second after the venue took another leg of ours."""
    leg = Leg(coin="BTC", sign=1, leverage=leverage, entry=Decimal(1000))
    return judged(leg, _board(leg, ((DAY_MS, Decimal(1001)),)), DAY_MS, policy, DAY_MS - SECOND_MS)
