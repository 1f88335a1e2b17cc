"""Frames to wire structs, and their contents as messages. Pure. Counterpart: `wire_stream`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec.json import Decoder

from actors.domain import Venue
from actors.messages import AccountReported, MarketSampled
from engine.venues.funding import per_hour
from engine.venues.lighter import wire_stream as stream
from engine.venues.lighter.codec import ns, read
from engine.venues.lighter.codec_orders import application_error
from engine.venues.lighter.codec_rest import FORMING_RATE, LAST_RATE
from engine.venues.lighter.markets import Market
from engine.venues.lighter.wire_stream import MarketStats, UserStatsFrame
from engine.venues.link import FrameError

_HEAD = Decoder(stream.Frame)
_BOOK = Decoder(stream.OrderBookFrame)
_TICKER = Decoder(stream.TickerFrame)
_STATS = Decoder(stream.MarketStatsFrame)
_ALL_STATS = Decoder(stream.AllMarketStatsFrame)
_ORDERS = Decoder(stream.OrdersFrame)
_TRADES = Decoder(stream.TradesFrame)
_POSITIONS = Decoder(stream.PositionsFrame)
_ASSETS = Decoder(stream.AssetsFrame)
_USER = Decoder(stream.UserStatsFrame)
_TXS = Decoder(stream.TxFrame)
_NOTICES = Decoder(stream.NotificationFrame)

SECONDS_MOST = 10**11
"""A time below is in seconds, as in the documented notices; above in milliseconds, like every other."""
BARE = (stream.CONNECTED, stream.PING, stream.PONG, stream.SHUTDOWN)
"""Frames without a channel."""


def decode_head(frame: bytes) -> stream.Frame:
    """The head of any frame. Raises FrameError for an error frame, or one that is neither bare nor of a channel."""
    head = read(_HEAD, "frame", frame)
    if head.error is not None:
        raise FrameError(head.channel or "error", f"code {head.error.code}: {head.error.message}")
    if head.type == stream.ERROR:
        raise FrameError(head.channel or "error", f"code {head.code}: {head.message or 'no message'}")
    if is_bare(head):
        return head
    if head.type is None or head.channel is None:
        raise FrameError("frame", f"`type` {head.type} and `channel` {head.channel} name nothing known")
    if kind_of(head) not in SUPPORTED_CHANNELS:
        raise FrameError(head.channel, f"`type` {head.type} is not a supported channel")
    return head


def is_bare(head: stream.Frame) -> bool:
    """Whether the frame carries nothing of a channel: a greeting, a ping, the end of a subscription."""
    return head.type in BARE or (head.type or "").startswith(f"{stream.UNSUBSCRIBED}/")


def kind_of(head: stream.Frame) -> str:
    """The channel's name without its number: both `subscribed/x` and `update/x` are x, for channel `x:…`."""
    step, _, kind = (head.type or "").partition("/")
    named = (head.channel or "").partition(":")[0]
    known = step in (stream.SUBSCRIBED, stream.UPDATE) and kind == named
    return kind if known else ""


def is_first(head: stream.Frame) -> bool:
    """Whether the frame opens its channel, with everything there is."""
    return (head.type or "").startswith(stream.SUBSCRIBED)


def number_of(head: stream.Frame) -> int:
    """The market or account in the channel's name. Raises FrameError where there is none."""
    text = (head.channel or "").partition(":")[2]
    if not text.isdigit():
        raise FrameError(head.channel or "frame", "`channel` has no number")
    return int(text)


def decode_book(frame: bytes) -> stream.OrderBookFrame:
    """Channel order_book."""
    return read(_BOOK, stream.ORDER_BOOK, frame)


def decode_ticker(frame: bytes) -> stream.TickerFrame:
    """Channel ticker."""
    return read(_TICKER, stream.TICKER, frame)


def decode_market_stats(frame: bytes) -> tuple[MarketStats, ...]:
    """Channel market_stats, of one market or of all; one row a market."""
    if read(_HEAD, stream.MARKET_STATS, frame).channel == f"{stream.MARKET_STATS}:all":
        return tuple(read(_ALL_STATS, stream.MARKET_STATS, frame).market_stats.values())
    return (read(_STATS, stream.MARKET_STATS, frame).market_stats,)


