"""WebSocket frames to wire structs, and single items to messages. Pure. Counterpart: `wire_stream`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Raw
from msgspec.json import Decoder

from actors.domain import Liquidity, Venue
from actors.messages import (
    AccountReported,
    ForeignFilled,
    MarketSampled,
    OrderFilled,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QuoteUpdated,
)
from engine.venues.funding import per_hour
from engine.venues.levels import Book
from engine.venues.link import FrameError
from engine.venues.pacifica.codec import SIDE_OF_BOOK, SIDE_OF_TRADE, ns, order_id_of, read
from engine.venues.pacifica.codec_rest import liquidation_price
from engine.venues.pacifica.markets import FORMING_RATE, LAST_PAID_RATE, market_of_symbol
from engine.venues.pacifica.wire import PriceRow, TradeRow
from engine.venues.pacifica.wire_stream import (
    AccountInfo,
    Bbo,
    Book as WireBook,
    Frame,
    Liquidation,
    OrderUpdate,
    Position,
    Subscription,
    Trade,
)

AnyTrade = TradeRow | Trade
FillMessage = OrderFilled | ForeignFilled | PositionDeleveraged | PositionLiquidated
_FRAME = Decoder(Frame)
_PRICES = Decoder(list[PriceRow])
_BBO = Decoder(Bbo)
_BOOK = Decoder(WireBook)
_ACCOUNT = Decoder(AccountInfo)
_POSITIONS = Decoder(list[Position])
_UPDATES = Decoder(list[OrderUpdate])
_TRADES = Decoder(list[Trade])
_LIQUIDATIONS = Decoder(list[Liquidation])
_SUBSCRIPTION = Decoder(Subscription)


def decode_outer(frame: bytes) -> tuple[str, Raw]:
    """The channel and its data, undecoded. Raises `FrameError` for an error frame or an unknown channel."""
    outer = read(_FRAME, "frame", frame)
    if outer.channel is None:
        raise FrameError(outer.type or "error", f"code {outer.code}: {outer.err or 'no channel'}")
    if outer.channel not in SUPPORTED_CHANNELS:
        raise FrameError(outer.channel, "not a supported channel")
    return outer.channel, outer.data


def decode_prices(data: Raw) -> list[PriceRow]:
    """Channel `prices`: all markets."""
    return read(_PRICES, "prices", data)


def decode_bbo(data: Raw) -> Bbo:
    """Channel `bbo`: one symbol."""
    return read(_BBO, "bbo", data)


def decode_book(data: Raw) -> WireBook:
    """Channel `book`: one symbol."""
    return read(_BOOK, "book", data)


def decode_account(data: Raw) -> AccountInfo:
    """Channel `account_info`."""
    return read(_ACCOUNT, "account_info", data)


def decode_positions(data: Raw) -> list[Position]:
    """Channel `account_positions`: replaces everything known."""
    return read(_POSITIONS, "account_positions", data)


def decode_updates(data: Raw) -> list[OrderUpdate]:
    """Channel `account_order_updates`."""
    return read(_UPDATES, "account_order_updates", data)


def decode_trades(data: Raw) -> list[Trade]:
    """Channel `account_trades`."""
    return read(_TRADES, "account_trades", data)


def decode_liquidations(data: Raw) -> list[Liquidation]:
    """Channel `account_liquidations`: forced closes, each once."""
    return read(_LIQUIDATIONS, "account_liquidations", data)


def decode_subscription(data: Raw) -> Subscription:
    """Channels `subscribe` and `unsubscribe`."""
    return read(_SUBSCRIPTION, "subscribe", data)


def decode_pong(data: Raw) -> None:
    """Channel `pong` carries nothing."""


SUPPORTED_CHANNELS: Mapping[str, Callable[[Raw], Any]] = {
    "prices": decode_prices,
    "bbo": decode_bbo,
    "book": decode_book,
    "account_info": decode_account,
    "account_positions": decode_positions,
    "account_order_updates": decode_updates,
    "account_trades": decode_trades,
    "account_liquidations": decode_liquidations,
    "subscribe": decode_subscription,
    "unsubscribe": decode_subscription,
    "pong": decode_pong,
}
"""The channels we claim to read; any other is refused by its name."""


def quote_message(bbo: Bbo) -> QuoteUpdated | None:
    """The best bid and ask; None while a side of the book is empty or the sides cross: that must not be used."""
    if bbo.bid is None or bbo.bid_size is None or bbo.ask is None or bbo.ask_size is None:
        return None
    if Decimal(bbo.bid) >= Decimal(bbo.ask):
        return None
    market = market_of_symbol(bbo.symbol)
    return QuoteUpdated(
        venue=Venue.PACIFICA,
        asset=market.asset,
        bid=market.price(bbo.bid),
        bid_size=market.size(bbo.bid_size),
        ask=market.price(bbo.ask),
        ask_size=market.size(bbo.ask_size),
        venue_at_ns=ns(bbo.at_ms),
    )


def levels(book: WireBook) -> Book:
    """The levels of a book per token of the asset."""
    market = market_of_symbol(book.symbol)
    bids, asks = (tuple((market.price(each.price), market.size(each.amount)) for each in side) for side in book.levels)
    return Book(bids=bids, asks=asks, at_ns=ns(book.at_ms))


def market_message(row: PriceRow) -> MarketSampled:
    """Mark, oracle and funding: `funding` is the last paid rate, `next_funding` the forming one."""
    market = market_of_symbol(row.symbol)
    return MarketSampled(
        venue=Venue.PACIFICA,
        asset=market.asset,
        mark=market.price(row.mark),
        oracle=market.price(row.oracle),
        open_interest=market.size(row.open_interest),
        venue_at_ns=ns(row.timestamp),
        funding_forming=per_hour(FORMING_RATE, Decimal(row.next_funding)),
        funding_last_paid=per_hour(LAST_PAID_RATE, Decimal(row.funding)),
    )


def account_message(info: AccountInfo) -> AccountReported:
    """The account as pushed."""
    return AccountReported(
        venue=Venue.PACIFICA,
        equity_usd=Decimal(info.equity),
        available_usd=Decimal(info.available),
        maintenance_usd=Decimal(info.maintenance),
        venue_at_ns=ns(info.at_ms),
    )


def position_message(position: Position) -> PositionReported:
    """One open position as pushed."""
    market = market_of_symbol(position.symbol)
    return PositionReported(
        venue=Venue.PACIFICA,
        asset=market.asset,
        size=SIDE_OF_BOOK[position.side].sign * market.size(position.amount),
        venue_at_ns=ns(position.at_ms),
        entry_price=market.price(position.entry_price),
        liquidation_price=liquidation_price(position.liquidation_price, market),
        margin_used_usd=Decimal(position.margin) if position.isolated else None,
    )


def fill_message(trade: AnyTrade) -> FillMessage:
    """What a fill was.

    `settlement` is the venue's word for ADL (docs "Account trades", 2025-11). A liquidation cause on a taker
    fill without our client id means that we were liquidated (the venue cancels all orders first and sends IOC
    chunks: docs "Liquidations", 2026); on a maker fill it may be our resting order that met somebody's
    liquidation.
    """
    order_id = order_id_of(trade.client_order_id)
    if trade.cause == "settlement":
        return _forced(PositionDeleveraged, trade)
    if order_id is not None:
        return _own(trade, order_id)
    if trade.cause == "backstop_liquidation":
        return _forced(PositionLiquidated, trade)
    if trade.cause == "market_liquidation" and trade.event_type == "fulfill_taker":
        return _forced(PositionLiquidated, trade)
    return _forced(ForeignFilled, trade)


def _own(trade: AnyTrade, order_id: str) -> OrderFilled:
    market = market_of_symbol(trade.symbol)
    return OrderFilled(
        venue=Venue.PACIFICA,
        asset=market.asset,
        order_id=order_id,
        fill_id=str(trade.history_id),
        side=SIDE_OF_TRADE[trade.side],
        price=market.price(trade.price),
        size=market.size(trade.amount),
        fee_usd=Decimal(trade.fee),
        liquidity=Liquidity.TAKER if trade.event_type == "fulfill_taker" else Liquidity.MAKER,
        venue_at_ns=ns(trade.created_at),
    )


def _forced(
    kind: type[PositionDeleveraged] | type[PositionLiquidated] | type[ForeignFilled], trade: AnyTrade
) -> FillMessage:
    market = market_of_symbol(trade.symbol)
    return kind(
        venue=Venue.PACIFICA,
        asset=market.asset,
        fill_id=str(trade.history_id),
        side=SIDE_OF_TRADE[trade.side],
        price=market.price(trade.price),
        size=market.size(trade.amount),
        fee_usd=Decimal(trade.fee),
        venue_at_ns=ns(trade.created_at),
    )
