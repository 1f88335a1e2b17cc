"""Whether our accounts survive bad days with a new pair in them: shocks, a venue gone, a leg taken, funding turned.

Pure. Counterpart: `actors.gates`, whose gate `endurance` refuses what does not survive and names the step that broke
it.

Every leg counts at today's mark. Prices of all assets move together; only the venues of the new pair are tried, since
the entry changes no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from actors.board import Board
from actors.domain import BPS, ONE, ZERO, Noun, Venue
from actors.policy import EndurancePolicy
from actors.stakes import Stake, maintenance_usd, signed_usd


class Step(Noun, frozen=True, kw_only=True):
    """One moment of a trial: what was left of an account (or of both), and the least that had to be."""

    name: str
    left_usd: Decimal
    least_usd: Decimal

    @property
    def survived(self) -> bool:
        """Whether enough was left."""
        return self.left_usd >= self.least_usd


def trial(new: Stake, stakes: tuple[Stake, ...], rate_cost_usd: Decimal, board: Board, policy: EndurancePolicy) -> Step:
    """The first step that breaks an account; the one with the least to spare when all are survived.

    `stakes` are those held without `new`; `rate_cost_usd` (>= 0) is what the pair's own expected funding over the
    horizon is, paid `funding_multiple` times over. An account that is not known has nothing.
    """
    steps = list(steps_of(new, stakes, rate_cost_usd, board, policy))
    broken = next((step for step in steps if not step.survived), None)
    return broken or min(steps, key=lambda step: step.left_usd - step.least_usd)


def steps_of(
    new: Stake, stakes: tuple[Stake, ...], rate_cost_usd: Decimal, board: Board, policy: EndurancePolicy
) -> Iterator[Step]:
    """All steps in order: prices up and down, each venue gone, the winning leg taken, funding turned."""
    venues = (new.short_venue, new.long_venue)
    held = (*stakes, new)
    moves = [sign * shock for sign in (1, -1) for shock in policy.shocks]
    for venue in venues:
        yield from (_shocked(venue, held, move, board, policy) for move in moves)
    for venue, gone in (venues, venues[::-1]):
        yield from (_alone(venue, gone, held, move, board, policy) for move in moves)
    for before, move in _pairs(policy.shocks):
        yield from (_deleveraged(new, held, sign * before, sign * move, board, policy) for sign in (1, -1))
    for venue in venues:
        yield _turned(venue, held, rate_cost_usd, board, policy)


def _pairs(shocks: tuple[Decimal, ...]) -> Iterator[tuple[Decimal, Decimal]]:
    """Each shock with the one before it; nothing before the first."""
    return zip((ZERO, *shocks), shocks, strict=False)


def _equity(venue: Venue, board: Board) -> Decimal:
    account = board.accounts.get(venue.value)
    return ZERO if account is None else account.equity_usd


def _moved(venue: Venue, stakes: tuple[Stake, ...], move: Decimal, board: Board) -> Decimal:
    """What a move of every price brings the legs on a venue, USD."""
    return move * sum((signed_usd(stake, venue, board) for stake in stakes), ZERO)


def _floor(venue: Venue, stakes: tuple[Stake, ...], move: Decimal, board: Board, policy: EndurancePolicy) -> Decimal:
    """The least equity: a fraction of today's, and a multiple of the maintenance margin at the moved prices."""
    maintenance = maintenance_usd(stakes, venue, board) * (ONE + move)
    # An account that is not known breaks at once: it has nothing, and needs a cent.
    least = policy.equity_floor_fraction * _equity(venue, board)
    return max(least, policy.maintenance_multiple * maintenance, Decimal("0.01"))


def _percent(move: Decimal) -> str:
    return f"{move * 100:+.0f} %"


def _shocked(venue: Venue, stakes: tuple[Stake, ...], move: Decimal, board: Board, policy: EndurancePolicy) -> Step:
    return Step(
        name=f"{venue.value}, prices {_percent(move)}",
        left_usd=_equity(venue, board) + _moved(venue, stakes, move, board),
        least_usd=_floor(venue, stakes, move, board, policy),
    )


def _alone(
    venue: Venue, gone: Venue, stakes: tuple[Stake, ...], move: Decimal, board: Board, policy: EndurancePolicy
) -> Step:
    """The other venue is gone, its legs with it: this one's are closed at market after the move."""
    shared = tuple(stake for stake in stakes if stake.sign(gone))
    closing = sum((abs(signed_usd(stake, venue, board)) for stake in shared), ZERO) * policy.slippage_bps * BPS
    return Step(
        name=f"{gone.value} gone, {venue.value} at prices {_percent(move)}",
        left_usd=_equity(venue, board) + _moved(venue, stakes, move, board) - closing,
        least_usd=_floor(venue, tuple(s for s in stakes if not s.sign(gone)), move, board, policy),
    )


def _deleveraged(
    new: Stake, stakes: tuple[Stake, ...], before: Decimal, move: Decimal, board: Board, policy: EndurancePolicy
) -> Step:
    """The leg that gains is taken at the price before the last move (where the other side went bankrupt), the other
    one is closed at market after it; both accounts together."""
    wins, loses = (new.long_venue, new.short_venue) if move > 0 else (new.short_venue, new.long_venue)
    others = tuple(stake for stake in stakes if stake is not new)
    won = _moved(wins, (new,), before, board) + _moved(wins, others, move, board)
    lost = _moved(loses, stakes, move, board)
    closing = abs(signed_usd(new, loses, board)) * policy.slippage_bps * BPS
    equity = _equity(wins, board) + _equity(loses, board)
    return Step(
        name=f"{wins.value} takes the winning leg at {_percent(before)}, {loses.value} is closed at {_percent(move)}",
        left_usd=equity + won + lost - closing,
        least_usd=policy.equity_floor_fraction * equity,
    )


def _turned(
    venue: Venue, stakes: tuple[Stake, ...], rate_cost_usd: Decimal, board: Board, policy: EndurancePolicy
) -> Step:
    """Funding is paid where it was to be received, all of it from one account."""
    return Step(
        name=f"{venue.value} pays {policy.funding_multiple} times the expected funding",
        left_usd=_equity(venue, board) - policy.funding_multiple * rate_cost_usd,
        least_usd=_floor(venue, stakes, ZERO, board, policy),
    )
