"""REST rows from the exchange's views and events. Counterpart: `wire`."""

from __future__ import annotations

from msgspec.structs import replace

from engine.simulators.exchange import FundingPaid, OrderFilled, OrderView, PositionView
from engine.simulators.pacifica.words import CAUSE, book_side, ending, ms, text, trade_side
from engine.venues.pacifica.wire import (
    FundingRow,
    OrderEventRow,
    OrderHistoryRow,
    OrderRow,
    PositionRow,
    TradeRow,
)


def position_row(position: PositionView) -> PositionRow:
    """GET /positions."""
    liquidation = position.liquidation_price
    return PositionRow(
        symbol=position.asset,
        side=book_side(position.size > 0),
        amount=text(abs(position.size)),
        entry_price=text(position.entry_price),
        margin="0",
        funding=text(position.funding_since_open_usd),
        isolated=False,
        liquidation_price=None if liquidation is None else text(liquidation),
        created_at=ms(position.opened_at_ns),
        updated_at=ms(position.updated_at_ns),
    )


def funding_row(payment: FundingPaid) -> FundingRow:
    """GET /funding/history; a positive payout was received."""
    return FundingRow(
        history_id=payment.payment_id,
        symbol=payment.asset,
        side=book_side(payment.size > 0),
        amount=text(abs(payment.size)),
        payout=text(payment.amount_usd),
        rate=text(payment.rate),
        created_at=ms(payment.at_ns),
    )


def order_row(order: OrderView, number: int) -> OrderRow:
    """GET /orders."""
    return OrderRow(
        order_id=number,
        client_order_id=order.client_order_id,
        symbol=order.asset,
        side=book_side(order.is_buy),
        price="0" if order.price is None else text(order.price),
        initial_amount=text(order.size),
        filled_amount=text(order.filled),
        cancelled_amount="0",
        order_type="market" if order.price is None else "limit",
        reduce_only=order.reduce_only,
        created_at=ms(order.placed_at_ns),
        updated_at=ms(order.updated_at_ns),
    )


def history_row(order: OrderView, number: int) -> OrderHistoryRow:
    """GET /orders/history."""
    event, status = ending(order)
    return OrderHistoryRow(
        order_id=number,
        client_order_id=order.client_order_id,
        symbol=order.asset,
        side=book_side(order.is_buy),
        initial_price="0" if order.price is None else text(order.price),
        average_filled_price="0" if order.average_price is None else text(order.average_price),
        amount=text(order.size),
        filled_amount=text(order.filled),
        order_status=status,
        order_type="market" if order.price is None else "limit",
        reduce_only=order.reduce_only,
        reason=event if status in ("cancelled", "rejected") else None,
        created_at=ms(order.placed_at_ns),
        updated_at=ms(order.updated_at_ns),
    )


def event_row(order: OrderView, number: int) -> OrderEventRow:
    """The last event, GET /orders/history_by_id."""
    event, status = ending(order)
    over = status in ("cancelled", "rejected")
    return OrderEventRow(
        history_id=order.order_id * 2 + 1,
        order_id=number,
        client_order_id=order.client_order_id,
        symbol=order.asset,
        side=book_side(order.is_buy),
        price="0" if order.price is None else text(order.price),
        initial_amount=text(order.size),
        filled_amount=text(order.filled),
        cancelled_amount=text(order.remaining) if over else "0",
        event_type=event,
        order_type="market" if order.price is None else "limit",
        order_status=status,
        reduce_only=order.reduce_only,
        created_at=ms(order.updated_at_ns),
    )


def first_row(last: OrderEventRow) -> OrderEventRow:
    """The event before it: the order was placed on the book."""
    return replace(
        last,
        history_id=last.history_id - 1,
        event_type="make",
        order_status="open",
        filled_amount="0",
        cancelled_amount="0",
    )


def trade_row(fill: OrderFilled, number: int) -> TradeRow:
    """GET /trades/history; the venue's pnl is net of the fee."""
    return TradeRow(
        history_id=fill.trade_id,
        order_id=number,
        client_order_id=fill.client_order_id,
        symbol=fill.asset,
        amount=text(fill.size),
        price=text(fill.price),
        entry_price=text(fill.price if fill.entry_price_before is None else fill.entry_price_before),
        fee=text(fill.fee_usd),
        pnl=text(fill.closed_pnl_usd - fill.fee_usd),
        event_type="fulfill_taker" if fill.is_taker else "fulfill_maker",
        side=trade_side(fill),
        created_at=ms(fill.at_ns),
        cause=CAUSE[fill.cause],
    )
