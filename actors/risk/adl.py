"""The ADL level 1..5 of a leg: the venue's rank where there is one, else an estimate from what is published.

The estimate is queue x stress. Queue: Hyperliquid closes the profitable in the order of (mark / entry) x (notional /
account value) (docs, "Liquidations", 2025-11); for shorts the docs state no inversion, entry / mark is the only
sensible reading. Pacifica and Lighter publish no order: the same is assumed. Stress: `actors.stress`, since nobody is
deleveraged while the other side can pay. The thresholds were set on the deleveraging of 2025-10-10, whose report
(`engine/calibration/ADL.md`) says how often such an estimate is wrong. Drift has no ADL: it socialises losses.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from actors.board import Board
from actors.domain import ONE, ZERO, Venue
from actors.messages import AdlLevelEstimated
from actors.policy import Policy
from actors.risk.books import Held
from actors.stress import Scored, level_at, stress_of

LEVELS = 5
WITHOUT_ADL = (Venue.DRIFT,)
"""Dossier on Drift, 2026-11-22 (program source, controller/liquidation.rs)."""


def estimate(held: Held, board: Board, policy: Policy, at_ns: int, deleveraged_ns: int = 0) -> AdlLevelEstimated:
    """The level of a leg, and in words its source and inputs. `deleveraged_ns`: when the venue last took a leg of ours.

    What is not known is taken at its worst and said: no entry price counts as a gain, no equity as the largest
    leverage allowed. A level above 1 still needs stress.
    """
    level, words = _level(held, board, policy, at_ns, deleveraged_ns)
    estimated = held.adl_rank is None or not held.size
    return AdlLevelEstimated(venue=held.venue, asset=held.asset, level=level, estimated=estimated, inputs=words())


def level_of(held: Held, board: Board, policy: Policy, at_ns: int, deleveraged_ns: int = 0) -> int:
    """The level alone, as `estimate` has it; on the way of every own fill, where words are seldom wanted."""
    return _level(held, board, policy, at_ns, deleveraged_ns)[0]


def stands_in_no_queue(held: Held, mark: Decimal | None) -> bool:
    """Level 1 without a look at the stress, for most legs: no rank was told, and the leg does not gain, or nobody is
    deleveraged on its venue."""
    if held.adl_rank is not None:
        return False
    gain = _gain(held, mark)
    return held.venue in WITHOUT_ADL or (gain is not None and gain <= ONE)


def _level(held: Held, board: Board, policy: Policy, at_ns: int, deleveraged_ns: int) -> tuple[int, Callable[[], str]]:
    if not held.size:
        return 1, lambda: "no position"
    if held.adl_rank is not None:
        return min(LEVELS, 1 + int(held.adl_rank * LEVELS)), lambda: f"venue rank {held.adl_rank}"
    if held.venue in WITHOUT_ADL:
        return 1, lambda: f"{held.venue.value} has no ADL"
    found = score_of(held, board, policy, at_ns, deleveraged_ns)
    return level_at(found.score, policy.adl), found.words


def score_of(held: Held, board: Board, policy: Policy, at_ns: int, deleveraged_ns: int = 0) -> Scored:
    """Queue times stress, with both in words; what the thresholds of the policy are compared with."""
    queue = queue_of(held, board, policy.risk.leverage_most)
    if not queue.score:
        return Scored(ZERO, lambda: _words(queue, stress_of(held, board, policy.adl, at_ns, deleveraged_ns)))
    stress = stress_of(held, board, policy.adl, at_ns, deleveraged_ns)
    return Scored(queue.score * stress.score, lambda: _words(queue, stress))


def _words(queue: Scored, stress: Scored) -> str:
    product = f"estimate {queue.score * stress.score:.2f} = queue {queue.score:.2f} ({queue.words()})"
    return f"{product} x stress {stress.score:.2f} ({stress.words()})"


def queue_of(held: Held, board: Board, leverage_most: Decimal) -> Scored:
    """The published formula; 0 for a leg that does not gain, which no queue holds."""
    mark = board.market(held.venue, held.asset).mark
    gain = _gain(held, mark)
    if gain is not None and gain <= ONE:
        return Scored(ZERO, lambda: f"gain {gain:.4f}, not in profit")
    leverage = _leverage(held, board, mark)
    score = (ONE if gain is None else gain) * (leverage_most if leverage is None else leverage)
    return Scored(score, lambda: _queue_words(gain, leverage, mark, leverage_most))


def _gain(held: Held, mark: Decimal | None) -> Decimal | None:
    """Mark over entry, for a short entry over mark; None where one of them is not known."""
    if mark is None or not held.entry_price:
        return None
    return mark / held.entry_price if held.size > 0 else held.entry_price / mark


def _leverage(held: Held, board: Board, mark: Decimal | None) -> Decimal | None:
    """Notional over the account's equity; None where one of them is not known."""
    account = board.accounts.get(held.venue.value)
    if account is None or mark is None or account.equity_usd <= 0:
        return None
    return abs(held.size) * mark / account.equity_usd


def _queue_words(gain: Decimal | None, leverage: Decimal | None, mark: Decimal | None, leverage_most: Decimal) -> str:
    without = "mark" if mark is None else ""
    told = f"{without or 'entry'} not known, taken as in profit" if gain is None else f"gain {gain:.4f}"
    if leverage is None:
        return f"{told}, {without or 'equity'} not known, leverage taken as {leverage_most}"
    return f"{told}, leverage {leverage:.2f}"
