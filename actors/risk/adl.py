"""The ADL level 1..5 of a position: the venue's rank where there is one, else an estimate from what is published.

Hyperliquid ranks by (mark / entry) * (notional / account value) (docs, liquidations/ADL page, 2025-11); for shorts
the inversion entry / mark is the only sensible reading. No venue says where the queue begins, so the score is
compared with configured thresholds on own return times effective leverage, and labelled an estimate.
"""

from __future__ import annotations

from decimal import Decimal

from actors.board import Board
from actors.domain import ZERO
from actors.messages import AdlLevelEstimated
from actors.policy import AdlPolicy
from actors.risk.books import Held

LEVELS = 5


def level_of(held: Held, board: Board, policy: AdlPolicy) -> int:
    """The level of a position."""
    if held.adl_rank is not None:
        return min(LEVELS, 1 + int(held.adl_rank * LEVELS))
    mark = board.market(held.venue, held.asset).mark
    if mark is None or own_return(held, mark) <= 0:
        return 1
    inputs = _inputs(held, board)
    if inputs is None:
        return 1
    gain, leverage = inputs
    return 1 + sum(1 for threshold in policy.level_scores if gain * leverage >= threshold)


def estimate(held: Held, board: Board, policy: AdlPolicy) -> AdlLevelEstimated:
    """The level of a position and, in words, the inputs it came from."""
    return AdlLevelEstimated(
        venue=held.venue,
        asset=held.asset,
        level=level_of(held, board, policy),
        estimated=held.adl_rank is None,
        inputs=_words(held, board),
    )


def _inputs(held: Held, board: Board) -> tuple[Decimal, Decimal] | None:
    """Own return and effective leverage; None while entry, mark or equity are not known."""
    market, account = board.market(held.venue, held.asset), board.accounts.get(held.venue.value)
    if market.mark is None or account is None or not held.entry_price or account.equity_usd <= 0:
        return None
    return own_return(held, market.mark), abs(held.size) * market.mark / account.equity_usd


def _words(held: Held, board: Board) -> str:
    if held.adl_rank is not None:
        return f"venue rank {held.adl_rank}"
    inputs = _inputs(held, board)
    if inputs is None:
        return "entry, mark or equity not known"
    gain, leverage = inputs
    return f"return {gain:.4f} x leverage {leverage:.2f} = {max(ZERO, gain) * leverage:.4f}"


def own_return(held: Held, mark: Decimal) -> Decimal:
    """Gain of the position as a fraction of its entry price, signed."""
    entry = held.entry_price or mark
    change = (mark - entry) / entry
    return change if held.size > 0 else -change
