"""How near a leg is to its liquidation: in price, and in time at the speed its mark has had. Pure.

Counterparts: `actors.board`, which keeps an hour of marks by the minute; `auto_close`, which acts on what is found.

Without the venue's own figure the price is an estimate, for cross margin: the mark p' at which equity meets
maintenance if this mark alone moves, equity + s (p' - p) = others + |s| p' f, with s the signed size, f the market's
maintenance fraction, and others the maintenance of the account's other positions. Hyperliquid's docs ("Liquidations",
2025-11) give the same, p - side x (equity - maintenance) / |s| / (1 - f x side); that Pacifica, Lighter and Drift count
alike is not verified, but all of them publish a price, or equity and maintenance. Where it errs it errs to the near
side: what the leg lost since the account was told is taken off its equity, what it gained is not added.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from actors.board import PAST_STEP_S, Account, Board, Market, Past
from actors.domain import NS_PER_S, ZERO
from actors.one_time import oldest_ns
from actors.policy import Policy
from actors.risk.state import Held


class Nearness(NamedTuple):
    """A leg, its mark, the mark at which it is liquidated, and whether that is the engine's estimate."""

    held: Held
    mark: Decimal
    price: Decimal
    estimated: bool

    @property
    def distance(self) -> Decimal:
        """How far the mark may go against the leg, in price; nothing is left at zero or below."""
        return self.mark - self.price if self.held.size > 0 else self.price - self.mark

    @property
    def fraction(self) -> Decimal:
        """The distance as a fraction of the mark."""
        return self.distance / self.mark

    def words(self) -> str:
        """The leg and both prices, for people."""
        source = "estimated" if self.estimated else "by the venue"
        leg = f"{self.held.size} {self.held.asset} on {self.held.venue.value}"
        return f"{leg}, mark {self.mark}, liquidated at {self.price:.6g} {source}"


def nearness(held: Held, board: Board, policy: Policy, at_ns: int) -> Nearness | None:
    """How near it is; None where no price would liquidate it, or what is needed was not told, or too long ago."""
    market = board.market(held.venue, held.asset)
    if not held.size or market.mark is None or market.sampled_ns < oldest_ns(at_ns, policy):
        return None
    if held.liquidation_price is not None:
        return Nearness(held, market.mark, held.liquidation_price, estimated=False)
    price = estimated_price(held, board)
    return None if price is None else Nearness(held, market.mark, price, estimated=True)


def estimated_price(held: Held, board: Board) -> Decimal | None:
    """The price of the module's formula; None where nothing positive comes of it, or something was not told."""
    market, account = board.market(held.venue, held.asset), board.accounts.get(held.venue.value)
    return estimated(held, market, account, board.past(held.venue, held.asset))


def estimated(held: Held, market: Market, account: Account | None, pasts: tuple[Past, ...]) -> Decimal | None:
    """As `estimated_price`, of what the board has on the leg's market and account."""
    mark = market.mark
    if account is None or mark is None or market.instrument is None:
        return None
    then = mark_at(pasts, account.told_ns, mark)
    margin = abs(held.size) * market.instrument.maintenance_fraction
    others = max(ZERO, account.maintenance_usd - margin * then)
    equity = account.equity_usd + min(ZERO, held.size * (mark - then))
    price = (held.size * mark - equity + others) / (held.size - margin)
    return price if price > 0 else None


def mark_at(pasts: tuple[Past, ...], at_ns: int, now: Decimal) -> Decimal:
    """The mark remembered last before that time; `now` where none is."""
    for past in reversed(pasts):
        if past.at_ns <= at_ns:
            return past.mark
    return now


def seconds_left(near: Nearness, board: Board, window_s: float, at_ns: int) -> Decimal | None:
    """Until the mark is at the liquidation price, at the fastest it went against the leg within the window.

    The speed is the largest of (mark now - mark then) / time since, over the samples of the window; a time shorter
    than the step between samples counts as that step, so that one tick is no speed. None while it is not positive.
    """
    held, since_ns = near.held, at_ns - round(window_s * NS_PER_S)
    pasts = (past for past in board.past(held.venue, held.asset) if past.at_ns >= since_ns)
    speed = max((_speed(near, past, at_ns) for past in pasts), default=ZERO)
    return near.distance / speed if speed > 0 else None


def _speed(near: Nearness, past: Past, at_ns: int) -> Decimal:
    """Price a second against the leg since that sample."""
    against = past.mark - near.mark if near.held.size > 0 else near.mark - past.mark
    return against / max(Decimal(at_ns - past.at_ns) / NS_PER_S, Decimal(PAST_STEP_S))
