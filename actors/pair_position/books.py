"""Absorbing: facts go into the books, and the trigger for the chart is named. Nothing is decided here."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors import one_time
from actors.actor import Context
from actors.board import Market
from actors.closing_order import closing_order
from actors.commands import AdoptPosition, AnyCommand, RaiseAlarm, SubmitOrder
from actors.domain import BPS, HOUR_NS, NS_PER_S, ONE, ZERO, Quote, Side, shared_lot
from actors.messages import (
    AdlLevelEstimated,
    CancelRejected,
    CloseAsked,
    EmergencyAsked,
    EngineResumed,
    EntryAsked,
    ForcedFill,
    FundingPaid,
    LinkLost,
    LossSocialised,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderMessage,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QueryFailed,
    ReduceAsked,
    TimerFired,
)
from actors.pair_position.state import LEGS, Leg, LegName, Order, PairPosition, Purpose, leg_on, with_leg
from statecharts.interpreter import compile_chart, decide
from statecharts.order import CHART as ORDER_CHART, DOUBTED
from statecharts.pair_position.places import HELD

ORDER_TABLE = compile_chart(ORDER_CHART)
FILL_TOLD_TWICE = "fill_told_twice"
SIZED = (OrderFilled, OrderDone)
OUR_OWN_WORDS = (QueryFailed, OrderUnresolved, OrderDenied, LinkLost)
"""That a venue does not answer, or is gone."""
ASKING_FOR_LESS = (CloseAsked, EmergencyAsked, ReduceAsked, AdlLevelEstimated)
REMEMBERED = 48
"""Payment and forced-fill ids kept to recognise repeats."""


def absorb(state: PairPosition, context: Context) -> tuple[PairPosition, str]:
    """Take a message into the books; returns the state and the chart's trigger."""
    message = context.message
    state = _closing_order(_heard(_measure_naked(state, context), context), context)
    match message:
        case PositionReported():
            return _position(state, message, context)
        case (
            OrderAccepted()
            | OrderFilled()
            | OrderDone()
            | OrderRejected()
            | OrderDenied()
            | OrderUnresolved()
            | OrderUnknown()
            | CancelRejected()
        ):
            return _order(state, message, context)
        case PositionDeleveraged() | PositionLiquidated():
            return _forced(state, message), type(message).__name__
        case FundingPaid():
            return _funding(state, message, context), "FundingPaid"
        case LossSocialised():
            return _haircut(state, message), "LossSocialised"
        case TimerFired():
            return state, f"timer:{message.timer}"
        case EntryAsked():
            return _entry(state, message, context), "EntryAsked"
        case EngineResumed():
            return _resumed(state, message, context), "EngineResumed"
        case CloseAsked() | EmergencyAsked():
            reason = state.close_reason or message.reason
            return msgspec.structs.replace(state, close_reason=reason), type(message).__name__
        case _:
            return state, type(message).__name__


def _heard(state: PairPosition, context: Context) -> PairPosition:
    """While an order is in doubt, note that its venue speaks; that it does not answer, or is gone, is our own word."""
    message = context.message
    if type(message) in OUR_OWN_WORDS:
        return state
    if not any(order.place in DOUBTED for order in state.orders):
        return state
    venue = getattr(message, "venue", None)
    name = None if venue is None else leg_on(state, venue)
    return state if name is None else with_leg(state, name, heard_ns=context.at_ns)


def _closing_order(state: PairPosition, context: Context) -> PairPosition:
    """While both legs are held, whatever asks for less of them fixes which one goes first, by what was measured."""
    if type(context.message) not in ASKING_FOR_LESS or state.place not in HELD or not context.board.reliability:
        return state
    venues = (state.leg(state.first_to_close).venue, state.leg(state.second_to_close).venue)
    order = closing_order(*venues, context.board.reliability, context.policy, context.at_ns)
    name = leg_on(state, order.first)
    return msgspec.structs.replace(state, first_to_close=name, close_order=order.words)


