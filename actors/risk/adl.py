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


def estimate(held: Held, board: Board, policy: AdlPolicy) -> AdlLevelEstimated:
    """The level of a position and the inputs it came from."""
    if held.adl_rank is not None:
        level = min(LEVELS, 1 + int(held.adl_rank * LEVELS))
        return _level(held, level, estimated=False, inputs=f"venue rank {held.adl_rank}")
    market, account = board.market(held.venue, held.asset), board.accounts.get(held.venue.value)
    if market.mark is None or account is None or not held.entry_price or account.equity_usd <= 0:
        return _level(held, 1, estimated=True, inputs="entry, mark or equity not known")
    gain = own_return(held, market.mark)
    leverage = abs(held.size) * market.mark / account.equity_usd
    score = max(ZERO, gain) * leverage
    level = 1 + sum(1 for threshold in policy.level_scores if score >= threshold)
    return _level(held, level, estimated=True, inputs=f"return {gain:.4f} x leverage {leverage:.2f} = {score:.4f}")


def own_return(held: Held, mark: Decimal) -> Decimal:
    """Gain of the position as a fraction of its entry price, signed."""
    entry = held.entry_price or mark
    change = (mark - entry) / entry
    return change if held.size > 0 else -change


def _level(held: Held, level: int, *, estimated: bool, inputs: str) -> AdlLevelEstimated:
    return AdlLevelEstimated(venue=held.venue, asset=held.asset, level=level, estimated=estimated, inputs=inputs)
