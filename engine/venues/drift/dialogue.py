"""What the Drift adapter says on the book stream, and what it reads before the link counts as up."""

from __future__ import annotations

from actors.domain import Venue
from actors.messages import VenueMessage
from engine.venues.drift.codec import decode_frame, encode_subscription
from engine.venues.drift.codec_accounts import quote_message
from engine.venues.drift.ledger import Ledger
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

    def __init__(
        self, settings: DriftSettings, rpc: Rpc, reader: Reader, ledger: Ledger, telling: Telling, watch: Watch
    ) -> None:
        self._settings, self._rpc, self._reader, self._ledger = settings, rpc, reader, ledger
        self._telling, self._watch = telling, watch
        self._slots: dict[int, int] = {}
        self._assets = {index: asset for asset, index in telling.indexes.items()}
        self._began = False

    def greetings(self) -> tuple[bytes, ...]:
        """The books of all our markets."""
        return tuple(encode_subscription(listing.symbol) for listing in self._telling.listings.values())

    def ping(self) -> bytes:
        """A subscription once more: the server knows no ping, and answers this one with the last book."""
        return next(iter(self.greetings()), b"")

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Markets, account, positions, books, and whatever happened since the last snapshot.

        The history begins with the first snapshot: no fill or payment from before is told.
        """
        self._slots.clear()
        if not self._began:
            await self._reader.begin()
            self._began = True
        reading = await self._reader.read()
        self._check_mint(reading)
        books = [await self._rpc.book(listing.symbol) for listing in self._telling.listings.values()]
        history = await self._reader.catch_up()
        self._watch.snapshot_read()
        quotes = [message for book in books for message in self._quote(book)]
        return (*history, *self._ledger.read(reading), *self._telling.everything(reading), *quotes)

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """The best levels of a book."""
        book = decode_frame(frame)
        return () if book is None else self._quote(book)

    def _quote(self, book: Book) -> tuple[VenueMessage, ...]:
        """A book of an earlier slot than one we have seen is dropped: several servers publish to one stream."""
        asset = self._assets.get(book.marketIndex)
        if book.marketType != "perp" or asset is None or book.slot < self._slots.get(book.marketIndex, 0):
            return ()
        self._slots[book.marketIndex] = book.slot
        quote = quote_message(book, self._telling.listings[asset])
        return () if quote is None else (quote,)

    def _check_mint(self, reading: Reading) -> None:
        wanted = self._settings.program.quote_mint
        if reading.spot.mint != wanted:
            raise FrameError("account/SpotMarket", f"the quote token is {reading.spot.mint}, not {wanted}")