# --- naked time --------------------------------------------------------------------------------------------


def _measure_naked(state: PairPosition, context: Context) -> PairPosition:
    """Count the time since the last message towards naked time if the legs were unequal meanwhile."""
    if not state.naked or not state.seen_ns:
        return msgspec.structs.replace(state, seen_ns=context.at_ns)
    elapsed_ns = max(0, context.at_ns - state.seen_ns)
    notional = abs(state.net) * reference_price(state, context, "taker")
    return msgspec.structs.replace(
        state,
        seen_ns=context.at_ns,
        naked_ns=state.naked_ns + elapsed_ns,
        naked_notional_usd_s=state.naked_notional_usd_s + notional * elapsed_ns / NS_PER_S,
    )


def reference_price(state: PairPosition, context: Context, name: LegName) -> Decimal:
    """The price to value a leg by: its mid, else its mark, else the other leg's; zero when nothing was told."""
    for leg in (state.leg(name), *state.legs):
        market = context.board.market(leg.venue, state.asset)
        quote = usable_quote(market, context)
        if quote is not None:
            return quote.mid
        if market.mark is not None:
            return market.mark
    return ZERO


def usable_quote(market: Market, context: Context) -> Quote | None:
    """The quote, unless it is too old and the mark is newer: a book may stand still while its link is alive."""
    oldest_ns = one_time.oldest_ns(context.at_ns, context.policy)
    stale = market.quoted_ns < oldest_ns and market.mark is not None and market.sampled_ns > market.quoted_ns
    return None if stale else market.quote


# --- entry -------------------------------------------------------------------------------------------------


def _entry(state: PairPosition, message: EntryAsked, context: Context) -> PairPosition:
    """Note what was asked; a pair that already trades keeps what it was asked first."""
    if state.place != "IDLE.ready":
        return state
    price = reference_price(state, context, "taker")
    instruments = [context.board.market(leg.venue, state.asset).instrument for leg in state.legs]
    lots = [instrument.lot for instrument in instruments if instrument is not None] or [ZERO]
    lot = shared_lot(lots[0], lots[-1]) if lots[0] else ZERO
    dust_usd = context.policy.verify.dust_usd
    return msgspec.structs.replace(
        state,
        taker_side=message.taker_side,
        size=message.size,
        dust=max(lot, dust_usd / price if price else ZERO),
        expected_net_usd=message.expected_net_usd,
        entry_reason=message.reason,
    )


# --- orders ------------------------------------------------------------------------------------------------


def _order(state: PairPosition, message: OrderMessage, context: Context) -> tuple[PairPosition, str]:
    """Step the order's own chart, book what it filled, and say what that means for the pair."""
    index = next((i for i, order in enumerate(state.orders) if order.id == message.order_id), None)
    if index is None:
        return state, "ForeignFilled" if isinstance(message, OrderFilled) else "OrderRepeated"
    before, moved = state.orders[index], False
    after, _ = step_order(before, message, context.at_ns)
    if after != before:
        orders = (*state.orders[:index], after, *state.orders[index + 1 :])
        state = msgspec.structs.replace(state, orders=orders)
        held = state.leg(after.leg).position
        state = _book_fill(state, before, after, message)
        moved = state.leg(after.leg).position != held
    if isinstance(message, OrderRejected) and after.place != before.place:
        state = msgspec.structs.replace(state, orders_rejected=state.orders_rejected + 1)
    if isinstance(message, OrderDenied) and after.place != before.place:
        state = msgspec.structs.replace(state, orders_denied=state.orders_denied + 1)
    return state, _order_trigger(state, before, after, message, moved=moved)


def _resumed(state: PairPosition, message: EngineResumed, context: Context) -> PairPosition:
    """Nothing said before counts: orders that were not over are in doubt, no position is confirmed or reported."""
    orders = tuple(step_order(order, message, context.at_ns)[0] for order in state.orders)
    state = msgspec.structs.replace(state, orders=orders)
    for name in LEGS:
        state = with_leg(state, name, reported=None, reported_ns=0, reported_again=False, confirmed_ns=0)
    return state


