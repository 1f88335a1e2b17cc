"""What simple rules would have made of the same hours, fees and prices: flat, static, naive flipping. Pure.

Every leg is of the same notional at entry and held in base units. Opening or closing a leg costs the venue's taker fee
and half the made-up book's spread, which is counted as price, as it is in the engine's figures. A rule knows what the
engine knows: the rate shown at an hour, and what was paid up to it; what it holds from an hour on is paid at the next.
Counterpart: the engine's own run on the same market.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

BPS = Decimal("0.0001")
ZERO = Decimal(0)


class Hour(NamedTuple):
    """One venue, one asset, at a whole hour: the price then, what was paid then, and the rate shown then."""

    price: Decimal
    paid: Decimal
    shown: Decimal | None


Tape = Mapping[int, Mapping[str, Hour]]
"""Of one asset: by hour, in order, by venue. Hours that are missing are in no tape."""


class Terms(NamedTuple):
    """USD a leg, taker fee by venue as a fraction, and half the spread in bps."""

    notional: Decimal
    fees: Mapping[str, Decimal]
    half_spread_bps: Decimal


class Sides(NamedTuple):
    """Where a rule is short and where long."""

    short: str
    long: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule made, USD. `curve` is the net by hour, open legs at the hour's price; `trades` counts legs."""

    net: Decimal
    funding: Decimal
    fees: Decimal
    price: Decimal
    trades: int
    traded: Decimal
    curve: dict[int, Decimal]


Rule = Callable[[int, Mapping[str, Hour], Sides | None], Sides | None]
"""The hour, what is known then, what is held: what to hold from now on."""


def flat(_: int, __: Mapping[str, Hour], ___: Sides | None) -> Sides | None:
    """Never anything."""
    return None


def naive(_: int, known: Mapping[str, Hour], held: Sides | None) -> Sides | None:
    """Short where the shown rate is higher, every hour anew; a tie, or an untold rate, changes nothing."""
    shown = {venue: hour.shown for venue, hour in sorted(known.items()) if hour.shown is not None}
    if len(shown) < 2:
        return held
    high, low = max(shown, key=lambda venue: shown[venue]), min(shown, key=lambda venue: shown[venue])
    return held if shown[high] == shown[low] else Sides(high, low)


def static(tape: Tape, until_ns: int) -> Rule:
    """The side that paid on average before `until_ns`, held from then on."""
    sums: dict[str, Decimal] = {}
    for at_ns, hour in tape.items():
        if at_ns < until_ns:
            for venue, told in hour.items():
                sums[venue] = sums.get(venue, ZERO) + told.paid
    names = sorted(sums)
    high, low = max(names, key=sums.__getitem__, default=""), min(names, key=sums.__getitem__, default="")
    chosen = Sides(high, low) if high != low else None

    def rule(at_ns: int, _: Mapping[str, Hour], __: Sides | None) -> Sides | None:
        return chosen if at_ns >= until_ns else None

    return rule


def follow(tape: Tape, rule: Rule, terms: Terms) -> Made:
    """Play a rule through a tape; what is open at its end is closed there."""
    book = _Book(terms)
    last_ns = max(tape, default=0)
    curve: dict[int, Decimal] = {}
    for at_ns, hour in tape.items():
        book.passed(hour)
        wanted = None if at_ns == last_ns else rule(at_ns, hour, book.held)
        if wanted != book.held:
            book.close(hour)
            book.open(wanted, hour)
        curve[at_ns] = book.net
    return Made(
        net=book.net,
        funding=book.funding,
        fees=book.fees,
        price=book.price,
        trades=book.trades,
        traded=book.traded,
        curve=curve,
    )


class _Book:
    """What a rule holds, and what came of it so far."""

    def __init__(self, terms: Terms) -> None:
        self.held: Sides | None = None
        self.funding = self.fees = self.price = self.traded = ZERO
        self.trades = 0
        self._terms, self._units = terms, ZERO
        self._marks: dict[str, Decimal] = {}

    @property
    def net(self) -> Decimal:
        """Everything, open legs at the last price."""
        return self.funding + self.price - self.fees

    def passed(self, hour: Mapping[str, Hour]) -> None:
        """An hour has passed: prices have moved, and funding is paid on what is held."""
        if self.held is None:
            return
        for venue, sign in ((self.held.short, -1), (self.held.long, 1)):
            told = hour[venue]
            self.price += sign * self._units * (told.price - self._marks[venue])
            self.funding -= sign * self._units * told.price * told.paid
            self._marks[venue] = told.price

    def open(self, sides: Sides | None, hour: Mapping[str, Hour]) -> None:
        """Both legs, of the notional at the short venue's price."""
        if sides is not None:
            self._units = self._terms.notional / hour[sides.short].price
            self._marks = {venue: hour[venue].price for venue in sides}
            self._trade(sides, hour)
        self.held = sides

    def close(self, hour: Mapping[str, Hour]) -> None:
        """Both legs."""
        if self.held is not None:
            self._trade(self.held, hour)
        self.held = None

    def _trade(self, sides: Sides, hour: Mapping[str, Hour]) -> None:
        for venue in sides:
            worth = self._units * hour[venue].price
            self.fees += worth * self._terms.fees[venue]
            self.price -= worth * self._terms.half_spread_bps * BPS
            self.traded += worth
            self.trades += 1


def together(parts: list[Made]) -> Made:
    """Several assets' results as one; a curve stands where it was while another asset's hours go on."""
    hours = sorted({at_ns: None for part in parts for at_ns in part.curve})
    last = [ZERO] * len(parts)
    curve: dict[int, Decimal] = {}
    for at_ns in hours:
        last = [part.curve.get(at_ns, before) for part, before in zip(parts, last, strict=True)]
        curve[at_ns] = sum(last, ZERO)
    return Made(
        net=sum((part.net for part in parts), ZERO),
        funding=sum((part.funding for part in parts), ZERO),
        fees=sum((part.fees for part in parts), ZERO),
        price=sum((part.price for part in parts), ZERO),
        trades=sum(part.trades for part in parts),
        traded=sum((part.traded for part in parts), ZERO),
        curve=curve,
    )
