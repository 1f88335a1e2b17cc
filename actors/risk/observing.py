"""Measures the venues by what risk sees: words about our orders, links that were lost, the books of what is held.

Time counts from the decision to the fact, ours both: signing and queueing are in it, for every venue alike. An order
whose venue's link broke after it was sent is not measured: the loss of the link is, where it was not our doing, and
what an engine that was away hears late is nobody's fault. Counterparts: `actors.reliability`, which keeps it, and
`books`, which calls this before it counts a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from actors.actor import Context
from actors.board import NOTHING_TOLD, Market
from actors.depth import DEPTH_BPS
from actors.domain import RejectReason, Venue
from actors.messages import (
    MarketSampled,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionReported,
    TimerFired,
)
from actors.reliability import (
    Reliability,
    observe_answer,
    observe_depth,
    observe_doubt,
    observe_final,
    observe_link,
    observe_order,
    observe_reject,
)
from actors.risk.state import InFlight, RiskState

VENUES_FAULT = (RejectReason.RATE_LIMITED, RejectReason.NONCE, RejectReason.HALTED, RejectReason.OTHER)
"""Refusals that say something of the venue; the others speak of the order, the market or our account."""
LADDER = DEPTH_BPS.index(Decimal(25))
"""The figure of a depth ladder by which a book is measured."""

OrderWord = OrderAccepted | OrderFilled | OrderDone | OrderRejected | OrderUnresolved | OrderUnknown


def observed(state: RiskState, context: Context) -> RiskState:
    """The state after what the fact says of its venue; any other fact, of which there are most, changes nothing."""
    match context.message:
        case TimerFired():
            return _look(state, context)
        case MarketSampled() | PositionReported():
            return state
        case (
            OrderAccepted()
            | OrderFilled()
            | OrderDone()
            | OrderRejected()
            | OrderUnresolved()
            | OrderUnknown() as message
        ):
            return _order(state, message, context)
        case _:
            return state


# --- orders ------------------------------------------------------------------------------------------------


def _order(state: RiskState, message: OrderWord, context: Context) -> RiskState:
    order = state.in_flight.get(message.order_id)
    if order is None:
        return state
    doubted = isinstance(message, OrderUnresolved) or (isinstance(message, OrderUnknown) and not order.heard)
    known = msgspec.structs.replace(order, heard=True, doubted=order.doubted or doubted)
    if _link_broke(order, context):
        known = msgspec.structs.replace(known, doubted=True)
    elif not (order.heard and order.doubted):
        state = _measured(state, order, message, doubted, context)
    if known == order:
        return state
    return msgspec.structs.replace(state, in_flight={**state.in_flight, message.order_id: known})


def _link_broke(order: InFlight, context: Context) -> bool:
    """The link is down, or has come up since the order was sent."""
    board = context.board
    return not board.link_up(order.venue) or board.linked_ns.get(order.venue.value, 0) > order.sent_ns


def _measured(state: RiskState, order: InFlight, message: OrderWord, doubted: bool, context: Context) -> RiskState:
    settings, at_ns = context.policy.reliability, context.at_ns
    seen = _watched(state.reliability, order.venue, context)
    if not order.heard:
        seen = observe_order(seen, doubted=doubted, at_ns=at_ns, settings=settings)
        seen = seen if doubted else observe_answer(seen, at_ns - order.sent_ns, at_ns, settings)
    elif doubted:
        seen = observe_doubt(seen, at_ns, settings)
    if isinstance(message, OrderRejected) and message.reason in VENUES_FAULT:
        seen = observe_reject(seen, at_ns, settings)
    if _ends_filled(order, message):
        seen = observe_final(seen, at_ns - order.sent_ns, at_ns, settings)
    return msgspec.structs.replace(state, reliability={**state.reliability, order.venue.value: seen})


def _ends_filled(order: InFlight, message: OrderWord) -> bool:
    """An immediate order that filled is over; what rests may take its time."""
    match message:
        case OrderFilled():
            new = message.fill_id not in order.fills
            return order.immediate and new and order.filled + message.size >= abs(order.signed_size)
        case OrderDone():
            return order.immediate and max(order.filled, message.filled) > 0
        case _:
            return False


# --- links and books ---------------------------------------------------------------------------------------


def _look(state: RiskState, context: Context) -> RiskState:
    """Look at the link and the book of each position that is held."""
    board, settings = context.board, context.policy.reliability
    seen_of = dict(state.reliability)
    legs = [(key, held) for key, held in sorted(state.positions.items()) if held.size and board.link_up(held.venue)]
    for key, held in legs:
        seen = _watched(seen_of, held.venue, context)
        size = _thinner_side(board.markets.get(key, NOTHING_TOLD))
        if size is not None:
            seen = observe_depth(seen, held.asset, size, context.at_ns, settings)
        seen_of[held.venue.value] = seen
    return msgspec.structs.replace(state, reliability=seen_of) if legs else state


def _thinner_side(market: Market) -> Decimal | None:
    """Base units within the distance, on the side that has less; None where no ladder was told."""
    quote = market.quote
    if quote is None or not quote.bid_depths or not quote.ask_depths:
        return None
    return min(quote.bid_depths[LADDER], quote.ask_depths[LADDER])


def _watched(reliability: Mapping[str, Reliability], venue: Venue, context: Context) -> Reliability:
    """What was seen of a venue, its link until now with it."""
    seen = reliability.get(venue.value) or Reliability()
    losses = context.board.losses.get(venue.value, 0)
    return observe_link(seen, losses, context.at_ns, context.policy.reliability)
