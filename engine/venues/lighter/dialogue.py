"""What the Lighter adapter says on its stream and how it reads the answers. Driven by `venues.link`, through `line`.

Account channels and the statistics of all markets are asked for at once; order books after the snapshot, which tells
the markets' numbers, and a few at a time, since the venue allows 50 unanswered messages (docs "Rate limits", 2026-07).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import structs

from actors.domain import NS_PER_S, Instrument, MarketStatus, Quote, Venue
from actors.messages import FrameRefused, InstrumentListed, QuoteUpdated, VenueMessage
from engine.venues.adapter import NowNs
from engine.venues.lighter import codec_rest, codec_stream, wire_stream as stream
from engine.venues.lighter.book import Book, time_of
from engine.venues.lighter.client import Client
from engine.venues.lighter.codec import PING, encode_subscription, encode_unsubscription, ns
from engine.venues.lighter.holdings import Holdings
from engine.venues.lighter.ledger import Ledger
from engine.venues.lighter.leverage import hold_leverage
from engine.venues.lighter.markets import Market, Markets
from engine.venues.lighter.sending import Sending
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.wire import STREAM_PATH, MarketRow
from engine.venues.lighter.wire_orders import TX_EXECUTED, TX_FAILED, OrderRow, TradeRow
from engine.venues.link import FrameError

T = TypeVar("T")
ACCOUNT_CHANNELS = (
    stream.ACCOUNT_ALL_ORDERS,
    stream.ACCOUNT_ALL_TRADES,
    stream.ACCOUNT_ALL_POSITIONS,
    stream.USER_STATS,
    stream.ACCOUNT_TX,
    stream.NOTIFICATION,
)


class LighterDialogue:
    """`news` is called when something was said of our orders, `doubted` when fills are claimed that have not come.

    `instruments` and `wrong_leverage`, both by asset, are as of the last snapshot or refresh.
    """

    venue = Venue.LIGHTER
    path = STREAM_PATH

    def __init__(
        self,
        settings: LighterSettings,
        client: Client,
        ledger: Ledger,
        sending: Sending,
        now_ns: NowNs,
        news: Callable[[], None],
        doubted: Callable[[int | None], None],
    ) -> None:
        self._settings, self._client, self._ledger, self._sending = settings, client, ledger, sending
        self._now_ns, self._news, self._doubted = now_ns, news, doubted
        self._holdings = Holdings(settings.assets)
        self._overlap_ns = int(settings.backfill_overlap_s * NS_PER_S)
        self._started_ns = self._since_ns = now_ns()
        self._books: dict[int, Book] = {}
        self._unasked: deque[int] = deque()
        self._quotes: dict[int, tuple[Quote, int]] = {}
        self._token = ""
        self.outbox: deque[bytes] = deque()
        self.instruments: dict[str, Instrument] = {}
        self.wrong_leverage: dict[str, str] = {}

    def recall(self, since_ns: int) -> None:
        """An earlier process heard until then: the first snapshot tells what has happened since."""
        self._since_ns = since_ns
        self._started_ns = since_ns - self._overlap_ns
        self._ledger.heard_until(self._started_ns)

    async def prepare(self) -> None:
        """Have a token at hand that outlives the stream about to open. Raises TransportError."""
        self._token = await self._client.token(fresh=True)

    def greetings(self) -> tuple[bytes, ...]:
        """The statistics of all markets, and our account."""
        self._books.clear()
        self._unasked.clear()
        self._quotes.clear()
        account = self._settings.account
        own = (encode_subscription(f"{channel}/{account}", self._token) for channel in ACCOUNT_CHANNELS)
        return (encode_subscription(f"{stream.MARKET_STATS}/all"), *own)

    def ping(self) -> bytes:
        """Something must be said every two minutes."""
        return PING

    @property
    def holds_any(self) -> bool:
        """Whether the account has a position, as far as was told."""
        return self._holdings.any

    # snapshot

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Instruments, account, positions, and whatever happened since the last snapshot.

        Everything is read first and folded last: what the ledger has returned counts as told.
        """
        began_ns = self._now_ns()
        rows = await self._client.markets()
        self._ledger.markets = Markets(rows, before=self._ledger.markets)
        account = await self._client.account()
        self.wrong_leverage = await hold_leverage(
            self._client, self._sending, self._settings.leverage, self.traded(), account
        )
        since_ns = max(self._started_ns, self._since_ns - self._overlap_ns)
        orders = await self._own_orders(since_ns)
        trades = await self._client.trades(since_ns)
        payments = await self._client.payments(since_ns)
        positions = self._holdings.all_of(account.positions, self._ledger.markets, began_ns)  # may refuse: before
        self._since_ns = began_ns
        self._ask_books()
        self._news()
        return (
            *self.listed(rows),
            *(self._refused("leverage", detail) for detail in self.wrong_leverage.values()),
            *self._ledger.trades(trades),
            *self._ledger.orders(orders),
            *positions,
            codec_rest.account_message(account, began_ns),
            *self._ledger.payments(payments),
        )

    def listed(self, rows: list[MarketRow]) -> tuple[VenueMessage, ...]:
        """Every market we trade whose rules are new or changed, or a refusal that names it when it is gone."""
        markets = self._ledger.markets = Markets(rows, before=self._ledger.markets)
        messages: list[VenueMessage] = []
        for asset in self._settings.assets:
            market = markets.of_asset(asset)
            if market is None or not markets.lists(asset):
                messages += self._gone(asset)
                continue
            found = codec_rest.instrument(market, self._settings.taker_fee, self._settings.maker_fee)
            if self.instruments.get(asset) != found:
                self.instruments[asset] = found
                messages.append(InstrumentListed(instrument=found))
        return tuple(messages)

    def _gone(self, asset: str) -> tuple[VenueMessage, ...]:
        """A market that is not listed; one that was is closed to us."""
        refused = self._refused("orderBookDetails", f"{asset} is not listed")
        known = self.instruments.get(asset)
        if known is None:
            return (refused,)
        closed = structs.replace(known, status=MarketStatus.HALTED, status_reason="not listed")
        self.instruments[asset] = closed
        return (refused, InstrumentListed(instrument=closed))

    async def _own_orders(self, since_ns: int) -> list[OrderRow]:
        """Rows of orders of ours that may have been open while we were not listening."""
        candidates = self._ledger.undecided()
        if not candidates:
            return []
        oldest_ns = min(since_ns, *(known.sent_at_ns - self._overlap_ns for known in candidates))
        open_rows = await self._client.active_orders()
        return [*open_rows, *await self._client.inactive_orders(oldest_ns)]

    def traded(self) -> list[Market]:
        """The markets we trade, as far as they are listed."""
        markets = self._ledger.markets
        found = (markets.of_asset(asset) for asset in self._settings.assets if markets.lists(asset))
        return [market for market in found if market is not None]

    def _ask_books(self) -> None:
        self._unasked.extend(market.market_id for market in self.traded())
        for _ in range(self._settings.books_at_once):
            self._ask_next_book()

    def _ask_next_book(self) -> None:
        if self._unasked:
            market_id = self._unasked.popleft()
            self._books[market_id] = Book(self._ledger.markets.of(market_id))
            self.outbox.append(encode_subscription(f"{stream.ORDER_BOOK}/{market_id}"))

    # frames

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """Messages in one frame."""
        head = codec_stream.decode_head(frame)
        if codec_stream.is_bare(head):
            return ()
        match codec_stream.kind_of(head):
            case stream.ORDER_BOOK:
                return self._book(frame, head)
            case stream.MARKET_STATS:
                return self._stats(frame)
            case stream.ACCOUNT_ALL_ORDERS:
                return self._orders(_flat(codec_stream.decode_orders(frame).orders))
            case stream.ACCOUNT_ALL_TRADES:
                return self._trades(_flat(codec_stream.decode_trades(frame).trades))
            case stream.ACCOUNT_ALL_POSITIONS:
                return self._positions(frame, head)
            case stream.USER_STATS:
                stats = codec_stream.decode_user_stats(frame)
                return (codec_stream.account_message(stats, self._holdings.maintenance_usd, self._now_ns()),)
            case stream.ACCOUNT_TX:
                return self._txs(frame)
            case stream.NOTIFICATION:
                return self._notices(frame)
            case _:
                return ()

    def _book(self, frame: bytes, head: stream.Frame) -> tuple[VenueMessage, ...]:
        """A quote when the touch has changed, or was told a while ago. A bad book is asked for anew."""
        market_id = codec_stream.number_of(head)
        book = self._books.get(market_id)
        if book is None:
            return ()
        first = codec_stream.is_first(head)
        if first:
            self._ask_next_book()
        try:
            decoded = codec_stream.decode_book(frame)
            if first:
                book.begin(decoded)
            else:
                book.change(decoded)
        except FrameError:
            book.drop()
            channel = f"{stream.ORDER_BOOK}/{market_id}"
            self.outbox.extend((encode_unsubscription(channel), encode_subscription(channel)))
            raise
        quote = book.quote(time_of(decoded, self._now_ns()))
        return () if quote is None else self._told_quote(market_id, book, quote)

    def _told_quote(self, market_id: int, book: Book, quote: Quote) -> tuple[VenueMessage, ...]:
        """Its ladders are those of this moment: what changes behind a touch is told with the next quote."""
        told, told_ns = self._quotes.get(market_id, (None, 0))
        repeat_ns = told_ns + int(self._settings.quote_repeat_s * NS_PER_S)
        if told is not None and _touch(told) == _touch(quote) and self._now_ns() < repeat_ns:
            return ()
        self._quotes[market_id] = (quote, self._now_ns())
        told_now = QuoteUpdated(
            venue=self.venue,
            asset=book.market.asset,
            bid=quote.bid,
            bid_size=quote.bid_size,
            ask=quote.ask,
            ask_size=quote.ask_size,
            venue_at_ns=quote.at_ns,
        )
        return (book.with_depth(told_now),)

    def _stats(self, frame: bytes) -> tuple[VenueMessage, ...]:
        traded = {market.market_id: market for market in self.traded()}
        found = [stats for stats in codec_stream.decode_market_stats(frame) if stats.market_id in traded]
        return tuple(codec_stream.market_message(row, traded[row.market_id], self._now_ns()) for row in found)

    def _orders(self, rows: list[OrderRow]) -> tuple[VenueMessage, ...]:
        messages = self._ledger.orders(rows)
        if self._ledger.short():
            self._doubted(None)
        self._news()
        return messages

    def _trades(self, rows: list[TradeRow]) -> tuple[VenueMessage, ...]:
        messages = self._ledger.trades(rows)
        self._news()
        return messages

    def _positions(self, frame: bytes, head: stream.Frame) -> tuple[VenueMessage, ...]:
        rows = (codec_stream.decode_positions(frame).positions or {}).values()
        tell = self._holdings.all_of if codec_stream.is_first(head) else self._holdings.changed
        return tell(rows, self._ledger.markets, self._now_ns())

    def _txs(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """A failed transaction may have left its nonce unused (docs "Trading", 2026-07): the count is in doubt."""
        rows = codec_stream.decode_txs(frame).txs
        for row in rows:
            if row.status == TX_FAILED and row.api_key_index in (self._settings.api_key_index, None):
                self._sending.nonces.doubt()
            elif row.status == TX_EXECUTED and row.api_key_index == self._settings.api_key_index:
                self._sending.nonces.executed(row.nonce, self._ledger.signed_hash_of(row))
        messages = self._ledger.txs(rows)
        self._news()
        return messages

    def _notices(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """A forced closure is told by its trade; the notice makes sure that the trade is looked for."""
        notices = codec_stream.decode_notices(frame).notifs
        times = [ns(at_ms) for at_ms in codec_stream.forced_at_ms(notices)]
        recent = [at_ns for at_ns in times if at_ns >= self._started_ns]
        if recent:
            self._doubted(min(recent))
        return ()

    def _refused(self, channel: str, detail: str) -> FrameRefused:
        return FrameRefused(venue=self.venue, channel=channel, detail=detail)


def _flat(rows: Mapping[str, list[T]] | None) -> list[T]:
    return [row for listed in (rows or {}).values() for row in listed]


def _touch(quote: Quote) -> tuple[object, ...]:
    return (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
