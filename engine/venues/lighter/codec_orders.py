"""Orders, trades and transactions, in answers and frames alike, as messages. Pure. Counterpart: `wire_orders`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.json import Decoder

from actors.domain import Liquidity, Side, Venue
from actors.messages import ForeignFilled, OrderFilled, PositionDeleveraged, PositionLiquidated
from engine.venues.lighter.codec import ns, read
from engine.venues.lighter.codec_rest import answered
from engine.venues.lighter.markets import Market
from engine.venues.lighter.wire import FEE_SCALE
from engine.venues.lighter.wire_orders import (
    CreateOrderInfo,
    EnrichedTx,
    EventInfo,
    OrderRow,
    Orders,
    SendTxReply,
    TradeRow,
    Trades,
    TxRow,
)

FillMessage = OrderFilled | ForeignFilled | PositionDeleveraged | PositionLiquidated
_ORDERS = Decoder(Orders)
_TRADES = Decoder(Trades)
_TX = Decoder(EnrichedTx)
_REPLY = Decoder(SendTxReply)
_EVENT = Decoder(EventInfo)


def decode_orders(body: bytes) -> Orders:
    """GET accountActiveOrders and accountInactiveOrders."""
    return answered("orders", _ORDERS, body)


def decode_trades(body: bytes) -> Trades:
    """GET trades; `trades` is null or left out where there are none (recorded)."""
    return answered("trades", _TRADES, body)


def decode_tx(body: bytes) -> EnrichedTx:
    """GET tx."""
    tx = read(_TX, "tx", body)
    application_error(tx)
    return tx


def decode_reply(body: bytes) -> SendTxReply:
    """POST sendTx."""
    return answered("sendTx", _REPLY, body)


SUPPORTED_KINDS: Mapping[str, Callable[[bytes], Any]] = {
    "orders": decode_orders,
    "trades": decode_trades,
    "tx": decode_tx,
    "sendTx": decode_reply,
}
"""The REST payloads read here."""


def application_error(tx: TxRow) -> str:
    """What went wrong inside a transaction, empty when nothing did. Raises FrameError for an unreadable text."""
    return read(_EVENT, "tx.event_info", tx.event_info or "{}").ae


class OwnTrade(msgspec.Struct, frozen=True, kw_only=True):
    """Our side of a trade. `fill_id` differs for the two sides of a trade with ourselves."""

    row: TradeRow
    fill_id: str
    side: Side
    client_order_index: int
    order_index: int
    maker: bool


def own_sides(row: TradeRow, account_index: int) -> tuple[OwnTrade, ...]:
    """Our sides of a trade: none when it is somebody else's, two when we traded with ourselves."""
    both = row.ask_account_id == row.bid_account_id
    sides: list[OwnTrade] = []
    if row.ask_account_id == account_index:
        sides.append(
            OwnTrade(
                row=row,
                fill_id=f"{row.trade_id}-ask" if both else str(row.trade_id),
                side=Side.SELL,
                client_order_index=row.ask_client_id,
                order_index=row.ask_id,
                maker=row.is_maker_ask,
            )
        )
    if row.bid_account_id == account_index:
        sides.append(
            OwnTrade(
                row=row,
                fill_id=f"{row.trade_id}-bid" if both else str(row.trade_id),
                side=Side.BUY,
                client_order_index=row.bid_client_id,
                order_index=row.bid_id,
                maker=not row.is_maker_ask,
            )
        )
    return tuple(sides)


def fee_usd(trade: OwnTrade) -> Decimal:
    """What this side paid: millionths of the quote amount, nothing on the free tier."""
    rate = trade.row.maker_fee if trade.maker else trade.row.taker_fee
    return Decimal(trade.row.usd_amount) * rate / FEE_SCALE


def fill_message(trade: OwnTrade, market: Market, order_id: str | None) -> FillMessage:
    """What a trade was to us.

    `deleverage` is ADL; `market-settlement` closes positions of a market that ends, which is forced alike (inferred).
    In a `liquidation` the taker is who is liquidated (docs "Liquidations": an IOC order in the account's name); as
    maker our order met it, which is an ordinary fill.
    """
    if trade.row.type in ("deleverage", "market-settlement"):
        return _forced(PositionDeleveraged, trade, market)
    if order_id is not None:
        return _own(trade, market, order_id)
    if trade.row.type == "liquidation" and not trade.maker:
        return _forced(PositionLiquidated, trade, market)
    return _forced(ForeignFilled, trade, market)


def _own(trade: OwnTrade, market: Market, order_id: str) -> OrderFilled:
    return OrderFilled(
        venue=Venue.LIGHTER,
        asset=market.asset,
        order_id=order_id,
        fill_id=trade.fill_id,
        side=trade.side,
        price=market.listed.price(trade.row.price),
        size=market.listed.size(trade.row.size),
        fee_usd=fee_usd(trade),
        liquidity=Liquidity.MAKER if trade.maker else Liquidity.TAKER,
        venue_at_ns=ns(trade.row.timestamp),
    )


def _forced(
    kind: type[PositionDeleveraged] | type[PositionLiquidated] | type[ForeignFilled], trade: OwnTrade, market: Market
) -> FillMessage:
    return kind(
        venue=Venue.LIGHTER,
        asset=market.asset,
        fill_id=trade.fill_id,
        side=trade.side,
        price=market.listed.price(trade.row.price),
        size=market.listed.size(trade.row.size),
        fee_usd=fee_usd(trade),
        venue_at_ns=ns(trade.row.timestamp),
    )


def filled_size(row: OrderRow, market: Market) -> Decimal:
    """The order's cumulative fill in tokens."""
    return market.listed.size(row.filled_base_amount)


_ORDER_INFO = Decoder(CreateOrderInfo)


def decode_order_info(text: str) -> CreateOrderInfo:
    """The signed order inside a transaction's `info`."""
    return read(_ORDER_INFO, "tx.info", text)
