"""The data of pushed frames, from the exchange's views and events. Counterpart: `wire_stream`."""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import Exchange, FillCause, OrderFilled, OrderView
from engine.simulators.pacifica.words import CAUSE, MECHANISM, book_side, ms, text, trade_side
from engine.venues.pacifica.wire import OrderEvent, OrderStatus, PriceRow
from engine.venues.pacifica.wire_stream import (
    AccountInfo,
    Bbo,
    Liquidation,
    OpenOrder,
    OrderUpdate,
    Position,
    Trade,
)


def price_rows(exchange: Exchange, now_ns: int) -> list[PriceRow]:
    """Every market with a price: `funding` last paid, `next_funding` forming."""
    rows = (price_row(exchange, spec.asset, now_ns) for spec in exchange.instruments)
    return [row for row in rows if row is not None]


def price_row(exchange: Exchange, asset: str, now_ns: int) -> PriceRow | None:
    """One market; volume and yesterday's price are not simulated."""
    market, funding = exchange.market(asset), exchange.funding_view(asset)
    if market is None or funding is None:
        return None
    last = funding.last_paid_rate
    return PriceRow(
        symbol=asset,
        funding="0" if last is None else text(last),
        next_funding=text(funding.forming_rate),
        mark=text(market.mark),
        mid=text(market.mid),
        oracle=text(market.oracle),
        open_interest=text(market.open_interest),
        volume_24h="0",
        yesterday_price=text(market.oracle),
        timestamp=ms(now_ns),
    )


def bbo(exchange: Exchange, asset: str, now_ns: int, last_order_id: int) -> Bbo:
    """The best level of each side; null where there is none."""
    book = exchange.book(asset, 1)
    bid, ask = (book.bids or (None,))[0], (book.asks or (None,))[0]
    return Bbo(
        symbol=asset,
        last_order_id=last_order_id,
        order_id=last_order_id,
        at_ms=ms(now_ns),
        bid=None if bid is None else text(bid.price),
        bid_size=None if bid is None else text(bid.size),
        ask=None if ask is None else text(ask.price),
        ask_size=None if ask is None else text(ask.size),
    )


def book(exchange: Exchange, asset: str, levels: int, now_ns: int) -> dict[str, object]:
    """A full snapshot, bids first."""
    view = exchange.book(asset, levels)
    sides = [
        [{"p": text(level.price), "a": text(level.size), "n": level.orders} for level in side]
        for side in (view.bids, view.asks)
    ]
    return {"s": asset, "l": sides, "t": ms(now_ns)}


def account_info(exchange: Exchange, account: str, now_ns: int) -> AccountInfo:
    """The account's margin figures, USD."""
    view = exchange.account_view(account)
    assert view is not None
    return AccountInfo(
        equity=text(view.equity_usd),
        available=text(view.available_usd),
        withdrawable=text(view.available_usd),
        balance=text(view.balance_usd),
        fee_level=0,
        margin_used=text(view.used_usd),
        maintenance=text(view.maintenance_usd),
        orders_count=len(exchange.open_orders(account)),
        pending_balance="0",
        positions_count=len(view.positions),
        stop_orders_count=0,
        at_ms=ms(now_ns),
    )


def positions(exchange: Exchange, account: str, now_ns: int) -> list[Position]:
    """All positions of the account; an empty list means flat."""
    view = exchange.account_view(account)
    assert view is not None
    return [
        Position(
            symbol=position.asset,
            side=book_side(position.size > 0),
            amount=text(abs(position.size)),
            entry_price=text(position.entry_price),
            margin="0",
            funding=text(position.funding_since_open_usd),
            isolated=False,
            liquidation_price=_text_or_none(position.liquidation_price),
            at_ms=ms(now_ns),
        )
        for position in view.positions
    ]


def open_orders(exchange: Exchange, account: str, number: dict[int, int]) -> list[OpenOrder]:
    """All open orders of the account; `number` gives the venue's number of each exchange id."""
    return [
        OpenOrder(
            order_id=number[order.order_id],
            client_order_id=order.client_order_id,
            symbol=order.asset,
            side=book_side(order.is_buy),
            price="0" if order.price is None else text(order.price),
            amount=text(order.size),
            filled=text(order.filled),
            cancelled="0",
            order_type="limit",
            reduce_only=order.reduce_only,
            stop_price=None,
            stop_type=None,
            at_ms=ms(order.updated_at_ns),
        )
        for order in exchange.open_orders(account)
    ]


def order_update(
    order: OrderView, number: int, event: OrderEvent, status: OrderStatus, filled: Decimal, at_ns: int
) -> OrderUpdate:
    """One event of one order; `filled` is cumulative at that event."""
    limit = "0" if order.price is None else text(order.price)
    return OrderUpdate(
        order_id=number,
        client_order_id=order.client_order_id,
        account=order.account,
        symbol=order.asset,
        side=book_side(order.is_buy),
        price=limit if order.average_price is None else text(order.average_price),
        initial_price=limit,
        last_price=limit,
        amount=text(order.size),
        filled=text(filled),
        event=event,
        status=status,
        order_type="market" if order.price is None else "limit",
        reduce_only=order.reduce_only,
        created_at=ms(order.placed_at_ns),
        updated_at=ms(at_ns),
        last_order_id=number,
    )


def trade(fill: OrderFilled, number: int) -> Trade:
    """One fill; the venue's pnl is net of the fee."""
    return Trade(
        history_id=fill.trade_id,
        order_id=number,
        client_order_id=fill.client_order_id,
        account=fill.account,
        symbol=fill.asset,
        price=text(fill.price),
        entry_price=text(fill.price if fill.entry_price_before is None else fill.entry_price_before),
        amount=text(fill.size),
        event_type="fulfill_taker" if fill.is_taker else "fulfill_maker",
        side=trade_side(fill),
        cause=CAUSE[fill.cause],
        fee=text(fill.fee_usd),
        pnl=text(fill.closed_pnl_usd - fill.fee_usd),
        created_at=ms(fill.at_ns),
        last_order_id=number,
    )


def public_trade(fill: OrderFilled, number: int) -> dict[str, object]:
    """Channel `trades`: of the trades nobody here takes part in, the exchange keeps no record."""
    return {
        "h": fill.trade_id,
        "s": fill.asset,
        "a": text(fill.size),
        "p": text(fill.price),
        "d": trade_side(fill),
        "tc": CAUSE[fill.cause],
        "t": ms(fill.at_ns),
        "li": number,
    }


def liquidation(fill: OrderFilled, number: int) -> Liquidation:
    """One forced close, for the channel that needs a key; `d` is the side of the position that was closed."""
    market = fill.cause is FillCause.LIQUIDATION
    return Liquidation(
        account=fill.account,
        symbol=fill.asset,
        mechanism=MECHANISM[fill.cause],
        side=book_side(fill.position_before > 0),
        amount=text(fill.size),
        price=text(fill.price),
        order_id=number if market else None,
        at_ms=ms(fill.at_ns),
        last_order_id=number,
    )


def _text_or_none(value: Decimal | None) -> str | None:
    return None if value is None else text(value)
