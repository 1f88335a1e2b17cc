"""What the Pacifica adapter says on its stream and how it reads the answers. Driven by `venues.link`."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from actors.domain import HOUR_NS, NS_PER_S, Instrument, MarketStatus, Venue
from actors.messages import FrameRefused, InstrumentListed, VenueMessage
from engine.venues.adapter import NowNs
from engine.venues.levels import Books
from engine.venues.pacifica import codec_rest, codec_stream
from engine.venues.pacifica.codec import PING, encode_subscription, ns
from engine.venues.pacifica.ledger import Ledger
from engine.venues.pacifica.leverage import hold_leverage
from engine.venues.pacifica.lookup import PastRow, find_open, find_past
from engine.venues.pacifica.markets import market_of_asset, market_of_symbol
from engine.venues.pacifica.rest import Rest
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.wire import STREAM_PATH, AccountRow, MarketRow, PriceRow
from engine.venues.pacifica.wire_stream import Bbo, Book, OrderUpdate, Position

ACCOUNT_CHANNELS = ("account_info", "account_positions", "account_order_updates", "account_trades")
KEYED_CHANNEL = "account_liquidations"
"""Needs the account's API key in the handshake (docs "Account liquidations", 2026)."""


class PacificaDialogue:
    """`doubted` is called when the venue claims fills that have not come as trades, or shows a position that no fill
    explains; `urged` when it tells of a forced close.
    """

    venue = Venue.PACIFICA
    path = STREAM_PATH

    def __init__(
        self,
        settings: PacificaSettings,
        rest: Rest,
        ledger: Ledger,
        now_ns: NowNs,
        doubted: Callable[[], None],
        urged: Callable[[], None],
    ) -> None:
        self._settings, self._rest, self._ledger, self._now_ns = settings, rest, ledger, now_ns
        self._doubted, self._urged = doubted, urged
        self._quote_age_most_ns = int(settings.book_age_most_s * NS_PER_S)
        self._overlap_ns = int(settings.backfill_overlap_s * NS_PER_S)
        self._since_ns = now_ns()
        self._started_ns = self._since_ns
        self._last_ids: dict[str, int] = {}
        self._books = Books(self._quote_age_most_ns)
        self._symbols = {market_of_asset(asset).symbol: None for asset in settings.assets}
        self.instruments: dict[str, Instrument] = {}
        self._account: AccountRow | None = None
        self._unready: dict[str, str] = {}
        """Why, by symbol, the leverage is not the configured one, as of the last snapshot."""

    def recall(self, since_ns: int) -> None:
        """An earlier process heard until then: the first snapshot tells what has happened since."""
        self._since_ns = since_ns
        self._started_ns = since_ns - self._overlap_ns

    def greetings(self) -> tuple[bytes, ...]:
        """Prices of all markets, the books and best quotes of ours, and our account.

        A connection may have 20 subscriptions of a channel (docs "Websocket", 2025-11): of `book` as of `bbo`.
        """
        account = self._settings.account
        books = (encode_subscription("book", symbol=symbol, agg_level=1) for symbol in self._symbols)
        quotes = (encode_subscription("bbo", symbol=symbol) for symbol in self._symbols)
        channels = (*ACCOUNT_CHANNELS, KEYED_CHANNEL) if self._settings.identified else ACCOUNT_CHANNELS
        own = (encode_subscription(source, account=account) for source in channels)
        return (encode_subscription("prices"), *books, *quotes, *own)

    def ping(self) -> bytes:
        """Connections are closed after 60 s of silence (docs "Websocket", 2025-11)."""
        return PING

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Instruments, account, positions, and whatever happened since the last snapshot.

        Everything is read first and folded last: what the ledger has returned counts as told. The first
        snapshot tells no fill or payment from before the adapter was made. What is held is asked first, histories last;
        payments only where an hour may have been settled: an engine that comes back again and again has credits left.
        """
        began_ns = self._now_ns()
        self._last_ids.clear()
        self._books.forget()
        positions, account = await self._rest.positions(), await self._rest.account()
        listed = _perpetuals(await self._rest.markets(), self._symbols)
        unready = await hold_leverage(self._rest, self._settings.leverage, listed.values(), positions)
        since_ns = max(self._started_ns, self._since_ns - self._overlap_ns)
        ended = await self._ended(since_ns)
        trades = await self._rest.trades_since(since_ns)
        payments = await self._rest.funding_since(since_ns) if self._may_be_paid(since_ns) else []
        self._since_ns = began_ns
        self._account, self._unready = account, unready
        rows = tuple(codec_rest.position_message(row, queried=False) for row in positions)
        return (
            *self._instruments(listed, account),
            *self._ledger.fills(trades),
            *(message for order_id, past in ended for message in self._ledger.history(past, order_id)),
            *self._ledger.positions(rows, began_ns),
            codec_rest.account_message(account),
            *self._ledger.payments(payments),
        )

    def _may_be_paid(self, since_ns: int) -> bool:
        """Payments come with a whole hour (docs "Funding rates", 2025-11), and are polled for some time after it: only
        where neither can be behind us has nothing been missed."""
        settings = self._settings
        told_ns = int(settings.funding_poll_delay_s * (settings.funding_polls_most + 1) * NS_PER_S)
        return (since_ns - told_ns) // HOUR_NS != self._now_ns() // HOUR_NS

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """Messages in one frame."""
        channel, data = codec_stream.decode_outer(frame)
        match channel:
            case "bbo":
                return self._quote(codec_stream.decode_bbo(data))
            case "book":
                return self._book(codec_stream.decode_book(data))
            case "prices":
                return self._prices(codec_stream.decode_prices(data))
            case "account_trades":
                return self._ledger.fills(codec_stream.decode_trades(data))
            case "account_order_updates":
                return self._updates(codec_stream.decode_updates(data))
            case "account_positions":
                return self._positions(codec_stream.decode_positions(data))
            case "account_liquidations":
                codec_stream.decode_liquidations(data)
                self._urged()
                return ()
            case "account_info":
                return (codec_stream.account_message(codec_stream.decode_account(data)),)
            case _:
                return ()

    def _prices(self, rows: list[PriceRow]) -> tuple[VenueMessage, ...]:
        return tuple(codec_stream.market_message(row) for row in rows if row.symbol in self._symbols)

    def _positions(self, rows: list[Position]) -> tuple[VenueMessage, ...]:
        messages = self._ledger.positions(map(codec_stream.position_message, rows), self._now_ns())
        if self._ledger.unexplained():
            self._doubted()
        return messages

    def _updates(self, updates: list[OrderUpdate]) -> tuple[VenueMessage, ...]:
        messages = self._ledger.updates(updates)
        if self._ledger.short():
            self._doubted()
        return messages

    def _quote(self, bbo: Bbo) -> tuple[VenueMessage, ...]:
        """`last_order_id` never decreases within a symbol: an older frame is stale and dropped, as is one whose own
        time is too long ago."""
        if bbo.last_order_id < self._last_ids.get(bbo.symbol, 0):
            return ()
        if ns(bbo.at_ms) < self._now_ns() - self._quote_age_most_ns:
            return ()
        self._last_ids[bbo.symbol] = bbo.last_order_id
        quote = codec_stream.quote_message(bbo)
        return () if quote is None else (self._books.behind(quote),)

    def _book(self, book: Book) -> tuple[VenueMessage, ...]:
        """Kept for the quotes to come: how often the venue tells it is not documented."""
        self._books.take(market_of_symbol(book.symbol).asset, codec_stream.levels(book))
        return ()

    async def relisted(self) -> tuple[VenueMessage, ...]:
        """What has changed of our markets since they were last listed. Raises TransportError or FrameError.

        One that was never listed waits for the next snapshot, which sees to its leverage.
        """
        listed = _perpetuals(await self._rest.markets(), self._symbols)
        before = dict(self.instruments)
        if self._account is None:
            return ()
        for known in before.values():
            if known.symbol in listed:
                self.instruments[known.asset] = self._described(listed[known.symbol], self._account)
            else:
                self._gone(known.symbol)
        changed = (each for asset, each in self.instruments.items() if before[asset] != each)
        return tuple(InstrumentListed(instrument=each) for each in changed)

    def _described(self, row: MarketRow, account: AccountRow) -> Instrument:
        """The market's rules; where the leverage is not the configured one, positions may only be reduced."""
        found = codec_rest.instrument(row, market_of_symbol(row.symbol), account)
        why = self._unready.get(row.symbol)
        if why is None:
            return found
        return replace(found, status=MarketStatus.REDUCE_ONLY, status_reason=why, status_ours=True)

    def _instruments(self, listed: dict[str, MarketRow], account: AccountRow) -> tuple[VenueMessage, ...]:
        """Every market we trade: its rules, or a refusal that names it when the venue lists it no longer."""
        messages: list[VenueMessage] = []
        for symbol in self._symbols:
            if symbol not in listed:
                detail = f"{symbol} is not listed"
                messages.append(FrameRefused(venue=self.venue, channel="info", detail=detail))
                messages += self._gone(symbol)
                continue
            found = self._described(listed[symbol], account)
            if symbol in self._unready:
                detail = self._unready[symbol]
                messages.append(FrameRefused(venue=self.venue, channel="account_settings", detail=detail))
            self.instruments[found.asset] = found
            messages.append(InstrumentListed(instrument=found))
        return tuple(messages)

    def _gone(self, symbol: str) -> tuple[VenueMessage, ...]:
        """A market that was listed and is no longer: closed to us."""
        known = next((each for each in self.instruments.values() if each.symbol == symbol), None)
        if known is None:
            return ()
        closed = replace(known, status=MarketStatus.HALTED, status_reason="not listed", status_ours=False)
        self.instruments[known.asset] = closed
        return (InstrumentListed(instrument=closed),)

    async def _ended(self, since_ns: int) -> list[tuple[str, PastRow]]:
        """What became, while we were not listening, of orders that may have been open."""
        candidates = self._ledger.undecided(since_ns)[-self._settings.lookups_most :]
        if not candidates:
            return []
        rows = await self._rest.open_orders()
        ended: list[tuple[str, PastRow]] = []
        for known in candidates:
            if find_open(rows, known.order_id) is None:
                past = await find_past(self._rest, self._ledger, known.order_id, known.sent_at_ns)
                ended += [] if past is None else [(known.order_id, past)]
        return ended


def _perpetuals(rows: list[MarketRow], symbols: dict[str, None]) -> dict[str, MarketRow]:
    return {row.symbol: row for row in rows if row.symbol in symbols and row.instrument_type == "perpetual"}