def step_order(order: Order, message: OrderMessage | EngineResumed, at_ns: int) -> tuple[Order, str]:
    """One step of the `order` chart: the order after the message, and the row that decided."""
    changes: dict[str, object] = {}
    match message:
        case OrderFilled():
            if message.fill_id in order.fills:
                return order, FILL_TOLD_TWICE
            changes = {
                "fills": (*order.fills, message.fill_id),
                "filled_seen": order.filled_seen + message.size,
            }
        case OrderDone():
            changes = {"filled_told": max(order.filled_told, message.filled), "reason": message.reason.value}
        case OrderRejected():
            changes = {"reason": message.reason.value}
        case OrderDenied():
            changes = {"reason": message.rule}
        case _:
            pass
    told = msgspec.structs.replace(order, **changes) if changes else order

    def holds(name: str) -> bool:
        return told.filled >= told.size if name == "complete" else at_ns > told.lapses_ns

    choice = decide(ORDER_TABLE, order.place, type(message).__name__, holds)
    if choice.target is None:
        return (told if isinstance(message, SIZED) else order), choice.row
    return msgspec.structs.replace(told, place=choice.target), choice.row


def _book_fill(state: PairPosition, before: Order, after: Order, message: OrderMessage) -> PairPosition:
    """Position follows what is filled by any account; cash and fees follow the fill records.

    Until a claimed fill is told with its price, it is valued at the mid of its decision. What an adopted size held
    already was valued there: that estimate gives way to what is told now.
    """
    leg, sign = state.leg(after.leg), after.side.sign
    moved = _moved(leg, before, after, message)
    held_already = after.filled - before.filled - moved
    changes: dict[str, object] = {}
    if moved:
        changes = {"position": leg.position + sign * moved, "confirmed_ns": 0}
    if after.untold != before.untold or held_already:
        guess = sign * (after.untold - before.untold) * after.decision_mid
        changes["estimated_usd"] = leg.estimated_usd - guess + sign * held_already * leg.adopted_price
    if isinstance(message, OrderFilled) and message.fill_id not in before.fills:
        notional = message.price * message.size
        changes |= {
            "cash_usd": leg.cash_usd - sign * notional,
            "fees_usd": leg.fees_usd + message.fee_usd,
            "slippage_usd": leg.slippage_usd + sign * (message.price - after.decision_mid) * message.size,
            "traded_usd": leg.traded_usd + notional,
        }
    return with_leg(state, after.leg, **changes) if changes else state


def _moved(leg: Leg, before: Order, after: Order, message: OrderMessage) -> Decimal:
    """By how much an order's news moves its leg: by all that it newly filled.

    Where the books have followed the venue's own size since the order was sent, that size holds what filled before it:
    only a fill from after it is news, and a claim, which has no time, is none.
    """
    if not after.adopted_since:
        return after.filled - before.filled
    if not isinstance(message, OrderFilled) or message.fill_id in before.fills:
        return ZERO
    return message.size if message.venue_at_ns > leg.adopted_venue_ns else ZERO


def _order_trigger(state: PairPosition, before: Order, after: Order, message: OrderMessage, *, moved: bool) -> str:
    if isinstance(message, CancelRejected):
        return "OrderRepeated" if after.over else "CancelRejected"
    if after == before:
        return "OrderRepeated"
    if before.over and after.over:
        return "OrderCorrected" if moved else "OrderRepeated"
    if after.over:
        return "OrderProgressed" if state.open_orders else "OrderSettled"
    return "OrderInDoubt" if after.place in DOUBTED else "OrderProgressed"


# --- positions, forced fills, funding ----------------------------------------------------------------------


