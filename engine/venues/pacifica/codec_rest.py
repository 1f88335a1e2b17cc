"""REST answers to wire structs, and rows to messages. Pure. Counterpart: `wire`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.json import Decoder

from actors.domain import ZERO, Instrument, Venue
from actors.messages import AccountReported, FundingPaid, PositionReported
from engine.venues.assets import SETTLE_TOKENS
from engine.venues.funding import calibrated, per_hour
from engine.venues.link import FrameError
from engine.venues.lost_answers import LOST_ANSWERS
from engine.venues.pacifica.codec import SIDE_OF_BOOK, ns, read
from engine.venues.pacifica.markets import FORMING_RATE, Market, market_of_symbol
from engine.venues.pacifica.wire import (
    AccountRow,
    AccountSettings,
    CancelAllAck,
    Envelope,
    FundingRow,
    MarginSetting,
    MarketRow,
    OrderAck,
    OrderEventRow,
    OrderHistoryRow,
    OrderRow,
    PositionRow,
    PriceRow,
    TradeRow,
)

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a history, newest row first; `cursor` leads to the next page, None at the end."""

    rows: list[T]
    cursor: str | None


_INFO = Decoder(Envelope[list[MarketRow]])
_PRICES = Decoder(Envelope[list[PriceRow]])
_ACCOUNT = Decoder(Envelope[AccountRow])
_SETTINGS = Decoder(Envelope[list[MarginSetting] | AccountSettings])
_POSITIONS = Decoder(Envelope[list[PositionRow]])
_ORDERS = Decoder(Envelope[list[OrderRow]])
_ORDERS_HISTORY = Decoder(Envelope[list[OrderHistoryRow]])
_ORDER_EVENTS = Decoder(Envelope[list[OrderEventRow]])
_TRADES = Decoder(Envelope[list[TradeRow]])
_FUNDING = Decoder(Envelope[list[FundingRow]])
_CANCEL_ALL = Decoder(Envelope[CancelAllAck])
_ACK = Decoder(Envelope[OrderAck])
_BARE_ACK = Decoder(OrderAck)


def decode_info(body: bytes) -> list[MarketRow]:
    """GET /info."""
    return _data("info", _INFO, body)


def decode_prices(body: bytes) -> list[PriceRow]:
    """GET /info/prices."""
    return _data("prices", _PRICES, body)


def decode_account(body: bytes) -> AccountRow:
    """GET /account."""
    return _data("account", _ACCOUNT, body)


def decode_settings(body: bytes) -> list[MarginSetting]:
    """GET /account/settings, in either of its two shapes."""
    data = _data("account_settings", _SETTINGS, body)
    return data.margin_settings if isinstance(data, AccountSettings) else data


def decode_positions(body: bytes) -> list[PositionRow]:
    """GET /positions."""
    return _data("positions", _POSITIONS, body)


def decode_orders(body: bytes) -> list[OrderRow]:
    """GET /orders."""
    return _data("orders", _ORDERS, body)


def decode_orders_history(body: bytes) -> Page[OrderHistoryRow]:
    """GET /orders/history."""
    return _page("orders_history", _ORDERS_HISTORY, body)


def decode_order_events(body: bytes) -> list[OrderEventRow]:
    """GET /orders/history_by_id, newest first."""
    return _data("orders_history_by_id", _ORDER_EVENTS, body)


def decode_trades_history(body: bytes) -> Page[TradeRow]:
    """GET /trades/history."""
    return _page("trades_history", _TRADES, body)


def decode_funding_history(body: bytes) -> Page[FundingRow]:
    """GET /funding/history."""
    return _page("funding_history", _FUNDING, body)


def decode_order_ack(body: bytes) -> OrderAck:
    """POST /orders/create; the documentation of 2025 shows the bare object, without the envelope."""
    try:
        return _data("order_ack", _ACK, body)
    except FrameError as refused:
        try:
            return _BARE_ACK.decode(body)
        except msgspec.DecodeError:
            raise refused from None


def decode_cancel_all_ack(body: bytes) -> CancelAllAck:
    """POST /orders/cancel_all."""
    return _data("cancel_all_ack", _CANCEL_ALL, body)


SUPPORTED_KINDS: Mapping[str, Callable[[bytes], Any]] = {
    "info": decode_info,
    "prices": decode_prices,
    "account": decode_account,
    "account_settings": decode_settings,
    "positions": decode_positions,
    "orders": decode_orders,
    "orders_history": decode_orders_history,
    "orders_history_by_id": decode_order_events,
    "trades_history": decode_trades_history,
    "funding_history": decode_funding_history,
    "order_ack": decode_order_ack,
    "cancel_all_ack": decode_cancel_all_ack,
}
"""The REST payloads we claim to read. Error bodies are read by `refusals`."""


