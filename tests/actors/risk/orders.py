"""Orders as the screen sees them, and a risk actor to send them through."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors import risk
from actors.board import Board, Past
from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, Side, TimeInForce, Venue
from actors.messages import OrderDenied
from actors.policy import Policy
from actors.risk import RiskState, screen
from tests.factories import ASSET, PAIR, TAKER, two_venues
from tests.playbook import START_NS, Playbook

RiskPlay = Playbook[RiskState]


def order(
    size: str = "1",
    side: Side = Side.BUY,
    venue: Venue = TAKER,
    asset: str = ASSET,
    *,
    order_id: str = "order-1",
    price: str = "100",
    reduce_only: bool = False,
    at_ns: int = START_NS,
) -> SubmitOrder:
    """An order at the mark, living 20 s."""
    return SubmitOrder(
        order_id=order_id,
        venue=venue,
        asset=asset,
        side=side,
        size=Decimal(size),
        limit_price=Decimal(price),
        time_in_force=TimeInForce.IOC,
        reduce_only=reduce_only,
        purpose="close" if reduce_only else "taker",
        expires_at_ns=at_ns + 20 * NS_PER_S,
        decision_mid=Decimal(100),
    )


def calm(board: Board) -> Board:
    """The marks have been where they are for a while."""
    pasts = {
        key: (Past(at_ns=START_NS, mark=market.mark, open_interest=Decimal(1)),)
        for key, market in board.markets.items()
        if market.mark is not None
    }
    return msgspec.structs.replace(board, pasts=pasts)


def watching(policy: Policy | None = None, board: Board | None = None) -> RiskPlay:
    """A risk actor that holds nothing."""
    state = RiskState(actor="risk", place=risk.ROLE.chart.initial)
    return Playbook(risk.ROLE, state, board or two_venues(), policy)


def send(play: RiskPlay, wish: SubmitOrder, actor: str = PAIR) -> OrderDenied | None:
    """Screen an order; what passes is counted."""
    state, denied = screen(play.state, actor, wish, play.board, play.policy, play.at_ns)
    play.state = state
    if denied is None:
        play.orders.append(wish)
    return denied


def limited(**limits: object) -> Policy:
    """A policy with other limits."""
    return msgspec.structs.replace(Policy(), risk=msgspec.structs.replace(Policy().risk, **limits))
