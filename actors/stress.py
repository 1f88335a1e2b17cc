"""How near a venue is to deleveraging one side of a market, from what the venues tell the engine. Pure.

Counterparts: `actors.board`, which keeps an hour of samples; `actors.risk.adl`, which multiplies this with a leg's
place in the queue; `actors.gates`, which asks for a leg that is not there yet.

The unit is a market's maintenance fraction: a move of one of them within the hour takes a position that stood at
its liquidation price to the loss of all it had left, twice that ruins one at the largest leverage allowed (margin pages
of Hyperliquid and Pacifica, 2025-11). What ruins the other side is what the leg gains.

Not read, though published: the equity of the venues' backstop vaults (Hyperliquid's and Lighter's accounts are public),
and other people's liquidations (public trades of Pacifica and Lighter; Hyperliquid's name none).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple, Protocol

from actors.board import Board, Market, Past
from actors.domain import NS_PER_S, ONE, ZERO, Venue
from actors.policy import AdlPolicy


class Scored(NamedTuple):
    """A number, and what it came from for whoever wants it in words."""

    score: Decimal
    words: Callable[[], str]


class Leg(Protocol):
    """A position, held or thought of; the size is signed."""

    @property
    def venue(self) -> Venue: ...
    @property
    def asset(self) -> str: ...
    @property
    def size(self) -> Decimal: ...


def level_at(score: Decimal, policy: AdlPolicy) -> int:
    """The level 1..5 at a score, place in the queue times stress."""
    return 1 + sum(1 for threshold in policy.level_scores if score >= threshold)


def unknown(words: str) -> Scored:
    """What is not known adds nothing and is said."""
    return Scored(ZERO, lambda: words)


def stress_of(held: Leg, board: Board, policy: AdlPolicy, at_ns: int, deleveraged_ns: int = 0) -> Scored:
    """The stress of a leg's market: the largest of its parts, 0 = calm.

    `deleveraged_ns` is when the venue last took a leg of ours, 0 = never.
    """
    parts = tuple(_parts(held, board, policy, at_ns, deleveraged_ns))
    return Scored(max(part.score for part in parts), lambda: ", ".join(part.words() for part in parts))


def _parts(held: Leg, board: Board, policy: AdlPolicy, at_ns: int, deleveraged_ns: int) -> Iterator[Scored]:
    market = board.market(held.venue, held.asset)
    since_ns = at_ns - round(policy.stress_window_s * NS_PER_S)
    if market.mark is None or market.sampled_ns < since_ns:
        yield unknown(f"market not told within {policy.stress_window_s:g} s")
    else:
        pasts = tuple(past for past in board.past(held.venue, held.asset) if past.at_ns >= since_ns)
        yield _moved(held, market, pasts, at_ns)
        yield _left(market, pasts, policy)
    if deleveraged_ns and deleveraged_ns >= since_ns:
        ago_s = (at_ns - deleveraged_ns) // NS_PER_S
        yield Scored(policy.deleveraged_stress, lambda: f"{held.venue.value} deleveraged us {ago_s} s ago")


def _moved(held: Leg, market: Market, pasts: tuple[Past, ...], at_ns: int) -> Scored:
    """How far the mark has moved the leg's way from its worst within the window, in maintenance fractions."""
    assert market.mark is not None
    if market.instrument is None or market.instrument.maintenance_fraction <= 0:
        return unknown("maintenance fraction not known")
    move = favourable_move(held, market.mark, tuple(past.mark for past in pasts))
    seen_s = (at_ns - pasts[0].at_ns) // NS_PER_S if pasts else 0
    value = move / market.instrument.maintenance_fraction
    return Scored(value, lambda: f"moved {move:.4f} its way in {seen_s} s = {value:.2f} maintenance fractions")


def favourable_move(held: Leg, mark: Decimal, marks: tuple[Decimal, ...]) -> Decimal:
    """The fraction by which the mark is better for the leg than at the worst of `marks`; never negative."""
    if held.size > 0:
        return max(ZERO, mark / min((*marks, mark)) - ONE)
    return max(ZERO, max((*marks, mark)) / mark - ONE)


def _left(market: Market, pasts: tuple[Past, ...], policy: AdlPolicy) -> Scored:
    """How much of the open interest is gone since its most within the window."""
    now = market.open_interest
    most = max((past.open_interest for past in pasts), default=ZERO)
    if now is None or most <= 0:
        return unknown("open interest not told")
    drop = max(ZERO, ONE - now / most)
    return Scored(drop / policy.interest_drop_step, lambda: f"open interest down {drop:.4f}")
