"""The levels behind the touch, for venues that tell them beside it or with it. Pure; the ladder is `actors.depth`.

A quote is as fresh as the word on its touch: levels never make a quote, and never renew one. They are carried by the
next quote, so that a change behind the touch alone is no message.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from actors.depth import depths_within
from actors.messages import QuoteUpdated

Level = tuple[Decimal, Decimal]
"""Price and size per token of the asset."""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """The levels of one market as last told, in any order. `at_ns` is the venue's time."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at_ns: int


def with_depth(quote: QuoteUpdated, bids: Iterable[Level], asks: Iterable[Level]) -> QuoteUpdated:
    """The quote with its ladders: its own touch, and of these levels what is worse than it.

    The touch is often told sooner than the levels: a level that is not worse is gone, or is the touch itself.
    """
    mid = (quote.bid + quote.ask) / 2
    below = [level for level in bids if level[0] < quote.bid]
    above = [level for level in asks if level[0] > quote.ask]
    return replace(
        quote,
        bid_depths=depths_within([(quote.bid, quote.bid_size), *below], mid),
        ask_depths=depths_within([(quote.ask, quote.ask_size), *above], mid),
    )


class Books:
    """The last levels of every market, for a venue that tells them on a channel beside the touch's."""

    def __init__(self, age_most_ns: int) -> None:
        """`age_most_ns`: levels older than that are not used."""
        self._age_most_ns = age_most_ns
        self._books: dict[str, Book] = {}

    def forget(self) -> None:
        """Nothing is known of any book."""
        self._books.clear()

    def take(self, asset: str, book: Book) -> None:
        """These levels replace those of the market, unless they are older."""
        known = self._books.get(asset)
        if known is None or known.at_ns <= book.at_ns:
            self._books[asset] = book

    def behind(self, quote: QuoteUpdated) -> QuoteUpdated:
        """The quote with the levels behind its touch; as it is when none were told, or too long before it."""
        book = self._books.get(quote.asset)
        if book is None or book.at_ns < quote.venue_at_ns - self._age_most_ns:
            return quote
        return with_depth(quote, book.bids, book.asks)