def _position(state: PairPosition, message: PositionReported, context: Context) -> tuple[PairPosition, str]:
    """Compare the venue's word with our books; only an answer to a question can confirm."""
    name = leg_on(state, message.venue)
    if name is None:
        return state, "PositionNoted"
    leg = state.leg(name)
    if any(order.leg == name for order in state.open_orders):
        return state, "PositionNoted"
    equal = message.size == leg.position
    if not message.queried:
        return state, "PositionNoted" if equal else "PositionDrifted"
    state = with_leg(
        state,
        name,
        reported=message.size,
        reported_ns=context.at_ns,
        reported_again=leg.reported_ns >= state.arrived_ns and leg.reported == message.size,
        reported_venue_ns=message.venue_at_ns,
        confirmed_ns=context.at_ns if equal else 0,
    )
    return state, "PositionConfirmed" if equal else "PositionDiffers"


def _forced(state: PairPosition, message: ForcedFill) -> PairPosition:
    """ADL or liquidation moved a leg towards zero; never beyond, and never twice for one fill id."""
    name = leg_on(state, message.venue)
    if name is None or message.fill_id in state.leg(name).forced:
        return state
    leg = state.leg(name)
    sign = message.side.sign
    if message.venue_at_ns <= leg.adopted_venue_ns:
        return _forced_before_adoption(state, name, message)
    if leg.position * sign >= 0:
        return state
    size = min(message.size, abs(leg.position))
    return with_leg(
        state,
        name,
        position=leg.position + sign * size,
        confirmed_ns=0,
        cash_usd=leg.cash_usd - sign * message.price * size,
        fees_usd=leg.fees_usd + message.fee_usd,
        forced=(*leg.forced[-REMEMBERED:], message.fill_id),
    )


def _forced_before_adoption(state: PairPosition, name: LegName, message: ForcedFill) -> PairPosition:
    """The adopted size holds this fill already: only its price and fee are news, in place of the estimate."""
    leg = state.leg(name)
    sign = message.side.sign
    return with_leg(
        state,
        name,
        cash_usd=leg.cash_usd - sign * message.price * message.size,
        estimated_usd=leg.estimated_usd + sign * leg.adopted_price * message.size,
        fees_usd=leg.fees_usd + message.fee_usd,
        forced=(*leg.forced[-REMEMBERED:], message.fill_id),
    )


def _funding(state: PairPosition, message: FundingPaid, context: Context) -> PairPosition:
    """The venue's record is the truth, whenever it comes and once; how far the forecast was off is kept beside it."""
    name = leg_on(state, message.venue)
    if name is None or message.payment_id in state.leg(name).payments:
        return state
    leg = state.leg(name)
    forecast = _forecast_usd(message, context)
    return with_leg(
        state,
        name,
        funding_received_usd=leg.funding_received_usd + max(message.amount_usd, ZERO),
        funding_paid_usd=leg.funding_paid_usd + max(-message.amount_usd, ZERO),
        funding_told=leg.funding_told + 1,
        funding_forecast_usd=leg.funding_forecast_usd + (ZERO if forecast is None else forecast),
        funding_error_usd=leg.funding_error_usd + (ZERO if forecast is None else message.amount_usd - forecast),
        payments=(*leg.payments[-REMEMBERED:], message.payment_id),
    )


def _forecast_usd(message: FundingPaid, context: Context) -> Decimal | None:
    """What the size would have been paid at the rate that formed last before the hour, at today's mark."""
    market = context.board.market(message.venue, message.asset)
    rate = market.forecast(message.venue_at_ns - message.venue_at_ns % HOUR_NS)
    return None if rate is None or market.mark is None else -message.size * market.mark * rate


def _haircut(state: PairPosition, message: LossSocialised) -> PairPosition:
    """A loss of others that the venue charged as funding: moved from there, so that neither is counted twice."""
    name = leg_on(state, message.venue)
    if name is None or message.loss_id in state.leg(name).payments:
        return state
    leg = state.leg(name)
    reason = state.close_reason or f"{message.venue.value} let its holders bear a loss"
    return with_leg(
        msgspec.structs.replace(state, close_reason=reason),
        name,
        funding_paid_usd=leg.funding_paid_usd - message.amount_usd,
        haircut_usd=leg.haircut_usd + message.amount_usd,
        payments=(*leg.payments[-REMEMBERED:], message.loss_id),
    )


