"""What the rows of `auto_close` look at, and what they measure. Pure.

A measure says nothing (None) while what it looks at was not told lately, or cannot be: prices older than
`scanner.quote_age_most_s`, a status or an account of a venue whose link is down, an account of minutes ago.
Counterparts: `auto_close`, which holds each of them against its limit; `longest_hold`, which measures its rows itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from actors.board import Board, Market
from actors.domain import BPS, NS_PER_S, ONE, ZERO, MarketStatus, Venue
from actors.flat_cost import OpenLeg, flat_cost
from actors.one_time import of_one_time
from actors.policy import Policy
from actors.risk.books import DAY_NS, is_recent
from actors.risk.liquidation import Nearness, nearness, seconds_left
from actors.risk.state import Held, RiskState


class Case(NamedTuple):
    """What a row looks at: the legs of one pair (none for the whole engine), and everything that is known."""

    legs: tuple[Held, ...]
    state: RiskState
    board: Board
    policy: Policy
    at_ns: int

    def market(self, held: Held) -> Market:
        """The market of a leg."""
        return self.board.market(held.venue, held.asset)


class Measured(NamedTuple):
    """What was measured, in the unit of its limit, in words, and on which venue where it is about one leg."""

    value: Decimal
    words: Callable[[], str]
    venue: Venue | None = None


def _near(case: Case) -> Iterator[Nearness]:
    found = (nearness(held, case.board, case.policy, case.at_ns) for held in case.legs)
    return (near for near in found if near is not None)


def time_to_liquidation(case: Case) -> Measured | None:
    """Seconds until the first leg is liquidated, at the recent speed of its mark."""
    window_s = case.policy.auto_close.speed_window_s
    timed = [(seconds_left(near, case.board, window_s, case.at_ns), near) for near in _near(case)]
    known = [(seconds, near) for seconds, near in timed if seconds is not None]
    if not known:
        return None
    seconds, near = min(known, key=lambda each: each[0])
    return Measured(seconds, lambda: f"{seconds:.0f} s left at its recent speed, {near.words()}", near.held.venue)


def liquidation_distance(case: Case) -> Measured | None:
    """The fraction by which the first leg's mark may still go against it."""
    near = min(_near(case), key=lambda each: each.fraction, default=None)
    if near is None:
        return None
    return Measured(near.fraction, lambda: f"{near.fraction:.4f} of the mark left, {near.words()}", near.held.venue)


def venue_silent(case: Case) -> Measured | None:
    """Seconds since a venue whose link is down last told of a leg's market, or of our account.

    A link that is up answers to its pings: what tells nothing there has nothing to tell.
    """
    told = [(_told_ns(held, case), held.venue) for held in case.legs if not case.board.link_up(held.venue)]
    if not told:
        return None
    last_ns, venue = min(told, key=lambda each: each[0])
    if not last_ns:
        return None
    seconds = Decimal(case.at_ns - last_ns) / NS_PER_S
    return Measured(seconds, lambda: f"{venue.value} is down, and has told nothing for {seconds:.0f} s", venue)


def _told_ns(held: Held, case: Case) -> int:
    market, account = case.market(held), case.board.accounts.get(held.venue.value)
    return max(market.sampled_ns, market.quoted_ns, 0 if account is None else account.told_ns)


def market_closed(case: Case) -> Measured | None:
    """Seconds for which a market was heard not to be open, where that is the venue's doing and its link is up."""
    closed = [held for held in case.legs if _closed(case.market(held)) and case.board.link_up(held.venue)]
    if not closed:
        return None
    first = min(closed, key=lambda held: case.market(held).status_ns)
    seconds = Decimal(case.at_ns - case.market(first).status_ns) / NS_PER_S
    return Measured(seconds, lambda: f"{_status_words(first, case.market(first))} for {seconds:.0f} s", first.venue)


def _closed(market: Market) -> bool:
    instrument = market.instrument
    return instrument is not None and instrument.status is not MarketStatus.OPEN and not instrument.status_ours


def _status_words(held: Held, market: Market) -> str:
    assert market.instrument is not None
    halted = market.instrument.status is MarketStatus.HALTED
    kept = ", both legs are kept until it trades again," if halted else ""
    reason = f" ({market.instrument.status_reason})" if market.instrument.status_reason else ""
    return f"{held.asset} on {held.venue.value} is {market.instrument.status.value}{reason}{kept}"


def daily_loss(case: Case) -> Measured | None:
    """Equity lost on all accounts since midnight UTC, USD; a withdrawal looks like a loss, a deposit hides one.

    None unless each account is known: one leg's gain that was not told would leave the other's loss alone.
    """
    now, start = case.board.accounts, case.state.equity_start_usd
    if not start or not all(_is_known(venue, case) for venue in sorted({**now, **start})):
        return None
    lost = sum((start[venue] - now[venue].equity_usd for venue in sorted(start)), ZERO)
    return Measured(lost, lambda: f"{lost:.2f} USD of equity lost since midnight UTC")


def _is_known(venue: str, case: Case) -> bool:
    """Whether the account has a start of this day, was told a short time ago, and is listened to."""
    told = case.board.accounts.get(venue)
    today = case.state.day_ns == case.at_ns - case.at_ns % DAY_NS and venue in case.state.equity_start_usd
    return today and told is not None and is_recent(told, case.at_ns, case.policy) and case.board.link_up(Venue(venue))


def divergence(case: Case) -> Measured | None:
    """The distance of the two venues' marks, bps, where they are of one time."""
    markets = [case.market(held) for held in case.legs]
    marks = [each.mark for each in markets if each.mark is not None]
    told_ns = [each.sampled_ns for each in markets]
    if len(marks) < len(markets) or len(marks) < 2 or not of_one_time(told_ns, case.at_ns, case.policy):
        return None
    apart = (max(marks) / min(marks) - ONE) / BPS
    return Measured(apart, lambda: f"the venues' marks are {apart:.1f} bps apart")


def profit_target(case: Case) -> Measured | None:
    """What being flat now would bring, counted from the first fill, bps of the larger leg's notional.

    None unless both books are of one time: a move that one venue has not told yet is no profit.
    """
    legs = [OpenLeg(held.venue, held.asset, held.size) for held in case.legs if held.size]
    cost = flat_cost(legs, case.board, case.policy, case.at_ns)
    if cost is None or cost.brings_usd is None or len(legs) < 2:
        return None
    net = cost.brings_usd + sum((held.cash_usd for held in case.legs), ZERO)
    share = net / cost.notional_usd / BPS
    return Measured(share, lambda: f"being flat now would bring {net:.2f} USD, {share:.1f} bps, after {cost.words()}")
