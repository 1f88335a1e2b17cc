"""Which pairs are to be closed without anybody asking, and why: one table, evaluated on every look. Pure.

The first row that triggers for a pair speaks for it, and the most urgent pair is asked first: by the row's place, then
by how far its limit is passed. The limits are `policy.auto_close`; 0 switches a row off, but for `market_closed_s`,
which is a pause. A row says nothing while what it looks at was not told lately, or cannot be: prices older than
`scanner.quote_age_most_s`, a status or an account of a venue whose link is down, an account of minutes ago. The run
ends for a loss only when it is found a second time, after every account was told anew.

| rule | triggers | limit | asks | why |
|---|---|---|---|---|
| time_to_liquidation | below | time_to_liquidation_least_s | emergency | an orderly close may take a minute of doubt |
| liquidation_distance | below | liquidation_distance_least_fraction | close | a liquidation costs more than leaving |
| market_closed | above | market_closed_s | close | what may be delisted must not be held |
| daily_loss | above | daily_loss_most_usd | drain | something is wrong that no single pair shows |
| divergence | above | divergence_most_bps | close | the venues disagree: the hedge drains one margin |
| profit_target | above | profit_target_bps | close | the funding of many hours is here already |
| hold_most | above | hold_most_h | close | nothing is held for ever on one old decision |

Closed elsewhere: funding that turned (the scanner), a size nobody ordered (the pair's verification), ADL (`adl`).
Counterpart: `statecharts.risk`, whose rows ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from actors.board import Board, Market
from actors.domain import BPS, HOUR_NS, NS_PER_S, ONE, ZERO, MarketStatus, Venue
from actors.policy import Policy
from actors.risk.books import DAY_NS, Asked, Held, RiskState, account_age_most_ns, is_recent
from actors.risk.liquidation import Nearness, nearness, seconds_left


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

    @property
    def oldest_ns(self) -> int:
        """Prices from before that time are not used."""
        return self.at_ns - round(self.policy.scanner.quote_age_most_s * NS_PER_S)


class Measured(NamedTuple):
    """What was measured, in the unit of its limit, in words, and on which venue where it is about one leg."""

    value: Decimal
    words: Callable[[], str]
    venue: Venue | None = None


class Rule(NamedTuple):
    """One row. `stays`: a pair that could not close when asked is asked again even when the row no longer triggers."""

    name: str
    triggers: Literal["below", "above"]
    limit: str
    asks: Literal["emergency", "close", "drain"]
    measure: Callable[[Case], Measured | None]
    why: str
    stays: bool = False
    zero_is_off: bool = True


class Finding(NamedTuple):
    """A row that triggers for a pair. `urgent`: at once, both legs; else in order."""

    pair: str
    rule: Rule
    measured: Measured
    limit: Decimal
    urgent: bool

    @property
    def excess(self) -> Decimal:
        """How far the limit is passed, as a share of it; what cannot be compared counts as just passed."""
        least, most = sorted((self.measured.value, self.limit))
        return most / least if least > 0 else Decimal("Infinity")

    @property
    def reason(self) -> str:
        """The rule's name first: what was asked is remembered by it."""
        return f"{self.rule.name}: {self.measured.words()} (limit {self.limit})"


# --- measuring ---------------------------------------------------------------------------------------------


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
    """The distance of the two venues' marks, bps."""
    markets = [case.market(held) for held in case.legs]
    marks = [each.mark for each in markets if each.mark is not None and each.sampled_ns >= case.oldest_ns]
    if len(marks) < len(case.legs) or len(marks) < 2:
        return None
    apart = (max(marks) / min(marks) - ONE) / BPS
    return Measured(apart, lambda: f"the venues' marks are {apart:.1f} bps apart")


def profit_target(case: Case) -> Measured | None:
    """What closing now would bring, counted from the first fill, bps of the larger leg's notional."""
    worth = [_worth_usd(held, case.market(held), case.oldest_ns) for held in case.legs]
    known = [usd for usd in worth if usd is not None]
    if len(known) < len(worth) or len(worth) < 2:
        return None
    net = sum(known, ZERO) + sum((held.cash_usd for held in case.legs), ZERO)
    share = net / max(abs(usd) for usd in known) / BPS
    return Measured(share, lambda: f"closing now would bring {net:.2f} USD, {share:.1f} bps")


def _worth_usd(held: Held, market: Market, oldest_ns: int) -> Decimal | None:
    """What closing a leg at the best price brings, the taker fee taken off; None where it is not known, or nothing."""
    if market.quote is None or market.quoted_ns < oldest_ns or market.instrument is None or not held.size:
        return None
    brought = held.size * (market.quote.bid if held.size > 0 else market.quote.ask)
    return brought - abs(brought) * market.instrument.taker_fee


