"""What the gates look at: what is known, one candidate before it is judged, and what comes of it.

Counterparts: `judging`, which makes a case and asks every gate; the modules of gates beside this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from actors.board import Board, Market
from actors.domain import BPS, NS_PER_S, ZERO, Instrument, Side, Venue
from actors.expectation import Expectation
from actors.forecast import Outlook, Series
from actors.one_time import needed_words, told_words
from actors.policy import Policy
from actors.sizing import Bound, Sized
from actors.stakes import Stake
from actors.volatility import Swing


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its name, whether it passed, and the two numbers a person wants to see."""

    name: str
    passed: bool
    measured: str
    needed: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All a judgement rests on: the board at a time, the policy, what the scanner remembers and what is held.

    `series` and `swings` by market key, as `actors.board.market_key` has it.
    """

    board: Board
    policy: Policy
    at_ns: int
    series: Mapping[str, Series]
    swings: Mapping[str, Swing]
    stakes: tuple[Stake, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate before its gates: the taker's venue and market stand first. `stakes` are held without it.

    `compared`: both marks are of one time (`actors.one_time`), else nothing rests on their difference. `month` is the
    standard deviation of a move over 30 days, the larger of both venues'; `day` the same of a day.
    `volatility_known` is False where the profile's assumed figure stands in.
    """

    known: Known
    asset: str
    venues: tuple[Venue, Venue]
    markets: tuple[Market, Market]
    taker_side: Side
    outlook: Outlook
    seen_h: Decimal
    day: Decimal
    month: Decimal
    volatility_known: bool
    sized: Sized
    lot: Decimal
    expectation: Expectation
    stake: Stake
    compared: bool

    @property
    def policy(self) -> Policy:
        """The run's policy."""
        return self.known.policy

    @property
    def board(self) -> Board:
        """The board."""
        return self.known.board

    @property
    def size(self) -> Decimal:
        """The size on the shared lot, zero where there is no room."""
        return self.sized.size

    @property
    def held(self) -> tuple[Stake, ...]:
        """All stakes with the new one among them."""
        return (*self.known.stakes, self.stake)

    def sides(self) -> Iterator[tuple[Venue, Market, Instrument, Side]]:
        """Venue, market, rules and entry side of both legs, the taker first."""
        sides = (self.taker_side, self.taker_side.opposite)
        for venue, market, side in zip(self.venues, self.markets, sides, strict=True):
            assert market.instrument is not None
            yield venue, market, market.instrument, side


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One asset on two venues, judged: which side goes where, the size and what bound it, what it should bring.

    `expectation` is that of `size`; of one lot where there is no room for any. Where the marks were not `compared` the
    basis is not in it: what rests on it is not measured, and no such candidate passes.
    """

    asset: str
    taker_venue: Venue
    maker_venue: Venue
    taker_side: Side
    size: Decimal
    bounds: tuple[Bound, ...]
    persistence: Decimal
    expectation: Expectation
    compared: bool
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """True when every gate passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def refusals(self) -> tuple[Gate, ...]:
        """The gates that did not pass."""
        return tuple(gate for gate in self.gates if not gate.passed)

    @property
    def bound(self) -> str:
        """The limit that bound the size."""
        return self.bounds[0].name

    @property
    def short_venue(self) -> Venue:
        """Where it sells."""
        return self.taker_venue if self.taker_side is Side.SELL else self.maker_venue

    @property
    def long_venue(self) -> Venue:
        """Where it buys."""
        return self.maker_venue if self.taker_side is Side.SELL else self.taker_venue

    @property
    def notional_usd(self) -> Decimal:
        """One leg's; zero where there is no room."""
        return self.expectation.notional_usd if self.size else ZERO

    @property
    def capital_usd(self) -> Decimal:
        """The initial margin of both legs; zero where there is no room."""
        return self.expectation.capital_usd if self.size else ZERO

    @property
    def rate_per_hour(self) -> Decimal:
        """The funding difference expected to be earned (positive), a fraction of notional."""
        return self.expectation.rate_per_hour

    @property
    def cost_bps(self) -> Decimal:
        """The whole round trip and the basis, bps of one leg's notional."""
        told = self.expectation
        return (told.costs_usd - told.basis_usd) / told.notional_usd / BPS

    @property
    def expected_net_usd(self) -> Decimal:
        """Over the horizon; zero where there is no room."""
        return self.expectation.net_usd if self.size else ZERO

    @property
    def break_even_h(self) -> Decimal | None:
        """Hours until the costs are earned; None when they never are."""
        return self.cost_bps * BPS / self.rate_per_hour if self.rate_per_hour > 0 else None

    @property
    def return_on_capital(self) -> Decimal:
        """Expected net over the horizon, a fraction of the margin of both legs; what candidates are ranked by."""
        told = self.expectation
        return told.net_usd / told.capital_usd if told.capital_usd else ZERO


def funding_of(market: Market) -> Decimal | None:
    """The rate to expect next: the forming one where it is published, else the last paid."""
    return market.funding_forming if market.funding_forming is not None else market.funding_last_paid


def skew_s(board: Board, venue: Venue) -> Decimal | None:
    """How far a venue's clock is ahead of ours (negative: behind, or late on the way), seconds; None: not known."""
    skew_ns = board.skew_ns(venue)
    return None if skew_ns is None else Decimal(skew_ns) / NS_PER_S


def most(name: str, measured: Decimal, limit: Decimal) -> Gate:
    """Passed up to the limit."""
    return Gate(name=name, passed=measured <= limit, measured=f"{measured:.4g}", needed=f"<= {limit:.6g}")


def least(name: str, measured: Decimal, limit: Decimal) -> Gate:
    """Passed from the limit on."""
    return Gate(name=name, passed=measured >= limit, measured=f"{measured:.4g}", needed=f">= {limit:.6g}")


def unmeasured(name: str, case: Case, needed: str) -> Gate:
    """Refused: it rests on a comparison of the marks, which are not of one time."""
    told = told_words([market.sampled_ns for market in case.markets], case.known.at_ns)
    marks = f"marks {needed_words(case.policy)}"
    return Gate(name=name, passed=False, measured=f"not measured: marks {told}", needed=f"{needed}, of {marks}")


def verdict(name: str, against: list[str], well: str, needed: str) -> Gate:
    """Passed where nothing speaks against it."""
    return Gate(name=name, passed=not against, measured="; ".join(against) or well, needed=needed)