# --- our own commands --------------------------------------------------------------------------------------


def remember(state: PairPosition, command: AnyCommand, context: Context) -> PairPosition:
    """Take our own commands into the books: an order sent is an order known before it leaves."""
    match command:
        case SubmitOrder():
            return _remember_order(state, command, context)
        case AdoptPosition():
            return _adopt(state, command, context)
        case RaiseAlarm(code="adl_level"):
            return _leave_for_adl(state, context)
        case _:
            return state


def _leave_for_adl(state: PairPosition, context: Context) -> PairPosition:
    """What closes the pair is why it closed, also when something less urgent asks in the same moment."""
    told = context.message
    assert isinstance(told, AdlLevelEstimated)
    if told.level < context.policy.adl.exit_level:
        return state
    reason = state.close_reason or f"adl_exit: ADL level {told.level} of 5 on {told.venue.value}"
    return msgspec.structs.replace(state, close_reason=reason)


def _remember_order(state: PairPosition, command: SubmitOrder, context: Context) -> PairPosition:
    name = leg_on(state, command.venue)
    assert name is not None, f"{state.actor} has no leg on {command.venue}"
    behind_ns = max(0, -(context.board.skew_ns(command.venue) or 0))
    instrument = context.board.market(command.venue, command.asset).instrument
    assert instrument is not None, f"{state.actor} sent an order on a market whose rules it does not know"
    grace_ns = instrument.lapse_grace_ns + behind_ns
    order = Order(
        id=command.order_id,
        leg=name,
        side=command.side,
        size=command.size,
        purpose=msgspec.convert(command.purpose, Purpose),
        reduce_only=command.reduce_only,
        decision_mid=command.decision_mid,
        lapses_ns=command.expires_at_ns + grace_ns,
        episode=state.episode,
    )
    return msgspec.structs.replace(
        state,
        orders=(*_kept(state.orders, context.policy.order.orders_remembered), order),
        orders_sent=state.orders_sent + 1,
        entered_ns=state.entered_ns or context.at_ns,
    )


def _kept(orders: tuple[Order, ...], most: int) -> tuple[Order, ...]:
    """Drop the oldest settled orders beyond `most`; an open order is never dropped."""
    surplus = len(orders) - most + 1
    kept = []
    for order in orders:
        if surplus > 0 and order.over:
            surplus -= 1
        else:
            kept.append(order)
    return tuple(kept)


def _adopt(state: PairPosition, command: AdoptPosition, context: Context) -> PairPosition:
    """Our books follow the venue's verified size; the missing trade is valued at the reference price."""
    name = leg_on(state, command.venue)
    assert name is not None, f"{state.actor} has no leg on {command.venue}"
    leg = state.leg(name)
    change = command.size - leg.position
    price = reference_price(state, context, name)
    return with_leg(
        _adopted_since(state, name) if change else state,
        name,
        position=command.size,
        confirmed_ns=context.at_ns,
        adopted_venue_ns=leg.reported_venue_ns if change else leg.adopted_venue_ns,
        adopted_price=price if change else leg.adopted_price,
        estimated_usd=leg.estimated_usd - change * price,
    )


def _adopted_since(state: PairPosition, name: LegName) -> PairPosition:
    """The orders sent so far on a leg whose size the books follow now."""
    orders = (
        msgspec.structs.replace(order, adopted_since=True) if order.leg == name else order for order in state.orders
    )
    return msgspec.structs.replace(state, orders=tuple(orders))


def price_with_cap(mid_or_touch: Decimal, side: Side, slippage_bps: Decimal) -> Decimal:
    """The worst acceptable price: `slippage_bps` beyond the touch, against us."""
    return mid_or_touch * (ONE + side.sign * slippage_bps * BPS)
