"""What the Drift adapter says on the book stream, and what it reads before the link counts as up."""

from __future__ import annotations

from actors.domain import NS_PER_S, Venue
from actors.messages import QuoteUpdated, VenueMessage
from engine.venues.drift.codec import decode_frame, encode_subscription
from engine.venues.drift.codec_accounts import quote_message
from engine.venues.drift.reader import Reader
from engine.venues.drift.rpc import Rpc
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.telling import Telling
from engine.venues.drift.values import Reading
from engine.venues.drift.watch import Watch
from engine.venues.drift.wire import DLOB_STREAM_PATH, Book
from engine.venues.link import FrameError


class DriftDialogue:
    """The books of our markets. Driven by `venues.link`."""

    venue = Venue.DRIFT
    path = DLOB_STREAM_PATH

    def __init__(self, settings: DriftSettings, rpc: Rpc, reader: Reader, telling: Telling, watch: Watch) -> None:
        self._settings, self._rpc, self._reader = settings, rpc, reader
        self._telling, self._watch = telling, watch
        self._seen: dict[int, tuple[int, int]] = {}
        self._told: dict[int, QuoteUpdated] = {}
        self._repeat_ns = int(settings.quote_repeat_s * NS_PER_S)
        self._assets = {index: asset for asset, index in telling.indexes.items()}

    def greetings(self) -> tuple[bytes, ...]:
        """The books of all our markets."""
        return tuple(encode_subscription(listing.symbol) for listing in self._telling.listings.values())

    def ping(self) -> bytes:
        """A subscription once more: the server knows no ping, and answers this one with the last book."""
        return next(iter(self.greetings()), b"")

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Markets, account, positions, books, and whatever happened since the last snapshot.

        The history begins with the first snapshot, or where an earlier process of the run was cut off: no fill or
        payment from before is told. What happened is told by
        `watch` as it is read, before the rest.
        """
        self._seen.clear()
        self._told.clear()
        if not self._reader.begun:
            await self._reader.begin()
        reading = await self._watch.accrue()
        self._check_mint(reading)
        books = [await self._rpc.book(listing.symbol) for listing in self._telling.listings.values()]
        await self._watch.catch_up()
        self._watch.snapshot_read()
        quotes = [message for book in books for message in self._quote(book)]
        return (*self._telling.everything(self._reader.reading or reading), *quotes)

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """The best levels of a book."""
        book = decode_frame(frame)
        return () if book is None else self._quote(book)

    def _quote(self, book: Book) -> tuple[VenueMessage, ...]:
        """A quote when the book is of a later moment than the last one, and its touch new or told a while ago.

        Several servers publish to one stream, so an earlier book may come late; the answer to a ping is the last book
        again, and no sign that it still holds.
        """
        asset, moment = self._assets.get(book.marketIndex), (book.slot, book.ts)
        if book.marketType != "perp" or asset is None or moment <= self._seen.get(book.marketIndex, (0, 0)):
            return ()
        self._seen[book.marketIndex] = moment
        quote, told = quote_message(book, self._telling.listings[asset]), self._told.get(book.marketIndex)
        if quote is None or (told is not None and self._repeats(told, quote)):
            return ()
        self._told[book.marketIndex] = quote
        return (quote,)

    def _repeats(self, told: QuoteUpdated, quote: QuoteUpdated) -> bool:
        return _touch(told) == _touch(quote) and quote.venue_at_ns < told.venue_at_ns + self._repeat_ns

    def _check_mint(self, reading: Reading) -> None:
        wanted = self._settings.program.quote_mint
        if reading.spot.mint != wanted:
            raise FrameError("account/SpotMarket", f"the quote token is {reading.spot.mint}, not {wanted}")


def _touch(quote: QuoteUpdated) -> tuple[object, ...]:
    return (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