def hold_most(case: Case) -> Measured | None:
    """Hours since the first fill."""
    hours = Decimal(case.at_ns - min(held.since_ns for held in case.legs)) / HOUR_NS if case.legs else ZERO
    return Measured(hours, lambda: f"held for {hours:.1f} h")


RULES: tuple[Rule, ...] = (
    Rule(
        "time_to_liquidation",
        "below",
        "time_to_liquidation_least_s",
        "emergency",
        time_to_liquidation,
        "an orderly close may take a minute of doubt",
    ),
    Rule(
        "liquidation_distance",
        "below",
        "liquidation_distance_least_fraction",
        "close",
        liquidation_distance,
        "a liquidation costs more than leaving",
    ),
    Rule(
        "market_closed",
        "above",
        "market_closed_s",
        "close",
        market_closed,
        "what may be delisted must not be held",
        stays=True,
        zero_is_off=False,
    ),
    Rule(
        "daily_loss",
        "above",
        "daily_loss_most_usd",
        "drain",
        daily_loss,
        "something is wrong that no single pair shows",
    ),
    Rule(
        "divergence",
        "above",
        "divergence_most_bps",
        "close",
        divergence,
        "the venues disagree: the hedge drains one margin",
    ),
    Rule(
        "profit_target",
        "above",
        "profit_target_bps",
        "close",
        profit_target,
        "the funding of many hours is here already",
    ),
    Rule(
        "hold_most",
        "above",
        "hold_most_h",
        "close",
        hold_most,
        "nothing is held for ever on one old decision",
    ),
)
RANKS = {rule.name: rank for rank, rule in enumerate(RULES)}
STAYING = tuple(rule.name for rule in RULES if rule.stays)


# --- judging -----------------------------------------------------------------------------------------------


def findings(cases: dict[str, Case]) -> tuple[Finding, ...]:
    """The first row that triggers for each pair, the most urgent pair first."""
    found = [finding for pair, case in cases.items() if (finding := first_of(pair, case)) is not None]
    return tuple(sorted(found, key=lambda each: (RANKS[each.rule.name], -each.excess, each.pair)))


def first_of(pair: str, case: Case) -> Finding | None:
    """The first row for pairs that triggers."""
    return next((found for rule in RULES if rule.asks != "drain" and (found := triggered(pair, rule, case))), None)


def triggered(pair: str, rule: Rule, case: Case) -> Finding | None:
    """What the row has found, when its limit is passed.

    Seconds count only where the endangered leg can be reached: while its venue is down an emergency would close the
    other leg alone, the one that gains, so the pair is asked to close in order, which waits for both venues.
    """
    limit = Decimal(getattr(case.policy.auto_close, rule.limit))
    if rule.zero_is_off and not limit:
        return None
    measured = rule.measure(case)
    if measured is None or not (measured.value < limit if rule.triggers == "below" else measured.value >= limit):
        return None
    reachable = measured.venue is None or case.board.link_up(measured.venue)
    return Finding(pair, rule, measured, limit, urgent=rule.asks == "emergency" and reachable)


def engine_loss(case: Case) -> Finding | None:
    """What the engine has lost today, when that is too much."""
    return next((found for rule in RULES if rule.asks == "drain" and (found := triggered("", rule, case))), None)


def loss_seen_since(case: Case) -> int:
    """Since when every look has found the day's loss too large, this one too; 0 where it does not, or nothing is held.

    A look long ago is no evidence any more: the accounts may have been told one by one since.
    """
    flat = not case.state.in_flight and not any(held.size for held in case.state.positions.values())
    if flat or engine_loss(case) is None:
        return 0
    seen_ns = case.state.loss_seen_ns
    return seen_ns if 0 < case.at_ns - seen_ns <= account_age_most_ns(case.policy) else case.at_ns


def is_loss_sure(case: Case) -> bool:
    """The loss is there, and was at an earlier look, after which every account was told anew."""
    seen_ns = case.state.loss_seen_ns
    told_anew = all(account.told_ns > seen_ns for account in case.board.accounts.values())
    return bool(seen_ns) and told_anew and engine_loss(case) is not None


def is_news(finding: Finding, asked: Asked | None) -> bool:
    """Not what the pair was asked for last: another rule that is more urgent, or now at once."""
    if asked is None or (finding.urgent and not asked.urgent):
        return True
    return not asked.urgent and RANKS[finding.rule.name] < RANKS.get(asked.rule, len(RULES))


def is_due_again(asked: Asked | None, policy: Policy, at_ns: int) -> bool:
    """Asked in order, and long enough ago. An emergency repeats its attempts itself: it is asked for once."""
    again_ns = round(policy.auto_close.ask_again_s * NS_PER_S)
    return asked is not None and not asked.urgent and at_ns - asked.at_ns >= again_ns
