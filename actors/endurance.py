"""Whether our accounts survive bad days with a new pair in them: shocks, a venue gone, a leg taken, funding turned.

Pure. Counterpart: `actors.gates`, whose gate `endurance` refuses what does not survive and names the step that broke
it.

Every leg counts at today's mark. Prices of all assets move together; only the venues of the new pair are tried, since
the entry changes no other. Each account has to stay above its own floor: what a move brings the other one is on another
venue, and hours away.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from msgspec.structs import replace

from actors.board import Board
from actors.depth import slippage_bps
from actors.domain import BPS, ONE, ZERO, Noun, Quote, Side, Venue
from actors.policy import EndurancePolicy, Policy
from actors.pricing import slippage, taker_fee
from actors.stakes import Stake, maintenance_usd, signed_usd

HOUR_S = 3600


class Step(Noun, frozen=True, kw_only=True):
    """One moment of a trial: what was left of an account (or of both), and the least that had to be."""

    name: str
    left_usd: Decimal
    least_usd: Decimal

    @property
    def survived(self) -> bool:
        """Whether enough was left."""
        return self.left_usd >= self.least_usd


def trial(new: Stake, stakes: tuple[Stake, ...], rate_cost_usd: Decimal, board: Board, policy: Policy) -> Step:
    """The first step that breaks an account; the one with the least to spare when all are survived.

    `stakes` are those held without `new`; `rate_cost_usd` (>= 0) is the pair's own expected funding over the horizon,
    of which `funding_multiple` times may have to be paid. An account that is not known has nothing.
    """
    steps = list(steps_of(new, stakes, rate_cost_usd, board, policy))
    broken = next((step for step in steps if not step.survived), None)
    return broken or min(steps, key=lambda step: step.left_usd - step.least_usd)


def steps_of(
    new: Stake, stakes: tuple[Stake, ...], rate_cost_usd: Decimal, board: Board, policy: Policy
) -> Iterator[Step]:
    """All steps in order: prices up and down, each venue gone, the winning leg taken, funding turned."""
    venues, limits = (new.short_venue, new.long_venue), policy.endurance
    held = (*stakes, new)
    moves = [sign * shock for sign in (1, -1) for shock in limits.shocks]
    for venue in venues:
        yield from (_shocked(venue, held, move, board, limits) for move in moves)
    for venue, gone in (venues, venues[::-1]):
        yield from (_alone(venue, gone, held, move, board, limits) for move in moves)
    for move in moves:
        yield from _deleveraged(new, stakes, move, board, limits)
    for venue in venues:
        yield _turned(venue, new, held, rate_cost_usd, board, policy)


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
    closing *= ONE + move
    return Step(
        name=f"{gone.value} gone, {venue.value} at prices {_percent(move)}",
        left_usd=_equity(venue, board) + _moved(venue, stakes, move, board) - closing,
        least_usd=_floor(venue, tuple(s for s in stakes if not s.sign(gone)), move, board, policy),
    )


def _deleveraged(
    new: Stake, stakes: tuple[Stake, ...], move: Decimal, board: Board, policy: EndurancePolicy
) -> Iterator[Step]:
    """The new pair's winning leg is taken before the move has brought it anything, the losing one closed after it.

    A leg is taken at the price at which its other side went bankrupt, and the venue says when: the worst moment of a
    path is its first. So all of the move is lost, and nothing of it won; what else is held goes the whole way.
    """
    wins, loses = (new.long_venue, new.short_venue) if move > 0 else (new.short_venue, new.long_venue)
    closing = _stressed_close(new, loses, move, board, policy)
    lost = _equity(loses, board) + _moved(loses, (*stakes, new), move, board) - closing
    told = f"{wins.value} takes the winning leg before prices go {_percent(move)}"
    yield Step(
        name=f"{told}, {loses.value} is closed at {closing:.2f} USD",
        left_usd=lost,
        least_usd=_floor(loses, stakes, move, board, policy),
    )
    yield Step(
        name=f"{told}, {wins.value} has the rest",
        left_usd=_equity(wins, board) + _moved(wins, stakes, move, board),
        least_usd=_floor(wins, stakes, move, board, policy),
    )


def _stressed_close(stake: Stake, venue: Venue, move: Decimal, board: Board, policy: EndurancePolicy) -> Decimal:
    """What closing a leg at market costs after a move, in a book that is wider and thinner than today's, USD."""
    signed, quote = signed_usd(stake, venue, board), board.market(venue, stake.asset).quote
    told = None
    if quote is not None:
        told = _stressed_bps(quote, Side.SELL if signed > 0 else Side.BUY, stake.size, policy)
    bps = policy.stressed_beyond_bps if told is None else min(told, policy.stressed_beyond_bps)
    return abs(signed) * (ONE + move) * max(bps, policy.slippage_bps) * BPS


def _stressed_bps(quote: Quote, side: Side, size: Decimal, policy: EndurancePolicy) -> Decimal | None:
    """Beyond the mid: today's ladder with so much of each size left, from so many spreads away; None: beyond it."""
    left = policy.stressed_depth_fraction
    thin = replace(
        quote,
        bid_size=quote.bid_size * left,
        ask_size=quote.ask_size * left,
        bid_depths=tuple(each * left for each in quote.bid_depths),
        ask_depths=tuple(each * left for each in quote.ask_depths),
    )
    found = slippage_bps(thin, side, size)
    half_spread = (quote.ask - quote.bid) / 2 / quote.mid / BPS
    return None if found is None else found + (policy.stressed_spread_multiple - 1) * half_spread


def hours_to_act(policy: Policy) -> int:
    """Settlements that a pair pays before inverted funding makes it leave: the rule's hours, a scan, and one more
    that falls due while it leaves."""
    waited = policy.scanner.inverted_h + Decimal(policy.scanner.scan_s) / HOUR_S
    return int(waited.to_integral_value(rounding=ROUND_CEILING)) + 1


def _turned(
    venue: Venue, new: Stake, held: tuple[Stake, ...], rate_cost_usd: Decimal, board: Board, policy: Policy
) -> Step:
    """The new leg pays the most its venue ever charges until the pair has left; or, where that is more, a multiple of
    the expected funding for the whole horizon. And what leaving costs."""
    hours, limits = hours_to_act(policy), policy.endurance
    cap = limits.funding_caps_per_hour.get(venue, ZERO)
    capped, expected = abs(signed_usd(new, venue, board)) * cap * hours, limits.funding_multiple * rate_cost_usd
    told = "a multiple of what is expected"
    if capped > expected:
        told = f"its cap of {(cap * 100).normalize():f} %/h for {hours} h"
    return Step(
        name=f"{venue.value} charges {told}, then the pair leaves",
        left_usd=_equity(venue, board) - max(capped, expected) - _leaving(venue, new, board, policy),
        least_usd=_floor(venue, held, ZERO, board, limits),
    )


def _leaving(venue: Venue, new: Stake, board: Board, policy: Policy) -> Decimal:
    """Closing a leg at market through today's book, USD: slippage, the taker fee and gas."""
    market, signed = board.market(venue, new.asset), signed_usd(new, venue, board)
    slips = slippage(market, Side.SELL if signed > 0 else Side.BUY, new.size) * BPS
    return abs(signed) * (slips + taker_fee(market)) + policy.costs.gas_usd.get(venue, ZERO)