def decode_orders(frame: bytes) -> stream.OrdersFrame:
    """Channel account_all_orders."""
    return read(_ORDERS, stream.ACCOUNT_ALL_ORDERS, frame)


def decode_trades(frame: bytes) -> stream.TradesFrame:
    """Channel account_all_trades."""
    return read(_TRADES, stream.ACCOUNT_ALL_TRADES, frame)


def decode_positions(frame: bytes) -> stream.PositionsFrame:
    """Channel account_all_positions."""
    return read(_POSITIONS, stream.ACCOUNT_ALL_POSITIONS, frame)


def decode_assets(frame: bytes) -> stream.AssetsFrame:
    """Channel account_all_assets."""
    return read(_ASSETS, stream.ACCOUNT_ALL_ASSETS, frame)


def decode_user_stats(frame: bytes) -> UserStatsFrame:
    """Channel user_stats."""
    return read(_USER, stream.USER_STATS, frame)


def decode_txs(frame: bytes) -> stream.TxFrame:
    """Channel account_tx."""
    decoded = read(_TXS, stream.ACCOUNT_TX, frame)
    for tx in decoded.txs:
        application_error(tx)
    return decoded


def decode_notices(frame: bytes) -> stream.NotificationFrame:
    """Channel notification."""
    return read(_NOTICES, stream.NOTIFICATION, frame)


_CONTENT = Decoder(stream.ForcedContent)


def forced_at_ms(notices: list[stream.Notification]) -> tuple[int, ...]:
    """When positions of ours were closed by force, ms, by the notices of that kind."""
    forced = (notice for notice in notices if notice.kind in ("liquidation", "deleverage"))
    contents = (read(_CONTENT, f"{stream.NOTIFICATION}.content", notice.content) for notice in forced)
    return tuple(
        content.timestamp * 1000 if content.timestamp < SECONDS_MOST else content.timestamp for content in contents
    )


SUPPORTED_CHANNELS: Mapping[str, Callable[[bytes], Any]] = {
    stream.ORDER_BOOK: decode_book,
    stream.TICKER: decode_ticker,
    stream.MARKET_STATS: decode_market_stats,
    stream.ACCOUNT_ALL_ORDERS: decode_orders,
    stream.ACCOUNT_ALL_TRADES: decode_trades,
    stream.ACCOUNT_ALL_POSITIONS: decode_positions,
    stream.ACCOUNT_ALL_ASSETS: decode_assets,
    stream.USER_STATS: decode_user_stats,
    stream.ACCOUNT_TX: decode_txs,
    stream.NOTIFICATION: decode_notices,
}
"""The channels we claim to read; any other is refused by its name."""


def market_message(stats: MarketStats, market: Market, at_ns: int) -> MarketSampled:
    """Mark, index and funding. The venue counts open interest in USD (inferred, see `wire_stream.MarketStats`)."""
    mark = market.listed.price(stats.mark_price)
    if mark <= 0:
        raise FrameError(stream.MARKET_STATS, f"`mark_price` {stats.mark_price}")
    return MarketSampled(
        venue=Venue.LIGHTER,
        asset=market.asset,
        mark=mark,
        oracle=market.listed.price(stats.index_price),
        open_interest=Decimal(stats.open_interest) / mark,
        venue_at_ns=at_ns,
        funding_forming=per_hour(FORMING_RATE, Decimal(stats.current_funding_rate)),
        funding_last_paid=per_hour(LAST_RATE, Decimal(stats.funding_rate)),
    )


def account_message(frame: UserStatsFrame, maintenance_usd: Decimal, at_ns: int) -> AccountReported:
    """The account as pushed. The channel has no maintenance margin: it is summed over the positions by the caller."""
    return AccountReported(
        venue=Venue.LIGHTER,
        equity_usd=Decimal(frame.stats.portfolio_value),
        available_usd=Decimal(frame.stats.available_balance),
        maintenance_usd=maintenance_usd,
        venue_at_ns=ns(frame.timestamp) or at_ns,
    )