def decode_kind(kind: str, body: bytes) -> object:
    """Decode a payload of a claimed kind; any other kind is refused by its name."""
    if kind not in SUPPORTED_KINDS:
        raise FrameError(kind, "not a supported kind")
    return SUPPORTED_KINDS[kind](body)


def instrument(row: MarketRow, market: Market, account: AccountRow) -> Instrument:
    """One market's rules with the account's own fees.

    Maintenance margin is half of the initial margin at maximum leverage (docs "Margin", 2025-11).
    """
    tick = market.price(row.tick_size)
    exponent = tick.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return Instrument(
        venue=Venue.PACIFICA,
        asset=market.asset,
        symbol=market.symbol,
        lot=market.size(row.lot_size),
        tick=tick,
        price_decimals=max(0, -exponent),
        min_notional_usd=Decimal(row.min_order_size),
        max_leverage=row.max_leverage,
        taker_fee=Decimal(account.taker_fee),
        maker_fee=Decimal(account.maker_fee),
        maintenance_fraction=1 / (2 * Decimal(row.max_leverage)),
        multiplier=market.multiplier,
        settle_token=SETTLE_TOKENS[Venue.PACIFICA],
        funding_calibrated=calibrated(FORMING_RATE),
        lapse_grace_ns=LOST_ANSWERS[Venue.PACIFICA].lapse_grace_ns,
    )


def account_message(row: AccountRow) -> AccountReported:
    """The account as of the row's `updated_at`."""
    return AccountReported(
        venue=Venue.PACIFICA,
        equity_usd=Decimal(row.account_equity),
        available_usd=Decimal(row.available_to_spend),
        maintenance_usd=Decimal(row.cross_mmr),
        venue_at_ns=ns(row.updated_at),
    )


def position_message(row: PositionRow, *, queried: bool) -> PositionReported:
    """One open position; its margin is known only when isolated."""
    market = market_of_symbol(row.symbol)
    return PositionReported(
        venue=Venue.PACIFICA,
        asset=market.asset,
        size=SIDE_OF_BOOK[row.side].sign * market.size(row.amount),
        venue_at_ns=ns(row.updated_at),
        queried=queried,
        entry_price=market.price(row.entry_price),
        liquidation_price=liquidation_price(row.liquidation_price, market),
        margin_used_usd=Decimal(row.margin) if row.isolated else None,
    )


def require_complete(rows: Sequence[PositionRow], account: AccountRow) -> None:
    """Raise FrameError where the account counts more positions than were listed: the list is no proof of flat.

    `account` was asked after the list. That `positions_count` counts what the list holds: not verified (recorded only
    as 0, in the documentation as 2 with margin in use), so margin must be in use as well.
    """
    if account.positions_count > len(rows) and Decimal(account.total_margin_used) > 0:
        told = f"{len(rows)} positions, `positions_count` {account.positions_count}"
        raise FrameError("positions", f"{told}, `total_margin_used` {account.total_margin_used}")


def flat_message(asset: str, at_ns: int, *, queried: bool) -> PositionReported:
    """The venue lists no position in this market: it is flat."""
    return PositionReported(venue=Venue.PACIFICA, asset=asset, size=ZERO, venue_at_ns=at_ns, queried=queried)


def liquidation_price(text: str | None, market: Market) -> Decimal | None:
    """The venue gives null, or a negative number, for a position that no price can liquidate."""
    if text is None or Decimal(text) <= 0:
        return None
    return market.price(text)


def funding_message(row: FundingRow) -> FundingPaid:
    """One payment; a positive payout was received."""
    market = market_of_symbol(row.symbol)
    return FundingPaid(
        venue=Venue.PACIFICA,
        asset=market.asset,
        payment_id=str(row.history_id),
        amount_usd=Decimal(row.payout),
        rate_per_hour=per_hour("pacifica/funding_history.rate", Decimal(row.rate)),
        size=SIDE_OF_BOOK[row.side].sign * market.size(row.amount),
        venue_at_ns=ns(row.created_at),
    )


def _data(kind: str, decoder: Decoder[Envelope[T]], body: bytes) -> T:
    envelope = read(decoder, kind, body)
    if not envelope.success or envelope.data is None:
        raise FrameError(kind, envelope.error or "no `data`")
    return envelope.data


def _page(kind: str, decoder: Decoder[Envelope[list[T]]], body: bytes) -> Page[T]:
    envelope = read(decoder, kind, body)
    if not envelope.success or envelope.data is None:
        raise FrameError(kind, envelope.error or "no `data`")
    return Page(rows=envelope.data, cursor=envelope.next_cursor if envelope.has_more else None)
