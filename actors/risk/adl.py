"""The ADL level 1..5 of a leg: the venue's rank where there is one, else an estimate from what is published.

The estimate is queue x stress. Queue: Hyperliquid closes the profitable in the order of (mark / entry) x (notional /
account value) (docs, "Liquidations", 2025-11); for shorts the docs state no inversion, entry / mark is the only
sensible reading. Pacifica and Lighter publish no order: the same is assumed. Stress: `stress`, since nobody is
deleveraged while the other side can pay. The thresholds were set on the deleveraging of 2025-10-10, whose report
(`engine/calibration/ADL.md`) says how often such an estimate is wrong. Drift has no ADL: it socialises losses.
"""

from __future__ import annotations

from decimal import Decimal

from actors.board import Board
from actors.domain import ZERO, Noun, Venue
from actors.messages import AdlLevelEstimated
from actors.policy import Policy
from actors.risk.books import Held
from actors.risk.stress import stress_of

LEVELS = 5
WITHOUT_ADL = (Venue.DRIFT,)
"""Dossier on Drift, 2026-11-22 (program source, controller/liquidation.rs)."""


class Queue(Noun, frozen=True, kw_only=True):
    """A leg's place among those who gain: own return (None = not known), effective leverage, and their product."""

    score: Decimal
    words: str


def estimate(held: Held, board: Board, policy: Policy, at_ns: int, deleveraged_ns: int = 0) -> AdlLevelEstimated:
    """The level of a leg, and in words its source and inputs. `deleveraged_ns`: when the venue last took a leg of ours.

    What is not known is taken at its worst and said: no entry price counts as a gain, no equity as the largest
    leverage allowed. A level above 1 still needs stress.
    """
    level, words = _level(held, board, policy, at_ns, deleveraged_ns)
    estimated = held.adl_rank is None or not held.size
    return AdlLevelEstimated(venue=held.venue, asset=held.asset, level=level, estimated=estimated, inputs=words)


def _level(held: Held, board: Board, policy: Policy, at_ns: int, deleveraged_ns: int) -> tuple[int, str]:
    if not held.size:
        return 1, "no position"
    if held.adl_rank is not None:
        return min(LEVELS, 1 + int(held.adl_rank * LEVELS)), f"venue rank {held.adl_rank}"
    if held.venue in WITHOUT_ADL:
        return 1, f"{held.venue.value} has no ADL"
    queue = queue_of(held, board, policy.risk.leverage_most)
    stress = stress_of(held, board, policy.adl, at_ns, deleveraged_ns)
    score = queue.score * stress.value
    level = 1 + sum(1 for threshold in policy.adl.level_scores if score >= threshold)
    words = f"estimate {score:.2f} = queue {queue.score:.2f} ({queue.words}) x stress {stress.value:.2f}"
    return level, f"{words} ({stress.words})"


def queue_of(held: Held, board: Board, leverage_most: Decimal) -> Queue:
    """The published formula; 0 for a leg that does not gain, which no queue holds."""
    gain, said = _gain(held, board.market(held.venue, held.asset).mark)
    if gain is not None and gain <= 1:
        return Queue(score=ZERO, words=f"{said}, not in profit")
    leverage, told = _leverage(held, board, leverage_most)
    return Queue(score=(gain or Decimal(1)) * leverage, words=f"{said}, {told}")


def _gain(held: Held, mark: Decimal | None) -> tuple[Decimal | None, str]:
    """Mark over entry, for a short entry over mark."""
    if mark is None or not held.entry_price:
        return None, f"{'mark' if mark is None else 'entry'} not known, taken as in profit"
    gain = mark / held.entry_price if held.size > 0 else held.entry_price / mark
    return gain, f"gain {gain:.4f}"


def _leverage(held: Held, board: Board, leverage_most: Decimal) -> tuple[Decimal, str]:
    """Notional over the account's equity; the most allowed where one of them is not known."""
    account, mark = board.accounts.get(held.venue.value), board.market(held.venue, held.asset).mark
    if account is None or mark is None or account.equity_usd <= 0:
        return leverage_most, f"{'mark' if mark is None else 'equity'} not known, leverage taken as {leverage_most}"
    leverage = abs(held.size) * mark / account.equity_usd
    return leverage, f"leverage {leverage:.2f}"
