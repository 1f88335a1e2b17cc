"""How near a venue is to deleveraging one side of a market, from what the venues tell the engine. Pure.

Counterparts: `actors.board`, which keeps an hour of samples; `adl`, which multiplies this with a leg's place in the
queue. The unit is a market's maintenance fraction: a move of one of them within the hour takes a position that stood at
its liquidation price to the loss of all it had left, twice that ruins one at the largest leverage allowed (margin pages
of Hyperliquid and Pacifica, 2025-11). What ruins the other side is what the leg gains.

Not read, though published: the equity of the venues' backstop vaults (Hyperliquid's and Lighter's accounts are public),
and other people's liquidations (public trades of Pacifica and Lighter; Hyperliquid's name none).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from actors.board import Board, Market, Past
from actors.domain import NS_PER_S, ONE, ZERO, Noun
from actors.policy import AdlPolicy
from actors.risk.books import Held


class Stress(Noun, frozen=True, kw_only=True):
    """The largest of its parts, 0 = calm; and in words what each part came from, or why it is not known."""

    value: Decimal
    words: str


class _Part(Noun, frozen=True, kw_only=True):
    value: Decimal
    words: str


def stress_of(held: Held, board: Board, policy: AdlPolicy, at_ns: int, deleveraged_ns: int = 0) -> Stress:
    """The stress of a leg's market; `deleveraged_ns` is when the venue last took a leg of ours, 0 = never."""
    parts = tuple(_parts(held, board, policy, at_ns, deleveraged_ns))
    return Stress(value=max(part.value for part in parts), words=", ".join(part.words for part in parts))


def _parts(held: Held, board: Board, policy: AdlPolicy, at_ns: int, deleveraged_ns: int) -> Iterator[_Part]:
    market = board.market(held.venue, held.asset)
    since_ns = at_ns - round(policy.stress_window_s * NS_PER_S)
    if market.mark is None or market.sampled_ns < since_ns:
        yield _Part(value=ZERO, words=f"market not told within {policy.stress_window_s:g} s")
    else:
        pasts = tuple(past for past in board.past(held.venue, held.asset) if past.at_ns >= since_ns)
        yield _moved(held, market, pasts, at_ns)
        yield _left(market, pasts, policy)
    if deleveraged_ns and deleveraged_ns >= since_ns:
        ago_s = (at_ns - deleveraged_ns) // NS_PER_S
        yield _Part(value=policy.deleveraged_stress, words=f"{held.venue.value} deleveraged us {ago_s} s ago")


def _moved(held: Held, market: Market, pasts: tuple[Past, ...], at_ns: int) -> _Part:
    """How far the mark has moved the leg's way from its worst within the window, in maintenance fractions."""
    assert market.mark is not None
    if market.instrument is None or market.instrument.maintenance_fraction <= 0:
        return _Part(value=ZERO, words="maintenance fraction not known")
    move = favourable_move(held, market.mark, tuple(past.mark for past in pasts))
    seen_s = (at_ns - pasts[0].at_ns) // NS_PER_S if pasts else 0
    value = move / market.instrument.maintenance_fraction
    return _Part(value=value, words=f"moved {move:.4f} its way in {seen_s} s = {value:.2f} maintenance fractions")


def favourable_move(held: Held, mark: Decimal, marks: tuple[Decimal, ...]) -> Decimal:
    """The fraction by which the mark is better for the leg than at the worst of `marks`; never negative."""
    if held.size > 0:
        return max(ZERO, mark / min((*marks, mark)) - ONE)
    return max(ZERO, max((*marks, mark)) / mark - ONE)


def _left(market: Market, pasts: tuple[Past, ...], policy: AdlPolicy) -> _Part:
    """How much of the open interest is gone since its most within the window."""
    now = market.open_interest
    most = max((past.open_interest for past in pasts), default=ZERO)
    if now is None or most <= 0:
        return _Part(value=ZERO, words="open interest not told")
    drop = max(ZERO, ONE - now / most)
    return _Part(value=drop / policy.interest_drop_step, words=f"open interest down {drop:.4f}")
